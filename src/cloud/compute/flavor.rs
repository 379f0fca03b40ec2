//! Flavors: `GET /flavors/detail`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Keep, Microversion, Service, Text};

/// All flavors, private ones too where the credential may see them.
///
/// 2.61 brings the extra specs, 2.75 a numeric `swap`.
pub const FLAVORS: &Collection<Flavor> = &Collection {
    item: Some(("/flavors", "flavor")),
    microversion: Some(Microversion(2, 75)),
    paging: Paging::Marker(1000),
    everyone: &[("is_public", "None")],
    keep: Keep::Reference,
    ..Collection::new(Service::Compute, "/flavors/detail", "flavors")
};

/// A flavor as Nova lists it.
#[derive(Debug, Deserialize)]
pub struct Flavor {
    /// Chosen by who made it; any string.
    pub id: Text,
    /// Unique.
    pub name: Text,
    /// Free text.
    pub description: Option<Text>,
    /// Virtual CPUs.
    pub vcpus: i64,
    /// Memory, in MiB.
    pub ram: i64,
    /// Root disk, in GiB.
    pub disk: i64,
    /// Ephemeral disk, in GiB.
    #[serde(rename = "OS-FLV-EXT-DATA:ephemeral", default)]
    pub ephemeral: i64,
    /// Swap, in MiB.
    #[serde(default)]
    pub swap: i64,
    /// Whether every project may use it.
    #[serde(rename = "os-flavor-access:is_public")]
    pub is_public: Option<bool>,
    /// What the scheduler and the hypervisor are told.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

impl Row for Flavor {
    fn id(&self) -> &str {
        &self.id
    }
}
