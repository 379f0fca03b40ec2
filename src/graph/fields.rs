//! What can be asked of a cloud: every service's root fields, merged once for `Query` and `Cloud`.

use async_graphql::MergedObject;

use super::block_storage::{BlockStorageMutation, BlockStorageQuery};
use super::capacity::CapacityQuery;
use super::compute::{ComputeMutation, ComputeQuery};
use super::health::HealthQuery;
use super::identity::IdentityQuery;
use super::image::{ImageServiceMutation, ImageServiceQuery};
use super::network::{NetworkServiceMutation, NetworkServiceQuery};
use super::orchestration::{OrchestrationMutation, OrchestrationQuery};
use super::orphans::OrphansQuery;
use super::placement::PlacementQuery;
use super::scope::CloudRef;
use super::search::SearchQuery;

/// The root fields of every service, for one cloud.
#[derive(MergedObject)]
pub struct Fields(
    ComputeQuery,
    NetworkServiceQuery,
    ImageServiceQuery,
    BlockStorageQuery,
    OrchestrationQuery,
    IdentityQuery,
    PlacementQuery,
    WholeQuery,
);

/// The questions about the cloud as a whole.
#[derive(MergedObject)]
pub struct WholeQuery(HealthQuery, CapacityQuery, SearchQuery, OrphansQuery);

/// Everything that can be changed; there is no such type for who may change nothing.
#[derive(MergedObject, Default)]
pub struct Mutation(
    ComputeMutation,
    NetworkServiceMutation,
    ImageServiceMutation,
    BlockStorageMutation,
    OrchestrationMutation,
);

impl Fields {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            ComputeQuery::new(cloud),
            NetworkServiceQuery::new(cloud),
            ImageServiceQuery::new(cloud),
            BlockStorageQuery::new(cloud),
            OrchestrationQuery::new(cloud),
            IdentityQuery::new(cloud),
            PlacementQuery::new(cloud),
            WholeQuery(
                HealthQuery(cloud.clone()),
                CapacityQuery(cloud.clone()),
                SearchQuery(cloud.clone()),
                OrphansQuery(cloud.clone()),
            ),
        )
    }
}
