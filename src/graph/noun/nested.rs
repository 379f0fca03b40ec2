//! Lists of a noun beneath another node.

use std::sync::Arc;

use super::{Noun, reach_of};
use crate::Result;
use crate::cloud::collection::Row;
use crate::graph::connection::Connection;
use crate::graph::failure::{Answered, certain};
use crate::graph::loader::Plan;
use crate::graph::scope::Scope;

/// A nested list of rows that were all had.
pub async fn nested<N: Noun>(
    scope: &Scope,
    rows: &[Arc<N::Row>],
    first: Option<i32>,
) -> Result<Connection<N>> {
    let reach = reach_of(scope, N::REACH).await?;
    Connection::nested(rows, |row| row.id(), first, reach, |row| N::new(scope, row))
}

/// A nested list of what a plan has for an id.
pub async fn nested_by<P, N>(scope: &Scope, id: &str, first: Option<i32>) -> Answered<Connection<N>>
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
