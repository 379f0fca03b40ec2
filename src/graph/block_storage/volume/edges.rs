//! What hangs on a volume: its edges to every noun it touches.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context};
use futures_util::future::try_join_all;

use super::Volume;
use crate::cloud::collection::Row;
use crate::graph::block_storage::attachment::{Embedded, VolumeAttachment};
use crate::graph::block_storage::backup::{BackupsOfVolume, VolumeBackup};
use crate::graph::block_storage::pool::StoragePool;
use crate::graph::block_storage::snapshot::{SnapshotsOfVolume, VolumeSnapshot};
use crate::graph::block_storage::volume_type::{TypeByName, VolumeType};
use crate::graph::compute::server::Server;
use crate::graph::connection::{Connection, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::identity::user::User;
use crate::graph::image::image::Image;
use crate::graph::noun::{Noun, by_id, by_maybe_id, reach_of};

#[ComplexObject]
impl Volume {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// To what it is attached. Reserved attachments are not among these; `volumeAttachments`
    /// lists them too.
    async fn attachments(&self) -> Vec<VolumeAttachment> {
        Embedded::of(&self.row)
            .into_iter()
            .filter_map(|embedded| VolumeAttachment::embedded(&self.scope, &embedded))
            .collect()
    }

    /// Its type; null when it has none, or one that the credential may not see.
    #[graphql(name = "type")]
    async fn volume_type(&self) -> Answered<VolumeType> {
        let found = async {
            if let Some(id) = &self.type_id {
                return by_id(&self.scope, id).await;
            }
            let Some(name) = self.type_name.as_ref() else {
                return Ok(None);
            };
            let row = self.scope.load::<TypeByName>(name.to_string()).await?;
            Ok(row.map(|row| VolumeType::new(&self.scope, &row)))
        };
        answered(found.await)
    }

    /// The storage pool it is kept in; null while it has no place, and to all but
    /// administrators.
    async fn pool(&self) -> Answered<StoragePool> {
        answered(by_maybe_id(&self.scope, self.host.as_deref()).await)
    }

    /// The snapshots of it.
    async fn snapshots(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<VolumeSnapshot>> {
        let listed = async {
            let rows = self
                .scope
                .load::<SnapshotsOfVolume>(self.row.id.to_string());
            let rows = rows.await?.unwrap_or_default();
            let reach = reach_of(&self.scope, Reach::AllProjects).await?;
            let node = |row: &Arc<_>| VolumeSnapshot::new(&self.scope, row);
            Connection::nested(&rows, |row| row.id(), first, reach, node).map(Some)
        };
        answered(listed.await)
    }

    /// The backups of it.
    async fn backups(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<VolumeBackup>> {
        let listed = async {
            let rows = self.scope.load::<BackupsOfVolume>(self.row.id.to_string());
            let rows = rows.await?.unwrap_or_default();
            let reach = reach_of(&self.scope, Reach::AllProjects).await?;
            let node = |row: &Arc<_>| VolumeBackup::new(&self.scope, row);
            Connection::nested(&rows, |row| row.id(), first, reach, node).map(Some)
        };
        answered(listed.await)
    }

    /// The snapshot it was made of; null when it was not, or that is gone.
    async fn source_snapshot(&self) -> Answered<VolumeSnapshot> {
        answered(by_maybe_id(&self.scope, self.snapshot_id.as_deref().map(String::as_str)).await)
    }

    /// The volume it was made of; null when it was not, or that is gone.
    async fn source_volume(&self) -> Answered<Self> {
        let id = self.source_volume_id.as_deref().map(String::as_str);
        answered(by_maybe_id(&self.scope, id).await)
    }

    /// The image it was made of; null when it was not, that is gone, or the credential may not
    /// see it.
    async fn image(&self) -> Answered<Image> {
        answered(by_maybe_id(&self.scope, self.image_id.as_deref().map(String::as_str)).await)
    }

    /// The servers it is attached to: one, or several when it is a multiattach volume. A server
    /// that is gone is left out.
    async fn servers(&self) -> Answered<Vec<Server>> {
        let attached = self.row.attachments.iter();
        let loading = attached.map(|one| by_maybe_id(&self.scope, one.server_id.as_deref()));
        let found = try_join_all(loading).await;
        certain(found.map(|servers| servers.into_iter().flatten().collect()))
    }

    /// The project it belongs to; null when that is gone, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, self.row.project_id.as_deref()).await
    }

    /// Who made it; null when they are gone, or the credential may not see them.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        told_or_asked(context, &self.scope, self.row.user_id.as_deref()).await
    }
}
