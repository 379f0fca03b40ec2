//! What a resource of a stack is to the service that has it.

use async_graphql::Union;
use futures_util::future::BoxFuture;

use super::stack::Stack;
use crate::Result;
use crate::cloud::orchestration::Resource;
use crate::graph::block_storage::volume::Volume;
use crate::graph::compute::flavor::Flavor;
use crate::graph::compute::server::Server;
use crate::graph::compute::server_group::ServerGroup;
use crate::graph::image::image::Image;
use crate::graph::network::floating_ip::FloatingIp;
use crate::graph::network::network::Network;
use crate::graph::network::port::Port;
use crate::graph::network::router::Router;
use crate::graph::network::security_group::SecurityGroup;
use crate::graph::network::subnet::Subnet;
use crate::graph::noun::{Noun, by_id};
use crate::graph::scope::Scope;

/// What a resource of a stack is to the service that has it.
#[derive(Union)]
pub enum StackPhysicalResource {
    /// Of `OS::Nova::Server`.
    Server(Box<Server>),
    /// Of `OS::Nova::ServerGroup`.
    ServerGroup(Box<ServerGroup>),
    /// Of `OS::Nova::Flavor`.
    Flavor(Box<Flavor>),
    /// Of `OS::Cinder::Volume`.
    Volume(Box<Volume>),
    /// Of `OS::Glance::WebImage`.
    Image(Box<Image>),
    /// Of `OS::Neutron::Net` and `OS::Neutron::ProviderNet`.
    Network(Box<Network>),
    /// Of `OS::Neutron::Subnet`.
    Subnet(Box<Subnet>),
    /// Of `OS::Neutron::Port`.
    Port(Box<Port>),
    /// Of `OS::Neutron::Router`.
    Router(Box<Router>),
    /// Of `OS::Neutron::FloatingIP`.
    FloatingIp(Box<FloatingIp>),
    /// Of `OS::Neutron::SecurityGroup`.
    SecurityGroup(Box<SecurityGroup>),
    /// Of `OS::Heat::Stack`, a group, or a template of its own: a stack within the stack.
    Stack(Box<Stack>),
}

impl StackPhysicalResource {
    /// What a resource is, batched with the others of its kind; `None` when it is not there, or
    /// the graph has no node for its type.
    ///
    /// Types are compared whole: an attachment's or an association's id is that of something
    /// else, and such a resource is not that.
    pub async fn find(scope: &Scope, resource: &Resource) -> Result<Option<Self>> {
        let Some(id) = resource.physical_resource_id.as_deref() else {
            return Ok(None);
        };
        if resource.is_stack() {
            return found::<Stack>(scope, id).await;
        }
        let finding = match resource.resource_type.as_deref().unwrap_or_default() {
            "OS::Nova::Server" => found::<Server>(scope, id),
            "OS::Nova::ServerGroup" => found::<ServerGroup>(scope, id),
            "OS::Nova::Flavor" => found::<Flavor>(scope, id),
            "OS::Cinder::Volume" => found::<Volume>(scope, id),
            "OS::Glance::WebImage" => found::<Image>(scope, id),
            "OS::Neutron::Net" | "OS::Neutron::ProviderNet" => found::<Network>(scope, id),
            "OS::Neutron::Subnet" => found::<Subnet>(scope, id),
            "OS::Neutron::Port" => found::<Port>(scope, id),
            "OS::Neutron::Router" => found::<Router>(scope, id),
            "OS::Neutron::FloatingIP" => found::<FloatingIp>(scope, id),
            "OS::Neutron::SecurityGroup" => found::<SecurityGroup>(scope, id),
            _ => return Ok(None),
        };
        finding.await
    }
}

/// The node with an id, boxed, lest the futures of all kinds be part of one type.
fn found<'a, N>(
    scope: &'a Scope,
    id: &'a str,
) -> BoxFuture<'a, Result<Option<StackPhysicalResource>>>
where
    N: Noun,
    StackPhysicalResource: From<Box<N>>,
{
    Box::pin(async move {
        let node = by_id::<N>(scope, id).await?;
        Ok(node.map(|node| Box::new(node).into()))
    })
}
