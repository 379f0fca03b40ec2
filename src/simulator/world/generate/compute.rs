//! Hypervisors and their services, flavors, servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::network::{Places, PortOf};
use super::{Maker, ZONES};
use crate::world::Shared;
use crate::world::compute::{
    ActionEvent, Aggregate, ComputeQuota, ComputeService, Fault, Flavor, Hypervisor, Keypair, Lock,
    PowerState, Resize, Server, ServerAction, ServerGroup, VmState, hostname,
};
use crate::world::text::{AWKWARD, ROLES_OF_SERVERS};

/// Name, vCPUs, memory in MiB, disk in GiB, and how often it is used.
const FLAVORS: [(&str, u32, u32, u32, u32); 11] = [
    ("m1.tiny", 1, 512, 1, 8),
    ("m1.small", 1, 2048, 20, 24),
    ("m1.medium", 2, 4096, 40, 26),
    ("m1.large", 4, 8192, 80, 14),
    ("m1.xlarge", 8, 16384, 160, 6),
    ("c1.medium", 4, 4096, 20, 6),
    ("c1.large", 8, 8192, 40, 3),
    ("r1.large", 2, 16384, 40, 4),
    ("r1.xlarge", 4, 32768, 80, 2),
    ("g1.large", 8, 32768, 100, 1),
    ("s1.nano", 1, 256, 1, 4),
];

/// One in so many servers was made of a flavor that there is no more.
const DELETED_FLAVOR_USE: u32 = 2;

/// The place of a server that is locked in any case.
const LOCKED: usize = 14;

/// What one in a hundred servers is, in this share.
const STATES: [(u32, State); 11] = [
    (790, State::Running),
    (120, State::Stopped),
    (20, State::Paused),
    (15, State::Suspended),
    (12, State::Shelved),
    (14, State::Failed),
    (6, State::NeverPlaced),
    (5, State::Building),
    (5, State::Resized),
    (3, State::Rebooting),
    (2, State::Rescued),
];

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
    Stopped,
    Paused,
    Suspended,
    Shelved,
    Failed,
    NeverPlaced,
    Building,
    Resized,
    Rebooting,
    Rescued,
}

impl State {
    fn vm(self) -> (VmState, Option<&'static str>, PowerState) {
        match self {
            Self::Running => (VmState::Active, None, PowerState::Running),
            Self::Stopped => (VmState::Stopped, None, PowerState::Shutdown),
            Self::Paused => (VmState::Paused, None, PowerState::Paused),
            Self::Suspended => (VmState::Suspended, None, PowerState::Suspended),
            Self::Shelved => (VmState::ShelvedOffloaded, None, PowerState::Shutdown),
            Self::Failed => (VmState::Error, None, PowerState::Running),
            Self::NeverPlaced => (VmState::Error, None, PowerState::NoState),
            Self::Building => (VmState::Building, Some("spawning"), PowerState::NoState),
            Self::Resized => (VmState::Resized, None, PowerState::Running),
            Self::Rebooting => (VmState::Active, Some("rebooting"), PowerState::Running),
            Self::Rescued => (VmState::Rescued, None, PowerState::Running),
        }
    }

    fn has_host(self) -> bool {
        !matches!(self, Self::Shelved | Self::NeverPlaced)
    }

    /// What was done with it last, when it was more than made.
    fn last_action(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Stopped => Some(("stop", "compute_stop_instance")),
            Self::Paused => Some(("pause", "compute_pause_instance")),
            Self::Suspended => Some(("suspend", "compute_suspend_instance")),
            Self::Shelved => Some(("shelve", "compute_shelve_instance")),
            Self::Resized => Some(("resize", "compute_finish_resize")),
            Self::Failed => Some(("start", "compute_start_instance")),
            Self::Rescued => Some(("rescue", "compute_rescue_instance")),
            Self::Running | Self::NeverPlaced | Self::Building | Self::Rebooting => None,
        }
    }
}

