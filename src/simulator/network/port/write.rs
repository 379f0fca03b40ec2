//! Ports made, changed and taken away.

use std::net::IpAddr;

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use crate::network::attribute::{Body, Kind, bad_input, both, create, never, required, shown};
use crate::network::listing::{find, shown as seen};
use crate::network::subnet::write::settle;
use crate::network::write::{Pen, Written, bad_noun, conflict, rows_of};
use crate::network::{bad_request, error, failure, invalid};
use crate::reply::Reply;
use crate::world::Shared;
use crate::world::id::read_uuid;
use crate::world::network::change::NewPort;
use crate::world::network::cidr::Cidr;
use crate::world::network::{AllowedAddress, FixedIp, NetworkRow, Port, SecurityGroup, Subnet};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "ports",
    member: "port",
    attributes: &[
        both("name", Kind::Text),
        both("description", Kind::Text),
        required("network_id", Kind::Id),
        both("admin_state_up", Kind::Flag),
        both("mac_address", Kind::Free),
        both("fixed_ips", Kind::Free),
        both("device_id", Kind::Text),
        both("device_owner", Kind::Text),
        both("security_groups", Kind::Free),
        both("allowed_address_pairs", Kind::Free),
        both("extra_dhcp_opts", Kind::Free),
        both("port_security_enabled", Kind::Flag),
        both("binding:host_id", Kind::Free),
        both("binding:profile", Kind::Free),
        both("binding:vnic_type", Kind::Free),
        both("qos_policy_id", Kind::IdOrNull),
        both("dns_name", Kind::Text),
        both("dns_domain", Kind::Text),
        create("propagate_uplink_status", Kind::Flag),
        both("numa_affinity_policy", Kind::Free),
        both("hints", Kind::Free),
        both("device_profile", Kind::Free),
        never("status"),
        never("binding:vif_type"),
        never("binding:vif_details"),
        never("dns_assignment"),
        never("resource_request"),
        never("qos_network_policy_id"),
    ],
    guarded: &[
        ("binding:host_id", Value::Null),
        ("binding:profile", Value::Null),
        ("mac_address", Value::Null),
    ],
    find: found,
    show: |asker, id| seen::<&Port>(asker, id),
    create: make,
    update: change,
    delete: remove,
    standard: Some(standard),
};

rows_of!(ports, Port);

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let named = body.text("network_id").unwrap_or_default();
    let network = {
        let asker = pen.asker();
        let row: &NetworkRow = find(&asker, named)?;
        row.id
    };
    let mac = mac(body)?;
    if let Some(mac) = &mac {
        check_mac(pen, network, mac, None)?;
    }
    let fixed_ips = match body.set("fixed_ips") {
        Some(value) => given_addresses(pen, network, value, &[])?,
        None => pen
            .network()
            .free_addresses(network)
            .ok_or_else(|| exhausted(network))?,
    };
    let has_security = body.flag("port_security_enabled").unwrap_or(true);
    let device_owner = body.text("device_owner").unwrap_or_default();
    let is_trusted = !has_security || device_owner.starts_with("network:");
    let security_groups = match body.set("security_groups") {
        Some(value) => groups(pen, value)?,
        None if is_trusted || body.has("security_groups") => Vec::new(),
        None => match body.project {
            Some(project) => {
                let (rows, dice) = pen.parts();
                vec![rows.default_group(dice, now, project)]
            }
            None => Vec::new(),
        },
    };
    if !has_security && !security_groups.is_empty() {
        return Err(error(
            StatusCode::CONFLICT,
            "PortSecurityAndIPRequiredForSecurityGroups",
            "Port security must be enabled and port must have an IP address in order to use \
             security groups.",
        ));
    }
    let new = NewPort {
        name: body.text("name").unwrap_or_default().to_owned(),
        network,
        project: body.project,
        fixed_ips,
        device_id: body.text("device_id").unwrap_or_default().to_owned(),
        device_owner: Shared::from(device_owner),
        host: host(body),
        security_groups,
    };
    let pairs = pairs(body)?;
    let (rows, dice) = pen.parts();
    let id = rows.add_port(dice, now, new);
    if let Some(row) = rows.ports.get_mut(&id) {
        row.has_port_security = has_security && !device_owner.starts_with("network:");
        if let Some(mac) = mac {
            row.mac = mac;
        }
        row.allowed_addresses = pairs.unwrap_or_default();
        write(row, body);
    }
    settle(pen, network);
    Ok(id)
}

