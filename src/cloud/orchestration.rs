//! Heat: stacks, their resources, events and templates.

mod resource;
mod stack;

pub use resource::{Event, Resource};
pub use stack::{Output, STACKS, ShownStack, Stack, StackPath};
