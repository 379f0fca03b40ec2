//! Quotas that are full, and the codes that the services have for it: Nova's 403, Neutron's 409,
//! Cinder's and Glance's 413, Heat's 400.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::Scenario;
use crate::project::Project;
use crate::servers::smallest;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("quotas::of_one_thing", of_one_thing),
    ("quotas::of_a_project", of_a_project),
];

fn full(world: &World, mutation: &str) -> String {
    let (code, message) = world.refusal(mutation);
    assert_eq!(code, "QUOTA_EXCEEDED", "{mutation:.200}: {message}");
    message
}

/// What Glance and Heat limit for one image and one stack; they have no other quotas by default.
fn of_one_thing(world: &World) {
    let name = world.new_name("noted");
    let created = world.mutate(
        &format!("imageCreate(input: {{ name: \"{name}\" }})"),
        "image { id }",
    );
    let id = text(&created, "/image/id");
    let made = world.made("image", format!("/images/{id}"));
    let mut properties = String::new();
    for number in 0..129 {
        let _ = write!(properties, "{{ key: \"k{number}\", value: \"v\" }} ");
    }
    full(
        world,
        &format!("imageUpdate(image: \"{id}\", input: {{ properties: [{properties}] }})"),
    );
    let seen = world.look("image", &made.path);
    assert!(seen["k0"].is_null(), "{seen:#}");

    let name = world.new_name("large");
    let mut template = String::from("heat_template_version: 2018-08-31\\nresources:\\n");
    for number in 0..1001 {
        let _ = write!(template, "  r{number}: {{type: OS::Heat::None}}\\n");
    }
    full(
        world,
        &format!("stackCreate(input: {{ name: \"{name}\", template: \"{template}\" }})"),
    );
    let found = world.look("orchestration", &format!("/stacks?name={name}"));
    assert_eq!(found["stacks"], json!([]), "{found:#}");
}

/// What a project may have, in one of its own, where nobody else is kept from anything.
fn of_a_project(world: &World) {
    let project = Project::new(world);
    let world = &project.world;
    let before = counts(world);
    let name = world.new_name("first");
    let created = world.mutate(
        &format!("networkCreate(input: {{ name: \"{name}\" }})"),
        "network { id }",
    );
    let network = text(&created, "/network/id");
    let made = world.made("network", format!("/networks/{network}"));
    world.mutate(
        &format!("subnetCreate(input: {{ network: \"{network}\", cidr: \"10.83.0.0/24\" }})"),
        "subnet { id }",
    );
    project.limit(
        "network",
        "/quotas/{project}",
        &json!({"quota": {
            "network": 1, "router": 0, "floatingip": 0, "port": 0, "security_group": 1,
        }}),
    );
    for mutation in [
        "networkCreate(input: { name: \"second\" })".to_owned(),
        "routerCreate(input: { name: \"first\" })".to_owned(),
        "floatingIpCreate".to_owned(),
        format!("portCreate(input: {{ network: \"{network}\" }})"),
        "securityGroupCreate(input: { name: \"second\" })".to_owned(),
    ] {
        let message = full(world, &mutation);
        assert!(message.contains("Quota exceeded"), "{mutation}: {message}");
    }
    let sizes = json!({"quota_set": {"volumes": 0}});
    project.limit("block_storage", "/os-quota-sets/{project}", &sizes);
    let message = full(world, "volumeCreate(input: { name: \"one\", sizeGib: 1 })");
    assert!(
        message.contains("VolumeLimitExceeded") || message.contains("Maximum number"),
        "{message}"
    );
    let sizes = json!({"quota_set": {"volumes": 10, "gigabytes": 5}});
    project.limit("block_storage", "/os-quota-sets/{project}", &sizes);
    full(world, "volumeCreate(input: { name: \"one\", sizeGib: 6 })");

    let (flavor, image, _) = smallest(world);
    let create = format!(
        "serverCreate(input: {{ name: \"one\", flavor: \"{flavor}\", image: \"{image}\",
            networks: [\"{network}\"] }})"
    );
    let message = full(world, &create);
    assert!(message.contains("ports"), "{message}");
    let ports = json!({"quota": {"port": -1}});
    project.limit("network", "/quotas/{project}", &ports);
    let instances = json!({"quota_set": {"instances": 0, "force": true}});
    project.limit("compute", "/os-quota-sets/{project}", &instances);
    let message = full(world, &create);
    assert!(message.contains("instances"), "{message}");
    let mut metadata = String::new();
    for number in 0..129 {
        let _ = write!(metadata, "{{ key: \"k{number}\", value: \"v\" }} ");
    }
    let noted = create.replace("networks:", &format!("metadata: [{metadata}], networks:"));
    let message = full(world, &noted);
    assert!(message.contains("metadata"), "{message}");
    // Nothing was left behind.
    assert_eq!(counts(world), before);
    let ports: Value = world.look("network", &format!("/ports?network_id={network}"));
    let of_servers = ports["ports"].as_array().expect("ports").iter();
    let mut of_servers = of_servers.filter(|row| row["device_owner"] != "network:dhcp");
    assert!(of_servers.next().is_none(), "{ports:#}");
    drop(made);
}

/// How many servers and volumes there are.
fn counts(world: &World) -> [usize; 2] {
    [
        ("compute", "/servers", "servers"),
        ("block_storage", "/volumes", "volumes"),
    ]
    .map(|(service, path, member)| {
        let body = world.look(service, path);
        body[member].as_array().expect("rows").len()
    })
}
