//! Attachments: which server has which volume.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

use super::volume::{Volume, VolumesById};
use crate::Result;
use crate::cloud::block_storage::{self, ATTACHMENTS, Attached};
use crate::cloud::collection::Collection;
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::compute::server::Server;
use crate::graph::compute::server::plans::name_of;
use crate::graph::connection::Node;
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{Narrowing, one_of};
use crate::graph::noun::{Noun, Pushed, by_maybe_id, root_fields, unset_or};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};

/// That a server has a volume, or shall have it. From `GET /attachments` (3.27), or embedded in
/// the volume.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VolumeAttachment {
    /// Cinder's id.
    id: ID,
    /// The volume.
    volume_id: Option<ID>,
    /// The server; null while it is only reserved, and when Cinder itself has the volume. The
    /// server may be gone.
    server_id: Option<ID>,
    /// How far it is.
    status: Option<VolumeAttachmentStatus>,
    #[graphql(skip)]
    embedded: Option<Embedded>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl VolumeAttachment {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// What the guest calls the disk, as `/dev/vdb`, as far as Nova could tell; null unless it
    /// is attached.
    async fn device(&self) -> Answered<Text> {
        answered(self.detail(|attached| told(attached.device.as_ref())).await)
    }

    /// The compute host the server was on; null unless it is attached, and to all but
    /// administrators.
    async fn host_name(&self) -> Answered<Text> {
        answered(
            self.detail(|attached| told(attached.host_name.as_ref()))
                .await,
        )
    }

    /// Since when it is attached; null unless it is.
    async fn attached_at(&self) -> Answered<DateTime> {
        let read = |attached: &Attached| DateTime::maybe(attached.attached_at.as_deref());
        answered(self.detail(read).await)
    }

    /// The volume.
    async fn volume(&self) -> Answered<Volume> {
        if let Some(embedded) = &self.embedded {
            return Some(Ok(Volume::new(&self.scope, &embedded.volume)));
        }
        answered(by_maybe_id(&self.scope, self.volume_id.as_deref().map(String::as_str)).await)
    }

    /// The server; null while it is only reserved, when Cinder itself has the volume, and when
    /// the server is gone.
    async fn server(&self) -> Answered<Server> {
        answered(by_maybe_id(&self.scope, self.server_id.as_deref().map(String::as_str)).await)
    }

    /// The name of the server, for less than the server.
    async fn server_name(&self) -> Answered<String> {
        name_of(&self.scope, self.server_id.as_deref().map(String::as_str)).await
    }

    /// The project of the volume, which is the attachment's: lists of attachments do not tell it.
    /// Null when it is gone, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        let found = async {
            let Some(volume) = self.volume_row().await? else {
                return Ok(None);
            };
            own::find(context, &self.scope, volume.project_id.as_deref()).await
        };
        answered(found.await)
    }
}

impl VolumeAttachment {
    /// The node of an attachment that a volume embeds.
    #[must_use]
    pub fn embedded(scope: &Scope, embedded: &Embedded) -> Option<Self> {
        let attached = embedded.attached()?;
        Some(Self {
            id: told_id(attached.attachment_id.as_deref())?,
            volume_id: Some(ID::from(&embedded.volume.id)),
            server_id: told_id(attached.server_id.as_deref()),
            // Volumes embed what is attached, and nothing else.
            status: Some(VolumeAttachmentStatus::Attached),
            embedded: Some(embedded.clone()),
            scope: scope.clone(),
        })
    }

    async fn volume_row(&self) -> Result<Option<Arc<block_storage::Volume>>> {
        if let Some(embedded) = &self.embedded {
            return Ok(Some(Arc::clone(&embedded.volume)));
        }
        let Some(volume_id) = &self.volume_id else {
            return Ok(None);
        };
        self.scope.load::<VolumesById>(volume_id.to_string()).await
    }

    /// What only the volume tells: the list without secrets leaves it out.
    async fn detail<T>(&self, read: impl Fn(&Attached) -> Option<T>) -> Result<Option<T>> {
        if let Some(embedded) = &self.embedded {
            return Ok(embedded.attached().and_then(read));
        }
        let Some(volume) = self.volume_row().await? else {
            return Ok(None);
        };
        let mut attachments = volume.attachments.iter();
        let own = attachments.find(|one| one.attachment_id.as_deref() == Some(self.id.as_str()));
        Ok(own.and_then(read))
    }
}

/// An attachment and the volume that embeds it.
#[derive(Clone, Debug)]
pub struct Embedded {
    volume: Arc<block_storage::Volume>,
    index: usize,
}

impl Embedded {
    /// Those of a volume.
    #[must_use]
    pub fn of(volume: &Arc<block_storage::Volume>) -> Vec<Self> {
        let indexes = 0..volume.attachments.len();
        indexes
            .map(|index| Self {
                volume: Arc::clone(volume),
                index,
            })
            .collect()
    }

    /// The volume.
    #[must_use]
    pub fn volume(&self) -> &Arc<block_storage::Volume> {
        &self.volume
    }

