//! Image members: the projects that an image is shared with.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use futures_util::future::join_all;

use super::image::Image;
use crate::Result;
use crate::cloud::{Cloud, image};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::noun::{by_id, id_of, reach_of};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::{CloudRef, Scope};

/// A project that an image is shared with. From `GET /images/{id}/members`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ImageMember {
    /// Keystone's id of the project.
    member_id: ID,
    /// Glance's id of the image.
    image_id: ID,
    /// Whether the project accepted it; its lists leave it out otherwise.
    status: ImageMemberStatus,
    /// When it was shared.
    created_at: Option<DateTime>,
    /// When the project last answered.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl ImageMember {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project that it is shared with; null when it was deleted, or the credential may not see
    /// it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, Some(self.member_id.as_str())).await
    }

    /// The image.
    async fn image(&self) -> Answered<Image> {
        answered(by_id(&self.scope, &self.image_id).await)
    }
}

impl ImageMember {
    fn new(scope: &Scope, row: &image::ImageMember) -> Self {
        Self {
            member_id: ID::from(&row.member_id),
            image_id: ID::from(&row.image_id),
            status: ImageMemberStatus::read(&row.status),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }
}

impl Node for ImageMember {
    fn cursor_id(&self) -> &str {
        &self.member_id
    }
}

open_enum! {
    /// What a project says to an image that is shared with it.
    ImageMemberStatus {
        /// It accepted it: its lists have it.
        Accepted = "accepted",
        /// Nothing yet: its lists leave it out.
        Pending = "pending",
        /// It rejected it: its lists leave it out.
        Rejected = "rejected",
    }
}

/// The members of an image that is shared; null when the credential may not see it any longer.
pub(super) async fn members_of(
    scope: &Scope,
    image: &str,
    first: Option<i32>,
) -> Result<Option<Connection<ImageMember>>> {
    let loaded = scope.load::<MembersOfImage>(image.to_owned()).await?;
    let Some(rows) = loaded.transpose()? else {
        return Ok(None);
    };
    let reach = reach_of(scope, Reach::AllProjects).await?;
    let node = |row: &Arc<image::ImageMember>| ImageMember::new(scope, row);
    Connection::nested(&rows, |row| &row.member_id, first, reach, node).map(Some)
}

/// The root field of image members.
#[derive(Default)]
pub struct ImageMemberQuery(pub CloudRef);

#[Object]
impl ImageMemberQuery {
    /// The projects that an image is shared with; refused for an image that is not shared.
    async fn image_members(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image, by its id or name.")] image: Ref,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<ImageMember>> {
        let found = async {
            let scope = self.0.scope(context)?;
            let image = id_of::<Image>(&scope, &image).await?;
            members_of(&scope, &image, first).await
        };
        answered(found.await)
    }
}

/// Members by the id of their image, which has to be shared: a call for each, all at a time, each
/// with its own outcome.
pub struct MembersOfImage;

impl Plan for MembersOfImage {
    type Key = String;
    type Value = Result<Arc<Vec<Arc<image::ImageMember>>>>;

    async fn load(cloud: Cloud, images: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let members = images.into_iter().map(|image| {
            let cloud = &cloud;
            async move {
                let members = cloud.list_image_members(&image).await;
                (image, members)
            }
        });
        Ok(join_all(members).await.into_iter().collect())
    }
}
