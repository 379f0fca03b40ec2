//! Network (Neutron): merges its nouns.

mod affected;
pub mod agent;
pub mod floating_ip;
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

use std::sync::Arc;

use async_graphql::MergedObject;
use futures_util::future::try_join_all;

use super::mutation::Blamed;
use super::narrowing::project_id_of;
use super::scalar::Ref;
use super::scope::{CloudRef, Scope};
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::collection::{Collection, Row};

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

/// What can be changed of networks.
#[derive(MergedObject, Default)]
pub struct NetworkServiceMutation(
    floating_ip::FloatingIpMutation,
    security_group::SecurityGroupMutation,
    network::NetworkMutation,
    subnet::SubnetMutation,
    port::PortMutation,
    router::RouterMutation,
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

/// Values of a long parameter (`fixed_ips=subnet_id=…`) in a call.
const VALUES_IN_A_CALL: usize = 100;
/// More values than this cost more calls than the pages of the whole list do.
const MOST_VALUES: usize = 300;

/// Rows of which a field is one of `values`: asked for by value while that takes fewer calls than
/// the whole list. Rows of other values may be among them.
async fn rows_by<R: Row>(
    cloud: &Cloud,
    collection: &'static Collection<R>,
    parameter: &'static str,
    values: &[String],
) -> Result<Vec<Arc<R>>> {
    if values.len() > MOST_VALUES {
        return Ok(cloud.list(collection, &[]).await?.to_vec());
    }
    let calls = values
        .chunks(VALUES_IN_A_CALL)
        .map(|values| cloud.list_any_of(collection, parameter, values));
    Ok(try_join_all(calls).await?.concat())
}

/// The id of the project that something is to be made for; none for the credential's own.
async fn project_for(scope: &Scope, project: Option<&Ref>) -> Result<Option<String>, Blamed> {
    let Some(project) = project else {
        return Ok(None);
    };
    let found = project_id_of(scope, project).await;
    found
        .map(Some)
        .map_err(|error| Blamed::at(&["input", "project"], error))
}