    fn attached(&self) -> Option<&Attached> {
        self.volume.attachments.get(self.index)
    }
}

open_enum! {
    /// How far an attachment is.
    VolumeAttachmentStatus {
        /// The server has the volume.
        Attached = "attached",
        /// The server is being given the volume.
        Attaching = "attaching",
        /// It is over.
        Detached = "detached",
        /// It could not be made.
        ErrorAttaching = "error_attaching",
        /// It could not be ended.
        ErrorDetaching = "error_detaching",
        /// The volume is promised to the server.
        Reserved = "reserved",
        /// It is deleted.
        Deleted = "deleted",
    }
}

/// Which attachments.
#[derive(InputObject, Default)]
pub struct VolumeAttachmentFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// That far.
    status: Option<VolumeAttachmentStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Of the volume with this id.
    volume_id: Option<ID>,
    /// Of the server with this id.
    server_id: Option<ID>,
    #[graphql(skip)]
    narrowing: Narrowing,
}

/// What attachments can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VolumeAttachmentOrderField {
    /// How far they are.
    Status,
    /// The volume's id.
    VolumeId,
    /// The server's id.
    ServerId,
}

impl Node for VolumeAttachment {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for VolumeAttachment {
    type Row = block_storage::Attachment;
    type Filter = VolumeAttachmentFilter;
    type Order = VolumeAttachmentOrderField;

    const KIND: &'static str = "VolumeAttachment";
    const LIST: &'static str = "volumeAttachments";
    const COLLECTION: &'static Collection<block_storage::Attachment> = ATTACHMENTS;

    fn new(scope: &Scope, row: &Arc<block_storage::Attachment>) -> Self {
        Self {
            id: ID::from(&row.id),
            volume_id: told_id(row.volume_id.as_deref()),
            server_id: told_id(row.instance.as_deref()),
            status: row.status.as_deref().map(VolumeAttachmentStatus::read),
            embedded: None,
            scope: scope.clone(),
        }
    }

    fn name(_row: &block_storage::Attachment) -> Option<&str> {
        None
    }

    fn keeps(filter: &VolumeAttachmentFilter, row: &block_storage::Attachment) -> bool {
        one_of(filter.ids.as_ref(), Some(&row.id))
            && unset_or(filter.status.as_ref(), |status| {
                row.status.as_deref().map(VolumeAttachmentStatus::read) == Some(*status)
            })
            && filter.narrowing.keeps(None)
            && unset_or(filter.volume_id.as_ref(), |id| {
                row.volume_id.as_deref() == Some(id.as_str())
            })
            && unset_or(filter.server_id.as_ref(), |id| {
                row.instance.as_deref() == Some(id.as_str())
            })
    }

    fn compare(
        order: VolumeAttachmentOrderField,
        one: &block_storage::Attachment,
        other: &block_storage::Attachment,
    ) -> Ordering {
        match order {
            VolumeAttachmentOrderField::Status => one.status.cmp(&other.status),
            VolumeAttachmentOrderField::VolumeId => one.volume_id.cmp(&other.volume_id),
            VolumeAttachmentOrderField::ServerId => one.instance.cmp(&other.instance),
        }
    }

    async fn prepare(
        scope: &Scope,
        mut filter: VolumeAttachmentFilter,
    ) -> Result<VolumeAttachmentFilter> {
        filter.narrowing = Narrowing::of(scope, filter.project.as_ref()).await?;
        Ok(filter)
    }

    fn push(filter: &VolumeAttachmentFilter) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        if let Some(id) = &filter.volume_id {
            query.push(("volume_id".into(), id.to_string()));
        }
        if let Some(id) = &filter.server_id {
            query.push(("instance_id".into(), id.to_string()));
        }
        filter.narrowing.push("project_id", &mut query);
        Pushed {
            query,
            is_whole: filter.ids.is_none()
                && filter.status.is_none()
                && filter.narrowing.is_pushed(),
        }
    }
}

root_fields! {
    VolumeAttachmentQuery for VolumeAttachment,
    /// One attachment of a volume, by its id.
    one: volume_attachment,
    /// The attachments of volumes that the credential can see, reserved and stuck ones too.
    many: volume_attachments,
    filter: VolumeAttachmentFilter, order: VolumeAttachmentOrderField
}

/// What each server has attached, by the server's id, as Cinder sees it.
pub struct AttachmentsOfServer;

impl Plan for AttachmentsOfServer {
    type Key = String;
    type Value = Vec<Embedded>;

    async fn load(cloud: Cloud, _servers: Vec<String>) -> Result<HashMap<String, Vec<Embedded>>> {
        let volumes = cloud.list_volumes(&[]).await?;
        let mut of_server: HashMap<String, Vec<Embedded>> = HashMap::new();
        for embedded in volumes.iter().flat_map(Embedded::of) {
            let server = embedded.attached().and_then(|one| one.server_id.clone());
            if let Some(server) = server {
                of_server
                    .entry(server.to_string())
                    .or_default()
                    .push(embedded);
            }
        }
        Ok(of_server)
    }
}
