//! Network agents: the programs on hosts that do Neutron's work.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, AGENTS};
use crate::graph::connection::Node;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{FilterQuery, among};
use crate::graph::noun::{
    IdShape, Noun, Pushed, by_repeated_id, contains, grouped, root_fields, unset_or,
};
use crate::graph::scalar::DateTime;
use crate::graph::scope::Scope;

/// A network agent: a program on a host that does Neutron's work. From `GET /agents`;
/// administrators only.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct NetworkAgent {
    /// Neutron's id; with OVN not always a UUID.
    id: ID,
    /// What it does: `Open vSwitch agent`, `L3 agent`, `DHCP agent`, …
    agent_type: Option<String>,
    /// The program, as `neutron-l3-agent`.
    binary: Option<String>,
    /// The host it runs on.
    host: Option<String>,
    /// The message topic it listens to.
    topic: Option<String>,
    /// The zone it serves.
    availability_zone: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Whether it is given new work.
    is_admin_state_up: Option<bool>,
    /// Whether its heartbeats come, as Neutron judges.
    is_alive: Option<bool>,
    /// When it first reported.
    created_at: Option<DateTime>,
    /// When it was started.
    started_at: Option<DateTime>,
    /// When it last reported.
    heartbeat_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl NetworkAgent {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }
}

/// Which network agents.
#[derive(InputObject, Default)]
pub struct NetworkAgentFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// On this host.
    host: Option<String>,
    /// The host's name contains this, whatever the case.
    host_contains: Option<String>,
    /// Of exactly this type, as `L3 agent`.
    agent_type: Option<String>,
    /// Alive, or not.
    is_alive: Option<bool>,
    /// Given work, or not.
    is_admin_state_up: Option<bool>,
}

/// What network agents can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum NetworkAgentOrderField {
    /// The host's name.
    Host,
    /// What they do.
    AgentType,
    /// When they last reported.
    HeartbeatAt,
}

impl Node for NetworkAgent {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for NetworkAgent {
    type Row = network::Agent;
    type Filter = NetworkAgentFilter;
    type Order = NetworkAgentOrderField;

    const KIND: &'static str = "Network agent";
    const LIST: &'static str = "networkAgents";
    const COLLECTION: &'static Collection<network::Agent> = AGENTS;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<network::Agent>) -> Self {
        Self {
            id: ID::from(&row.id),
            agent_type: row.agent_type.clone(),
            binary: row.binary.clone(),
            host: row.host.clone(),
            topic: row.topic.clone(),
            availability_zone: row.availability_zone.clone(),
            description: row.description.clone(),
            is_admin_state_up: row.admin_state_up,
            is_alive: row.alive,
            created_at: DateTime::maybe(row.created_at.as_deref()),
            started_at: DateTime::maybe(row.started_at.as_deref()),
            heartbeat_at: DateTime::maybe(row.heartbeat_timestamp.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(_row: &network::Agent) -> Option<&str> {
        None
    }

    fn keeps(filter: &NetworkAgentFilter, row: &network::Agent) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && unset_or(filter.host.as_ref(), |host| row.host.as_ref() == Some(host))
            && unset_or(filter.host_contains.as_ref(), |part| {
                contains(row.host.as_deref(), part)
            })
            && unset_or(filter.agent_type.as_ref(), |kind| {
                row.agent_type.as_ref() == Some(kind)
            })
            && unset_or(filter.is_alive.as_ref(), |is| row.alive == Some(*is))
            && unset_or(filter.is_admin_state_up.as_ref(), |is| {
                row.admin_state_up == Some(*is)
            })
    }

    fn compare(
        order: NetworkAgentOrderField,
        one: &network::Agent,
        other: &network::Agent,
    ) -> Ordering {
        match order {
            NetworkAgentOrderField::Host => one.host.cmp(&other.host),
            NetworkAgentOrderField::AgentType => one.agent_type.cmp(&other.agent_type),
            NetworkAgentOrderField::HeartbeatAt => {
                one.heartbeat_timestamp.cmp(&other.heartbeat_timestamp)
            }
        }
    }

    fn push(filter: &NetworkAgentFilter) -> Pushed {
        FilterQuery::new()
            .any("id", filter.ids.as_ref())
            .one("host", filter.host.as_ref())
            .one("agent_type", filter.agent_type.as_ref())
            .rest(true)
            .pushed()
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::Agent>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

root_fields! {
    NetworkAgentQuery for NetworkAgent,
    /// One network agent, by its id. Administrators only.
    one: network_agent,
    /// The network agents. Administrators only: for anyone else Neutron answers with none.
    many: network_agents,
    filter: NetworkAgentFilter, order: NetworkAgentOrderField
}

/// Network agents by the name of their host.
pub struct AgentsOfHost;

impl Plan for AgentsOfHost {
    type Key = String;
    type Value = Vec<Arc<network::Agent>>;

    async fn load(
        cloud: Cloud,
        _hosts: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Agent>>>> {
        let rows = cloud.list(AGENTS, &[]).await?;
        Ok(grouped(rows.iter().cloned(), |row| row.host.as_deref()))
    }
}
