//! What can be changed of networks, and of what is in them.

use serde_json::{Value, json};

use crate::Scenario;
use crate::world::{Made, World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("networks::changed", networks),
    ("routers::changed", routers),
    ("security_groups::changed", security_groups),
];

/// Makes something of Neutron's by its mutation: its id, and what removes it.
fn make<'a>(world: &'a World, mutation: &str, noun: &str, path: &str) -> (String, Made<'a>) {
    let created = world.mutate(mutation, &format!("{noun} {{ id }}"));
    let id = text(&created, &format!("/{noun}/id"));
    let made = world.made("network", format!("{path}/{id}"));
    (id, made)
}

fn network<'a>(world: &'a World, name: &str) -> (String, Made<'a>) {
    let create = format!("networkCreate(input: {{ name: \"{name}\" }})");
    make(world, &create, "network", "/networks")
}

fn subnet<'a>(world: &'a World, network: &str, cidr: &str) -> (String, Made<'a>) {
    let create = format!("subnetCreate(input: {{ network: \"{network}\", cidr: \"{cidr}\" }})");
    make(world, &create, "subnet", "/subnets")
}

/// Sends a change, and looks what became of the thing.
fn change(world: &World, mutation: &str, noun: &str, made: &Made<'_>) -> Value {
    world.mutate(mutation, &format!("{noun} {{ id }}"));
    let wire = made.path.rsplit('/').nth(1).expect("a collection");
    let member = wire.trim_end_matches('s').replace('-', "_");
    world.look("network", &made.path)[member].take()
}

