//! What a body may be: Nova checks it against a JSON schema before it does anything.
//!
//! `schema/*.json` are Nova's schemas, with words of ours: `from` and `until` are the
//! microversions in which a property is known, `required_from` and `required_until` those in which
//! one is required, and `use` is a schema of the same file that others share.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::bad_request;
use crate::base64;
use crate::python::{quoted, repr, str};
use crate::reply::Reply;
use crate::world::id::read_uuid;

/// A file of schemas, by name.
pub(crate) struct Schemas(LazyLock<Value>);

/// Where in a body something is wrong, and how.
struct Wrong {
    path: Vec<String>,
    value: Value,
    message: String,
    /// Whether the message is the whole one.
    is_whole: bool,
}

type Check = Result<(), Box<Wrong>>;

impl Schemas {
    pub(crate) const fn new(read: fn() -> Value) -> Self {
        Self(LazyLock::new(read))
    }

    /// Whether a body fits a schema at a microversion.
    pub(super) fn check(&self, name: &str, body: &Value, at: u32) -> Result<(), Reply> {
        self.fits(name, body, at)
            .map_err(|message| bad_request(&message))
    }

    /// The same for other services, which word their refusal themselves.
    pub(crate) fn fits(&self, name: &str, body: &Value, at: u32) -> Result<(), String> {
        let all = &*self.0;
        let checker = Checker { all, at };
        checker
            .check(&all[name], body, &mut Vec::new())
            .map_err(|wrong| {
                let Wrong { value, message, .. } = &*wrong;
                match wrong.path.last() {
                    Some(last) if !wrong.is_whole => format!(
                        "Invalid input for field/attribute {last}. Value: {}. {message}",
                        str(value)
                    ),
                    _ => message.clone(),
                }
            })
    }
}

/// A schema file's text as JSON.
pub(crate) fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%error, "a schema cannot be read");
        Value::Null
    })
}

