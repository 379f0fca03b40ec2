//! Subnets made, changed and taken away.

use std::net::IpAddr;

use serde_json::Value;
use uuid::Uuid;

use crate::network::attribute::{Body, Kind, bad_input, both, create, never, required, shown};
use crate::network::listing::{find, shown as seen};
use crate::network::write::{Pen, Written, bad_noun, conflict, rows_of};
use crate::network::{error, invalid};
use crate::reply::Reply;
use crate::world::events::Event;
use crate::world::network::cidr::{Cidr, next, number, previous};
use crate::world::network::{NetworkRow, Standard, Subnet};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "subnets",
    member: "subnet",
    attributes: &[
        both("name", Kind::Text),
        both("description", Kind::Text),
        create("ip_version", Kind::Number),
        required("network_id", Kind::Id),
        create("subnetpool_id", Kind::Free),
        create("prefixlen", Kind::Number),
        create("cidr", Kind::Free),
        both("gateway_ip", Kind::AddressOrNull),
        both("allocation_pools", Kind::Free),
        both("dns_nameservers", Kind::Free),
        both("host_routes", Kind::Free),
        both("enable_dhcp", Kind::Flag),
        create("ipv6_ra_mode", Kind::OneOf(&MODES)),
        create("ipv6_address_mode", Kind::OneOf(&MODES)),
        both("service_types", Kind::Free),
        create("use_default_subnetpool", Kind::Flag),
        create("segment_id", Kind::IdOrNull),
        create("dns_publish_fixed_ip", Kind::Flag),
        never("shared"),
        never("router:external"),
    ],
    guarded: &[("service_types", Value::Null), ("segment_id", Value::Null)],
    find: found,
    show: |asker, id| seen::<&Subnet>(asker, id),
    create: make,
    update: change,
    delete: remove,
    standard: Some(standard),
};

const MODES: [&str; 3] = ["dhcpv6-stateful", "dhcpv6-stateless", "slaac"];

rows_of!(subnets, Subnet);

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let network = body.text("network_id").unwrap_or_default();
    let network = {
        let asker = pen.asker();
        let row: &NetworkRow = find(&asker, network)?;
        row.id
    };
    let ip_version = version(body)?;
    let cidr = block(body, ip_version)?;
    let has_dhcp = body.flag("enable_dhcp").unwrap_or(true);
    if has_dhcp && ip_version == 4 && number(cidr.at(0)) == 0 {
        return Err(invalid(
            "First IP '0.0.0.0' of network is not supported if enable_dhcp is True..",
        ));
    }
    if cidr.length() == 0 {
        return Err(invalid("0 is not allowed as CIDR prefix length."));
    }
    let most = if ip_version == 4 { 30 } else { 126 };
    if has_dhcp && cidr.length() > most {
        return Err(invalid(
            "Subnet has a prefix length that is incompatible with DHCP service enabled.",
        ));
    }
    let gateway = match body.value("gateway_ip") {
        // IPv6 needs no address for the network itself.
        None => Some(cidr.at(u128::from(ip_version == 4))),
        Some(_) => body.address("gateway_ip"),
    };
    if body.has("gateway_ip") {
        check_gateway(cidr, gateway)?;
    }
    for name in ["ipv6_ra_mode", "ipv6_address_mode"] {
        if ip_version == 4 && body.set(name).is_some() {
            return Err(invalid(&format!(
                "{name} is not valid when ip_version is 4."
            )));
        }
    }
    let others = pen.network().subnets.values();
    let mut others = others.filter(|row| row.network == network);
    let overlaps = |row: &Subnet| Cidr::read(&row.cidr).is_some_and(|is| is.overlaps(cidr));
    if others.any(overlaps) {
        return Err(invalid(&format!(
            "Requested subnet with cidr: {cidr} for network: {network} overlaps with another \
             subnet."
        )));
    }
    let pools = match body.set("allocation_pools") {
        None => usual_pools(cidr, gateway),
        Some(value) => given_pools(value, cidr)?,
    };
    check_pools(&pools, gateway)?;
    let mode = body.text("ipv6_address_mode").or(body.text("ipv6_ra_mode"));
    let ipv6_mode = MODES.into_iter().find(|known| Some(*known) == mode);
    let mut row = Subnet {
        id: pen.new_id(),
        name: String::new(),
        standard: Standard {
            revision: 0,
            ..Standard::new(body.project, now)
        },
        network,
        ip_version,
        cidr: cidr.to_string(),
        gateway,
        pools,
        dns_nameservers: Vec::new(),
        host_routes: Vec::new(),
        has_dhcp,
        ipv6_mode,
        given: 0,
    };
    write(&mut row, body)?;
    let id = row.id;
    let rows = pen.network_mut();
    rows.subnets.insert(id, row);
    if let Some(row) = rows.networks.get_mut(&network) {
        row.subnets.push(id);
        row.standard.touch(now);
    }
    if pen
        .network()
        .ports
        .values()
        .any(|port| port.network == network)
    {
        settle(pen, network);
    }
    Ok(id)
}

