//! What is done with volumes: the only key of the body says what.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::block_storage::write::{
    More, Writer, accepted, flag, invalid_input, invalid_volume, number,
};
use crate::block_storage::{bad_request, forbidden, missing, not_found};
use crate::clock::naive;
use crate::python::str;
use crate::reply::{Answer, Reply};
use crate::world::block_storage::{Attachment, Volume};
use crate::world::events::block_storage::Change;
use crate::world::id::read_uuid;
use crate::world::image::Image;

/// All that a volume can be said to be.
const STATES: [&str; 22] = [
    "creating",
    "available",
    "deleting",
    "error",
    "error_deleting",
    "error_managing",
    "managing",
    "attaching",
    "in-use",
    "detaching",
    "maintenance",
    "restoring-backup",
    "error_restoring",
    "reserved",
    "awaiting-transfer",
    "backing-up",
    "error_backing-up",
    "error_extending",
    "downloading",
    "uploading",
    "retyping",
    "extending",
];

impl Writer<'_> {
    pub(in crate::block_storage) fn volume_act(&mut self, id: &str) -> Answer {
        let body = self.document()?;
        let keys = body.as_object().map(|body| body.keys().collect::<Vec<_>>());
        let action = match keys.unwrap_or_default().as_slice() {
            [] => return Err(bad_request("Malformed request body")),
            [key] => (*key).clone(),
            _ => return Err(bad_request("Multiple actions are not supported")),
        };
        let said = &body[action.as_str()];
        let has_schema = [
            "os-extend",
            "os-attach",
            "os-detach",
            "os-retype",
            "os-set_bootable",
            "os-volume_upload_image",
            "os-update_readonly_flag",
            "os-reset_status",
            "os-force_detach",
        ];
        if has_schema.contains(&action.as_str()) {
            self.check(&action, &body)?;
        }
        if action == "os-reset_status" {
            return self.reset_status(id, said);
        }
        let row = self.subject().known_volume(id).map(|row| row.id);
        let row = || row;
        match action.as_str() {
            "os-extend" => self.extend(row()?, &said["new_size"]),
            "os-retype" => self.retype(row()?, said),
            "os-set_bootable" => {
                let id = row()?;
                self.set(id, |row| row.is_bootable = flag(&said["bootable"]));
                Ok(Reply::of(StatusCode::OK, "application/json", [][..].into()))
            }
            "os-update_readonly_flag" => {
                let id = row()?;
                self.must_be(id, &["available"], |_, is| {
                    format!(
                        "Volume {id} status must be available to update readonly flag, but \
                         current status is: {is}."
                    )
                })?;
                self.set(id, |row| row.is_readonly = Some(flag(&said["readonly"])));
                Ok(accepted())
            }
            "os-reserve" => {
                let id = row()?;
                self.must_be(id, &["available"], |_, is| {
                    format!("Volume status must be available to reserve, but the status is {is}.")
                })?;
                self.set(id, |row| row.status = "attaching");
                Ok(accepted())
            }
            "os-unreserve" => {
                let id = row()?;
                self.set(id, |row| {
                    if row.status == "attaching" {
                        row.status = settled(row);
                    }
                });
                Ok(accepted())
            }
            "os-begin_detaching" => {
                let id = row()?;
                self.must_be(id, &["in-use"], |_, is| {
                    format!(
                        "Unable to detach volume. Volume status must be 'in-use' and \
                         attach_status must be 'attached' to detach. Currently: status: '{is}', \
                         attach_status: 'detached.'"
                    )
                })?;
                self.set(id, |row| row.status = "detaching");
                Ok(accepted())
            }
            "os-roll_detaching" => {
                let id = row()?;
                self.set(id, |row| {
                    if row.status == "detaching" {
                        row.status = "in-use";
                    }
                });
                Ok(accepted())
            }
            "os-attach" => self.attach(row()?, said),
            "os-detach" => self.detach(row()?, said),
            "os-force_detach" => {
                let id = row()?;
                self.must_be_admin("volume_extension:volume_admin_actions:force_detach")?;
                self.detach(id, said)
            }
            "os-force_delete" => {
                let id = row()?;
                self.must_be_admin("volume_extension:volume_admin_actions:force_delete")?;
                self.remove_volume(id, false, &[])?;
                Ok(accepted())
            }
            "os-volume_upload_image" => self.upload_image(row()?, said),
            action => Err(bad_request(&format!(
                "There is no such action: {action}. Verify the request body and Content-Type \
                 header and try again."
            ))),
        }
    }

    pub(in crate::block_storage) fn must_be_admin(&self, rule: &str) -> Result<(), Reply> {
        if self.token.is_admin() {
            return Ok(());
        }
        Err(forbidden(rule))
    }

    /// Refuses a volume in any but these states, with these words.
    fn must_be(
        &self,
        id: Uuid,
        states: &[&str],
        words: impl Fn(&Volume, &str) -> String,
    ) -> Result<(), Reply> {
        let row = self.storage().volumes.get(&id);
        let row = row.ok_or_else(|| missing("Volume", &id.to_string()))?;
        if states.contains(&row.status) {
            return Ok(());
        }
        Err(invalid_volume(&words(row, row.status)))
    }

    fn set(&mut self, id: Uuid, change: impl FnOnce(&mut Volume)) {
        let now = self.call.now;
        if let Some(row) = self.storage_mut().volumes.get_mut(&id) {
            change(row);
            row.updated = now;
        }
    }

    fn extend(&mut self, id: Uuid, size: &Value) -> Answer {
        let row = self.storage().volumes.get(&id);
        let row = row.ok_or_else(|| missing("Volume", &id.to_string()))?;
        let (current, project) = (row.size_gib, row.project);
        let may = if self.minor >= 42 {
            &["available", "in-use"][..]
        } else {
            &["available"][..]
        };
        self.must_be(id, may, |_, is| {
            format!(
                "Volume {id} status must be '{{'status': 'available'}}' to extend, currently {is}."
            )
        })?;
        let size = number(size).unwrap_or_default();
        if size <= current {
            return Err(invalid_input(&format!(
                "New size for extend must be greater than current size. (current: {current}, \
                 extended: {size})."
            )));
        }
        self.check_quota(
            project,
            &More {
                gigabytes: size - current,
                volume_gigabytes: size,
                is_volume: true,
                ..More::default()
            },
        )?;
        let before = row.status;
        self.set(id, |row| row.status = "extending");
        self.soon(Change::VolumeExtended(id, size, before));
        Ok(accepted())
    }

    fn retype(&mut self, id: Uuid, said: &Value) -> Answer {
        let wanted = self.type_named(&str(&said["new_type"]))?;
        let row = self.storage().volumes.get(&id);
        let row = row.ok_or_else(|| missing("Volume", &id.to_string()))?;
        let is_free = ["available", "in-use"].contains(&row.status);
        if !is_free || row.volume_type == wanted {
            return Err(invalid_volume(
                "Retype needs volume to be in available or in-use state, not be part of an active \
                 migration or a consistency group, requested type has to be different that the \
                 one from the volume, and for in-use volumes front-end qos specs cannot change.",
            ));
        }
        let before = row.status;
        self.set(id, |row| row.status = "retyping");
        self.soon(Change::VolumeRetyped(id, wanted, before));
        Ok(accepted())
    }

    fn reset_status(&mut self, id: &str, said: &Value) -> Answer {
        let status = said["status"].as_str();
        let known = match status {
            None => None,
            Some(status) => {
                let known = STATES.into_iter().find(|known| *known == status);
                Some(known.ok_or_else(|| {
                    let states: Vec<String> =
                        STATES.iter().map(|state| format!("'{state}'")).collect();
                    bad_request(&format!(
                        "Volume status: {status} is invalid, valid statuses are: ({}).",
                        states.join(", ")
                    ))
                })?)
            }
        };
        let row = self.subject().known_volume(id).map(|row| row.id)?;
        self.must_be_admin("volume_extension:volume_admin_actions:reset_status")?;
        let lets_go = said["attach_status"] == "detached";
        self.set(row, |row| {
            if let Some(status) = known {
                row.status = status;
            }
            if lets_go {
                row.attachments.clear();
            }
        });
        Ok(accepted())
    }

    fn attach(&mut self, id: Uuid, said: &Value) -> Answer {
        self.must_be(id, &["available", "attaching"], |_, is| {
            format!("volume is already attached or in state {is}")
        })?;
        let now = self.call.now;
        let attachment = Attachment {
            id: self.new_id(),
            server: said["instance_uuid"]
                .as_str()
                .and_then(read_uuid)
                .unwrap_or_default(),
            host: said["host_name"].as_str().map(Into::into),
            device: str(&said["mountpoint"]),
            status: "attached",
            attached: Some(now),
        };
        self.set(id, |row| {
            row.status = "in-use";
            row.is_readonly.get_or_insert(false);
            row.attachments.push(attachment);
        });
        Ok(accepted())
    }

    fn detach(&mut self, id: Uuid, said: &Value) -> Answer {
        let wanted = said["attachment_id"].as_str().and_then(read_uuid);
        self.set(id, |row| {
            row.attachments
                .retain(|one| wanted.is_some_and(|wanted| one.id != wanted));
            if ["in-use", "detaching", "attaching"].contains(&row.status) {
                row.status = settled(row);
            }
        });
        Ok(accepted())
    }

    fn upload_image(&mut self, id: Uuid, said: &Value) -> Answer {
        let may = if said.get("force").is_some_and(flag) {
            &["available", "in-use"][..]
        } else {
            &["available"][..]
        };
        self.must_be(id, may, |_, _| {
            format!("Volume {id} status must be available or in-use.")
        })?;
        let row = self.storage().volumes.get(&id);
        let row = row.ok_or_else(|| missing("Volume", &id.to_string()))?;
        let of_type = self.storage().types.get(&row.volume_type);
        let of_type = of_type.ok_or_else(|| not_found("The resource could not be found."))?;
        let format = |name: &str, known: &[&'static str], usual: &'static str| {
            let text = said[name].as_str();
            let known = known.iter().find(|known| Some(**known) == text);
            known.copied().unwrap_or(usual)
        };
        let disks = ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"];
        let disk_format = format("disk_format", &disks, "raw");
        let container_format = format("container_format", &["bare", "ovf", "ova"], "bare");
        let seen = ["community", "public", "private", "shared"];
        let visibility = format(
            "visibility",
            &seen,
            if self.minor >= 1 { "private" } else { "shared" },
        );
        let name = str(&said["image_name"]);
        let now = self.call.now;
        let before = row.status;
        let mut told = json!({
            "id": id,
            "updated_at": naive(row.updated),
            "status": "uploading",
            "display_description": row.description,
            "size": row.size_gib,
            "volume_type": {
                "id": of_type.id,
                "name": of_type.name,
                "description": of_type.description,
                "is_public": of_type.is_public,
                "extra_specs": of_type.extra_specs,
                "qos_specs_id": null,
                "created_at": naive(row.created),
                "updated_at": null,
                "deleted_at": null,
                "deleted": false,
            },
            "container_format": container_format,
            "disk_format": disk_format,
            "image_name": name,
            "protected": said.get("protected").is_some_and(flag),
            "visibility": visibility,
        });
        let image = Image {
            id: Uuid::nil(),
            name: Some(name),
            owner: row.project,
            status: "queued",
            visibility,
            is_hidden: false,
            is_protected: said.get("protected").is_some_and(flag),
            container_format: Some(container_format),
            disk_format: Some(disk_format),
            size_bytes: None,
            virtual_size_bytes: None,
            min_disk_gib: row.size_gib,
            min_ram_mib: 0,
            checksum: None,
            hash: None,
            tags: Vec::new(),
            properties: std::collections::BTreeMap::new(),
            created: now,
            updated: now,
            members: Vec::new(),
        };
        let image_id = self.new_id();
        told["image_id"] = json!(image_id);
        let images = &mut self.world.regions[self.call.region].image.images;
        images.insert(
            image_id,
            Image {
                id: image_id,
                ..image
            },
        );
        self.set(id, |row| row.status = "uploading");
        self.soon(Change::VolumeUploaded(id, image_id, before));
        Ok(Reply::json(
            StatusCode::ACCEPTED,
            &json!({"os-volume_upload_image": told}),
        ))
    }
}

/// What a volume is when nothing is being done with it.
pub(in crate::block_storage) fn settled(row: &Volume) -> &'static str {
    let is_attached = row.attachments.iter().any(|one| one.status == "attached");
    match (is_attached, row.attachments.is_empty()) {
        (true, _) => "in-use",
        (false, false) => "reserved",
        (false, true) => "available",
    }
}
