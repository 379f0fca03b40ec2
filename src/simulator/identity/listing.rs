//! Lists as Keystone gives them: who may, what narrows them, where they are cut.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Subject, bad_request, crash, forbidden, refusal};
use crate::reply::{Answer, Reply};

/// Rows in one answer at most, said or unsaid.
const MOST: usize = 1000;

/// What a list can be narrowed by: a name of the query, and the row's value for it.
pub(super) type Filters<T> = &'static [(&'static str, fn(&T) -> Option<String>)];

/// How a list is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Domains and projects: a limit of 0 is none, and what is no limit breaks Keystone down.
    ByQuery,
    /// The others: one more row than the limit is read, and those that are too many are left out.
    Afterwards,
}

impl Subject<'_> {
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}/v3{path}", self.call.root)
    }

    /// Whether the caller may read everything: an admin, or a reader of the system.
    pub(super) fn may(&self, rule: &str) -> Result<(), Reply> {
        let is_system_reader = self.token.is_system && self.token.has_role("reader");
        if self.token.is_admin() || is_system_reader {
            return Ok(());
        }
        Err(forbidden(rule))
    }

    /// The same, or that it is about the caller.
    pub(super) fn may_of(&self, user: &str, rule: &str) -> Result<(), Reply> {
        if self.token.user.to_string() == user {
            return Ok(());
        }
        self.may(rule)
    }

    pub(super) fn list<'a, T: 'a>(
        &self,
        name: &str,
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
        view: impl Fn(&T) -> Value,
    ) -> Reply {
        let kept = self.filtered(rows, filters);
        let rows: Vec<Value> = kept.iter().map(|row| view(row)).collect();
        self.collection(name, &rows, None)
    }

    pub(super) fn filtered<'a, T: 'a>(
        &self,
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
    ) -> Vec<&'a T> {
        let asked: Vec<_> = filters
            .iter()
            .filter_map(|(name, value)| Some((self.call.query.get(name)?, value)))
            .collect();
        rows.filter(|row| {
            asked
                .iter()
                .all(|(wanted, value)| value(row).is_some_and(|value| is_alike(&value, wanted)))
        })
        .collect()
    }

    /// A list that takes a limit and a marker.
    pub(super) fn page<'a, T: 'a>(
        &self,
        (name, cut): (&str, Cut),
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
        id: impl Fn(&T) -> String,
        view: impl Fn(&T) -> Value,
    ) -> Answer {
        let mut kept = self.filtered(rows, filters);
        // As the database gives them: by id.
        kept.sort_by_key(|row| id(row));
        let query = &self.call.query;
        let limit = query.get("limit").map(str::parse).transpose();
        let limit: Option<i64> = limit.map_err(|_| crash())?;
        if let Some(marker) = query.get("marker") {
            let place = kept.iter().position(|row| id(row) == marker);
            let place = place.ok_or_else(|| unknown_marker(marker))?;
            kept.drain(..=place);
        }
        let number = kept.len();
        let most = match (limit, cut) {
            (None, _) => MOST,
            (Some(0), Cut::ByQuery) => number.min(MOST),
            // All but the last.
            (Some(-1), Cut::Afterwards) => number.saturating_sub(1).min(MOST),
            (Some(limit), _) => usize::try_from(limit).map_err(|_| crash())?.min(MOST),
        };
        kept.truncate(most);
        let is_truncated = limit == Some(0) || kept.len() < number;
        let next = kept
            .last()
            .filter(|_| is_truncated && limit.is_some())
            .map(|last| query.with("marker", &id(last)));
        let rows: Vec<Value> = kept.iter().map(|row| view(row)).collect();
        let mut body = self.collected(name, &rows, next);
        if is_truncated {
            body["truncated"] = json!(true);
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn collection(&self, name: &str, rows: &[Value], next: Option<String>) -> Reply {
        Reply::ok(&self.collected(name, rows, next))
    }

    /// A list with its links: to itself as it was asked for, and to the page of another query.
    pub(super) fn collected(&self, name: &str, rows: &[Value], next: Option<String>) -> Value {
        let own = format!("{}/{}", self.call.root, self.call.path.join("/"));
        let linked = |query: &str| match query {
            "" => own.clone(),
            query => format!("{own}?{query}"),
        };
        json!({
            name: rows,
            "links": {
                "next": next.as_deref().map(linked),
                "self": linked(&self.call.query.text()),
                "previous": null,
            },
        })
    }
}

pub(super) fn unknown_marker(marker: &str) -> Reply {
    let message = format!("Marker {marker} could not be found.");
    refusal(StatusCode::NOT_FOUND, "Not Found", &message)
}

pub(super) fn invalid(name: &str, value: &str, wanted: &str) -> Reply {
    bad_request(&format!(
        "Invalid input for field/attribute {name}. Value: {value}. '{value}' is not {wanted}"
    ))
}

/// Whether a row's value is the one that is asked for. What is not false is true.
pub(super) fn is_alike(value: &str, wanted: &str) -> bool {
    match value {
        "true" => is_true(wanted),
        "false" => !is_true(wanted),
        value => value == wanted,
    }
}

pub(super) fn is_true(text: &str) -> bool {
    let text = text.to_lowercase();
    !["0", "f", "false", "off", "n", "no"].contains(&text.as_str())
}
