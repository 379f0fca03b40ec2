//! One GraphQL graph in front of an OpenStack cloud, and an MCP server as a thin layer of fixed
//! queries and mutations over that graph.
//!
//! A request's way: a door ([`mcp`], [`http`]) → [`auth`] → [`policy`] → [`graph`] (validate, resolve,
//! batch) → [`cloud`] → OpenStack. See `ARCHITECTURE.md` for the map and the invariants.

pub mod audit;
pub mod auth;
pub mod check;
pub mod cloud;
pub mod config;
pub mod error;
pub mod graph;
pub mod health;
pub mod http;
pub mod mcp;
pub mod measure;
pub mod policy;
pub mod serve;
pub mod shared;
pub mod simulation;
pub mod trace;

pub use error::{Error, Result};

/// The version and the commit that was built, as `0.1.0 (7a3b2cb01234)`.
pub const VERSION: &str = env!("VERSION");
