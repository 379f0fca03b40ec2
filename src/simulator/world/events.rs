//! What is going to happen: things that take time in a cloud.

pub(crate) mod block_storage;
mod network;
mod server;
mod server_parts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) use self::server::{Deed, ServerStep};
use super::World;
use super::compute::{Fault, PowerState, VmState};
use crate::identity::Token;
use crate::orchestration::work::{self, Work};

/// Events by when they are due; those of one moment in the order in which they were planned.
#[derive(Default)]
pub(crate) struct Events {
    planned: BTreeMap<(DateTime<Utc>, u64), Event>,
    count: u64,
}

/// Something that happens to something in a region.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A server that was being built, rebuilt or started is there.
    ServerRuns { region: usize, server: Uuid },
    /// A server fails.
    ServerFails { region: usize, server: Uuid },
    /// An engine goes on with a stack, as whoever wrote it.
    StackWork {
        region: usize,
        stack: Uuid,
        caller: Arc<Token>,
        work: Work,
        tries: u32,
    },
    /// A back end has done something.
    Storage {
        region: usize,
        change: block_storage::Change,
    },
    /// An agent has brought a port up.
    PortComesUp { region: usize, port: Uuid },
    /// An agent has taken notice of where a floating IP leads.
    FloatingIpSettles { region: usize, floating_ip: Uuid },
    /// An agent has taken notice of a network's subnets.
    AddressesServed { region: usize, network: Uuid },
    /// An image was fetched from elsewhere, or could not be had.
    ImageFetched {
        region: usize,
        image: Uuid,
        can_be_had: bool,
    },
    /// What a request began with a server goes on.
    Server {
        region: usize,
        server: Uuid,
        request: String,
        step: ServerStep,
    },
}

impl Events {
    pub(crate) fn plan(&mut self, due: DateTime<Utc>, event: Event) {
        self.count += 1;
        self.planned.insert((due, self.count), event);
    }

    fn next_due(&mut self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Event)> {
        let first = self.planned.first_entry()?;
        let (due, _) = *first.key();
        (due <= now).then(|| (due, first.remove()))
    }
}

impl World {
    /// Lets everything happen that is due.
    pub(crate) fn catch_up(&mut self) {
        let now = self.now();
        while let Some((due, event)) = self.events.next_due(now) {
            self.happen(due, &event);
        }
    }

    /// Whether something is due.
    pub(crate) fn is_behind(&self) -> bool {
        let first = self.events.planned.first_key_value();
        first.is_some_and(|((due, _), _)| *due <= self.now())
    }

    fn happen(&mut self, at: DateTime<Utc>, event: &Event) {
        match event {
            Event::ImageFetched {
                region,
                image,
                can_be_had,
            } => self.image_fetched(*region, *image, *can_be_had, at),
            Event::Server {
                region,
                server,
                request,
                step,
            } => self.server_step(*region, *server, request, step, at),
            Event::ServerRuns { region, server } => {
                if let Some(server) = self.regions[*region].compute.servers.get_mut(server) {
                    server.vm_state = VmState::Active;
                    server.task_state = None;
                    server.power_state = PowerState::Running;
                    server.fault = None;
                    server.launched.get_or_insert(at);
                    server.updated = at;
                }
            }
            Event::StackWork {
                region,
                stack,
                caller,
                work,
                tries,
            } => work::go_on(self, *region, *stack, caller, *work, *tries),
            Event::Storage { region, change } => self.storage_changes(*region, change, at),
            Event::PortComesUp { region, port } => self.port_comes_up(*region, *port, at),
            Event::FloatingIpSettles {
                region,
                floating_ip,
            } => self.floating_ip_settles(*region, *floating_ip, at),
            Event::AddressesServed { region, network } => {
                self.addresses_served(*region, *network, at);
            }
            Event::ServerFails { region, server } => {
                if let Some(server) = self.regions[*region].compute.servers.get_mut(server) {
                    server.vm_state = VmState::Error;
                    server.task_state = None;
                    server.power_state = PowerState::NoState;
                    server.updated = at;
                    server.fault = Some(Fault {
                        code: 500,
                        message: "Unexpected vif_type=binding_failed".to_owned(),
                        details: Some("Traceback (most recent call last): …".to_owned()),
                        created: at,
                    });
                }
            }
        }
    }

    /// Something happens: a server that runs fails, and comes back some while later.
    pub(crate) fn stir(&mut self) {
        const RECOVERY: Duration = Duration::from_secs(45);
        let now = self.now();
        for region in 0..self.regions.len() {
            let servers = &self.regions[region].compute.servers;
            if servers.is_empty() {
                continue;
            }
            let place = self.dice.below(servers.len());
            let Some((id, server)) = servers.get_index(place) else {
                continue;
            };
            if server.vm_state != VmState::Active || server.task_state.is_some() {
                continue;
            }
            let server = *id;
            self.events.plan(now, Event::ServerFails { region, server });
            self.events
                .plan(now + RECOVERY, Event::ServerRuns { region, server });
        }
        self.catch_up();
    }
}
