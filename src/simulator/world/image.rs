//! Images.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Key, Table};

/// Glance's state.
#[derive(Default)]
pub(crate) struct Images {
    pub(crate) images: Table<Image>,
}

#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) id: Uuid,
    pub(crate) name: Option<String>,
    pub(crate) owner: Key,
    /// `active`, `queued`, `saving`, `deactivated`, …
    pub(crate) status: &'static str,
    /// `public`, `private`, `shared`, `community`.
    pub(crate) visibility: &'static str,
    pub(crate) is_hidden: bool,
    pub(crate) is_protected: bool,
    pub(crate) container_format: Option<&'static str>,
    pub(crate) disk_format: Option<&'static str>,
    pub(crate) size_bytes: Option<u64>,
    pub(crate) virtual_size_bytes: Option<u64>,
    pub(crate) min_disk_gib: u32,
    pub(crate) min_ram_mib: u32,
    pub(crate) checksum: Option<String>,
    pub(crate) hash: Option<String>,
    pub(crate) tags: Vec<String>,
    /// What stands beside the named fields: `os_distro`, `hw_disk_bus`, `base_image_ref`, …
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) members: Vec<Member>,
}

#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) project: Key,
    /// `pending`, `accepted`, `rejected`.
    pub(crate) status: &'static str,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}
