//! What cannot be: each time the service's own reason, and nothing half done that is not named.

use serde_json::{Value, json};

use crate::Scenario;
use crate::servers::{server, smallest};
use crate::stdio::image;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("refusals::unknown_names", unknown_names),
    ("refusals::ambiguous_names", ambiguous_names),
    ("refusals::wrong_states", wrong_states),
    ("refusals::what_is_in_use", what_is_in_use),
    ("refusals::broken_templates", broken_templates),
    ("refusals::a_server_that_fails", a_server_that_fails),
];

fn unknown_names(world: &World) {
    let nobody = "nobody-has-this-name";
    for (mutation, argument) in [
        ("serverDelete", "server"),
        ("volumeDelete", "volume"),
        ("volumeSnapshotDelete", "volumeSnapshot"),
        ("keypairDelete", "keypair"),
        ("floatingIpDelete", "floatingIp"),
        ("securityGroupDelete", "securityGroup"),
        ("networkDelete", "network"),
        ("subnetDelete", "subnet"),
        ("portDelete", "port"),
        ("routerDelete", "router"),
        ("imageDelete", "image"),
        ("stackDelete", "stack"),
    ] {
        let (code, message) = world.refusal(&format!("{mutation}({argument}: \"{nobody}\")"));
        assert_eq!(code, "NOT_FOUND", "{mutation}: {message}");
        assert!(message.contains(nobody), "{mutation}: {message}");
    }
    let name = world.new_name("never");
    let create = format!(
        "serverCreate(input: {{ name: \"{name}\", flavor: \"{nobody}\", image: \"{nobody}\" }})"
    );
    let (code, message) = world.refusal(&create);
    assert_eq!(code, "NOT_FOUND", "{message}");
    let found = world.look("compute", &format!("/servers?name={name}"));
    assert_eq!(found["servers"], json!([]), "{found:#}");
}

fn ambiguous_names(world: &World) {
    let twin = world.new_name("twins");
    let create = format!("networkCreate(input: {{ name: \"{twin}\" }})");
    let made = [(); 2].map(|()| {
        let created = world.mutate(&create, "network { id }");
        let id = text(&created, "/network/id");
        let made = world.made("network", format!("/networks/{id}"));
        (id, made)
    });
    let (code, message) = world.refusal(&format!("networkDelete(network: \"{twin}\")"));
    assert_eq!(code, "AMBIGUOUS", "{message}");
    for (id, made) in &made {
        assert!(message.contains(id), "{message}");
        world.look("network", &made.path);
    }
}

fn wrong_states(world: &World) {
    let (id, made) = server(world, &world.new_name("active"));
    for mutation in [
        "serverStart",
        "serverUnpause",
        "serverResume",
        "serverUnshelve",
        "serverUnrescue",
        "serverConfirmResize",
        "serverRevertResize",
    ] {
        let (code, message) = world.refusal(&format!("{mutation}(server: \"{id}\")"));
        assert_eq!(code, "CONFLICT", "{mutation}: {message}");
        assert!(message.contains("active"), "{mutation}: {message}");
    }
    let seen = world.look("compute", &made.path);
    assert_eq!(seen["server"]["status"], "ACTIVE", "{seen:#}");
    assert!(
        seen["server"]["OS-EXT-STS:task_state"].is_null(),
        "{seen:#}"
    );
}

