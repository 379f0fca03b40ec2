//! Volumes: the disks that servers are given.

mod affected;
mod edges;
pub mod mutation;
pub mod names;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, Json, SimpleObject};

pub use mutation::VolumeMutation;

use crate::Result;
use crate::cloud::block_storage::{self, VOLUMES, id_literal};
use crate::cloud::collection::Collection;
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::compute::server::plans::NameOfServer;
use crate::graph::connection::Node;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{Narrowing, one_of};
use crate::graph::noun::{
    ById, Noun, Pushed, Rows, Wanted, contains, grouped, joined, root_fields, singly_or_listed,
    unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};
use crate::graph::watch::{Watched, watched};

/// A volume: a disk that can be attached to servers. From `GET /volumes/detail` (3.65).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Volume {
    /// Cinder's id.
    id: ID,
    /// The display name; not unique. Null when it has none.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// What it is doing.
    status: VolumeStatus,
    /// The size, in GiB.
    size_gib: Option<i64>,
    /// Whether a server can boot from it.
    is_bootable: Option<bool>,
    /// Whether it is encrypted.
    is_encrypted: Option<bool>,
    /// Whether several servers may have it at once.
    is_multiattach: Option<bool>,
    /// The name of its type; null when it has none.
    type_name: Option<Text>,
    /// The id of its type; null when it has none, and before 3.63.
    type_id: Option<ID>,
    /// Where it may be attached.
    availability_zone: Option<Text>,
    /// Where it is kept, as `host@backend#pool`; null while it has no place, and to all but
    /// administrators.
    host: Option<Text>,
    /// The snapshot it was made of; null when it was not.
    snapshot_id: Option<ID>,
    /// The volume it was made of; null when it was not.
    source_volume_id: Option<ID>,
    /// The image it was made of; null when it was not. It may be gone.
    image_id: Option<ID>,
    /// The name that image had when the volume was made.
    image_name: Option<Text>,
    /// The volume group it is in; null when it is in none.
    group_id: Option<ID>,
    /// How far a migration is; null without one, and to all but administrators.
    migration_status: Option<Text>,
    /// The state of its replica; null without replication.
    replication_status: Option<Text>,
    /// Whether the project's quota counts it: Cinder's own helpers are not counted. Null before
    /// 3.65.
    has_quota: Option<bool>,
    /// The project it belongs to. It may be gone.
    project_id: Option<ID>,
    /// Who made it.
    user_id: Option<ID>,
    /// What users noted, by key.
    metadata: Json<BTreeMap<String, String>>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When its record was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<block_storage::Volume>,
    #[graphql(skip)]
    scope: Scope,
}

open_enum! {
    /// What a volume is doing.
    VolumeStatus {
        /// It is being attached.
        Attaching = "attaching",
        /// It is free.
        Available = "available",
        /// It waits for another project to take it.
        AwaitingTransfer = "awaiting-transfer",
        /// It is being backed up.
        BackingUp = "backing-up",
        /// It is being made.
        Creating = "creating",
        /// It is being deleted.
        Deleting = "deleting",
        /// It is being detached.
        Detaching = "detaching",
        /// It is being filled from an image.
        Downloading = "downloading",
        /// Something went wrong.
        Error = "error",
        /// A backup of it went wrong.
        ErrorBackingUp = "error_backing-up",
        /// It could not be deleted.
        ErrorDeleting = "error_deleting",
        /// It could not be extended.
        ErrorExtending = "error_extending",
        /// It could not be taken over from the storage.
        ErrorManaging = "error_managing",
        /// A backup could not be restored into it.
        ErrorRestoring = "error_restoring",
        /// It is being extended.
        Extending = "extending",
        /// It is attached.
        InUse = "in-use",
        /// It is locked while it is migrated.
        Maintenance = "maintenance",
        /// It is being taken over from the storage.
        Managing = "managing",
        /// It is promised to a server.
        Reserved = "reserved",
        /// A backup is being restored into it.
        RestoringBackup = "restoring-backup",
        /// Its type is being changed.
        Retyping = "retyping",
        /// It is being written to an image.
        Uploading = "uploading",
    }
}

/// Which volumes.
#[derive(InputObject, Default)]
pub struct VolumeFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Doing this.
    status: Option<VolumeStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Of this type, by its id or name.
    #[graphql(name = "type")]
    volume_type: Option<Ref>,
    /// A server can boot from it, or not.
    is_bootable: Option<bool>,
    /// Attached to some server, or to none.
    is_attached: Option<bool>,
    /// Encrypted, or not.
    is_encrypted: Option<bool>,
    /// Attached to the server with this id.
    server_id: Option<ID>,
    /// Kept in this pool, as `host@backend#pool`, or anywhere below this host or backend.
    host: Option<String>,
    /// Made of the image with this id.
    image_id: Option<ID>,
    /// At least of this size, in GiB.
    min_size_gib: Option<i64>,
    #[graphql(skip)]
    narrowing: Narrowing,
    #[graphql(skip)]
    is_admin: bool,
}

