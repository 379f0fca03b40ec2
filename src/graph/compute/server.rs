//! Servers: what users run, and what everything else hangs on.

mod edges;
mod filter;
pub mod mutation;
pub mod plans;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Enum, ID, Json, SimpleObject};

pub use filter::{ServerFilter, ServerOrderField, ServerSearch, ServerSearchField};
pub use mutation::ServerMutation;

use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, SERVERS};
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::connection::Node;
use crate::graph::noun::{Noun, Pushed, Rows, root_fields, singly_or_listed};
use crate::graph::scalar::{DateTime, open_enum};
use crate::graph::scope::Scope;
use crate::graph::told::told;
use crate::graph::watch::{Changed, Watched, watched};
use crate::{Error, Result};

/// A server: a virtual machine or a bare metal node. From `GET /servers/detail` (2.100).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Server {
    /// Nova's id.
    id: ID,
    /// The display name; not unique. Null only when its cell is down.
    name: Option<Text>,
    /// Free text.
    description: Option<Text>,
    /// The state as users see it.
    status: ServerStatus,
    /// The state as Nova sees it, as `active`, `stopped`, `error`.
    vm_state: Option<Text>,
    /// What Nova is doing with it now; null when nothing.
    task_state: Option<Text>,
    /// What the hypervisor says of it.
    power_state: Option<PowerState>,
    /// Percent of a build or migration; null otherwise.
    progress: Option<i32>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When its record was last changed.
    updated_at: Option<DateTime>,
    /// When it first ran; null until then.
    launched_at: Option<DateTime>,
    /// When it was deleted.
    terminated_at: Option<DateTime>,
    /// The zone it runs in; null while it has no host.
    availability_zone: Option<Text>,
    /// The compute host it is on; null without one, and for who is no administrator.
    host: Option<Text>,
    /// The hypervisor's name; null as `host`.
    hypervisor_hostname: Option<Text>,
    /// The hypervisor's own name for it; null for who is no administrator.
    instance_name: Option<Text>,
    /// A hash of project and host: equal for servers of one project on one host.
    host_id: Option<Text>,
    /// Whether the compute service on its host is up; null for who is no administrator.
    host_status: Option<Text>,
    /// The name the guest was given.
    hostname: Option<Text>,
    /// The name its flavor had when it was made or resized.
    flavor_name: Option<Text>,
    /// Virtual CPUs.
    vcpus: Option<i64>,
    /// Memory, in MiB.
    ram_mib: Option<i64>,
    /// Root disk, in GiB; 0 takes the image's size.
    disk_gib: Option<i64>,
    /// Ephemeral disk, in GiB.
    ephemeral_gib: Option<i64>,
    /// Swap, in MiB.
    swap_mib: Option<i64>,
    /// The id of the image it was made from; null when it was booted from a volume.
    image_id: Option<ID>,
    /// The name of the key it was made with; the key may be gone.
    key_name: Option<Text>,
    /// Its addresses, as Nova has cached them.
    addresses: Vec<ServerAddress>,
    /// The names of its security groups.
    security_group_names: Vec<Text>,
    /// The volumes that Nova has attached to it.
    volumes_attached: Vec<AttachedVolume>,
    /// What users noted, by key.
    metadata: Json<BTreeMap<String, String>>,
    /// What users tagged it with.
    tags: Vec<String>,
    /// Whether it is locked against its users.
    is_locked: Option<bool>,
    /// Why it is locked.
    locked_reason: Option<Text>,
    /// Whether it has a configuration drive.
    has_config_drive: bool,
    /// The project it belongs to.
    project_id: Option<ID>,
    /// The user who made it.
    user_id: Option<ID>,
    #[graphql(skip)]
    row: Arc<compute::Server>,
    #[graphql(skip)]
    scope: Scope,
}

/// An address of a server.
#[derive(SimpleObject)]
pub struct ServerAddress {
    /// The name of the network; not unique in the cloud.
    network_name: Text,
    /// The address.
    address: Text,
    /// 4 or 6.
    ip_version: i32,
    /// Whether it is the port's own or a floating one.
    kind: AddressKind,
    /// The port's MAC address.
    mac_address: Option<Text>,
}

