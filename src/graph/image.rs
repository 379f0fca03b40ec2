//! Images (Glance): merges its nouns.

#[expect(
    clippy::module_inception,
    reason = "the noun has the name of its service"
)]
pub mod image;
pub mod member;
pub(super) mod source;

use async_graphql::MergedObject;

use super::scope::CloudRef;

/// The root fields of the image service.
#[derive(MergedObject)]
pub struct ImageServiceQuery(image::ImageQuery, member::ImageMemberQuery);

/// What can be changed in the image service.
#[derive(MergedObject, Default)]
pub struct ImageServiceMutation(image::ImageMutation);

impl ImageServiceQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            image::ImageQuery(cloud.clone()),
            member::ImageMemberQuery(cloud.clone()),
        )
    }
}
