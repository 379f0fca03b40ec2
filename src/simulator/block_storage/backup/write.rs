//! Backups made, restored and taken away.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::block_storage::write::{
    Writer, accepted, flag, going, invalid_input, invalid_volume, over_limit,
};
use crate::block_storage::{bad_request, missing};
use crate::python::str as shown;
use crate::reply::{Answer, Reply};
use crate::world::block_storage::{Backup, Volume};
use crate::world::events::block_storage::Change;

impl Writer<'_> {
    pub(in crate::block_storage) fn backup_create(&mut self) -> Answer {
        let body = self.body("backup_create")?;
        let said = &body["backup"];
        let volume = said["volume_id"].as_str().unwrap_or_default();
        let (volume, size, status, zone) = {
            let subject = self.subject();
            let row = subject.known_volume(volume)?;
            (row.id, row.size_gib, row.status, row.zone.clone())
        };
        let is_forced = said.get("force").is_some_and(flag);
        let snapshot = match said["snapshot_id"].as_str() {
            Some(id) => {
                let subject = self.subject();
                let row = subject.known_snapshot(id)?;
                if row.status != "available" {
                    return Err(bad_request(&format!(
                        "Invalid snapshot: Snapshot to be backed up must be available, but the \
                         current status is \"{}\".",
                        row.status
                    )));
                }
                Some(row.id)
            }
            None => None,
        };
        let states = if is_forced || snapshot.is_some() {
            &["available", "in-use"][..]
        } else {
            &["available"][..]
        };
        if status == "in-use" && !states.contains(&status) {
            return Err(invalid_volume(
                "Backing up an in-use volume must use the force flag.",
            ));
        }
        if !states.contains(&status) {
            return Err(invalid_volume(&format!(
                "Volume to be backed up must be {}, but the current status is \"{status}\".",
                if states.len() > 1 {
                    "available or in-use"
                } else {
                    "available"
                }
            )));
        }
        let is_incremental = said.get("incremental").is_some_and(flag);
        let backups = self.storage().backups.values();
        let mut parents = backups.filter(|row| row.volume == volume && row.status == "available");
        let parent = parents.next_back().map(|row| row.id);
        if is_incremental && parent.is_none() {
            return Err(bad_request(
                "Invalid backup: No backups available to do an incremental backup.",
            ));
        }
        let project = self.project()?;
        self.check_backups(project, size)?;
        let now = self.call.now;
        let row = Backup {
            id: self.new_id(),
            name: said["name"].as_str().unwrap_or_default().to_owned(),
            description: said["description"].as_str().map(str::to_owned),
            project,
            user: self.token.user,
            volume,
            snapshot,
            size_gib: size,
            object_count: 0,
            container: said["container"].as_str().unwrap_or_default().to_owned(),
            status: "creating",
            fail_reason: None,
            is_incremental,
            has_dependents: false,
            zone,
            created: now,
            updated: now,
        };
        let id = row.id;
        let told = self.backup_told(&row, &[]);
        let storage = self.storage_mut();
        storage.backups.insert(id, row);
        if let Some(parent) = parent.filter(|_| is_incremental)
            && let Some(parent) = storage.backups.get_mut(&parent)
        {
            parent.has_dependents = true;
        }
        if snapshot.is_none()
            && let Some(row) = storage.volumes.get_mut(&volume)
        {
            row.status = "backing-up";
        }
        self.soon(Change::BackupMade(id, status));
        Ok(Reply::json(StatusCode::ACCEPTED, &told))
    }

    /// The few words on a backup that is written.
    fn backup_told(&self, row: &Backup, more: &[(&str, Value)]) -> Value {
        let links = self.subject();
        let links = json!(links.row_links("backups", row.id));
        let mut view = json!({"id": row.id, "name": row.name, "links": links});
        for (name, value) in more {
            view[*name] = value.clone();
        }
        json!({"backup": view})
    }

    fn check_backups(&self, project: crate::world::Key, size: u32) -> Result<(), Reply> {
        let limits = self.storage().quota(project);
        let used = self.subject().used(Some(project));
        let limit = |limit: i64| u64::try_from(limit).unwrap_or(u64::MAX);
        if used.backups + 1 > limit(limits.backups) {
            return Err(over_limit(&format!(
                "BackupLimitExceeded: Maximum number of backups allowed ({}) exceeded",
                limits.backups
            )));
        }
        if used.backup_gigabytes + u64::from(size) > limit(limits.backup_gigabytes) {
            return Err(over_limit(&format!(
                "VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup \
                 gigabytes quota. Requested {size}G, quota is {}G and {}G has been consumed.",
                limits.backup_gigabytes, used.backup_gigabytes
            )));
        }
        Ok(())
    }

    fn known_backup(&self, id: &str) -> Result<(Uuid, &'static str), Reply> {
        let subject = self.subject();
        let row = subject.known_backup(id)?;
        Ok((row.id, row.status))
    }

    pub(in crate::block_storage) fn backup_update(&mut self, id: &str) -> Answer {
        self.since(9)?;
        let body = self.body("backup_update")?;
        let said = &body["backup"];
        let (id, _) = self.known_backup(id)?;
        let now = self.call.now;
        let storage = self.storage_mut();
        let row = storage.backups.get_mut(&id);
        let row = row.ok_or_else(|| missing("Backup", &id.to_string()))?;
        if let Some(name) = said.get("name") {
            row.name = shown(name);
        }
        if let Some(description) = said.get("description") {
            row.description = description.as_str().map(str::to_owned);
        }
        row.updated = now;
        let row = self.storage().backups.get(&id);
        let row = row.ok_or_else(|| missing("Backup", &id.to_string()))?;
        Ok(Reply::ok(&self.backup_told(row, &[])))
    }

    pub(in crate::block_storage) fn backup_delete(&mut self, id: &str) -> Answer {
        let (id, status) = self.known_backup(id)?;
        let row = self.storage().backups.get(&id);
        if row.is_some_and(|row| row.has_dependents) {
            return Err(bad_request(
                "Invalid backup: Incremental backups exist for this backup.",
            ));
        }
        if !["available", "error"].contains(&status) {
            return Err(bad_request(
                "Invalid backup: Backup status must be available or error",
            ));
        }
        self.set_backup(id, "deleting");
        self.soon(Change::BackupGone(id));
        Ok(going())
    }

    fn set_backup(&mut self, id: Uuid, status: &'static str) {
        let now = self.call.now;
        if let Some(row) = self.storage_mut().backups.get_mut(&id) {
            row.status = status;
            row.updated = now;
        }
    }

    pub(in crate::block_storage) fn backup_restore(&mut self, id: &str) -> Answer {
        let body = self.body("backup_restore")?;
        let said = &body["restore"];
        let (id, status) = self.known_backup(id)?;
        if status != "available" {
            return Err(bad_request(
                "Invalid backup: Backup status must be available",
            ));
        }
        let size = self.storage().backups.get(&id).map(|row| row.size_gib);
        let size = size.unwrap_or_default();
        let volume = match said["volume_id"].as_str() {
            Some(volume) => {
                let subject = self.subject();
                let row = subject.known_volume(volume)?;
                if row.status != "available" {
                    return Err(invalid_volume("Volume to be restored to must be available"));
                }
                if row.size_gib < size {
                    return Err(invalid_volume(&format!(
                        "volume size {} is too small to restore backup of size {size}.",
                        row.size_gib
                    )));
                }
                row.id
            }
            None => self.restored(id, said["name"].as_str())?,
        };
        if let Some(row) = self.storage_mut().volumes.get_mut(&volume) {
            row.status = "restoring-backup";
        }
        self.set_backup(id, "restoring");
        self.soon(Change::BackupSettled(id));
        self.soon(Change::VolumeMade(volume));
        let name = self.storage().volumes.get(&volume);
        let name = name.and_then(|row| row.name.clone());
        Ok(Reply::json(
            StatusCode::ACCEPTED,
            &json!({"restore": {
                "backup_id": id, "volume_id": volume, "volume_name": name,
            }}),
        ))
    }

    /// A new volume for a backup.
    fn restored(&mut self, backup: Uuid, name: Option<&str>) -> Result<Uuid, Reply> {
        let now = self.call.now;
        let storage = self.storage();
        let row = storage.backups.get(&backup);
        let row = row.ok_or_else(|| missing("Backup", &backup.to_string()))?;
        let mut types = storage.types.values();
        let volume_type = types.find(|row| row.is_default).map(|row| row.id);
        let volume = Volume {
            id: Uuid::nil(),
            name: Some(name.map_or_else(|| format!("restore_backup_{backup}"), str::to_owned)),
            description: row.description.clone(),
            project: row.project,
            user: self.token.user,
            size_gib: row.size_gib,
            status: "creating",
            volume_type: volume_type.ok_or_else(|| invalid_input("There is no default type."))?,
            zone: row.zone.clone(),
            host: None,
            is_bootable: false,
            is_encrypted: false,
            is_multiattach: false,
            snapshot: None,
            source: None,
            metadata: std::collections::BTreeMap::new(),
            image_metadata: std::collections::BTreeMap::new(),
            created: now,
            updated: now,
            attachments: Vec::new(),
            is_readonly: None,
        };
        let id = self.new_id();
        self.storage_mut()
            .volumes
            .insert(id, Volume { id, ..volume });
        Ok(id)
    }

    pub(in crate::block_storage) fn backup_act(&mut self, id: &str) -> Answer {
        let body = self.document()?;
        let (id, _) = self.known_backup(id)?;
        if let Some(said) = body.get("os-reset_status") {
            self.must_be_admin("volume_extension:backup_admin_actions:reset_status")?;
            let status = match said["status"].as_str() {
                Some("available") => "available",
                _ => "error",
            };
            self.set_backup(id, status);
            return Ok(accepted());
        }
        if body.get("os-force_delete").is_some() {
            self.must_be_admin("volume_extension:backup_admin_actions:force_delete")?;
            self.set_backup(id, "deleting");
            self.soon(Change::BackupGone(id));
            return Ok(accepted());
        }
        let action = body.as_object().and_then(|body| body.keys().next());
        let action = action.map(String::as_str).unwrap_or_default();
        Err(bad_request(&format!(
            "There is no such action: {action}. Verify the request body and Content-Type header \
             and try again."
        )))
    }
}
