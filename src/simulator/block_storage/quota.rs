//! What a project may have at most, and what it has.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::write::{Writer, invalid_input};
use super::{Subject, asked_boolean, bad_request, forbidden};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::block_storage::VolumeQuota;

/// What a project has, of each type of volumes and in all.
#[derive(Default)]
pub(super) struct Used {
    of_types: HashMap<Uuid, Counts>,
    pub(super) total: Counts,
    pub(super) backups: u64,
    pub(super) backup_gigabytes: u64,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) volumes: u64,
    pub(super) snapshots: u64,
    /// Snapshots take them too.
    pub(super) gigabytes: u64,
}

impl Subject<'_> {
    pub(super) fn used(&self, project: Option<Key>) -> Used {
        let mut used = Used::default();
        let Some(project) = project else {
            return used;
        };
        let volumes = self.storage.volumes.values();
        for row in volumes.filter(|row| row.project == project) {
            let of_type = used.of_types.entry(row.volume_type).or_default();
            for counts in [of_type, &mut used.total] {
                counts.volumes += 1;
                counts.gigabytes += u64::from(row.size_gib);
            }
        }
        let snapshots = self.storage.snapshots.values();
        for row in snapshots.filter(|row| row.project == project) {
            let volume = self.storage.volumes.get(&row.volume);
            let of_type = volume.map(|volume| used.of_types.entry(volume.volume_type).or_default());
            for counts in of_type.into_iter().chain([&mut used.total]) {
                counts.snapshots += 1;
                counts.gigabytes += u64::from(row.size_gib);
            }
        }
        let backups = self.storage.backups.values();
        for row in backups.filter(|row| row.project == project) {
            used.backups += 1;
            used.backup_gigabytes += u64::from(row.size_gib);
        }
        used
    }

    /// Names, limits, and what is used, when that is wanted.
    fn resources(&self, limits: &VolumeQuota, used: Option<&Used>) -> Map<String, Value> {
        let mut resources = Map::new();
        let mut add = |name: String, limit: i64, in_use: u64| {
            let value = match used {
                Some(_) => json!({"limit": limit, "in_use": in_use, "reserved": 0}),
                None => json!(limit),
            };
            resources.insert(name, value);
        };
        let total = used.map(|used| used.total).unwrap_or_default();
        let (backups, backup_gigabytes) =
            used.map_or((0, 0), |used| (used.backups, used.backup_gigabytes));
        for (name, limit, in_use) in [
            ("volumes", limits.volumes, total.volumes),
            ("per_volume_gigabytes", limits.per_volume_gigabytes, 0),
            ("snapshots", limits.snapshots, total.snapshots),
            ("gigabytes", limits.gigabytes, total.gigabytes),
            ("backups", limits.backups, backups),
            (
                "backup_gigabytes",
                limits.backup_gigabytes,
                backup_gigabytes,
            ),
            ("groups", limits.groups, 0),
        ] {
            add(name.to_owned(), limit, in_use);
        }
        for row in self.storage.types.values() {
            let counts = used.and_then(|used| used.of_types.get(&row.id));
            let counts = counts.copied().unwrap_or_default();
            for (noun, in_use) in [
                ("volumes", counts.volumes),
                ("gigabytes", counts.gigabytes),
                ("snapshots", counts.snapshots),
            ] {
                add(format!("{noun}_{}", row.name), -1, in_use);
            }
        }
        resources
    }

    /// Refuses those of other projects, but for admins.
    fn may_see_quota(&self, project: &str) -> Result<Option<Key>, Reply> {
        let key = Key::read(project);
        let is_own = key.is_some() && key == self.token.project;
        if is_own || self.token.is_admin() {
            return Ok(key);
        }
        Err(forbidden("volume_extension:quotas:show"))
    }

    fn limits_of(&self, project: Option<Key>) -> VolumeQuota {
        project
            .map(|project| self.storage.quota(project))
            .unwrap_or_default()
    }

    pub(super) fn quota_set(&self, project: &str) -> Answer {
        let key = self.may_see_quota(project)?;
        let is_used = asked_boolean("usage", self.call.query.get("usage"))?;
        let used = is_used.then(|| self.used(key));
        let mut set = self.resources(&self.limits_of(key), used.as_ref());
        set.insert("id".to_owned(), json!(project));
        Ok(Reply::ok(&json!({"quota_set": set})))
    }

    pub(super) fn default_quota_set(&self, project: &str) -> Answer {
        self.may_see_quota(project)?;
        let mut set = self.resources(&VolumeQuota::default(), None);
        set.insert("id".to_owned(), json!(project));
        Ok(Reply::ok(&json!({"quota_set": set})))
    }

    pub(super) fn quota_class_set(&self, class: &str) -> Answer {
        self.admin("volume_extension:quota_classes:get")?;
        let mut set = self.resources(&VolumeQuota::default(), None);
        set.insert("id".to_owned(), json!(class));
        Ok(Reply::ok(&json!({"quota_class_set": set})))
    }

    pub(super) fn limits(&self) -> Reply {
        let query = &self.call.query;
        // Admins may ask for others since 3.39; nobody else is heard.
        let other = query.get("project_id").or_else(|| query.get("tenant_id"));
        let other = other.filter(|_| self.minor >= 39 && self.token.is_admin());
        let project = match other {
            Some(text) => Key::read(text),
            None => self.token.project,
        };
        let (limits, used) = (self.limits_of(project), self.used(project));
        Reply::ok(&json!({"limits": {
            "rate": [],
            "absolute": {
                "maxTotalVolumes": limits.volumes,
                "maxTotalSnapshots": limits.snapshots,
                "maxTotalVolumeGigabytes": limits.gigabytes,
                "maxTotalBackups": limits.backups,
                "maxTotalBackupGigabytes": limits.backup_gigabytes,
                "totalVolumesUsed": used.total.volumes,
                "totalGigabytesUsed": used.total.gigabytes,
                "totalSnapshotsUsed": used.total.snapshots,
                "totalBackupsUsed": used.backups,
                "totalBackupGigabytesUsed": used.backup_gigabytes,
            },
        }}))
    }
}

