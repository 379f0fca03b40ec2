//! Snapshots of volumes: `GET /snapshots/detail`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Microversion, Parameter, Service};

/// All snapshots of volumes. 3.41 brings the user, 3.65 whether the quota counts them.
pub const SNAPSHOTS: &Collection<Snapshot> = &Collection {
    item: Some(("/snapshots", "snapshot")),
    microversion: Some(Microversion(3, 65)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::BlockStorage, "/snapshots/detail", "snapshots")
};

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
