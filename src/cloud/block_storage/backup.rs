//! Backups of volumes: `GET /backups/detail`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Microversion, Parameter, Service};

/// All backups. 3.18 brings the project, 3.43 metadata, 3.56 the user. A cloud without the
/// backup service answers with an empty list.
pub const BACKUPS: &Collection<Backup> = &Collection {
    item: Some(("/backups", "backup")),
    microversion: Some(Microversion(3, 56)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::BlockStorage, "/backups/detail", "backups")
};

/// A backup as Cinder lists it.
#[derive(Debug, Deserialize)]
pub struct Backup {
    /// Cinder's id.
    pub id: String,
    /// The display name; not unique.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// What it is doing.
    pub status: String,
    /// Why it failed.
    pub fail_reason: Option<String>,
    /// The volume's size, in GiB.
    pub size: Option<i64>,
    /// The objects it consists of.
    pub object_count: Option<i64>,
    /// Where the driver keeps it.
    pub container: Option<String>,
    /// The zone of the backup service.
    pub availability_zone: Option<String>,
    /// The volume it was taken of.
    pub volume_id: Option<String>,
    /// The snapshot it was taken of.
    pub snapshot_id: Option<String>,
    /// Whether it builds on another.
    pub is_incremental: Option<bool>,
    /// Whether others build on it.
    pub has_dependent_backups: Option<bool>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When its record was last changed.
    pub updated_at: Option<String>,
    /// When the data in it were as they are in it.
    pub data_timestamp: Option<String>,
    /// What users noted; absent before 3.43, and null.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Who made it.
    pub user_id: Option<String>,
    /// The project it belongs to; administrators only.
    #[serde(rename = "os-backup-project-attr:project_id")]
    pub project_id: Option<String>,
}

impl Row for Backup {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Cloud {
    /// All backups that the filter lets through, newest first.
    pub async fn list_backups(&self, filter: &[Parameter]) -> Result<Arc<Vec<Arc<Backup>>>> {
        self.list_by_offset(BACKUPS, "/backups", filter).await
    }
}