open_enum! {
    /// How an address came to a server.
    AddressKind {
        /// It is the port's own.
        Fixed = "fixed",
        /// It is a floating IP that points at the port.
        Floating = "floating",
    }
}

/// A volume as Nova has it attached; Cinder's view is on the volume.
#[derive(SimpleObject)]
pub struct AttachedVolume {
    /// Cinder's id.
    volume_id: ID,
    /// Whether it is deleted with the server.
    is_deleted_with_server: Option<bool>,
}

/// What went wrong with a server.
#[derive(SimpleObject)]
pub struct ServerFault {
    /// As HTTP would say it: 500 for most.
    code: Option<i32>,
    /// In Nova's words.
    message: Option<Text>,
    /// When.
    created_at: Option<DateTime>,
}

/// What the hypervisor says of a server.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerState {
    /// Nothing is known.
    NoState,
    /// It runs.
    Running,
    /// It is held in memory.
    Paused,
    /// It is off.
    Shutdown,
    /// It crashed.
    Crashed,
    /// It is held on disk.
    Suspended,
    /// A value this version of the graph does not know.
    Unknown,
}

impl ServerStatus {
    /// What a server in this `vm_state` is when no task is under way.
    pub fn without_task(vm_state: &str) -> Option<Self> {
        Some(match vm_state {
            "active" => Self::Active,
            "building" => Self::Build,
            "stopped" => Self::Shutoff,
            "resized" => Self::VerifyResize,
            "paused" => Self::Paused,
            "suspended" => Self::Suspended,
            "rescued" => Self::Rescue,
            "error" => Self::Error,
            "deleted" => Self::Deleted,
            "soft-delete" => Self::SoftDeleted,
            "shelved" => Self::Shelved,
            "shelved_offloaded" => Self::ShelvedOffloaded,
            _ => return None,
        })
    }
}

