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
pub mod http;
pub mod mcp;
pub mod policy;
pub mod serve;
pub mod simulation;

pub use error::{Error, Result};
