//! What hangs on a server: its edges to every noun it touches.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context};
use futures_util::future::try_join_all;

use super::plans::FaultOfServer;
use super::{Server, ServerFault, ServerStatus};
use crate::Result;
use crate::cloud::{block_storage, network};
use crate::graph::block_storage::volume::Volume;
use crate::graph::compute::aggregate::{AggregatesOfHost, HostAggregate};
use crate::graph::compute::console_log::console_log_of;
use crate::graph::compute::flavor::{ByName, Flavor};
use crate::graph::compute::hypervisor::{Hypervisor, HypervisorByName};
use crate::graph::compute::keypair::{Keypair, keypair_of};

use crate::graph::compute::server_action::{ServerAction, actions_of};
use crate::graph::compute::server_group::{ServerGroup, groups_of};
use crate::graph::connection::Connection;
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::identity::user::User;
use crate::graph::image::image::Image;
use crate::graph::network::floating_ip::{FloatingIp, FloatingIpsOfDevice};
use crate::graph::network::network::Network;
use crate::graph::network::port::{Port, PortsOfDevice};
use crate::graph::network::security_group::SecurityGroup;
use crate::graph::noun::{ById, Noun, by_maybe_id, nested};
use crate::graph::orchestration::resource::{Physical, StackResourceByPhysicalId};
use crate::graph::orchestration::stack::Stack;

