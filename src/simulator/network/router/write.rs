//! Routers made, changed and taken away, and their gateways.

use serde_json::Value;
use uuid::Uuid;

use crate::network::attribute::{Body, Kind, bad_input, both, create, never, shown, update};
use crate::network::listing::{find, shown as seen};
use crate::network::port::write::{exhausted, given_addresses};
use crate::network::subnet::write::routes;
use crate::network::write::{Pen, Written, bad_noun, conflict, rows_of};
use crate::network::{error, failure};
use crate::reply::Reply;
use crate::world::Shared;
use crate::world::events::Event;
use crate::world::network::change::NewPort;
use crate::world::network::cidr::Cidr;
use crate::world::network::{Gateway, Network, NetworkRow, Port, Router, Standard, Subnet};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "routers",
    member: "router",
    attributes: &[
        both("name", Kind::Text),
        both("description", Kind::Text),
        both("admin_state_up", Kind::Flag),
        both("external_gateway_info", Kind::Free),
        both("distributed", Kind::Flag),
        both("ha", Kind::Flag),
        update("routes", Kind::Free),
        create("availability_zone_hints", Kind::Free),
        create("flavor_id", Kind::IdOrNull),
        create("enable_ndp_proxy", Kind::Flag),
        never("status"),
        never("availability_zones"),
    ],
    guarded: &[("distributed", Value::Null), ("ha", Value::Null)],
    find: found,
    show: |asker, id| seen::<&Router>(asker, id),
    create: make,
    update: change,
    delete: remove,
    standard: Some(standard),
};

rows_of!(routers, Router);

/// Where the routers of this cloud are.
pub(super) const HOST: &str = "network-1";

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let gateway = wanted_gateway(pen, body)?;
    let id = pen.new_id();
    let mut row = Router {
        id,
        name: String::new(),
        standard: Standard::new(body.project, now),
        is_up: true,
        status: "ACTIVE",
        gateway: None,
        is_ha: false,
        is_distributed: false,
        zones: Vec::new(),
        routes: Vec::new(),
    };
    write(&mut row, body)?;
    pen.network_mut().routers.insert(id, row);
    if let Some(Some(wanted)) = gateway
        && let Err(refusal) = set_gateway(pen, id, &wanted)
    {
        pen.network_mut().routers.shift_remove(&id);
        return Err(refusal);
    }
    Ok(id)
}

fn write(row: &mut Router, body: &Body) -> Result<(), Reply> {
    body.write_text("name", &mut row.name);
    body.write_text("description", &mut row.standard.description);
    body.write_flag("admin_state_up", &mut row.is_up);
    body.write_flag("ha", &mut row.is_ha);
    body.write_flag("distributed", &mut row.is_distributed);
    if let Some(value) = body.set("routes") {
        row.routes = routes("routes", value)?;
    }
    Ok(())
}

/// A gateway as a request wants it.
struct Wanted {
    network: Uuid,
    has_snat: Option<bool>,
    fixed_ips: Option<Value>,
}

/// The gateway that is wanted: nothing said, none, or this one.
fn wanted_gateway(pen: &Pen<'_>, body: &Body) -> Result<Option<Option<Wanted>>, Reply> {
    const NAME: &str = "external_gateway_info";
    let info = match body.value(NAME) {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(None)),
        Some(Value::Object(info)) if info.is_empty() => return Ok(Some(None)),
        Some(Value::Object(info)) => info,
        Some(value) => {
            let reason = format!("'{}' is not a dictionary", shown(value));
            return Err(bad_input(NAME, &reason));
        }
    };
    let Some(id) = info.get("network_id") else {
        let provided: Vec<String> = info.keys().map(|key| format!("'{key}'")).collect();
        return Err(bad_input(
            NAME,
            &format!(
                "Validation of dictionary's keys failed. Expected keys: {{'network_id'}} Provided \
                 keys: {{{}}}",
                provided.join(", ")
            ),
        ));
    };
    let id = shown(id);
    if crate::world::id::read_uuid(&id).is_none() {
        return Err(bad_input(NAME, &format!("'{id}' is not a valid UUID")));
    }
    if info.contains_key("enable_snat") && !pen.is_admin {
        let rule = if pen.call.method == http::Method::POST {
            "create"
        } else {
            "update"
        };
        return Err(crate::network::error(
            http::StatusCode::FORBIDDEN,
            "PolicyNotAuthorized",
            &format!(
                "(rule:{rule}_router and (rule:{rule}_router:external_gateway_info and \
                 (rule:{rule}_router:external_gateway_info:network_id and \
                 rule:{rule}_router:external_gateway_info:enable_snat))) is disallowed by policy"
            ),
        ));
    }
    let asker = pen.asker();
    let network: &NetworkRow = find(&asker, &id)?;
    if !network.is_external {
        return Err(bad_noun(
            "router",
            &format!("Network {id} is not an external network"),
        ));
    }
    Ok(Some(Some(Wanted {
        network: network.id,
        has_snat: info
            .get("enable_snat")
            .and_then(crate::network::attribute::flag),
        fixed_ips: info
            .get("external_fixed_ips")
            .filter(|ips| ips.as_array().is_some_and(|ips| !ips.is_empty()))
            .cloned(),
    })))
}

