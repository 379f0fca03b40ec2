//! Compute (Nova): merges its nouns.

pub mod aggregate;
pub mod availability_zone;
pub mod console_log;
pub mod flavor;
pub mod hypervisor;
pub mod keypair;
pub mod placed;
pub mod quota;
pub mod server;
pub mod server_action;
pub mod server_counts;
pub mod server_group;
pub mod service;
pub mod usage;

use async_graphql::MergedObject;

use super::scope::CloudRef;

/// The root fields of compute.
#[derive(MergedObject)]
pub struct ComputeQuery(
    server::ServerQuery,
    server_counts::ServerCountsQuery,
    flavor::FlavorQuery,
    hypervisor::HypervisorQuery,
    service::ComputeServiceQuery,
    availability_zone::AvailabilityZoneQuery,
    aggregate::HostAggregateQuery,
    server_group::ServerGroupQuery,
    keypair::KeypairQuery,
    server_action::ServerActionQuery,
    console_log::ConsoleLogQuery,
    quota::ComputeQuotaQuery,
    usage::ProjectUsageQuery,
);

/// What can be changed in compute.
#[derive(MergedObject, Default)]
pub struct ComputeMutation(server::ServerMutation, keypair::KeypairMutation);

impl ComputeQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            server::ServerQuery(cloud.clone()),
            server_counts::ServerCountsQuery(cloud.clone()),
            flavor::FlavorQuery(cloud.clone()),
            hypervisor::HypervisorQuery(cloud.clone()),
            service::ComputeServiceQuery(cloud.clone()),
            availability_zone::AvailabilityZoneQuery(cloud.clone()),
            aggregate::HostAggregateQuery(cloud.clone()),
            server_group::ServerGroupQuery(cloud.clone()),
            keypair::KeypairQuery(cloud.clone()),
            server_action::ServerActionQuery(cloud.clone()),
            console_log::ConsoleLogQuery(cloud.clone()),
            quota::ComputeQuotaQuery(cloud.clone()),
            usage::ProjectUsageQuery(cloud.clone()),
        )
    }
}
