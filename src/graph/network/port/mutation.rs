//! What is done to ports.

use async_graphql::{Context, InputObject, Object};
use futures_util::join;

use super::Port;
use crate::Result;
use crate::cloud::Text;
use crate::cloud::network::{self, NewPort, PortChange};
use crate::graph::compute::server::Server;
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, carry_out, named, now, paid, payload, refer, refer_maybe,
};
use crate::graph::network::affected::{self, gathered, plugged};
use crate::graph::network::floating_ip::FloatingIpsOfPort;
use crate::graph::network::network::Network;
use crate::graph::network::project_for;
use crate::graph::network::security_group::SecurityGroup;
use crate::graph::network::subnet::Subnet;
use crate::graph::noun::{ById, Noun};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a port.
    PortPayload {
        /// The port as it is now; null when it is not there any longer, or was never made. It is
        /// `DOWN` until something is plugged into it.
        port: Port,
    }
}

/// An address of a port or of a router: one of these two, or both.
#[derive(InputObject)]
pub struct FixedIpInput {
    /// The subnet it is of; the one whose range it is in unless given.
    subnet: Option<Ref>,
    /// The address; any of the subnet that is free unless given.
    ip_address: Option<String>,
}

/// An address that a port may send from beside its own.
#[derive(InputObject)]
pub struct AddressPairInput {
    /// The address, or a range as `10.0.0.0/24`.
    ip_address: String,
    /// The MAC address; that of the port unless given.
    mac_address: Option<String>,
}

/// A port to be made.
#[derive(InputObject)]
pub struct PortCreateInput {
    /// The network it is on.
    network: Ref,
    /// The name.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Its addresses; one of each IP version that the network has unless given, none when empty.
    fixed_ips: Option<Vec<FixedIpInput>>,
    /// The security groups that filter it; the project's `default` unless given, none when empty.
    security_groups: Option<Vec<Ref>>,
    /// Further addresses it may send from.
    allowed_address_pairs: Option<Vec<AddressPairInput>>,
    /// Whether it is switched on; it is unless given.
    is_admin_state_up: Option<bool>,
    /// Whether its traffic is filtered at all; as the network says unless given.
    is_port_security_enabled: Option<bool>,
    /// Its MAC address; any unless given. Administrators and owners of the network only.
    mac_address: Option<String>,
    /// How it is attached: `normal`, `direct`, `macvtap`, …; `normal` unless given.
    binding_vnic_type: Option<String>,
    /// The project it is for; the credential's own unless given. Administrators only.
    project: Option<Ref>,
}

/// What of a port is to be changed; what is not given is kept. A list replaces the one there is.
#[derive(InputObject)]
pub struct PortUpdateInput {
    /// The new name.
    name: Option<String>,
    /// The new free text.
    description: Option<String>,
    /// Its addresses. One that is not among them is given up.
    fixed_ips: Option<Vec<FixedIpInput>>,
    /// The security groups that filter it.
    security_groups: Option<Vec<Ref>>,
    /// Further addresses it may send from.
    allowed_address_pairs: Option<Vec<AddressPairInput>>,
    /// Whether it is switched on; nothing passes otherwise.
    is_admin_state_up: Option<bool>,
    /// Whether its traffic is filtered at all. A port that is not can have no security groups.
    is_port_security_enabled: Option<bool>,
}

/// What is done to ports.
#[derive(Default)]
pub struct PortMutation;

