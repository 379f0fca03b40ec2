//! What a call answers: the graph's response as a tool result.

use async_graphql::Response;
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::{Map, Value, json};

use super::arguments::BadArgument;
use super::notice::MAX_TEXT;
use super::output_schema::{ERRORS, NOTICE};
use super::payload::{Ending, missed_text, under_way_text, undone_text};
use super::tool::Call;

/// The most errors that the text of a failed call names.
const MAX_NAMED_ERRORS: usize = 10;
/// The extension of the response that carries its bill, and its key in `_meta`.
const BILL: &str = "upstream";

/// The result of a call of a tool that is not offered: no protocol error, which many clients keep
/// from their model.
pub(crate) fn unknown_tool<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> CallToolResult {
    let known: Vec<&str> = known.collect();
    let message = format!("unknown tool `{name}`; known: {}", known.join(", "));
    let error = json!({"message": message, "extensions": {"code": "BAD_USER_INPUT"}});
    failed(message, json!({ ERRORS: [error] }))
}

/// The result of a call that was not made, for a reason that no argument can change.
pub(crate) fn denied(name: &str, reason: &str) -> CallToolResult {
    let message = format!("{name} was not run: {reason}.");
    let error = json!({"message": message, "extensions": {"code": "FORBIDDEN"}});
    failed(message, json!({ ERRORS: [error] }))
}

/// The result of a call that nobody confirmed.
pub(crate) fn unconfirmed(subject: &str, reason: &str) -> CallToolResult {
    let message = format!("{subject} was not run, and nothing was sent: {reason}.");
    let error = json!({"message": message, "extensions": {"code": "NOT_CONFIRMED"}});
    failed(message, json!({ ERRORS: [error] }))
}

/// The result of a call whose arguments cannot be used.
pub(crate) fn refusal(name: &str, bad: &[BadArgument]) -> CallToolResult {
    let messages: Vec<String> = bad.iter().map(|bad| format!("- {}", bad.message)).collect();
    let text = format!(
        "{} was not run. Put its arguments right and call it again:\n{}",
        name,
        messages.join("\n")
    );
    let errors: Vec<Value> = bad
        .iter()
        .map(|bad| {
            json!({
                "message": bad.message,
                "extensions": {"code": "BAD_USER_INPUT", "argument": bad.argument},
            })
        })
        .collect();
    failed(text, json!({ ERRORS: errors }))
}

/// The result of a call that was executed.
pub(crate) fn answer(call: &Call<'_>, mut response: Response) -> CallToolResult {
    let bill = response.extensions.remove(BILL);
    let errors = errors(&response);
    let data = match response.data.into_json() {
        Ok(Value::Object(data)) => data,
        _ => Map::new(),
    };
    // Everything may have been left out by `@skip`; that is no failure.
    let is_empty = data.is_empty() && errors.is_empty();
    let mut result = if !is_empty && data.values().all(Value::is_null) {
        let errors = if errors.is_empty() {
            vec![not_found(&call.variables)]
        } else {
            errors
        };
        let text = failure_text(call, &errors);
        failed(text, object(data, errors))
    } else {
        match Ending::read(&data) {
            Ending::Well => succeeded(call, data, errors, None),
            Ending::UnderWay(user_errors) => {
                let notice = under_way_text(call, &user_errors);
                succeeded(call, data, errors, Some(notice))
            }
            Ending::Missed(user_errors) => {
                let text = missed_text(call, &user_errors, &data);
                failed(text, object(data, errors))
            }
            Ending::Undone(user_errors) => {
                failed(undone_text(call, &user_errors), object(data, errors))
            }
        }
    };
    if let Some(bill) = bill.and_then(|bill| bill.into_json().ok()) {
        let mut meta = MetaObject::new();
        meta.0.insert(BILL.to_owned(), bill);
        result.meta = Some(meta);
    }
    result
}

fn failed(text: String, structured: Value) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.structured_content = Some(structured);
    result
}

