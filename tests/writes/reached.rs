//! How a server is reached from outside: by a floating IP, and by a console.

use serde_json::json;

use crate::Scenario;
use crate::servers::server;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("servers::by_floating_ip", by_floating_ip),
    ("servers::by_console", by_console),
];

fn by_floating_ip(world: &World) {
    let (id, _server) = server(world, &world.new_name("reached"));
    let created = world.mutate("floatingIpCreate", "floatingIp { id floatingIpAddress }");
    let path = format!("/floatingips/{}", text(&created, "/floatingIp/id"));
    let made = world.made("network", path.clone());
    let address = text(&created, "/floatingIp/floatingIpAddress");
    let call = format!("(server: \"{id}\", floatingIp: \"{address}\")");
    world.mutate(&format!("serverAddFloatingIp{call}"), "server { id }");
    let seen = world.look("network", &path);
    let port = text(&seen, "/floatingip/port_id");
    let port = world.look("network", &format!("/ports/{port}"));
    assert_eq!(port["port"]["device_id"], json!(id), "{port:#}");
    world.mutate(&format!("serverRemoveFloatingIp{call}"), "server { id }");
    let seen = world.look("network", &path);
    assert!(seen["floatingip"]["port_id"].is_null(), "{seen:#}");
    // What is not the server's is not taken from it.
    let (code, message) = world.refusal(&format!("serverRemoveFloatingIp{call}"));
    assert_eq!(code, "BAD_USER_INPUT", "{message}");
    // The mutations of the floating IP itself do the same.
    let call = format!("(floatingIp: \"{address}\", server: \"{id}\")");
    world.mutate(&format!("floatingIpAssociate{call}"), "floatingIp { id }");
    let seen = world.look("network", &path);
    assert!(seen["floatingip"]["port_id"].is_string(), "{seen:#}");
    let call = format!("(floatingIp: \"{address}\")");
    world.mutate(
        &format!("floatingIpDisassociate{call}"),
        "floatingIp { id }",
    );
    let seen = world.look("network", &path);
    assert!(seen["floatingip"]["port_id"].is_null(), "{seen:#}");
    world.mutate(&format!("floatingIpDelete{call}"), "floatingIp { id }");
    world.gone("network", &made.path);
}

/// A driver has some kinds of console, or none: each is either opened, or refused in Nova's words.
fn by_console(world: &World) {
    let (id, made) = server(world, &world.new_name("seen"));
    let kinds = ["NOVNC", "SPICE_HTML5", "SERIAL", "WEBMKS"];
    let mut refused = 0;
    for kind in kinds {
        let call = format!("serverCreateConsole(server: \"{id}\", type: {kind})");
        let payload = world.outcome(&call, "console { url }");
        if payload["userErrors"] == json!([]) {
            let url = text(&payload, "/console/url");
            assert!(url.contains("://"), "{kind}: {payload:#}");
            continue;
        }
        refused += 1;
        assert!(payload["console"].is_null(), "{kind}: {payload:#}");
        let code = text(&payload, "/userErrors/0/code");
        assert_eq!(code, "BAD_REQUEST", "{kind}: {payload:#}");
        let message = text(&payload, "/userErrors/0/message");
        assert!(message.contains("console"), "{kind}: {message}");
    }
    assert!(refused > 0, "no cloud has every kind");
    world.mutate(
        &format!("serverStop(server: \"{id}\", wait: {{ timeoutSeconds: 60 }})"),
        "server { id status }",
    );
    let server = world.look("compute", &made.path);
    assert_eq!(server["server"]["status"], "SHUTOFF", "{server:#}");
}
