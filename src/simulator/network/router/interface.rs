//! What a router is connected to: `add_router_interface` and `remove_router_interface`.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::write::{HOST, check_overlap, interfaces, settle};
use crate::network::attribute::shown;
use crate::network::listing::find;
use crate::network::write::{Pen, bad_noun, conflict};
use crate::network::{error, failure};
use crate::reply::{Answer, Reply};
use crate::world::Shared;
use crate::world::id::read_uuid;
use crate::world::network::change::NewPort;
use crate::world::network::{FixedIp, Port, Router, Subnet};

/// The answer to an action of a router; none when there is no such action.
pub(in crate::network) fn act(pen: &mut Pen<'_>, id: &str, action: &str) -> Option<Answer> {
    match action {
        "add_router_interface" => Some(add(pen, id)),
        "remove_router_interface" => Some(remove(pen, id)),
        _ => None,
    }
}

fn router(pen: &Pen<'_>, id: &str, action: &str) -> Result<Uuid, Reply> {
    let asker = pen.asker();
    let row: &Router = find(&asker, id)?;
    if !pen.may_change(row.standard.project) {
        let message = format!(
            "(((rule:{action} and rule:{action}:ha) and rule:{action}:flavor_id) and \
             rule:{action}:distributed) is disallowed by policy"
        );
        return Err(error(
            StatusCode::FORBIDDEN,
            "PolicyNotAuthorized",
            &message,
        ));
    }
    Ok(row.id)
}

/// By a port, or by a subnet.
enum Side {
    Port(Uuid, Option<Uuid>),
    Subnet(Uuid),
}

fn side(body: &Value, is_removal: bool) -> Result<Side, Reply> {
    let id = |name: &str| match body.get(name) {
        None => Ok(None),
        Some(value) => {
            let text = shown(value);
            let id = read_uuid(&text);
            id.map(Some)
                .ok_or_else(|| bad_noun("router", &format!("'{text}' is not a valid UUID")))
        }
    };
    match (id("port_id")?, id("subnet_id")?) {
        (None, None) => Err(bad_noun(
            "router",
            "Either subnet_id or port_id must be specified",
        )),
        (Some(_), Some(_)) if !is_removal => Err(bad_noun(
            "router",
            "Cannot specify both subnet-id and port-id",
        )),
        (Some(port), subnet) => Ok(Side::Port(port, subnet)),
        (None, Some(subnet)) => Ok(Side::Subnet(subnet)),
    }
}

fn add(pen: &mut Pen<'_>, id: &str) -> Answer {
    let router = router(pen, id, "add_router_interface")?;
    let port = match side(&pen.call.json(), false)? {
        Side::Port(port, _) => take_port(pen, router, port)?,
        Side::Subnet(subnet) => make_port(pen, router, subnet)?,
    };
    settle(pen, port);
    touched(pen, router);
    let port = pen.network().ports.get(&port).ok_or_else(failure)?;
    Ok(told(router, port))
}

/// What is told of an interface that comes or goes.
fn told(router: Uuid, port: &Port) -> Reply {
    let subnets: Vec<Uuid> = port.fixed_ips.iter().map(|ip| ip.subnet).collect();
    let project = port.standard.project.map(|id| id.to_string());
    Reply::ok(&json!({
        "id": router,
        "tenant_id": project.unwrap_or_default(),
        "port_id": port.id,
        "network_id": port.network,
        "subnet_id": subnets.last(),
        "subnet_ids": subnets,
    }))
}

fn touched(pen: &mut Pen<'_>, router: Uuid) {
    let now = pen.call.now;
    if let Some(row) = pen.network_mut().routers.get_mut(&router) {
        row.standard.touch(now);
    }
}

fn take_port(pen: &mut Pen<'_>, router: Uuid, id: Uuid) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    {
        let asker = pen.asker();
        let port: &Port = find(&asker, &id.to_string())?;
        if !port.device_id.is_empty() {
            let message = format!(
                "Unable to complete operation on port {id} for network {}. Port already has an \
                 attached device {}.",
                port.network, port.device_id
            );
            return Err(conflict("PortInUse", &message));
        }
        if port.fixed_ips.is_empty() {
            return Err(bad_noun(
                "router",
                "Router port must have at least one fixed IP",
            ));
        }
        let rows = pen.network();
        let subnets = port.fixed_ips.iter();
        let subnets: Vec<&Subnet> = subnets
            .filter_map(|ip| rows.subnets.get(&ip.subnet))
            .collect();
        check_overlap(rows, router, &subnets)?;
        if subnets.iter().filter(|row| row.ip_version == 4).count() > 1 {
            return Err(bad_noun(
                "router",
                "Cannot have multiple IPv4 subnets on router port",
            ));
        }
    }
    if let Some(port) = pen.network_mut().ports.get_mut(&id) {
        port.device_id = router.to_string();
        port.device_owner = Shared::from("network:router_interface");
        port.host = Some(Shared::from(HOST));
        port.vif_type = "ovs";
        port.standard.touch(now);
    }
    Ok(id)
}

