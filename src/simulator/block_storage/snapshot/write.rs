//! Snapshots made, changed and taken away.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::block_storage::metadata::pairs;
use crate::block_storage::write::{More, Writer, accepted, either, flag, going, invalid_volume};
use crate::block_storage::{bad_request, missing};
use crate::reply::Answer;
use crate::reply::Reply;
use crate::world::block_storage::Snapshot;
use crate::world::events::block_storage::Change;

impl Writer<'_> {
    pub(in crate::block_storage) fn snapshot_create(&mut self) -> Answer {
        let body = self.body("snapshot_create")?;
        let said = &body["snapshot"];
        let is_forced = said.get("force").is_some_and(flag);
        // Since 3.66 what is used may be copied anyway, and nobody need say so.
        let is_always = self.minor >= 66;
        if is_always && said.get("force").is_some() && !is_forced {
            return Err(bad_request(
                "Since microversion 3.66 the 'force' option is invalid for this request. For \
                 backward compatability, however, when the 'force' flag is passed with a value \
                 evaluating to True, it is silently ignored.",
            ));
        }
        let id = said["volume_id"].as_str().unwrap_or_default();
        let row = {
            let subject = self.subject();
            let row = subject.known_volume(id)?;
            (row.id, row.project, row.size_gib, row.status)
        };
        let (volume, project, size, status) = row;
        if status == "error" {
            return Err(invalid_volume(
                "The snapshot cannot be created when the volume is in error status.",
            ));
        }
        let states = if is_forced || is_always {
            &["available", "in-use"][..]
        } else {
            &["available"][..]
        };
        if !states.contains(&status) {
            return Err(invalid_volume(&format!(
                "Volume {volume} status must be {}, but current status is: {status}.",
                states.join(", ")
            )));
        }
        self.check_quota(
            project,
            &More {
                gigabytes: size,
                adds_snapshot: true,
                ..More::default()
            },
        )?;
        let now = self.call.now;
        let text = |name| {
            either(said, name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let row = Snapshot {
            id: self.new_id(),
            name: text("name"),
            description: text("description"),
            project,
            user: self.token.user,
            volume,
            size_gib: size,
            status: "creating",
            metadata: pairs(&said["metadata"]),
            created: now,
            updated: now,
        };
        let id = row.id;
        self.storage_mut().snapshots.insert(id, row);
        self.soon(Change::SnapshotMade(id));
        self.snapshot_told(id, StatusCode::ACCEPTED)
    }

    /// A snapshot as the one who writes it is told of it.
    fn snapshot_told(&self, id: Uuid, status: StatusCode) -> Answer {
        let row = self.storage().snapshots.get(&id);
        let row = row.ok_or_else(|| missing("Snapshot", &id.to_string()))?;
        let subject = self.subject();
        let view = subject.snapshot_view(row, true);
        let mut view = serde_json::to_value(&view).unwrap_or_default();
        if let Some(view) = view.as_object_mut() {
            view.retain(|name, _| !name.starts_with("os-extended-"));
        }
        Ok(Reply::json(status, &json!({"snapshot": view})))
    }

    pub(in crate::block_storage) fn snapshot_update(&mut self, id: &str) -> Answer {
        let body = self.body("snapshot_update")?;
        let said = &body["snapshot"];
        let id = self.subject().known_snapshot(id).map(|row| row.id)?;
        let now = self.call.now;
        if let Some(row) = self.storage_mut().snapshots.get_mut(&id) {
            if let Some(name) = either(said, "name") {
                row.name = name.as_str().map(str::to_owned);
            }
            if let Some(description) = either(said, "description") {
                row.description = description.as_str().map(str::to_owned);
            }
            row.updated = now;
        }
        self.snapshot_told(id, StatusCode::OK)
    }

    pub(in crate::block_storage) fn snapshot_delete(&mut self, id: &str) -> Answer {
        let (id, status) = {
            let subject = self.subject();
            let row = subject.known_snapshot(id)?;
            (row.id, row.status)
        };
        if !["available", "error"].contains(&status) {
            return Err(bad_request(
                "Invalid snapshot: Snapshot status must be available or error, and must not be \
                 part of a group.",
            ));
        }
        self.set_snapshot(id, "deleting");
        self.soon(Change::SnapshotGone(id));
        Ok(going())
    }

    fn set_snapshot(&mut self, id: Uuid, status: &'static str) {
        let now = self.call.now;
        if let Some(row) = self.storage_mut().snapshots.get_mut(&id) {
            row.status = status;
            row.updated = now;
        }
    }

    pub(in crate::block_storage) fn snapshot_act(&mut self, id: &str) -> Answer {
        const STATES: [&str; 6] = [
            "available",
            "creating",
            "deleting",
            "error",
            "error_deleting",
            "restoring",
        ];
        let body = self.document()?;
        let id = self.subject().known_snapshot(id).map(|row| row.id)?;
        if let Some(said) = body.get("os-reset_status") {
            self.must_be_admin("volume_extension:snapshot_admin_actions:reset_status")?;
            let status = said["status"].as_str().unwrap_or_default();
            let known = STATES.into_iter().find(|known| *known == status);
            let Some(known) = known else {
                let states: Vec<String> = STATES.iter().map(|state| format!("'{state}'")).collect();
                return Err(bad_request(&format!(
                    "Snapshot status: {status} is invalid, valid statuses are: ({}).",
                    states.join(", ")
                )));
            };
            self.set_snapshot(id, known);
            return Ok(accepted());
        }
        if body.get("os-force_delete").is_some() {
            self.must_be_admin("volume_extension:snapshot_admin_actions:force_delete")?;
            self.set_snapshot(id, "deleting");
            self.soon(Change::SnapshotGone(id));
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
