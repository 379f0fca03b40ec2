//! Attachments reserved, made and ended, as Nova does it.

use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::block_storage::volume::action::settled;
use crate::block_storage::write::{Writer, accepted, invalid_volume};
use crate::block_storage::{fault, not_found};
use crate::python::str;
use crate::reply::{Answer, Reply};
use crate::world::block_storage::{Attachment, Volume};
use crate::world::id::read_uuid;

impl Writer<'_> {
    fn attachment_told(&self, id: Uuid) -> Answer {
        self.subject().attachment(&id.to_string())
    }

    /// The volume of an attachment.
    fn volume_of(&self, id: &str) -> Result<(Uuid, Uuid), Reply> {
        let subject = self.subject();
        subject.attachment(id)?;
        let wanted = read_uuid(id);
        let volumes = self.storage().volumes.values();
        let mut pairs = volumes.flat_map(|volume| {
            volume
                .attachments
                .iter()
                .map(move |one| (volume.id, one.id))
        });
        let pair = pairs.find(|(_, one)| Some(*one) == wanted);
        pair.ok_or_else(|| not_found("The resource could not be found."))
    }

    fn change(&mut self, volume: Uuid, change: impl FnOnce(&mut Volume)) {
        let now = self.call.now;
        if let Some(row) = self.storage_mut().volumes.get_mut(&volume) {
            change(row);
            row.updated = now;
        }
    }

    pub(in crate::block_storage) fn attachment_create(&mut self) -> Answer {
        self.since(27)?;
        let body = self.body("attachment_create")?;
        let said = &body["attachment"];
        let (volume, status, is_shared) = {
            let subject = self.subject();
            let row = subject.known_volume(said["volume_uuid"].as_str().unwrap_or_default())?;
            (row.id, row.status, row.is_multiattach)
        };
        let is_free = status == "available" || (is_shared && status == "in-use");
        if !is_free && status != "reserved" && status != "downloading" {
            return Err(invalid_volume(&format!(
                "Volume {volume} status must be available or downloading to reserve, but the \
                 current status is {status}."
            )));
        }
        let has_connector = said["connector"].is_object();
        let now = self.call.now;
        let attachment = Attachment {
            id: self.new_id(),
            server: said["instance_uuid"]
                .as_str()
                .and_then(read_uuid)
                .unwrap_or_default(),
            host: said["connector"]["host"].as_str().map(Into::into),
            device: said["connector"]["mountpoint"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            status: if has_connector {
                "attaching"
            } else {
                "reserved"
            },
            attached: has_connector.then_some(now),
        };
        let id = attachment.id;
        self.change(volume, |row| {
            if row.status != "in-use" {
                row.status = if has_connector {
                    "attaching"
                } else {
                    "reserved"
                };
            }
            row.attachments.push(attachment);
        });
        self.attachment_told(id)
    }

    pub(in crate::block_storage) fn attachment_update(&mut self, id: &str) -> Answer {
        self.since(27)?;
        let body = self.body("attachment_update")?;
        let (volume, id) = self.volume_of(id)?;
        let connector = &body["attachment"]["connector"];
        let now = self.call.now;
        self.change(volume, |row| {
            let one = row.attachments.iter_mut().find(|one| one.id == id);
            if let Some(one) = one {
                one.status = "attaching";
                one.attached = Some(now);
                one.host = connector["host"].as_str().map(Into::into);
                one.device = match connector.get("mountpoint") {
                    Some(mountpoint) => str(mountpoint),
                    None => "/dev/vdb".to_owned(),
                };
            }
            row.status = "attaching";
        });
        self.attachment_told(id)
    }

    pub(in crate::block_storage) fn attachment_act(&mut self, id: &str) -> Answer {
        self.since(44)?;
        let (volume, id) = self.volume_of(id)?;
        self.change(volume, |row| {
            let one = row.attachments.iter_mut().find(|one| one.id == id);
            if let Some(one) = one {
                one.status = "attached";
            }
            row.status = "in-use";
        });
        Ok(Reply {
            status: StatusCode::NO_CONTENT,
            ..accepted()
        })
    }

    pub(in crate::block_storage) fn attachment_delete(&mut self, id: &str) -> Answer {
        self.since(27)?;
        let (volume, id) = self.volume_of(id)?;
        self.check_unused(volume, id)?;
        let now = self.call.now;
        self.change(volume, |row| {
            row.attachments.retain(|one| one.id != id);
            row.status = settled(row);
            row.updated = now;
        });
        let row = self.storage().volumes.get(&volume);
        let left = row
            .map(|row| row.attachments.as_slice())
            .unwrap_or_default();
        let left: Vec<_> = left
            .iter()
            .filter_map(|one| {
                let reply = self.attachment_told(one.id).ok()?;
                let body: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
                Some(body["attachment"].clone())
            })
            .collect();
        Ok(Reply::ok(&json!({"attachments": left})))
    }

    /// Refuses to take from a server what it uses: that is for Nova to do.
    fn check_unused(&self, volume: Uuid, id: Uuid) -> Result<(), Reply> {
        let region = &self.world.regions[self.call.region];
        let row = region.block_storage.volumes.get(&volume);
        let one = row.and_then(|row| row.attachments.iter().find(|one| one.id == id));
        let Some(one) = one else {
            return Ok(());
        };
        let server = region.compute.servers.get(&one.server);
        let is_used = server
            .is_some_and(|server| server.volumes.iter().any(|attached| attached.id == volume));
        if !is_used || one.status == "reserved" {
            return Ok(());
        }
        Err(fault(
            StatusCode::CONFLICT,
            &format!(
                "Detach volume from instance {} using the Compute API",
                one.server
            ),
        ))
    }
}