fn write(row: &mut Port, body: &Body) {
    body.write_text("name", &mut row.name);
    body.write_text("description", &mut row.standard.description);
    body.write_text("device_id", &mut row.device_id);
    body.write_text("dns_name", &mut row.dns_name);
    body.write_flag("admin_state_up", &mut row.is_up);
    if let Some(owner) = body.text("device_owner") {
        row.device_owner = Shared::from(owner);
    }
    if body.has("binding:host_id") {
        row.host = host(body);
        row.vif_type = if row.host.is_some() { "ovs" } else { "unbound" };
        if row.host.is_none() {
            row.status = "DOWN";
        }
    }
}

fn host(body: &Body) -> Option<Shared> {
    let host = body.text("binding:host_id");
    host.filter(|host| !host.is_empty()).map(Shared::from)
}

/// A card's address, in lower case with colons.
fn mac(body: &Body) -> Result<Option<String>, Reply> {
    let Some(value) = body.set("mac_address") else {
        return Ok(None);
    };
    let text = shown(value);
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let has_rest = text
        .chars()
        .any(|letter| !letter.is_ascii_hexdigit() && !matches!(letter, ':' | '-' | '.'));
    if digits.len() != 12 || has_rest {
        return Err(bad_input(
            "mac_address",
            &format!("'{text}' is not a valid MAC address"),
        ));
    }
    let digits = digits.to_ascii_lowercase();
    let letters: Vec<char> = digits.chars().collect();
    let pairs = letters
        .chunks(2)
        .map(|pair| pair.iter().collect::<String>());
    Ok(Some(pairs.collect::<Vec<_>>().join(":")))
}

fn check_mac(pen: &Pen<'_>, network: Uuid, mac: &str, own: Option<Uuid>) -> Result<(), Reply> {
    let mut ports = pen.network().ports.values();
    let is_taken = ports.any(|row| row.network == network && row.mac == mac && Some(row.id) != own);
    if !is_taken {
        return Ok(());
    }
    let message = format!(
        "Unable to complete operation for network {network}. The mac address {mac} is in use."
    );
    Err(conflict("MacAddressInUse", &message))
}

pub(in crate::network) fn exhausted(network: Uuid) -> Reply {
    let message = format!("No more IP addresses available on network {network}.");
    conflict("IpAddressGenerationFailure", &message)
}

/// The security groups of this list, which the caller has to know.
fn groups(pen: &Pen<'_>, value: &Value) -> Result<Vec<Uuid>, Reply> {
    let Value::Array(items) = value else {
        let reason = format!("'{}' is not a list", shown(value));
        return Err(bad_input("security_groups", &reason));
    };
    let asker = pen.asker();
    let mut read = Vec::new();
    for item in items {
        let id = shown(item);
        if read_uuid(&id).is_none() {
            let reason = format!("'{id}' is not a valid UUID");
            return Err(bad_input("security_groups", &reason));
        }
        let row: &SecurityGroup = find(&asker, &id)?;
        if !read.contains(&row.id) {
            read.push(row.id);
        }
    }
    Ok(read)
}

/// The addresses beside its own, where they are given.
fn pairs(body: &Body) -> Result<Option<Vec<AllowedAddress>>, Reply> {
    let Some(value) = body.value("allowed_address_pairs") else {
        return Ok(None);
    };
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let pairs = items.iter().map(|item| {
        let address = item["ip_address"].as_str().unwrap_or_default();
        if Cidr::read(address).is_none() {
            let message = format!("'{address}' is not a valid IP address");
            return Err(bad_request(&message));
        }
        Ok(AllowedAddress {
            address: address.to_owned(),
            mac: item["mac_address"].as_str().map(str::to_owned),
        })
    });
    pairs.collect::<Result<_, _>>().map(Some)
}

