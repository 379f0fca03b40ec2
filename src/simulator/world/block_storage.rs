//! Volumes, and what is made of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Key, Shared, Table};

/// Cinder's state.
#[derive(Default)]
pub(crate) struct BlockStorage {
    pub(crate) volumes: Table<Volume>,
    pub(crate) snapshots: Table<Snapshot>,
    pub(crate) backups: Table<Backup>,
    pub(crate) types: Table<VolumeType>,
    pub(crate) services: Vec<VolumeService>,
    pub(crate) pools: Vec<Pool>,
    /// What differs from the default, by project.
    pub(crate) quotas: BTreeMap<Key, VolumeQuota>,
}

pub(crate) struct Volume {
    pub(crate) id: Uuid,
    /// Nova names the disks that it makes with an empty text; people may not name theirs at all.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) project: Key,
    pub(crate) user: Key,
    pub(crate) size_gib: u32,
    /// Cinder's word: `available`, `in-use`, `error`, `creating`, …
    pub(crate) status: &'static str,
    pub(crate) volume_type: Uuid,
    pub(crate) zone: Shared,
    /// `host@backend#pool`.
    pub(crate) host: Option<Shared>,
    pub(crate) is_bootable: bool,
    pub(crate) is_encrypted: bool,
    pub(crate) is_multiattach: bool,
    pub(crate) snapshot: Option<Uuid>,
    pub(crate) source: Option<Uuid>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// The image it was made from: `image_id`, `image_name`, …
    pub(crate) image_metadata: BTreeMap<String, String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) attachments: Vec<Attachment>,
    /// Whether it may not be written to, once that was said.
    pub(crate) is_readonly: Option<bool>,
}

pub(crate) struct Attachment {
    pub(crate) id: Uuid,
    pub(crate) server: Uuid,
    pub(crate) host: Option<Shared>,
    pub(crate) device: String,
    /// `attached`, `attaching`, `reserved`, `detaching`.
    pub(crate) status: &'static str,
    pub(crate) attached: Option<DateTime<Utc>>,
}

pub(crate) struct Snapshot {
    pub(crate) id: Uuid,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) project: Key,
    pub(crate) user: Key,
    pub(crate) volume: Uuid,
    pub(crate) size_gib: u32,
    pub(crate) status: &'static str,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

pub(crate) struct Backup {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) project: Key,
    pub(crate) user: Key,
    pub(crate) volume: Uuid,
    pub(crate) snapshot: Option<Uuid>,
    pub(crate) size_gib: u32,
    pub(crate) object_count: u32,
    pub(crate) container: String,
    pub(crate) status: &'static str,
    pub(crate) fail_reason: Option<String>,
    pub(crate) is_incremental: bool,
    pub(crate) has_dependents: bool,
    pub(crate) zone: Shared,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

pub(crate) struct VolumeType {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) is_public: bool,
    pub(crate) extra_specs: BTreeMap<String, String>,
    /// The projects that may use it when it is not public.
    pub(crate) access: Vec<Key>,
    pub(crate) is_default: bool,
}

pub(crate) struct VolumeService {
    /// Known to volumes as `service_uuid`.
    pub(crate) id: Uuid,
    pub(crate) binary: &'static str,
    pub(crate) host: Shared,
    pub(crate) zone: Shared,
    pub(crate) is_enabled: bool,
    pub(crate) disabled_reason: Option<String>,
    /// When it fell silent; it reports every ten seconds else.
    pub(crate) silent_since: Option<DateTime<Utc>>,
}

pub(crate) struct Pool {
    /// `host@backend#pool`.
    pub(crate) name: Shared,
    pub(crate) backend: &'static str,
    pub(crate) total_gib: u64,
    pub(crate) reserved_percentage: u8,
    pub(crate) max_over_subscription_ratio: f64,
    pub(crate) storage_protocol: &'static str,
}

/// Limits of a project; -1 is none.
#[derive(Clone, Debug)]
pub(crate) struct VolumeQuota {
    pub(crate) volumes: i64,
    pub(crate) snapshots: i64,
    pub(crate) gigabytes: i64,
    pub(crate) backups: i64,
    pub(crate) backup_gigabytes: i64,
    pub(crate) groups: i64,
    pub(crate) per_volume_gigabytes: i64,
}

impl Default for VolumeQuota {
    fn default() -> Self {
        Self {
            volumes: 10,
            snapshots: 10,
            gigabytes: 1000,
            backups: 10,
            backup_gigabytes: 1000,
            groups: 10,
            per_volume_gigabytes: -1,
        }
    }
}

impl BlockStorage {
    pub(crate) fn quota(&self, project: Key) -> VolumeQuota {
        self.quotas.get(&project).cloned().unwrap_or_default()
    }
}
