//! What a list is narrowed by.
//!
//! The values of one name are alternatives. A name that is no attribute is passed over: this cloud
//! is one of those without the extension `filter-validation`, which a single service plugin that
//! does not support it takes away from all.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use http::StatusCode;

use super::cell::Cell;
use super::{error, failure, invalid};
use crate::call::Query;
use crate::reply::Reply;
use crate::world::Key;
use crate::world::id::read_uuid;

/// Names of IP protocols.
const PROTOCOLS: [&str; 26] = [
    "any",
    "ah",
    "dccp",
    "egp",
    "esp",
    "gre",
    "hopopt",
    "icmp",
    "igmp",
    "ip",
    "ipip",
    "ipv6-encap",
    "ipv6-frag",
    "ipv6-icmp",
    "icmpv6",
    "ipv6-nonxt",
    "ipv6-opts",
    "ipv6-route",
    "ospf",
    "pgm",
    "rsvp",
    "sctp",
    "tcp",
    "udp",
    "udplite",
    "vrrp",
];

/// An attribute that can be asked by.
pub(super) struct Column {
    pub(super) name: &'static str,
    kind: Kind,
    pub(super) is_sort_key: bool,
    is_filter: bool,
}

/// An attribute to filter and to sort by.
pub(super) const fn key(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_sort_key: true,
        is_filter: true,
    }
}

/// An attribute to filter by.
pub(super) const fn filter(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_sort_key: false,
        is_filter: true,
    }
}

/// An attribute whose values are looked at, but that no row is left out for.
pub(super) const fn checked(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_sort_key: false,
        is_filter: false,
    }
}

/// How the values of a filter are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Id,
    Project,
    Flag,
    Number,
    /// A number of which no one looks whether it is one.
    Loose,
    Address,
    Cidr,
    /// `name=value`.
    Pair,
    /// Breaks the service.
    Time,
    EtherType,
    Protocol,
    PortNumber,
    Prefix,
}

impl Kind {
    /// The value, if any row can have it.
    fn read(self, text: &str) -> Result<Option<Cell<'_>>, Reply> {
        Ok(match self {
            Self::Text => Some(Cell::text(text)),
            Self::Id => read_uuid(text).map(Cell::Id),
            Self::Project if text.is_empty() => Some(Cell::project(None)),
            Self::Project => Key::read(text).map(Cell::Project),
            Self::Flag => Some(Cell::Flag(flag(text)?)),
            Self::Number => {
                Some(Cell::Number(text.trim().parse().map_err(|_| {
                    invalid(&format!("'{text}' is not an integer."))
                })?))
            }
            Self::Loose => {
                let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
                Some(Cell::Number(digits.parse().unwrap_or_default()))
            }
            Self::Address => text
                .parse()
                .ok()
                .map(|address| Cell::address(Some(address))),
            Self::Cidr if is_cidr(text) => Some(Cell::text(text)),
            Self::Cidr => return Err(invalid(&format!("{text} is not in a CIDR format."))),
            Self::Pair => {
                if !text.contains('=') {
                    let message = format!("'{text}' is not of the form <key>=[value].");
                    return Err(invalid(&message));
                }
                Some(Cell::text(text))
            }
            Self::Time => return Err(failure()),
            Self::EtherType => {
                if !["ipv4", "ipv6"].contains(&text.to_ascii_lowercase().as_str()) {
                    let message = format!(
                        "Security group rule for ethertype '{text}' not supported. Allowed values \
                         are ['IPv4', 'IPv6']."
                    );
                    return Err(bad("SecurityGroupRuleInvalidEtherType", &message));
                }
                Some(Cell::text(text))
            }
            Self::Protocol => Some(protocol(text)?),
            Self::PortNumber => {
                let number: u16 = text.parse().map_err(|_| {
                    let message = format!("Invalid value for port {text}");
                    bad("SecurityGroupInvalidPortValue", &message)
                })?;
                Some(Cell::Number(i64::from(number)))
            }
            Self::Prefix if is_cidr(text) => Some(Cell::text(text)),
            Self::Prefix => {
                let message = format!("Invalid CIDR {text} given as IP prefix.");
                return Err(bad("InvalidCIDR", &message));
            }
        })
    }
}

fn bad(kind: &str, message: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, kind, message)
}

pub(super) fn flag(text: &str) -> Result<bool, Reply> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(invalid(&format!(
            "'{text}' cannot be converted to boolean."
        ))),
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    address.parse::<std::net::IpAddr>().is_ok() && length.parse::<u8>().is_ok()
}

fn protocol(text: &str) -> Result<Cell<'_>, Reply> {
    let name = protocol_name(text)?;
    Ok(name.map_or(Cell::Null, |_| Cell::text(text)))
}

/// The name of a protocol, or its number; none for any.
pub(super) fn protocol_name(text: &str) -> Result<Option<String>, Reply> {
    let name = text.to_ascii_lowercase();
    if name == "any" {
        return Ok(None);
    }
    if PROTOCOLS.contains(&name.as_str()) || text.parse::<u8>().is_ok() {
        return Ok(Some(name));
    }
    let names: Vec<String> = PROTOCOLS.iter().map(|name| format!("'{name}'")).collect();
    let message = format!(
        "Security group rule protocol {text} not supported. Only protocol values (None, {}) and \
         integer representations [0 to 255] are supported.",
        names.join(", ")
    );
    Err(bad("SecurityGroupRuleInvalidProtocol", &message))
}