/// The port that a router's gateway is.
fn gateway_port(network: &Network, router: Uuid) -> Option<Uuid> {
    let name = router.to_string();
    let mut ports = network.ports.values();
    let port = ports
        .find(|port| &*port.device_owner == "network:router_gateway" && port.device_id == name);
    port.map(|port| port.id)
}

fn set_gateway(pen: &mut Pen<'_>, id: Uuid, wanted: &Wanted) -> Result<(), Reply> {
    let now = pen.call.now;
    let network = wanted.network;
    let rows = pen.network();
    let router = rows.routers.get(&id).ok_or_else(failure)?;
    let current = router.gateway.as_ref();
    let is_same = current.is_some_and(|is| is.network == network);
    let has_snat = wanted
        .has_snat
        .or(current.map(|is| is.has_snat))
        .unwrap_or(true);
    let before = current.map(|is| is.fixed_ips.clone()).unwrap_or_default();
    if is_same && wanted.fixed_ips.is_none() {
        if let Some(router) = pen.network_mut().routers.get_mut(&id)
            && let Some(gateway) = &mut router.gateway
        {
            gateway.has_snat = has_snat;
        }
        return Ok(());
    }
    let fixed_ips = match &wanted.fixed_ips {
        Some(value) => {
            let before = if is_same { before.as_slice() } else { &[] };
            given_addresses(pen, network, value, before)?
        }
        None => rows
            .free_addresses(network)
            .ok_or_else(|| exhausted(network))?,
    };
    if !is_same {
        let subnets = rows.subnets.values();
        let subnets: Vec<&Subnet> = subnets.filter(|row| row.network == network).collect();
        check_overlap(rows, id, &subnets)?;
        clear_gateway(pen, id)?;
    }
    let (rows, dice) = pen.parts();
    let port = match gateway_port(rows, id) {
        Some(port) => port,
        None => rows.add_port(
            dice,
            now,
            NewPort {
                name: String::new(),
                network,
                project: None,
                fixed_ips: Vec::new(),
                device_id: id.to_string(),
                device_owner: Shared::from("network:router_gateway"),
                host: Some(Shared::from(HOST)),
                security_groups: Vec::new(),
            },
        ),
    };
    if let Some(port) = rows.ports.get_mut(&port) {
        port.fixed_ips.clone_from(&fixed_ips);
    }
    if let Some(router) = rows.routers.get_mut(&id) {
        router.gateway = Some(Gateway {
            network,
            has_snat,
            fixed_ips,
        });
        // Its port counts as a change of its own.
        router.standard.touch(now);
    }
    settle(pen, port);
    Ok(())
}

/// Lets the agent bring a port up.
pub(super) fn settle(pen: &mut Pen<'_>, port: Uuid) {
    let region = pen.call.region;
    pen.soon(Event::PortComesUp { region, port });
}

