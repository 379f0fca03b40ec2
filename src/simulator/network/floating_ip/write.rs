//! Floating IPs taken, led to ports, and given back.

use std::net::IpAddr;

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use crate::network::attribute::{Body, Kind, both, create, never, required};
use crate::network::listing::{find, shown};
use crate::network::write::{Pen, Written, bad_noun, conflict, rows_of};
use crate::network::{error, failure};
use crate::reply::Reply;
use crate::world::Shared;
use crate::world::events::Event;
use crate::world::network::change::NewPort;
use crate::world::network::cidr::Cidr;
use crate::world::network::{FixedIp, FloatingIp, NetworkRow, Port, Standard};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "floatingips",
    member: "floatingip",
    attributes: &[
        both("description", Kind::Text),
        create("floating_ip_address", Kind::AddressOrNull),
        create("subnet_id", Kind::IdOrNull),
        required("floating_network_id", Kind::Id),
        both("port_id", Kind::IdOrNull),
        both("fixed_ip_address", Kind::AddressOrNull),
        both("qos_policy_id", Kind::IdOrNull),
        create("dns_name", Kind::Text),
        create("dns_domain", Kind::Text),
        never("router_id"),
        never("status"),
        never("port_details"),
        never("port_forwardings"),
    ],
    guarded: &[("floating_ip_address", Value::Null)],
    find: found,
    show: |asker, id| shown::<&FloatingIp>(asker, id),
    create: make,
    update: change,
    delete: remove,
    standard: Some(standard),
};

rows_of!(floating_ips, FloatingIp);

/// A port's address, and the router by which it is reached.
type Way = (Uuid, IpAddr, Uuid);

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let named = body.text("floating_network_id").unwrap_or_default();
    let network = {
        let asker = pen.asker();
        let row: &NetworkRow = find(&asker, named)?;
        if !row.is_external {
            return Err(bad_noun(
                "floatingip",
                &format!("Network {named} is not a valid external network"),
            ));
        }
        let mut subnets = row.subnets.iter();
        let is_ipv4 = |id: &Uuid| {
            let subnet = asker.network.subnets.get(id);
            subnet.is_some_and(|subnet| subnet.ip_version == 4)
        };
        if !subnets.any(is_ipv4) {
            return Err(bad_noun(
                "floatingip",
                &format!("Network {named} does not contain any IPv4 subnet"),
            ));
        }
        row.id
    };
    let ip = address(pen, body, network)?;
    let way = match body.id("port_id") {
        Some(port) => Some(way(pen, body, port, network, body.project)?),
        None if body.set("fixed_ip_address").is_some() => return Err(without_port()),
        None => None,
    };
    if let Some(way) = way {
        check_free(pen, way, network, None, ip.address)?;
    }
    let (network_rows, dice) = pen.parts();
    let id = dice.uuid();
    let port = network_rows.add_port(
        dice,
        now,
        NewPort {
            name: String::new(),
            network,
            project: None,
            fixed_ips: vec![ip],
            device_id: id.to_string(),
            device_owner: Shared::from("network:floatingip"),
            host: None,
            security_groups: Vec::new(),
        },
    );
    if let Some(port) = network_rows.ports.get_mut(&port) {
        port.status = "N/A";
    }
    let mut row = FloatingIp {
        id,
        standard: Standard {
            revision: 0,
            ..Standard::new(body.project, now)
        },
        address: ip.address,
        network,
        port: way.map(|(port, _, _)| port),
        fixed_address: way.map(|(_, address, _)| address),
        router: way.map(|(_, _, router)| router),
        status: "DOWN",
        dns_name: body.text("dns_name").unwrap_or_default().to_owned(),
        dns_domain: body.text("dns_domain").unwrap_or_default().to_owned(),
    };
    body.write_text("description", &mut row.standard.description);
    network_rows.add_floating_ip(row);
    settle(pen, id);
    Ok(id)
}

/// Lets the agent bring it up, or down.
fn settle(pen: &mut Pen<'_>, floating_ip: Uuid) {
    let region = pen.call.region;
    pen.soon(Event::FloatingIpSettles {
        region,
        floating_ip,
    });
}

/// The address that it gets: the one asked for, or one that is free.
fn address(pen: &Pen<'_>, body: &Body, network: Uuid) -> Result<FixedIp, Reply> {
    let rows = pen.network();
    let subnets = rows
        .networks
        .get(&network)
        .map(|row| row.subnets.as_slice());
    let subnets = subnets.unwrap_or_default().iter();
    let subnets = subnets.filter_map(|id| rows.subnets.get(id));
    let subnets: Vec<_> = subnets.filter(|row| row.ip_version == 4).collect();
    let wanted = body.id("subnet_id");
    if let Some(address) = body.address("floating_ip_address") {
        let subnet = subnets.iter().find(|row| {
            wanted.is_none_or(|id| id == row.id)
                && Cidr::read(&row.cidr).is_some_and(|cidr| cidr.contains(address))
        });
        let Some(subnet) = subnet else {
            let message = format!(
                "IP address {address} is not a valid IP for any of the subnets on the specified \
                 network."
            );
            return Err(error(
                StatusCode::BAD_REQUEST,
                "InvalidIpForNetwork",
                &message,
            ));
        };
        if rows.taken(subnet.id).contains(&address) {
            let message = format!(
                "IP address {address} already allocated in subnet {}",
                subnet.id
            );
            return Err(conflict("IpAddressAlreadyAllocated", &message));
        }
        return Ok(FixedIp {
            subnet: subnet.id,
            address,
        });
    }
    if let Some(wanted) = wanted
        && !subnets.iter().any(|row| row.id == wanted)
    {
        let message = format!(
            "Failed to create port on network {network}, because fixed_ips included invalid \
             subnet {wanted}."
        );
        return Err(crate::network::invalid(&message));
    }
    let mut subnets = subnets
        .iter()
        .filter(|row| wanted.is_none_or(|id| id == row.id));
    let free = subnets.find_map(|row| rows.free_address(row.id));
    free.ok_or_else(|| {
        let message = format!("No more IP addresses available on network {network}.");
        conflict("IpAddressGenerationFailure", &message)
    })
}

