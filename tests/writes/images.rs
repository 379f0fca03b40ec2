//! Images: where their data come from, and whom they are shared with.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use tempfile::TempDir;

use crate::Scenario;
use crate::stdio::{DATA, OverStdio, image};
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("images::by_tool", by_tool),
    ("images::of_a_file", of_a_file),
    ("images::of_an_address", of_an_address),
    ("images::changed_and_shared", changed_and_shared),
];

fn by_tool(world: &World) {
    let name = world.new_name("image");
    let source = "https://download.cirros-cloud.net/0.6.2/cirros-0.6.2-x86_64-disk.img";
    let dry = world.tool(
        "manage_image",
        &json!({"image_name": name, "action": "create", "source_url": source, "dry_run": true}),
    );
    assert!(dry.to_string().contains(&name), "{dry:#}");
    let created = world.tool(
        "manage_image",
        &json!({"image_name": name, "action": "create"}),
    );
    let id = text(&created, "/image/id");
    let path = format!("/images/{id}");
    let made = world.made("image", path.clone());
    let image = world.look("image", &path);
    assert_eq!(image["disk_format"], "qcow2", "{image:#}");
    assert_eq!(image["container_format"], "bare", "{image:#}");
    assert_ne!(image["visibility"], "public", "{image:#}");
    let listed = world.tool(
        "manage_image",
        &json!({"image_name": name, "action": "list"}),
    );
    assert!(listed.to_string().contains(&id), "{listed:#}");
    world.tool(
        "manage_image",
        &json!({"image_name": name, "action": "update", "visibility": "private"}),
    );
    assert_eq!(world.look("image", &path)["visibility"], "private");
    world.tool(
        "manage_image",
        &json!({"image_name": name, "action": "delete"}),
    );
    world.gone("image", &made.path);
}

fn of_a_file(world: &World) {
    let (_, made) = image(world, &world.new_name("of-a-file"));
    let seen = world.look("image", &made.path);
    assert_eq!(seen["size"], json!(DATA.len()), "{seen:#}");
    let hash = Sha512::digest(DATA);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen["os_hash_value"], json!(hash), "{seen:#}");
    // What is not below the folder is not sent, and leaves no record behind.
    let folder = TempDir::new().expect("a folder");
    let mut program = OverStdio::start(world, folder.path());
    for file in ["../../etc/hostname", "/etc/hostname", "missing.raw"] {
        let name = world.new_name("not-a-file");
        let create = json!({"image_name": name, "action": "create", "source_file": file});
        let answer = program.call("manage_image", &create);
        assert_eq!(answer["isError"], true, "{file}: {answer:#}");
        assert_eq!(named(world, &name), json!([]), "{file}");
    }
    // Over HTTP the caller's files are not on this machine.
    let name = world.new_name("far-away");
    let create = json!({"image_name": name, "action": "create", "source_file": "disk.raw"});
    let said = world.refused("manage_image", &create);
    assert!(said.contains("stdio"), "{said}");
    assert_eq!(named(world, &name), json!([]));
}

fn of_an_address(world: &World) {
    let create = |name: &str, address: SocketAddr| {
        json!({
            "image_name": name, "action": "create", "disk_format": "raw",
            "source_url": format!("http://{address}/disk.raw"),
        })
    };
    // Glance fetches from the usual ports alone, says so, and no record is left behind.
    let name = world.new_name("refused");
    let unusual = SocketAddr::from(([127, 0, 0, 1], 18_999));
    let said = world.refused("manage_image", &create(&name, unusual));
    assert!(said.contains("does not pass filtering"), "{said}");
    assert_eq!(named(world, &name), json!([]));
    let Some(address) = serve() else {
        eprintln!("images::of_an_address: port 80 cannot be had here, so nothing is fetched");
        return;
    };
    let name = world.new_name("fetched");
    let created = world.tool("manage_image", &create(&name, address));
    let id = text(&created, "/image/id");
    let made = world.made("image", format!("/images/{id}"));
    let seen = world.see("image", &made.path, "fetched", |body| {
        body["status"] == "active"
    });
    // The simulated Glance asks nobody for anything.
    if world.is_real() {
        assert_eq!(seen["size"], json!(DATA.len()), "{seen:#}");
    }
}

/// Serves the data on port 80 of one of this machine's own addresses, where that is allowed.
fn serve() -> Option<SocketAddr> {
    let listeners = (80..90).filter_map(|end| {
        let address = SocketAddr::from(([127, 0, 0, end], 80));
        TcpListener::bind(address).ok()
    });
    let listener = { listeners }.next()?;
    let address = listener.local_addr().ok()?;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let length = DATA.len();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(DATA);
        }
    });
    Some(address)
}

fn changed_and_shared(world: &World) {
    let name = world.new_name("shared");
    let created = world.mutate(
        &format!("imageCreate(input: {{ name: \"{name}\", visibility: SHARED, minDiskGib: 1 }})"),
        "image { id }",
    );
    let id = text(&created, "/image/id");
    let made = world.made("image", format!("/images/{id}"));
    let update = format!(
        "imageUpdate(image: \"{name}\", input: {{ minRamMib: 64, tags: [\"ü\"],
            properties: [{{ key: \"os_distro\", value: \"none\" }}] }})"
    );
    world.mutate(&update, "image { id }");
    let seen = world.look("image", &made.path);
    assert_eq!(seen["min_ram"], 64, "{seen:#}");
    assert_eq!(seen["min_disk"], 1, "{seen:#}");
    assert_eq!(seen["tags"], json!(["ü"]), "{seen:#}");
    assert_eq!(seen["os_distro"], "none", "{seen:#}");

    // Glance takes any project's id; a member may not look for projects.
    let project = "0123456789abcdef0123456789abcdef";
    let members = format!("{}/members", made.path);
    let has = |body: &Value| {
        let rows = body["members"].as_array();
        rows.into_iter()
            .flatten()
            .any(|row| row["member_id"] == project)
    };
    let call = format!("(image: \"{id}\", project: \"{project}\")");
    world.mutate(&format!("imageAddMember{call}"), "image { id }");
    assert!(has(&world.look("image", &members)));
    let (code, message) = world.refusal(&format!("imageAddMember{call}"));
    assert_eq!(code, "CONFLICT", "{message}");
    world.mutate(&format!("imageRemoveMember{call}"), "image { id }");
    assert!(!has(&world.look("image", &members)));
    let (code, message) = world.refusal(&format!("imageRemoveMember{call}"));
    assert_eq!(code, "NOT_FOUND", "{message}");

    // One that is protected stays.
    let protect = |is_protected: bool| {
        let input = format!("{{ isProtected: {is_protected} }}");
        let update = format!("imageUpdate(image: \"{id}\", input: {input})");
        world.mutate(&update, "image { id }");
    };
    protect(true);
    let (code, message) = world.refusal(&format!("imageDelete(image: \"{id}\")"));
    assert_eq!(code, "FORBIDDEN", "{message}");
    assert!(message.contains("protected"), "{message}");
    protect(false);
    world.mutate(&format!("imageDelete(image: \"{id}\")"), "image { id }");
    world.gone("image", &made.path);
}

/// The images that have a name.
fn named(world: &World, name: &str) -> Value {
    world.look("image", &format!("/images?name={name}"))["images"].take()
}
