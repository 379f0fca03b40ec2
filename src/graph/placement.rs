//! Placement: merges its nouns.

pub mod inventory;
pub mod resource_provider;

use async_graphql::MergedObject;

use super::scope::CloudRef;

/// The root fields of placement.
#[derive(MergedObject)]
pub struct PlacementQuery(resource_provider::ResourceProviderQuery);

impl PlacementQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(resource_provider::ResourceProviderQuery(cloud.clone()))
    }
}