/// One attribute, and the values it may have.
pub(super) struct Filter<'q> {
    pub(super) name: &'static str,
    pub(super) wanted: HashSet<Cell<'q>>,
    /// The halves of `name=value`.
    pub(super) pairs: Vec<(&'q str, &'q str)>,
}

/// Everything that a list is narrowed by.
pub(super) struct Filters<'q> {
    pub(super) columns: Vec<Filter<'q>>,
    changed_since: Option<DateTime<Utc>>,
    tags: Tags<'q>,
}

#[derive(Default)]
struct Tags<'q> {
    all: Vec<&'q str>,
    any: Vec<&'q str>,
    not_all: Vec<&'q str>,
    not_any: Vec<&'q str>,
}

impl<'q> Filters<'q> {
    pub(super) fn read(query: &'q Query, columns: &[Column]) -> Result<Self, Reply> {
        let mut filters = Self {
            columns: Vec::new(),
            changed_since: None,
            tags: Tags::default(),
        };
        for (name, text) in query.pairs() {
            filters.add(name, text, columns)?;
        }
        Ok(filters)
    }

    fn add(&mut self, name: &str, text: &'q str, columns: &[Column]) -> Result<(), Reply> {
        let tags = match name {
            "tags" => Some(&mut self.tags.all),
            "tags-any" => Some(&mut self.tags.any),
            "not-tags" => Some(&mut self.tags.not_all),
            "not-tags-any" => Some(&mut self.tags.not_any),
            _ => None,
        };
        if let Some(tags) = tags {
            tags.extend(text.split(',').filter(|tag| !tag.is_empty()));
            return Ok(());
        }
        if name == "changed_since" {
            self.changed_since = Some(time(text)?);
            return Ok(());
        }
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            return Ok(());
        };
        let value = column.kind.read(text)?;
        if !column.is_filter {
            return Ok(());
        }
        let known = self.columns.iter().position(|one| one.name == column.name);
        let place = known.unwrap_or_else(|| {
            self.columns.push(Filter {
                name: column.name,
                wanted: HashSet::new(),
                pairs: Vec::new(),
            });
            self.columns.len() - 1
        });
        let filter = &mut self.columns[place];
        if column.kind == Kind::Pair {
            filter.pairs.extend(text.split_once('='));
        } else {
            filter.wanted.extend(value);
        }
        Ok(())
    }

    /// The ids that are asked for, where some are.
    pub(super) fn ids(&self) -> Option<&HashSet<Cell<'q>>> {
        let filter = self.columns.iter().find(|filter| filter.name == "id")?;
        Some(&filter.wanted)
    }

    /// Whether a row is kept for its tags and for its time.
    pub(super) fn keep(&self, tags: &[String], updated: DateTime<Utc>) -> bool {
        let has = |tag: &&str| tags.iter().any(|own| own == tag);
        let wanted = &self.tags;
        self.changed_since.is_none_or(|since| updated >= since)
            && wanted.all.iter().all(has)
            && (wanted.any.is_empty() || wanted.any.iter().any(has))
            && (wanted.not_all.is_empty() || !wanted.not_all.iter().all(has))
            && !wanted.not_any.iter().any(has)
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, Reply> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ");
    let time = time.map_err(|_| {
        invalid("The input changed_since must be in the following format: YYYY-MM-DDTHH:MM:SSZ.")
    })?;
    Ok(time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        key("id", Kind::Id),
        key("name", Kind::Text),
        filter("up", Kind::Flag),
        checked("odd", Kind::Flag),
        filter("fixed_ips", Kind::Pair),
    ];

    #[test]
    fn values_of_one_name_are_alternatives_and_unknown_names_are_passed_over() {
        let query = Query::parse("name=a&name=B&bogus=1&odd=true&id=bogus");
        let filters = Filters::read(&query, COLUMNS).unwrap_or_else(|_| panic!("refused"));
        let names: Vec<_> = filters.columns.iter().map(|one| one.name).collect();
        assert_eq!(names, ["name", "id"]);
        assert!(filters.columns[0].wanted.contains(&Cell::text("b")));
        // An id that none can have matches nothing, rather than everything.
        assert!(filters.ids().is_some_and(HashSet::is_empty));
    }

    #[test]
    fn values_are_looked_at() {
        for bad in [
            "up=maybe",
            "odd=maybe",
            "fixed_ips=bogus",
            "changed_since=yesterday",
        ] {
            let query = Query::parse(bad);
            let refusal = Filters::read(&query, COLUMNS).err();
            assert_eq!(
                refusal.map(|reply| reply.status.as_u16()),
                Some(400),
                "{bad}"
            );
        }
    }

    #[test]
    fn tags_are_asked_for_in_four_ways() {
        let tags = ["red".to_owned(), "blue".to_owned()];
        for (query, is_kept) in [
            ("tags=red,blue", true),
            ("tags=red,green", false),
            ("tags-any=red,green", true),
            ("not-tags=red,green", true),
            ("not-tags-any=red,green", false),
        ] {
            let query = Query::parse(query);
            let filters = Filters::read(&query, COLUMNS).unwrap_or_else(|_| panic!("refused"));
            assert_eq!(filters.keep(&tags, Utc::now()), is_kept);
        }
    }
}