fn what_is_in_use(world: &World) {
    let (id, _server) = server(world, &world.new_name("user"));
    let name = world.new_name("used");
    let wait = "wait: { timeoutSeconds: 60 }";
    let created = world.mutate(
        &format!("volumeCreate(input: {{ name: \"{name}\", sizeGib: 1 }}, {wait})"),
        "volume { id }",
    );
    let path = format!("/volumes/{}", text(&created, "/volume/id"));
    let _volume = world.made("block_storage", path.clone());
    let pair = format!("(server: \"{id}\", volume: \"{name}\", {wait})");
    world.mutate(&format!("serverAddVolume{pair}"), "server { id }");
    for (mutation, said) in [
        (
            format!("volumeDelete(volume: \"{name}\")"),
            "must be available",
        ),
        (
            format!("volumeSnapshotCreate(input: {{ volume: \"{name}\" }})"),
            "must be available",
        ),
        (format!("serverAddVolume{pair}"), "attach"),
    ] {
        let (code, message) = world.refusal(&mutation);
        let is_refusal = ["BAD_REQUEST", "CONFLICT"].contains(&code.as_str());
        assert!(is_refusal, "{mutation}: {code}: {message}");
        assert!(message.contains(said), "{mutation}: {message}");
    }
    let seen = world.look("block_storage", &path);
    assert_eq!(seen["volume"]["status"], "in-use", "{seen:#}");
    // What hangs on it is told to who asks first.
    let plan = world.dry_run(&format!("volumeDelete(volume: \"{name}\", dryRun: true)"));
    assert!(plan.to_string().contains(&id), "{plan:#}");
    world.mutate(&format!("serverRemoveVolume{pair}"), "server { id }");
}

fn broken_templates(world: &World) {
    let needs = "heat_template_version: 2018-08-31\\nparameters:\\n  a: {type: string}\\n";
    let circle = "heat_template_version: 2018-08-31\\nresources:\\n  a:\\n    \
        type: OS::Heat::Value\\n    properties: {value: {get_resource: b}}\\n";
    for (template, said) in [
        ("a: [", ""),
        (
            "heat_template_version: 1999-01-01\\nresources: {}",
            "1999-01-01",
        ),
        (needs, "a"),
        (circle, "b"),
    ] {
        let name = world.new_name("broken");
        let create =
            format!("stackCreate(input: {{ name: \"{name}\", template: \"{template}\" }})");
        let (code, message) = world.refusal(&create);
        assert_eq!(code, "BAD_REQUEST", "{template}: {message}");
        assert!(message.contains(said), "{template}: {message}");
        let found = world.look("orchestration", &format!("/stacks?name={name}"));
        assert_eq!(found["stacks"], json!([]), "{template}: {found:#}");
    }
}

/// One for which there is no host: it is there, in ERROR, and both its name and why are told.
fn a_server_that_fails(world: &World) {
    let (image, _image) = image(world, &world.new_name("demanding"));
    world.mutate(
        &format!(
            "imageUpdate(image: \"{image}\", input: {{ properties: [
                {{ key: \"trait:HW_CPU_X86_AVX512F\", value: \"required\" }}] }})"
        ),
        "image { id }",
    );
    let name = world.new_name("homeless");
    let (flavor, _, network) = smallest(world);
    let create = format!(
        "serverCreate(input: {{ name: \"{name}\", flavor: \"{flavor}\", image: \"{image}\",
            networks: [\"{network}\"] }}, wait: {{ timeoutSeconds: 90 }})"
    );
    let payload = world.outcome(&create, "server { id status fault { message } }");
    let id = text(&payload, "/server/id");
    let made = world.made("compute", format!("/servers/{id}"));
    assert_eq!(payload["server"]["status"], "ERROR", "{payload:#}");
    let fault = text(&payload, "/server/fault/message");
    let error = &payload["userErrors"][0];
    assert!(error["code"].is_string(), "{payload:#}");
    let message = text(error, "/message");
    assert!(message.contains(fault.trim()), "{payload:#}");
    assert!(
        message.contains(&id) || message.contains(&name),
        "{payload:#}"
    );
    let seen = world.look("compute", &made.path);
    assert_eq!(seen["server"]["status"], "ERROR", "{seen:#}");
    let told: &Value = &seen["server"]["fault"]["message"];
    assert!(told.as_str().is_some_and(|it| it.contains("No valid host")));
    world.mutate(
        &format!("serverDelete(server: \"{name}\", wait: {{ timeoutSeconds: 60 }})"),
        "server { id }",
    );
    world.gone("compute", &made.path);
}
