//! Behaviour through the front doors, without a cloud: one binary, one module a behaviour.

mod layers;
mod schema;
mod support;
mod tools;
