//! Federation: the nouns that other graphs extend, by their keys.
//!
//! These stand in one member of their own, merged into `Query` only: merged into `Cloud` as well
//! they would double every `@key`.

use async_graphql::{Context, ID, Object};

use super::block_storage::backup::VolumeBackup;
use super::block_storage::snapshot::VolumeSnapshot;
use super::block_storage::volume::Volume;
use super::block_storage::volume_type::VolumeType;
use super::compute::aggregate::HostAggregate;
use super::compute::flavor::Flavor;
use super::compute::hypervisor::Hypervisor;
use super::compute::server::Server;
use super::compute::server_group::ServerGroup;
use super::compute::service::ComputeService;
use super::failure::{Answered, answered};
use super::identity::domain::Domain;
use super::identity::group::Group;
use super::identity::project::Project;
use super::identity::role::Role;
use super::identity::user::User;
use super::image::image::Image;
use super::network::agent::NetworkAgent;
use super::network::floating_ip::FloatingIp;
use super::network::network::Network;
use super::network::port::Port;
use super::network::router::Router;
use super::network::security_group::SecurityGroup;
use super::network::subnet::Subnet;
use super::noun::{Noun, by_id};
use super::orchestration::stack::Stack;
use super::placement::resource_provider::ResourceProvider;
use super::scope::CloudRef;

/// Declares the finders of nouns by `id`, in the default cloud, and by `id cloudName`.
macro_rules! entities {
    ($($noun:ident: $by_id:ident, $by_id_and_cloud:ident;)+) => {
        /// The finders of all entities.
        #[derive(Default)]
        pub(super) struct Entities;

        #[Object]
        impl Entities {
            $(
                #[graphql(entity)]
                async fn $by_id(&self, context: &Context<'_>, id: ID) -> Answered<$noun> {
                    entity::<$noun>(context, &CloudRef::default(), &id).await
                }

                #[graphql(entity)]
                async fn $by_id_and_cloud(
                    &self,
                    context: &Context<'_>,
                    id: ID,
                    cloud_name: String,
                ) -> Answered<$noun> {
                    entity::<$noun>(context, &CloudRef::named(&cloud_name), &id).await
                }
            )+
        }
    };
}

entities! {
    Server: server_by_id, server_by_id_and_cloud;
    Flavor: flavor_by_id, flavor_by_id_and_cloud;
    Hypervisor: hypervisor_by_id, hypervisor_by_id_and_cloud;
    ComputeService: compute_service_by_id, compute_service_by_id_and_cloud;
    HostAggregate: host_aggregate_by_id, host_aggregate_by_id_and_cloud;
    ServerGroup: server_group_by_id, server_group_by_id_and_cloud;
    Network: network_by_id, network_by_id_and_cloud;
    Subnet: subnet_by_id, subnet_by_id_and_cloud;
    Port: port_by_id, port_by_id_and_cloud;
    Router: router_by_id, router_by_id_and_cloud;
    FloatingIp: floating_ip_by_id, floating_ip_by_id_and_cloud;
    SecurityGroup: security_group_by_id, security_group_by_id_and_cloud;
    NetworkAgent: network_agent_by_id, network_agent_by_id_and_cloud;
    Volume: volume_by_id, volume_by_id_and_cloud;
    VolumeSnapshot: volume_snapshot_by_id, volume_snapshot_by_id_and_cloud;
    VolumeBackup: volume_backup_by_id, volume_backup_by_id_and_cloud;
    VolumeType: volume_type_by_id, volume_type_by_id_and_cloud;
    Image: image_by_id, image_by_id_and_cloud;
    User: user_by_id, user_by_id_and_cloud;
    Group: group_by_id, group_by_id_and_cloud;
    Project: project_by_id, project_by_id_and_cloud;
    Domain: domain_by_id, domain_by_id_and_cloud;
    Role: role_by_id, role_by_id_and_cloud;
    Stack: stack_by_id, stack_by_id_and_cloud;
    ResourceProvider: resource_provider_by_id, resource_provider_by_id_and_cloud;
}

async fn entity<N: Noun>(context: &Context<'_>, cloud: &CloudRef, id: &str) -> Answered<N> {
    let found = async { by_id::<N>(&cloud.scope(context)?, id).await };
    answered(found.await)
}
