//! What belongs to whom: the edges from projects and users to what they have.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::block_storage::volume::Volume;
use super::compute::server::Server;
use super::connection::Connection;
use super::image::image::Image;
use super::loader::Plan;
use super::network::floating_ip::FloatingIp;
use super::network::network::Network;
use super::network::security_group::SecurityGroup;
use super::noun::{Noun, Rows, grouped, reach_of};
use super::orchestration::stack::Stack;
use super::scope::Scope;
use crate::Result;
use crate::cloud::collection::Row;
use crate::cloud::{Cloud, compute};

/// Up to so many owners are asked about one by one; for more the whole list is had.
const OWNERS_ASKED_SINGLY: usize = 10;

/// A noun whose rows tell the project that they belong to.
pub trait Owned: Noun {
    /// The parameter that narrows an administrator's list to a project.
    const OF_PROJECT: &'static str;
}

impl Owned for Server {
    const OF_PROJECT: &'static str = "project_id";
}

impl Owned for Volume {
    const OF_PROJECT: &'static str = "project_id";
}

impl Owned for Network {
    const OF_PROJECT: &'static str = "project_id";
}

impl Owned for FloatingIp {
    const OF_PROJECT: &'static str = "project_id";
}

impl Owned for SecurityGroup {
    const OF_PROJECT: &'static str = "project_id";
}

impl Owned for Image {
    const OF_PROJECT: &'static str = "owner";
}

impl Owned for Stack {
    const OF_PROJECT: &'static str = "tenant";
}

/// What projects have, by project id: a call for each of a few, or the whole list once. Others
/// than administrators have no list but their own.
pub struct OfProject<N>(PhantomData<fn() -> N>);

impl<N: Owned> Plan for OfProject<N> {
    type Key = String;
    type Value = Vec<Arc<N::Row>>;

    async fn load(cloud: Cloud, projects: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let lists = lists_of::<N>(&cloud, N::OF_PROJECT, &projects).await?;
        let rows = lists.iter().flat_map(|list| list.iter().cloned());
        Ok(grouped(rows, N::project))
    }
}

/// Servers by the id of the user who made them, in the projects that the credential can see.
pub struct ServersOfUser;

impl Plan for ServersOfUser {
    type Key = String;
    type Value = Vec<Arc<compute::Server>>;

    async fn load(cloud: Cloud, users: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let lists = lists_of::<Server>(&cloud, "user_id", &users).await?;
        let rows = lists.iter().flat_map(|list| list.iter().cloned());
        Ok(grouped(rows, |server| server.user_id.as_deref()))
    }
}

/// Lists that hold between them what the owners have; what others have may be among it.
async fn lists_of<N: Noun>(
    cloud: &Cloud,
    parameter: &'static str,
    owners: &[String],
) -> Result<Vec<Rows<N::Row>>> {
    // Services drop the parameter of who is no administrator, and answer the same list each time.
    if owners.len() > OWNERS_ASKED_SINGLY || !cloud.is_admin().await? {
        return Ok(vec![N::all(cloud, Vec::new()).await?]);
    }
    let lists = owners
        .iter()
        .map(|owner| N::all(cloud, vec![(parameter.into(), owner.clone())]));
    try_join_all(lists).await
}

/// Whether the credential can see what a project has: administrators that of all, others that of
/// their own.
pub async fn sees_into(scope: &Scope, project_id: &str) -> Result<bool> {
    let token = scope.token().await?;
    let own = token.project.as_ref();
    Ok(token.is_admin() || own.is_some_and(|own| own.id == project_id))
}

/// What a project has of a noun; `None` when the credential cannot see it.
pub async fn of_project<N: Owned>(
    scope: &Scope,
    project_id: &str,
    first: Option<i32>,
) -> Result<Option<Connection<N>>> {
    if !sees_into(scope, project_id).await? {
        return Ok(None);
    }
    let rows = scope.load::<OfProject<N>>(project_id.to_owned()).await?;
    nested(scope, &rows.unwrap_or_default(), first)
        .await
        .map(Some)
}

/// The servers that a user made.
pub async fn servers_of_user(
    scope: &Scope,
    user_id: &str,
    first: Option<i32>,
) -> Result<Connection<Server>> {
    let rows = scope.load::<ServersOfUser>(user_id.to_owned()).await?;
    nested(scope, &rows.unwrap_or_default(), first).await
}

async fn nested<N: Noun>(
    scope: &Scope,
    rows: &[Arc<N::Row>],
    first: Option<i32>,
) -> Result<Connection<N>> {
    let reach = reach_of(scope, N::REACH).await?;
    Connection::nested(rows, |row| row.id(), first, reach, |row| N::new(scope, row))
}