fn networks(world: &World) {
    let name = world.new_name("net");
    let (network_id, made) = network(world, &name);
    let (subnet_id, subnet) = subnet(world, &network_id, "10.78.0.0/24");

    let input = "{ description: \"ü\", mtu: 1400, isAdminStateUp: false }";
    let update = format!("networkUpdate(network: \"{name}\", input: {input})");
    let seen = change(world, &update, "network", &made);
    assert_eq!(seen["description"], "ü", "{seen:#}");
    assert_eq!(seen["mtu"], 1400, "{seen:#}");
    assert_eq!(seen["admin_state_up"], false, "{seen:#}");
    assert_eq!(seen["name"], json!(name), "{seen:#}");
    // Sharing is the administrators'.
    let share = format!("networkUpdate(network: \"{name}\", input: {{ isShared: true }})");
    let (code, message) = world.refusal(&share);
    assert_eq!(code, "FORBIDDEN", "{message}");

    let input = "{ name: \"renamed\", isDhcpEnabled: false, dnsNameservers: [\"10.78.0.53\"],
        hostRoutes: [{ destination: \"10.79.0.0/24\", nexthop: \"10.78.0.9\" }],
        allocationPools: [{ start: \"10.78.0.20\", end: \"10.78.0.40\" }], hasGateway: false }";
    let update = |input: &str| format!("subnetUpdate(subnet: \"{subnet_id}\", input: {input})");
    let seen = change(world, &update(input), "subnet", &subnet);
    assert_eq!(seen["name"], "renamed", "{seen:#}");
    assert_eq!(seen["enable_dhcp"], false, "{seen:#}");
    assert_eq!(seen["dns_nameservers"], json!(["10.78.0.53"]), "{seen:#}");
    assert_eq!(seen["host_routes"][0]["nexthop"], "10.78.0.9", "{seen:#}");
    let pools = json!([{"start": "10.78.0.20", "end": "10.78.0.40"}]);
    assert_eq!(seen["allocation_pools"], pools, "{seen:#}");
    assert!(seen["gateway_ip"].is_null(), "{seen:#}");
    let back = update("{ gatewayIp: \"10.78.0.254\" }");
    let seen = change(world, &back, "subnet", &subnet);
    assert_eq!(seen["gateway_ip"], "10.78.0.254", "{seen:#}");

    let create = format!("portCreate(input: {{ network: \"{network_id}\" }})");
    let (port_id, port) = make(world, &create, "port", "/ports");
    let input = "{ name: \"plugged\", securityGroups: [], isAdminStateUp: false,
        allowedAddressPairs: [{ ipAddress: \"10.80.0.0/24\" }],
        fixedIps: [{ ipAddress: \"10.78.0.77\" }] }";
    let update = format!("portUpdate(port: \"{port_id}\", input: {input})");
    let seen = change(world, &update, "port", &port);
    assert_eq!(seen["name"], "plugged", "{seen:#}");
    assert_eq!(seen["security_groups"], json!([]), "{seen:#}");
    assert_eq!(seen["admin_state_up"], false, "{seen:#}");
    let pairs = &seen["allowed_address_pairs"];
    assert_eq!(pairs[0]["ip_address"], "10.80.0.0/24", "{seen:#}");
    let addresses = &seen["fixed_ips"];
    assert_eq!(addresses[0]["ip_address"], "10.78.0.77", "{seen:#}");
    // An address that is no address of the network's.
    let away = format!(
        "portUpdate(port: \"{port_id}\", input: {{ fixedIps: [{{ ipAddress: \"192.0.2.1\" }}] }})"
    );
    let (code, message) = world.refusal(&away);
    assert_eq!(code, "BAD_REQUEST", "{message}");
    drop((port, subnet, made));
}

fn routers(world: &World) {
    let name = world.new_name("router");
    let (network_id, network) = network(world, &name);
    let (subnet_id, subnet) = subnet(world, &network_id, "10.81.0.0/24");
    let create = format!("routerCreate(input: {{ name: \"{name}\" }})");
    let (router_id, router) = make(world, &create, "router", "/routers");
    let joined = format!("(router: \"{router_id}\", subnet: \"{subnet_id}\")");
    world.mutate(&format!("routerAddInterface{joined}"), "router { id }");

    let external = world.query("{ networks(filter: { isExternal: true }) { nodes { id name } } }");
    let external_id = text(&external, "/networks/nodes/0/id");
    let update = |input: &str| format!("routerUpdate(router: \"{name}\", input: {{ {input} }})");
    let out = update(&format!(
        "externalNetwork: \"{external_id}\", description: \"ü\""
    ));
    let seen = change(world, &out, "router", &router);
    let gateway = &seen["external_gateway_info"];
    assert_eq!(gateway["network_id"], json!(external_id), "{seen:#}");
    assert_eq!(seen["description"], "ü", "{seen:#}");
    let routes = update("routes: [{ destination: \"10.82.0.0/24\", nexthop: \"10.81.0.9\" }]");
    let seen = change(world, &routes, "router", &router);
    assert_eq!(seen["routes"][0]["nexthop"], "10.81.0.9", "{seen:#}");
    let (code, message) = world.refusal(&update(
        "routes: [{ destination: \"10.82.0.0/24\", nexthop: \"192.0.2.1\" }]",
    ));
    assert_eq!(code, "BAD_REQUEST", "{message}");
    let cleared = update("hasExternalGateway: false, routes: [], isAdminStateUp: false");
    let seen = change(world, &cleared, "router", &router);
    assert!(seen["external_gateway_info"].is_null(), "{seen:#}");
    assert_eq!(seen["routes"], json!([]), "{seen:#}");
    assert_eq!(seen["admin_state_up"], false, "{seen:#}");
    world.mutate(&format!("routerRemoveInterface{joined}"), "router { id }");
    drop((router, subnet, network));
}

fn security_groups(world: &World) {
    let name = world.new_name("group");
    let create = format!("securityGroupCreate(input: {{ name: \"{name}\" }})");
    let (id, made) = make(world, &create, "securityGroup", "/security-groups");
    let renamed = world.new_name("renamed");
    let update = format!(
        "securityGroupUpdate(securityGroup: \"{name}\", name: \"{renamed}\", description: \"ü\",
            isStateful: false)"
    );
    let seen = change(world, &update, "securityGroup", &made);
    assert_eq!(seen["name"], json!(renamed), "{seen:#}");
    assert_eq!(seen["description"], "ü", "{seen:#}");
    assert_eq!(seen["stateful"], false, "{seen:#}");
    // Every project has one that is named so, and no other.
    let update = format!("securityGroupUpdate(securityGroup: \"{id}\", name: \"default\")");
    let (code, message) = world.refusal(&update);
    assert_eq!(code, "CONFLICT", "{message}");
}
