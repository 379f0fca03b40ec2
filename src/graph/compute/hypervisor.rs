//! Hypervisors: what servers run on.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::aggregate::{AggregatesOfHost, HostAggregate};
use super::placed::{ServersOnHost, with_empty};
use super::server::Server;
use super::service::ComputeService;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, HYPERVISORS};
use crate::cloud::placement::{ByClass, Capacity};
use crate::cloud::{Cloud, Text};
use crate::graph::capacity::{CapacityLine, DISK_GB, MEMORY_MB, VCPU};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::loader::Plan;
use crate::graph::narrowing::one_of;
use crate::graph::noun::{
    Noun, by_id, by_maybe_id, contains, grouped, nested, root_fields, singly_or_listed, unset_or,
};
use crate::graph::placement::inventory::CapacityOfProviders;
use crate::graph::placement::resource_provider::ResourceProvider;
use crate::graph::scalar::open_enum;
use crate::graph::scope::Scope;

/// What servers run on: a compute host, or a bare metal node. From `GET /os-hypervisors/detail`
/// (2.87); administrators only.
///
/// Its figures are what the host has, without overcommitment; what can still be had of it is
/// told by Placement.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Hypervisor {
    /// Nova's id, and that of its resource provider in Placement.
    id: ID,
    /// Its name, `hypervisor_hostname` in Nova.
    name: Text,
    /// Whether it is heard of.
    state: Option<HypervisorState>,
    /// Whether new servers may be put on it.
    status: Option<HypervisorStatus>,
    /// The kind its driver tells: `QEMU`, `VMware vCenter Server`, `ironic`.
    #[graphql(name = "type")]
    kind: Option<Text>,
    /// The driver's version as one number: 8002001 is 8.2.1.
    version: Option<i64>,
    /// The host's address.
    host_ip: Option<Text>,
    /// The host of its compute service.
    host: Option<Text>,
    /// The id of its compute service.
    service_id: Option<ID>,
    /// Why its compute service was disabled; null when it is not.
    disabled_reason: Option<Text>,
    /// Processors.
    vcpus: Option<i64>,
    /// Virtual CPUs of the servers on it; more than `vcpus` when overcommitted.
    vcpus_used: Option<i64>,
    /// Memory, in MiB.
    memory_mib: Option<i64>,
    /// Memory of the servers on it and what is reserved for the host, in MiB.
    memory_used_mib: Option<i64>,
    /// Memory not given away, in MiB; below 0 when overcommitted.
    memory_free_mib: Option<i64>,
    /// Disk, in GiB.
    disk_gib: Option<i64>,
    /// Disk of the servers on it, in GiB.
    disk_used_gib: Option<i64>,
    /// Disk not given away, in GiB; below 0 when overcommitted.
    disk_free_gib: Option<i64>,
    /// Disk left once every image has grown to its full size, in GiB; null when the driver does
    /// not tell.
    disk_available_least_gib: Option<i64>,
    /// Servers on it.
    running_servers: Option<i64>,
    /// Builds, resizes, migrations and the like under way on it.
    current_workload: Option<i64>,
    /// The processors' architecture, as `x86_64`.
    cpu_arch: Option<Text>,
    /// The processors' model by libvirt's name, as `Cascadelake-Server`.
    cpu_model: Option<Text>,
    /// Who made the processors.
    cpu_vendor: Option<Text>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Hypervisor {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// What it has and what is given away: physical figures from Nova, capacity and use from
    /// Placement.
    async fn capacity(&self) -> Answered<HypervisorCapacity> {
        let found = async {
            let provider = self.id.to_string();
            let classes = self.scope.load::<CapacityOfProviders>(provider).await?;
            let classes = classes.transpose()?;
            Ok(HypervisorCapacity::new(self, classes.as_ref()))
        };
        certain(found.await)
    }

    /// Its resource provider in Placement; null when it has none there yet.
    async fn resource_provider(&self) -> Answered<ResourceProvider> {
        answered(by_id(&self.scope, &self.id).await)
    }

    /// The compute service that drives it.
    async fn service(&self) -> Answered<ComputeService> {
        answered(by_maybe_id(&self.scope, self.service_id.as_deref().map(String::as_str)).await)
    }

    /// The host aggregates that its host is in.
    async fn host_aggregates(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<HostAggregate>> {
        let found = async {
            let Some(host) = self.host.as_ref() else {
                return Ok(None);
            };
            let rows = self
                .scope
                .load::<AggregatesOfHost>(host.to_string())
                .await?;
            let rows = rows.unwrap_or_default();
            nested(&self.scope, &rows, first).await.map(Some)
        };
        answered(found.await)
    }

    /// The servers on it; null unless the credential is an administrator's.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        let found = async {
            let Some(host) = self.host.as_ref() else {
                return Ok(None);
            };
            let Some(mut rows) = self.scope.load::<ServersOnHost>(host.to_string()).await? else {
                return Ok(None);
            };
            rows.retain(|row| row.hypervisor_hostname.as_deref() == Some(self.name.as_str()));
            nested(&self.scope, &rows, first).await.map(Some)
        };
        answered(found.await)
    }
}

