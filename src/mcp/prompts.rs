//! The guide for operators, as prompts: whole, its headings, one section.

use rmcp::ErrorData;
use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};

/// The guide, in Markdown.
pub(crate) const GUIDE: &str = include_str!("../../schema/prompts/guide.md");
const FULL: &str = "prompt_template_full";
const HEADINGS: &str = "prompt_template_headings";
const SECTION: &str = "prompt_template_section";

/// A numbered section of the guide.
struct Section<'a> {
    number: &'a str,
    title: &'a str,
    /// With its heading.
    text: &'a str,
}

/// The prompts that are offered.
pub(crate) fn list() -> Vec<Prompt> {
    let none: Option<Vec<PromptArgument>> = None;
    vec![
        Prompt::new(FULL, Some("The guide for operators, whole"), none.clone())
            .with_title("Operator's guide"),
        Prompt::new(
            HEADINGS,
            Some("The headings of the guide for operators"),
            none,
        )
        .with_title("Operator's guide: headings"),
        Prompt::new(
            SECTION,
            Some("One section of the guide for operators"),
            Some(vec![
                PromptArgument::new("section")
                    .with_description("The section's number or title")
                    .with_required(true),
            ]),
        )
        .with_title("Operator's guide: one section"),
    ]
}

/// A prompt.
///
/// # Errors
/// When there is no such prompt or section, with those that there are.
pub(crate) fn get(
    name: &str,
    arguments: Option<&JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let text = match name {
        FULL => GUIDE.trim_end().to_owned(),
        HEADINGS => headings().join("\n"),
        SECTION => {
            let wanted = arguments.and_then(|arguments| arguments.get("section"));
            section(wanted)?
        }
        _ => {
            let known = [FULL, HEADINGS, SECTION].join(", ");
            let message = format!("unknown prompt `{name}`; known: {known}");
            return Err(ErrorData::invalid_params(message, None));
        }
    };
    let message = PromptMessage::new_text(Role::User, text);
    Ok(GetPromptResult::new(vec![message]).with_description("The guide for operators"))
}

fn section(wanted: Option<&serde_json::Value>) -> Result<String, ErrorData> {
    let allowed = || format!("allowed: {}", headings().join("; "));
    let wanted = match wanted {
        Some(serde_json::Value::String(text)) => text.trim().to_owned(),
        Some(serde_json::Value::Number(number)) => number.to_string(),
        _ => {
            let message = format!("argument `section` is required; {}", allowed());
            return Err(ErrorData::invalid_params(message, None));
        }
    };
    sections()
        .into_iter()
        .find(|section| {
            let heading = format!("{}. {}", section.number, section.title);
            section.number == wanted.trim_end_matches('.')
                || section.title.eq_ignore_ascii_case(&wanted)
                || heading.eq_ignore_ascii_case(&wanted)
        })
        .map(|section| section.text.trim_end().to_owned())
        .ok_or_else(|| {
            let message = format!("there is no section `{wanted}`; {}", allowed());
            ErrorData::invalid_params(message, None)
        })
}

fn headings() -> Vec<String> {
    sections()
        .iter()
        .map(|section| format!("{}. {}", section.number, section.title))
        .collect()
}

/// The sections: each begins with `## NUMBER. TITLE` and ends where the next begins.
fn sections() -> Vec<Section<'static>> {
    let starts: Vec<usize> = GUIDE
        .match_indices("\n## ")
        .map(|(index, _)| index + 1)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([GUIDE.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| {
            let text = &GUIDE[*start..end];
            let heading = text.lines().next()?.strip_prefix("## ")?;
            let (number, title) = heading.split_once(". ")?;
            Some(Section {
                number,
                title,
                text,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(name: &str, arguments: serde_json::Value) -> Result<String, String> {
        let result = get(name, arguments.as_object()).map_err(|error| error.message.to_string())?;
        let message = serde_json::to_value(&result.messages[0]).unwrap();
        Ok(message["content"]["text"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_guide_is_had_whole_and_by_section() {
        assert!(text(FULL, json!({})).unwrap().contains("\n## 2. "));
        let headings = text(HEADINGS, json!({})).unwrap();
        assert!(headings.starts_with("1. "));
        for (index, heading) in headings.lines().enumerate() {
            let number = (index + 1).to_string();
            let by_number = text(SECTION, json!({"section": number})).unwrap();
            assert!(
                by_number.starts_with(&format!("## {heading}\n")),
                "{heading}"
            );
            let title = heading.split_once(". ").unwrap().1.to_lowercase();
            assert_eq!(text(SECTION, json!({"section": title})).unwrap(), by_number);
        }
    }

    #[test]
    fn a_wrong_section_or_prompt_is_told_the_right_ones() {
        let wrong = text(SECTION, json!({"section": "99"})).unwrap_err();
        assert!(wrong.contains("`99`") && wrong.contains("1. "), "{wrong}");
        assert!(text(SECTION, json!({})).unwrap_err().contains("required"));
        assert!(text("other", json!({})).unwrap_err().contains(FULL));
    }
}
