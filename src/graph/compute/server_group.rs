//! Server groups: servers that are to be kept together or apart.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use futures_util::future::try_join_all;

use super::placed::with_empty;
use super::server::Server;
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, SERVER_GROUPS};
use crate::graph::connection::{Connection, Node};
use crate::graph::failure::{Answered, certain};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::identity::user::User;
use crate::graph::loader::Plan;
use crate::graph::narrowing::resolve_project;
use crate::graph::noun::{ById, Noun, contains, nested, root_fields, unset_or};
use crate::graph::scalar::{Ref, open_enum};
use crate::graph::scope::Scope;

/// Servers that are to be kept together or apart. From `GET /os-server-groups` (2.64).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ServerGroup {
    /// Nova's id.
    id: ID,
    /// The display name; not unique.
    name: Option<String>,
    /// How its servers are spread over hosts.
    policy: Option<ServerGroupPolicy>,
    /// Servers of the group that one host may have, under `ANTI_AFFINITY`; null means one.
    max_servers_per_host: Option<i64>,
    /// Ids of its servers, without deleted ones.
    member_ids: Vec<ID>,
    /// The project it belongs to.
    project_id: Option<ID>,
    /// Who made it.
    user_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl ServerGroup {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project it belongs to; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// Who made it; null when they were deleted, or the credential may not see them.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        told_or_asked(
            context,
            &self.scope,
            self.user_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// Its servers that the credential can see.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        let found = async {
            let loaded = self
                .member_ids
                .iter()
                .map(|id| self.scope.load::<ById<Server>>(id.0.clone()));
            let rows: Vec<_> = try_join_all(loaded).await?.into_iter().flatten().collect();
            nested(&self.scope, &rows, first).await
        };
        certain(found.await)
    }
}

open_enum! {
    /// How servers of a group are spread over hosts.
    ServerGroupPolicy {
        /// All on one host.
        Affinity = "affinity",
        /// Each on another host.
        AntiAffinity = "anti-affinity",
        /// On one host where that can be.
        SoftAffinity = "soft-affinity",
        /// On different hosts where that can be.
        SoftAntiAffinity = "soft-anti-affinity",
    }
}

/// Which server groups.
#[derive(InputObject, Default)]
pub struct ServerGroupFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Of this project.
    project: Option<Ref>,
    /// With this policy.
    policy: Option<ServerGroupPolicy>,
    /// With the server of this id.
    server_id: Option<ID>,
}

/// What server groups can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ServerGroupOrderField {
    /// The name.
    Name,
    /// How many servers they have.
    Members,
}

impl Node for ServerGroup {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for ServerGroup {
    type Row = compute::ServerGroup;
    type Filter = ServerGroupFilter;
    type Order = ServerGroupOrderField;

    const KIND: &'static str = "ServerGroup";
    const LIST: &'static str = "serverGroups";
    const COLLECTION: &'static Collection<compute::ServerGroup> = SERVER_GROUPS;

    fn new(scope: &Scope, row: &Arc<compute::ServerGroup>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            policy: row.policy().map(ServerGroupPolicy::read),
            max_servers_per_host: row.rules.max_server_per_host,
            member_ids: row.members.iter().map(ID::from).collect(),
            project_id: row.project_id.as_deref().map(ID::from),
            user_id: row.user_id.as_deref().map(ID::from),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::ServerGroup) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &compute::ServerGroup) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: ServerGroupFilter) -> Result<ServerGroupFilter> {
        resolve_project(scope, &mut filter.project).await?;
        Ok(filter)
    }

    fn keeps(filter: &ServerGroupFilter, row: &compute::ServerGroup) -> bool {
        unset_or(filter.ids.as_ref(), |ids| {
            ids.iter().any(|id| **id == row.id)
        }) && unset_or(filter.names.as_ref(), |names| {
            row.name.as_ref().is_some_and(|name| names.contains(name))
        }) && unset_or(filter.name_contains.as_ref(), |part| {
            contains(row.name.as_deref(), part)
        }) && unset_or(filter.project.as_ref(), |project| {
            row.project_id.as_ref() == Some(&project.0)
        }) && unset_or(filter.policy.as_ref(), |policy| {
            row.policy().map(ServerGroupPolicy::read) == Some(*policy)
        }) && unset_or(filter.server_id.as_ref(), |server| {
            row.members.contains(&server.0)
        })
    }

    fn compare(
        order: ServerGroupOrderField,
        one: &compute::ServerGroup,
        other: &compute::ServerGroup,
    ) -> Ordering {
        match order {
            ServerGroupOrderField::Name => one.name.cmp(&other.name),
            ServerGroupOrderField::Members => one.members.len().cmp(&other.members.len()),
        }
    }
}

root_fields! {
    ServerGroupQuery for ServerGroup,
    /// One server group.
    one: server_group,
    /// The server groups that the credential can see.
    many: server_groups,
    filter: ServerGroupFilter, order: ServerGroupOrderField
}

/// Server groups by the id of a server in them.
pub struct GroupsOfServer;

impl Plan for GroupsOfServer {
    type Key = String;
    type Value = Vec<Arc<compute::ServerGroup>>;

    async fn load(
        cloud: Cloud,
        server_ids: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<compute::ServerGroup>>>> {
        let rows = cloud.list(SERVER_GROUPS, &[]).await?;
        let mut groups: HashMap<String, Vec<Arc<compute::ServerGroup>>> = HashMap::new();
        for row in rows.iter() {
            for member in &row.members {
                let group = groups.entry(member.clone()).or_default();
                group.push(Arc::clone(row));
            }
        }
        Ok(with_empty(groups, server_ids))
    }
}

/// The groups that a server is in.
pub async fn groups_of(
    scope: &Scope,
    server_id: &str,
    first: Option<i32>,
) -> Result<Connection<ServerGroup>> {
    let rows = scope.load::<GroupsOfServer>(server_id.to_owned()).await?;
    nested(scope, &rows.unwrap_or_default(), first).await
}
