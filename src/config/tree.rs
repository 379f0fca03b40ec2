//! `clouds.yaml` as a tree, read so that no value loses a digit, and merged as openstacksdk does.
//!
//! A plain scalar in YAML may look like a number: the password `0123`, the project id `1e5`. Where
//! a key is known to hold text, its text is taken as it was written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// One node. It may be a secret, so only tests have a `Debug` of it.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Tree {
    /// Nothing was written, or `null`.
    Null,
    /// Text, a number or a boolean.
    Scalar(String),
    /// A sequence.
    List(Vec<Tree>),
    /// A mapping.
    Map(BTreeMap<String, Tree>),
}

impl Tree {
    /// Reads a document of `clouds.yaml`, `secure.yaml` or `clouds-public.yaml`; JSON is YAML too.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // A snippet would show the secret next to the mistake.
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
            Level::Document.deserialize(deserializer)
        })
        .map_err(|error| error.to_string())
    }

    /// The value of a key, when this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// This tree with another laid over it: mappings are merged, anything else is
    /// replaced, though never by nothing.
    pub(super) fn merged(self, over: Self) -> Self {
        match (self, over) {
            (Self::Map(mut under), Self::Map(over)) => {
                for (key, value) in over {
                    let merged = match under.remove(&key) {
                        Some(existing) => existing.merged(value),
                        None => value,
                    };
                    under.insert(key, merged);
                }
                Self::Map(under)
            }
            (under, Self::Null) => under,
            (_, over) => over,
        }
    }
}

/// Where in the file a node is, which says what it may be.
#[derive(Clone, Copy)]
enum Level {
    Document,
    Clouds,
    Entry,
    Auth,
    Regions,
    Region,
    Text,
    Other,
}

impl Level {
    fn child(self, key: &str) -> Self {
        match (self, key) {
            (Self::Document, "clouds" | "public-clouds") => Self::Clouds,
            (Self::Clouds, _) | (Self::Region, "values") => Self::Entry,
            (Self::Entry, "auth") => Self::Auth,
            (Self::Entry, "regions") => Self::Regions,
            (Self::Region, "name") => Self::Text,
            (Self::Entry | Self::Auth, key) if is_text(&key.replace('-', "_")) => Self::Text,
            _ => Self::Other,
        }
    }

    fn element(self) -> Self {
        match self {
            Self::Regions => Self::Region,
            _ => Self::Other,
        }
    }
}

fn is_text(key: &str) -> bool {
    // `auth_methods` and the like are lists.
    key.ends_with("_id")
        || key.ends_with("_name")
        || key.ends_with("_url")
        || key.ends_with("_endpoint_override")
        || key.ends_with("_api_version")
        || matches!(
            key,
            "application_credential_secret"
                | "auth_token"
                | "auth_type"
                | "cacert"
                | "cert"
                | "default_domain"
                | "key"
                | "password"
                | "profile"
                | "system_scope"
                | "token"
                | "username"
        )
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        match self {
            Self::Text => deserializer.deserialize_option(self),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a description of clouds")
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_string(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Scalar(text))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self.element())? {
            list.push(element);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self.child(&key))?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("`{key}` is there twice")));
            }
            map.insert(key, value);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests;
