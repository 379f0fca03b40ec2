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
mod chunks;
mod configuration;
mod confirmation;
mod credentials;
mod doors;
mod faults;
mod layers;
mod leaving;
mod outcomes;
mod paging;
mod program;
mod read_only;
mod schema;
mod simulated;
mod simulation;
mod sockets;

mod tokens;
mod tools;
mod walk;