/// Lets the agent see to a network's addresses, as it does once there is a port.
pub(in crate::network) fn settle(pen: &mut Pen<'_>, network: Uuid) {
    let region = pen.call.region;
    pen.soon(Event::AddressesServed { region, network });
}

fn version(body: &Body) -> Result<u8, Reply> {
    let value = body.value("ip_version").ok_or_else(|| {
        crate::network::bad_request(
            "Failed to parse request. Required attribute 'ip_version' not specified",
        )
    })?;
    match value.as_i64() {
        Some(4) => Ok(4),
        Some(6) => Ok(6),
        _ => {
            let reason = format!("{} is not in valid_values", shown(value));
            Err(bad_input("ip_version", &reason))
        }
    }
}

fn block(body: &Body, ip_version: u8) -> Result<Cidr, Reply> {
    let Some(value) = body.set("cidr") else {
        return Err(bad_noun(
            "subnets",
            "a subnetpool must be specified in the absence of a cidr",
        ));
    };
    let text = value.as_str().unwrap_or_default();
    let cidr = Cidr::read(text)
        .ok_or_else(|| invalid(&format!("{} is not in a CIDR format.", shown(value))))?;
    if cidr.ip_version() != ip_version {
        return Err(invalid(&format!(
            "cidr '{cidr}' does not match the ip_version '{ip_version}'."
        )));
    }
    Ok(cidr)
}

fn check_gateway(cidr: Cidr, gateway: Option<IpAddr>) -> Result<(), Reply> {
    let Some(gateway) = gateway else {
        return Ok(());
    };
    let version = cidr.ip_version();
    if gateway.is_ipv6() != (version == 6) {
        return Err(invalid(&format!(
            "gateway_ip '{gateway}' does not match the ip_version '{version}'."
        )));
    }
    // One outside of the block is reached by its link.
    if cidr.contains(gateway) {
        let (first, last) = cidr.hosts();
        let place = number(gateway);
        if place < number(first) || place > number(last) {
            return Err(invalid("Gateway is not valid on subnet."));
        }
    }
    Ok(())
}

/// All that a block has, but for the gateway.
fn usual_pools(cidr: Cidr, gateway: Option<IpAddr>) -> Vec<(IpAddr, IpAddr)> {
    let (first, last) = cidr.hosts();
    let Some(gateway) = gateway.filter(|gateway| cidr.contains(*gateway)) else {
        return vec![(first, last)];
    };
    let mut pools = Vec::new();
    if number(gateway) > number(first) {
        pools.push((first, previous(gateway)));
    }
    if number(gateway) < number(last) {
        pools.push((next(gateway), last));
    }
    pools
}

