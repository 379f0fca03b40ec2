//! Behaviour through the front doors, without a cloud: one binary, one module a behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails is a test that fails"
)]

mod broken_cloud;
mod doors;
mod layers;
mod outage;
mod program;
mod schema;
mod support;
mod tools;
