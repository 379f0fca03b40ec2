//! Servers, and what they are made of and run on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexSet;
use uuid::{Builder, Uuid};

use super::{Key, Shared, Table};

/// Nova's state.
#[derive(Default)]
pub(crate) struct Compute {
    pub(crate) servers: Table<Server>,
    /// Those that there are no more: of them the actions are told.
    pub(crate) deleted_servers: Table<Server>,
    /// The ports that were made for servers, and go with them.
    pub(crate) own_ports: IndexSet<Uuid>,
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

#[derive(Debug)]
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
    /// The name that the guest has for itself: it stays when the server is renamed.
    pub(crate) hostname: String,
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
    /// The zone that was asked for.
    pub(crate) wanted_zone: Option<Shared>,
    /// What it was before it was resized, until that is confirmed.
    pub(crate) resize: Option<Resize>,
    /// What it was shelved to.
    pub(crate) shelved_image: Option<Uuid>,
}

/// How a server was before it was resized.
pub(crate) struct Resize {
    pub(crate) flavor: Arc<Flavor>,
    pub(crate) host: Option<Shared>,
    pub(crate) zone: Shared,
    pub(crate) was_running: bool,
}

pub(crate) struct AttachedVolume {
    pub(crate) id: Uuid,
    pub(crate) delete_on_termination: bool,
}

impl AttachedVolume {
    /// The id of Nova's own row about a server's use of it.
    pub(crate) fn mapping(&self, server: Uuid) -> Uuid {
        let bytes = (self.id.as_u128() ^ server.as_u128()).to_be_bytes();
        Builder::from_random_bytes(bytes).into_uuid()
    }
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
    Shelved,
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
            Self::Shelved => "shelved",
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
    pub(crate) booted: DateTime<Utc>,
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

impl Server {
    pub(crate) fn instance_name(&self) -> String {
        format!("instance-{:08x}", self.number)
    }

    /// Of the request that made it: `r-` and eight letters and digits.
    pub(crate) fn reservation_id(&self) -> String {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let letters = self.id.as_bytes()[..8].iter();
        let letters = letters.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
        format!("r-{}", letters.collect::<String>())
    }

    /// Whether no host was ever found for it.
    pub(crate) fn was_never_placed(&self) -> bool {
        self.host.is_none() && self.launched.is_none()
    }

    /// None until it is on a host.
    pub(crate) fn root_device(&self) -> Option<&'static str> {
        (!self.was_never_placed()).then_some("/dev/vda")
    }
}

/// What Nova makes of a name for the guest: Latin letters, digits and dashes; none when none is
/// left.
pub(crate) fn hostname(name: &str) -> Option<String> {
    const LONGEST: usize = 63;
    let latin = name.chars().filter(|letter| u32::from(*letter) <= 0xff);
    let kept = latin.take(LONGEST).map(|letter| match letter {
        ' ' | '_' | '.' => '-',
        letter => letter,
    });
    let kept = kept.filter(|letter| letter.is_alphanumeric() || *letter == '-');
    let kept = kept.collect::<String>().to_lowercase();
    let kept = kept.trim_matches('-');
    (!kept.is_empty()).then(|| kept.to_owned())
}

impl ComputeService {
    /// When it reported last.
    pub(crate) fn last_report(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        const INTERVAL: i64 = 10;
        let since = TimeDelta::seconds(now.timestamp().rem_euclid(INTERVAL));
        self.silent_since.unwrap_or(now - since)
    }

    /// Whether it is taken to be there.
    pub(crate) fn is_up(&self, now: DateTime<Utc>) -> bool {
        const PATIENCE: TimeDelta = TimeDelta::seconds(60);
        !self.forced_down && now - self.last_report(now) <= PATIENCE
    }
}

impl Compute {
    /// The services that run servers, by host.
    pub(crate) fn services_by_host(&self) -> HashMap<&str, &ComputeService> {
        let services = self.services.values();
        services
            .filter(|service| service.binary == "nova-compute")
            .map(|service| (&*service.host, service))
            .collect()
    }

    /// The groups of the servers that are in one.
    pub(crate) fn groups_by_server(&self) -> HashMap<Uuid, Uuid> {
        let groups = self.server_groups.values();
        groups
            .flat_map(|group| group.members.iter().map(|member| (*member, group.id)))
            .collect()
    }

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
