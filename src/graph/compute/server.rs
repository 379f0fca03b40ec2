//! Servers: what users run, and what everything else hangs on.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, Json, SimpleObject};

use super::flavor::{ByName, Flavor};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, SERVERS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::Node;
use crate::graph::failure::{Answered, answered};
use crate::graph::noun::{Noun, Pushed, Rows, contains, root_fields, unset_or};
use crate::graph::scalar::{DateTime, open_enum};
use crate::graph::scope::Scope;

/// A server: a virtual machine or a bare metal node. From `GET /servers/detail` (2.100).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Server {
    /// Nova's id.
    id: ID,
    /// The display name; not unique. Null only when its cell is down.
    name: Option<String>,
    /// The state as users see it.
    status: ServerStatus,
    /// What users noted, by key.
    metadata: Json<BTreeMap<String, String>>,
    /// When it was made.
    created_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<compute::Server>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Server {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// Its flavor as it is now; null when that was deleted.
    async fn flavor(&self) -> Answered<Flavor> {
        let name = self
            .row
            .flavor
            .as_ref()
            .and_then(|flavor| flavor.original_name.clone());
        let found = async {
            let Some(name) = name else { return Ok(None) };
            let row = self.scope.load::<ByName>(name).await?;
            Ok(row.map(|row| Flavor::new(&self.scope, &row)))
        };
        answered(found.await)
    }
}

open_enum! {
    /// The state of a server as users see it.
    ServerStatus {
        /// It runs.
        Active = "ACTIVE",
        /// It is being built.
        Build = "BUILD",
        /// It was deleted.
        Deleted = "DELETED",
        /// Something went wrong; see the fault.
        Error = "ERROR",
        /// It is being power-cycled.
        HardReboot = "HARD_REBOOT",
        /// It is moving to another host while running.
        Migrating = "MIGRATING",
        /// Its root password is being changed.
        Password = "PASSWORD",
        /// It is held in memory.
        Paused = "PAUSED",
        /// Its guest is restarting.
        Reboot = "REBOOT",
        /// Its disk is being made anew.
        Rebuild = "REBUILD",
        /// It runs from a rescue image.
        Rescue = "RESCUE",
        /// It is being resized or migrated.
        Resize = "RESIZE",
        /// A resize is being undone.
        RevertResize = "REVERT_RESIZE",
        /// It is shelved, and still on its host.
        Shelved = "SHELVED",
        /// It is shelved, and takes no host's room.
        ShelvedOffloaded = "SHELVED_OFFLOADED",
        /// It is stopped.
        Shutoff = "SHUTOFF",
        /// It was deleted and can still be restored.
        SoftDeleted = "SOFT_DELETED",
        /// It is held on disk.
        Suspended = "SUSPENDED",
        /// A resize waits for confirmation.
        VerifyResize = "VERIFY_RESIZE",
    }
}

/// Which servers.
#[derive(InputObject, Default)]
pub struct ServerFilter {
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this state.
    status: Option<ServerStatus>,
}

/// What servers can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ServerOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
}

impl Node for Server {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Server {
    type Row = compute::Server;
    type Filter = ServerFilter;
    type Order = ServerOrderField;

    const KIND: &'static str = "Server";
    const LIST: &'static str = "servers";
    const COLLECTION: &'static Collection<compute::Server> = SERVERS;

    fn new(scope: &Scope, row: &Arc<compute::Server>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            status: ServerStatus::read(&row.status),
            metadata: Json(row.metadata.clone()),
            created_at: DateTime::maybe(row.created.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::Server) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &compute::Server) -> Option<&str> {
        row.project_id.as_deref()
    }

    fn keeps(filter: &ServerFilter, row: &compute::Server) -> bool {
        unset_or(filter.name_contains.as_ref(), |part| {
            contains(row.name.as_deref(), part)
        }) && unset_or(filter.status.as_ref(), |status| {
            ServerStatus::read(&row.status) == *status
        })
    }

    fn compare(
        order: ServerOrderField,
        one: &compute::Server,
        other: &compute::Server,
    ) -> Ordering {
        match order {
            ServerOrderField::Name => one.name.cmp(&other.name),
            ServerOrderField::CreatedAt => one.created.cmp(&other.created),
        }
    }

    fn push(_filter: &ServerFilter) -> Pushed {
        Pushed::default()
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<compute::Server>> {
        cloud.list_servers(&query).await
    }

    async fn ids(cloud: &Cloud, query: Vec<Parameter>) -> Option<Result<Arc<Vec<String>>>> {
        Some(cloud.list_server_ids(&query).await.map(Arc::new))
    }
}

root_fields! {
    ServerQuery for Server,
    /// One server.
    one: server,
    /// The servers that the credential can see.
    many: servers,
    filter: ServerFilter, order: ServerOrderField
}