struct Checker<'a> {
    all: &'a Value,
    at: u32,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &mut Vec<String>) -> Check {
        let Some(schema) = schema.as_object() else {
            return Ok(());
        };
        for (word, rule) in schema {
            self.rule(schema, word, rule, value, path)
                .map_err(|message| wrong(path, value, message))??;
        }
        Ok(())
    }

    /// The outer error is a message on the value, the inner one is about what is inside of it.
    fn rule(
        &self,
        schema: &Map<String, Value>,
        word: &str,
        rule: &Value,
        value: &Value,
        path: &mut Vec<String>,
    ) -> Result<Check, String> {
        let shown = || repr(value);
        let long = value.as_str().map(|text| text.chars().count() as u64);
        let number = number_of(value);
        let limit = rule.as_u64().unwrap_or_default();
        match word {
            "use" => {
                let name = rule.as_str().unwrap_or_default();
                return Ok(self.check(&self.all[name], value, path));
            }
            "type" if !is_of_type(rule, value) => {
                let types = match rule {
                    Value::Array(types) => {
                        let types: Vec<String> = types.iter().map(repr).collect();
                        types.join(", ")
                    }
                    rule => repr(rule),
                };
                return Err(format!("{} is not of type {types}", shown()));
            }
            "properties" => return Ok(self.properties(rule, value, path)),
            "patternProperties" => return Ok(self.pattern_properties(rule, value, path)),
            "additionalProperties" if *rule == json!(false) => {
                self.no_others(schema, value)?;
            }
            "required" => {
                let names = rule.as_array().into_iter().flatten();
                for name in names.filter_map(Value::as_str) {
                    require(value, name)?;
                }
            }
            "required_from" => {
                for (name, from) in rule.as_object().into_iter().flatten() {
                    if from.as_u64() <= Some(self.at.into()) {
                        require(value, name)?;
                    }
                }
            }
            "required_until" => {
                for (name, until) in rule.as_object().into_iter().flatten() {
                    if until.as_u64() >= Some(self.at.into()) {
                        require(value, name)?;
                    }
                }
            }
            "enum" if !rule.as_array().is_some_and(|rows| rows.contains(value)) => {
                return Err(format!("{} is not one of {}", shown(), repr(rule)));
            }
            "minLength" if long.is_some_and(|long| long < limit) => {
                let how = if limit == 1 {
                    "should be non-empty"
                } else {
                    "is too short"
                };
                return Err(format!("{} {how}", shown()));
            }
            "maxLength" if long.is_some_and(|long| long > limit) => {
                return Err(match limit {
                    0 => format!("{} is expected to be empty", shown()),
                    _ => format!("{} is too long", shown()),
                });
            }
            "pattern" => {
                let pattern = rule.as_str().unwrap_or_default();
                let fits = Regex::new(pattern)
                    .is_ok_and(|pattern| value.as_str().is_none_or(|text| pattern.is_match(text)));
                if !fits {
                    return Err(format!("{} does not match {}", shown(), quoted(pattern)));
                }
            }
            "format" => return Ok(format(rule, value, path)),
            "minimum" if number.is_some_and(|it| it < rule.as_f64().unwrap_or_default()) => {
                return Err(format!("{} is less than the minimum of {rule}", str(value)));
            }
            "maximum" if number.is_some_and(|it| it > rule.as_f64().unwrap_or_default()) => {
                return Err(format!(
                    "{} is greater than the maximum of {rule}",
                    str(value)
                ));
            }
            "allOf" => {
                for schema in rule.as_array().into_iter().flatten() {
                    if let Err(wrong) = self.check(schema, value, path) {
                        return Ok(Err(wrong));
                    }
                }
            }
            "anyOf" | "oneOf" => {
                let mut schemas = rule.as_array().into_iter().flatten();
                let fits =
                    schemas.any(|schema| self.check(schema, value, &mut path.clone()).is_ok());
                if !fits {
                    return Err(format!(
                        "{} is not valid under any of the given schemas",
                        shown()
                    ));
                }
            }
            "items" => {
                for (place, row) in value.as_array().into_iter().flatten().enumerate() {
                    path.push(place.to_string());
                    if let Err(wrong) = self.check(rule, row, path) {
                        return Ok(Err(wrong));
                    }
                    path.pop();
                }
            }
            "minItems" if value.as_array().is_some_and(|it| (it.len() as u64) < limit) => {
                return Err(format!("{} should be non-empty", shown()));
            }
            "maxItems" if value.as_array().is_some_and(|it| it.len() as u64 > limit) => {
                return Err(format!("{} is too long", shown()));
            }
            "uniqueItems" => {
                let rows = value.as_array().map_or(&[][..], Vec::as_slice);
                let repeats = |(place, row)| rows.iter().take(place).any(|other| other == row);
                if rows.iter().enumerate().any(repeats) {
                    return Err(format!("{} has non-unique elements", shown()));
                }
            }
            "minProperties"
                if value
                    .as_object()
                    .is_some_and(|it| (it.len() as u64) < limit) =>
            {
                return Err(format!("{} should be non-empty", shown()));
            }
            _ => {}
        }
        Ok(Ok(()))
    }

    fn properties(&self, rule: &Value, value: &Value, path: &mut Vec<String>) -> Check {
        let (Some(properties), Some(fields)) = (rule.as_object(), value.as_object()) else {
            return Ok(());
        };
        for (name, schema) in properties.iter().filter(|(_, it)| self.is_known(it)) {
            if let Some(value) = fields.get(name) {
                path.push(name.clone());
                self.check(schema, value, path)?;
                path.pop();
            }
        }
        Ok(())
    }

    fn pattern_properties(&self, rule: &Value, value: &Value, path: &mut Vec<String>) -> Check {
        for (pattern, schema) in rule.as_object().into_iter().flatten() {
            let pattern = Regex::new(pattern).ok();
            for (name, value) in value.as_object().into_iter().flatten() {
                if pattern.as_ref().is_some_and(|it| it.is_match(name)) {
                    path.push(name.clone());
                    self.check(schema, value, path)?;
                    path.pop();
                }
            }
        }
        Ok(())
    }

    fn no_others(&self, schema: &Map<String, Value>, value: &Value) -> Result<(), String> {
        let known = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let is_known = |name: &str| {
            known
                .and_then(|known| known.get(name))
                .is_some_and(|schema| self.is_known(schema))
        };
        let fits = |name: &str| {
            let mut patterns = patterns.into_iter().flat_map(Map::keys);
            patterns.any(|pattern| Regex::new(pattern).is_ok_and(|it| it.is_match(name)))
        };
        let fields = value.as_object().into_iter().flatten();
        let others = fields.map(|(name, _)| name.as_str());
        let mut others: Vec<&str> = others
            .filter(|name| !is_known(name) && !fits(name))
            .collect();
        others.sort_unstable();
        let listed: Vec<String> = others.iter().map(|name| quoted(name)).collect();
        let listed = listed.join(", ");
        if others.is_empty() {
            return Ok(());
        }
        if let Some(patterns) = patterns.filter(|it| !it.is_empty()) {
            let verb = if others.len() == 1 { "does" } else { "do" };
            let patterns: Vec<String> = patterns.keys().map(|it| quoted(it)).collect();
            let patterns = patterns.join(", ");
            return Err(format!(
                "{listed} {verb} not match any of the regexes: {patterns}"
            ));
        }
        let verb = if others.len() == 1 { "was" } else { "were" };
        Err(format!(
            "Additional properties are not allowed ({listed} {verb} unexpected)"
        ))
    }

    /// Whether a property is known at the microversion.
    fn is_known(&self, schema: &Value) -> bool {
        let at = u64::from(self.at);
        let from = schema["from"].as_u64().unwrap_or_default();
        let until = schema["until"].as_u64().unwrap_or(u64::MAX);
        (from..=until).contains(&at)
    }
}

