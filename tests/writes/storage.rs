//! Volumes and snapshots.

use serde_json::json;

use crate::Scenario;
use crate::servers::server;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("volumes::by_tool", volumes),
    ("volumes::by_mutation", volumes_by_mutation),
    ("volumes::made_of_something", made_of_something),
    ("volumes::retyped", retyped),
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

/// The id of the image that needs the smallest volume, and that size in GiB.
fn small_image(world: &World) -> (String, i64) {
    let images = world.query(
        "{ images(filter: { status: ACTIVE }, all: true) {
            nodes { id minDiskGib visibility virtualSizeBytes } } }",
    );
    let rows = images["images"]["nodes"].as_array().expect("images").iter();
    let public = rows.filter(|row| row["visibility"] == "PUBLIC");
    let needed = |row: &serde_json::Value| row["minDiskGib"].as_i64().unwrap_or(0).max(1);
    let image = public
        .min_by_key(|row| needed(row))
        .expect("a public image");
    (text(image, "/id"), needed(image))
}

fn made_of_something(world: &World) {
    let wait = "wait: { timeoutSeconds: 90 }";
    let create = |input: &str| {
        let made = world.mutate(
            &format!("volumeCreate(input: {{ {input} }}, {wait})"),
            "volume { id status }",
        );
        assert_eq!(made["volume"]["status"], "AVAILABLE", "{made:#}");
        format!("/volumes/{}", text(&made, "/volume/id"))
    };
    let (image, size) = small_image(world);
    let name = world.new_name("of-image");
    let path = create(&format!(
        "name: \"{name}\", image: \"{image}\", sizeGib: {size}"
    ));
    let _of_image = world.made("block_storage", path.clone());
    let volume = world.look("block_storage", &path);
    assert_eq!(volume["volume"]["bootable"], "true", "{volume:#}");
    let said = &volume["volume"]["volume_image_metadata"]["image_id"];
    assert_eq!(*said, json!(image), "{volume:#}");

    let taken = world.new_name("snapshot");
    let select = "volumeSnapshot { id status }";
    let snapshot = world.mutate(
        &format!(
            "volumeSnapshotCreate(input: {{ volume: \"{name}\", name: \"{taken}\" }}, {wait})"
        ),
        select,
    );
    let snapshot = text(&snapshot, "/volumeSnapshot/id");
    let snapshot_path = format!("/snapshots/{snapshot}");
    let kept = world.made("block_storage", snapshot_path.clone());
    let renamed = world.new_name("renamed");
    world.mutate(
        &format!(
            "volumeSnapshotUpdate(volumeSnapshot: \"{taken}\", name: \"{renamed}\", description: \"ü\")"
        ),
        select,
    );
    let seen = world.look("block_storage", &snapshot_path);
    assert_eq!(seen["snapshot"]["name"], json!(renamed), "{seen:#}");
    assert_eq!(seen["snapshot"]["description"], "ü", "{seen:#}");
    let copy = create(&format!("snapshot: \"{renamed}\""));
    let of_snapshot = world.made("block_storage", copy.clone());
    let seen = world.look("block_storage", &copy);
    assert_eq!(seen["volume"]["snapshot_id"], json!(snapshot), "{seen:#}");
    assert_eq!(seen["volume"]["size"], json!(size), "{seen:#}");
    // In this order they can go.
    drop(of_snapshot);
    world.gone("block_storage", &copy);
    world.mutate(
        &format!("volumeSnapshotDelete(volumeSnapshot: \"{snapshot}\", {wait})"),
        select,
    );
    world.gone("block_storage", &kept.path);
}

fn retyped(world: &World) {
    let types = world.query("{ volumeTypes(all: true) { nodes { name isPublic } } }");
    let rows = types["volumeTypes"]["nodes"].as_array().expect("types");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    let [first, second, ..] = names.as_slice() else {
        panic!("there is one type alone: {types:#}");
    };
    let name = world.new_name("typed");
    let wait = "wait: { timeoutSeconds: 60 }";
    let created = world.mutate(
        &format!(
            "volumeCreate(input: {{ name: \"{name}\", sizeGib: 1, type: \"{first}\" }}, {wait})"
        ),
        "volume { id }",
    );
    let path = format!("/volumes/{}", text(&created, "/volume/id"));
    let _made = world.made("block_storage", path.clone());
    // Where the types are kept on different hosts nothing else will do.
    let retype = |to: &str| {
        format!("volumeRetype(volume: \"{name}\", type: \"{to}\", migrate: true, {wait})")
    };
    world.mutate(&retype(second), "volume { id status }");
    world.see("block_storage", &path, "retyped", |body| {
        body["volume"]["volume_type"] == json!(second) && body["volume"]["status"] == "available"
    });
    let (code, message) = world.refusal(&retype(second));
    assert_eq!(code, "BAD_REQUEST", "{message}");
    let (code, message) = world.refusal(&retype("no-such-type"));
    assert_eq!(code, "NOT_FOUND", "{message}");
}
