//! Servers and keypairs.

use serde_json::{Value, json};

use crate::Scenario;
use crate::world::{Made, World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("servers::a_life_by_tool", a_life_by_tool),
    ("servers::a_life_by_mutation", a_life_by_mutation),
    ("servers::connections", connections),
    ("servers::what_cannot_be", what_cannot_be),
    ("keypairs::by_tool", keypairs),
    ("keypairs::by_mutation", keypairs_by_mutation),
];

/// The smallest flavor, the image that needs least, and a network that a floating IP can lead into.
pub(crate) fn smallest(world: &World) -> (String, String, String) {
    let data = world.query(
        "{ flavors(all: true) { nodes { name ramMib diskGib extraSpecs } }
           images(filter: { status: ACTIVE }, all: true) {
               nodes { id minDiskGib minRamMib visibility } }
           networks(filter: { isExternal: false }) { nodes { id isShared } }
           routers { nodes { externalGateway { networkId } interfaces { nodes { networkId } } } } }",
    );
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or(0);
    // The image that needs least, and the smallest flavor that has it.
    let images = data["images"]["nodes"].as_array().expect("images").iter();
    let public = images.filter(|image| image["visibility"] == "PUBLIC");
    let image =
        public.min_by_key(|image| (number(image, "minDiskGib"), number(image, "minRamMib")));
    let image = image.expect("a public image");
    let flavors = data["flavors"]["nodes"].as_array().expect("flavors").iter();
    let fits = |flavor: &&Value| {
        // Those with further demands may have no host.
        flavor["extraSpecs"] == json!({})
            && number(flavor, "diskGib") >= number(image, "minDiskGib").max(1)
            && number(flavor, "ramMib") >= number(image, "minRamMib")
    };
    let flavor = flavors
        .filter(fits)
        .min_by_key(|flavor| (number(flavor, "diskGib"), number(flavor, "ramMib")));
    let flavor = flavor.expect("a flavor for the image");
    let networks = data["networks"]["nodes"].as_array().expect("networks");
    // One that a floating IP can lead into.
    let routers = data["routers"]["nodes"].as_array().into_iter().flatten();
    let leading_out = routers.filter(|router| router["externalGateway"]["networkId"].is_string());
    let interfaces = leading_out.filter_map(|router| router["interfaces"]["nodes"].as_array());
    let reached: Vec<&Value> = interfaces
        .flatten()
        .map(|port| &port["networkId"])
        .collect();
    let own = networks
        .iter()
        .find(|network| network["isShared"] == false && reached.contains(&&network["id"]));
    // A project may have none yet.
    let network = own.map(|network| text(network, "/id"));
    (
        text(flavor, "/name"),
        text(image, "/id"),
        network.unwrap_or_default(),
    )
}

