//! Heat: stacks, their resources, events and templates.

mod resource;
mod stack;
mod stack_write;

pub use resource::{Event, Resource};
pub use stack::{Output, STACKS, ShownStack, Stack, StackPath};
pub use stack_write::{PreviewedResource, StackAct, StackPlan, StackPreview};
