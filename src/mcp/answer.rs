//! What a call answers: the graph's response as a tool result.

use async_graphql::Response;
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::{Map, Value, json};

use super::arguments::BadArgument;
use super::cut::{Cut, cut};
use super::output_schema::{ERRORS, NOTICE};
use super::tool::{LIMIT, OFFSET, Tool};

/// The most bytes of text that a result may have.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// What is left free for the notice.
const NOTICE_ROOM: usize = 1024;
/// The most errors that the text of a failed call names.
const MAX_NAMED_ERRORS: usize = 10;
/// The extension of the response that carries its bill, and its key in `_meta`.
const BILL: &str = "upstream";

/// The result of a call whose arguments cannot be used.
pub(crate) fn refusal(tool: &Tool, bad: &[BadArgument]) -> CallToolResult {
    let messages: Vec<String> = bad.iter().map(|bad| format!("- {}", bad.message)).collect();
    let text = format!(
        "{} was not run. Put its arguments right and call it again:\n{}",
        tool.name(),
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

/// The result of a call that was executed with these variables.
pub(crate) fn answer(
    tool: &Tool,
    variables: &Map<String, Value>,
    mut response: Response,
) -> CallToolResult {
    let bill = response.extensions.remove(BILL);
    let errors = errors(&response);
    let data = match response.data.into_json() {
        Ok(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let mut result = if !errors.is_empty() && data.values().all(Value::is_null) {
        let mut object = data;
        let text = failure_text(tool, &errors);
        object.insert(ERRORS.to_owned(), Value::Array(errors));
        failed(text, Value::Object(object))
    } else {
        succeeded(tool, variables, data, errors)
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

fn succeeded(
    tool: &Tool,
    variables: &Map<String, Value>,
    data: Map<String, Value>,
    errors: Vec<Value>,
) -> CallToolResult {
    let mut object = data;
    let notices = further_pages(tool, variables, &object);
    if !errors.is_empty() {
        object.insert(ERRORS.to_owned(), Value::Array(errors));
    }
    let mut text = with_notice(&mut object, &notices);
    if text.len() > MAX_TEXT {
        object.shift_remove(NOTICE);
        let notices = shorten(tool, variables, &mut object);
        text = with_notice(&mut object, &notices);
    }
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(Value::Object(object));
    result
}

/// Adds the notices and writes the object as text.
fn with_notice(object: &mut Map<String, Value>, notices: &[String]) -> String {
    if !notices.is_empty() {
        object.insert(NOTICE.to_owned(), Value::from(notices.join(" ")));
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

/// What failed, where, and what to do.
fn failure_text(tool: &Tool, errors: &[Value]) -> String {
    let mut lines = vec![format!("{} failed:", tool.name())];
    lines.extend(errors.iter().take(MAX_NAMED_ERRORS).map(error_line));
    if errors.len() > MAX_NAMED_ERRORS {
        lines.push(format!("- and {} more", errors.len() - MAX_NAMED_ERRORS));
    }
    let retryable = errors
        .iter()
        .any(|error| error["extensions"]["retryable"] == Value::Bool(true));
    lines.push(if retryable {
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

/// Root lists that have more pages, and how to go on.
fn further_pages(
    tool: &Tool,
    variables: &Map<String, Value>,
    data: &Map<String, Value>,
) -> Vec<String> {
    data.iter()
        .filter(|(_, value)| value["pageInfo"]["hasNextPage"] == Value::Bool(true))
        .map(|(key, value)| {
            let shown = ["nodes", "edges"]
                .iter()
                .find_map(|rows| value[*rows].as_array())
                .map_or(0, Vec::len);
            let of = total(value).map_or(String::new(), |total| format!(" of {total}"));
            let go_on = go_on(tool, variables, key, shown);
            format!("`{key}` has more rows than the {shown}{of} shown. {go_on}")
        })
        .collect()
}

/// Cuts the answer to its size, and says what was cut.
fn shorten(
    tool: &Tool,
    variables: &Map<String, Value>,
    object: &mut Map<String, Value>,
) -> Vec<String> {
    let (cuts, fits) = cut(object, MAX_TEXT - NOTICE_ROOM);
    let mut notices: Vec<String> = cuts
        .iter()
        .take(3)
        .map(|cut| cut_notice(tool, variables, object, cut))
        .collect();
    if !fits {
        object.clear();
        notices = vec![format!(
            "The answer is longer than {} KiB and has no rows to leave out. {}",
            MAX_TEXT / 1024,
            narrow(tool)
        )];
    }
    notices.extend(
        further_pages(tool, variables, object)
            .into_iter()
            .filter(|_| cuts.is_empty()),
    );
    notices
}

fn cut_notice(
    tool: &Tool,
    variables: &Map<String, Value>,
    object: &Map<String, Value>,
    cut: &Cut,
) -> String {
    let Cut { path, kept, of } = cut;
    let root = path.first().map_or("", String::as_str);
    // Only a list at the root is moved on by `offset`; one inside a row is not.
    let is_root = matches!(path.len(), 1 | 2);
    let all = if is_root {
        object.get(root).and_then(total)
    } else {
        None
    };
    let of = all.map_or(*of as u64, |total| total.max(*of as u64));
    let go_on = if is_root {
        go_on(tool, variables, root, *kept)
    } else {
        narrow(tool)
    };
    format!(
        "Cut to {} KiB: `{}` shows {kept} of {of}. {go_on}",
        MAX_TEXT / 1024,
        path.join(".")
    )
}

fn total(connection: &Value) -> Option<u64> {
    connection["totalCount"].as_u64()
}

/// How to have the rows behind those that are shown.
fn go_on(tool: &Tool, variables: &Map<String, Value>, key: &str, shown: usize) -> String {
    if tool.paged.iter().any(|paged| paged == key) {
        let next = tool.offset(variables) + shown as u64;
        return format!("Go on with {OFFSET}={next}.");
    }
    if tool.takes(LIMIT) {
        return format!(
            "Ask for more with {LIMIT}, or {}",
            narrow(tool).to_lowercase()
        );
    }
    narrow(tool)
}

/// How to ask for less.
fn narrow(tool: &Tool) -> String {
    let others: Vec<&str> = tool
        .arguments
        .iter()
        .map(|argument| argument.name())
        .filter(|name| ![LIMIT, OFFSET].contains(name))
        .collect();
    match (others.as_slice(), tool.takes(LIMIT)) {
        ([], true) => format!("Ask for less with {LIMIT}."),
        ([], false) => "This tool has no arguments to narrow it; another tool may.".to_owned(),
        (others, _) => format!("Narrow it with {}.", others.join(", ")),
    }
}
