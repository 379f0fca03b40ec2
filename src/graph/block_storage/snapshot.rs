//! Snapshots of volumes.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Json, SimpleObject};
use futures_util::future::try_join_all;

pub use mutation::VolumeSnapshotMutation;

use super::FEW_PARENTS;
use super::volume::Volume;
use super::volume::names::{NameOfVolume, name_of};
use crate::Result;
use crate::cloud::block_storage::{self, SNAPSHOTS};
use crate::cloud::collection::Collection;
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::Node;
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::identity::user::User;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{Narrowing, one_of};
use crate::graph::noun::{
    Noun, Pushed, Rows, Wanted, by_maybe_id, contains, grouped, root_fields, unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};

/// A volume as it was at some time. From `GET /snapshots/detail` (3.65).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VolumeSnapshot {
    /// Cinder's id.
    id: ID,
    /// The display name; not unique. Null when it has none.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// What it is doing.
    status: VolumeSnapshotStatus,
    /// The size the volume had, in GiB.
    size_gib: Option<i64>,
    /// How far it is, in percent.
    progress: Option<i32>,
    /// The volume it was taken of.
    volume_id: Option<ID>,
    /// The group snapshot it is part of; null when it is part of none.
    group_snapshot_id: Option<ID>,
    /// Whether the project's quota counts it. Null before 3.65.
    has_quota: Option<bool>,
    /// The project it belongs to. It may be gone.
    project_id: Option<ID>,
    /// Who made it. Null before 3.41.
    user_id: Option<ID>,
    /// What users noted, by key.
    metadata: Json<BTreeMap<String, String>>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When its record was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl VolumeSnapshot {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The volume it was taken of; null when that is gone.
    async fn volume(&self) -> Answered<Volume> {
        answered(by_maybe_id(&self.scope, self.volume_id.as_deref().map(String::as_str)).await)
    }

    /// The name of that volume, for less than the volume; null when it has none, or is gone.
    async fn volume_name(&self) -> Answered<String> {
        name_of(&self.scope, self.volume_id.as_deref().map(String::as_str)).await
    }

    /// The project it belongs to; null when that is gone, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_deref().map(String::as_str),
        )
        .await
    }

    /// Who made it; null when they are gone, or the credential may not see them.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        told_or_asked(
            context,
            &self.scope,
            self.user_id.as_deref().map(String::as_str),
        )
        .await
    }
}

open_enum! {
    /// What a snapshot of a volume is doing.
    VolumeSnapshotStatus {
        /// It is there.
        Available = "available",
        /// It is being backed up.
        BackingUp = "backing-up",
        /// It is being made.
        Creating = "creating",
        /// It is deleted.
        Deleted = "deleted",
        /// It is being deleted.
        Deleting = "deleting",
        /// Something went wrong.
        Error = "error",
        /// It could not be deleted.
        ErrorDeleting = "error_deleting",
        /// The volume is being set back to it.
        Restoring = "restoring",
        /// It is being handed back to the storage.
        Unmanaging = "unmanaging",
        /// It is being changed.
        Updating = "updating",
    }
}

/// Which snapshots of volumes.
#[derive(InputObject, Default)]
pub struct VolumeSnapshotFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Doing this.
    status: Option<VolumeSnapshotStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Of the volume with this id.
    volume_id: Option<ID>,
    #[graphql(skip)]
    narrowing: Narrowing,
}

/// What snapshots of volumes can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VolumeSnapshotOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
    /// The size.
    Size,
    /// What they are doing.
    Status,
}

impl Node for VolumeSnapshot {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for VolumeSnapshot {
    type Row = block_storage::Snapshot;
    type Filter = VolumeSnapshotFilter;
    type Order = VolumeSnapshotOrderField;

    const KIND: &'static str = "VolumeSnapshot";
    const LIST: &'static str = "volumeSnapshots";
    const COLLECTION: &'static Collection<block_storage::Snapshot> = SNAPSHOTS;