#[Object]
impl PortMutation {
    /// Makes a port on a network, for a server or whatever else is to be plugged in.
    /// `POST /ports`.
    async fn port_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The port to make.")] input: PortCreateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<PortPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let field = ["input", "network"];
            let network = refer::<Network>(&scope, &field, &input.network).await?;
            let would = format!(
                "make a port{} on {}",
                match &input.name {
                    Some(name) => format!(" `{name}`"),
                    None => String::new(),
                },
                named("network", network.name.as_deref(), &network.id)
            );
            let new = input.resolved(&scope, &network.id).await?;
            let sent = async move {
                let (id, _) = scope.cloud().create_port(&new).await?;
                Ok(Done::well(now::<Port>(&scope, &id).await))
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Changes a port. `PUT /ports/{id}`.
    async fn port_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The port.")] port: Ref,
        #[graphql(desc = "What is to be changed.")] input: PortUpdateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<PortPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Port>(&scope, &["port"], &port).await?;
            let change = input.resolved(&scope).await?;
            if change == PortChange::default() {
                let message = "Give one of its fields: what is to be changed";
                return Err(Blamed::input(&["input"], message));
            }
            let is_felt = PortChange {
                name: None,
                description: None,
                ..change.clone()
            } != PortChange::default();
            let mut affects = Vec::new();
            if is_felt {
                let device = device(&scope, &row, "is plugged into it, and feels the change").await;
                affects = gathered(&scope, [("Server", device)]);
            }
            if let Some(kept) = &change.fixed_ips {
                let lost = given_up(&scope, &row, kept).await;
                affects.extend(gathered(&scope, [("FloatingIp", lost)]));
            }
            let would = format!("change {}", subject(&row));
            let now_row = Port::new(&scope, &row);
            let sent = async move {
                scope.cloud().update_port(&row.id, &change).await?;
                Ok(Done::well(now::<Port>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a port: what is plugged into it loses that connection, and floating IPs that lead
    /// to it lead nowhere. Neutron refuses that for ports of routers: `routerRemoveInterface`.
    /// `DELETE /ports/{id}`.
    async fn port_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The port.")] port: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<PortPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Port>(&scope, &["port"], &port).await?;
            let (device, addresses) = join!(
                device(
                    &scope,
                    &row,
                    "is plugged into it, and loses this connection"
                ),
                given_up(&scope, &row, &[]),
            );
            let affects = gathered(&scope, [("Server", device), ("FloatingIp", addresses)]);
            let would = format!("delete {}", subject(&row));
            let now = Port::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_port(&row.id).await?;
                Ok(Done::well(None))
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn subject(row: &network::Port) -> String {
    let named = named("port", row.name.as_deref(), &row.id);
    format!("{named}, {}", plugged(row))
}

/// What is plugged into a port.
async fn device(scope: &Scope, row: &network::Port, effect: &str) -> Result<Vec<Affected>> {
    if let Some(id) = row.server_id() {
        let server = scope.load::<ById<Server>>(id.to_owned()).await?;
        let name = server.as_ref().and_then(|server| server.name.as_deref());
        return Ok(vec![Affected::new("Server", id, name, effect)]);
    }
    if let Some(id) = row.router_id() {
        let effect = "is plugged into it: Neutron refuses most changes but by the router itself";
        return Ok(vec![Affected::new("Router", id, None, effect)]);
    }
    let device = row.device_id.as_deref();
    let other = device.map(|id| Affected::new("Device", id, row.device_owner.as_deref(), effect));
    Ok(other.into_iter().collect())
}

/// The floating IPs that lead to addresses which a port does not keep.
async fn given_up(
    scope: &Scope,
    row: &network::Port,
    kept: &[network::FixedIp],
) -> Result<Vec<Affected>> {
    let found = scope.load::<FloatingIpsOfPort>(row.id.to_string()).await?;
    let is_kept = |address: &network::FloatingIp| {
        let fixed = address.fixed_ip_address.as_ref();
        let mut kept = kept.iter();
        fixed.is_some() && kept.any(|kept| kept.ip_address.as_ref() == fixed)
    };
    let lost = found.iter().flatten().filter(|address| !is_kept(address));
    let affected =
        lost.map(|address| affected::floating_ip(address, "leads nowhere any longer, and is kept"));
    Ok(affected.collect())
}

/// Addresses with ids for the references to their subnets.
pub(in crate::graph::network) async fn fixed_ips(
    scope: &Scope,
    field: &[&str],
    addresses: Vec<FixedIpInput>,
) -> Result<Vec<network::FixedIp>, Blamed> {
    let mut resolved = Vec::new();
    for address in addresses {
        if address.subnet.is_none() && address.ip_address.is_none() {
            return Err(Blamed::input(field, "Give `subnet`, `ipAddress` or both"));
        }
        let subnet = refer_maybe::<Subnet>(scope, field, address.subnet.as_ref()).await?;
        resolved.push(network::FixedIp {
            subnet_id: subnet.map(|subnet| subnet.id.as_str().into()),
            ip_address: address.ip_address.map(Text::from),
        });
    }
    Ok(resolved)
}

async fn maybe_fixed_ips(
    scope: &Scope,
    addresses: Option<Vec<FixedIpInput>>,
) -> Result<Option<Vec<network::FixedIp>>, Blamed> {
    match addresses {
        Some(addresses) => fixed_ips(scope, &["input", "fixedIps"], addresses)
            .await
            .map(Some),
        None => Ok(None),
    }
}

async fn maybe_groups(
    scope: &Scope,
    groups: Option<&Vec<Ref>>,
) -> Result<Option<Vec<String>>, Blamed> {
    let Some(groups) = groups else {
        return Ok(None);
    };
    let mut ids = Vec::new();
    for group in groups {
        let field = ["input", "securityGroups"];
        ids.push(
            refer::<SecurityGroup>(scope, &field, group)
                .await?
                .id
                .clone(),
        );
    }
    Ok(Some(ids))
}

fn pairs(pairs: Option<Vec<AddressPairInput>>) -> Option<Vec<network::AddressPair>> {
    let pair = |pair: AddressPairInput| network::AddressPair {
        ip_address: Some(pair.ip_address.into()),
        mac_address: pair.mac_address.map(Text::from),
    };
    pairs.map(|pairs| pairs.into_iter().map(pair).collect())
}

impl PortCreateInput {
    /// The same with ids for references.
    async fn resolved(self, scope: &Scope, network_id: &str) -> Result<NewPort, Blamed> {
        let project_id = project_for(scope, self.project.as_ref()).await?;
        Ok(NewPort {
            network_id: network_id.to_owned(),
            mac_address: self.mac_address,
            vnic_type: self.binding_vnic_type,
            project_id,
            rest: PortChange {
                name: self.name,
                description: self.description,
                admin_state_up: self.is_admin_state_up,
                fixed_ips: maybe_fixed_ips(scope, self.fixed_ips).await?,
                security_groups: maybe_groups(scope, self.security_groups.as_ref()).await?,
                allowed_address_pairs: pairs(self.allowed_address_pairs),
                port_security_enabled: self.is_port_security_enabled,
            },
        })
    }
}

impl PortUpdateInput {
    /// The same with ids for references.
    async fn resolved(self, scope: &Scope) -> Result<PortChange, Blamed> {
        Ok(PortChange {
            name: self.name,
            description: self.description,
            admin_state_up: self.is_admin_state_up,
            fixed_ips: maybe_fixed_ips(scope, self.fixed_ips).await?,
            security_groups: maybe_groups(scope, self.security_groups.as_ref()).await?,
            allowed_address_pairs: pairs(self.allowed_address_pairs),
            port_security_enabled: self.is_port_security_enabled,
        })
    }
}
