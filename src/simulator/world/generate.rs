//! Makes a cloud from a seed: in realistic proportions, with some things wrong in it.

mod compute;
mod dice;
mod identity;
mod image;
mod network;
mod orchestration;
mod storage;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub(crate) use self::dice::Dice;
use super::{Key, Region, Shared, World};
use crate::Options;
use crate::clock::Clock;

/// Servers for each project, where the number of projects is not given.
const SERVERS_PER_PROJECT: usize = 50;
const FEWEST_PROJECTS: usize = 3;
/// Servers for each hypervisor, where the number of hypervisors is not given.
const SERVERS_PER_HYPERVISOR: usize = 33;
const FEWEST_HYPERVISORS: usize = 3;

/// The zones that there are.
const ZONES: [&str; 3] = ["az-1", "az-2", "az-3"];

pub(super) fn world(options: &Options) -> World {
    let clock = Clock::new(options.pace);
    let mut world = World {
        dice: Dice::new(options.seed),
        identity: super::identity::Identity::default(),
        regions: Vec::new(),
        events: super::events::Events::default(),
        token_lifetime: options.token_lifetime,
        clock,
    };
    let projects = options
        .projects
        .unwrap_or(options.servers / SERVERS_PER_PROJECT);
    let tenants = identity::fill(&mut world, options, projects.max(FEWEST_PROJECTS));
    for _ in 0..options.regions.max(1) {
        let mut maker = Maker {
            now: world.clock.now(),
            dice: &mut world.dice,
            tenants: &tenants,
            zones: ZONES.iter().map(|zone| Shared::from(*zone)).collect(),
            region: Region::default(),
        };
        let hypervisors = options
            .hypervisors
            .unwrap_or(options.servers / SERVERS_PER_HYPERVISOR);
        maker.fill(options.servers, hypervisors.max(FEWEST_HYPERVISORS));
        let region = maker.region;
        world.regions.push(region);
    }
    world
}

/// A project and those who work in it.
pub(super) struct Tenant {
    project: Key,
    name: String,
    users: Vec<(Key, String)>,
    /// The project in which its stacks keep their users.
    stack_users: Key,
}

/// Fills one region.
pub(super) struct Maker<'a> {
    now: DateTime<Utc>,
    dice: &'a mut Dice,
    /// The admin's project is the first.
    tenants: &'a [Tenant],
    zones: Vec<Shared>,
    region: Region,
}

impl Maker<'_> {
    fn fill(&mut self, servers: usize, hypervisors: usize) {
        let images = self.images();
        let flavors = self.flavors();
        let places = self.networks();
        self.hypervisors(hypervisors);
        self.network_agents();
        self.volume_types();
        self.servers(servers, &images, &flavors, &places);
        self.floating_ips(&places);
        self.network_details();
        self.volumes();
        self.compute_quotas();
        self.stacks();
    }

    /// A time in the past: mostly lately, seldom long ago.
    fn past(&mut self, at_most_days: u32) -> DateTime<Utc> {
        let share = self.dice.share();
        let seconds = share * share * f64::from(at_most_days) * 86_400.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number of seconds in some years"
        )]
        let seconds = seconds as i64 + 60;
        self.now - TimeDelta::seconds(seconds)
    }

    fn id(&mut self) -> Uuid {
        self.dice.uuid()
    }

    fn zone(&self, place: usize) -> Shared {
        Arc::clone(&self.zones[place % self.zones.len()])
    }
}