fn wrong(path: &[String], value: &Value, message: String) -> Box<Wrong> {
    Box::new(Wrong {
        path: path.to_vec(),
        value: value.clone(),
        message,
        is_whole: false,
    })
}

fn require(value: &Value, name: &str) -> Result<(), String> {
    match value.as_object() {
        Some(fields) if !fields.contains_key(name) => {
            Err(format!("{} is a required property", quoted(name)))
        }
        _ => Ok(()),
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => true,
    };
    match rule {
        Value::Array(types) => types.iter().filter_map(Value::as_str).any(is),
        rule => rule.as_str().is_none_or(is),
    }
}

/// A number, or a text that is one.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn format(rule: &Value, value: &Value, path: &[String]) -> Check {
    const NAME: &str = "printable characters. Can not start or end with whitespace.";
    let name = rule.as_str().unwrap_or_default();
    let Some(text) = value.as_str() else {
        return Ok(());
    };
    let expected = |more: &str| {
        let mut safe: String = more.to_owned();
        safe += "_- ";
        safe.extend('0'..='9');
        safe.extend('a'..='z');
        safe.extend('A'..='Z');
        safe
    };
    let reason = match name {
        "name" => (!is_name(text)).then(|| NAME.to_owned()),
        "keypair_name_20" | "keypair_name_292" => {
            let safe = match name {
                "keypair_name_20" => expected(""),
                _ => expected("@."),
            };
            let is_safe = text.chars().all(|letter| safe.contains(letter));
            (!is_safe).then(|| format!("Only expected characters: [{safe}]"))
        }
        _ => None,
    };
    if let Some(reason) = reason {
        let message = format!("An invalid 'name' value was provided. The name must be: {reason}");
        let mut wrong = wrong(path, value, message);
        wrong.is_whole = true;
        return Err(wrong);
    }
    let is_one = match name {
        "uuid" => {
            read_uuid(text).is_some() || text.len() == 32 && uuid::Uuid::parse_str(text).is_ok()
        }
        "base64" => base64::decode(text).is_some(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    };
    if is_one {
        return Ok(());
    }
    let message = format!("{} is not a {}", repr(value), quoted(name));
    Err(wrong(path, value, message))
}

/// Of printable letters, and blanks between them.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}
