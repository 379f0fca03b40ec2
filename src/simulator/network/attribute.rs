//! What may be said of a thing in a request's body, and how it is looked at.

use std::net::IpAddr;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Asker, bad_request, invalid};
use crate::reply::Reply;
use crate::world::Key;
use crate::world::id::read_uuid;

/// An attribute as a request may give it.
pub(super) struct Attribute {
    name: &'static str,
    kind: Kind,
    use_: Use,
}

/// When an attribute may be given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// When the thing is made and later.
    Both,
    /// When it is made.
    Create,
    /// When it is made, and it has to be.
    Required,
    /// When it is there.
    Update,
    Never,
}

/// What its value has to be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Flag,
    Number,
    Id,
    IdOrNull,
    AddressOrNull,
    OneOf(&'static [&'static str]),
    /// What the noun looks at itself.
    Free,
}

pub(super) const fn both(name: &'static str, kind: Kind) -> Attribute {
    Attribute {
        name,
        kind,
        use_: Use::Both,
    }
}

pub(super) const fn create(name: &'static str, kind: Kind) -> Attribute {
    Attribute {
        name,
        kind,
        use_: Use::Create,
    }
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Attribute {
    Attribute {
        name,
        kind,
        use_: Use::Required,
    }
}

pub(super) const fn update(name: &'static str, kind: Kind) -> Attribute {
    Attribute {
        name,
        kind,
        use_: Use::Update,
    }
}

pub(super) const fn never(name: &'static str) -> Attribute {
    Attribute {
        name,
        kind: Kind::Free,
        use_: Use::Never,
    }
}

/// Those that every noun shows and none takes.
const SHOWN: [&str; 5] = ["id", "created_at", "updated_at", "revision_number", "tags"];

/// What a request says of one thing.
pub(super) struct Body {
    given: Map<String, Value>,
    /// Whose it is to be, when it is made.
    pub(super) project: Option<Key>,
}

impl Body {
    /// Looks at what is given.
    pub(super) fn read(
        asker: &Asker<'_>,
        mut given: Map<String, Value>,
        attributes: &[Attribute],
        is_create: bool,
    ) -> Result<Self, Reply> {
        let project = owner(asker, &given)?;
        let is_known = |name: &str| {
            SHOWN.contains(&name)
                || ["project_id", "tenant_id"].contains(&name)
                || attributes.iter().any(|attribute| attribute.name == name)
        };
        let unknown = given.keys().map(String::as_str);
        let unknown: Vec<&str> = unknown.filter(|name| !is_known(name)).collect();
        if !unknown.is_empty() {
            let message = format!("Unrecognized attribute(s) '{}'", unknown.join(", "));
            return Err(bad_request(&message));
        }
        let fixed = |name: &str| {
            let message = if is_create {
                format!("Attribute '{name}' not allowed in POST")
            } else {
                format!("Cannot update read-only attribute {name}")
            };
            bad_request(&message)
        };
        if let Some(name) = SHOWN.iter().find(|name| given.contains_key(**name)) {
            return Err(fixed(name));
        }
        for attribute in attributes {
            let is_given = given.contains_key(attribute.name);
            let may_be = match attribute.use_ {
                Use::Both => true,
                Use::Create | Use::Required => is_create,
                Use::Update => !is_create,
                Use::Never => false,
            };
            if is_given && !may_be {
                return Err(fixed(attribute.name));
            }
            if is_create && !is_given && attribute.use_ == Use::Required {
                let name = attribute.name;
                return Err(bad_request(&format!(
                    "Failed to parse request. Required attribute '{name}' not specified"
                )));
            }
        }
        if !is_create
            && let Some(name) = ["project_id", "tenant_id"]
                .iter()
                .find(|name| given.contains_key(**name))
        {
            return Err(fixed(name));
        }
        for attribute in attributes {
            if let Some(value) = given.get_mut(attribute.name) {
                attribute.kind.look_at(attribute.name, value)?;
            }
        }
        Ok(Self { given, project })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.given.get(name)
    }

    /// A value that is given and is not null.
    pub(super) fn set(&self, name: &str) -> Option<&Value> {
        self.value(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.as_i64()
    }

    pub(super) fn id(&self, name: &str) -> Option<Uuid> {
        read_uuid(self.text(name)?)
    }

    pub(super) fn address(&self, name: &str) -> Option<IpAddr> {
        self.text(name)?.parse().ok()
    }

    /// Takes a text over where it is given.
    pub(super) fn write_text(&self, name: &str, to: &mut String) {
        if let Some(text) = self.text(name) {
            text.clone_into(to);
        }
    }

    pub(super) fn write_flag(&self, name: &str, to: &mut bool) {
        if let Some(flag) = self.flag(name) {
            *to = flag;
        }
    }
}

/// Whose a thing is to be: the caller's, unless an admin says another.
fn owner(asker: &Asker<'_>, given: &Map<String, Value>) -> Result<Option<Key>, Reply> {
    let project = given.get("project_id").and_then(Value::as_str);
    let tenant = given.get("tenant_id").and_then(Value::as_str);
    if let (Some(project), Some(tenant)) = (project, tenant)
        && project != tenant
    {
        return Err(bad_request("'project_id' and 'tenant_id' do not match"));
    }
    let Some(said) = project.or(tenant) else {
        return Ok(asker.project);
    };
    let said = Key::read(said);
    if said != asker.project && !asker.is_admin {
        return Err(bad_request(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in \
             request requires admin or advsvc privileges",
        ));
    }
    Ok(said)
}

impl Kind {
    /// Brings a value into its form, or refuses it.
    fn look_at(self, name: &str, value: &mut Value) -> Result<(), Reply> {
        let shown = shown(value);
        let reason = match self {
            Self::Text => match value.as_str() {
                None => Some(format!("'{shown}' is not a valid string")),
                Some(text) if text.chars().count() > 255 => {
                    Some(format!("'{text}' exceeds maximum length of 255"))
                }
                Some(_) => None,
            },
            Self::Flag => {
                *value = Value::Bool(flag(value).ok_or_else(|| {
                    invalid(&format!("'{shown}' cannot be converted to boolean."))
                })?);
                None
            }
            Self::Number => {
                *value = Value::from(
                    number(value)
                        .ok_or_else(|| invalid(&format!("'{shown}' is not an integer.")))?,
                );
                None
            }
            Self::Id if !is_id(value) => Some(format!("'{shown}' is not a valid UUID")),
            Self::IdOrNull if !value.is_null() && !is_id(value) => {
                Some(format!("'{shown}' is not a valid UUID"))
            }
            Self::AddressOrNull if !value.is_null() && !is_address(value) => {
                Some(format!("'{shown}' is not a valid IP address"))
            }
            Self::OneOf(words) => {
                let is_one = value.as_str().is_some_and(|text| words.contains(&text));
                (!is_one).then(|| format!("{shown} is not in valid_values"))
            }
            Self::Id | Self::IdOrNull | Self::AddressOrNull | Self::Free => None,
        };
        match reason {
            Some(reason) => Err(bad_input(name, &reason)),
            None => Ok(()),
        }
    }
}

/// The refusal of an attribute's value.
pub(super) fn bad_input(name: &str, reason: &str) -> Reply {
    bad_request(&format!("Invalid input for {name}. Reason: {reason}."))
}

fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| read_uuid(text).is_some())
}

fn is_address(value: &Value) -> bool {
    let text = value.as_str();
    text.is_some_and(|text| text.parse::<IpAddr>().is_ok())
}

/// A flag as people write it.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}

/// A value as Python prints it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => literal(value),
    }
}

/// A value as Python writes it in code.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(pairs) => {
            let pairs = pairs.iter();
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("'{name}': {}", literal(value)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_python_shows_them() {
        assert_eq!(shown(&json!("a")), "a");
        assert_eq!(
            shown(&json!({"a": [null, true, 1, "b"]})),
            "{'a': [None, True, 1, 'b']}"
        );
    }

    #[test]
    fn flags_and_numbers_may_be_texts() {
        assert_eq!(flag(&json!("True")), Some(true));
        assert_eq!(flag(&json!(0)), Some(false));
        assert_eq!(flag(&json!("maybe")), None);
        assert_eq!(number(&json!("4")), Some(4));
        assert_eq!(number(&json!("x")), None);
    }
}
