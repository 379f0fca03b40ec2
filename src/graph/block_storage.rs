//! Block storage (Cinder): merges its nouns.

pub mod attachment;
pub mod backup;
pub mod pool;
pub mod quota;
mod reason;
pub mod service;
pub mod snapshot;
pub mod volume;
pub mod volume_type;

use async_graphql::MergedObject;

use super::scope::CloudRef;

/// The root fields of block storage.
#[derive(MergedObject)]
pub struct BlockStorageQuery(
    volume::VolumeQuery,
    attachment::VolumeAttachmentQuery,
    snapshot::VolumeSnapshotQuery,
    backup::VolumeBackupQuery,
    volume_type::VolumeTypeQuery,
    service::VolumeServiceQuery,
    pool::StoragePoolQuery,
    quota::VolumeQuotaQuery,
);

/// What can be changed in block storage.
#[derive(MergedObject, Default)]
pub struct BlockStorageMutation(volume::VolumeMutation, snapshot::VolumeSnapshotMutation);

impl BlockStorageQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            volume::VolumeQuery(cloud.clone()),
            attachment::VolumeAttachmentQuery(cloud.clone()),
            snapshot::VolumeSnapshotQuery(cloud.clone()),
            backup::VolumeBackupQuery(cloud.clone()),
            volume_type::VolumeTypeQuery(cloud.clone()),
            service::VolumeServiceQuery(cloud.clone()),
            pool::StoragePoolQuery(cloud.clone()),
            quota::VolumeQuotaQuery(cloud.clone()),
        )
    }
}

/// For up to so many volumes their snapshots or backups are asked for one by one; for more, all
/// there are.
const FEW_PARENTS: usize = 5;
