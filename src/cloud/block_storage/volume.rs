//! Volumes and their attachments: `GET /volumes/detail`, `GET /volumes`, `GET /attachments`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Microversion, Parameter, Service, Text};

/// Ids of a list literal: 40 bytes each, and more once they are escaped.
const IDS_IN_A_CALL: usize = 100;

/// All volumes with everything.
///
/// 3.63 brings the type's id, 3.65 whether the quota counts them.
pub const VOLUMES: &Collection<Volume> = &Collection {
    item: Some(("/volumes", "volume")),
    microversion: Some(Microversion(3, 65)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::BlockStorage, "/volumes/detail", "volumes")
};

/// All volumes with no more than their names.
pub const VOLUMES_BRIEF: &Collection<VolumeBrief> = &Collection {
    microversion: Some(Microversion(3, 65)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::BlockStorage, "/volumes", "volumes")
};

/// All attachments, those that are only reserved too. 3.27 brings them.
///
/// The detailed list would carry `connection_info`, which is secret.
pub const ATTACHMENTS: &Collection<Attachment> = &Collection {
    item: Some(("/attachments", "attachment")),
    microversion: Some(Microversion(3, 27)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::BlockStorage, "/attachments", "attachments")
};

/// A volume in the light list.
#[derive(Debug, Deserialize)]
pub struct VolumeBrief {
    /// Cinder's id.
    pub id: Text,
    /// The display name; not unique.
    pub name: Option<Text>,
}

impl Row for VolumeBrief {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A volume as Cinder lists it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Volume {
    /// Cinder's id.
    pub id: Text,
    /// The display name; not unique.
    pub name: Option<Text>,
    /// Free text.
    pub description: Option<Text>,
    /// What it is doing.
    pub status: Text,
    /// The size, in GiB.
    pub size: Option<i64>,
    /// Where it may be attached.
    pub availability_zone: Option<Text>,
    /// When it was made.
    pub created_at: Option<Text>,
    /// When its record was last changed.
    pub updated_at: Option<Text>,
    /// The type's name.
    pub volume_type: Option<Text>,
    /// The type's id.
    pub volume_type_id: Option<Text>,
    /// The snapshot it was made of.
    pub snapshot_id: Option<Text>,
    /// The volume it was made of.
    pub source_volid: Option<Text>,
    /// What users noted.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Who made it.
    pub user_id: Option<Text>,
    /// `true` or `false`, as a text.
    pub bootable: Option<Text>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// Whether several servers may have it.
    pub multiattach: Option<bool>,
    /// To what it is attached.
    #[serde(default)]
    pub attachments: Vec<Attached>,
    /// How far a migration is; administrators only.
    pub migration_status: Option<Text>,
    /// The state of its replica.
    pub replication_status: Option<Text>,
    /// The volume group it is in.
    pub group_id: Option<Text>,
    /// Whether the quota counts it.
    pub consumes_quota: Option<bool>,
    /// The project it belongs to.
    #[serde(rename = "os-vol-tenant-attr:tenant_id")]
    pub project_id: Option<Text>,
    /// `host@backend#pool`; administrators only.
    #[serde(rename = "os-vol-host-attr:host")]
    pub host: Option<Text>,
    /// The image it was made of.
    pub volume_image_metadata: Option<ImageMetadata>,
}

impl Row for Volume {
    fn id(&self) -> &str {
        &self.id
    }
}

/// An attachment as a volume embeds it: only what is really attached.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Attached {
    /// The attachment's id; what is called `id` there is the volume's.
    pub attachment_id: Option<Text>,
    /// The server.
    pub server_id: Option<Text>,
    /// The host the server was on; administrators only.
    pub host_name: Option<Text>,
    /// What the guest calls it, as far as Nova could tell.
    pub device: Option<Text>,
    /// Since when.
    pub attached_at: Option<Text>,
}

