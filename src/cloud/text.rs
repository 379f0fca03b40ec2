//! The strings of answers.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A string of an answer, shared by all that hold it.
///
/// What repeats from row to row (a status, a host, a project, a network) is in memory once: what a
/// thread read last is looked for before a string is made anew.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

/// How many strings a thread remembers; a power of two.
const REMEMBERED: usize = 1024;
/// Longer ones hardly repeat.
const LONGEST: usize = 64;

static EMPTY: LazyLock<Text> = LazyLock::new(|| Text(Arc::from("")));

thread_local! {
    /// What was read last, each in the place that its hash gives it.
    static LAST_READ: RefCell<Vec<Option<Text>>> = const { RefCell::new(Vec::new()) };
}

impl Text {
    /// The string, as one that was read lately when there is one.
    fn read(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self(Arc::from(text));
        }
        let hash = FixedState::default().hash_one(text);
        let place = usize::try_from(hash % REMEMBERED as u64).unwrap_or_default();
        LAST_READ.with_borrow_mut(|last| {
            if last.is_empty() {
                last.resize(REMEMBERED, None);
            }
            match &mut last[place] {
                Some(known) if &**known == text => known.clone(),
                other => other.insert(Self(Arc::from(text))).clone(),
            }
        })
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl Visitor<'_> for Reading {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text::read(text))
            }
        }

        deserializer.deserialize_str(Reading)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl Default for Text {
    fn default() -> Self {
        EMPTY.clone()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, formatter)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &**self == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &**self == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        **self == **other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        self == &**other
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        *self == &**other
    }
}

impl PartialEq<Text> for String {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self(Arc::from(text.as_str()))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.to_string()
    }
}

impl From<&Text> for String {
    fn from(text: &Text) -> Self {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Vec<Text> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_repeats_is_there_once() {
        let texts = read(r#"["ACTIVE", "compute-1", "ACTIVE", "tab\tbed", "tab\tbed", "", ""]"#);
        assert!(Arc::ptr_eq(&texts[0].0, &texts[2].0));
        assert!(Arc::ptr_eq(&texts[3].0, &texts[4].0));
        assert_eq!(texts[3], "tab\tbed");
        assert_eq!(texts[5], Text::default());
        assert!(!Arc::ptr_eq(&texts[0].0, &texts[1].0));
    }

    #[test]
    fn however_many_are_read_each_is_itself() {
        let wanted: Vec<_> = (0..REMEMBERED * 3)
            .map(|number| number.to_string())
            .collect();
        let texts = read(&serde_json::to_string(&wanted).unwrap());
        assert!(
            texts
                .iter()
                .zip(&wanted)
                .all(|(text, wanted)| text == wanted)
        );
    }

    #[test]
    fn only_strings_are_read() {
        for json in ["1", "null", "[]", "{}"] {
            assert!(serde_json::from_str::<Text>(json).is_err(), "{json}");
        }
    }
}