impl PowerState {
    fn read(number: i32) -> Self {
        match number {
            0 => Self::NoState,
            1 => Self::Running,
            3 => Self::Paused,
            4 => Self::Shutdown,
            6 => Self::Crashed,
            7 => Self::Suspended,
            _ => Self::Unknown,
        }
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
        let flavor = row.flavor.as_ref();
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            status: ServerStatus::read(&row.status),
            vm_state: row.vm_state.clone(),
            task_state: row.task_state.clone(),
            power_state: row.power_state.map(PowerState::read),
            progress: row.progress,
            created_at: DateTime::maybe(row.created.as_deref()),
            updated_at: DateTime::maybe(row.updated.as_deref()),
            launched_at: DateTime::maybe(row.launched_at.as_deref()),
            terminated_at: DateTime::maybe(row.terminated_at.as_deref()),
            availability_zone: told(row.availability_zone.as_ref()),
            host: told(row.host.as_ref()),
            hypervisor_hostname: told(row.hypervisor_hostname.as_ref()),
            instance_name: told(row.instance_name.as_ref()),
            host_id: told(row.host_id.as_ref()),
            host_status: told(row.host_status.as_ref()),
            hostname: told(row.hostname.as_ref()),
            flavor_name: flavor.and_then(|flavor| flavor.original_name.clone()),
            vcpus: flavor.and_then(|flavor| flavor.vcpus),
            ram_mib: flavor.and_then(|flavor| flavor.ram),
            disk_gib: flavor.and_then(|flavor| flavor.disk),
            ephemeral_gib: flavor.and_then(|flavor| flavor.ephemeral),
            swap_mib: flavor.and_then(|flavor| flavor.swap),
            image_id: row.image.as_ref().map(ID::from),
            key_name: row.key_name.clone(),
            addresses: addresses(row),
            security_group_names: group_names(row),
            volumes_attached: attached(row),
            metadata: Json(row.metadata.clone()),
            tags: row.tags.clone(),
            is_locked: row.locked,
            locked_reason: row.locked_reason.clone(),
            has_config_drive: row
                .config_drive
                .as_deref()
                .is_some_and(|drive| !drive.is_empty()),
            project_id: row.project_id.as_ref().map(ID::from),
            user_id: row.user_id.as_ref().map(ID::from),
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

    async fn prepare(scope: &Scope, filter: ServerFilter) -> Result<ServerFilter> {
        filter.prepare(scope).await
    }

    fn pinned(filter: &ServerFilter) -> Option<Vec<String>> {
        filter.pinned()
    }

    fn unmet(filter: &ServerFilter, rows: &[Arc<compute::Server>]) -> Vec<Error> {
        filter.unmet(rows)
    }

    fn push(filter: &ServerFilter) -> Pushed {
        filter.push()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        filter::exact_name(name).into_iter().collect()
    }

    fn keeps(filter: &ServerFilter, row: &compute::Server) -> bool {
        filter.keeps(row)
    }

    fn compare(
        order: ServerOrderField,
        one: &compute::Server,
        other: &compute::Server,
    ) -> Ordering {
        order.compare(one, other)
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<compute::Server>> {
        cloud.list_servers(&query).await
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<compute::Server>>> {
        // Nova takes no list of ids; a page of details costs as much as some twenty of these.
        singly_or_listed::<Self>(cloud, ids, 20).await
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

watched! {
    ServerSubscription, server_changed, "serverChanged" for Server, server,
    filter: ServerFilter,
    /// A server that was created, changed or deleted.
    change: ServerChange,
}

/// Nova's times are whole seconds, and those of its cells may differ.
const OVERLAP: chrono::Duration = chrono::Duration::seconds(5);

impl Watched for Server {
    async fn since(
        cloud: &Cloud,
        before: &HashMap<String, Arc<compute::Server>>,
    ) -> Option<Result<Changed<compute::Server>>> {
        let updated = |row: &Arc<compute::Server>| DateTime::maybe(row.updated.as_deref());
        let newest = before.values().filter_map(updated).max()?;
        // The light list tells who is there still: Nova forgets the deleted when its records are
        // archived. It is asked for last, so that what is there by then has been told.
        let looked = async {
            let changed = cloud.list_servers_changed_since(newest.0 - OVERLAP).await?;
            let there: HashSet<String> = cloud.list_server_ids(&[]).await?.into_iter().collect();
            Ok((changed, there))
        };
        Some(looked.await.map(|(changed, there)| {
            let is_new = |row: &&Arc<compute::Server>| {
                there.contains(row.id.as_str()) && before.get(row.id.as_str()) != Some(*row)
            };
            let changed = changed.iter().filter(is_new);
            let changed = changed.map(|row| (row.id.to_string(), Some(Arc::clone(row))));
            let gone = before.keys().filter(|id| !there.contains(*id));
            changed.chain(gone.map(|id| (id.clone(), None))).collect()
        }))
    }
}

fn addresses(row: &compute::Server) -> Vec<ServerAddress> {
    let networks = row.addresses.iter();
    let addresses = networks.flat_map(|(network, addresses)| {
        addresses.iter().map(|address| ServerAddress {
            network_name: network.clone(),
            address: address.addr.clone(),
            ip_version: address.version,
            kind: address
                .kind
                .as_deref()
                .map_or(AddressKind::Unknown, AddressKind::read),
            mac_address: address.mac_address.clone(),
        })
    });
    addresses.collect()
}

/// A group is named once for each port that has it.
fn group_names(row: &compute::Server) -> Vec<Text> {
    let mut names: Vec<Text> = row
        .security_groups
        .iter()
        .map(|it| it.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn attached(row: &compute::Server) -> Vec<AttachedVolume> {
    let volumes = row.volumes_attached.iter();
    let attached = volumes.map(|volume| AttachedVolume {
        volume_id: ID::from(&volume.id),
        is_deleted_with_server: volume.delete_on_termination,
    });
    attached.collect()
}

impl ServerFault {
    fn new(fault: &compute::Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.message.clone(),
            created_at: DateTime::maybe(fault.created.as_deref()),
        }
    }
}