/// What a volume remembers of its image.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct ImageMetadata {
    /// The image's id.
    pub image_id: Option<Text>,
    /// The image's name when the volume was made.
    pub image_name: Option<Text>,
}

/// An attachment as Cinder lists it. `connection_info` is never read.
#[derive(Debug, Deserialize)]
pub struct Attachment {
    /// Cinder's id.
    pub id: Text,
    /// How far it is.
    pub status: Option<Text>,
    /// The volume.
    pub volume_id: Option<Text>,
    /// The server; absent while it is only reserved, and for an image's cache.
    pub instance: Option<Text>,
}

impl Row for Attachment {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Cloud {
    /// All volumes the filter lets through, newest first.
    pub async fn list_volumes(&self, filter: &[Parameter]) -> Result<Arc<Vec<Arc<Volume>>>> {
        self.list_by_offset(VOLUMES, "/volumes", filter).await
    }

    /// The ids of all volumes the filter lets through, newest first: the light list.
    pub async fn list_volume_ids(&self, filter: &[Parameter]) -> Result<Vec<String>> {
        let brief = self.list_volumes_brief(filter).await?;
        Ok(brief.iter().map(|row| row.id.to_string()).collect())
    }

    /// The light list of all volumes the filter lets through, newest first.
    pub async fn list_volumes_brief(
        &self,
        filter: &[Parameter],
    ) -> Result<Arc<Vec<Arc<VolumeBrief>>>> {
        self.list_by_offset(VOLUMES_BRIEF, "/volumes", filter).await
    }

    /// Volumes by their ids, as only administrators may ask.
    pub async fn list_volumes_with_ids(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Arc<Volume>>> {
        let rows = self.with_ids(VOLUMES, ids).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.id.to_string(), row))
            .collect())
    }

    /// Rows of the light list by their ids, as only administrators may ask.
    pub async fn list_volumes_brief_with_ids(
        &self,
        ids: &[String],
    ) -> Result<Vec<Arc<VolumeBrief>>> {
        self.with_ids(VOLUMES_BRIEF, ids).await
    }

    async fn with_ids<T: Row>(
        &self,
        collection: &'static Collection<T>,
        ids: &[String],
    ) -> Result<Vec<Arc<T>>> {
        let fetch = |ids: &[String]| -> BoxFuture<'_, _> {
            let filter = [("id".into(), id_literal(ids))];
            Box::pin(async move { self.list(collection, &filter).await })
        };
        let lists = self.in_chunks(Service::BlockStorage, IDS_IN_A_CALL, ids, fetch);
        let lists = lists.await?;
        Ok(lists.iter().flat_map(|list| list.iter()).cloned().collect())
    }
}

/// Ids as the list literal that Cinder takes from administrators: `['a','b']`. What is no UUID
/// cannot be a volume, and is left out.
#[must_use]
pub fn id_literal(ids: &[String]) -> String {
    let quoted: Vec<String> = ids
        .iter()
        .filter_map(|id| uuid::Uuid::try_parse(id).ok())
        .map(|id| format!("'{id}'"))
        .collect();
    format!("[{}]", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_literal_holds_ids_and_nothing_else() {
        let ids = [
            "58cb9199-bb54-499b-8acc-27f160ea1d71".to_owned(),
            "'] or ['".to_owned(),
            "f04a9f4a-1e32-4343-b6f1-2d4c588adcfb".to_owned(),
        ];
        assert_eq!(
            id_literal(&ids),
            "['58cb9199-bb54-499b-8acc-27f160ea1d71','f04a9f4a-1e32-4343-b6f1-2d4c588adcfb']"
        );
    }

    #[test]
    fn a_volume_decodes_without_what_policy_hides() {
        let volume: Volume =
            serde_json::from_str(r#"{"id": "v", "status": "in-use", "name": null}"#).unwrap();
        assert_eq!(volume.host, None);
        assert!(volume.attachments.is_empty());
    }
}