#[ComplexObject]
impl Server {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project it belongs to; null when that is gone or hidden.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, self.row.project_id.as_deref()).await
    }

    /// The user who made it; null when that is gone or hidden.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        told_or_asked(context, &self.scope, self.row.user_id.as_deref()).await
    }

    /// What went wrong; null unless something did. Costs a call for each server in ERROR that
    /// never got to a host, since Nova's lists leave those faults out.
    async fn fault(&self) -> Answered<ServerFault> {
        let found = async {
            let has_host = self.row.host_id.as_deref().is_some_and(|id| !id.is_empty());
            let is_listed = self.row.fault.is_some() || self.status != ServerStatus::Error;
            if is_listed || has_host {
                return Ok(self.row.fault.as_ref().map(ServerFault::new));
            }
            let shown = self
                .scope
                .load::<FaultOfServer>(self.row.id.to_string())
                .await?;
            Ok(shown.and_then(|row| row.fault.as_ref().map(ServerFault::new)))
        };
        answered(found.await)
    }

    /// Its flavor as it is now; null when that was deleted.
    async fn flavor(&self) -> Answered<Flavor> {
        let name = self
            .row
            .flavor
            .as_ref()
            .and_then(|flavor| flavor.original_name.clone());
        let found = async {
            let Some(name) = name else { return Ok(None) };
            let row = self.scope.load::<ByName>(name.to_string()).await?;
            Ok(row.map(|row| Flavor::new(&self.scope, &row)))
        };
        answered(found.await)
    }

    /// The image it runs: the one it was made from, or its boot volume was. Null when that was
    /// deleted, or the volume was made from none.
    async fn image(&self) -> Answered<Image> {
        let found = async {
            if let Some(id) = self.row.image.as_deref() {
                return by_maybe_id(&self.scope, Some(id)).await;
            }
            let volumes = self.volume_rows().await?;
            by_maybe_id(&self.scope, boot_image(&volumes)).await
        };
        answered(found.await)
    }

    /// The hypervisor it is on; null without one, and for who is no administrator.
    async fn hypervisor(&self) -> Answered<Hypervisor> {
        let found = async {
            let Some(name) = self.hypervisor_hostname.as_ref() else {
                return Ok(None);
            };
            let row = self
                .scope
                .load::<HypervisorByName>(name.to_string())
                .await?;
            Ok(row.map(|row| Hypervisor::new(&self.scope, &row)))
        };
        answered(found.await)
    }

    /// The host aggregates its host is in; empty without a host, and for who is no administrator.
    async fn host_aggregates(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<HostAggregate>> {
        let listed = async {
            let rows = match &self.host {
                Some(host) => {
                    self.scope
                        .load::<AggregatesOfHost>(host.to_string())
                        .await?
                }
                None => None,
            };
            nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(listed.await)
    }

    /// Its ports, as Neutron has them.
    async fn ports(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Port>> {
        let listed = async { nested(&self.scope, &self.port_rows().await?, first).await };
        certain(listed.await)
    }

    /// The networks its ports are in.
    async fn networks(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Network>> {
        let listed = async {
            let ports = self.port_rows().await?;
            let ids = ports.iter().filter_map(|port| port.network_id.as_deref());
            let rows = self.rows::<Network>(ids).await?;
            nested(&self.scope, &rows, first).await
        };
        certain(listed.await)
    }

    /// The floating IPs that point at its ports.
    async fn floating_ips(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<FloatingIp>> {
        let listed = async {
            let rows = self
                .scope
                .load::<FloatingIpsOfDevice>(self.row.id.to_string())
                .await?;
            nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(listed.await)
    }

    /// The security groups of its ports.
    async fn security_groups(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<SecurityGroup>> {
        let listed = async {
            let ports = self.port_rows().await?;
            let ids = ports
                .iter()
                .flat_map(|port| &port.security_groups)
                .map(String::as_str);
            let rows = self.rows::<SecurityGroup>(ids).await?;
            nested(&self.scope, &rows, first).await
        };
        certain(listed.await)
    }

    /// The volumes attached to it, as Cinder has them.
    async fn volumes(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Volume>> {
        let listed = async { nested(&self.scope, &self.volume_rows().await?, first).await };
        certain(listed.await)
    }

    /// The key it was made with; null without one, when that was deleted, and when it is another
    /// user's that the credential may not see.
    async fn keypair(&self) -> Answered<Keypair> {
        let found = async {
            match (self.row.user_id.as_deref(), self.row.key_name.as_deref()) {
                (Some(user), Some(name)) => keypair_of(&self.scope, user, name).await,
                _ => Ok(None),
            }
        };
        answered(found.await)
    }

    /// The server groups it is a member of.
    async fn server_groups(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<ServerGroup>> {
        certain(groups_of(&self.scope, &self.row.id, first).await)
    }

    /// What was done to it, the latest first. Costs a call for each server.
    async fn actions(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<ServerAction>> {
        answered(actions_of(&self.scope, &self.row.id, first).await)
    }

    /// The end of what its guest wrote to the console. Costs a call for each server.
    async fn console_log(
        &self,
        #[graphql(desc = "How many lines.", default = 100)] lines: i32,
    ) -> Answered<String> {
        answered(console_log_of(&self.scope, &self.row.id, lines).await)
    }

    /// The stack that made it; null when none did. Costs a call for each stack of the project.
    async fn stack(&self) -> Answered<Stack> {
        let found = async {
            let id = self.row.id.to_string();
            let physical = Physical {
                id,
                project_id: self.row.project_id.as_deref().map(str::to_owned),
            };
            let made = self
                .scope
                .load::<StackResourceByPhysicalId>(physical)
                .await?
                .transpose()?;
            Ok(made.map(|(stack, _)| Stack::new(&self.scope, &stack)))
        };
        answered(found.await)
    }
}

impl Server {
    async fn port_rows(&self) -> Result<Vec<Arc<network::Port>>> {
        let rows = self
            .scope
            .load::<PortsOfDevice>(self.row.id.to_string())
            .await?;
        Ok(rows.unwrap_or_default())
    }

    async fn volume_rows(&self) -> Result<Vec<Arc<block_storage::Volume>>> {
        self.rows::<Volume>(
            self.row
                .volumes_attached
                .iter()
                .map(|volume| volume.id.as_str()),
        )
        .await
    }

    /// The rows of some ids, batched with those of other servers.
    async fn rows<'a, N: Noun>(
        &self,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Arc<N::Row>>> {
        let mut seen = HashSet::new();
        let ids = ids.filter(|id| seen.insert(*id));
        let loads = ids.map(|id| self.scope.load::<ById<N>>(id.to_owned()));
        Ok(try_join_all(loads).await?.into_iter().flatten().collect())
    }
}

/// The image the first bootable volume was made from.
fn boot_image(volumes: &[Arc<block_storage::Volume>]) -> Option<&str> {
    let bootable = volumes
        .iter()
        .filter(|volume| volume.bootable.as_deref() == Some("true"));
    let metadata = bootable.filter_map(|volume| volume.volume_image_metadata.as_ref());
    metadata
        .into_iter()
        .find_map(|metadata| metadata.image_id.as_deref())
}
