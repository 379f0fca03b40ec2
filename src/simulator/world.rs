//! The state of the cloud, in its own terms: what a caller sees of it is decided where it is served.

pub(crate) mod block_storage;
pub(crate) mod compute;
pub(crate) mod events;
pub(crate) mod generate;
pub(crate) mod id;
pub(crate) mod identity;
pub(crate) mod image;
pub(crate) mod network;
pub(crate) mod orchestration;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use uuid::Uuid;

pub(crate) use self::id::Key;
use crate::Options;
use crate::clock::Clock;
use crate::identity::Token;

/// Rows by id, in the order in which they were made.
pub(crate) type Table<T, K = Uuid> = IndexMap<K, T>;

/// Text that many rows share.
pub(crate) type Shared = Arc<str>;

/// Everything there is.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) dice: generate::Dice,
    pub(crate) identity: identity::Identity,
    pub(crate) regions: Vec<Region>,
    /// What is going to happen.
    pub(crate) events: events::Events,
    token_lifetime: Duration,
}

/// What each region has of its own. Identity spans them.
#[derive(Default)]
pub(crate) struct Region {
    pub(crate) compute: compute::Compute,
    pub(crate) network: network::Network,
    pub(crate) block_storage: block_storage::BlockStorage,
    pub(crate) image: image::Images,
    pub(crate) orchestration: orchestration::Orchestration,
}

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        generate::world(options)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn step(&mut self, by: Duration) {
        self.clock.step(by);
        self.catch_up();
    }

    /// The token of this id, unless it has expired.
    pub(crate) fn valid_token(&self, id: &str) -> Option<Arc<Token>> {
        let token = self.identity.tokens.get(id)?;
        (token.expires > self.now()).then(|| Arc::clone(token))
    }

    /// When a token that is given now expires.
    pub(crate) fn token_expiry(&self) -> DateTime<Utc> {
        self.now() + self.token_lifetime
    }

    /// How many of everything there are: for those who look at the simulation.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let mut count = |name: &str, number: usize| {
            *counts.entry(name.to_owned()).or_default() += number;
        };
        count("projects", self.identity.projects.len());
        count("users", self.identity.users.len());
        for region in &self.regions {
            count("servers", region.compute.servers.len());
            count("flavors", region.compute.flavors.len());
            count("hypervisors", region.compute.hypervisors.len());
            count("networks", region.network.networks.len());
            count("ports", region.network.ports.len());
            count("routers", region.network.routers.len());
            count("floatingIps", region.network.floating_ips.len());
            count("securityGroups", region.network.security_groups.len());
            count("volumes", region.block_storage.volumes.len());
            count("snapshots", region.block_storage.snapshots.len());
            count("backups", region.block_storage.backups.len());
            count("images", region.image.images.len());
            count("stacks", region.orchestration.stacks.len());
        }
        counts
    }
}
