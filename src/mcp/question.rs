//! What somebody is asked before a call destroys something, from a dry run of it.

use async_graphql::Response;
use rmcp::model::{
    BooleanSchema, CallToolResult, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationSchema,
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::answer;
use super::seal::Digest;
use super::tool::Call;

/// What the answer is called.
const CONFIRM: &str = "confirm";
/// What a payload tells of what would be done.
const DRY_RUN: &str = "dryRun";
/// The most things a question names that hang on the call.
const MAX_AFFECTED: usize = 20;

/// A question, and what it is about.
pub(crate) struct Question {
    message: String,
    /// What would be done, when it was asked.
    pub(crate) target: Digest,
}

impl Question {
    /// About a call of which nothing more is known than its arguments.
    pub(crate) fn plain(call: &Call<'_>) -> Self {
        let arguments = call.variables.iter().filter(|(_, value)| !value.is_null());
        let arguments: Vec<String> = arguments
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Self {
            message: format!("{} with {}?", call.subject(), plain(&arguments.join(", "))),
            target: [0; 32],
        }
    }

    /// About what a dry run told; or what to answer instead, when it failed.
    pub(crate) fn new(call: &Call<'_>, response: Response) -> Result<Self, Box<CallToolResult>> {
        let data = response.data.clone().into_json().unwrap_or_default();
        let told = data.as_object().and_then(|data| {
            data.values()
                .find_map(|payload| payload[DRY_RUN].as_object())
        });
        match told {
            Some(told) => Ok(Self {
                message: message(call, told),
                target: digest(&[&serde_json::to_string(told).unwrap_or_default()]),
            }),
            None => Err(Box::new(answer::answer(call, response))),
        }
    }

    /// The question as clients take it.
    pub(crate) fn parameters(&self) -> ElicitRequestParams {
        let confirm = |schema: BooleanSchema| schema.title("Do it").with_default(false);
        let mut schema = ElicitationSchema::builder().required_bool_with(CONFIRM, confirm);
        schema.title = Some("Confirm".into());
        ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: self.message.clone(),
            requested_schema: schema.build_unchecked(),
        }
    }
}

/// Whether somebody said yes.
pub(crate) fn is_yes(result: &ElicitResult) -> bool {
    let said = result.content.as_ref().and_then(|said| said.get(CONFIRM));
    result.action == ElicitationAction::Accept && said == Some(&Value::Bool(true))
}

/// A digest of texts, each with its length, so that none can pass for two.
pub(crate) fn digest(texts: &[&str]) -> Digest {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    }
    digest.finalize().into()
}

fn message(call: &Call<'_>, told: &Map<String, Value>) -> String {
    let would = told.get("would").and_then(Value::as_str);
    let would = would.unwrap_or("do what its arguments say");
    let mut lines = vec![format!("{} would {}.", call.tool.name(), plain(would))];
    let affects = told.get("affects").and_then(Value::as_array);
    let affects = affects.map(Vec::as_slice).unwrap_or_default();
    if !affects.is_empty() {
        lines.push("What hangs on it:".to_owned());
    }
    lines.extend(affects.iter().take(MAX_AFFECTED).map(affected));
    if affects.len() > MAX_AFFECTED {
        lines.push(format!("- and {} more", affects.len() - MAX_AFFECTED));
    }
    lines.join("\n")
}

fn affected(thing: &Value) -> String {
    let text = |key: &str| thing[key].as_str().map(plain);
    let mut line = format!("- {}", text("kind").unwrap_or_default());
    if let Some(name) = text("name").filter(|name| !name.is_empty()) {
        line.push_str(&format!(" `{name}`"));
    }
    if let Some(id) = text("id") {
        line.push_str(&format!(" ({id})"));
    }
    if let Some(effect) = text("effect") {
        line.push_str(&format!(": {effect}"));
    }
    line
}

/// A text from a cloud, on one line: whoever named a thing does not write the question.
fn plain(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(plain).collect()
}
