//! Volumes made, changed and taken away.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::view::{Hosts, Single};
use crate::block_storage::metadata::pairs;
use crate::block_storage::write::{
    More, Writer, either, going, invalid_input, invalid_volume, number,
};
use crate::block_storage::{asked_boolean, bad_request, forbidden, missing, not_found};
use crate::python;
use crate::reply::{Answer, Reply};
use crate::world::block_storage::{Volume, VolumeType};
use crate::world::events::block_storage::Change;
use crate::world::id::read_uuid;
use crate::world::image::Image;

/// What a volume is made of.
#[derive(Default)]
struct Source {
    snapshot: Option<Uuid>,
    volume: Option<Uuid>,
    image: Option<Uuid>,
    backup: Option<Uuid>,
    volume_type: Option<Uuid>,
    is_bootable: bool,
    /// What it is at least, with its word for it.
    least: Option<(u32, &'static str)>,
}

impl Writer<'_> {
    pub(in crate::block_storage) fn volume_create(&mut self) -> Answer {
        let schema = if self.minor >= 53 {
            "volume_create_353"
        } else {
            "volume_create"
        };
        let body = self.body(schema)?;
        let said = &body["volume"];
        check_lengths(said)?;
        let asked_type = match said["volume_type"].as_str().filter(|text| !text.is_empty()) {
            Some(name) => Some(self.type_named(name)?),
            None => None,
        };
        let source = self.source(said)?;
        let size = number(&said["size"]).or(source.least.map(|(least, _)| least));
        let size = size.ok_or_else(|| {
            bad_request(
                "The server could not comply with the request since it is either malformed or \
                 otherwise incorrect.",
            )
        })?;
        if let Some((least, what)) = source.least.filter(|(least, _)| size < *least) {
            return Err(too_small(size, least, what));
        }
        if let Some(image) = source.image {
            self.check_image(image, size)?;
        }
        let project = self.project()?;
        self.check_quota(
            project,
            &More {
                gigabytes: size,
                volume_gigabytes: size,
                is_volume: true,
                adds_volume: true,
                adds_snapshot: false,
            },
        )?;
        let volume_type = asked_type
            .or(source.volume_type)
            .or_else(|| self.default_type())
            .ok_or_else(|| not_found("Default volume type can not be found."))?;
        let now = self.call.now;
        let zone = self.storage().services.first().map(|row| row.zone.clone());
        let text = |name| {
            either(said, name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let row = Volume {
            id: self.new_id(),
            name: text("name"),
            description: text("description"),
            project,
            user: self.token.user,
            size_gib: size,
            status: "creating",
            volume_type,
            zone: zone.unwrap_or_else(|| "nova".into()),
            host: None,
            is_bootable: source.is_bootable,
            is_encrypted: false,
            is_multiattach: false,
            snapshot: source.snapshot,
            source: source.volume,
            metadata: pairs(&said["metadata"]),
            image_metadata: source
                .image
                .map(|id| self.image_metadata(id))
                .unwrap_or_default(),
            created: now,
            updated: now,
            attachments: Vec::new(),
            is_readonly: None,
        };
        let id = row.id;
        self.storage_mut().volumes.insert(id, row);
        self.soon(Change::VolumeMade(id));
        if let Some(backup) = source.backup
            && let Some(row) = self.storage_mut().backups.get_mut(&backup)
        {
            row.status = "restoring";
            self.soon(Change::BackupSettled(backup));
        }
        self.told(id, StatusCode::ACCEPTED)
    }

    /// A volume as the one who writes it is told of it: not all that others see.
    fn told(&self, id: Uuid, status: StatusCode) -> Answer {
        let subject = self.subject();
        let row = self.storage().volumes.get(&id);
        let row = row.ok_or_else(|| missing("Volume", &id.to_string()))?;
        let hosts = Hosts::of(self.storage());
        let view = Single {
            volume: subject.volume_view(row, &hosts),
        };
        let mut view = serde_json::to_value(&view).unwrap_or_default();
        if let Some(view) = view["volume"].as_object_mut() {
            view.retain(|name, _| !name.starts_with("os-vol-") && name != "volume_image_metadata");
            if row.host.is_none() && view.contains_key("shared_targets") {
                view.insert("shared_targets".to_owned(), json!(true));
            }
        }
        Ok(Reply::json(status, &view))
    }

    /// The type of a name or an id.
    pub(in crate::block_storage) fn type_named(&self, name: &str) -> Result<Uuid, Reply> {
        let types = self.storage().types.values();
        let by_id = read_uuid(name);
        let may_use = |row: &&VolumeType| {
            let project = self.token.project;
            row.is_public
                || self.token.is_admin()
                || project.is_some_and(|project| row.access.contains(&project))
        };
        let mut known = types.filter(may_use);
        let row = known.find(|row| Some(row.id) == by_id || row.name == name);
        row.map(|row| row.id).ok_or_else(|| match by_id {
            Some(id) => missing("Volume type", &id.to_string()),
            None => not_found(&format!("Volume type with name {name} could not be found.")),
        })
    }

    fn default_type(&self) -> Option<Uuid> {
        let mut types = self.storage().types.values();
        types.find(|row| row.is_default).map(|row| row.id)
    }

    fn source(&self, said: &Value) -> Result<Source, Reply> {
        let mut source = Source::default();
        let subject = self.subject();
        if let Some(id) = said["snapshot_id"].as_str() {
            let row = subject.known_snapshot(id)?;
            if row.status != "available" {
                return Err(bad_request(
                    "Invalid snapshot: Originating snapshot status must be one of 'available' \
                     values",
                ));
            }
            let of = self.storage().volumes.get(&row.volume);
            source.snapshot = Some(row.id);
            source.volume_type = of.map(|of| of.volume_type);
            source.is_bootable = of.is_some_and(|of| of.is_bootable);
            source.least = Some((row.size_gib, "snapshot"));
        }
        if let Some(id) = said["source_volid"].as_str() {
            let row = subject.known_volume(id)?;
            if !["available", "in-use"].contains(&row.status) {
                return Err(invalid_volume(
                    "Originating source volume status must be one of 'available, in-use' values",
                ));
            }
            source.volume = Some(row.id);
            source.volume_type = Some(row.volume_type);
            source.is_bootable = row.is_bootable;
            source.least = Some((row.size_gib, "volume"));
        }
        let image = said["imageRef"].as_str().or(said["image_id"].as_str());
        if let Some(id) = image {
            let id = id.rsplit('/').next().unwrap_or_default();
            let row = self.known_image(id)?;
            source.image = Some(row.id);
        }
        if let Some(id) = said["backup_id"].as_str().filter(|_| self.minor >= 47) {
            let row = subject.known_backup(id)?;
            if row.status != "available" {
                return Err(bad_request(
                    "Invalid backup: Originating backup status must be one of 'available' values",
                ));
            }
            source.backup = Some(row.id);
            source.least = Some((row.size_gib, "backup"));
        }
        Ok(source)
    }

    /// An image that the caller may use.
    fn known_image(&self, id: &str) -> Result<&Image, Reply> {
        let images = &self.world.regions[self.call.region].image.images;
        let row = read_uuid(id).and_then(|id| images.get(&id));
        let project = self.token.project;
        let is_seen = |row: &&Image| {
            let is_shared = row
                .members
                .iter()
                .any(|member| Some(member.project) == project);
            self.token.is_admin()
                || ["public", "community"].contains(&row.visibility)
                || Some(row.owner) == project
                || is_shared
        };
        row.filter(is_seen).ok_or_else(|| {
            bad_request("Invalid image identifier or unable to access requested image.")
        })
    }

    fn check_image(&self, id: Uuid, size: u32) -> Result<(), Reply> {
        const GIB: u64 = 1024 * 1024 * 1024;
        let images = &self.world.regions[self.call.region].image.images;
        let Some(image) = images.get(&id) else {
            return Ok(());
        };
        if image.status != "active" {
            return Err(invalid_input(&format!("Image {id} is not active.")));
        }
        let needed = image.size_bytes.unwrap_or_default().div_ceil(GIB);
        if needed > u64::from(size) {
            return Err(invalid_input(&format!(
                "Size of specified image {needed}GB is larger than volume size {size}GB."
            )));
        }
        if image.min_disk_gib > size {
            return Err(invalid_input(&format!(
                "Volume size {size}GB cannot be smaller than the image minDisk size {}GB.",
                image.min_disk_gib
            )));
        }
        Ok(())
    }

    fn image_metadata(&self, id: Uuid) -> std::collections::BTreeMap<String, String> {
        let images = &self.world.regions[self.call.region].image.images;
        let Some(image) = images.get(&id) else {
            return std::collections::BTreeMap::new();
        };
        let mut metadata = image.properties.clone();
        let values = [
            ("image_id", image.id.to_string()),
            ("image_name", image.name.clone().unwrap_or_default()),
            ("checksum", image.checksum.clone().unwrap_or_default()),
            (
                "container_format",
                image.container_format.unwrap_or_default().to_owned(),
            ),
            (
                "disk_format",
                image.disk_format.unwrap_or_default().to_owned(),
            ),
            ("min_disk", image.min_disk_gib.to_string()),
            ("min_ram", image.min_ram_mib.to_string()),
            ("size", image.size_bytes.unwrap_or_default().to_string()),
        ];
        metadata.extend(values.map(|(name, value)| (name.to_owned(), value)));
        metadata
    }

    pub(in crate::block_storage) fn volume_update(&mut self, id: &str) -> Answer {
        let schema = if self.minor >= 53 {
            "volume_update_353"
        } else {
            "volume_update"
        };
        let body = self.body(schema)?;
        let said = &body["volume"];
        check_lengths(said)?;
        let id = self.subject().known_volume(id)?.id;
        let now = self.call.now;
        if let Some(row) = self.storage_mut().volumes.get_mut(&id) {
            if let Some(name) = either(said, "name") {
                row.name = name.as_str().map(str::to_owned);
            }
            if let Some(description) = either(said, "description") {
                row.description = description.as_str().map(str::to_owned);
            }
            if said.get("metadata").is_some() {
                row.metadata = pairs(&said["metadata"]);
            }
            row.updated = now;
        }
        self.told(id, StatusCode::OK)
    }

    pub(in crate::block_storage) fn volume_delete(&mut self, id: &str) -> Answer {
        const DELETABLE: [&str; 5] = [
            "available",
            "error",
            "error_restoring",
            "error_extending",
            "error_managing",
        ];
        let query = &self.call.query;
        let is_cascade = asked_boolean("cascade", query.get("cascade"))?;
        let is_forced = self.minor >= 23 && asked_boolean("force", query.get("force"))?;
        let row = self.subject().known_volume(id).map(|row| row.id)?;
        if is_forced && !self.token.is_admin() {
            return Err(forbidden("volume:force_delete"));
        }
        let states = if is_forced { &[][..] } else { &DELETABLE };
        self.remove_volume(row, is_cascade, states)?;
        Ok(going())
    }

    /// Lets a volume go that has one of the states, or any when none is named.
    pub(in crate::block_storage) fn remove_volume(
        &mut self,
        id: Uuid,
        is_cascade: bool,
        states: &[&str],
    ) -> Result<(), Reply> {
        let storage = self.storage();
        let row = storage.volumes.get(&id);
        let row = row.ok_or_else(|| missing("Volume", &id.to_string()))?;
        let snapshots = storage.snapshots.values();
        let mut snapshots = snapshots.filter(|snapshot| snapshot.volume == id);
        let is_attached = row.attachments.iter().any(|one| one.status == "attached");
        let is_kept = if is_cascade {
            snapshots.any(|row| !["available", "error", "deleting"].contains(&row.status))
        } else {
            snapshots.next().is_some()
        };
        let is_wrong = !states.is_empty() && !states.contains(&row.status);
        if is_wrong || is_attached || is_kept {
            let states = if states.is_empty() {
                String::new()
            } else {
                format!("status must be {} and ", states.join(" or "))
            };
            return Err(invalid_volume(&format!(
                "Volume {states}must not be migrating, attached, belong to a group, have \
                 snapshots, awaiting a transfer, or be disassociated from snapshots after volume \
                 transfer."
            )));
        }
        let storage = self.storage_mut();
        if let Some(row) = storage.volumes.get_mut(&id) {
            row.status = "deleting";
        }
        for snapshot in storage.snapshots.values_mut() {
            if snapshot.volume == id {
                snapshot.status = "deleting";
            }
        }
        self.soon(Change::VolumeGone(id));
        Ok(())
    }
}

fn too_small(size: u32, least: u32, what: &str) -> Reply {
    invalid_input(&match what {
        "snapshot" => format!(
            "Volume size '{size}'GB cannot be smaller than the snapshot size {least}GB. They must \
             be >= original snapshot size."
        ),
        "volume" => format!(
            "Volume size '{size}'GB cannot be smaller than original volume size  {least}GB. They \
             must be >= original volume size."
        ),
        _ => format!(
            "Volume size {size}GB cannot be smaller than the backup size {least}GB. It must be >= \
             backup size."
        ),
    })
}

/// Names and descriptions are looked at beside the schema.
fn check_lengths(said: &Value) -> Result<(), Reply> {
    for name in ["name", "description"] {
        let text = either(said, name).map(python::str).unwrap_or_default();
        let length = text.trim().chars().count();
        if length > 255 {
            return Err(invalid_input(&format!(
                "{name} has {length} characters, more than 255."
            )));
        }
    }
    Ok(())
}
