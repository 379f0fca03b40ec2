//! Volumes, snapshots, images.

use serde_json::json;

use crate::Scenario;
use crate::servers::server;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("volumes::by_tool", volumes),
    ("volumes::by_mutation", volumes_by_mutation),
    ("images::by_tool", images),
];

fn volumes(world: &World) {
    let name = world.new_name("volume");
    let act = |action: &str, more: serde_json::Value| {
        let mut arguments = json!({"volume_name": name, "action": action});
        for (key, value) in more.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        world.tool("manage_volume", &arguments)
    };
    let created = act("create", json!({}));
    let id = text(&created, "/volume/id");
    let path = format!("/volumes/{id}");
    let made = world.made("block_storage", path.clone());
    let volume = world.look("block_storage", &path);
    assert_eq!(volume["volume"]["size"], json!(1), "{volume:#}");
    act("extend", json!({"new_size": 2}));
    world.see("block_storage", &path, "larger", |body| {
        body["volume"]["size"] == 2 && body["volume"]["status"] == "available"
    });
    let listed = act("list", json!({}));
    assert!(listed.to_string().contains(&id), "{listed:#}");

    let (_, server) = server(world, &world.new_name("with-volume"));
    let server_name = world.look("compute", &server.path);
    let server_name = text(&server_name, "/server/name");
    act("attach", json!({"instance_name": server_name}));
    world.see("block_storage", &path, "in use", |body| {
        body["volume"]["status"] == "in-use"
    });
    let said = world.refused(
        "manage_volume",
        &json!({"volume_name": name, "action": "delete"}),
    );
    assert!(said.contains("must be available"), "{said}");
    act("detach", json!({"instance_name": server_name}));
    world.see("block_storage", &path, "free", |body| {
        body["volume"]["status"] == "available"
    });

    let snapshot = world.new_name("snapshot");
    let create = json!({"snapshot_name": snapshot, "action": "create", "volume_id": id});
    let taken = world.tool("manage_snapshot", &create);
    let snapshot_path = format!("/snapshots/{}", text(&taken, "/volumeSnapshot/id"));
    let _snapshot = world.made("block_storage", snapshot_path.clone());
    world.see("block_storage", &snapshot_path, "there", |body| {
        body["snapshot"]["status"] == "available"
    });
    // What has snapshots is not deleted, and a dry run says so first.
    let dry = act("delete", json!({"dry_run": true}));
    assert!(dry.to_string().contains(&snapshot), "{dry:#}");
    world.tool(
        "manage_snapshot",
        &json!({"snapshot_name": snapshot, "action": "delete"}),
    );
    world.gone("block_storage", &snapshot_path);
    act("delete", json!({}));
    world.gone("block_storage", &made.path);
}

fn volumes_by_mutation(world: &World) {
    let name = world.new_name("volume");
    let wait = "wait: { timeoutSeconds: 60 }";
    let select = "volume { id status }";
    let created = world.mutate(
        &format!("volumeCreate(input: {{ name: \"{name}\", sizeGib: 1 }}, {wait})"),
        select,
    );
    let id = text(&created, "/volume/id");
    let made = world.made("block_storage", format!("/volumes/{id}"));
    world.mutate(
        &format!("volumeSetBootable(volume: \"{id}\", isBootable: true)"),
        select,
    );
    let volume = world.look("block_storage", &made.path);
    assert_eq!(volume["volume"]["bootable"], "true", "{volume:#}");
    let renamed = world.new_name("renamed");
    world.mutate(
        &format!("volumeUpdate(volume: \"{id}\", name: \"{renamed}\")"),
        select,
    );
    let volume = world.look("block_storage", &made.path);
    assert_eq!(volume["volume"]["name"], json!(renamed));
    let copy = world.mutate(
        &format!(
            "volumeCreate(input: {{ name: \"{name}-copy\", sourceVolume: \"{id}\" }}, {wait})"
        ),
        select,
    );
    let copy = format!("/volumes/{}", text(&copy, "/volume/id"));
    let _copy = world.made("block_storage", copy.clone());
    let volume = world.look("block_storage", &copy);
    assert_eq!(volume["volume"]["source_volid"], json!(id), "{volume:#}");
    // A smaller size is refused by Cinder, and a full quota by its own code.
    let (code, message) = world.refusal(&format!("volumeExtend(volume: \"{id}\", newSizeGib: 1)"));
    assert_eq!(code, "BAD_REQUEST", "{message}");
    let project = text(&volume, "/volume/os-vol-tenant-attr:tenant_id");
    let quota = world.look("block_storage", &format!("/os-quota-sets/{project}"));
    // A quota of -1 is none, and then nothing is too much.
    let limit = quota["quota_set"]["gigabytes"].as_i64().expect("a quota");
    if limit >= 0 {
        let too_much = limit + 1;
        let create = format!("volumeCreate(input: {{ sizeGib: {too_much} }})");
        let (code, message) = world.refusal(&create);
        assert_eq!(code, "QUOTA_EXCEEDED", "{message}");
    }
    world.mutate(&format!("volumeDelete(volume: \"{id}\", {wait})"), select);
    world.gone("block_storage", &made.path);
}

fn images(world: &World) {
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
