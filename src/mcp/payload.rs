//! How a change ended, as the payload of its mutation tells it.

use serde_json::{Map, Value};

use super::tool::Call;

/// What a payload tells of what was not done, or did not come to a good end.
const USER_ERRORS: &str = "userErrors";

/// How a change ended.
pub(crate) enum Ending {
    /// Well, or nothing was to be changed.
    Well,
    /// It was accepted, and takes longer than anybody waited.
    UnderWay(Vec<Value>),
    /// It was accepted, and did not come to a good end; or nobody knows whether it did.
    Missed(Vec<Value>),
    /// Nothing was done.
    Undone(Vec<Value>),
}

impl Ending {
    /// Reads it from what the operation answered.
    pub(crate) fn read(data: &Map<String, Value>) -> Self {
        let errors: Vec<Value> = data
            .values()
            .filter_map(|payload| payload.get(USER_ERRORS)?.as_array())
            .flatten()
            .cloned()
            .collect();
        let is = |error: &Value, codes: &[&str]| {
            let code = error["code"].as_str();
            code.is_some_and(|code| codes.contains(&code))
        };
        let later = ["STILL_UNDER_WAY"];
        let accepted = ["STILL_UNDER_WAY", "FAILED", "OUTCOME_UNKNOWN"];
        if errors.is_empty() {
            Self::Well
        } else if errors.iter().all(|error| is(error, &later)) {
            Self::UnderWay(errors)
        } else if errors.iter().any(|error| is(error, &accepted)) {
            Self::Missed(errors)
        } else {
            Self::Undone(errors)
        }
    }
}

/// What was not done, why, and what to do.
pub(crate) fn undone_text(call: &Call<'_>, errors: &[Value]) -> String {
    let mut lines = vec![format!("{} did nothing:", call.subject())];
    lines.extend(errors.iter().map(|error| line(call, error)));
    lines.extend(ways_out(errors));
    lines.join("\n")
}

/// What was accepted, what became of it, how things are now, and what to do.
pub(crate) fn missed_text(call: &Call<'_>, errors: &[Value], data: &Map<String, Value>) -> String {
    let mut lines = vec![format!(
        "{} was sent, and did not come to a good end:",
        call.subject()
    )];
    lines.extend(errors.iter().map(|error| line(call, error)));
    lines.extend(ways_out(errors));
    let now = serde_json::to_string(data).unwrap_or_default();
    lines.push(format!("As it is now: {now}"));
    lines.join("\n")
}

/// That something takes its time.
pub(crate) fn under_way_text(call: &Call<'_>, errors: &[Value]) -> String {
    let messages: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["message"].as_str())
        .collect();
    format!(
        "{} was accepted and is not done yet: {}. Do not call it again; look at it later.",
        call.subject(),
        messages.join("; ")
    )
}

fn line(call: &Call<'_>, error: &Value) -> String {
    let mut facts: Vec<String> = Vec::new();
    let field: Vec<&str> = error["field"]
        .as_array()
        .map(|steps| steps.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if let Some(argument) = call.action.argument_of(&field) {
        facts.push(format!("argument {argument}"));
    }
    for key in ["code", "service", "requestId"] {
        if let Some(fact) = error[key].as_str() {
            facts.push(format!("{key} {fact}"));
        }
    }
    let message = error["message"].as_str().unwrap_or_default();
    if facts.is_empty() {
        format!("- {message}")
    } else {
        format!("- {message} ({})", facts.join(", "))
    }
}

/// What to do about each kind of error, once.
fn ways_out(errors: &[Value]) -> Vec<String> {
    let mut ways: Vec<String> = Vec::new();
    for error in errors {
        let way = match error["code"].as_str().unwrap_or_default() {
            "NOT_FOUND" | "AMBIGUOUS" | "BAD_USER_INPUT" | "BAD_REQUEST" => {
                "Put right what the message names, and call it again."
            }
            "CONFLICT" => "Its state stands against it: look at how it is, and change that first.",
            "QUOTA_EXCEEDED" => "Free something, or have the quota raised.",
            "FORBIDDEN" | "UNAUTHENTICATED" => {
                "The credential may not do this; the same call will fail again."
            }
            "RATE_LIMITED" | "STILL_UNDER_WAY" => "Look at it again a little later.",
            "OUTCOME_UNKNOWN" => {
                "It may have been done: look before you call it again, lest it is done twice."
            }
            "FAILED" => "Look at how it is now before you call it again.",
            _ => "The same call will fail again unless what the message names is changed.",
        };
        if !ways.iter().any(|known| known == way) {
            ways.push(way.to_owned());
        }
    }
    ways
}
