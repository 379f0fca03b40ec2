//! Network (Neutron): merges its nouns.

pub mod agent;
pub mod floating_ip;
mod narrowing;
#[expect(
    clippy::module_inception,
    reason = "the noun has the name of its service"
)]
pub mod network;
pub mod port;
pub mod quota;
pub mod router;
pub mod security_group;
pub mod subnet;

use async_graphql::MergedObject;

use super::scope::CloudRef;

/// The root fields of the network service.
#[derive(MergedObject)]
pub struct NetworkServiceQuery(
    network::NetworkQuery,
    subnet::SubnetQuery,
    port::PortQuery,
    router::RouterQuery,
    floating_ip::FloatingIpQuery,
    security_group::SecurityGroupQuery,
    agent::NetworkAgentQuery,
    quota::NetworkQuotaQuery,
);

impl NetworkServiceQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(
            network::NetworkQuery(cloud.clone()),
            subnet::SubnetQuery(cloud.clone()),
            port::PortQuery(cloud.clone()),
            router::RouterQuery(cloud.clone()),
            floating_ip::FloatingIpQuery(cloud.clone()),
            security_group::SecurityGroupQuery(cloud.clone()),
            agent::NetworkAgentQuery(cloud.clone()),
            quota::NetworkQuotaQuery(cloud.clone()),
        )
    }
}
