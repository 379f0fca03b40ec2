//! What happens to servers in the course of what is done with them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Event;
use crate::world::compute::{
    ActionEvent, Fault, Flavor, PowerState, Resize, Server, ServerAction, VmState,
};
use crate::world::{Key, Shared, World};

/// A step of something that is done with a server.
#[derive(Clone, Debug)]
pub(crate) enum ServerStep {
    /// A host is looked for; then it is built there.
    Schedule,
    /// It is what it was to become.
    Becomes(VmState, PowerState),
    /// It was shelved, and leaves its host.
    Shelved,
    /// It has no host any more.
    Offloaded,
    /// A host is looked for; then it is there again.
    Unshelve,
    /// It runs with another flavor, maybe on another host.
    Resized(Arc<Flavor>),
    /// It keeps the flavor that it was given.
    Confirmed,
    /// It has its old flavor, and its old host.
    Reverted,
    /// The image that was made of it is there.
    Imaged(Uuid),
    /// A volume is attached to it.
    VolumeAttached(Uuid),
    /// A volume is not attached to it any more.
    VolumeDetached(Uuid),
    /// A port is not its own any more.
    InterfaceDetached(Uuid),
    /// It is gone.
    Deleted,
}

/// How long each takes.
const SPAWNING: Duration = Duration::from_secs(4);
const OFFLOADING: Duration = Duration::from_secs(2);

/// What is done with a server by one request.
pub(crate) struct Deed<'a> {
    pub(crate) region: usize,
    pub(crate) server: Uuid,
    /// `req-` and a UUID.
    pub(crate) request: &'a str,
    pub(crate) user: Key,
}

impl World {
    /// Notes that something is being done with a server.
    pub(crate) fn begin(
        &mut self,
        deed: &Deed<'_>,
        action: &'static str,
        event: Option<&'static str>,
    ) {
        let now = self.now();
        let Some(server) = self.server_mut(deed.region, deed.server) else {
            return;
        };
        let action = ServerAction {
            action,
            request_id: deed.request.to_owned(),
            user: deed.user,
            start: now,
            updated: now,
            message: None,
            events: Vec::new(),
        };
        server.actions.push(action);
        server.updated = now;
        if let Some(event) = event {
            server.begin_event(deed.request, event, now);
        }
    }

    /// Plans what happens to a server in some time.
    pub(crate) fn plan_step(&mut self, deed: &Deed<'_>, after: Duration, step: ServerStep) {
        let due = self.now() + after;
        self.plan_at(deed.region, deed.server, deed.request.to_owned(), due, step);
    }

    fn plan_at(
        &mut self,
        region: usize,
        server: Uuid,
        request: String,
        due: DateTime<Utc>,
        step: ServerStep,
    ) {
        let event = Event::Server {
            region,
            server,
            request,
            step,
        };
        self.events.plan(due, event);
    }

    pub(crate) fn server_mut(&mut self, region: usize, id: Uuid) -> Option<&mut Server> {
        self.regions.get_mut(region)?.compute.servers.get_mut(&id)
    }