/// A server of its own: its id, and what removes it.
pub(crate) fn server<'a>(world: &'a World, name: &str) -> (String, Made<'a>) {
    let (flavor, image, network) = smallest(world);
    let mutation = format!(
        "serverCreate(input: {{ name: \"{name}\", flavor: \"{flavor}\", image: \"{image}\",
            networks: [\"{network}\"] }}, wait: {{ timeoutSeconds: 90 }})"
    );
    let payload = world.outcome(&mutation, "server { id status fault { message } }");
    let id = text(&payload, "/server/id");
    let made = world.made("compute", format!("/servers/{id}"));
    assert_eq!(payload["server"]["status"], "ACTIVE", "{payload:#}");
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    (id, made)
}

fn status(world: &World, made: &Made<'_>, wanted: &str) {
    let server = world.look("compute", &made.path);
    assert_eq!(server["server"]["status"], wanted, "{server:#}");
}

fn a_life_by_tool(world: &World) {
    let name = world.new_name("tool");
    let (id, made) = server(world, &name);
    let act = |action: &str| {
        let arguments = json!({"instance_name": name, "action": action});
        world.tool("manage_instance", &arguments)
    };
    for (action, wanted) in [
        ("stop", "SHUTOFF"),
        ("start", "ACTIVE"),
        ("pause", "PAUSED"),
        ("unpause", "ACTIVE"),
        ("pause", "PAUSED"),
        ("resume", "ACTIVE"),
        ("suspend", "SUSPENDED"),
        ("resume", "ACTIVE"),
        ("restart", "ACTIVE"),
        ("reboot", "ACTIVE"),
    ] {
        act(action);
        status(world, &made, wanted);
    }
    let hard = json!({"instance_name": id, "action": "reboot", "hard": true});
    world.tool("manage_instance", &hard);
    status(world, &made, "ACTIVE");
    let dry = json!({"instance_name": id, "action": "delete", "dry_run": true});
    let plan = world.tool("manage_instance", &dry);
    assert!(plan.to_string().contains("\"Port\""), "{plan:#}");
    status(world, &made, "ACTIVE");
    // A second start is refused in Nova's words.
    let said = world.refused(
        "manage_instance",
        &json!({"instance_name": name, "action": "start"}),
    );
    assert!(said.contains("vm_state active"), "{said}");
    act("delete");
    world.gone("compute", &made.path);
}

fn a_life_by_mutation(world: &World) {
    let name = world.new_name("graph");
    let (id, made) = server(world, &name);
    let wait = "wait: { timeoutSeconds: 90 }";
    let act = |mutation: &str| world.mutate(mutation, "server { id status taskState }");
    let steps = [
        ("serverPause", "PAUSED"),
        ("serverUnpause", "ACTIVE"),
        ("serverSuspend", "SUSPENDED"),
        ("serverResume", "ACTIVE"),
        ("serverStop", "SHUTOFF"),
        ("serverStart", "ACTIVE"),
        ("serverReboot", "ACTIVE"),
        ("serverShelve", "SHELVED_OFFLOADED"),
        ("serverUnshelve", "ACTIVE"),
        ("serverRescue", "RESCUE"),
        ("serverUnrescue", "ACTIVE"),
    ];
    for (mutation, wanted) in steps {
        act(&format!(
            "{mutation}(server: \"{id}\", wait: {{ timeoutSeconds: 90, until: {wanted} }})"
        ));
        status(world, &made, wanted);
    }
    let flavors =
        world.query("{ flavors(all: true) { nodes { name ramMib diskGib extraSpecs } } }");
    let flavors = flavors["flavors"]["nodes"].as_array().expect("flavors");
    let before = world.look("compute", &made.path)["server"]["flavor"].clone();
    // One with as much disk, and more memory, but not too much for the quota.
    let larger = flavors.iter().filter(|flavor| {
        flavor["extraSpecs"] == json!({})
            && flavor["ramMib"].as_i64() > before["ram"].as_i64()
            && flavor["diskGib"].as_i64() >= before["disk"].as_i64()
    });
    let other = larger.min_by_key(|flavor| (flavor["diskGib"].as_i64(), flavor["ramMib"].as_i64()));
    let other = text(other.expect("a larger flavor"), "/name");
    {
        let resize = format!("serverResize(server: \"{id}\", flavor: \"{other}\", {wait})");
        act(&resize);
        status(world, &made, "VERIFY_RESIZE");
        act(&format!("serverRevertResize(server: \"{id}\", {wait})"));
        act(&resize);
        act(&format!("serverConfirmResize(server: \"{id}\", {wait})"));
        let after = world.look("compute", &made.path);
        assert_eq!(after["server"]["flavor"]["original_name"], json!(other));
    }
    act(&format!("serverLock(server: \"{id}\", reason: \"audit\")"));
    assert_eq!(
        world.look("compute", &made.path)["server"]["locked"],
        json!(true)
    );
    let (code, message) = world.refusal(&format!("serverStop(server: \"{id}\")"));
    assert_eq!(code, "CONFLICT", "{message}");
    assert!(message.contains("locked"), "{message}");
    act(&format!("serverUnlock(server: \"{id}\")"));
    let renamed = world.new_name("renamed");
    act(&format!(
        "serverUpdate(server: \"{id}\", name: \"{renamed}\", description: \"ü\")"
    ));
    act(&format!(
        "serverSetMetadata(server: \"{id}\", metadata: [{{ key: \"k\", value: \"v\" }}])"
    ));
    let server = world.look("compute", &made.path);
    assert_eq!(server["server"]["name"], json!(renamed));
    assert_eq!(server["server"]["metadata"], json!({"k": "v"}));
    let source = text(&server, "/server/image/id");
    act(&format!(
        "serverRebuild(server: \"{id}\", image: \"{source}\", name: \"{renamed}-again\", {wait})"
    ));
    let server = world.look("compute", &made.path);
    assert_eq!(server["server"]["status"], "ACTIVE", "{server:#}");
    let name = &server["server"]["name"];
    assert_eq!(*name, json!(format!("{renamed}-again")));
    let actions = format!("{}/os-instance-actions", made.path);
    let actions = world.look("compute", &actions).to_string();
    assert!(actions.contains("\"rebuild\""), "{actions}");
    let image = world.new_name("image");
    let payload = world.mutate(
        &format!("serverCreateImage(server: \"{id}\", name: \"{image}\")"),
        "image { id name }",
    );
    let path = format!("/images/{}", text(&payload, "/image/id"));
    let _image = world.made("image", path.clone());
    assert_eq!(world.look("image", &path)["name"], json!(image));
    act(&format!("serverDelete(server: \"{id}\", {wait})"));
    world.gone("compute", &made.path);
}

fn connections(world: &World) {
    let (id, made) = server(world, &world.new_name("connected"));
    let volume = world.mutate(
        &format!(
            "volumeCreate(input: {{ name: \"{}\", sizeGib: 1 }}, wait: {{ timeoutSeconds: 60 }})",
            world.new_name("volume")
        ),
        "volume { id }",
    );
    let volume = text(&volume, "/volume/id");
    let volume_path = format!("/volumes/{volume}");
    let _volume = world.made("block_storage", volume_path.clone());
    let select = "server { id }";
    let call = format!("(server: \"{id}\", volume: \"{volume}\", wait: {{ timeoutSeconds: 60 }})");
    world.mutate(&format!("serverAddVolume{call}"), select);
    world.see("block_storage", &volume_path, "in use", |body| {
        body["volume"]["status"] == "in-use"
    });
    world.mutate(&format!("serverRemoveVolume{call}"), select);
    world.see("block_storage", &volume_path, "free", |body| {
        body["volume"]["status"] == "available"
    });
    let group = world.new_name("group");
    let created = world.mutate(
        &format!("securityGroupCreate(input: {{ name: \"{group}\" }})"),
        "securityGroup { id }",
    );
    let group_id = text(&created, "/securityGroup/id");
    let _group = world.made("network", format!("/security-groups/{group_id}"));
    let call = format!("(server: \"{id}\", securityGroup: \"{group}\")");
    let has_group = |body: &Value| {
        let groups = body["server"]["security_groups"].as_array();
        groups
            .into_iter()
            .flatten()
            .any(|row| row["name"] == json!(group))
    };
    world.mutate(&format!("serverAddSecurityGroup{call}"), select);
    world.see("compute", &made.path, "in the group", has_group);
    world.mutate(&format!("serverRemoveSecurityGroup{call}"), select);
    world.see("compute", &made.path, "out of the group", |body| {
        !has_group(body)
    });
    let ports = format!("/ports?device_id={id}");
    let port = world.look("network", &ports)["ports"][0].clone();
    let network = text(&port, "/network_id");
    world.mutate(
        &format!("serverAddInterface(server: \"{id}\", network: \"{network}\")"),
        select,
    );
    let count = |body: &Value| body["ports"].as_array().map_or(0, Vec::len);
    let both = world.see("network", &ports, "two", |body| count(body) == 2);
    let added = both["ports"].as_array().expect("ports").iter();
    let mut added = added.filter(|row| row["id"] != port["id"]);
    let added = text(added.next().expect("another port"), "/id");
    world.mutate(
        &format!("serverRemoveInterface(server: \"{id}\", port: \"{added}\")"),
        select,
    );
    world.see("network", &ports, "one", |body| count(body) == 1);
}

fn what_cannot_be(world: &World) {
    let (code, _) = world.refusal("serverStop(server: \"nobody-has-this-name\")");
    assert_eq!(code, "NOT_FOUND");
    let said = world.refused(
        "manage_instance",
        &json!({"instance_name": "nobody-has-this-name", "action": "stop"}),
    );
    assert!(said.contains("nobody-has-this-name"), "{said}");
    let said = world.refused(
        "manage_instance",
        &json!({"instance_name": "x", "action": "explode"}),
    );
    assert!(said.contains("start"), "{said}");
    let twin = world.new_name("twin");
    let (_, _one) = server(world, &twin);
    let (_, _other) = server(world, &twin);
    let (code, message) = world.refusal(&format!("serverStop(server: \"{twin}\")"));
    assert_eq!(code, "AMBIGUOUS", "{message}");
}

fn keypairs(world: &World) {
    let name = world.new_name("key");
    let path = format!("/os-keypairs/{name}");
    let create = json!({"keypair_name": name, "action": "create"});
    let made = world.made("compute", path.clone());
    let created = world.tool("manage_keypair", &create);
    let private = text(&created, "/privateKey");
    assert!(private.contains("PRIVATE KEY"), "{created:#}");
    let keypair = world.look("compute", &path);
    let public = text(&keypair, "/keypair/public_key");
    let said = world.refused("manage_keypair", &create);
    assert!(said.contains("already exists"), "{said}");
    world.tool(
        "manage_keypair",
        &json!({"keypair_name": name, "action": "delete"}),
    );
    world.gone("compute", &path);
    world.tool(
        "manage_keypair",
        &json!({"keypair_name": name, "action": "import", "public_key": public}),
    );
    let keypair = world.look("compute", &path);
    assert_eq!(keypair["keypair"]["public_key"], json!(public));
    drop(made);
}

fn keypairs_by_mutation(world: &World) {
    let name = world.new_name("pair");
    let path = format!("/os-keypairs/{name}");
    let made = world.made("compute", path.clone());
    let created = world.mutate(
        &format!("keypairCreate(name: \"{name}\")"),
        "keypair { fingerprint } privateKey",
    );
    assert!(text(&created, "/privateKey").contains("PRIVATE KEY"));
    let keypair = world.look("compute", &path);
    let fingerprint = &keypair["keypair"]["fingerprint"];
    assert_eq!(*fingerprint, created["keypair"]["fingerprint"]);
    let public = text(&keypair, "/keypair/public_key");
    let public = public.trim();
    let select = "keypair { name }";
    world.mutate(&format!("keypairDelete(keypair: \"{name}\")"), select);
    world.gone("compute", &path);
    let import = |key: &str| format!("keypairImport(name: \"{name}\", publicKey: \"{key}\")");
    let (code, message) = world.refusal(&import("no key at all"));
    assert_eq!(code, "BAD_REQUEST", "{message}");
    world.mutate(&import(public), select);
    let keypair = world.look("compute", &path);
    assert_eq!(text(&keypair, "/keypair/public_key").trim(), public);
    drop(made);
}
