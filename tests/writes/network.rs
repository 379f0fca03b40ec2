//! Networks and what is in them.

use serde_json::{Value, json};

use crate::Scenario;
use crate::servers::server;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("floating_ips::by_tool", floating_ips),
    ("networks::from_nothing_to_nothing", networks),
    ("security_groups::with_rules", security_groups),
];

fn floating_ips(world: &World) {
    let (server_id, server) = server(world, &world.new_name("reached"));
    let server_name = text(&world.look("compute", &server.path), "/server/name");
    // One of the project's own networks that a router leads out of is where its servers are.
    let created = world.tool("manage_floating_ip", &json!({"action": "create"}));
    let id = text(&created, "/floatingIp/id");
    let path = format!("/floatingips/{id}");
    let made = world.made("network", path.clone());
    let address = text(
        &world.look("network", &path),
        "/floatingip/floating_ip_address",
    );
    let associate = json!({
        "action": "associate", "floating_ip_id": address, "instance_name": server_name,
    });
    world.tool("manage_floating_ip", &associate);
    let seen = world.look("network", &path);
    let port = text(&seen, "/floatingip/port_id");
    let port = world.look("network", &format!("/ports/{port}"));
    assert_eq!(port["port"]["device_id"], json!(server_id), "{port:#}");
    let dry = json!({"action": "delete", "floating_ip_id": id, "dry_run": true});
    let plan = world.tool("manage_floating_ip", &dry);
    assert!(plan.to_string().contains(&server_id), "{plan:#}");
    world.tool(
        "manage_floating_ip",
        &json!({"action": "disassociate", "floating_ip_id": id}),
    );
    let seen = world.look("network", &path);
    assert!(seen["floatingip"]["port_id"].is_null(), "{seen:#}");
    world.tool(
        "manage_floating_ip",
        &json!({"action": "delete", "floating_ip_id": id}),
    );
    world.gone("network", &made.path);
}

fn networks(world: &World) {
    let name = world.new_name("net");
    let created = world.mutate(
        &format!("networkCreate(input: {{ name: \"{name}\" }})"),
        "network { id name }",
    );
    let id = text(&created, "/network/id");
    let network = world.made("network", format!("/networks/{id}"));
    let created = world.mutate(
        &format!("subnetCreate(input: {{ network: \"{id}\", cidr: \"10.77.0.0/24\" }})"),
        "subnet { id }",
    );
    let subnet_id = text(&created, "/subnet/id");
    let subnet = world.made("network", format!("/subnets/{subnet_id}"));
    let seen = world.look("network", &subnet.path);
    assert_eq!(seen["subnet"]["cidr"], "10.77.0.0/24");
    let created = world.mutate(
        &format!("portCreate(input: {{ network: \"{name}\", name: \"{name}-port\" }})"),
        "port { id }",
    );
    let port_id = text(&created, "/port/id");
    let port = world.made("network", format!("/ports/{port_id}"));
    let created = world.mutate(
        &format!("routerCreate(input: {{ name: \"{name}-router\" }})"),
        "router { id }",
    );
    let router_id = text(&created, "/router/id");
    let router = world.made("network", format!("/routers/{router_id}"));
    let joined = format!("(router: \"{router_id}\", subnet: \"{subnet_id}\")");
    world.mutate(&format!("routerAddInterface{joined}"), "router { id }");
    let ports = world.look("network", &format!("/ports?device_id={router_id}"));
    assert_eq!(
        ports["ports"].as_array().map(Vec::len),
        Some(1),
        "{ports:#}"
    );
    // What is in use is not deleted, and a dry run tells by what.
    let (code, message) = world.refusal(&format!("networkDelete(network: \"{id}\")"));
    assert_eq!(code, "CONFLICT", "{message}");
    let plan = world.dry_run(&format!("networkDelete(network: \"{id}\", dryRun: true)"));
    let kinds: Vec<&Value> = plan["affects"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["kind"])
        .collect();
    assert!(kinds.contains(&&json!("Port")), "{plan:#}");
    world.mutate(&format!("routerRemoveInterface{joined}"), "router { id }");
    world.mutate(
        &format!("routerDelete(router: \"{router_id}\")"),
        "router { id }",
    );
    world.gone("network", &router.path);
    world.mutate(&format!("portDelete(port: \"{port_id}\")"), "port { id }");
    world.gone("network", &port.path);
    world.mutate(
        &format!("subnetDelete(subnet: \"{subnet_id}\")"),
        "subnet { id }",
    );
    world.gone("network", &subnet.path);
    world.mutate(
        &format!("networkDelete(network: \"{id}\")"),
        "network { id }",
    );
    world.gone("network", &network.path);
}

fn security_groups(world: &World) {
    let name = world.new_name("group");
    let created = world.mutate(
        &format!("securityGroupCreate(input: {{ name: \"{name}\", description: \"ü\" }})"),
        "securityGroup { id }",
    );
    let id = text(&created, "/securityGroup/id");
    let made = world.made("network", format!("/security-groups/{id}"));
    let rule = format!(
        "securityGroupAddRule(securityGroup: \"{name}\", rule: {{ direction: INGRESS,
            protocol: \"tcp\", portRangeMin: 22, portRangeMax: 22, remoteIpPrefix: \"0.0.0.0/0\" }})"
    );
    let select = "securityGroup { id rules { nodes { id direction portRangeMin } } }";
    let added = world.mutate(&rule, select);
    let rules = added["securityGroup"]["rules"]["nodes"]
        .as_array()
        .expect("rules");
    let ours = rules.iter().find(|rule| rule["portRangeMin"] == 22);
    let rule_id = text(ours.expect("the rule"), "/id");
    let (code, message) = world.refusal(&rule);
    assert_eq!(code, "CONFLICT", "{message}");
    world.mutate(
        &format!("securityGroupRemoveRule(rule: \"{rule_id}\")"),
        "securityGroup { id }",
    );
    world.gone("network", &format!("/security-group-rules/{rule_id}"));
    world.mutate(
        &format!("securityGroupDelete(securityGroup: \"{id}\")"),
        "securityGroup { id }",
    );
    world.gone("network", &made.path);
}