    fn new(scope: &Scope, row: &Arc<block_storage::Snapshot>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: told(row.name.as_ref()),
            description: told(row.description.as_ref()),
            status: VolumeSnapshotStatus::read(&row.status),
            size_gib: row.size,
            progress: row.progress.as_deref().and_then(percent),
            volume_id: told_id(row.volume_id.as_deref()),
            group_snapshot_id: told_id(row.group_snapshot_id.as_deref()),
            has_quota: row.consumes_quota,
            project_id: told_id(row.project_id.as_deref()),
            user_id: told_id(row.user_id.as_deref()),
            metadata: Json(row.metadata.clone()),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &block_storage::Snapshot) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &block_storage::Snapshot) -> Option<&str> {
        row.project_id.as_deref()
    }

    fn keeps(filter: &VolumeSnapshotFilter, row: &block_storage::Snapshot) -> bool {
        let name = row.name.as_deref();
        one_of(filter.ids.as_ref(), Some(&row.id))
            && one_of(filter.names.as_ref(), name)
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.status.as_ref(), |status| {
                VolumeSnapshotStatus::read(&row.status) == *status
            })
            && filter.narrowing.keeps(row.project_id.as_deref())
            && unset_or(filter.volume_id.as_ref(), |id| {
                row.volume_id.as_deref() == Some(id.as_str())
            })
    }

    fn compare(
        order: VolumeSnapshotOrderField,
        one: &block_storage::Snapshot,
        other: &block_storage::Snapshot,
    ) -> Ordering {
        match order {
            VolumeSnapshotOrderField::Name => one.name.cmp(&other.name),
            VolumeSnapshotOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
            VolumeSnapshotOrderField::Size => one.size.cmp(&other.size),
            VolumeSnapshotOrderField::Status => one.status.cmp(&other.status),
        }
    }

    async fn prepare(
        scope: &Scope,
        mut filter: VolumeSnapshotFilter,
    ) -> Result<VolumeSnapshotFilter> {
        filter.narrowing = Narrowing::of(scope, filter.project.as_ref()).await?;
        Ok(filter)
    }

    fn push(filter: &VolumeSnapshotFilter) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        let status = filter.status.and_then(VolumeSnapshotStatus::wire);
        if let Some(status) = status {
            query.push(("status".into(), status.to_owned()));
        }
        if let Some([name]) = filter.names.as_deref() {
            query.push(("name".into(), name.clone()));
        }
        if let Some(id) = &filter.volume_id {
            query.push(("volume_id".into(), id.to_string()));
        }
        filter.narrowing.push("project_id", &mut query);
        Pushed {
            query,
            is_whole: filter.ids.is_none()
                && filter.names.is_none()
                && filter.name_contains.is_none()
                && filter.narrowing.is_pushed()
                && filter.status.is_some() == status.is_some(),
        }
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    fn ahead(scope: &Scope, wanted: &Wanted<'_>) {
        if wanted.has(&["volumeName"]) {
            NameOfVolume::start(scope);
        }
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<block_storage::Snapshot>> {
        cloud.list_snapshots(&query).await
    }
}

/// Cinder writes `100%`.
fn percent(text: &str) -> Option<i32> {
    text.strip_suffix('%').unwrap_or(text).parse().ok()
}

root_fields! {
    VolumeSnapshotQuery for VolumeSnapshot,
    /// One snapshot of a volume.
    one: volume_snapshot,
    /// The snapshots of volumes that the credential can see.
    many: volume_snapshots,
    filter: VolumeSnapshotFilter, order: VolumeSnapshotOrderField
}

/// The snapshots of a volume, by the volume's id, newest first.
pub struct SnapshotsOfVolume;

impl Plan for SnapshotsOfVolume {
    type Key = String;
    type Value = Vec<Arc<block_storage::Snapshot>>;

    async fn load(cloud: Cloud, volumes: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        if volumes.len() > FEW_PARENTS {
            let rows = cloud.list_snapshots(&[]).await?;
            return Ok(grouped(rows.iter().cloned(), volume_of));
        }
        let lists = volumes.into_iter().map(|volume| {
            let filter = [("volume_id".into(), volume)];
            let cloud = cloud.clone();
            async move { cloud.list_snapshots(&filter).await }
        });
        let lists = try_join_all(lists).await?;
        let rows = lists.iter().flat_map(|list| list.iter().cloned());
        Ok(grouped(rows, volume_of))
    }
}

fn volume_of(snapshot: &block_storage::Snapshot) -> Option<&str> {
    snapshot.volume_id.as_deref()
}
