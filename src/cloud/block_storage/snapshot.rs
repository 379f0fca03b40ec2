//! Snapshots of volumes: `GET /snapshots/detail`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::volume_write::{Created, RecordChange, object};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Microversion, Parameter, Service, Written};

/// All snapshots of volumes. 3.41 brings the user, 3.65 whether the quota counts them.
pub const SNAPSHOTS: &Collection<Snapshot> = &Collection {
    item: Some(("/snapshots", "snapshot")),
    microversion: Some(Microversion(3, 65)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::BlockStorage, "/snapshots/detail", "snapshots")
};

/// From 3.66 on `force` is refused, and attached volumes are taken as free ones are.
const WRITE: Microversion = Microversion(3, 65);

/// A snapshot as Cinder lists it.
#[derive(Debug, Deserialize)]
pub struct Snapshot {
    /// Cinder's id.
    pub id: String,
    /// The display name; not unique.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The volume it was taken of.
    pub volume_id: Option<String>,
    /// What it is doing.
    pub status: String,
    /// The volume's size at that time, in GiB.
    pub size: Option<i64>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When its record was last changed.
    pub updated_at: Option<String>,
    /// What users noted.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Who made it.
    pub user_id: Option<String>,
    /// The group snapshot it is part of.
    pub group_snapshot_id: Option<String>,
    /// Whether the quota counts it.
    pub consumes_quota: Option<bool>,
    /// The project it belongs to.
    #[serde(rename = "os-extended-snapshot-attributes:project_id")]
    pub project_id: Option<String>,
    /// How far it is: `100%`.
    #[serde(rename = "os-extended-snapshot-attributes:progress")]
    pub progress: Option<String>,
}

impl Row for Snapshot {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Cloud {
    /// All snapshots of volumes that the filter lets through, newest first.
    pub async fn list_snapshots(&self, filter: &[Parameter]) -> Result<Arc<Vec<Arc<Snapshot>>>> {
        self.list_by_offset(SNAPSHOTS, "/snapshots", filter).await
    }
}

/// A snapshot to be made: `POST /snapshots`.
#[derive(Clone, Debug, Default)]
pub struct NewSnapshot {
    /// The volume, by its id.
    pub volume_id: String,
    /// The display name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Though the volume is attached.
    pub force: bool,
    /// What is noted of it.
    pub metadata: Vec<(String, String)>,
}

impl NewSnapshot {
    fn body(&self) -> Value {
        let mut snapshot = Map::new();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                snapshot.insert(name.to_owned(), value);
            }
        };
        set("volume_id", json!(self.volume_id));
        set("name", json!(self.name));
        set("description", json!(self.description));
        set("force", json!(self.force));
        if !self.metadata.is_empty() {
            set("metadata", object(&self.metadata));
        }
        json!({ "snapshot": snapshot })
    }
}

impl Cloud {
    /// Takes a snapshot of a volume; answers with its id. `POST /snapshots` (3.65).
    pub async fn create_snapshot(&self, snapshot: &NewSnapshot) -> Result<(String, Written)> {
        let call = change(Method::POST, "/snapshots", Some(snapshot.body()));
        let written = self.write(call).await?;
        let created: Created = written.read("snapshot")?;
        Ok((created.id, written))
    }

    /// Changes a snapshot's record. `PUT /snapshots/{id}`.
    pub async fn update_snapshot(&self, id: &str, change_of: &RecordChange) -> Result<Written> {
        let path = format!("/snapshots/{}", escape(id));
        let body = json!({"snapshot": change_of.body()});
        self.write(change(Method::PUT, &path, Some(body))).await
    }

    /// Deletes a snapshot. `DELETE /snapshots/{id}`.
    pub async fn delete_snapshot(&self, id: &str) -> Result<Written> {
        let path = format!("/snapshots/{}", escape(id));
        self.write(change(Method::DELETE, &path, None)).await
    }
}

fn change(method: Method, path: &str, body: Option<Value>) -> Call<'_> {
    let mut call = Call::change(Service::BlockStorage, method, path, body);
    call.microversion = Some(WRITE);
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_not_forced_unless_that_is_said() {
        let snapshot = NewSnapshot {
            volume_id: "v".to_owned(),
            ..NewSnapshot::default()
        };
        assert_eq!(
            snapshot.body(),
            json!({"snapshot": {"volume_id": "v", "force": false}})
        );
    }
}
