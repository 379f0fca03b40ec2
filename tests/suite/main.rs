//! Behaviour through the front doors, without a cloud: one binary, one module a behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod ages;
mod call_budgets;
mod calls;
mod checked_in;
mod chunks;
mod configuration;
mod confirmation;
mod credentials;
mod doors;
mod faults;
mod layers;
mod leaving;
mod metrics;
mod outcomes;
mod paging;
mod program;
mod rates;
mod read_only;
mod references;
#[cfg(feature = "redis")]
mod replicas;
mod running;
mod schema;
mod signals;
mod simulated;
mod simulation;
mod sockets;
mod subcommands;
mod tokens;
mod tools;
#[cfg(feature = "otlp")]
mod traces;
mod walk;
