//! Cinder: volumes, their snapshots and backups, and what they are kept in.

mod backup;
mod message;
mod paging;
mod quota;
mod service;
mod snapshot;
mod volume;
mod volume_type;
mod volume_write;

pub use backup::{BACKUPS, Backup};
pub use message::Message;
pub use quota::{QuotaSet, Usage};
pub use service::{Capabilities, Capacity, POOLS, Pool, SERVICES, Service};
pub use snapshot::{NewSnapshot, SNAPSHOTS, Snapshot};
pub use volume::{
    ATTACHMENTS, Attached, Attachment, ImageMetadata, VOLUMES, VOLUMES_BRIEF, Volume, VolumeBrief,
    id_literal,
};
pub use volume_type::{VOLUME_TYPES, VolumeType};
pub use volume_write::{NewVolume, RecordChange, VolumeAct, VolumeSource};
