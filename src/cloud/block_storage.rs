//! Cinder: volumes, their snapshots and backups, and what they are kept in.

mod backup;
mod paging;
mod quota;
mod service;
mod snapshot;
mod volume;
mod volume_type;

pub use backup::{BACKUPS, Backup};
pub use quota::{QuotaSet, Usage};
pub use service::{Capabilities, Capacity, POOLS, Pool, SERVICES, Service};
pub use snapshot::{SNAPSHOTS, Snapshot};
pub use volume::{
    ATTACHMENTS, Attached, Attachment, ImageMetadata, VOLUMES, VOLUMES_BRIEF, Volume, VolumeBrief,
    id_literal,
};
pub use volume_type::{VOLUME_TYPES, VolumeType};