/// What a hypervisor has, and what of it is given away. What Placement says is null when it does
/// not know the hypervisor.
#[derive(SimpleObject, Clone, Copy, Debug, PartialEq)]
pub struct HypervisorCapacity {
    /// Virtual CPUs.
    vcpus: CapacityLine,
    /// Memory, in MiB.
    memory_mib: CapacityLine,
    /// Disk, in GiB.
    disk_gib: CapacityLine,
}

impl HypervisorCapacity {
    fn new(hypervisor: &Hypervisor, classes: Option<&ByClass<Capacity>>) -> Self {
        let line = |physical, class| CapacityLine::of_class(physical, classes, class);
        Self {
            vcpus: line(hypervisor.vcpus, VCPU),
            memory_mib: line(hypervisor.memory_mib, MEMORY_MB),
            disk_gib: line(hypervisor.disk_gib, DISK_GB),
        }
    }
}

open_enum! {
    /// Whether a hypervisor is heard of.
    HypervisorState {
        /// Its compute service reports.
        Up = "up",
        /// Its compute service has not reported for a minute or more.
        Down = "down",
    }
}

open_enum! {
    /// Whether new servers may be put on a hypervisor.
    HypervisorStatus {
        /// They may.
        Enabled = "enabled",
        /// They may not.
        Disabled = "disabled",
    }
}

/// Which hypervisors.
#[derive(InputObject, Default)]
pub struct HypervisorFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Heard of, or not.
    state: Option<HypervisorState>,
    /// Open for new servers, or not.
    status: Option<HypervisorStatus>,
    /// Of this kind, whatever the case.
    #[graphql(name = "type")]
    kind: Option<String>,
    /// Driven by the compute service on this host.
    host: Option<String>,
}

/// What hypervisors can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum HypervisorOrderField {
    /// The name.
    Name,
    /// Virtual CPUs of the servers on it.
    VcpusUsed,
    /// Memory of the servers on it.
    MemoryUsed,
    /// Memory not given away.
    MemoryFree,
    /// Disk not given away.
    DiskFree,
    /// Servers on it.
    RunningServers,
}

impl Node for Hypervisor {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Hypervisor {
    type Row = compute::Hypervisor;
    type Filter = HypervisorFilter;
    type Order = HypervisorOrderField;

    const KIND: &'static str = "Hypervisor";
    const LIST: &'static str = "hypervisors";
    const COLLECTION: &'static Collection<compute::Hypervisor> = HYPERVISORS;
    const REACH: Reach = Reach::Cloud;