fn clear_gateway(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let now = pen.call.now;
    let rows = pen.network_mut();
    let router = rows.routers.get(&id).ok_or_else(failure)?;
    let Some(gateway) = &router.gateway else {
        return Ok(());
    };
    if rows.floating_ips.values().any(|row| row.router == Some(id)) {
        let message = format!(
            "Gateway cannot be updated for router {id}, since a gateway to external network {} is \
             required by one or more floating IPs.",
            gateway.network
        );
        return Err(conflict("RouterExternalGatewayInUseByFloatingIp", &message));
    }
    if let Some(port) = gateway_port(rows, id) {
        rows.remove_port(port, now);
    }
    if let Some(router) = rows.routers.get_mut(&id) {
        router.gateway = None;
        router.standard.touch(now);
    }
    Ok(())
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    match wanted_gateway(pen, body)? {
        None => {}
        Some(None) => clear_gateway(pen, id)?,
        Some(Some(wanted)) => set_gateway(pen, id, &wanted)?,
    }
    if let Some(value) = body.set("routes") {
        check_routes(pen, id, value)?;
    }
    match pen.network_mut().routers.get_mut(&id) {
        Some(row) => write(row, body),
        None => Ok(()),
    }
}

/// Refuses routes by addresses that a router does not reach by itself.
fn check_routes(pen: &Pen<'_>, id: Uuid, value: &Value) -> Result<(), Reply> {
    let rows = pen.network();
    let inside = interfaces(rows, id).flat_map(|port| &port.fixed_ips);
    let mut reached: Vec<Uuid> = inside.map(|ip| ip.subnet).collect();
    let gateway = rows.routers.get(&id).and_then(|row| row.gateway.as_ref());
    let external = gateway.and_then(|gateway| rows.networks.get(&gateway.network));
    reached.extend(external.into_iter().flat_map(|network| &network.subnets));
    let subnets = reached.iter().filter_map(|id| rows.subnets.get(id));
    let ranges: Vec<Cidr> = subnets.filter_map(|row| Cidr::read(&row.cidr)).collect();
    for (_, hop) in routes("routes", value)? {
        if !ranges.iter().any(|range| range.contains(hop)) {
            return Err(error(
                http::StatusCode::BAD_REQUEST,
                "InvalidRoutes",
                &format!(
                    "Invalid format for routes: {}, the nexthop is not connected with router",
                    crate::python::repr(value)
                ),
            ));
        }
    }
    Ok(())
}

/// The ports by which a router reaches the networks within.
pub(super) fn interfaces(network: &Network, router: Uuid) -> impl Iterator<Item = &Port> {
    let name = router.to_string();
    let ports = network.ports.values();
    ports.filter(move |port| {
        port.device_owner.starts_with("network:router_interface") && port.device_id == name
    })
}

/// Refuses subnets whose addresses a router has on another side already.
pub(super) fn check_overlap(
    rows: &Network,
    router: Uuid,
    subnets: &[&Subnet],
) -> Result<(), Reply> {
    let ips = interfaces(rows, router).flat_map(|port| &port.fixed_ips);
    let mut own: Vec<Uuid> = ips.map(|ip| ip.subnet).collect();
    if let Some(twice) = subnets.iter().find(|row| own.contains(&row.id)) {
        return Err(bad_noun(
            "router",
            &format!("Router already has a port on subnet {}", twice.id),
        ));
    }
    let gateway = rows
        .routers
        .get(&router)
        .and_then(|row| row.gateway.as_ref());
    let external = gateway.and_then(|gateway| rows.networks.get(&gateway.network));
    if let Some(external) = external {
        own.extend(&external.subnets);
    }
    for row in own.iter().filter_map(|id| rows.subnets.get(id)) {
        for new in subnets {
            let pair = Cidr::read(&row.cidr).zip(Cidr::read(&new.cidr));
            if pair.is_some_and(|(one, other)| one.overlaps(other)) {
                return Err(bad_noun(
                    "router",
                    &format!(
                        "Cidr {} of subnet {} overlaps with cidr {} of subnet {}",
                        new.cidr, new.id, row.cidr, row.id
                    ),
                ));
            }
        }
    }
    Ok(())
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let ports = interfaces(pen.network(), id);
    let ports: Vec<String> = ports.map(|port| port.id.to_string()).collect();
    if !ports.is_empty() {
        let message = format!("Router {id} has ports still attached: {}", ports.join(", "));
        return Err(conflict("RouterInUse", &message));
    }
    clear_gateway(pen, id)?;
    pen.network_mut().routers.shift_remove(&id);
    Ok(())
}