/// What volumes can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VolumeOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
    /// When their records were last changed.
    UpdatedAt,
    /// The size.
    Size,
    /// What they are doing.
    Status,
}

impl Node for Volume {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Volume {
    type Row = block_storage::Volume;
    type Filter = VolumeFilter;
    type Order = VolumeOrderField;

    const KIND: &'static str = "Volume";
    const LIST: &'static str = "volumes";
    const COLLECTION: &'static Collection<block_storage::Volume> = VOLUMES;

    fn new(scope: &Scope, row: &Arc<block_storage::Volume>) -> Self {
        let image = row.volume_image_metadata.as_ref();
        Self {
            id: ID::from(&row.id),
            name: told(row.name.as_ref()),
            description: told(row.description.as_ref()),
            status: VolumeStatus::read(&row.status),
            size_gib: row.size,
            is_bootable: is_bootable(row),
            is_encrypted: row.encrypted,
            is_multiattach: row.multiattach,
            type_name: told(row.volume_type.as_ref()),
            type_id: told_id(row.volume_type_id.as_deref()),
            availability_zone: told(row.availability_zone.as_ref()),
            host: told(row.host.as_ref()),
            snapshot_id: told_id(row.snapshot_id.as_deref()),
            source_volume_id: told_id(row.source_volid.as_deref()),
            image_id: told_id(image.and_then(|image| image.image_id.as_deref())),
            image_name: told(image.and_then(|image| image.image_name.as_ref())),
            group_id: told_id(row.group_id.as_deref()),
            migration_status: told(row.migration_status.as_ref()),
            replication_status: told(row.replication_status.as_ref()),
            has_quota: row.consumes_quota,
            project_id: told_id(row.project_id.as_deref()),
            user_id: told_id(row.user_id.as_deref()),
            metadata: Json(row.metadata.clone()),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &block_storage::Volume) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &block_storage::Volume) -> Option<&str> {
        row.project_id.as_deref()
    }

    fn keeps(filter: &VolumeFilter, row: &block_storage::Volume) -> bool {
        let name = row.name.as_deref();
        let image = row.volume_image_metadata.as_ref();
        let image_id = image.and_then(|image| image.image_id.as_deref());
        one_of(filter.ids.as_ref(), Some(&row.id))
            && one_of(filter.names.as_ref(), name)
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.status.as_ref(), |status| {
                VolumeStatus::read(&row.status) == *status
            })
            && filter.narrowing.keeps(row.project_id.as_deref())
            && unset_or(filter.volume_type.as_ref(), |Ref(wanted)| {
                [&row.volume_type_id, &row.volume_type]
                    .into_iter()
                    .any(|told| told.as_deref() == Some(wanted))
            })
            && unset_or(filter.is_bootable.as_ref(), |bootable| {
                is_bootable(row) == Some(*bootable)
            })
            && unset_or(filter.is_attached.as_ref(), |attached| {
                row.attachments.is_empty() != *attached
            })
            && unset_or(filter.is_encrypted.as_ref(), |encrypted| {
                row.encrypted == Some(*encrypted)
            })
            && unset_or(filter.server_id.as_ref(), |server| {
                let mut servers = row.attachments.iter().map(|one| one.server_id.as_deref());
                servers.any(|id| id == Some(server.as_str()))
            })
            && unset_or(filter.host.as_ref(), |host| {
                row.host.as_deref().is_some_and(|at| is_below(at, host))
            })
            && unset_or(filter.image_id.as_ref(), |image| {
                image_id == Some(image.as_str())
            })
            && unset_or(filter.min_size_gib.as_ref(), |least| {
                row.size.is_some_and(|size| size >= *least)
            })
    }

    fn compare(
        order: VolumeOrderField,
        one: &block_storage::Volume,
        other: &block_storage::Volume,
    ) -> Ordering {
        match order {
            VolumeOrderField::Name => one.name.cmp(&other.name),
            VolumeOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
            VolumeOrderField::UpdatedAt => one.updated_at.cmp(&other.updated_at),
            VolumeOrderField::Size => one.size.cmp(&other.size),
            VolumeOrderField::Status => one.status.cmp(&other.status),
        }
    }

    async fn prepare(scope: &Scope, mut filter: VolumeFilter) -> Result<VolumeFilter> {
        filter.narrowing = Narrowing::of(scope, filter.project.as_ref()).await?;
        filter.is_admin = scope.cloud().is_admin().await?;
        Ok(filter)
    }