    /// Lets a step happen.
    pub(super) fn server_step(
        &mut self,
        region: usize,
        id: Uuid,
        request: &str,
        step: &ServerStep,
        at: DateTime<Utc>,
    ) {
        let target = match step {
            ServerStep::Resized(flavor) => self.host_to_resize(region, id, flavor),
            _ => None,
        };
        let Some(server) = self.server_mut(region, id) else {
            return;
        };
        // What is being deleted does nothing else any more.
        let is_going = server.task_state == Some("deleting");
        if is_going && !matches!(step, ServerStep::Deleted) {
            return;
        }
        match step {
            ServerStep::Schedule => return self.schedule(region, id, request, at),
            ServerStep::Unshelve => return self.unshelve(region, id, request, at),
            ServerStep::Becomes(vm_state, power_state) => {
                server.becomes(*vm_state, *power_state, at);
                if *vm_state == VmState::Active {
                    server.launched.get_or_insert(at);
                    server.fault = None;
                }
            }
            ServerStep::Shelved => {
                server.vm_state = VmState::Shelved;
                server.power_state = PowerState::Shutdown;
                server.task_state = Some("shelving_offloading");
                server.updated = at;
                let due = at + OFFLOADING;
                return self.plan_at(region, id, request.to_owned(), due, ServerStep::Offloaded);
            }
            ServerStep::Offloaded => {
                server.becomes(VmState::ShelvedOffloaded, PowerState::Shutdown, at);
                server.host = None;
            }
            ServerStep::Resized(flavor) => {
                server.begin_event(request, "compute_finish_resize", at);
                let before = Resize {
                    flavor: std::mem::replace(&mut server.flavor, Arc::clone(flavor)),
                    host: server.host.clone(),
                    zone: Arc::clone(&server.zone),
                    was_running: server.vm_state == VmState::Active,
                };
                server.resize = Some(before);
                if let Some((host, zone)) = target {
                    server.host = Some(host);
                    server.zone = zone;
                }
                let power_state = server.power_state;
                server.becomes(VmState::Resized, power_state, at);
            }
            ServerStep::Confirmed | ServerStep::Reverted => {
                let Some(resize) = server.resize.take() else {
                    return;
                };
                if matches!(step, ServerStep::Reverted) {
                    server.begin_event(request, "compute_finish_revert_resize", at);
                    server.flavor = resize.flavor;
                    server.host = resize.host;
                    server.zone = resize.zone;
                }
                if resize.was_running {
                    server.becomes(VmState::Active, PowerState::Running, at);
                } else {
                    server.becomes(VmState::Stopped, PowerState::Shutdown, at);
                }
            }
            ServerStep::Imaged(image) => {
                server.task_state = None;
                server.updated = at;
                server.end(request, None, at);
                self.image_is_there(region, *image, at);
                return;
            }
            ServerStep::VolumeAttached(volume) => {
                server.end(request, None, at);
                return self.volume_is_attached(region, id, *volume, at);
            }
            ServerStep::VolumeDetached(volume) => {
                server.volumes.retain(|row| row.id != *volume);
                server.end(request, None, at);
                return self.volume_is_detached(region, id, *volume, at);
            }
            ServerStep::InterfaceDetached(port) => {
                server.ports.retain(|row| row != port);
                server.end(request, None, at);
                return self.port_is_free(region, *port, at);
            }
            ServerStep::Deleted => {
                server.end(request, None, at);
                return self.server_is_gone(region, id, at);
            }
        }
        if let Some(server) = self.server_mut(region, id) {
            server.end(request, None, at);
        }
        self.bind_ports(region, id, at);
    }

    fn schedule(&mut self, region: usize, id: Uuid, request: &str, at: DateTime<Utc>) {
        let found = self.host_for(region, id);
        let Some(server) = self.server_mut(region, id) else {
            return;
        };
        let Some((host, zone)) = found else {
            server.no_host(request, at);
            return self.free_volumes(region, id, at);
        };
        server.host = Some(Arc::clone(&host));
        server.zone = zone;
        server.task_state = Some("spawning");
        server.begin_event(request, "compute__do_build_and_run_instance", at);
        if let Some(event) = server.event_mut(request) {
            event.host = Some(host);
        }
        self.bind_ports(region, id, at);
        let volumes = self.server_mut(region, id).map(|server| {
            let volumes = server.volumes.iter();
            volumes.map(|volume| volume.id).collect::<Vec<Uuid>>()
        });
        for volume in volumes.unwrap_or_default() {
            self.volume_is_attached(region, id, volume, at);
        }
        let step = ServerStep::Becomes(VmState::Active, PowerState::Running);
        self.plan_at(region, id, request.to_owned(), at + SPAWNING, step);
    }

    fn unshelve(&mut self, region: usize, id: Uuid, request: &str, at: DateTime<Utc>) {
        let found = self.host_for(region, id);
        let Some(server) = self.server_mut(region, id) else {
            return;
        };
        let Some((host, zone)) = found else {
            server.task_state = None;
            server.end(request, Some("Error"), at);
            return;
        };
        server.host = Some(host);
        server.zone = zone;
        server.task_state = Some("spawning");
        for event in ["get_image_info", "schedule_instances"] {
            server.begin_event(request, event, at);
            server.end(request, None, at);
        }
        server.begin_event(request, "compute_unshelve_instance", at);
        let step = ServerStep::Becomes(VmState::Active, PowerState::Running);
        self.plan_at(region, id, request.to_owned(), at + SPAWNING, step);
    }

    /// The traits that a server's image wants its host to have.
    fn demanded_traits(&self, region: usize, server: &Server) -> Vec<&str> {
        let images = self.regions.get(region).map(|region| &region.image.images);
        let image = images.zip(server.image).and_then(|(all, id)| all.get(&id));
        let properties = image.into_iter().flat_map(|image| &image.properties);
        let required = properties.filter(|(_, value)| *value == "required");
        required
            .filter_map(|(name, _)| name.strip_prefix("trait:"))
            .collect()
    }

