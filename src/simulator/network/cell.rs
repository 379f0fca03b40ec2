//! A value of a row, as the database compares it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use uuid::Uuid;

use crate::world::Key;
use crate::world::network::Standard;

/// A value to filter and to sort by. Nulls come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Cell<'a> {
    Null,
    Flag(bool),
    Number(i64),
    Id(Uuid),
    Project(Key),
    Address(Address),
    Text(Text<'a>),
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Text(text))
    }

    pub(super) fn id(id: Option<Uuid>) -> Self {
        id.map_or(Self::Null, Self::Id)
    }

    /// None is written as an empty text.
    pub(super) fn project(project: Option<Key>) -> Self {
        project.map_or(Self::text(""), Self::Project)
    }

    pub(super) fn address(address: Option<IpAddr>) -> Self {
        address.map_or(Self::Null, |address| Self::Address(Address(address)))
    }

    /// The value of a column that most nouns have; null for any other.
    pub(super) fn standard(standard: &'a Standard, name: &str) -> Self {
        match name {
            "project_id" | "tenant_id" => Self::project(standard.project),
            "description" => Self::text(&standard.description),
            "revision_number" => Self::Number(i64::from(standard.revision)),
            _ => Self::Null,
        }
    }
}

/// An address, kept as text: `10.0.0.9` comes behind `10.0.0.10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address(pub(super) IpAddr);

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A text, the case of which does not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl Text<'_> {
    fn folded(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| byte.to_ascii_uppercase())
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Text<'_> {}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The end tells most texts apart, and is quicker than the whole.
        let end = &self.0.as_bytes()[self.0.len().saturating_sub(8)..];
        let end = end.iter().fold(0, |end, byte| {
            end << 8 | u64::from(byte.to_ascii_uppercase())
        });
        state.write_u64(end);
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_ordered_as_the_database_orders_them() {
        let address = |text: &str| Cell::address(text.parse().ok());
        assert!(address("10.0.0.10") < address("10.0.0.9"));
        assert!(Cell::Null < Cell::text(""));
        assert!(Cell::text("alpha") < Cell::text("Beta"));
        assert_eq!(Cell::text("PUBLIC"), Cell::text("public"));
    }
}
