//! Agents: `GET /agents`.

use serde::Deserialize;

use super::text;
use crate::cloud::Service;
use crate::cloud::collection::{Collection, Row};

/// All agents; empty for anyone but administrators.
///
/// Neutron ignores a `limit` here, and OVN makes the rows up as it goes.
pub const AGENTS: &Collection<Agent> = &Collection {
    item: Some(("/agents", "agent")),
    ..Collection::new(Service::Network, "/agents", "agents")
};

/// An agent as Neutron lists it. Its configurations are never read.
#[derive(Debug, Deserialize)]
pub struct Agent {
    /// Neutron's id.
    pub id: String,
    /// `Open vSwitch agent`, `L3 agent`, …
    #[serde(default, deserialize_with = "text")]
    pub agent_type: Option<String>,
    /// The program.
    #[serde(default, deserialize_with = "text")]
    pub binary: Option<String>,
    /// The host it runs on.
    #[serde(default, deserialize_with = "text")]
    pub host: Option<String>,
    /// The topic it listens to.
    #[serde(default, deserialize_with = "text")]
    pub topic: Option<String>,
    /// The zone it serves.
    #[serde(default, deserialize_with = "text")]
    pub availability_zone: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// Whether it is given work.
    pub admin_state_up: Option<bool>,
    /// Whether its heartbeats come.
    pub alive: Option<bool>,
    /// When it first reported.
    pub created_at: Option<String>,
    /// When it was started.
    pub started_at: Option<String>,
    /// When it last reported.
    pub heartbeat_timestamp: Option<String>,
}

impl Row for Agent {
    fn id(&self) -> &str {
        &self.id
    }
}
