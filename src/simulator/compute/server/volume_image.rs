//! Images of servers that boot from a volume: without data, and with snapshots of the volumes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::compute::writer::Writer;
use crate::world::block_storage::Snapshot;
use crate::world::image::Image;

/// The image formats that such an image may have of the one that the volume was made of.
const FORMATS: [&str; 4] = ["raw", "qcow2", "vmdk", "bare"];
/// The properties of the volume's image that stand in fields of their own.
const FIELDS: [&str; 8] = [
    "image_id",
    "image_name",
    "checksum",
    "container_format",
    "disk_format",
    "min_disk",
    "min_ram",
    "size",
];
/// Digests of nothing.
const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SHA512: &str = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b\
                      0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

impl Writer<'_> {
    /// Makes a snapshot of each of a server's volumes, and an image that names them; it is there
    /// at once.
    pub(super) fn image_of_volumes(&mut self, server: Uuid, name: &str, metadata: &Value) -> Uuid {
        let now = self.call.now;
        let id = self.world.dice.uuid();
        let region = self.region();
        let server = region.compute.servers.get(&server);
        let volumes = server.into_iter().flat_map(|server| &server.volumes);
        let volumes: Vec<(Uuid, bool)> = volumes
            .map(|row| (row.id, row.delete_on_termination))
            .collect();
        let mut properties = BTreeMap::new();
        let mut mapping = Vec::new();
        let mut snapshots = Vec::new();
        for (place, (volume, is_deleted)) in volumes.into_iter().enumerate() {
            let snapshot = self.world.dice.uuid();
            let Some(row) = self.region().block_storage.volumes.get(&volume) else {
                continue;
            };
            let is_root = place == 0;
            if is_root {
                properties.clone_from(&row.image_metadata);
            }
            mapping.push(json!({
                "source_type": "snapshot", "destination_type": "volume", "snapshot_id": snapshot,
                "boot_index": if is_root { json!(0) } else { Value::Null },
                "delete_on_termination": is_deleted, "volume_size": row.size_gib,
                "device_name": if is_root { json!("/dev/vda") } else { Value::Null },
                "volume_id": null, "image_id": null, "no_device": null, "device_type": null,
                "disk_bus": null, "guest_format": null, "volume_type": null, "tag": null,
                "encrypted": null, "encryption_secret_uuid": null, "encryption_format": null,
                "encryption_options": null,
            }));
            snapshots.push(Snapshot {
                id: snapshot,
                name: Some(format!("snapshot for {name}")),
                description: Some(String::new()),
                project: row.project,
                user: self.token.user,
                volume,
                size_gib: row.size_gib,
                status: "available",
                metadata: BTreeMap::new(),
                created: now,
                updated: now,
            });
        }
        let format = |of: &str, properties: &BTreeMap<String, String>| {
            let format = properties.get(of)?;
            FORMATS.into_iter().find(|known| known == format)
        };
        let container_format = format("container_format", &properties);
        let disk_format = format("disk_format", &properties);
        let number = |of: &str| properties.get(of).and_then(|text| text.parse().ok());
        let (min_disk_gib, min_ram_mib) = (number("min_disk"), number("min_ram"));
        properties.retain(|name, _| !FIELDS.contains(&name.as_str()));
        let more = [
            ("base_image_ref", String::new()),
            ("owner_user_name", self.token.user_name.clone()),
            ("root_device_name", "/dev/vda".to_owned()),
            ("bdm_v2", "True".to_owned()),
            ("block_device_mapping", Value::Array(mapping).to_string()),
        ];
        properties.extend(more.map(|(name, value)| (name.to_owned(), value)));
        for (name, value) in metadata.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            properties.insert(name.clone(), value.to_owned());
        }
        let image = Image {
            id,
            name: Some(name.to_owned()),
            owner: self.token.project.unwrap_or(self.token.user),
            status: "active",
            visibility: "private",
            is_hidden: false,
            is_protected: false,
            container_format,
            disk_format,
            size_bytes: Some(0),
            virtual_size_bytes: None,
            min_disk_gib: min_disk_gib.unwrap_or_default(),
            min_ram_mib: min_ram_mib.unwrap_or_default(),
            checksum: Some(MD5.to_owned()),
            hash: Some(SHA512.to_owned()),
            tags: Vec::new(),
            properties,
            created: now,
            updated: now,
            members: Vec::new(),
        };
        let region = self.region_mut();
        for row in snapshots {
            region.block_storage.snapshots.insert(row.id, row);
        }
        region.image.images.insert(id, image);
        id
    }
}