    fn push(filter: &VolumeFilter) -> Pushed {
        let mut query = Vec::new();
        let status = filter.status.and_then(VolumeStatus::wire);
        if let Some(status) = status {
            query.push(("status".into(), status.to_owned()));
        }
        if let Some([name]) = filter.names.as_deref() {
            query.push(("name".into(), name.clone()));
        }
        filter.narrowing.push("project_id", &mut query);
        if let Some(ids) = &filter.ids
            && filter.is_admin
            && ids.len() <= MOST_LITERAL
        {
            let ids: Vec<String> = ids.iter().map(|id| id.to_string()).collect();
            query.push(("id".into(), id_literal(&ids)));
        }
        let rest_is_unset = filter.ids.is_none()
            && filter.names.is_none()
            && filter.name_contains.is_none()
            && filter.volume_type.is_none()
            && filter.is_bootable.is_none()
            && filter.is_attached.is_none()
            && filter.is_encrypted.is_none()
            && filter.server_id.is_none()
            && filter.host.is_none()
            && filter.image_id.is_none()
            && filter.min_size_gib.is_none();
        Pushed {
            query,
            is_whole: rest_is_unset
                && filter.narrowing.is_pushed()
                && filter.status.is_some() == status.is_some(),
        }
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    fn ahead(scope: &Scope, wanted: &Wanted<'_>) {
        if wanted.has(&["attachments", "serverName"]) {
            NameOfServer::start(scope);
        }
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<block_storage::Volume>> {
        cloud.list_volumes(&query).await
    }

    async fn ids(cloud: &Cloud, query: Vec<Parameter>) -> Option<Result<Arc<Vec<String>>>> {
        Some(cloud.list_volume_ids(&query).await.map(Arc::new))
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<block_storage::Volume>>> {
        if !cloud.is_admin().await? {
            return singly_or_listed::<Self>(cloud, ids, 5).await;
        }
        if ids.len() > MOST_IDS {
            return Ok(joined(&cloud.list_volumes(&[]).await?, &ids));
        }
        cloud.list_volumes_with_ids(&ids).await
    }
}

/// More ids than this cost more calls than the pages of most clouds.
const MOST_IDS: usize = 300;
/// More ids than this do not fit one call.
const MOST_LITERAL: usize = 100;

/// Cinder writes it as a text.
fn is_bootable(row: &block_storage::Volume) -> Option<bool> {
    match row.bootable.as_deref()? {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether a place is the wanted host, backend or pool, or within it.
fn is_below(place: &str, wanted: &str) -> bool {
    place
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '#']))
}

root_fields! {
    VolumeQuery for Volume,
    /// One volume.
    one: volume,
    /// The volumes that the credential can see.
    many: volumes,
    filter: VolumeFilter, order: VolumeOrderField
}

watched! {
    VolumeSubscription, volume_changed, "volumeChanged" for Volume, volume,
    filter: VolumeFilter,
    /// A volume that was created, changed or deleted.
    change: VolumeChange,
}

impl Watched for Volume {}

/// Volumes by their ids: for administrators a hundred in a call.
pub type VolumesById = ById<Volume>;

/// The volumes of a type, by the type's name.
pub struct VolumesOfType;

impl Plan for VolumesOfType {
    type Key = String;
    type Value = Vec<Arc<block_storage::Volume>>;

    async fn load(cloud: Cloud, _names: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let volumes = cloud.list_volumes(&[]).await?;
        Ok(grouped(volumes.iter().cloned(), |volume| {
            volume.volume_type.as_deref()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_below_its_host_and_backend() {
        assert!(is_below("ceph@fast#pool", "ceph"));
        assert!(is_below("ceph@fast#pool", "ceph@fast"));
        assert!(is_below("ceph@fast#pool", "ceph@fast#pool"));
        assert!(!is_below("ceph2@fast#pool", "ceph"));
    }

    #[test]
    fn a_filter_is_whole_only_if_cinder_applies_all_of_it() {
        let mut filter = VolumeFilter {
            status: Some(VolumeStatus::InUse),
            ..VolumeFilter::default()
        };
        assert!(Volume::push(&filter).is_whole);
        filter.narrowing = Narrowing::Own("p".to_owned());
        assert!(!Volume::push(&filter).is_whole);
        filter.narrowing = Narrowing::Pushed("p".to_owned());
        let pushed = Volume::push(&filter);
        assert!(pushed.is_whole);
        assert_eq!(pushed.query[1], ("project_id".into(), "p".to_owned()));
        filter.status = Some(VolumeStatus::Unknown);
        assert!(!Volume::push(&filter).is_whole);
    }
}