    /// The host with the most memory left of those that are up and have room for a server, and its
    /// zone.
    fn host_for(&self, region: usize, id: Uuid) -> Option<(Shared, Shared)> {
        let server = self.regions.get(region)?.compute.servers.get(&id)?;
        self.host_with(region, server, &server.flavor, None)
    }

    /// Another host for a server that gets another flavor; it stays where it is if there is none.
    fn host_to_resize(&self, region: usize, id: Uuid, flavor: &Flavor) -> Option<(Shared, Shared)> {
        let server = self.regions.get(region)?.compute.servers.get(&id)?;
        self.host_with(region, server, flavor, server.host.as_ref())
    }

    fn host_with(
        &self,
        region: usize,
        server: &Server,
        needed: &Flavor,
        not_on: Option<&Shared>,
    ) -> Option<(Shared, Shared)> {
        let compute = &self.regions.get(region)?.compute;
        let taken = compute.taken_by_host();
        let services = compute.services_by_host();
        let now = self.now();
        let traits = self.demanded_traits(region, server);
        let disk = if server.image.is_some() {
            needed.disk_gib
        } else {
            0
        };
        let room = |row: &&crate::world::compute::Hypervisor| {
            let service = services.get(&*row.host)?;
            let is_usable = service.is_enabled && service.is_up(now);
            let is_wanted = server
                .wanted_zone
                .as_ref()
                .is_none_or(|zone| *zone == row.zone);
            let has_traits = traits.iter().all(|name| row.traits.contains(name));
            let is_other = not_on != Some(&row.host);
            if !is_usable || !is_wanted || !has_traits || !is_other {
                return None;
            }
            let taken = taken.get(&row.host).copied().unwrap_or_default();
            let vcpus = f64::from(row.vcpus) * row.cpu_allocation_ratio - f64::from(taken.vcpus);
            let whole = i64::from(row.memory_mib) - i64::from(row.reserved_memory_mib);
            let memory = whole - i64::try_from(taken.ram_mib).ok()?;
            let gib = i64::from(row.disk_gib) - i64::try_from(taken.disk_gib).ok()?;
            let has_room = vcpus >= f64::from(needed.vcpus)
                && memory >= i64::from(needed.ram_mib)
                && gib >= i64::from(disk + needed.ephemeral_gib);
            has_room.then_some(memory)
        };
        let rows = compute.hypervisors.values();
        let fitting = rows.filter_map(|row| Some((room(&row)?, row)));
        let (_, row) = fitting.max_by_key(|(memory, _)| *memory)?;
        Some((Arc::clone(&row.host), Arc::clone(&row.zone)))
    }
}

impl Server {
    fn becomes(&mut self, vm_state: VmState, power_state: PowerState, at: DateTime<Utc>) {
        self.vm_state = vm_state;
        self.power_state = power_state;
        self.task_state = None;
        self.updated = at;
    }

    fn no_host(&mut self, request: &str, at: DateTime<Utc>) {
        self.becomes(VmState::Error, PowerState::NoState, at);
        self.end(request, Some("Error"), at);
        self.fault = Some(Fault {
            code: 500,
            message: "No valid host was found. ".to_owned(),
            details: Some("Traceback (most recent call last):\n  …\nNoValidHost".to_owned()),
            created: at,
        });
    }

    fn action_mut(&mut self, request: &str) -> Option<&mut ServerAction> {
        let mut actions = self.actions.iter_mut().rev();
        actions.find(|row| row.request_id == request)
    }

    fn event_mut(&mut self, request: &str) -> Option<&mut ActionEvent> {
        self.action_mut(request)?.events.last_mut()
    }

    pub(crate) fn begin_event(&mut self, request: &str, event: &'static str, at: DateTime<Utc>) {
        let host = self.host.clone();
        let Some(action) = self.action_mut(request) else {
            return;
        };
        action.updated = at;
        action.events.push(ActionEvent {
            event,
            start: at,
            finish: None,
            is_success: true,
            host,
            traceback: None,
            details: None,
        });
    }

    /// Notes that what a request began has ended, and what went wrong with it.
    pub(crate) fn end(&mut self, request: &str, message: Option<&str>, at: DateTime<Utc>) {
        let Some(action) = self.action_mut(request) else {
            return;
        };
        action.updated = at;
        action.message = message.map(str::to_owned);
        for event in &mut action.events {
            if event.finish.is_none() {
                event.finish = Some(at);
                event.is_success = message.is_none();
            }
        }
    }
}