/// The addresses that are asked for; those that the port has already stay.
pub(in crate::network) fn given_addresses(
    pen: &Pen<'_>,
    network: Uuid,
    value: &Value,
    before: &[FixedIp],
) -> Result<Vec<FixedIp>, Reply> {
    const NAME: &str = "fixed_ips";
    let Value::Array(items) = value else {
        let reason = format!("Invalid data format for fixed IP: '{}'", shown(value));
        return Err(bad_input(NAME, &reason));
    };
    let rows = pen.network();
    let subnets = rows
        .networks
        .get(&network)
        .map(|row| row.subnets.as_slice());
    let subnets: Vec<&Subnet> = subnets
        .unwrap_or_default()
        .iter()
        .filter_map(|id| rows.subnets.get(id))
        .collect();
    let mut found: Vec<FixedIp> = Vec::new();
    for item in items {
        let subnet = match &item["subnet_id"] {
            Value::Null => None,
            id => {
                let text = shown(id);
                let id = read_uuid(&text)
                    .ok_or_else(|| bad_input(NAME, &format!("'{text}' is not a valid UUID")))?;
                Some(known_subnet(pen, network, &subnets, id)?)
            }
        };
        let address = match &item["ip_address"] {
            Value::Null => None,
            text => {
                let text = shown(text);
                let address: IpAddr = text
                    .parse()
                    .map_err(|_| bad_input(NAME, &format!("'{text}' is not a valid IP address")))?;
                Some(address)
            }
        };
        let ip = match (subnet, address) {
            (_, Some(address)) => named_address(pen, &subnets, subnet, address, before)?,
            (Some(subnet), None) => {
                let kept = before.iter().find(|ip| ip.subnet == subnet.id);
                let kept = kept.filter(|ip| !found.iter().any(|is| is.address == ip.address));
                match kept {
                    Some(kept) => *kept,
                    None => rows
                        .free_address(subnet.id)
                        .ok_or_else(|| exhausted(network))?,
                }
            }
            (None, None) => {
                return Err(invalid("IP allocation requires subnet_id or ip_address."));
            }
        };
        found.push(ip);
    }
    Ok(found)
}

fn known_subnet<'s>(
    pen: &Pen<'_>,
    network: Uuid,
    subnets: &[&'s Subnet],
    id: Uuid,
) -> Result<&'s Subnet, Reply> {
    let known = subnets.iter().find(|row| row.id == id).copied();
    if let Some(known) = known {
        return Ok(known);
    }
    let asker = pen.asker();
    find::<&Subnet>(&asker, &id.to_string())?;
    Err(invalid(&format!(
        "Failed to create port on network {network}, because fixed_ips included invalid subnet \
         {id}."
    )))
}

