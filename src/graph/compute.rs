//! Compute (Nova): merges its nouns.

pub mod flavor;
pub mod server;

use async_graphql::MergedObject;

use super::scope::CloudRef;

/// The root fields of compute.
#[derive(MergedObject)]
pub struct ComputeQuery(server::ServerQuery, flavor::FlavorQuery);

impl ComputeQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            server::ServerQuery(cloud.clone()),
            flavor::FlavorQuery(cloud.clone()),
        )
    }
}
