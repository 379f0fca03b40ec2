//! Cinder's own processes.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::pool::StoragePool;
use crate::cloud::block_storage::{self, POOLS, Pool, SERVICES};
use crate::cloud::collection::{Collection, Row};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered};
use crate::graph::narrowing::one_of;
use crate::graph::noun::{IdShape, Noun, contains, root_fields, unset_or};
use crate::graph::scalar::{DateTime, open_enum};
use crate::graph::scope::Scope;
use crate::graph::told::told;

/// One of Cinder's processes. From `GET /os-services` (3.48); administrators only.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VolumeService {
    /// `BINARY:HOST`: Cinder gives its processes no ids.
    id: ID,
    /// What it is: `cinder-volume`, `cinder-scheduler` or `cinder-backup`.
    binary: String,
    /// Where it is: a host, or `host@backend`.
    host: String,
    /// The availability zone it serves.
    zone: Option<String>,
    /// Whether it is given work.
    status: Option<VolumeServiceStatus>,
    /// Whether it reports.
    state: Option<VolumeServiceState>,
    /// Why it is disabled; null unless it is.
    disabled_reason: Option<String>,
    /// The cluster it is in; null when it is in none.
    cluster: Option<String>,
    /// The state of its replication; null but for `cinder-volume`.
    replication_status: Option<String>,
    /// The backend it failed over to; null when it did not.
    active_backend_id: Option<String>,
    /// Whether it refuses changes after a failover; null but for `cinder-volume`.
    is_frozen: Option<bool>,
    /// When it last reported.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl VolumeService {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The storage pools it serves; none but for `cinder-volume`.
    async fn pools(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<StoragePool>> {
        let listed = async {
            let pools = self.scope.cloud().list(POOLS, &[]).await?;
            let is_own = |pool: &Pool| {
                let host = pool.name.split('#').next();
                self.binary == "cinder-volume" && host == Some(self.host.as_str())
            };
            let own = pools.iter().filter(|pool| is_own(pool)).cloned();
            let own: Vec<Arc<Pool>> = own.collect();
            let node = |row: &Arc<_>| StoragePool::new(&self.scope, row);
            Connection::nested(&own, |row| row.id(), first, Reach::Cloud, node).map(Some)
        };
        answered(listed.await)
    }
}

open_enum! {
    /// Whether a process of Cinder is given work.
    VolumeServiceStatus {
        /// It is.
        Enabled = "enabled",
        /// An administrator took it out of service.
        Disabled = "disabled",
    }
}

open_enum! {
    /// Whether a process of Cinder reports.
    VolumeServiceState {
        /// It does.
        Up = "up",
        /// It has not for too long.
        Down = "down",
    }
}

/// Which of Cinder's processes.
#[derive(InputObject, Default)]
pub struct VolumeServiceFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// That are this: `cinder-volume`, `cinder-scheduler` or `cinder-backup`.
    binary: Option<String>,
    /// The host contains this, whatever the case.
    host_contains: Option<String>,
    /// Given work, or not.
    status: Option<VolumeServiceStatus>,
    /// Reporting, or not.
    state: Option<VolumeServiceState>,
    /// Serving this availability zone.
    zone: Option<String>,
}

/// What Cinder's processes can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VolumeServiceOrderField {
    /// What they are.
    Binary,
    /// Where they are.
    Host,
    /// When they last reported.
    UpdatedAt,
}

impl Node for VolumeService {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for VolumeService {
    type Row = block_storage::Service;
    type Filter = VolumeServiceFilter;
    type Order = VolumeServiceOrderField;

    const KIND: &'static str = "VolumeService";
    const LIST: &'static str = "volumeServices";
    const COLLECTION: &'static Collection<block_storage::Service> = SERVICES;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<block_storage::Service>) -> Self {
        Self {
            id: ID::from(&row.id),
            binary: row.binary.clone(),
            host: row.host.clone(),
            zone: told(row.zone.as_ref()),
            status: row.status.as_deref().map(VolumeServiceStatus::read),
            state: row.state.as_deref().map(VolumeServiceState::read),
            disabled_reason: told(row.disabled_reason.as_ref()),
            cluster: told(row.cluster.as_ref()),
            replication_status: told(row.replication_status.as_ref()),
            active_backend_id: told(row.active_backend_id.as_ref()),
            is_frozen: row.frozen,
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &block_storage::Service) -> Option<&str> {
        Some(&row.host)
    }

    fn keeps(filter: &VolumeServiceFilter, row: &block_storage::Service) -> bool {
        one_of(filter.ids.as_ref(), Some(&row.id))
            && unset_or(filter.binary.as_ref(), |binary| row.binary == *binary)
            && unset_or(filter.host_contains.as_ref(), |part| {
                contains(Some(&row.host), part)
            })
            && unset_or(filter.status.as_ref(), |status| {
                row.status.as_deref().map(VolumeServiceStatus::read) == Some(*status)
            })
            && unset_or(filter.state.as_ref(), |state| {
                row.state.as_deref().map(VolumeServiceState::read) == Some(*state)
            })
            && unset_or(filter.zone.as_ref(), |zone| row.zone.as_ref() == Some(zone))
    }

    fn compare(
        order: VolumeServiceOrderField,
        one: &block_storage::Service,
        other: &block_storage::Service,
    ) -> Ordering {
        match order {
            VolumeServiceOrderField::Binary => one.binary.cmp(&other.binary),
            VolumeServiceOrderField::Host => one.host.cmp(&other.host),
            VolumeServiceOrderField::UpdatedAt => one.updated_at.cmp(&other.updated_at),
        }
    }
}

root_fields! {
    VolumeServiceQuery for VolumeService,
    /// One of Cinder's processes, by its id or host.
    one: volume_service,
    /// Cinder's processes; administrators only.
    many: volume_services,
    filter: VolumeServiceFilter, order: VolumeServiceOrderField
}