/// What was had, and what was not.
fn object(mut data: Map<String, Value>, errors: Vec<Value>) -> Value {
    if !errors.is_empty() {
        data.insert(ERRORS.to_owned(), Value::Array(errors));
    }
    Value::Object(data)
}

fn succeeded(
    call: &Call<'_>,
    data: Map<String, Value>,
    errors: Vec<Value>,
    notice: Option<String>,
) -> CallToolResult {
    let mut object = data;
    let nothing = call.nothing_found(&object, &errors);
    if !errors.is_empty() {
        object.insert(ERRORS.to_owned(), Value::Array(errors));
    }
    let pages = call.further_pages(&object);
    let notices = notice.as_deref().into_iter();
    let notices = notices.chain(pages.iter().map(|page| page.text.as_str()));
    let mut text = with_notice(&mut object, notices.chain(nothing.as_deref()));
    if text.len() > MAX_TEXT {
        object.shift_remove(NOTICE);
        let cuts = call.shorten(&mut object, pages);
        text = with_notice(&mut object, cuts.iter().map(String::as_str));
    }
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(Value::Object(object));
    result
}

/// Adds the notices and writes the object as text.
fn with_notice<'a>(
    object: &mut Map<String, Value>,
    notices: impl Iterator<Item = &'a str>,
) -> String {
    let notice = notices.collect::<Vec<_>>().join(" ");
    if !notice.is_empty() {
        object.insert(NOTICE.to_owned(), Value::from(notice));
    }
    serde_json::to_string(object).unwrap_or_default()
}

/// The errors as the answer shows them: what GraphQL says, without places in the document.
fn errors(response: &Response) -> Vec<Value> {
    response
        .errors
        .iter()
        .filter_map(|error| serde_json::to_value(error).ok())
        .map(|mut error| {
            if let Value::Object(error) = &mut error {
                error.shift_remove("locations");
            }
            error
        })
        .collect()
}

/// The error of a call that failed nowhere and found nothing: what was named is not there.
fn not_found(variables: &Map<String, Value>) -> Value {
    let named = variables.iter().filter(|(_, value)| !value.is_null());
    let named: Vec<String> = named
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let message = if named.is_empty() {
        "nothing was found, or it cannot be seen with this credential".to_owned()
    } else {
        format!(
            "nothing was found for {}, or it cannot be seen with this credential",
            named.join(", ")
        )
    };
    json!({"message": message, "extensions": {"code": "NOT_FOUND"}})
}

/// What failed, where, and what to do.
fn failure_text(call: &Call<'_>, errors: &[Value]) -> String {
    let mut lines = vec![format!("{} failed:", call.subject())];
    lines.extend(errors.iter().take(MAX_NAMED_ERRORS).map(error_line));
    if errors.len() > MAX_NAMED_ERRORS {
        lines.push(format!("- and {} more", errors.len() - MAX_NAMED_ERRORS));
    }
    let retryable = errors
        .iter()
        .any(|error| error["extensions"]["retryable"] == Value::Bool(true));
    let is_lost = errors
        .iter()
        .any(|error| error["extensions"]["code"] == "OUTCOME_UNKNOWN");
    lines.push(if is_lost {
        "It may have been done: look before you call it again, lest it is done twice.".to_owned()
    } else if retryable {
        "The same call may succeed a little later.".to_owned()
    } else {
        "The same call will fail again; change what the message names.".to_owned()
    });
    lines.join("\n")
}

fn error_line(error: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut line = format!("- {}", text(&error["message"]));
    let mut facts: Vec<String> = Vec::new();
    if let Some(path) = error["path"].as_array() {
        let steps: Vec<String> = path.iter().map(text).collect();
        facts.push(format!("at {}", steps.join(".")));
    }
    for key in ["code", "service", "requestId", "count"] {
        let value = &error["extensions"][key];
        if !value.is_null() {
            facts.push(format!("{key} {}", text(value)));
        }
    }
    if !facts.is_empty() {
        line.push_str(&format!(" ({})", facts.join(", ")));
    }
    line
}