impl Writer<'_> {
    pub(super) fn quota_update(&mut self, project: &str) -> Answer {
        let body = self.document()?;
        self.must_be_admin("volume_extension:quotas:update")?;
        let Some(said) = body.get("quota_set").and_then(Value::as_object) else {
            return Err(bad_request("'quota_set' is a required property"));
        };
        let known = self.subject().resources(&VolumeQuota::default(), None);
        let bad: Vec<&str> = said
            .keys()
            .map(String::as_str)
            .filter(|name| !known.contains_key(*name) && *name != "tenant_id")
            .collect();
        if !bad.is_empty() {
            let message = format!("Bad key(s) in quota set: {}", bad.join(","));
            return Err(invalid_input(&message));
        }
        let key = Key::read(project);
        let mut limits = self.subject().limits_of(key);
        for (name, value) in said {
            let number = match value {
                Value::String(text) => text.parse().ok(),
                value => value.as_i64(),
            };
            let number =
                number.ok_or_else(|| bad_request(&format!("{name} must be an integer")))?;
            if number < -1 {
                return Err(bad_request(&format!("{name} must be >= -1")));
            }
            match name.as_str() {
                "volumes" => limits.volumes = number,
                "snapshots" => limits.snapshots = number,
                "gigabytes" => limits.gigabytes = number,
                "backups" => limits.backups = number,
                "backup_gigabytes" => limits.backup_gigabytes = number,
                "groups" => limits.groups = number,
                "per_volume_gigabytes" => limits.per_volume_gigabytes = number,
                _ => {}
            }
        }
        let set = self.subject().resources(&limits, None);
        if let Some(key) = key {
            self.storage_mut().quotas.insert(key, limits);
        }
        Ok(Reply::ok(&json!({"quota_set": set})))
    }

    pub(super) fn quota_delete(&mut self, project: &str) -> Answer {
        self.must_be_admin("volume_extension:quotas:delete")?;
        if let Some(key) = Key::read(project) {
            self.storage_mut().quotas.remove(&key);
        }
        Ok(Reply::of(
            http::StatusCode::OK,
            "application/json",
            [][..].into(),
        ))
    }
}
