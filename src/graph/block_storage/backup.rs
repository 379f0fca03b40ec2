//! Backups of volumes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Json, SimpleObject};
use futures_util::future::try_join_all;

use super::FEW_PARENTS;
use super::snapshot::VolumeSnapshot;
use super::volume::Volume;
use crate::Result;
use crate::cloud::block_storage::{self, BACKUPS};
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
    Noun, Pushed, Rows, by_maybe_id, contains, grouped, root_fields, unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};

/// A copy of a volume, kept elsewhere. From `GET /backups/detail` (3.56). A cloud without the
/// backup service has none.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VolumeBackup {
    /// Cinder's id.
    id: ID,
    /// The display name; not unique. Null when it has none.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// What it is doing.
    status: VolumeBackupStatus,
    /// Why it failed; null unless it did.
    fail_reason: Option<String>,
    /// The volume's size, in GiB.
    size_gib: Option<i64>,
    /// The objects it consists of.
    object_count: Option<i64>,
    /// Where the driver keeps it: a container, a bucket, a directory.
    container: Option<String>,
    /// The zone of the backup service.
    availability_zone: Option<String>,
    /// Whether it builds on an earlier backup.
    is_incremental: Option<bool>,
    /// Whether later backups build on it; it cannot be deleted before them.
    has_dependent_backups: Option<bool>,
    /// The volume it was taken of.
    volume_id: Option<ID>,
    /// The snapshot it was taken of; null when it was taken of the volume.
    snapshot_id: Option<ID>,
    /// The project it belongs to; null to all but administrators.
    project_id: Option<ID>,
    /// Who made it. Null before 3.56.
    user_id: Option<ID>,
    /// What users noted, by key; null before 3.43.
    metadata: Option<Json<BTreeMap<String, String>>>,
    /// From when the data in it are.
    data_at: Option<DateTime>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When its record was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl VolumeBackup {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The volume it was taken of; null when that is gone.
    async fn volume(&self) -> Answered<Volume> {
        answered(by_maybe_id(&self.scope, self.volume_id.as_deref().map(String::as_str)).await)
    }

    /// The snapshot it was taken of; null when it was taken of the volume, or that is gone.
    async fn snapshot(&self) -> Answered<VolumeSnapshot> {
        answered(by_maybe_id(&self.scope, self.snapshot_id.as_deref().map(String::as_str)).await)
    }

    /// The project it belongs to; null when that is gone, and to all but
    /// administrators.
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
    /// What a backup is doing.
    VolumeBackupStatus {
        /// It is there.
        Available = "available",
        /// It is being made.
        Creating = "creating",
        /// It is deleted.
        Deleted = "deleted",
        /// It is being deleted.
        Deleting = "deleting",
        /// Something went wrong; see the reason.
        Error = "error",
        /// It could not be deleted.
        ErrorDeleting = "error_deleting",
        /// It is being restored.
        Restoring = "restoring",
    }
}

/// Which backups.
#[derive(InputObject, Default)]
pub struct VolumeBackupFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Doing this.
    status: Option<VolumeBackupStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Of the volume with this id.
    volume_id: Option<ID>,
    #[graphql(skip)]
    narrowing: Narrowing,
}

/// What backups can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VolumeBackupOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
    /// The size.
    Size,
    /// What they are doing.
    Status,
}

impl Node for VolumeBackup {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for VolumeBackup {
    type Row = block_storage::Backup;
    type Filter = VolumeBackupFilter;
    type Order = VolumeBackupOrderField;

    const KIND: &'static str = "VolumeBackup";
    const LIST: &'static str = "volumeBackups";
    const COLLECTION: &'static Collection<block_storage::Backup> = BACKUPS;

    fn new(scope: &Scope, row: &Arc<block_storage::Backup>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: told(row.name.as_ref()),
            description: told(row.description.as_ref()),
            status: VolumeBackupStatus::read(&row.status),
            fail_reason: told(row.fail_reason.as_ref()),
            size_gib: row.size,
            object_count: row.object_count,
            container: told(row.container.as_ref()),
            availability_zone: told(row.availability_zone.as_ref()),
            is_incremental: row.is_incremental,
            has_dependent_backups: row.has_dependent_backups,
            volume_id: told_id(row.volume_id.as_deref()),
            snapshot_id: told_id(row.snapshot_id.as_deref()),
            project_id: told_id(row.project_id.as_deref()),
            user_id: told_id(row.user_id.as_deref()),
            metadata: row.metadata.clone().map(Json),
            data_at: DateTime::maybe(row.data_timestamp.as_deref()),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &block_storage::Backup) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &block_storage::Backup) -> Option<&str> {
        row.project_id.as_deref()
    }

    fn keeps(filter: &VolumeBackupFilter, row: &block_storage::Backup) -> bool {
        let name = row.name.as_deref();
        one_of(filter.ids.as_ref(), Some(&row.id))
            && one_of(filter.names.as_ref(), name)
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.status.as_ref(), |status| {
                VolumeBackupStatus::read(&row.status) == *status
            })
            && filter.narrowing.keeps(row.project_id.as_deref())
            && unset_or(filter.volume_id.as_ref(), |id| {
                row.volume_id.as_deref() == Some(id.as_str())
            })
    }

    fn compare(
        order: VolumeBackupOrderField,
        one: &block_storage::Backup,
        other: &block_storage::Backup,
    ) -> Ordering {
        match order {
            VolumeBackupOrderField::Name => one.name.cmp(&other.name),
            VolumeBackupOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
            VolumeBackupOrderField::Size => one.size.cmp(&other.size),
            VolumeBackupOrderField::Status => one.status.cmp(&other.status),
        }
    }

    async fn prepare(scope: &Scope, mut filter: VolumeBackupFilter) -> Result<VolumeBackupFilter> {
        filter.narrowing = Narrowing::of(scope, filter.project.as_ref()).await?;
        Ok(filter)
    }

    fn push(filter: &VolumeBackupFilter) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        let status = filter.status.and_then(VolumeBackupStatus::wire);
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

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<block_storage::Backup>> {
        cloud.list_backups(&query).await
    }
}

root_fields! {
    VolumeBackupQuery for VolumeBackup,
    /// One backup of a volume.
    one: volume_backup,
    /// The backups of volumes that the credential can see.
    many: volume_backups,
    filter: VolumeBackupFilter, order: VolumeBackupOrderField
}

/// The backups of a volume, by the volume's id, newest first.
pub struct BackupsOfVolume;

impl Plan for BackupsOfVolume {
    type Key = String;
    type Value = Vec<Arc<block_storage::Backup>>;

    async fn load(cloud: Cloud, volumes: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        if volumes.len() > FEW_PARENTS {
            let rows = cloud.list_backups(&[]).await?;
            return Ok(grouped(rows.iter().cloned(), volume_of));
        }
        let lists = volumes.into_iter().map(|volume| {
            let filter = [("volume_id".into(), volume)];
            let cloud = cloud.clone();
            async move { cloud.list_backups(&filter).await }
        });
        let lists = try_join_all(lists).await?;
        let rows = lists.iter().flat_map(|list| list.iter().cloned());
        Ok(grouped(rows, volume_of))
    }
}

fn volume_of(backup: &block_storage::Backup) -> Option<&str> {
    backup.volume_id.as_deref()
}
