//! Agents, what they serve, and the zones they make.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::listing::{Row, find};
use super::small::{Small, Unknown, pick};
use super::{Asker, error, listing, unknown_path};
use crate::clock::spaced;
use crate::reply::{Answer, Reply};
use crate::world::id::read_uuid;
use crate::world::network::{Agent, Port, Router};

/// How often an agent reports.
const REPORT: TimeDelta = TimeDelta::seconds(30);
/// After how long a silence it counts as dead.
const PATIENCE: TimeDelta = TimeDelta::seconds(75);

/// Nobody but admins sees any.
pub(super) fn list(asker: &Asker<'_>) -> Answer {
    let mut agents: Vec<&Agent> = asker.network.agents.values().collect();
    agents.retain(|_| asker.is_admin);
    agents.sort_unstable_by_key(|agent| agent.id);
    Small {
        collection: "agents",
        filters: &[
            "id",
            "agent_type",
            "binary",
            "topic",
            "host",
            "admin_state_up",
            "availability_zone",
            "alive",
            "description",
            "created_at",
            "started_at",
            "heartbeat_timestamp",
            "resources_synced",
        ],
        unknown: Unknown::Refused,
        is_paged: false,
    }
    .list(asker, agents.iter().map(|row| view(asker, row)).collect())
}

pub(super) fn show(asker: &Asker<'_>, id: &str) -> Answer {
    let agent = known(asker, id)?;
    if !asker.is_admin {
        return Err(unknown_path());
    }
    let mut view = view(asker, agent);
    pick(&mut view, &listing::fields(&asker.call.query));
    Ok(Reply::ok(&json!({"agent": view})))
}

fn known<'w>(asker: &Asker<'w>, id: &str) -> Result<&'w Agent, Reply> {
    let agent = read_uuid(id).and_then(|id| asker.network.agents.get(&id));
    agent.ok_or_else(|| {
        let message = format!("Agent {id} could not be found.");
        error(StatusCode::NOT_FOUND, "AgentNotFound", &message)
    })
}

fn view(asker: &Asker<'_>, agent: &Agent) -> Value {
    let heartbeat = heartbeat(agent, asker.call.now);
    json!({
        "id": agent.id,
        "agent_type": agent.agent_type,
        "binary": agent.binary,
        "topic": agent.topic,
        "host": agent.host,
        "admin_state_up": agent.is_up,
        "created_at": spaced(agent.created),
        "started_at": spaced(agent.started),
        "heartbeat_timestamp": spaced(heartbeat),
        "description": agent.description,
        "resources_synced": null,
        "availability_zone": agent.zone,
        "alive": is_alive(agent, asker.call.now),
        "configurations": agent.configurations,
    })
}

/// When it reported last.
fn heartbeat(agent: &Agent, now: DateTime<Utc>) -> DateTime<Utc> {
    if let Some(since) = agent.silent_since {
        return since;
    }
    let passed = (now - agent.started).num_seconds().max(0);
    now - TimeDelta::seconds(passed % REPORT.num_seconds())
}

fn is_alive(agent: &Agent, now: DateTime<Utc>) -> bool {
    now - heartbeat(agent, now) < PATIENCE
}

/// The agents of a kind on some hosts, as a scheduler tells of them.
fn scheduled(asker: &Asker<'_>, agent_type: &str, hosts: &BTreeSet<&str>) -> Vec<Value> {
    let agents = asker.network.agents.values();
    let agents = agents
        .filter(|agent| agent.agent_type == agent_type && hosts.contains(agent.host.as_ref()));
    agents
        .map(|agent| {
            let mut view = view(asker, agent);
            view["resource_versions"] = json!({});
            view
        })
        .collect()
}

/// Of a network that does not exist too.
pub(super) fn of_network(asker: &Asker<'_>, id: &str) -> Answer {
    asker.must_be_admin("get_dhcp-agents")?;
    let network = read_uuid(id);
    let ports = asker.network.ports.values();
    let ports = ports.filter(|port| Some(port.network) == network && is_dhcp(port));
    let hosts = ports.filter_map(|port| port.host.as_deref()).collect();
    let agents = scheduled(asker, "DHCP agent", &hosts);
    Ok(Reply::ok(&json!({"agents": agents})))
}