fn named_address(
    pen: &Pen<'_>,
    subnets: &[&Subnet],
    subnet: Option<&Subnet>,
    address: IpAddr,
    before: &[FixedIp],
) -> Result<FixedIp, Reply> {
    let has = |row: &Subnet| Cidr::read(&row.cidr).is_some_and(|cidr| cidr.contains(address));
    let bad = |kind, message: String| Err(error(StatusCode::BAD_REQUEST, kind, &message));
    let subnet = match subnet {
        Some(subnet) if has(subnet) => subnet,
        Some(_) => {
            return bad(
                "InvalidIpForSubnet",
                format!("IP address {address} is not a valid IP for the specified subnet."),
            );
        }
        None => match subnets.iter().find(|row| has(row)) {
            Some(subnet) => subnet,
            None => {
                return bad(
                    "InvalidIpForNetwork",
                    format!(
                        "IP address {address} is not a valid IP for any of the subnets on the \
                         specified network."
                    ),
                );
            }
        },
    };
    let own = before
        .iter()
        .any(|ip| ip.subnet == subnet.id && ip.address == address);
    if !own && pen.network().taken(subnet.id).contains(&address) {
        let message = format!(
            "IP address {address} already allocated in subnet {}",
            subnet.id
        );
        return Err(conflict("IpAddressAlreadyAllocated", &message));
    }
    Ok(FixedIp {
        subnet: subnet.id,
        address,
    })
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    let row = pen.network().ports.get(&id).ok_or_else(failure)?;
    let network = row.network;
    let mac = mac(body)?;
    if let Some(mac) = mac.as_ref().filter(|mac| **mac != row.mac) {
        if row.host.is_some() {
            let message = format!(
                "Unable to complete operation on port {id}, port is already bound, port type: {}, \
                 old_mac {}, new_mac {mac}.",
                row.vif_type, row.mac
            );
            return Err(conflict("PortBound", &message));
        }
        check_mac(pen, network, mac, Some(id))?;
    }
    let fixed_ips = match body.set("fixed_ips") {
        Some(value) => {
            let ips = given_addresses(pen, network, value, &row.fixed_ips)?;
            check_floating(pen, id, &ips)?;
            Some(ips)
        }
        None => None,
    };
    let groups = match body.value("security_groups") {
        Some(Value::Null) => Some(Vec::new()),
        Some(value) => Some(groups(pen, value)?),
        None => None,
    };
    let has_security = body
        .flag("port_security_enabled")
        .unwrap_or(row.has_port_security);
    let has_groups = groups
        .as_ref()
        .map_or(!row.security_groups.is_empty(), |groups| !groups.is_empty());
    if !has_security && has_groups {
        return Err(error(
            StatusCode::CONFLICT,
            "PortSecurityPortHasSecurityGroup",
            "Port has security group associated. Cannot disable port security or IP address until \
             security group is removed.",
        ));
    }
    let pairs = pairs(body)?;
    if let Some(row) = pen.network_mut().ports.get_mut(&id) {
        row.has_port_security = has_security;
        if let Some(mac) = mac {
            row.mac = mac;
        }
        if let Some(ips) = fixed_ips {
            row.fixed_ips = ips;
        }
        if let Some(groups) = groups {
            row.security_groups = groups;
        }
        if let Some(pairs) = pairs {
            row.allowed_addresses = pairs;
        }
        write(row, body);
    }
    Ok(())
}

/// Refuses to take an address away that a floating IP leads to.
fn check_floating(pen: &Pen<'_>, port: Uuid, ips: &[FixedIp]) -> Result<(), Reply> {
    let mut floating_ips = pen.network().floating_ips_of(port);
    let is_lost = floating_ips.any(|row| {
        let fixed = row.fixed_address;
        fixed.is_some_and(|fixed| !ips.iter().any(|ip| ip.address == fixed))
    });
    if !is_lost {
        return Ok(());
    }
    Err(bad_noun(
        "port",
        &format!(
            "Cannot update the fixed_ips of the port {port}, because its original fixed_ip has \
             been associated to a floating ip"
        ),
    ))
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let now = pen.call.now;
    let region = pen.call.region;
    let rows = pen.network();
    let row = rows.ports.get(&id).ok_or_else(failure)?;
    let owner = &*row.device_owner;
    let device = read_uuid(&row.device_id);
    let is_kept = match owner {
        "network:floatingip" => device.is_some_and(|id| rows.floating_ips.contains_key(&id)),
        _ => {
            owner.starts_with("network:router")
                && device.is_some_and(|id| rows.routers.contains_key(&id))
        }
    };
    if is_kept {
        let message = format!(
            "Port {id} cannot be deleted directly via the port API: has device owner {owner}."
        );
        return Err(conflict("ServicePortInUse", &message));
    }
    pen.network_mut().remove_port(id, now);
    // A server is left without it.
    let servers = &mut pen.world.regions[region].compute.servers;
    if let Some(server) = device.and_then(|id| servers.get_mut(&id)) {
        server.ports.retain(|port| *port != id);
    }
    Ok(())
}
