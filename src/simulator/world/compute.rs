//! Servers, and what they are made of and run on.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Key, Shared, Table};

/// Nova's state.
#[derive(Default)]
pub(crate) struct Compute {
    pub(crate) servers: Table<Server>,
    /// Those that there are (still): a server keeps its own copy.
    pub(crate) flavors: Table<Arc<Flavor>, String>,
    pub(crate) hypervisors: Table<Hypervisor>,
    pub(crate) services: Table<ComputeService>,
    pub(crate) aggregates: Table<Aggregate, u32>,
    pub(crate) server_groups: Table<ServerGroup>,
    /// By user and name.
    pub(crate) keypairs: Table<Keypair, (Key, String)>,
    /// What differs from the default, by project.
    pub(crate) quotas: BTreeMap<Key, ComputeQuota>,
}

pub(crate) struct Flavor {
    /// Chosen by whoever made it.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) vcpus: u32,
    pub(crate) ram_mib: u32,
    pub(crate) disk_gib: u32,
    pub(crate) ephemeral_gib: u32,
    pub(crate) swap_mib: u32,
    pub(crate) is_public: bool,
    pub(crate) disabled: bool,
    pub(crate) extra_specs: BTreeMap<String, String>,
    /// The projects that may use it when it is not public.
    pub(crate) access: Vec<Key>,
}

pub(crate) struct Server {
    pub(crate) id: Uuid,
    /// Counts up in a region: `instance-0000002a`.
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) project: Key,
    pub(crate) user: Key,
    pub(crate) vm_state: VmState,
    /// What is being done with it.
    pub(crate) task_state: Option<&'static str>,
    pub(crate) power_state: PowerState,
    pub(crate) flavor: Arc<Flavor>,
    /// None for those that boot from a volume.
    pub(crate) image: Option<Uuid>,
    /// None before it was placed, and when it is shelved and offloaded.
    pub(crate) host: Option<Shared>,
    pub(crate) zone: Shared,
    pub(crate) key_name: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) launched: Option<DateTime<Utc>>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) tags: Vec<String>,
    pub(crate) locked: Option<Lock>,
    pub(crate) fault: Option<Fault>,
    pub(crate) has_config_drive: bool,
    pub(crate) user_data: Option<String>,
    /// In the order of its interfaces. Addresses and security groups are Neutron's, by these.
    pub(crate) ports: Vec<Uuid>,
    pub(crate) volumes: Vec<AttachedVolume>,
    pub(crate) actions: Vec<ServerAction>,
    pub(crate) progress: u8,
}

pub(crate) struct AttachedVolume {
    pub(crate) id: Uuid,
    pub(crate) delete_on_termination: bool,
}

pub(crate) struct Lock {
    pub(crate) by_admin: bool,
    pub(crate) reason: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) code: u16,
    pub(crate) message: String,
    /// For admins.
    pub(crate) details: Option<String>,
    pub(crate) created: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VmState {
    Active,
    Building,
    Error,
    Paused,
    Rescued,
    Resized,
    ShelvedOffloaded,
    Stopped,
    Suspended,
}

impl VmState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Building => "building",
            Self::Error => "error",
            Self::Paused => "paused",
            Self::Rescued => "rescued",
            Self::Resized => "resized",
            Self::ShelvedOffloaded => "shelved_offloaded",
            Self::Stopped => "stopped",
            Self::Suspended => "suspended",
        }
    }
}

/// Numbers are Nova's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PowerState {
    NoState = 0,
    Running = 1,
    Paused = 3,
    Shutdown = 4,
    Suspended = 7,
}

pub(crate) struct ServerAction {
    pub(crate) action: &'static str,
    /// `req-` and a UUID.
    pub(crate) request_id: String,
    pub(crate) user: Key,
    pub(crate) start: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// What was said of a failure.
    pub(crate) message: Option<String>,
    pub(crate) events: Vec<ActionEvent>,
}

pub(crate) struct ActionEvent {
    pub(crate) event: &'static str,
    pub(crate) start: DateTime<Utc>,
    /// None while it goes on.
    pub(crate) finish: Option<DateTime<Utc>>,
    pub(crate) is_success: bool,
    pub(crate) host: Option<Shared>,
    /// For admins.
    pub(crate) traceback: Option<String>,
    pub(crate) details: Option<String>,
}