fn given_pools(value: &Value, cidr: Cidr) -> Result<Vec<(IpAddr, IpAddr)>, Reply> {
    let Value::Array(items) = value else {
        return Err(invalid("Invalid data format for allocation pools."));
    };
    let (first, last) = cidr.hosts();
    let mut pools: Vec<(IpAddr, IpAddr)> = Vec::new();
    for item in items {
        let end = |name: &str| item[name].as_str()?.parse::<IpAddr>().ok();
        let (Some(start), Some(end)) = (end("start"), end("end")) else {
            let name = if end("start").is_none() {
                "start"
            } else {
                "end"
            };
            let reason = format!("'{}' is not a valid IP address", shown(&item[name]));
            return Err(bad_input("allocation_pools", &reason));
        };
        if number(start) > number(end) {
            let message = format!("The allocation pool {} is not valid.", shown(item));
            return Err(error(
                http::StatusCode::BAD_REQUEST,
                "InvalidAllocationPool",
                &message,
            ));
        }
        let pool = format!("{start}-{end}");
        if start.is_ipv6() != (cidr.ip_version() == 6) || end.is_ipv6() != start.is_ipv6() {
            let message = format!("The allocation pool {pool} is not valid.");
            return Err(error(
                http::StatusCode::BAD_REQUEST,
                "InvalidAllocationPool",
                &message,
            ));
        }
        if number(start) < number(first) || number(end) > number(last) {
            let message =
                format!("The allocation pool {pool} spans beyond the subnet cidr {cidr}.");
            return Err(error(
                http::StatusCode::BAD_REQUEST,
                "OutOfBoundsAllocationPool",
                &message,
            ));
        }
        let mut others = pools.iter();
        let overlap = others
            .find(|(one, other)| number(*one) <= number(end) && number(start) <= number(*other));
        if let Some((one, other)) = overlap {
            let message = format!(
                "Found overlapping allocation pools: {one}-{other} {pool} for subnet {cidr}."
            );
            return Err(conflict("OverlappingAllocationPools", &message));
        }
        pools.push((start, end));
    }
    Ok(pools)
}

fn check_pools(pools: &[(IpAddr, IpAddr)], gateway: Option<IpAddr>) -> Result<(), Reply> {
    let Some(gateway) = gateway else {
        return Ok(());
    };
    let place = number(gateway);
    let mut pools = pools.iter();
    let within = pools.find(|(first, last)| {
        first.is_ipv6() == gateway.is_ipv6() && number(*first) <= place && place <= number(*last)
    });
    let Some((first, last)) = within else {
        return Ok(());
    };
    let message = format!("Gateway ip {gateway} conflicts with allocation pool {first}-{last}.");
    Err(conflict("GatewayConflictWithAllocationPools", &message))
}

fn write(row: &mut Subnet, body: &Body) -> Result<(), Reply> {
    body.write_text("name", &mut row.name);
    body.write_text("description", &mut row.standard.description);
    body.write_flag("enable_dhcp", &mut row.has_dhcp);
    if let Some(value) = body.set("dns_nameservers") {
        row.dns_nameservers = nameservers(value, row.ip_version)?;
    }
    if let Some(value) = body.set("host_routes") {
        row.host_routes = routes("host_routes", value)?;
    }
    Ok(())
}

fn nameservers(value: &Value, ip_version: u8) -> Result<Vec<IpAddr>, Reply> {
    const NAME: &str = "dns_nameservers";
    let Value::Array(items) = value else {
        let reason = format!("Invalid data format for nameserver: '{}'", shown(value));
        return Err(bad_input(NAME, &reason));
    };
    let mut read: Vec<IpAddr> = Vec::new();
    for item in items {
        let text = shown(item);
        let address: IpAddr = text.parse().map_err(|_| {
            let reason =
                format!("'{text}' is not a valid nameserver. '{text}' is not a valid IP address");
            bad_input(NAME, &reason)
        })?;
        if read.contains(&address) {
            return Err(bad_input(NAME, &format!("Duplicate nameserver '{text}'")));
        }
        if address.is_ipv6() != (ip_version == 6) {
            return Err(invalid(&format!(
                "dns_nameserver '{text}' does not match the ip_version '{ip_version}'."
            )));
        }
        read.push(address);
    }
    Ok(read)
}

