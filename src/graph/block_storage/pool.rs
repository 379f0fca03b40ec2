//! Storage pools: where volumes are kept, and how full it is there.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use crate::cloud::block_storage::{self, Capacity, POOLS};
use crate::cloud::collection::Collection;
use crate::graph::connection::{Node, Reach};
use crate::graph::narrowing::one_of;
use crate::graph::noun::{ById, IdShape, Noun, contains, root_fields, unset_or};
use crate::graph::scalar::DateTime;
use crate::graph::scope::Scope;

/// A part of a storage backend that volumes are kept in. From
/// `GET /scheduler-stats/get_pools?detail=true`; administrators only. The numbers are those the
/// scheduler has; there are none right after it started.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct StoragePool {
    /// `host@backend#pool`, as volumes name it.
    id: ID,
    /// The same.
    name: String,
    /// The host of the volume service, with the backend: `host@backend`.
    host: Option<String>,
    /// The backend, as the types of volumes name it.
    backend_name: Option<String>,
    /// The room there is, in GiB; null when it is infinite or unknown.
    total_capacity_gib: Option<f64>,
    /// The room that is left, in GiB; null when it is infinite or unknown.
    free_capacity_gib: Option<f64>,
    /// What was promised to volumes, in GiB; null when it is unknown.
    provisioned_capacity_gib: Option<f64>,
    /// What Cinder has made there, in GiB; null when it is unknown.
    allocated_capacity_gib: Option<f64>,
    /// Whether the driver says that there is no end of the room.
    is_infinite: bool,
    /// The share that is kept free, in percent.
    reserved_percent: Option<f64>,
    /// How often the room may be promised; null when the driver decides, or says nothing.
    max_over_subscription_ratio: Option<f64>,
    /// Whether room is only taken as it is written.
    has_thin_provisioning: Option<bool>,
    /// Whether room is taken at once.
    has_thick_provisioning: Option<bool>,
    /// Whether several servers may have a volume of it.
    has_multiattach: Option<bool>,
    /// How servers reach it: `iSCSI`, `ceph`, `NVMe-oF`.
    storage_protocol: Option<String>,
    /// Who made it.
    vendor_name: Option<String>,
    /// The version of the driver.
    driver_version: Option<String>,
    /// From when the numbers are.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl StoragePool {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }
}

/// Which storage pools.
#[derive(InputObject, Default)]
pub struct StoragePoolFilter {
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Of this backend, as the types of volumes name it.
    backend_name: Option<String>,
    /// With no more room than this left, in GiB.
    max_free_capacity_gib: Option<f64>,
}

/// What storage pools can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum StoragePoolOrderField {
    /// The name.
    Name,
    /// The room that is left; the unknown first, the infinite last.
    FreeCapacity,
    /// The room there is; the unknown first, the infinite last.
    TotalCapacity,
}

impl Node for StoragePool {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for StoragePool {
    type Row = block_storage::Pool;
    type Filter = StoragePoolFilter;
    type Order = StoragePoolOrderField;

    const KIND: &'static str = "StoragePool";
    const LIST: &'static str = "storagePools";
    const COLLECTION: &'static Collection<block_storage::Pool> = POOLS;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<block_storage::Pool>) -> Self {
        let told = &row.capabilities;
        let host = row.name.split_once('#').map(|(host, _)| host.to_owned());
        let is_infinite = |capacity| capacity == Capacity::Infinite;
        Self {
            id: ID::from(&row.name),
            name: row.name.clone(),
            host,
            backend_name: told.volume_backend_name.clone(),
            total_capacity_gib: told.total_capacity_gb.gib(),
            free_capacity_gib: told.free_capacity_gb.gib(),
            provisioned_capacity_gib: told.provisioned_capacity_gb.gib(),
            allocated_capacity_gib: told.allocated_capacity_gb.gib(),
            is_infinite: is_infinite(told.free_capacity_gb) || is_infinite(told.total_capacity_gb),
            reserved_percent: told.reserved_percentage,
            max_over_subscription_ratio: told.max_over_subscription_ratio,
            has_thin_provisioning: told.thin_provisioning_support,
            has_thick_provisioning: told.thick_provisioning_support,
            has_multiattach: told.multiattach,
            storage_protocol: told.storage_protocol.clone(),
            vendor_name: told.vendor_name.clone(),
            driver_version: told.driver_version.clone(),
            updated_at: DateTime::maybe(told.timestamp.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &block_storage::Pool) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &StoragePoolFilter, row: &block_storage::Pool) -> bool {
        let name = Some(row.name.as_str());
        one_of(filter.names.as_ref(), name)
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.backend_name.as_ref(), |backend| {
                row.capabilities.volume_backend_name.as_ref() == Some(backend)
            })
            && unset_or(filter.max_free_capacity_gib.as_ref(), |most| {
                let free = row.capabilities.free_capacity_gb.gib();
                free.is_some_and(|free| free <= *most)
            })
    }

    fn compare(
        order: StoragePoolOrderField,
        one: &block_storage::Pool,
        other: &block_storage::Pool,
    ) -> Ordering {
        let by = |read: fn(&block_storage::Pool) -> Capacity| {
            rank(read(one)).total_cmp(&rank(read(other)))
        };
        match order {
            StoragePoolOrderField::Name => one.name.cmp(&other.name),
            StoragePoolOrderField::FreeCapacity => by(|pool| pool.capabilities.free_capacity_gb),
            StoragePoolOrderField::TotalCapacity => by(|pool| pool.capabilities.total_capacity_gb),
        }
    }
}

fn rank(capacity: Capacity) -> f64 {
    match capacity {
        Capacity::Unknown => f64::NEG_INFINITY,
        Capacity::Gib(gib) => gib,
        Capacity::Infinite => f64::INFINITY,
    }
}

root_fields! {
    StoragePoolQuery for StoragePool,
    /// One storage pool, by its name.
    one: storage_pool,
    /// The storage pools, as the scheduler knows them; administrators only.
    many: storage_pools,
    filter: StoragePoolFilter, order: StoragePoolOrderField
}

/// Pools by name, as a volume's `host` has it.
pub type PoolByName = ById<StoragePool>;
