//! Behaviour through the front doors, without a cloud: one binary, one module a behaviour.

mod doors;
mod layers;
mod program;
mod schema;
mod support;
mod tools;
