//! Types of volumes: `GET /types`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Keep, Microversion, Service};

/// All types, private ones too where the credential may see them.
pub const VOLUME_TYPES: &Collection<VolumeType> = &Collection {
    item: Some(("/types", "volume_type")),
    microversion: Some(Microversion(3, 11)),
    paging: Paging::Marker(1000),
    everyone: &[("is_public", "None")],
    keep: Keep::Reference,
    ..Collection::new(Service::BlockStorage, "/types", "volume_types")
};

/// A type as Cinder lists it.
#[derive(Debug, Deserialize)]
pub struct VolumeType {
    /// Cinder's id.
    pub id: String,
    /// Unique.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Whether every project may use it.
    #[serde(rename = "os-volume-type-access:is_public")]
    pub is_public: Option<bool>,
    /// What the scheduler and the driver are told; users see a part of it or nothing.
    pub extra_specs: Option<BTreeMap<String, Option<String>>>,
    /// The limits on its throughput; administrators only.
    pub qos_specs_id: Option<String>,
}

impl Row for VolumeType {
    fn id(&self) -> &str {
        &self.id
    }
}
