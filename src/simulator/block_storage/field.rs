//! Values in rows, in the ways of the database: texts are equal whatever their case, and nulls come
//! first.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::boolean;
use super::literal::Literal;
use crate::clock;
use crate::world::Key;

/// A value in a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    Null,
    Bool(bool),
    Number(i64),
    /// In seconds: databases keep no fractions.
    Time(i64),
    Text(&'a str),
    Id(Uuid),
    Key(Key),
}

impl<'a> Field<'a> {
    pub(super) fn time(time: DateTime<Utc>) -> Self {
        Self::Time(time.timestamp())
    }

    pub(super) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub(super) fn id(id: Option<Uuid>) -> Self {
        id.map_or(Self::Null, Self::Id)
    }

    pub(super) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one.cmp(&other),
            (Self::Number(one), Self::Number(other)) | (Self::Time(one), Self::Time(other)) => {
                one.cmp(&other)
            }
            (Self::Text(one), Self::Text(other)) => order(one, other),
            (Self::Id(one), Self::Id(other)) => one.cmp(&other),
            (Self::Key(one), Self::Key(other)) => one.cmp(&other),
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }
}

/// The order of letters is that of capitals: an underscore comes after all of them.
fn order(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        // Most are, and are compared quicker so.
        let ones = one.bytes().map(|letter| letter.to_ascii_uppercase());
        return ones.cmp(other.bytes().map(|letter| letter.to_ascii_uppercase()));
    }
    folded(one).cmp(folded(other))
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_uppercase)
}

/// What has to hold of a value.
pub(super) struct Test {
    wanted: Vec<(Literal, Option<Uuid>)>,
    /// That a part of it is enough.
    is_part: bool,
}

impl Test {
    /// That it is this text.
    pub(super) fn exactly(text: &str) -> Self {
        Self::of(Literal::Text(text.to_owned()))
    }

    /// That it has this text in it.
    pub(super) fn part(text: &str) -> Self {
        Self {
            is_part: true,
            ..Self::exactly(text)
        }
    }

    fn is_in(&self, field: Field<'_>) -> bool {
        let text: String = match field {
            Field::Text(text) => folded(text).collect(),
            Field::Id(id) => id.to_string(),
            Field::Key(key) => key.to_string(),
            Field::Number(number) => number.to_string(),
            Field::Bool(is) => i64::from(is).to_string(),
            Field::Null | Field::Time(_) => return false,
        };
        self.wanted.iter().any(|(part, _)| match part {
            Literal::Text(part) => text.contains(&folded(part).collect::<String>()),
            _ => false,
        })
    }

    /// That it is this, or one of these.
    pub(super) fn of(literal: Literal) -> Self {
        let literals = match literal {
            Literal::List(literals) => literals,
            literal => vec![literal],
        };
        let wanted = literals.into_iter().map(|literal| {
            let id = match &literal {
                Literal::Text(text) => Uuid::parse_str(text).ok(),
                _ => None,
            };
            (literal, id)
        });
        Self {
            wanted: wanted.collect(),
            is_part: false,
        }
    }

    /// The ids that it is one of, where it can be nothing else.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.wanted.iter().filter_map(|(literal, id)| {
            matches!(literal, Literal::Text(text) if text.len() == 36)
                .then_some(*id)
                .flatten()
        })
    }

    pub(super) fn holds(&self, field: Field<'_>) -> bool {
        if self.is_part {
            return self.is_in(field);
        }
        self.wanted
            .iter()
            .any(|(literal, id)| match (field, literal) {
                (Field::Null, literal) => *literal == Literal::None,
                (Field::Id(is), Literal::Text(text)) => text.len() == 36 && *id == Some(is),
                (Field::Key(is), Literal::Text(text)) => text.len() == 32 && *id == Some(is.0),
                (Field::Text(is), Literal::Text(text)) => order(is, text).is_eq(),
                (Field::Text(is), Literal::Number(number)) => is == number.to_string(),
                (Field::Number(is), Literal::Number(number)) => is == *number,
                (Field::Number(is), Literal::Text(text)) => text.trim().parse() == Ok(is),
                (Field::Bool(is), Literal::Bool(wanted)) => is == *wanted,
                (Field::Bool(is), Literal::Number(number)) => i64::from(is) == *number,
                (Field::Bool(is), Literal::Text(text)) => boolean(text) == Some(is),
                (Field::Time(is), Literal::Text(text)) => {
                    clock::read(text).is_some_and(|time| time.timestamp() == is)
                }
                _ => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Test, order};
    use crate::block_storage::literal::Literal;

    #[test]
    fn texts_are_ordered_as_capitals() {
        assert!(order("HDD", "ssd").is_lt());
        assert!(order("ssd", "SSD").is_eq());
        assert!(order("ssd", "__DEFAULT__").is_lt());
        assert!(order("Ärger", "ärger").is_eq());
    }

    #[test]
    fn tests_of_texts_and_lists() {
        let test = Test::of(Literal::read("['IN-USE', 'error']"));
        assert!(test.holds(Field::Text("in-use")));
        assert!(!test.holds(Field::Text("available")));
        assert!(!test.holds(Field::Null));
        assert!(Test::of(Literal::None).holds(Field::Null));
        assert!(Test::exactly("12").holds(Field::Number(12)));
    }
}
