//! The volumes that a server is made with.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use crate::compute::bad_request;
use crate::compute::query::truth;
use crate::compute::writer::Writer;
use crate::reply::Reply;
use crate::world::block_storage::{Attachment, Volume};
use crate::world::compute::AttachedVolume;
use crate::world::id::read_uuid;

/// A volume that there is, or one that is made of something.
pub(super) struct Disk {
    source: Source,
    size_gib: Option<u32>,
    pub(super) is_root: bool,
    delete_on_termination: bool,
}

enum Source {
    Volume(Uuid),
    Image(Uuid),
    Snapshot(Uuid),
    Blank,
}

impl Writer<'_> {
    /// The volumes among the disks that are asked for.
    pub(super) fn disks(&self, asked: &Value) -> Result<Vec<Disk>, Reply> {
        let has = |name: &str| asked[name].as_array().is_some_and(|rows| !rows.is_empty());
        if has("block_device_mapping") && has("block_device_mapping_v2") {
            return Err(bad_request(
                "Using different block_device_mapping syntaxes is not allowed in the same request.",
            ));
        }
        let mut disks = Vec::new();
        for row in asked["block_device_mapping"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let id = row["volume_id"].as_str().unwrap_or_default();
            let device = row["device_name"].as_str().unwrap_or_default();
            disks.push(Disk {
                source: Source::Volume(uuid_of(id)?),
                size_gib: None,
                is_root: device == "vda" || device.ends_with("/vda"),
                delete_on_termination: is_true(&row["delete_on_termination"]),
            });
        }
        let rows = asked["block_device_mapping_v2"].as_array();
        for row in rows.into_iter().flatten() {
            let kind = row["source_type"].as_str().unwrap_or_default();
            let is_local = row["destination_type"] == "local";
            if kind == "blank" && is_local || kind == "image" && row["destination_type"] != "volume"
            {
                continue;
            }
            let id = || {
                let id = row["uuid"].as_str().or_else(|| row["volume_id"].as_str());
                id.ok_or_else(|| {
                    bad_request("Block Device Mapping is Invalid: Missing device UUID.")
                })
            };
            let source = match kind {
                "volume" => Source::Volume(uuid_of(id()?)?),
                "image" => Source::Image(uuid_of(id()?)?),
                "snapshot" => Source::Snapshot(uuid_of(id()?)?),
                _ => Source::Blank,
            };
            let index = match &row["boot_index"] {
                Value::Number(number) => number.as_i64(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            let size = match &row["volume_size"] {
                Value::Number(number) => number.as_u64(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            disks.push(Disk {
                source,
                size_gib: size.and_then(|size| size.try_into().ok()),
                is_root: index == Some(0),
                delete_on_termination: is_true(&row["delete_on_termination"]),
            });
        }
        Ok(disks)
    }

    /// Whether what the disks are made of is there, and free.
    pub(super) fn check_disks(&self, disks: &[Disk]) -> Result<(), Reply> {
        let region = self.region();
        let is_own = |project| self.token.is_admin() || self.token.project == Some(project);
        for disk in disks {
            match disk.source {
                Source::Volume(id) => {
                    let row = region.block_storage.volumes.get(&id);
                    let row = row.filter(|row| is_own(row.project));
                    let row = row.ok_or_else(|| {
                        bad_request(&format!(
                            "Block Device Mapping is Invalid: failed to get volume {id}."
                        ))
                    })?;
                    attachable(row)?;
                }
                Source::Image(id) => {
                    if !region.image.images.contains_key(&id) {
                        return Err(bad_request(&format!(
                            "Block Device Mapping is Invalid: failed to get image {id}."
                        )));
                    }
                    if disk.size_gib.is_none() {
                        return Err(bad_request(
                            "Block Device Mapping is Invalid: Images with destination_type \
                             'volume' need to have a non-zero size specified",
                        ));
                    }
                }
                Source::Snapshot(id) => {
                    let row = region.block_storage.snapshots.get(&id);
                    if row.is_none_or(|row| !is_own(row.project)) {
                        return Err(bad_request(&format!(
                            "Block Device Mapping is Invalid: failed to get snapshot {id}."
                        )));
                    }
                }
                Source::Blank if disk.size_gib.is_none() => {
                    return Err(bad_request(
                        "Block Device Mapping is Invalid: Blank volumes (source: 'blank', dest: \
                         'volume') need to have non-zero size",
                    ));
                }
                Source::Blank => {}
            }
        }
        Ok(())
    }

    /// Makes the volumes that are not there yet, and reserves all of them for a server.
    pub(super) fn add_disks(&mut self, server: Uuid, disks: &[Disk]) {
        for (place, disk) in disks.iter().enumerate() {
            let volume = match disk.source {
                Source::Volume(id) => id,
                _ => self.new_volume(disk),
            };
            let letter = u8::try_from(place).unwrap_or_default().min(25) + b'a';
            let device = format!("/dev/vd{}", char::from(letter));
            self.reserve(
                server,
                volume,
                device,
                "attaching",
                disk.delete_on_termination,
            );
        }
    }

    /// Holds a volume for a server.
    pub(super) fn reserve(
        &mut self,
        server: Uuid,
        volume: Uuid,
        device: String,
        status: &'static str,
        delete_on_termination: bool,
    ) {
        let now = self.call.now;
        let id = self.world.dice.uuid();
        if let Some(row) = self.region_mut().block_storage.volumes.get_mut(&volume) {
            row.status = status;
            row.updated = now;
            row.attachments.push(Attachment {
                id,
                server,
                host: None,
                device,
                status: "reserved",
                attached: None,
            });
        }
        if let Some(server) = self.server_mut(server) {
            server.volumes.push(AttachedVolume {
                id: volume,
                delete_on_termination,
            });
        }
    }

    fn new_volume(&mut self, disk: &Disk) -> Uuid {
        let now = self.call.now;
        let id = self.world.dice.uuid();
        let region = self.region();
        let storage = &region.block_storage;
        let types = storage.types.values();
        let volume_type = types.filter(|row| row.is_default).map(|row| row.id).next();
        let snapshot = match disk.source {
            Source::Snapshot(id) => storage.snapshots.get(&id),
            _ => None,
        };
        let image = match disk.source {
            Source::Image(id) => region.image.images.get(&id),
            _ => None,
        };
        let mut image_metadata = BTreeMap::new();
        if let Some(image) = image {
            let name = image.name.clone().unwrap_or_default();
            image_metadata.insert("image_id".to_owned(), image.id.to_string());
            image_metadata.insert("image_name".to_owned(), name);
            image_metadata.extend(image.properties.clone());
        }
        let size = disk.size_gib.or(snapshot.map(|row| row.size_gib));
        let project = self.token.project.unwrap_or(self.token.user);
        let first = storage.volumes.values().next();
        let volume = Volume {
            id,
            // Nova gives none.
            name: Some(String::new()),
            description: Some(String::new()),
            project,
            user: self.token.user,
            size_gib: size.unwrap_or(1),
            status: "reserved",
            volume_type: volume_type.unwrap_or(id),
            zone: first.map_or_else(|| "nova".into(), |row| row.zone.clone()),
            host: storage.pools.first().map(|pool| pool.name.clone()),
            is_bootable: image.is_some() || disk.is_root,
            is_encrypted: false,
            is_multiattach: false,
            is_readonly: None,
            snapshot: snapshot.map(|row| row.id),
            source: None,
            metadata: BTreeMap::new(),
            image_metadata,
            created: now,
            updated: now,
            attachments: Vec::new(),
        };
        self.region_mut().block_storage.volumes.insert(id, volume);
        id
    }
}

/// Whether a server may have a volume.
pub(super) fn attachable(row: &Volume) -> Result<(), Reply> {
    let id = row.id;
    if row.is_multiattach && row.status == "in-use" {
        return Ok(());
    }
    if row.status == "available" {
        return Ok(());
    }
    let refused = |status: &str| {
        bad_request(&format!(
            "Invalid volume: volume {id} is already attached to instances: {status}"
        ))
    };
    let servers: Vec<String> = row
        .attachments
        .iter()
        .map(|row| row.server.to_string())
        .collect();
    if !servers.is_empty() {
        return Err(refused(&servers.join(", ")));
    }
    Err(bad_request(&format!(
        "Invalid volume: volume '{id}' status must be 'available'. Currently in '{}' status",
        row.status
    )))
}

fn uuid_of(id: &str) -> Result<Uuid, Reply> {
    read_uuid(id).ok_or_else(|| bad_request(&format!("Volume {id} could not be found.")))
}

fn is_true(asked: &Value) -> bool {
    match asked {
        Value::Bool(is) => *is,
        Value::String(text) => truth(text).unwrap_or_default(),
        _ => false,
    }
}
