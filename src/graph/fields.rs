//! What can be asked of a cloud: every service's root fields, merged once for `Query` and `Cloud`.

use async_graphql::MergedObject;

use super::block_storage::BlockStorageQuery;
use super::compute::ComputeQuery;
use super::image::ImageServiceQuery;
use super::network::NetworkServiceQuery;
use super::orchestration::OrchestrationQuery;
use super::scope::CloudRef;

/// The root fields of every service, for one cloud.
#[derive(MergedObject)]
pub struct Fields(
    ComputeQuery,
    NetworkServiceQuery,
    ImageServiceQuery,
    BlockStorageQuery,
    OrchestrationQuery,
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
        )
    }
}
