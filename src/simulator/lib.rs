//! An OpenStack on localhost: Keystone v3, Nova 2.1, Neutron v2.0, Cinder v3, Glance v2, Heat v1
//! and Placement over real HTTP, filled from a seed number, for demonstrations, for tests, and for
//! benchmarks at sizes that no test cloud has.
//!
//! It knows nothing of the gateway that is tried on it, and shares no type with it: two sides that
//! read one struct agree on its mistakes. What holds it to reality is `tests/recorded`: exchanges
//! with a real cloud, whose shapes, paging, filters and errors it has to repeat.
//!
//! How a request goes: `http` takes it apart into a `call::Call`, `fault` may spoil it,
//! the service's module answers it from the `world::World`, `log` remembers it. A service's
//! module is named after its service type and has a file for each noun. The state is in `world`,
//! one struct for each thing in its own terms; what a caller sees of it, by microversion and by
//! role, is decided where it is served. Reads take the world as it is, writes change it, and what
//! takes time in a cloud (a server that builds) is an event in `world::events`, which is due by
//! the `clock` or by hand.
//!
//! Under `/simulator` is the simulation itself: its `control`.

mod base64;
mod block_storage;
mod call;
mod clock;
mod clouds_yaml;
mod compute;
mod control;
pub mod fault;
mod http;
mod identity;
mod image;
pub mod log;
mod md5;
mod network;
mod orchestration;
mod placement;
mod python;
mod reply;
mod service;
mod webob;
mod world;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::clock::Pace;
use self::fault::Faults;
use self::log::Log;
pub use self::service::Service;
use self::world::World;

/// What the simulated cloud is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same number makes the same cloud, but for its times, which count back from now.
    pub seed: u64,
    /// How many servers there are in each region.
    pub servers: usize,
    /// How many hypervisors they run on; as many as they need when absent.
    pub hypervisors: Option<usize>,
    /// How many projects own them; one for each fifty when absent, three at least.
    pub projects: Option<usize>,
    /// How many regions there are: `RegionOne`, `RegionTwo`, …
    pub regions: usize,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// Whether time passes by itself.
    pub pace: Pace,
    /// How long each answer is held back.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            servers: 60,
            hypervisors: None,
            projects: None,
            regions: 1,
            token_lifetime: Duration::from_secs(60 * 60),
            pace: Pace::ByClock,
            latency: Duration::ZERO,
        }
    }
}

/// A simulated cloud. Clones are the same cloud.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    world: RwLock<World>,
    faults: Faults,
    log: Log,
}

impl Simulator {
    /// Makes a cloud. Nothing listens yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let faults = Faults::new(options.seed);
        faults.set_latency(options.latency);
        let world = RwLock::new(World::new(&options));
        let log = Log::default();
        let inner = Inner {
            options,
            world,
            faults,
            log,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Answers on a listener until told to stop.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) {
        http::serve(self.clone(), listener, shutdown).await;
    }

    /// The clouds.yaml for a simulation that answers at `url`: `simulated` (an admin),
    /// `simulated-member` and `simulated-reader` (of one project).
    #[must_use]
    pub fn clouds_yaml(&self, url: &str) -> String {
        clouds_yaml::text(url, &self.inner.options)
    }

    /// What goes wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The requests that came.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.inner.log
    }

    /// Lets time pass, and what is due happen.
    pub fn step(&self, by: Duration) {
        self.world_mut().step(by);
    }

    /// Lets something happen that happens in clouds: a server fails, another one is built. Those
    /// who watch a demonstration should see things change.
    pub fn stir(&self) {
        self.world_mut().stir();
    }

    /// Makes the cloud as it was at first, without faults and with an empty log.
    pub fn reset(&self) {
        let world = World::new(&self.inner.options);
        *self.world_mut() = world;
        self.inner.faults.clear();
        self.inner.faults.set_latency(self.inner.options.latency);
        self.inner.log.clear();
    }

    /// Lets happen what has become due since the last request.
    fn catch_up(&self) {
        let is_behind = self.world().is_behind();
        if is_behind {
            self.world_mut().catch_up();
        }
    }

    // A request that panicked has not left a half-made world worth refusing all others for.
    fn world(&self) -> RwLockReadGuard<'_, World> {
        self.inner
            .world
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.inner
            .world
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
