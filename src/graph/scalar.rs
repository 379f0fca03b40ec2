//! Scalars of the graph and the closed sets that grow: times, big numbers, references, enums.

use std::borrow::Cow;

use async_graphql::async_trait::async_trait;
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, InputValueError, InputValueResult, OutputType, Positioned, Scalar,
    ScalarType, ServerResult, Value,
};
use chrono::{NaiveDateTime, SecondsFormat, Utc};

use crate::cloud::Text;

/// A `String`, which is made when it is selected.
#[async_trait]
impl OutputType for Text {
    fn type_name() -> Cow<'static, str> {
        <str as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <str as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}

/// A point in time, RFC 3339 in UTC, whatever the service wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub chrono::DateTime<Utc>);

impl DateTime {
    /// Reads the forms OpenStack writes: with and without a zone (then it is UTC), with and
    /// without fractions. `None` for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
            return Some(Self(time.with_timezone(&Utc)));
        }
        let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        Some(Self(naive.and_utc()))
    }

    /// Reads an optional time.
    #[must_use]
    pub fn maybe(text: Option<&str>) -> Option<Self> {
        text.and_then(Self::read)
    }
}

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(time: chrono::DateTime<Utc>) -> Self {
        Self(time)
    }
}

/// A point in time, RFC 3339 in UTC, as `2026-01-31T12:00:00Z`.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        Self::read(text).ok_or_else(|| {
            InputValueError::custom(format!("`{text}` is no time; write 2026-01-31T12:00:00Z"))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A whole number of up to 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BigInt(pub i64);

/// A whole number of up to 64 bits, for sizes in bytes and sums that do not fit an `Int`.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_i64() {
                Some(number) => Ok(Self(number)),
                None => Err(InputValueError::expected_type(value)),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

/// A reference to one item: its id, or its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref(pub String);

/// A reference to one item: its id, or its name (for a floating IP its address). An id match
/// wins; a name that several items share is an error that lists them.
#[Scalar(name = "Ref")]
impl ScalarType for Ref {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if !text.trim().is_empty() => Ok(Self(text)),
            Value::String(_) => Err(InputValueError::custom("an id or a name is needed")),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Declares an enum for a set that services may extend: each value with its wire text, and
/// `UNKNOWN` for what a newer service says.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $wire:literal,)+ }) => {
        $(#[$meta])*
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_meta])* $value,)+
            /// A value this version of the graph does not know.
            Unknown,
        }

        impl $name {
            /// Reads what the service wrote, whatever its case.
            #[must_use]
            pub fn read(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($wire) {
                    return Self::$value;
                })+
                Self::Unknown
            }

            /// What the service writes; `None` for [`Self::Unknown`].
            #[must_use]
            pub const fn wire(self) -> Option<&'static str> {
                match self {
                    $(Self::$value => Some($wire),)+
                    Self::Unknown => None,
                }
            }
        }
    };
}
pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_services_times_are_read_as_utc() {
        for text in [
            "2025-01-01T10:00:00Z",
            "2025-01-01T10:00:00.000000",
            "2025-01-01T10:00:00.000000Z",
            "2025-01-01T10:00:00",
            "2025-01-01 10:00:00",
            "2025-01-01T12:00:00+02:00",
        ] {
            let time = DateTime::read(text).unwrap();
            assert_eq!(
                time.to_value(),
                Value::String("2025-01-01T10:00:00Z".to_owned()),
                "{text}"
            );
        }
        assert_eq!(DateTime::read("yesterday"), None);
        assert_eq!(DateTime::read(""), None);
    }
}