pub(crate) struct Hypervisor {
    /// The resource provider's too.
    pub(crate) id: Uuid,
    /// Its name, and its compute service's host.
    pub(crate) host: Shared,
    pub(crate) address: String,
    pub(crate) vcpus: u32,
    pub(crate) memory_mib: u32,
    pub(crate) disk_gib: u32,
    pub(crate) reserved_memory_mib: u32,
    pub(crate) cpu_allocation_ratio: f64,
    pub(crate) ram_allocation_ratio: f64,
    pub(crate) disk_allocation_ratio: f64,
    pub(crate) zone: Shared,
    pub(crate) traits: Vec<&'static str>,
}

pub(crate) struct ComputeService {
    pub(crate) id: Uuid,
    pub(crate) binary: &'static str,
    pub(crate) host: Shared,
    pub(crate) zone: Shared,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) is_enabled: bool,
    pub(crate) forced_down: bool,
    /// When it fell silent; it reports every ten seconds else.
    pub(crate) silent_since: Option<DateTime<Utc>>,
}

pub(crate) struct Aggregate {
    pub(crate) id: u32,
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    /// The zone is its metadata `availability_zone`.
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) hosts: Vec<Shared>,
    pub(crate) created: DateTime<Utc>,
}

pub(crate) struct ServerGroup {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) policy: &'static str,
    pub(crate) max_server_per_host: Option<u32>,
    pub(crate) project: Key,
    pub(crate) user: Key,
    pub(crate) members: Vec<Uuid>,
}

pub(crate) struct Keypair {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) user: Key,
    pub(crate) key_type: &'static str,
    pub(crate) public_key: String,
    pub(crate) fingerprint: String,
    pub(crate) created: DateTime<Utc>,
}

/// Limits of a project; -1 is none.
#[derive(Clone, Debug)]
pub(crate) struct ComputeQuota {
    pub(crate) instances: i64,
    pub(crate) cores: i64,
    pub(crate) ram_mib: i64,
    pub(crate) key_pairs: i64,
    pub(crate) server_groups: i64,
    pub(crate) server_group_members: i64,
    pub(crate) metadata_items: i64,
}

impl Default for ComputeQuota {
    fn default() -> Self {
        Self {
            instances: 10,
            cores: 20,
            ram_mib: 51200,
            key_pairs: 100,
            server_groups: 10,
            server_group_members: 10,
            metadata_items: 128,
        }
    }
}

/// What the servers on a host, or of a project, take together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) servers: u32,
    pub(crate) vcpus: u32,
    pub(crate) ram_mib: u64,
    pub(crate) disk_gib: u64,
}

impl Taken {
    pub(crate) fn add(&mut self, server: &Server) {
        self.servers += 1;
        self.vcpus += server.flavor.vcpus;
        self.ram_mib += u64::from(server.flavor.ram_mib);
        // A disk of its own is not needed by a server that boots from a volume.
        if server.image.is_some() {
            self.disk_gib += u64::from(server.flavor.disk_gib);
        }
        self.disk_gib += u64::from(server.flavor.ephemeral_gib);
    }
}

impl Compute {
    /// What is taken on each host.
    pub(crate) fn taken_by_host(&self) -> BTreeMap<Shared, Taken> {
        let mut taken: BTreeMap<Shared, Taken> = BTreeMap::new();
        for server in self.servers.values() {
            if let Some(host) = &server.host {
                taken.entry(Arc::clone(host)).or_default().add(server);
            }
        }
        taken
    }

    /// What a project's servers take.
    pub(crate) fn taken_by_project(&self, project: Key) -> Taken {
        let mut taken = Taken::default();
        for server in self
            .servers
            .values()
            .filter(|server| server.project == project)
        {
            taken.add(server);
        }
        taken
    }

    pub(crate) fn quota(&self, project: Key) -> ComputeQuota {
        self.quotas.get(&project).cloned().unwrap_or_default()
    }
}