    fn new(scope: &Scope, row: &Arc<compute::Hypervisor>) -> Self {
        let service = row.service.as_ref();
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            state: row.state.as_deref().map(HypervisorState::read),
            status: row.status.as_deref().map(HypervisorStatus::read),
            kind: row.kind.clone(),
            version: row.version,
            host_ip: row.host_ip.clone(),
            host: service.and_then(|service| service.host.clone()),
            service_id: row.service_id().map(ID::from),
            disabled_reason: service.and_then(|service| service.disabled_reason.clone()),
            vcpus: row.vcpus,
            vcpus_used: row.vcpus_used,
            memory_mib: row.memory_mb,
            memory_used_mib: row.memory_mb_used,
            memory_free_mib: row.free_ram_mb,
            disk_gib: row.local_gb,
            disk_used_gib: row.local_gb_used,
            disk_free_gib: row.free_disk_gb,
            disk_available_least_gib: row.disk_available_least,
            running_servers: row.running_vms,
            current_workload: row.current_workload,
            cpu_arch: row.cpu_info.arch.clone(),
            cpu_model: row.cpu_info.model.clone(),
            cpu_vendor: row.cpu_info.vendor.clone(),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::Hypervisor) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &HypervisorFilter, row: &compute::Hypervisor) -> bool {
        unset_or(filter.ids.as_ref(), |ids| {
            ids.iter().any(|id| **id == row.id)
        }) && one_of(filter.names.as_ref(), Some(&row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.state.as_ref(), |state| {
                row.state.as_deref().map(HypervisorState::read) == Some(*state)
            })
            && unset_or(filter.status.as_ref(), |status| {
                row.status.as_deref().map(HypervisorStatus::read) == Some(*status)
            })
            && unset_or(filter.kind.as_ref(), |kind| {
                row.kind
                    .as_ref()
                    .is_some_and(|own| own.eq_ignore_ascii_case(kind))
            })
            && unset_or(filter.host.as_ref(), |host| {
                row.host() == Some(host.as_str())
            })
    }

    fn compare(
        order: HypervisorOrderField,
        one: &compute::Hypervisor,
        other: &compute::Hypervisor,
    ) -> Ordering {
        match order {
            HypervisorOrderField::Name => one.name.cmp(&other.name),
            HypervisorOrderField::VcpusUsed => one.vcpus_used.cmp(&other.vcpus_used),
            HypervisorOrderField::MemoryUsed => one.memory_mb_used.cmp(&other.memory_mb_used),
            HypervisorOrderField::MemoryFree => one.free_ram_mb.cmp(&other.free_ram_mb),
            HypervisorOrderField::DiskFree => one.free_disk_gb.cmp(&other.free_disk_gb),
            HypervisorOrderField::RunningServers => one.running_vms.cmp(&other.running_vms),
        }
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<compute::Hypervisor>>> {
        // One call lists a thousand of them.
        singly_or_listed::<Self>(cloud, ids, 1).await
    }
}

root_fields! {
    HypervisorQuery for Hypervisor,
    /// One hypervisor.
    one: hypervisor,
    /// What servers run on; administrators only.
    many: hypervisors,
    filter: HypervisorFilter, order: HypervisorOrderField
}

/// Hypervisors by name, which is what an administrator sees of them on a server.
pub struct HypervisorByName;

impl Plan for HypervisorByName {
    type Key = String;
    type Value = Arc<compute::Hypervisor>;

    async fn load(
        cloud: Cloud,
        names: Vec<String>,
    ) -> Result<HashMap<String, Arc<compute::Hypervisor>>> {
        let rows = cloud.list(HYPERVISORS, &[]).await?;
        let by_name: HashMap<&str, &Arc<compute::Hypervisor>> =
            rows.iter().map(|row| (row.name.as_str(), row)).collect();
        let found = names.into_iter().filter_map(|name| {
            let row = by_name.get(name.as_str())?;
            Some((name, Arc::clone(row)))
        });
        Ok(found.collect())
    }
}

/// Hypervisors by the host of their compute service: one, or with bare metal several.
pub struct HypervisorsOfHost;

impl Plan for HypervisorsOfHost {
    type Key = String;
    type Value = Vec<Arc<compute::Hypervisor>>;

    async fn load(
        cloud: Cloud,
        hosts: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<compute::Hypervisor>>>> {
        let rows = cloud.list(HYPERVISORS, &[]).await?;
        let groups = grouped(rows.iter().cloned(), compute::Hypervisor::host);
        Ok(with_empty(groups, hosts))
    }
}