impl Maker<'_> {
    /// Makes the flavors. The last of those returned was deleted since.
    pub(super) fn flavors(&mut self) -> Vec<(u32, Arc<Flavor>)> {
        let mut flavors = Vec::new();
        for (number, (name, vcpus, ram_mib, disk_gib, weight)) in FLAVORS.into_iter().enumerate() {
            // Ids are what who made them chose: numbers for the old ones.
            let id = if number < 5 {
                (number + 1).to_string()
            } else {
                self.id().to_string()
            };
            let mut flavor = flavor(id, name, vcpus, ram_mib, disk_gib);
            if name.starts_with("g1") {
                flavor.is_public = false;
                flavor.access = vec![self.tenants[0].project, self.tenants[1].project];
                flavor.extra_specs =
                    BTreeMap::from([("pci_passthrough:alias".to_owned(), "a100:1".to_owned())]);
            }
            if name.starts_with("c1") {
                flavor.description = Some("Dedicated CPUs".to_owned());
                flavor.extra_specs =
                    BTreeMap::from([("hw:cpu_policy".to_owned(), "dedicated".to_owned())]);
            }
            if name == "r1.xlarge" {
                flavor.ephemeral_gib = 100;
                flavor.swap_mib = 1024;
            }
            let flavor = Arc::new(flavor);
            self.region
                .compute
                .flavors
                .insert(flavor.id.clone(), Arc::clone(&flavor));
            flavors.push((weight, flavor));
        }
        let deleted = flavor(self.id().to_string(), "m0.legacy", 2, 3072, 30);
        flavors.push((DELETED_FLAVOR_USE, Arc::new(deleted)));
        flavors
    }

    pub(super) fn hypervisors(&mut self, number: usize) {
        for place in 0..number {
            let host = Shared::from(format!("compute-{}", place + 1));
            let zone = self.zone(place);
            let id = self.id();
            let hypervisor = Hypervisor {
                id,
                host: host.clone(),
                address: format!("10.254.{}.{}", place / 250, place % 250 + 1),
                vcpus: 64,
                memory_mib: 384 * 1024,
                disk_gib: 7_000,
                reserved_memory_mib: 8192,
                cpu_allocation_ratio: 4.0,
                ram_allocation_ratio: 1.0,
                disk_allocation_ratio: 1.0,
                zone: zone.clone(),
                traits: vec!["COMPUTE_NODE", "COMPUTE_VOLUME_ATTACH", "HW_CPU_X86_AVX2"],
                booted: self.now
                    - TimeDelta::hours(2_000 + 97 * i64::try_from(place % 50).unwrap_or_default()),
            };
            self.region.compute.hypervisors.insert(id, hypervisor);
            self.compute_service("nova-compute", &host, &zone);
        }
        // One fell silent, one is being emptied.
        let silent_since = self.now - TimeDelta::minutes(47);
        let services = &mut self.region.compute.services;
        if number > 2
            && let Some((_, service)) = services.get_index_mut(number - 1)
        {
            service.silent_since = Some(silent_since);
        }
        if number > 5
            && let Some((_, service)) = services.get_index_mut(number - 2)
        {
            service.is_enabled = false;
            service.disabled_reason = Some("RAM wird getauscht (Ticket 4711)".to_owned());
        }
        let internal = Shared::from("internal");
        for number in 1..=2 {
            let host = Shared::from(format!("controller-{number}"));
            for binary in ["nova-scheduler", "nova-conductor"] {
                self.compute_service(binary, &host, &internal);
            }
        }
        self.aggregates();
    }

    fn compute_service(&mut self, binary: &'static str, host: &Shared, zone: &Shared) {
        let id = self.id();
        let service = ComputeService {
            id,
            binary,
            host: host.clone(),
            zone: zone.clone(),
            disabled_reason: None,
            is_enabled: true,
            forced_down: false,
            silent_since: None,
        };
        self.region.compute.services.insert(id, service);
    }

    /// One for each zone, and one of the hosts that have something.
    fn aggregates(&mut self) {
        let created = self.now - TimeDelta::days(600);
        let hypervisors = self.region.compute.hypervisors.values();
        let hosts: Vec<_> = hypervisors
            .map(|row| (row.host.clone(), row.zone.clone()))
            .collect();
        let mut rows = Vec::new();
        for zone in ZONES {
            let there = hosts.iter().filter(|(_, of)| **of == *zone);
            let there = there.map(|(host, _)| host.clone()).collect();
            rows.push((zone.to_owned(), ("availability_zone", zone), there));
        }
        let some = hosts
            .iter()
            .step_by(4)
            .map(|(host, _)| host.clone())
            .collect();
        rows.push(("ssd".to_owned(), ("ssd", "true"), some));
        for (place, (name, (key, value), hosts)) in rows.into_iter().enumerate() {
            let id = u32::try_from(place + 1).unwrap_or_default();
            let aggregate = Aggregate {
                id,
                uuid: self.id(),
                name,
                metadata: BTreeMap::from([(key.to_owned(), value.to_owned())]),
                hosts,
                created,
            };
            self.region.compute.aggregates.insert(id, aggregate);
        }
    }

    pub(super) fn servers(
        &mut self,
        number: usize,
        images: &[Uuid],
        flavors: &[(u32, Arc<Flavor>)],
        places: &Places,
    ) {
        self.keypairs();
        let hosts: Vec<(Shared, Shared)> = self
            .region
            .compute
            .hypervisors
            .values()
            .map(|row| (row.host.clone(), row.zone.clone()))
            .collect();
        let owners: Vec<Shared> = ZONES
            .iter()
            .map(|zone| Shared::from(format!("compute:{zone}")))
            .collect();
        // They were made one after the other.
        let mut ages: Vec<DateTime<Utc>> = (0..number).map(|_| self.past(500)).collect();
        ages.sort_unstable();
        for (place, created) in ages.into_iter().enumerate() {
            let flavor = Arc::clone(self.dice.weighted(flavors));
            let state = if place < STATES.len() && number > 2 * STATES.len() {
                // A small cloud has one of each too.
                STATES[place].1
            } else {
                *self.dice.weighted(&STATES)
            };
            self.server(
                place, created, state, flavor, images, &hosts, &owners, places,
            );
        }
        self.server_groups();
    }

    fn server(
        &mut self,
        place: usize,
        created: DateTime<Utc>,
        state: State,
        flavor: Arc<Flavor>,
        images: &[Uuid],
        hosts: &[(Shared, Shared)],
        owners: &[Shared],
        places: &Places,
    ) {
        let id = self.id();
        let tenants = self.tenants;
        // Some projects are larger than others.
        let share = self.dice.share();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a small number"
        )]
        let tenant = (share * share * tenants.len() as f64) as usize;
        let owner = &tenants[tenant];
        let user = owner.users.first().map_or(owner.project, |(id, _)| *id);
        let (host, zone) = &hosts[(place * 7 + place / hosts.len()) % hosts.len()];
        let host = state.has_host().then_some(host);
        let (vm_state, task_state, power_state) = state.vm();
        let name = self.server_name(place, &owner.name);
        let where_it_is = &places.tenants[tenant];
        let mut ports = Vec::new();
        if state != State::NeverPlaced {
            let owner_of_port = owners.iter().find(|owner| owner.ends_with(&**zone));
            let device_owner = owner_of_port.unwrap_or(&owners[0]);
            let more = usize::from(where_it_is.networks.len() > 1 && self.dice.chance(0.5));
            for network in &where_it_is.networks[..=more] {
                let mut security_groups = vec![where_it_is.security_groups[0]];
                if self.dice.chance(0.4) {
                    security_groups.push(where_it_is.security_groups[1]);
                }
                ports.push(self.port(PortOf {
                    network: *network,
                    project: Some(owner.project),
                    device_id: id.to_string(),
                    device_owner,
                    host,
                    security_groups,
                    dns_name: hostname(&name).unwrap_or_else(|| format!("server-{id}")),
                    created,
                }));
            }
        }
        let boots_from_volume = self.dice.chance(0.3) && state != State::NeverPlaced;
        let launched = (!matches!(state, State::NeverPlaced | State::Building))
            .then(|| created + TimeDelta::seconds(9));
        let fault = self.fault(state, created);
        let actions = self.actions(state, user, host, created, fault.as_ref());
        let updated = actions.last().map_or(created, |action| action.updated);
        let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
        let resize = (state == State::Resized).then(|| Resize {
            flavor: Arc::clone(&flavor),
            host: host.cloned(),
            zone: Arc::clone(zone),
            was_running: true,
        });
        let server = Server {
            id,
            number,
            hostname: hostname(&name).unwrap_or_else(|| format!("Server-{id}")),
            name,
            description: (place % 40 == 5).then(|| "Hinter dem Lastverteiler".to_owned()),
            project: owner.project,
            user,
            vm_state,
            task_state,
            power_state,
            image: if boots_from_volume {
                None
            } else {
                Some(*self.dice.pick(images))
            },
            flavor,
            host: host.cloned(),
            zone: zone.clone(),
            key_name: self.dice.chance(0.7).then(|| format!("key-{}", owner.name)),
            created,
            updated,
            launched,
            metadata: self.metadata(place),
            tags: if self.dice.chance(0.2) {
                vec!["production".to_owned()]
            } else {
                Vec::new()
            },
            locked: (self.dice.chance(0.01) || place == LOCKED).then(|| Lock {
                by_admin: false,
                reason: Some("Do not touch before the audit".to_owned()),
            }),
            fault,
            has_config_drive: self.dice.chance(0.1),
            // `#cloud-config` and a line break.
            user_data: (place % 30 == 11).then(|| "I2Nsb3VkLWNvbmZpZwo=".to_owned()),
            ports,
            volumes: Vec::new(),
            actions,
            progress: if matches!(state, State::Failed | State::Building) {
                0
            } else {
                100
            },
            wanted_zone: None,
            resize,
            shelved_image: None,
        };
        self.region.compute.own_ports.extend(&server.ports);
        self.region.compute.servers.insert(id, server);
    }

    fn server_name(&mut self, place: usize, project: &str) -> String {
        // Duplicates and awkward names, from the first on.
        match place {
            1 | 12 => return "twin".to_owned(),
            _ if place % 17 == 3 => {
                let name = AWKWARD[(place / 17) % AWKWARD.len()];
                return if place < 17 * AWKWARD.len() {
                    name.to_owned()
                } else {
                    format!("{name} {place}")
                };
            }
            _ => {}
        }
        let role = *self.dice.pick(&ROLES_OF_SERVERS);
        format!("{project}-{role}-{place}")
    }

    fn metadata(&mut self, place: usize) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        if self.dice.chance(0.4) {
            metadata.insert(
                "role".to_owned(),
                (*self.dice.pick(&ROLES_OF_SERVERS)).to_owned(),
            );
        }
        if place % 50 == 7 {
            metadata.insert("owner".to_owned(), "Jürgen & Søn".to_owned());
        }
        metadata
    }

    fn fault(&mut self, state: State, created: DateTime<Utc>) -> Option<Fault> {
        match state {
            State::Failed => Some(Fault {
                code: 500,
                message: (*self.dice.pick(&[
                    "Unexpected vif_type=binding_failed",
                    "internal error: process exited while connecting to monitor",
                    "Failed to get volume connection information",
                ]))
                .to_owned(),
                details: Some("Traceback (most recent call last):\n  …\nnova.exception".to_owned()),
                created: created + TimeDelta::hours(1),
            }),
            State::NeverPlaced => Some(Fault {
                code: 500,
                message: "No valid host was found. There are not enough hosts available."
                    .to_owned(),
                details: Some("Traceback (most recent call last):\n  …\nNoValidHost".to_owned()),
                created: created + TimeDelta::seconds(2),
            }),
            _ => None,
        }
    }

    fn actions(
        &mut self,
        state: State,
        user: crate::world::Key,
        host: Option<&Shared>,
        created: DateTime<Utc>,
        fault: Option<&Fault>,
    ) -> Vec<ServerAction> {
        let mut actions = Vec::new();
        let is_made = state != State::NeverPlaced;
        let made = created + TimeDelta::seconds(9);
        let finish = (state != State::Building).then_some(made);
        let create = ActionEvent {
            event: "compute__do_build_and_run_instance",
            start: created,
            finish,
            is_success: is_made,
            host: host.cloned(),
            traceback: None,
            details: None,
        };
        actions.push(ServerAction {
            action: "create",
            request_id: format!("req-{}", self.id()),
            user,
            start: created,
            updated: made,
            message: if is_made {
                None
            } else {
                Some("Error".to_owned())
            },
            events: if is_made { vec![create] } else { Vec::new() },
        });
        if let Some((action, event)) = state.last_action() {
            let start = fault.map_or(created + TimeDelta::minutes(30), |fault| fault.created);
            let updated = start + TimeDelta::seconds(3);
            let event = ActionEvent {
                event,
                start,
                finish: Some(updated),
                is_success: fault.is_none(),
                host: host.cloned(),
                traceback: fault.and_then(|fault| fault.details.clone()),
                details: fault.map(|fault| fault.message.clone()),
            };
            actions.push(ServerAction {
                action,
                request_id: format!("req-{}", self.id()),
                user,
                start,
                updated,
                message: fault.map(|_| "Error".to_owned()),
                events: vec![event],
            });
        }
        actions
    }

    /// One for each project, with its first servers.
    fn server_groups(&mut self) {
        for tenant in self.tenants {
            let servers = self.region.compute.servers.values();
            let members: Vec<Uuid> = servers
                .filter(|server| server.project == tenant.project && server.host.is_some())
                .take(3)
                .map(|server| server.id)
                .collect();
            if members.is_empty() {
                continue;
            }
            let group = ServerGroup {
                id: self.id(),
                name: format!("{}-apart", tenant.name),
                policy: "soft-anti-affinity",
                max_server_per_host: None,
                project: tenant.project,
                user: tenant.users.first().map_or(tenant.project, |(id, _)| *id),
                members,
            };
            self.region.compute.server_groups.insert(group.id, group);
        }
    }

    fn keypairs(&mut self) {
        for (number, tenant) in self.tenants.iter().enumerate() {
            for (user, _) in &tenant.users {
                let name = format!("key-{}", tenant.name);
                let fingerprint = self.dice.hex(32);
                let pairs: Vec<&str> = fingerprint
                    .as_bytes()
                    .chunks(2)
                    .filter_map(|pair| str::from_utf8(pair).ok())
                    .collect();
                let keypair = Keypair {
                    number: u32::try_from(number + 1).unwrap_or_default(),
                    name: name.clone(),
                    user: *user,
                    key_type: "ssh",
                    public_key: format!(
                        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} {name}",
                        self.dice.hex(42)
                    ),
                    fingerprint: pairs.join(":"),
                    created: self.now - TimeDelta::days(400),
                };
                self.region.compute.keypairs.insert((*user, name), keypair);
            }
        }
    }

    /// Enough for what each project has, and hardly enough for the third.
    pub(super) fn compute_quotas(&mut self) {
        for (place, tenant) in self.tenants.iter().enumerate() {
            let taken = self.region.compute.taken_by_project(tenant.project);
            let room = if place == 2 { 1 } else { 2 };
            let limit = ComputeQuota {
                instances: (i64::from(taken.servers) * room).max(10) + 1,
                cores: (i64::from(taken.vcpus) * room).max(20) + 2,
                ram_mib: (i64::try_from(taken.ram_mib).unwrap_or_default() * room).max(51200)
                    + 1024,
                ..ComputeQuota::default()
            };
            self.region.compute.quotas.insert(tenant.project, limit);
        }
    }
}

fn flavor(id: String, name: &str, vcpus: u32, ram_mib: u32, disk_gib: u32) -> Flavor {
    Flavor {
        id,
        name: name.to_owned(),
        description: None,
        vcpus,
        ram_mib,
        disk_gib,
        ephemeral_gib: 0,
        swap_mib: 0,
        is_public: true,
        disabled: false,
        extra_specs: BTreeMap::new(),
        access: Vec::new(),
    }
}
