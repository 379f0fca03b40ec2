//! Lists in pages, and single rows: the same for each noun.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Filter, Filters};
use super::picked::Picked;
use super::{Asker, bad_request, error, failure};
use crate::call::{Call, Query};
use crate::reply::{Answer, Reply};
use crate::world::id::read_uuid;
use crate::world::network::Network;

/// How a noun is called.
pub(super) struct Noun {
    /// `security_groups`
    pub(super) collection: &'static str,
    /// `security_group`
    pub(super) member: &'static str,
    /// `SecurityGroupNotFound`
    pub(super) missing: &'static str,
    /// What is said of an id that is not there: in front of it and behind it.
    pub(super) says: (&'static str, &'static str),
}

/// A row of a noun, borrowed from the world.
pub(super) trait Row<'w>: Copy {
    const NOUN: Noun;
    const COLUMNS: &'static [Column];
    /// Whether [`Row::get`] does without looking at all rows.
    const HAS_INDEX: bool = true;

    fn all(network: &'w Network) -> impl Iterator<Item = Self>;

    fn get(network: &'w Network, id: Uuid) -> Option<Self>;

    fn id(self) -> Uuid;

    /// The value of one of the columns.
    fn cell(self, asker: &Asker<'w>, name: &str) -> Cell<'w>;

    fn tags(self) -> &'w [String] {
        &[]
    }

    fn updated(self) -> DateTime<Utc>;

    fn is_visible(self, asker: &Asker<'w>) -> bool;

    /// Whether the value of a column is one of those wanted.
    fn meets(self, asker: &Asker<'w>, filter: &Filter<'_>) -> bool {
        filter.wanted.contains(&self.cell(asker, filter.name))
    }

    /// What the asker sees of it.
    fn view(self, asker: &Asker<'w>) -> impl Serialize;
}

/// What is alike in the rows of every table of the world.
macro_rules! of_table {
    ($table:ident) => {
        fn all(network: &'w crate::world::network::Network) -> impl Iterator<Item = Self> {
            network.$table.values()
        }

        fn get(network: &'w crate::world::network::Network, id: uuid::Uuid) -> Option<Self> {
            network.$table.get(&id)
        }

        fn id(self) -> uuid::Uuid {
            self.id
        }

        fn tags(self) -> &'w [String] {
            &self.standard.tags
        }

        fn updated(self) -> chrono::DateTime<chrono::Utc> {
            self.standard.updated
        }
    };
}
pub(super) use of_table;

pub(super) fn unknown<'w, R: Row<'w>>(id: &str) -> Reply {
    let noun = R::NOUN;
    let (before, behind) = noun.says;
    let message = format!("{before}{id}{behind}");
    error(StatusCode::NOT_FOUND, noun.missing, &message)
}

/// The row of this id, if the asker may see it.
pub(super) fn find<'w, R: Row<'w>>(asker: &Asker<'w>, id: &str) -> Result<R, Reply> {
    let row = read_uuid(id).and_then(|id| R::get(asker.network, id));
    row.filter(|row| row.is_visible(asker))
        .ok_or_else(|| unknown::<R>(id))
}

pub(super) fn show<'w, R: Row<'w>>(asker: &Asker<'w>, id: &str) -> Answer {
    let row: R = find(asker, id)?;
    let fields = fields(&asker.call.query);
    let view = Picked::new(row.view(asker), &fields);
    Ok(Reply::ok(&Member(R::NOUN.member, view)))
}

/// A row as the one who wrote it is shown it.
pub(super) fn shown<'w, R: Row<'w>>(asker: &Asker<'w>, id: Uuid) -> Result<Value, Reply> {
    let row = R::get(asker.network, id).ok_or_else(|| unknown::<R>(&id.to_string()))?;
    serde_json::to_value(row.view(asker)).map_err(|_| failure())
}

pub(super) fn list<'w, R: Row<'w>>(asker: &Asker<'w>) -> Answer {
    let query = &asker.call.query;
    let filters = Filters::read(query, R::COLUMNS)?;
    let page = Page::read(query)?;
    let order = Order::read(query, R::COLUMNS, page.is_reverse)?;
    let is_kept = |row: &R| {
        row.is_visible(asker)
            && filters
                .columns
                .iter()
                .all(|filter| row.meets(asker, filter))
            && filters.keep(row.tags(), row.updated())
    };
    let mut rows: Vec<R> = match filters.ids() {
        Some(ids) if R::HAS_INDEX => {
            let ids = ids.iter().filter_map(|id| match id {
                Cell::Id(id) => R::get(asker.network, *id),
                _ => None,
            });
            ids.filter(is_kept).collect()
        }
        _ => R::all(asker.network).filter(is_kept).collect(),
    };
    let compare = |one: &R, other: &R| order.compare(asker, *one, *other);
    if page.limit.is_some()
        && let Some(marker) = page.marker
    {
        let marker: R = find(asker, marker)?;
        rows.retain(|row| compare(row, &marker) == Ordering::Greater);
    }
    // Of a long list only the page is put in order.
    if let Some(limit) = page.limit.filter(|limit| *limit < rows.len()) {
        rows.select_nth_unstable_by(limit, compare);
        rows.truncate(limit);
    }
    rows.sort_unstable_by(compare);
    if page.limit.is_some() && page.is_reverse {
        rows.reverse();
    }
    let ends = rows.first().zip(rows.last());
    let ends = ends.map(|(first, last)| (first.id(), last.id()));
    let links = page.links(asker.call, rows.len(), ends);
    let fields = fields(query);
    Ok(Reply::ok(&Listing {
        asker,
        rows: &rows,
        fields: &fields,
        links,
    }))
}

/// The fields that were asked for; none for all.
pub(super) fn fields(query: &Query) -> Vec<&str> {
    query
        .all("fields")
        .filter(|name| !name.is_empty())
        .collect()
}

/// How a list is ordered: by what was asked, then by id.
struct Order<'q> {
    keys: Vec<(&'q str, bool)>,
    is_reverse: bool,
}

impl<'q> Order<'q> {
    fn read(query: &'q Query, columns: &[Column], is_reverse: bool) -> Result<Self, Reply> {
        let present = |name| query.all(name).filter(|text| !text.is_empty());
        let keys: Vec<&str> = present("sort_key").collect();
        let directions: Vec<&str> = present("sort_dir").collect();
        if keys.len() != directions.len() {
            return Err(bad_request(
                "The number of sort_keys and sort_dirs must be same",
            ));
        }
        let is_key = |name: &str| {
            columns
                .iter()
                .any(|column| column.name == name && column.is_sort_key)
        };
        let absent: Vec<&str> = keys.iter().copied().filter(|key| !is_key(key)).collect();
        if !absent.is_empty() {
            return Err(bad_request(&format!(
                "{} is invalid attribute for sort_keys",
                listed(&absent)
            )));
        }
        let unknown = directions.iter().copied();
        let unknown: Vec<&str> = unknown
            .filter(|one| !["asc", "desc"].contains(one))
            .collect();
        if !unknown.is_empty() {
            return Err(bad_request(&format!(
                "{} is invalid value for sort_dirs, valid value is 'asc' and 'desc'",
                listed(&unknown)
            )));
        }
        let ascending = directions.iter().map(|direction| *direction == "asc");
        Ok(Self {
            keys: keys.iter().copied().zip(ascending).collect(),
            is_reverse,
        })
    }

    fn compare<'w, R: Row<'w>>(&self, asker: &Asker<'w>, one: R, other: R) -> Ordering {
        let by_keys = self.keys.iter().map(|(key, is_ascending)| {
            let order = one.cell(asker, key).cmp(&other.cell(asker, key));
            if *is_ascending {
                order
            } else {
                order.reverse()
            }
        });
        let order = by_keys
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| one.id().cmp(&other.id()));
        if self.is_reverse {
            order.reverse()
        } else {
            order
        }
    }
}

/// Names as Python prints a list of them.
fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", names.join(", "))
}

