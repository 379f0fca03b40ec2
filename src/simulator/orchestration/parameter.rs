//! What a request asks by, read as Heat reads it; and the parameters of stacks.

use serde_json::{Map, Value, json};

use super::bad_request;
use crate::call::Query;
use crate::python;
use crate::reply::Reply;
use crate::world::orchestration::Stack;

/// What is shown in the place of what is hidden.
const HIDDEN: &str = "******";

/// `true` or `false`; an empty one counts as not said.
pub(super) fn flag(query: &Query, name: &str) -> Result<Option<bool>, Reply> {
    let Some(text) = query.get(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(bad_request(&format!(
            "Unrecognized value \"{text}\" for \"{name}\", acceptable values are: true, false."
        ))),
    }
}

/// A number from zero; an empty one counts as not said.
pub(super) fn number(query: &Query, name: &str) -> Result<Option<usize>, Reply> {
    let Some(text) = query.get(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number: i64 = text
        .parse()
        .map_err(|_| bad_request(&format!("Only integer is acceptable by '{name}'.")))?;
    let number = usize::try_from(number).map_err(|_| {
        bad_request(&format!(
            "Value '{text}' is invalid for '{name}' which only accepts non-negative integer."
        ))
    })?;
    Ok(Some(number))
}

/// Whether a query's filter of a name leaves a value: any of its values may be it, and none is
/// asked for when all are empty.
pub(super) fn allows(query: &Query, name: &str, value: &str) -> bool {
    let mut wanted = query.all(name).filter(|text| !text.is_empty()).peekable();
    wanted.peek().is_none() || wanted.any(|text| text.eq_ignore_ascii_case(value))
}

/// A stack's parameters, with those that Heat gives to each.
pub(super) fn shown(stack: &Stack) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("OS::stack_id".to_owned(), json!(stack.id));
    shown.insert("OS::project_id".to_owned(), json!(stack.project));
    shown.insert("OS::stack_name".to_owned(), json!(stack.name));
    for (name, value) in &stack.parameters {
        let value = if is_hidden(stack, name) {
            HIDDEN
        } else {
            value
        };
        shown.insert(name.clone(), json!(value));
    }
    shown
}

fn is_hidden(stack: &Stack, name: &str) -> bool {
    stack.template["parameters"][name]["hidden"] == true
}

/// What a stack was made with: its parameters but for those left to their defaults.
pub(super) fn environment(stack: &Stack) -> Reply {
    let given = stack.parameters.iter();
    let given = given.filter(|(name, value)| {
        let default = &stack.template["parameters"][name.as_str()]["default"];
        default.is_null() || python::str(default) != **value
    });
    let given: Map<String, Value> = given
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    Reply::ok(&json!({
        "parameters": given,
        "parameter_defaults": {},
        "resource_registry": {"resources": {}},
        "encrypted_param_names": [],
        "event_sinks": [],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_flags_are_looked_at() {
        let query = Query::parse("limit=-1&depth=x&nested=True&bad=maybe&empty=");
        assert!(number(&query, "limit").is_err());
        assert!(number(&query, "depth").is_err());
        assert!(flag(&query, "bad").is_err());
        assert_eq!(flag(&query, "nested").ok(), Some(Some(true)));
        assert_eq!(number(&query, "empty").ok(), Some(None));
    }

    #[test]
    fn values_of_a_filter_are_alternatives_and_an_empty_one_is_none() {
        let query = Query::parse("status=FAILED&status=complete&name=");
        assert!(allows(&query, "status", "COMPLETE"));
        assert!(!allows(&query, "status", "IN_PROGRESS"));
        assert!(allows(&query, "name", "anything"));
    }
}
