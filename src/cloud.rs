//! One caller's view of a cloud: knows REST, and nothing of GraphQL or MCP.

mod service;

pub use service::Service;