/// Which part of a list is asked for. There are no pages without a limit.
pub(super) struct Page<'q> {
    limit: Option<usize>,
    marker: Option<&'q str>,
    is_reverse: bool,
}

impl<'q> Page<'q> {
    pub(super) fn read(query: &'q Query) -> Result<Self, Reply> {
        let text = query.get("limit").unwrap_or("0");
        let limit: usize = text.trim().parse().map_err(|_| {
            let message = format!(
                "Bad limit request: Limit must be an integer 0 or greater and not '{text}'."
            );
            error(StatusCode::BAD_REQUEST, "BadRequest", &message)
        })?;
        let reverse = query.get("page_reverse").unwrap_or_default();
        Ok(Self {
            limit: (limit > 0).then_some(limit),
            marker: query.get("marker"),
            is_reverse: reverse.eq_ignore_ascii_case("true"),
        })
    }

    /// The links to the pages around, given the ids at both ends of this one. A full page has a
    /// next one, though there be nothing on it.
    pub(super) fn links(&self, call: &Call, rows: usize, ends: Option<(Uuid, Uuid)>) -> Vec<Value> {
        let Some(limit) = self.limit else {
            return Vec::new();
        };
        let is_full = rows >= limit;
        let mut links = Vec::new();
        if is_full || self.is_reverse {
            let last = ends.map(|(_, last)| last);
            links.push(json!({"rel": "next", "href": link(call, last, false)}));
        }
        if is_full || !self.is_reverse {
            let first = ends.map(|(first, _)| first);
            links.push(json!({"rel": "previous", "href": link(call, first, true)}));
        }
        links
    }
}