fn without_port() -> Reply {
    bad_noun(
        "floatingip",
        "fixed_ip_address cannot be specified without a port_id",
    )
}

/// The way from an external network to a port of the owner's.
fn way(
    pen: &Pen<'_>,
    body: &Body,
    port: Uuid,
    network: Uuid,
    owner: Option<crate::world::Key>,
) -> Result<Way, Reply> {
    let bad = |message: &str| Err(bad_noun("floatingip", message));
    let asker = pen.asker();
    let port: &Port = find(&asker, &port.to_string())?;
    if port.standard.project != owner && !pen.is_admin {
        return bad(&format!(
            "Cannot process floating IP association with Port {}, since that port is owned by a \
             different tenant",
            port.id
        ));
    }
    let ip = match body.address("fixed_ip_address") {
        Some(address) if !address.is_ipv4() => {
            return bad(&format!(
                "Cannot process floating IP association with {address}, since that is not an IPv4 \
                 address"
            ));
        }
        Some(address) => {
            let ip = port.fixed_ips.iter().find(|ip| ip.address == address);
            let Some(ip) = ip else {
                return bad(&format!(
                    "Port {} does not have fixed ip {address}",
                    port.id
                ));
            };
            *ip
        }
        None => {
            let mut ips = port.fixed_ips.iter().filter(|ip| ip.address.is_ipv4());
            let Some(ip) = ips.next() else {
                return bad(&format!(
                    "Cannot add floating IP to port {} that has no fixed IPv4 addresses",
                    port.id
                ));
            };
            if ips.next().is_some() {
                return bad(&format!(
                    "Port {} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 \
                     address when assigning a floating IP",
                    port.id
                ));
            }
            *ip
        }
    };
    let router = router_between(pen, ip.subnet, network).ok_or_else(|| {
        let message = format!(
            "External network {network} is not reachable from subnet {}.  Therefore, cannot \
             associate Port {} with a Floating IP.",
            ip.subnet, port.id
        );
        error(
            StatusCode::NOT_FOUND,
            "ExternalGatewayForFloatingIPNotFound",
            &message,
        )
    })?;
    Ok((port.id, ip.address, router))
}

/// The router with an interface on a subnet and its gateway on a network: one that is the subnet's
/// gateway, if there is one.
fn router_between(pen: &Pen<'_>, subnet: Uuid, network: Uuid) -> Option<Uuid> {
    let rows = pen.network();
    let gateway = rows.subnets.get(&subnet)?.gateway;
    let interfaces = rows.ports.values().filter(|port| {
        port.device_owner.starts_with("network:router_interface")
            || port.device_owner.starts_with("network:ha_router")
    });
    let mut first = None;
    for port in interfaces {
        let Some(ip) = port.fixed_ips.iter().find(|ip| ip.subnet == subnet) else {
            continue;
        };
        let router = crate::world::id::read_uuid(&port.device_id);
        let Some(router) = router.and_then(|id| rows.routers.get(&id)) else {
            continue;
        };
        let is_there = router
            .gateway
            .as_ref()
            .is_some_and(|is| is.network == network);
        if !is_there {
            continue;
        }
        if Some(ip.address) == gateway {
            return Some(router.id);
        }
        first.get_or_insert(router.id);
    }
    first
}

/// Refuses an address that another floating IP of the same network leads to.
fn check_free(
    pen: &Pen<'_>,
    (port, fixed, _): Way,
    network: Uuid,
    own: Option<Uuid>,
    address: IpAddr,
) -> Result<(), Reply> {
    let mut others = pen.network().floating_ips_of(port);
    let is_taken = others.any(|row| {
        Some(row.id) != own && row.network == network && row.fixed_address == Some(fixed)
    });
    if !is_taken {
        return Ok(());
    }
    let own = own.map_or_else(|| Uuid::new_v4().to_string(), |id| id.to_string());
    let message = format!(
        "Cannot associate floating IP {address} ({own}) with port {port} using fixed IP {fixed}, \
         as that fixed IP already has a floating IP on external network {network}."
    );
    Err(conflict("FloatingIPPortAlreadyAssociated", &message))
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    let now = pen.call.now;
    let row = pen.network().floating_ips.get(&id).ok_or_else(failure)?;
    let (network, owner, before) = (row.network, row.standard.project, row.port);
    let address = row.address;
    // What is not spoken of stays.
    let port = if body.has("port_id") {
        body.id("port_id")
    } else {
        before
    };
    if body.id("port_id").is_none() && body.set("fixed_ip_address").is_some() {
        return Err(without_port());
    }
    let to = match port {
        Some(port) => {
            let way = way(pen, body, port, network, owner)?;
            if Some(port) != before {
                check_free(pen, way, network, Some(id), address)?;
            }
            Some(way)
        }
        None => None,
    };
    let rows = pen.network_mut();
    rows.lead(id, to, now);
    if let Some(row) = rows.floating_ips.get_mut(&id) {
        body.write_text("description", &mut row.standard.description);
        // It was counted as a change already.
        row.standard.revision -= 1;
    }
    settle(pen, id);
    Ok(())
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let now = pen.call.now;
    let rows = pen.network_mut();
    rows.lead(id, None, now);
    rows.floating_ips.shift_remove(&id);
    let name = id.to_string();
    rows.ports.retain(|_, port| port.device_id != name);
    Ok(())
}