fn make_port(pen: &mut Pen<'_>, router: Uuid, id: Uuid) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let (subnet, network, address) = {
        let asker = pen.asker();
        let row: &Subnet = find(&asker, &id.to_string())?;
        let Some(gateway) = row.gateway else {
            return Err(bad_noun(
                "router",
                "Subnet for router interface must have a gateway IP",
            ));
        };
        check_overlap(pen.network(), router, &[row])?;
        if pen.network().taken(row.id).contains(&gateway) {
            let message = format!(
                "IP address {gateway} already allocated in subnet {}",
                row.id
            );
            return Err(conflict("IpAddressAlreadyAllocated", &message));
        }
        (row.id, row.network, gateway)
    };
    let (rows, dice) = pen.parts();
    let owner = rows
        .routers
        .get(&router)
        .and_then(|row| row.standard.project);
    let new = NewPort {
        name: String::new(),
        network,
        project: owner,
        fixed_ips: vec![FixedIp { subnet, address }],
        device_id: router.to_string(),
        device_owner: Shared::from("network:router_interface"),
        host: Some(Shared::from(HOST)),
        security_groups: Vec::new(),
    };
    let id = rows.add_port(dice, now, new);
    if let Some(port) = rows.ports.get_mut(&id) {
        // Its owner is written thrice.
        port.standard.revision += 3;
    }
    Ok(id)
}

fn remove(pen: &mut Pen<'_>, id: &str) -> Answer {
    let now = pen.call.now;
    let router = router(pen, id, "remove_router_interface")?;
    let side = side(&pen.call.json(), true)?;
    let rows = pen.network();
    let port = match side {
        Side::Port(port, subnet) => {
            let row = interfaces(rows, router).find(|row| row.id == port);
            let row = row.ok_or_else(|| {
                let message = format!("Router {router} does not have an interface with id {port}");
                error(StatusCode::NOT_FOUND, "RouterInterfaceNotFound", &message)
            })?;
            let is_other = |id: Uuid| !row.fixed_ips.iter().any(|ip| ip.subnet == id);
            if let Some(subnet) = subnet.filter(|id| is_other(*id)) {
                let message =
                    format!("Subnet on port {port} does not match the requested subnet {subnet}.");
                return Err(error(
                    StatusCode::BAD_REQUEST,
                    "SubnetMismatchForPort",
                    &message,
                ));
            }
            row
        }
        Side::Subnet(subnet) => {
            let asker = pen.asker();
            find::<&Subnet>(&asker, &subnet.to_string())?;
            let mut ports = interfaces(rows, router);
            let row = ports.find(|row| row.fixed_ips.iter().any(|ip| ip.subnet == subnet));
            row.ok_or_else(|| {
                let message = format!("Router {router} has no interface on subnet {subnet}");
                error(
                    StatusCode::NOT_FOUND,
                    "RouterInterfaceNotFoundForSubnet",
                    &message,
                )
            })?
        }
    };
    for ip in &port.fixed_ips {
        check_unneeded(pen, router, ip.subnet)?;
    }
    let reply = told(router, port);
    let port = port.id;
    pen.network_mut().remove_port(port, now);
    touched(pen, router);
    Ok(reply)
}

/// Refuses to cut the way of a floating IP.
fn check_unneeded(pen: &Pen<'_>, router: Uuid, subnet: Uuid) -> Result<(), Reply> {
    let rows = pen.network();
    let mut floating_ips = rows.floating_ips.values();
    let is_needed = floating_ips.any(|row| {
        let port = row.port.and_then(|id| rows.ports.get(&id));
        row.router == Some(router)
            && port.is_some_and(|port| port.fixed_ips.iter().any(|ip| ip.subnet == subnet))
    });
    if !is_needed {
        return Ok(());
    }
    let message = format!(
        "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is \
         required by one or more floating IPs."
    );
    Err(conflict("RouterInterfaceInUseByFloatingIP", &message))
}