pub(super) fn of_router(asker: &Asker<'_>, id: &str) -> Answer {
    asker.must_be_admin("get_l3-agents")?;
    let router: &Router = find(asker, id)?;
    let hosts = hosts_of_routers(asker);
    let hosts = hosts.get(&router.id).cloned().unwrap_or_default();
    let mut agents = scheduled(asker, "L3 agent", &hosts);
    for agent in &mut agents {
        agent["ha_state"] = Value::Null;
    }
    Ok(Reply::ok(&json!({"agents": agents})))
}

fn is_dhcp(port: &Port) -> bool {
    &*port.device_owner == "network:dhcp"
}

/// On which hosts routers have ports.
fn hosts_of_routers<'w>(asker: &Asker<'w>) -> BTreeMap<Uuid, BTreeSet<&'w str>> {
    let mut hosts: BTreeMap<Uuid, BTreeSet<&str>> = BTreeMap::new();
    for port in asker.network.ports.values() {
        let is_router = port.device_owner.starts_with("network:router_");
        if let (true, Some(host)) = (is_router, port.host.as_deref())
            && let Some(router) = read_uuid(&port.device_id)
        {
            hosts.entry(router).or_default().insert(host);
        }
    }
    hosts
}

pub(super) fn routers(asker: &Asker<'_>, id: &str) -> Answer {
    asker.must_be_admin("get_l3-routers")?;
    let agent = known(asker, id)?;
    if agent.agent_type != "L3 agent" {
        return Ok(Reply::ok(&json!({"routers": []})));
    }
    let served: BTreeSet<Uuid> = hosts_of_routers(asker)
        .into_iter()
        .filter(|(_, hosts)| hosts.contains(agent.host.as_ref()))
        .map(|(router, _)| router)
        .collect();
    let gateways = asker.network.ports.values();
    let gateways = gateways.filter(|port| &*port.device_owner == "network:router_gateway");
    let gateways: BTreeMap<Option<Uuid>, Uuid> = gateways
        .map(|port| (read_uuid(&port.device_id), port.id))
        .collect();
    let routers = served.into_iter();
    let routers = routers.filter_map(|id| asker.network.routers.get(&id));
    let rows = routers.map(|router| {
        let mut row = serde_json::to_value(router.view(asker)).unwrap_or_default();
        // What agents are told goes out unfiltered.
        row["gw_port_id"] = json!(gateways.get(&Some(router.id)));
        row["ha_vr_id"] = json!(0);
        row["enable_default_route_ecmp"] = json!(false);
        row["enable_default_route_bfd"] = json!(false);
        row
    });
    Ok(Reply::ok(&json!({"routers": rows.collect::<Vec<_>>()})))
}

pub(super) fn networks(asker: &Asker<'_>, id: &str) -> Answer {
    asker.must_be_admin("get_dhcp-networks")?;
    let agent = known(asker, id)?;
    if agent.agent_type != "DHCP agent" {
        return Ok(Reply::ok(&json!({"networks": []})));
    }
    let ports = asker.network.ports.values();
    let ports = ports.filter(|port| is_dhcp(port) && port.host.as_ref() == Some(&agent.host));
    let served: BTreeSet<Uuid> = ports.map(|port| port.network).collect();
    let networks = served.into_iter();
    let networks = networks.filter_map(|id| asker.network.networks.get(&id));
    let views: Vec<_> = networks.map(|network| network.view(asker)).collect();
    Ok(Reply::ok(&BTreeMap::from([("networks", views)])))
}

/// Zones are where agents that serve routers and networks are; one is there while an agent is.
pub(super) fn zones(asker: &Asker<'_>) -> Answer {
    let mut zones: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for agent in asker.network.agents.values() {
        let resource = match agent.agent_type {
            "L3 agent" => "router",
            "DHCP agent" => "network",
            _ => continue,
        };
        if let Some(zone) = &agent.zone {
            let is_there = zones.entry((zone, resource)).or_default();
            *is_there |= agent.is_up && is_alive(agent, asker.call.now);
        }
    }
    let rows = zones.into_iter().map(|((name, resource), is_there)| {
        let state = if is_there { "available" } else { "unavailable" };
        json!({"state": state, "name": name, "resource": resource})
    });
    Small {
        collection: "availability_zones",
        filters: &["name", "resource", "state"],
        unknown: Unknown::Refused,
        is_paged: false,
    }
    .list(asker, rows.collect())
}
