//! Identifiers.

use std::fmt;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// An identifier as Keystone writes it: 32 hexadecimal digits without dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub(crate) Uuid);

impl Key {
    /// Reads one; none when it is written in another way.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() != 32 {
            return None;
        }
        Uuid::parse_str(text).ok().map(Self)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_simple().fmt(formatter)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_simple().encode_lower(&mut Uuid::encode_buffer()))
    }
}

/// Reads an identifier with dashes; none when it is written in another way.
pub(crate) fn read_uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36)
        .then(|| Uuid::parse_str(text).ok())
        .flatten()
}