/// Destinations with their next hops.
pub(in crate::network) fn routes(
    name: &str,
    value: &Value,
) -> Result<Vec<(String, IpAddr)>, Reply> {
    let Value::Array(items) = value else {
        let reason = format!("Invalid data format for hostroute: '{}'", shown(value));
        return Err(bad_input(name, &reason));
    };
    let mut read = Vec::new();
    for item in items {
        let destination = item["destination"].as_str().unwrap_or_default();
        let Some(cidr) = Cidr::read(destination) else {
            return Err(bad_input(
                name,
                &format!("'{destination}' is not a valid CIDR"),
            ));
        };
        let hop = shown(&item["nexthop"]);
        let address: IpAddr = hop
            .parse()
            .map_err(|_| bad_input(name, &format!("'{hop}' is not a valid IP address")))?;
        read.push((cidr.to_string(), address));
    }
    Ok(read)
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    let Some(row) = pen.network().subnets.get(&id) else {
        return Ok(());
    };
    let Some(cidr) = Cidr::read(&row.cidr) else {
        return Ok(());
    };
    let gateway = match body.value("gateway_ip") {
        None => row.gateway,
        Some(_) => body.address("gateway_ip"),
    };
    if body.has("gateway_ip") {
        check_gateway(cidr, gateway)?;
    }
    if gateway != row.gateway
        && let Some(current) = row.gateway
    {
        let ports = pen.network().ports.values();
        let mut ports =
            ports.filter(|port| port.device_owner.starts_with("network:router_interface"));
        let user = ports.find(|port| {
            let mut ips = port.fixed_ips.iter();
            ips.any(|ip| ip.subnet == id && ip.address == current)
        });
        if let Some(port) = user {
            let message = format!(
                "Current gateway ip {current} already in use by port {}. Unable to update.",
                port.id
            );
            return Err(conflict("GatewayIpInUse", &message));
        }
    }
    let pools = match body.set("allocation_pools") {
        None => row.pools.clone(),
        Some(value) => given_pools(value, cidr)?,
    };
    check_pools(&pools, gateway)?;
    let network = row.network;
    if let Some(row) = pen.network_mut().subnets.get_mut(&id) {
        write(row, body)?;
        row.gateway = gateway;
        row.pools = pools;
    }
    settle(pen, network);
    Ok(())
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let now = pen.call.now;
    let network = pen.network_mut();
    let is_automatic = network.subnets.get(&id).is_some_and(Subnet::is_automatic);
    let has_one =
        |port: &&crate::world::network::Port| port.fixed_ips.iter().any(|ip| ip.subnet == id);
    let mut users = network.ports.values().filter(has_one);
    let is_used = users.any(|port| {
        let is_router = port.device_owner.starts_with("network:router");
        is_router || (!is_automatic && &*port.device_owner != "network:dhcp")
    });
    if is_used {
        let message = format!(
            "Unable to complete operation on subnet {id}: One or more ports have an IP allocation \
             from this subnet."
        );
        return Err(conflict("SubnetInUse", &message));
    }
    for port in network.ports.values_mut() {
        port.fixed_ips.retain(|ip| ip.subnet != id);
    }
    // The service's own port goes with its last address.
    network
        .ports
        .retain(|_, port| &*port.device_owner != "network:dhcp" || !port.fixed_ips.is_empty());
    if let Some(row) = network.subnets.shift_remove(&id)
        && let Some(row) = network.networks.get_mut(&row.network)
    {
        row.subnets.retain(|one| *one != id);
        row.standard.touch(now);
    }
    Ok(())
}
