//! Whether what is said of an image fits Glance's schema, and what it says when it does not.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::Writer;
use crate::python::{quoted, repr};
use crate::reply::Reply;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../schema/image.json")).unwrap_or_default()
});

impl Writer<'_> {
    pub(super) fn check(&self, asked: &Map<String, Value>) -> Result<(), Reply> {
        let properties = &SCHEMA["properties"];
        for (name, schema) in properties.as_object().into_iter().flatten() {
            if let Some(value) = asked.get(name) {
                let place = format!("['properties'][{}]", quoted(name));
                self.check_one(name, value, schema, &place)?;
            }
        }
        let more = json!({"type": "string"});
        let others = asked.iter();
        for (name, value) in others.filter(|(name, _)| properties.get(name.as_str()).is_none()) {
            self.check_one(name, value, &more, "['additionalProperties']")?;
        }
        Ok(())
    }

    fn check_one(
        &self,
        name: &str,
        value: &Value,
        schema: &Value,
        place: &str,
    ) -> Result<(), Reply> {
        for (word, rule) in schema.as_object().into_iter().flatten() {
            let Some(message) = wrong(word, rule, value) else {
                continue;
            };
            let (schema, value) = (pretty(schema, 4), repr(value));
            return Err(self.bad_request(&format!(
                "Provided object does not match schema 'image': {message}\n\nFailed validating \
                 {} in schema{place}:\n    {schema}\n\nOn instance[{}]:\n    {value}",
                quoted(word),
                quoted(name)
            )));
        }
        Ok(())
    }
}

fn wrong(word: &str, rule: &Value, value: &Value) -> Option<String> {
    let shown = repr(value);
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => true,
    };
    match (word, rule) {
        ("type", Value::String(kind)) if !is(kind) => {
            Some(format!("{shown} is not of type {}", quoted(kind)))
        }
        ("type", Value::Array(kinds)) if !kinds.iter().filter_map(Value::as_str).any(is) => {
            let kinds: Vec<String> = kinds.iter().map(repr).collect();
            Some(format!("{shown} is not of type {}", kinds.join(", ")))
        }
        ("enum", Value::Array(known)) if !known.contains(value) => {
            Some(format!("{shown} is not one of {}", repr(rule)))
        }
        ("maxLength", rule) => {
            let long = value.as_str()?.chars().count() as u64;
            (Some(long) > rule.as_u64()).then(|| format!("{shown} is too long"))
        }
        ("pattern", Value::String(pattern)) => {
            let text = value.as_str()?;
            let fits = Regex::new(pattern).is_ok_and(|it| it.is_match(text));
            (!fits).then(|| format!("{shown} does not match {}", quoted(pattern)))
        }
        _ => None,
    }
}

/// As Python's `pprint` writes it, in lines of 72 letters, behind an indent.
fn pretty(value: &Value, indent: usize) -> String {
    const WIDTH: usize = 72;
    let short = repr(value);
    if short.len() + indent <= WIDTH + 4 {
        return short;
    }
    let inside = " ".repeat(indent + 1);
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = quoted(name);
                let value = pretty(value, indent + 1 + name.len() + 2);
                format!("{name}: {value}")
            });
            let fields: Vec<String> = fields.collect();
            format!("{{{}}}", fields.join(&format!(",\n{inside}")))
        }
        Value::Array(rows) => {
            let rows: Vec<String> = rows.iter().map(|row| pretty(row, indent + 1)).collect();
            format!("[{}]", rows.join(&format!(",\n{inside}")))
        }
        _ => short,
    }
}
