//! Networks made, changed and taken away.

use http::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::network::Asker;
use crate::network::attribute::{Body, Kind, bad_input, both, create, never};
use crate::network::listing::shown;
use crate::network::write::{Pen, Written, conflict, rows_of};
use crate::reply::Reply;
use crate::world::Shared;
use crate::world::network::{NetworkRow, RbacPolicy, Standard};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "networks",
    member: "network",
    attributes: &[
        both("name", Kind::Text),
        both("description", Kind::Text),
        both("admin_state_up", Kind::Flag),
        both("shared", Kind::Flag),
        both("router:external", Kind::Flag),
        both("is_default", Kind::Flag),
        both("port_security_enabled", Kind::Flag),
        both("mtu", Kind::Number),
        both("provider:network_type", Kind::Text),
        both("provider:physical_network", Kind::Free),
        both("provider:segmentation_id", Kind::Free),
        create("availability_zone_hints", Kind::Free),
        both("qos_policy_id", Kind::IdOrNull),
        both("dns_domain", Kind::Text),
        both("vlan_transparent", Kind::Free),
        never("status"),
        never("subnets"),
        never("availability_zones"),
    ],
    guarded: &[
        ("shared", Value::Bool(false)),
        ("router:external", Value::Bool(false)),
        ("is_default", Value::Bool(false)),
        ("provider:network_type", Value::Null),
        ("provider:physical_network", Value::Null),
        ("provider:segmentation_id", Value::Null),
    ],
    find: found,
    show,
    create: make,
    update: change,
    delete: remove,
    standard: Some(standard),
};

rows_of!(networks, NetworkRow);

/// Who makes a network is told whether it is the default one, though it be none of those that can be.
fn show(asker: &Asker<'_>, id: Uuid) -> Result<Value, Reply> {
    let mut view = shown::<&NetworkRow>(asker, id)?;
    if asker.call.method == Method::POST && view.get("is_default").is_none() {
        view["is_default"] = Value::Bool(false);
    }
    Ok(view)
}

const TYPES: [&str; 6] = ["flat", "geneve", "gre", "local", "vlan", "vxlan"];

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    let is_external = body.flag("router:external").unwrap_or(false);
    let network_type = match body.text("provider:network_type") {
        None => "vxlan",
        Some(text) => known_type(text)?,
    };
    let physical_network = body.text("provider:physical_network");
    let (network, dice) = pen.parts();
    let id = dice.uuid();
    let numbers = network.networks.values();
    let highest = numbers.filter_map(|row| row.segmentation_id).max();
    let asked = body.number("provider:segmentation_id");
    let segmentation_id = match network_type {
        "flat" | "local" => None,
        _ => asked
            .and_then(|number| u32::try_from(number).ok())
            .or(Some(highest.unwrap_or(1000) + 1)),
    };
    let usual = if network_type == "vxlan" { 1450 } else { 1500 };
    let zones = network.networks.values().find(|row| !row.zones.is_empty());
    let zones = zones.map(|row| row.zones.clone()).unwrap_or_default();
    let mut row = NetworkRow {
        id,
        name: String::new(),
        standard: Standard::new(body.project, now),
        is_up: true,
        is_external,
        is_shared: false,
        is_default: false,
        mtu: usual,
        network_type,
        physical_network: physical_network.map(Shared::from),
        segmentation_id,
        subnets: Vec::new(),
        // An agent tells where it is once there is a subnet.
        zones: Vec::new(),
        has_port_security: true,
    };
    if is_external {
        row.zones = zones;
    }
    write(&mut row, body);
    network.networks.insert(id, row);
    share(pen, id);
    Ok(id)
}

fn known_type(text: &str) -> Result<&'static str, Reply> {
    let known = TYPES.into_iter().find(|known| *known == text);
    known.ok_or_else(|| {
        let types = TYPES.map(|known| format!("'{known}'")).join(", ");
        bad_input(
            "provider:network_type",
            &format!("'{text}' is not one of [{types}]"),
        )
    })
}

fn write(row: &mut NetworkRow, body: &Body) {
    body.write_text("name", &mut row.name);
    body.write_text("description", &mut row.standard.description);
    body.write_flag("admin_state_up", &mut row.is_up);
    body.write_flag("shared", &mut row.is_shared);
    body.write_flag("router:external", &mut row.is_external);
    body.write_flag("is_default", &mut row.is_default);
    body.write_flag("port_security_enabled", &mut row.has_port_security);
    let mtu = body.number("mtu").and_then(|mtu| u32::try_from(mtu).ok());
    if let Some(mtu) = mtu.filter(|mtu| *mtu > 0) {
        row.mtu = mtu;
    }
}

/// Keeps the policies by which others may use a network in step with what it says.
fn share(pen: &mut Pen<'_>, id: Uuid) {
    let (network, dice) = pen.parts();
    let Some(row) = network.networks.get(&id) else {
        return;
    };
    for (action, is_so) in [
        ("access_as_shared", row.is_shared),
        ("access_as_external", row.is_external),
    ] {
        let policies = network.rbac_policies.values();
        let mut policies = policies.filter(|policy| policy.object == id && policy.action == action);
        let known = policies.next().map(|policy| policy.id);
        match (known, is_so, row.standard.project) {
            (Some(known), false, _) => {
                network.rbac_policies.shift_remove(&known);
            }
            (None, true, Some(project)) => {
                let policy = RbacPolicy {
                    id: dice.uuid(),
                    project,
                    object_type: "network",
                    object: id,
                    action,
                };
                network.rbac_policies.insert(policy.id, policy);
            }
            _ => {}
        }
    }
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    if body.flag("shared") == Some(false) {
        let network = pen.network();
        let owner = network
            .networks
            .get(&id)
            .and_then(|row| row.standard.project);
        let is_used = network.users_of(id).any(|port| {
            let project = port.standard.project;
            project.is_some() && project != owner
        });
        if is_used {
            let message = format!(
                "Unable to reconfigure sharing settings for network {id}. Multiple tenants are \
                 using it."
            );
            return Err(conflict("InvalidSharedSetting", &message));
        }
    }
    if let Some(row) = pen.network_mut().networks.get_mut(&id) {
        write(row, body);
    }
    share(pen, id);
    Ok(())
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    let now = pen.call.now;
    let network = pen.network_mut();
    let users: Vec<String> = network.users_of(id).map(|row| row.id.to_string()).collect();
    if !users.is_empty() {
        let message = format!(
            "Unable to complete operation on network {id}. There are one or more ports still in \
             use on the network, id for these ports is: {}.",
            users.join(",")
        );
        return Err(conflict("NetworkInUse", &message));
    }
    let ports = network.ports.values();
    let ports: Vec<Uuid> = ports
        .filter(|port| port.network == id)
        .map(|port| port.id)
        .collect();
    for port in ports {
        network.remove_port(port, now);
    }
    network.subnets.retain(|_, row| row.network != id);
    network.rbac_policies.retain(|_, row| row.object != id);
    network.networks.shift_remove(&id);
    Ok(())
}
