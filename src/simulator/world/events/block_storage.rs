//! What Cinder's back ends do.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::world::block_storage::BlockStorage;
use crate::world::{Shared, World};

/// That something has been done.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    VolumeMade(Uuid),
    /// To a size, and what it was before.
    VolumeExtended(Uuid, u32, &'static str),
    /// To a type, and what it was before.
    VolumeRetyped(Uuid, Uuid, &'static str),
    VolumeGone(Uuid),
    /// To an image, and what it was before.
    VolumeUploaded(Uuid, Uuid, &'static str),
    SnapshotMade(Uuid),
    SnapshotGone(Uuid),
    /// And what the volume was before.
    BackupMade(Uuid, &'static str),
    BackupSettled(Uuid),
    BackupGone(Uuid),
}

impl World {
    pub(super) fn storage_changes(&mut self, region: usize, change: &Change, at: DateTime<Utc>) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        let storage = &mut region.block_storage;
        match change {
            Change::VolumeMade(id) => {
                let host = pool_of(storage, *id);
                if let Some(row) = storage.volumes.get_mut(id)
                    && ["creating", "downloading", "restoring-backup"].contains(&row.status)
                {
                    row.status = "available";
                    row.is_bootable |= !row.image_metadata.is_empty();
                    row.updated = at;
                    if row.host.is_none() {
                        row.host = host;
                    }
                }
            }
            Change::VolumeExtended(id, size, before) => {
                if let Some(row) = storage.volumes.get_mut(id) {
                    row.size_gib = *size;
                    row.status = before;
                    row.updated = at;
                }
            }
            Change::VolumeRetyped(id, volume_type, before) => {
                if let Some(row) = storage.volumes.get_mut(id) {
                    row.volume_type = *volume_type;
                    row.status = before;
                    row.updated = at;
                }
                let host = pool_of(storage, *id);
                if let Some(row) = storage.volumes.get_mut(id) {
                    row.host = host;
                }
            }
            Change::VolumeGone(id) => {
                storage.volumes.shift_remove(id);
                storage.snapshots.retain(|_, row| row.volume != *id);
            }
            Change::VolumeUploaded(id, image, before) => {
                let mut size = 0;
                if let Some(row) = storage.volumes.get_mut(id) {
                    row.status = before;
                    row.updated = at;
                    size = u64::from(row.size_gib) << 30;
                }
                if let Some(image) = region.image.images.get_mut(image) {
                    image.status = "active";
                    image.size_bytes = Some(size);
                    image.virtual_size_bytes = Some(size);
                    image.checksum = Some(self.dice.hex(32));
                    image.hash = Some(self.dice.hex(128));
                    image.updated = at;
                }
            }
            Change::SnapshotMade(id) => {
                if let Some(row) = storage.snapshots.get_mut(id)
                    && row.status == "creating"
                {
                    row.status = "available";
                    row.updated = at;
                }
            }
            Change::SnapshotGone(id) => {
                storage.snapshots.shift_remove(id);
            }
            Change::BackupMade(id, before) => {
                let mut of = None;
                if let Some(row) = storage.backups.get_mut(id)
                    && row.status == "creating"
                {
                    row.status = "available";
                    row.object_count = row.size_gib;
                    if row.container.is_empty() {
                        "volumebackups".clone_into(&mut row.container);
                    }
                    row.updated = at;
                    of = Some(row.volume);
                }
                let volume = of.and_then(|id| storage.volumes.get_mut(&id));
                if let Some(row) = volume.filter(|row| row.status == "backing-up") {
                    row.status = before;
                    row.updated = at;
                }
            }
            Change::BackupSettled(id) => {
                if let Some(row) = storage.backups.get_mut(id) {
                    row.status = "available";
                    row.updated = at;
                }
            }
            Change::BackupGone(id) => {
                storage.backups.shift_remove(id);
            }
        }
    }
}

/// The pool for a volume: that of its type's back end.
fn pool_of(storage: &BlockStorage, id: Uuid) -> Option<Shared> {
    let row = storage.volumes.get(&id)?;
    let of_type = storage.types.get(&row.volume_type);
    let backend = of_type.and_then(|row| row.extra_specs.get("volume_backend_name"));
    let mut pools = storage.pools.iter();
    let pool = pools.find(|pool| backend.is_none_or(|backend| backend == pool.backend));
    pool.map(|pool| pool.name.clone())
}
