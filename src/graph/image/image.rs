//! Images: what servers and volumes are made from.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Json, SimpleObject};
use serde_json::Value;

pub use mutation::ImageMutation;

use super::member::{ImageMember, members_of};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::image::{self, IMAGES};
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::compute::placed::ServersOfImage;
use crate::graph::compute::server::Server;
use crate::graph::connection::{Connection, Node};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::narrowing::{is, one_of, resolve_project};
use crate::graph::noun::{Noun, Pushed, by_maybe_id, contains, nested_by, root_fields, unset_or};
use crate::graph::scalar::{BigInt, DateTime, Ref, open_enum};
use crate::graph::scope::Scope;

/// An image: data that servers and volumes are made from. From `GET /images`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Image {
    /// Glance's id.
    id: ID,
    /// The name; not unique. Null when it has none.
    name: Option<Text>,
    /// Its state; only an active one can be used.
    status: ImageStatus,
    /// Who may see and use it.
    visibility: ImageVisibility,
    /// Size of the data, in bytes; null before there are any.
    size_bytes: Option<BigInt>,
    /// Size as a disk, in bytes; null when Glance does not know.
    virtual_size_bytes: Option<BigInt>,
    /// What the data are: `qcow2`, `raw`, `iso`, …
    disk_format: Option<Text>,
    /// What they are packed in: mostly `bare`.
    container_format: Option<Text>,
    /// The least root disk it needs, in GiB.
    min_disk_gib: Option<i64>,
    /// The least memory it needs, in MiB.
    min_ram_mib: Option<i64>,
    /// Keystone's id of the project that owns it.
    project_id: Option<ID>,
    /// Whether it cannot be deleted.
    is_protected: Option<bool>,
    /// Whether lists leave it out; it can still be used.
    is_hidden: Option<bool>,
    /// MD5 of the data, in hexadecimal digits.
    checksum: Option<Text>,
    /// The algorithm of `osHashValue`, as `sha512`.
    os_hash_algo: Option<Text>,
    /// A hash of the data, in hexadecimal digits.
    os_hash_value: Option<Text>,
    /// What users tagged.
    tags: Vec<String>,
    /// The names of the stores that hold the data; empty where Glance has but one.
    stores: Vec<String>,
    /// What else was set, by key: what hypervisors are told (`hw_…`), the system (`os_distro`), ….
    /// Locations of the data are left out.
    properties: Json<BTreeMap<String, Value>>,
    /// Glance's id of the image that the server ran from when this was made of it.
    base_image_id: Option<ID>,
    /// Nova's id of the server that this was made of.
    server_id: Option<ID>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<image::Image>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Image {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project that owns it; null when it has none, that was deleted, or the credential may
    /// not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, self.row.owner.as_deref()).await
    }

    /// The server that this was made of; null when it was made otherwise, or the server is gone.
    async fn server(&self) -> Answered<Server> {
        answered(by_maybe_id(&self.scope, self.row.property(SERVER)).await)
    }

    /// The servers that run from it, as far as the credential may see them; those that were
    /// booted from a volume are not among them, whatever it was made of.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        nested_by::<ServersOfImage, Server>(&self.scope, &self.id, first).await
    }

    /// The image that the server ran from when this was made of it; null when it was deleted.
    async fn base_image(&self) -> Answered<Self> {
        answered(by_maybe_id(&self.scope, self.row.property(BASE_IMAGE)).await)
    }

    /// The projects it is shared with: for the owner all of them, for such a project itself. Null
    /// unless `visibility` is `SHARED`. From `GET /images/{id}/members`, a call for each image.
    async fn members(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<ImageMember>> {
        if self.visibility != ImageVisibility::Shared {
            return None;
        }
        answered(members_of(&self.scope, &self.id, first).await)
    }
}

/// The property of a snapshot that names the image the server ran from.
const BASE_IMAGE: &str = "base_image_ref";
/// The property of a snapshot that names the server.
const SERVER: &str = "instance_uuid";

open_enum! {
    /// The state of an image.
    ImageStatus {
        /// It can be used.
        Active = "active",
        /// Only administrators can read its data.
        Deactivated = "deactivated",
        /// It was deleted.
        Deleted = "deleted",
        /// Its data are being imported.
        Importing = "importing",
        /// Its data could not be had.
        Killed = "killed",
        /// It was deleted, its data not yet.
        PendingDelete = "pending_delete",
        /// It has no data yet.
        Queued = "queued",
        /// Its data are being written.
        Saving = "saving",
        /// Its data are being uploaded for an import.
        Uploading = "uploading",
    }
}

open_enum! {
    /// Who may see and use an image.
    ImageVisibility {
        /// Whoever knows its id; lists of others leave it out.
        Community = "community",
        /// Its project.
        Private = "private",
        /// Everyone.
        Public = "public",
        /// Its project, and its members.
        Shared = "shared",
    }
}

/// Which images.
#[derive(InputObject, Default)]
pub struct ImageFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this state.
    status: Option<ImageStatus>,
    /// Seen by these.
    visibility: Option<ImageVisibility>,
    /// Owned by this project.
    project: Option<Ref>,
    /// Of this format: `qcow2`, `raw`, …
    disk_format: Option<String>,
    /// With every one of these tags.
    tags: Option<Vec<String>>,
    /// Protected, or not.
    is_protected: Option<bool>,
    /// Hidden, or not; not, unless set.
    is_hidden: Option<bool>,
    /// Made of this server, by Nova's id.
    server_id: Option<ID>,
}

