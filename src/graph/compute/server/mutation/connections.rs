//! What a server is connected to: volumes, networks, security groups, floating IPs.

use async_graphql::{Context, InputObject, Object};

use super::{Goal, ServerPayload, finish};
use crate::Result;
use crate::cloud::compute::{NewPort, ServerAct};
use crate::cloud::{Written, block_storage, compute};
use crate::graph::block_storage::volume::Volume;
use crate::graph::compute::server::Server;
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, Progress, carry_out, named, now, paid, refer, settle,
};
use crate::graph::network::floating_ip::{FloatingIp, FloatingIpsOfDevice};
use crate::graph::network::network::Network;
use crate::graph::network::port::{Port, PortsOfDevice};
use crate::graph::network::security_group::SecurityGroup;
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// How long to wait for a volume to be attached or detached.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct AttachmentWait {
    /// Seconds to wait, from 1 to 3,600. When they are over, a user error `STILL_UNDER_WAY` says so.
    #[graphql(default = 120, validator(minimum = 1, maximum = 3600))]
    timeout_seconds: u64,
}

/// What a server is connected to.
#[derive(Default)]
pub struct ServerConnections;

#[Object]
impl ServerConnections {
    /// Attaches a volume to a server. `POST /servers/{id}/os-volume_attachments` (2.85).
    async fn server_add_volume(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(desc = "Whether the volume is deleted with the server; not unless given.")]
        is_deleted_with_server: Option<bool>,
        #[graphql(desc = "Wait until it is attached; answers at once unless given.")] wait: Option<
            AttachmentWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let volume = refer::<Volume>(&scope, &["volume"], &volume).await?;
            let subject = named("volume", volume.name.as_deref(), &volume.id);
            let would = format!(
                "attach {subject} to {}",
                named("server", row.name.as_deref(), &row.id)
            );
            let now = Server::new(&scope, &row);
            let sent = async move {
                let written = scope
                    .cloud()
                    .attach_server_volume(&row.id, &volume.id, is_deleted_with_server)
                    .await?;
                Ok(linked(&scope, (&row.id, &volume.id), &written, wait, true).await)
            };
            Ok(Deed::new(would, Some(now), sent))
        });
        paid(outcome.await)
    }

    /// Detaches a volume from a server; what its guest has not written yet is lost.
    /// `DELETE /servers/{id}/os-volume_attachments/{volume}`.
    async fn server_remove_volume(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The volume.")] volume: Ref,
        #[graphql(desc = "Wait until it is detached; answers at once unless given.")] wait: Option<
            AttachmentWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let volume = refer::<Volume>(&scope, &["volume"], &volume).await?;
            let subject = named("volume", volume.name.as_deref(), &volume.id);
            let would = format!(
                "detach {subject} from {}",
                named("server", row.name.as_deref(), &row.id)
            );
            let now = Server::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                let written = cloud.detach_server_volume(&row.id, &volume.id).await?;
                Ok(linked(&scope, (&row.id, &volume.id), &written, wait, false).await)
            };
            Ok(Deed::new(would, Some(now), sent))
        });
        paid(outcome.await)
    }

    /// Connects a server to a network, or by a port that is there.
    /// `POST /servers/{id}/os-interface` (2.70).
    async fn server_add_interface(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The network; Nova makes a port in it.")] network: Option<Ref>,
        #[graphql(desc = "The port, instead of a network.")] port: Option<Ref>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let (by, how) = match (&network, &port) {
                (Some(network), None) => {
                    let network = refer::<Network>(&scope, &["network"], network).await?;
                    let how = named("network", network.name.as_deref(), &network.id);
                    (NewPort::OnNetwork(network.id.clone()), how)
                }
                (None, Some(port)) => {
                    let port = refer::<Port>(&scope, &["port"], port).await?;
                    let how = named("port", port.name.as_deref(), &port.id);
                    (NewPort::Existing(port.id.to_string()), how)
                }
                _ => {
                    let message = "Give `network` or `port`, one of them";
                    return Err(Blamed::input(&["network"], message));
                }
            };
            let subject = named("server", row.name.as_deref(), &row.id);
            let now = Server::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                let written = cloud.attach_server_interface(&row.id, &by).await?;
                Ok(finish(&scope, &row.id, &written, None, Goal::Quiet).await)
            };
            Ok(Deed::new(
                format!("connect {subject} by {how}"),
                Some(now),
                sent,
            ))
        });
        paid(outcome.await)
    }

    /// Takes a port from a server, and deletes it when Nova made it.
    /// `DELETE /servers/{id}/os-interface/{port}`.
    async fn server_remove_interface(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The port.")] port: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let port = refer::<Port>(&scope, &["port"], &port).await?;
            let would = format!(
                "take {} from {}",
                named("port", port.name.as_deref(), &port.id),
                named("server", row.name.as_deref(), &row.id)
            );
            let addresses = scope
                .load::<FloatingIpsOfDevice>(row.id.to_string())
                .await?;
            let addresses = addresses.unwrap_or_default();
            let of_port = addresses
                .iter()
                .filter(|address| address.port_id.as_ref() == Some(&port.id));
            let affects = of_port.map(|address| {
                Affected::new(
                    "FloatingIp",
                    &address.id,
                    address.floating_ip_address.as_deref(),
                    "leads nowhere any longer",
                )
            });
            let affects = affects.collect();
            let now = Server::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                let written = cloud.detach_server_interface(&row.id, &port.id).await?;
                Ok(finish(&scope, &row.id, &written, None, Goal::Quiet).await)
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Lets a security group hold for all ports of a server. `addSecurityGroup`.
    async fn server_add_security_group(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The security group.")] security_group: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        grouped(context, common, server, security_group, true).await
    }

    /// Takes a security group from all ports of a server. `removeSecurityGroup`.
    async fn server_remove_security_group(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The security group.")] security_group: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        grouped(context, common, server, security_group, false).await
    }

    /// Lets a floating IP lead to a server: to its first port with an IPv4 address that the
    /// floating IP's network can be reached from, or to the one given. Wherever it led before, it
    /// does not any longer. `PUT /floatingips/{id}`.
    async fn server_add_floating_ip(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The floating IP, by id or address.")] floating_ip: Ref,
        #[graphql(desc = "The server's fixed address; its first IPv4 one unless given.")]
        fixed_ip_address: Option<String>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let address = refer::<FloatingIp>(&scope, &["floatingIp"], &floating_ip).await?;
            let (port_id, fixed) = port_for(&scope, &row, fixed_ip_address.as_deref()).await?;
            let shown = address.floating_ip_address.as_deref();
            let would = format!(
                "let {} lead to {} at {fixed}",
                named("floating IP", shown, &address.id),
                named("server", row.name.as_deref(), &row.id)
            );
            let affects = address.port_id.iter().map(|port| {
                let effect = "is what the floating IP leads to now, and will not any longer";
                Affected::new("Port", port, None, effect)
            });
            let affects = affects.collect();
            let now_row = Server::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                cloud
                    .associate_floating_ip(&address, Some((&port_id, Some(&fixed))))
                    .await?;
                Ok(Done::well(now::<Server>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Lets a floating IP of a server lead nowhere. It is kept. `PUT /floatingips/{id}`.
    async fn server_remove_floating_ip(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The floating IP, by id or address.")] floating_ip: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let address = refer::<FloatingIp>(&scope, &["floatingIp"], &floating_ip).await?;
            let ports = scope.load::<PortsOfDevice>(row.id.to_string()).await?;
            let ports = ports.unwrap_or_default();
            if !ports
                .iter()
                .any(|port| address.port_id.as_ref() == Some(&port.id))
            {
                let message = "The floating IP does not lead to this server";
                return Err(Blamed::input(&["floatingIp"], message));
            }
            let shown = address.floating_ip_address.as_deref();
            let would = format!(
                "let {} lead nowhere, and not to {} any longer",
                named("floating IP", shown, &address.id),
                named("server", row.name.as_deref(), &row.id)
            );
            let now_row = Server::new(&scope, &row);
            let sent = async move {
                scope.cloud().associate_floating_ip(&address, None).await?;
                Ok(Done::well(now::<Server>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent))
        });
        paid(outcome.await)
    }
}

/// How a server is after a volume was attached to it or detached, waited for when that was asked.
async fn linked(
    scope: &Scope,
    (server_id, volume_id): (&str, &str),
    written: &Written,
    wait: Option<AttachmentWait>,
    is_wanted: bool,
) -> Done<Server> {
    let seconds = wait.map(|wait| wait.timeout_seconds);
    let check = |row: Option<&block_storage::Volume>| attachment(row, server_id, is_wanted);
    let done = settle::<Volume>(scope, volume_id, written, seconds, check).await;
    Done {
        now: now::<Server>(scope, server_id).await,
        unmet: done.unmet,
    }
}

fn attachment(row: Option<&block_storage::Volume>, server_id: &str, is_wanted: bool) -> Progress {
    let Some(row) = row else {
        return Progress::Failed("the volume is gone".to_owned());
    };
    if row.status.starts_with("error") {
        return Progress::Failed(format!("the volume is in {}", row.status));
    }
    let mut attachments = row.attachments.iter();
    let is_attached = attachments.any(|it| it.server_id.as_deref() == Some(server_id));
    let is_quiet = matches!(row.status.as_str(), "in-use" | "available");
    if is_quiet && is_attached == is_wanted {
        Progress::Reached
    } else {
        Progress::GoesOn
    }
}

async fn grouped(
    context: &Context<'_>,
    common: Common,
    server: Ref,
    group: Ref,
    is_added: bool,
) -> Answered<ServerPayload> {
    let outcome = carry_out(context, common, |scope| async move {
        let row = refer::<Server>(&scope, &["server"], &server).await?;
        let group = refer::<SecurityGroup>(&scope, &["securityGroup"], &group).await?;
        let subject = named("security group", group.name.as_deref(), &group.id);
        let server = named("server", row.name.as_deref(), &row.id);
        let group_id = group.id.clone();
        let (would, act) = if is_added {
            let act = ServerAct::AddSecurityGroup { group_id };
            (format!("let {subject} hold for {server}"), act)
        } else {
            let act = ServerAct::RemoveSecurityGroup { group_id };
            (format!("take {subject} from {server}"), act)
        };
        let now = Server::new(&scope, &row);
        let sent = async move {
            let written: Result<Written> = scope.cloud().act_on_server(&row.id, &act).await;
            Ok(finish(&scope, &row.id, &written?, None, Goal::Quiet).await)
        };
        Ok(Deed::new(would, Some(now), sent))
    });
    paid(outcome.await)
}

/// The port of a server that a floating IP can lead to, and its address.
pub(in crate::graph) async fn port_for(
    scope: &Scope,
    row: &compute::Server,
    wanted: Option<&str>,
) -> Result<(String, String), Blamed> {
    let ports = scope.load::<PortsOfDevice>(row.id.to_string()).await?;
    let ports = ports.unwrap_or_default();
    let addresses = ports.iter().flat_map(|port| {
        let addresses = port.fixed_ips.iter();
        addresses.filter_map(|address| {
            Some((
                port.id.to_string(),
                address.ip_address.as_ref()?.to_string(),
            ))
        })
    });
    let mut addresses = addresses.filter(|(_, address)| match wanted {
        Some(wanted) => address == wanted,
        None => address.contains('.'),
    });
    addresses.next().ok_or_else(|| {
        let message = match wanted {
            Some(wanted) => format!("The server has no address {wanted}"),
            None => "The server has no port with an IPv4 address".to_owned(),
        };
        Blamed::input(&["server"], message)
    })
}
