//! What Neutron's nouns share: filters as its query, rows by what they belong to, nested lists.

use std::fmt::Display;
use std::sync::Arc;

use async_graphql::ID;
use futures_util::future::try_join_all;

use crate::Result;
use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::Connection;
use crate::graph::failure::{Answered, certain};
use crate::graph::loader::Plan;
use crate::graph::noun::{Noun, Pushed, id_of, reach_of};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// Bytes of a query that every proxy on the way lets through.
const LONGEST_QUERY: usize = 6000;
/// Values of a long parameter (`fixed_ips=subnet_id=…`) in a call.
const VALUES_IN_A_CALL: usize = 100;
/// More values than this cost more calls than the pages of the whole list do.
const MOST_VALUES: usize = 300;

/// A filter on its way to Neutron, which reads a repeated parameter as "any of these".
pub(super) struct Narrowing {
    query: Vec<Parameter>,
    bytes: usize,
    is_whole: bool,
}

impl Narrowing {
    pub(super) fn new() -> Self {
        Self {
            query: Vec::new(),
            bytes: 0,
            is_whole: true,
        }
    }

    /// Only rows with one of the values, as Neutron compares them.
    pub(super) fn any<V: AsRef<str>>(
        mut self,
        name: &'static str,
        values: Option<&Vec<V>>,
    ) -> Self {
        let Some(values) = values else { return self };
        let sent: Vec<Parameter> = values
            .iter()
            .map(|value| (name.into(), value.as_ref().to_owned()))
            .collect();
        let bytes: usize = sent
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum();
        // No value at all lets nothing through, which no query says.
        if sent.is_empty() || self.bytes + bytes > LONGEST_QUERY {
            self.is_whole = false;
            return self;
        }
        self.bytes += bytes;
        self.query.extend(sent);
        self
    }

    /// Only rows with the value.
    pub(super) fn one(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.any(name, Some(&vec![value.to_string()])),
            None => self,
        }
    }

    /// Only rows of what a reference was resolved to.
    pub(super) fn of(self, name: &'static str, reference: Option<&Ref>) -> Self {
        self.one(name, reference.map(|reference| &reference.0))
    }

    /// Only rows in a state; one that this graph does not know cannot be asked for.
    pub(super) fn status(self, status: Option<Option<&'static str>>) -> Self {
        match status {
            Some(None) => self.rest(true),
            wire => self.one("status", wire.flatten()),
        }
    }

    /// Conditions that are left to be applied here, or compared more strictly than a database
    /// does, which may not tell cases apart.
    pub(super) fn rest(mut self, is_set: bool) -> Self {
        self.is_whole &= !is_set;
        self
    }

    pub(super) fn pushed(self) -> Pushed {
        Pushed {
            query: self.query,
            is_whole: self.is_whole,
        }
    }
}

/// Whether an id is among those asked for.
pub(super) fn among(ids: &[ID], id: &str) -> bool {
    ids.iter().any(|wanted| wanted.as_str() == id)
}

/// Whether an optional id is the one a reference was resolved to.
pub(super) fn is(reference: &Ref, id: Option<&str>) -> bool {
    id == Some(reference.0.as_str())
}

/// Turns a reference in a filter into the id it stands for.
pub(super) async fn resolve<N: Noun>(scope: &Scope, reference: &mut Option<Ref>) -> Result<()> {
    if let Some(reference) = reference {
        reference.0 = id_of::<N>(scope, reference).await?;
    }
    Ok(())
}

/// Rows of which a field is one of `values`: asked for by value while that takes fewer calls than
/// the whole list. Rows of other values may be among them.
pub(super) async fn rows_by<R: Row>(
    cloud: &Cloud,
    collection: &'static Collection<R>,
    parameter: &'static str,
    values: &[String],
) -> Result<Vec<Arc<R>>> {
    if values.len() > MOST_VALUES {
        return Ok(cloud.list(collection, &[]).await?.to_vec());
    }
    let calls = values
        .chunks(VALUES_IN_A_CALL)
        .map(|values| cloud.list_any_of(collection, parameter, values));
    Ok(try_join_all(calls).await?.concat())
}

/// A nested list of rows.
pub(super) async fn nested<N: Noun>(
    scope: &Scope,
    rows: &[Arc<N::Row>],
    first: Option<i32>,
) -> Result<Connection<N>> {
    let reach = reach_of(scope, N::REACH).await?;
    let node = |row: &Arc<N::Row>| N::new(scope, row);
    Connection::nested(rows, |row| row.id(), first, reach, node)
}

/// A nested list of what a plan has for an id.
pub(super) async fn nested_by<P, N>(
    scope: &Scope,
    id: &str,
    first: Option<i32>,
) -> Answered<Connection<N>>
where
    P: Plan<Key = String, Value = Vec<Arc<N::Row>>>,
    N: Noun,
{
    let listed = async {
        let rows = scope.load::<P>(id.to_owned()).await?.unwrap_or_default();
        nested(scope, &rows, first).await
    };
    certain(listed.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neutron_cannot_be_asked_is_left_to_us() {
        let ids = vec!["a", "b"];
        let pushed = Narrowing::new().any("id", Some(&ids)).pushed();
        assert_eq!(pushed.query.len(), 2);
        assert!(pushed.is_whole);
        let none: Vec<&str> = Vec::new();
        let pushed = Narrowing::new().any("id", Some(&none)).pushed();
        assert!(pushed.query.is_empty() && !pushed.is_whole);
        let many = vec!["0123456789"; 1000];
        let pushed = Narrowing::new().any("id", Some(&many)).pushed();
        assert!(pushed.query.is_empty() && !pushed.is_whole);
        let pushed = Narrowing::new().status(Some(None)).pushed();
        assert!(pushed.query.is_empty() && !pushed.is_whole);
        let pushed = Narrowing::new().status(Some(Some("ACTIVE"))).pushed();
        assert!(pushed.query.len() == 1 && pushed.is_whole);
    }
}