/// What images can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ImageOrderField {
    /// The name.
    Name,
    /// The state.
    Status,
    /// Size of the data.
    Size,
    /// When they were made.
    CreatedAt,
}

impl Node for Image {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Image {
    type Row = image::Image;
    type Filter = ImageFilter;
    type Order = ImageOrderField;

    const KIND: &'static str = "Image";
    const LIST: &'static str = "images";
    const COLLECTION: &'static Collection<image::Image> = IMAGES;

    fn new(scope: &Scope, row: &Arc<image::Image>) -> Self {
        let stores = row.stores.as_deref().unwrap_or_default().split(',');
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            status: ImageStatus::read(&row.status),
            visibility: ImageVisibility::read(&row.visibility),
            size_bytes: row.size.map(BigInt),
            virtual_size_bytes: row.virtual_size.map(BigInt),
            disk_format: row.disk_format.clone(),
            container_format: row.container_format.clone(),
            min_disk_gib: row.min_disk,
            min_ram_mib: row.min_ram,
            project_id: row.owner.as_ref().map(ID::from),
            is_protected: row.protected,
            is_hidden: row.os_hidden,
            checksum: row.checksum.clone(),
            os_hash_algo: row.os_hash_algo.clone(),
            os_hash_value: row.os_hash_value.clone(),
            tags: row.tags.clone(),
            stores: stores
                .filter(|store| !store.is_empty())
                .map(str::to_owned)
                .collect(),
            properties: Json(row.properties.clone()),
            base_image_id: row.property(BASE_IMAGE).map(ID::from),
            server_id: row.property(SERVER).map(ID::from),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &image::Image) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &image::Image) -> Option<&str> {
        row.owner.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: ImageFilter) -> Result<ImageFilter> {
        resolve_project(scope, &mut filter.project).await?;
        Ok(filter)
    }

    fn keeps(filter: &ImageFilter, row: &image::Image) -> bool {
        unset_or(filter.ids.as_ref(), |ids| {
            ids.iter().any(|id| id.as_str() == row.id)
        }) && one_of(filter.names.as_ref(), row.name.as_deref())
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(filter.status.as_ref(), |status| {
                ImageStatus::read(&row.status) == *status
            })
            && unset_or(filter.visibility.as_ref(), |visibility| {
                ImageVisibility::read(&row.visibility) == *visibility
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.owner.as_deref())
            })
            && unset_or(filter.disk_format.as_ref(), |format| {
                row.disk_format.as_deref() == Some(format)
            })
            && unset_or(filter.tags.as_ref(), |tags| {
                tags.iter().all(|tag| row.tags.iter().any(|is| is == tag))
            })
            && unset_or(filter.is_protected.as_ref(), |is| {
                row.protected == Some(*is)
            })
            && unset_or(filter.is_hidden.as_ref(), |is| row.os_hidden == Some(*is))
            && unset_or(filter.server_id.as_ref(), |id| {
                row.property(SERVER) == Some(id.as_str())
            })
    }

    fn compare(order: ImageOrderField, one: &image::Image, other: &image::Image) -> Ordering {
        match order {
            ImageOrderField::Name => one.name.cmp(&other.name),
            ImageOrderField::Status => one.status.cmp(&other.status),
            ImageOrderField::Size => one.size.cmp(&other.size),
            ImageOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &ImageFilter) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        let mut add = |name: &'static str, value: String| query.push((name.into(), value));
        if let Some(hidden) = filter.is_hidden {
            add("os_hidden", hidden.to_string());
        }
        if let Some(status) = filter.status.and_then(ImageStatus::wire) {
            add("status", status.to_owned());
        }
        if let Some(project) = &filter.project {
            add("owner", project.0.clone());
        }
        if let Some(id) = &filter.server_id {
            add(SERVER, id.to_string());
        }
        // The rest is applied here: lists of images are short, `visibility` has to stay at all,
        // and a text that begins like an operator (`in:`, `gt:`) would be read as one.
        let is_rest = filter.ids.is_some()
            || filter.names.is_some()
            || filter.name_contains.is_some()
            || filter.status == Some(ImageStatus::Unknown)
            || filter.visibility.is_some()
            || filter.disk_format.is_some()
            || filter.tags.is_some()
            || filter.is_protected.is_some();
        Pushed {
            query,
            is_whole: !is_rest,
        }
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<HashMap<String, Arc<image::Image>>> {
        cloud.list_images_by_ids(&ids).await
    }
}

root_fields! {
    ImageQuery for Image,
    /// One image; a hidden one by its id only.
    one: image,
    /// The images that the credential can see, those of the community too; hidden ones only with
    /// the filter `isHidden`.
    many: images,
    filter: ImageFilter, order: ImageOrderField
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_keeps_what_has_every_tag_and_the_server() {
        let body = serde_json::json!({"id": "i", "tags": ["a", "b"], "instance_uuid": "s",
            "os_hidden": false});
        let row: image::Image = serde_json::from_value(body).unwrap();
        let filter = |tags: &[&str], server: &str| ImageFilter {
            tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
            server_id: Some(ID::from(server)),
            ..ImageFilter::default()
        };
        assert!(Image::keeps(&filter(&["a", "b"], "s"), &row));
        assert!(!Image::keeps(&filter(&["a", "c"], "s"), &row));
        assert!(!Image::keeps(&filter(&[], "t"), &row));
    }
}
