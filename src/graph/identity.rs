//! Identity (Keystone): merges its nouns, and says how a credential that is no administrator's
//! sees them.

pub mod domain;
pub mod endpoint;
pub mod group;
pub mod own;
pub mod project;
pub mod region;
pub mod role;
pub mod role_assignment;
pub mod service;
pub mod user;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, MergedObject};
use futures_util::future::try_join_all;

use super::connection::Reach;
use super::noun::{Noun, joined};
use super::scope::{CloudRef, Scope};
use crate::Result;
use crate::cloud::collection::Row;
use crate::cloud::{Cloud, Parameter};

/// The root fields of identity.
#[derive(MergedObject)]
pub struct IdentityQuery(
    user::UserQuery,
    group::GroupQuery,
    project::ProjectQuery,
    domain::DomainQuery,
    role::RoleQuery,
    role_assignment::RoleAssignmentQuery,
    region::RegionQuery,
    service::ServiceQuery,
    endpoint::EndpointQuery,
);

impl IdentityQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            user::UserQuery(cloud.clone()),
            group::GroupQuery(cloud.clone()),
            project::ProjectQuery(cloud.clone()),
            domain::DomainQuery(cloud.clone()),
            role::RoleQuery(cloud.clone()),
            role_assignment::RoleAssignmentQuery(cloud.clone()),
            region::RegionQuery(cloud.clone()),
            service::ServiceQuery(cloud.clone()),
            endpoint::EndpointQuery(cloud.clone()),
        )
    }
}

/// Rows by their ids.
type Found<N> = HashMap<String, Arc<<N as Noun>::Row>>;

/// Rows by id from a list that is short, and had anyway.
async fn among_all<N: Noun>(cloud: &Cloud, ids: &[String]) -> Result<Found<N>> {
    Ok(joined(&N::all(cloud, Vec::new()).await?, ids))
}

/// As many ids are asked for one by one; for more the list is had once, and kept for minutes.
const SINGLY: usize = 1;
/// As many ids that are not in the list are asked for all the same.
const STRAGGLERS: usize = 8;

/// Rows by id from Keystone, which takes no ids in a list. Up to `singly` are asked for one by
/// one: [`SINGLY`] where lists are long, one where they are short.
async fn by_ids<N: Noun>(cloud: &Cloud, ids: Vec<String>, singly: usize) -> Result<Found<N>> {
    let (mut found, missing) = if ids.len() > singly || !cloud.reads_identity().await? {
        let rows = N::all(cloud, Vec::new()).await?;
        let found = joined(&rows, &ids);
        let missing = ids
            .into_iter()
            .filter(|id| !found.contains_key(id))
            .collect();
        (found, missing)
    } else {
        (HashMap::new(), ids)
    };
    // A list leaves out domains with a directory of their own, so a few that are missing are
    // asked for. Many are taken for deleted; and who may not list has been given all they may see.
    if missing.len() > STRAGGLERS || !cloud.reads_identity().await? {
        return Ok(found);
    }
    let shown = missing
        .iter()
        .map(async |id| match N::show(cloud, id).await {
            // The credential may not ask after all: what it has of its own is in the list.
            Err(error) if error.is_forbidden() => {
                let rows = N::all(cloud, Vec::new()).await?;
                Ok(rows.iter().find(|row| row.id() == id).cloned())
            }
            other => other,
        });
    let rows = try_join_all(shown).await?;
    let rows = rows.into_iter().flatten();
    found.extend(rows.map(|row| (row.id().to_owned(), row)));
    Ok(found)
}

/// Whose items a list holds: everybody's, or `own` for a credential that may not list them.
async fn reach_of_list<N: Noun>(scope: &Scope, query: &[Parameter], own: Reach) -> Result<Reach> {
    if !scope.cloud().may_list(N::COLLECTION, query).await? {
        return Ok(own);
    }
    within_domain(scope, N::REACH).await
}

/// The same for a list beneath a node.
async fn reach_beneath<N: Noun>(scope: &Scope, own: Reach) -> Result<Reach> {
    if !scope.cloud().reads_identity().await? {
        return Ok(own);
    }
    within_domain(scope, N::REACH).await
}

/// With a token for a domain, Keystone lists no other domain's users, groups and projects.
async fn within_domain(scope: &Scope, reach: Reach) -> Result<Reach> {
    if reach == Reach::AllProjects && scope.token().await?.domain.is_some() {
        return Ok(Reach::Domain);
    }
    Ok(reach)
}

/// Whether an id is among those that were asked for.
fn among_ids(ids: &[ID], id: &str) -> bool {
    ids.iter().any(|known| known.as_str() == id)
}

/// Whether a name is among those that were asked for.
fn among_names(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

/// The parameter for a name, when one alone is asked for: Keystone takes no more.
fn push_names(names: Option<&Vec<String>>) -> Option<Parameter> {
    match names.map(Vec::as_slice) {
        Some([name]) => Some(("name".into(), name.clone())),
        _ => None,
    }
}