fn link(call: &Call, marker: Option<Uuid>, is_reverse: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.query.pairs() {
        if name != "marker" && name != "page_reverse" {
            query.append_pair(name, value);
        }
    }
    if let Some(marker) = marker {
        query.append_pair("marker", &marker.to_string());
    }
    if is_reverse {
        query.append_pair("page_reverse", "True");
    }
    format!("{}/{}?{}", call.root, call.path.join("/"), query.finish())
}

struct Member<V>(&'static str, V);

impl<V: Serialize> Serialize for Member<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

struct Listing<'a, 'w, R> {
    asker: &'a Asker<'w>,
    rows: &'a [R],
    fields: &'a [&'a str],
    links: Vec<Value>,
}

impl<'w, R: Row<'w>> Serialize for Listing<'_, 'w, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let collection = R::NOUN.collection;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(collection, &Rows(self))?;
        if !self.links.is_empty() {
            map.serialize_entry(&format!("{collection}_links"), &self.links)?;
        }
        map.end()
    }
}

struct Rows<'a, 'b, 'w, R>(&'b Listing<'a, 'w, R>);

impl<'w, R: Row<'w>> Serialize for Rows<'_, '_, 'w, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Listing {
            asker,
            rows,
            fields,
            ..
        } = self.0;
        serializer.collect_seq(rows.iter().map(|row| Picked::new(row.view(asker), fields)))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;
    use crate::service::Service;

    fn call(query: &str) -> Call {
        Call {
            method: Method::GET,
            service: Service::Network,
            region: 0,
            origin: String::new(),
            root: "http://h/network".to_owned(),
            path: vec!["v2.0".to_owned(), "ports".to_owned()],
            query: Query::parse(query),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            request_id: String::new(),
            now: Utc::now(),
            caller: None,
        }
    }

    /// The links of a page of so many rows.
    fn links(query: &str, rows: usize) -> Vec<String> {
        let call = call(query);
        let page = Page::read(&call.query).unwrap_or_else(|_| panic!("refused"));
        let ends = (rows > 0).then(|| (Uuid::from_u128(1), Uuid::from_u128(2)));
        let links = page.links(&call, rows, ends);
        links
            .iter()
            .map(|link| format!("{}: {}", link["rel"], link["href"]))
            .collect()
    }

    #[test]
    fn a_full_page_has_links_both_ways() {
        let one = "00000000-0000-0000-0000-000000000001";
        let two = "00000000-0000-0000-0000-000000000002";
        let links = links("limit=2&name=a%20b&marker=m&page_reverse=true", 2);
        let next = format!("http://h/network/v2.0/ports?limit=2&name=a+b&marker={two}");
        let previous =
            format!("http://h/network/v2.0/ports?limit=2&name=a+b&marker={one}&page_reverse=True");
        assert_eq!(
            links,
            [
                format!("\"next\": \"{next}\""),
                format!("\"previous\": \"{previous}\"")
            ]
        );
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last_one_in_its_direction() {
        assert!(links("name=a", 5).is_empty());
        assert!(links("limit=0", 5).is_empty());
        assert!(links("limit=9", 5)[0].starts_with("\"previous\""));
        assert!(links("limit=9&page_reverse=True", 5)[0].starts_with("\"next\""));
        let empty = links("limit=9", 0);
        assert_eq!(
            empty,
            ["\"previous\": \"http://h/network/v2.0/ports?limit=9&page_reverse=True\""]
        );
    }

    #[test]
    fn a_limit_is_a_number_from_zero() {
        for bad in ["limit=-1", "limit=x", "limit="] {
            assert!(Page::read(&Query::parse(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn sort_keys_and_directions_come_in_pairs() {
        use crate::network::filter::{Kind, filter, key};
        const COLUMNS: &[Column] = &[key("name", Kind::Text), filter("port_id", Kind::Id)];
        let is_read = |query| Order::read(&Query::parse(query), COLUMNS, false).is_ok();
        assert!(is_read("sort_key=name&sort_dir=desc"));
        assert!(!is_read("sort_key=name"));
        assert!(!is_read("sort_key=name&sort_dir=up"));
        assert!(!is_read("sort_key=port_id&sort_dir=asc"));
    }
}
