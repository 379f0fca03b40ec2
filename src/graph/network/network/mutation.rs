//! What is done to networks.

use async_graphql::{Context, InputObject, Object};
use futures_util::join;

use super::Network;
use crate::Result;
use crate::cloud::network::{self, NetworkChange, NewNetwork};
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, carry_out, named, now, paid, payload, refer,
};
use crate::graph::network::affected::{self, gathered, is_neutrons_own, plugged, unseen};
use crate::graph::network::port::PortsOfNetwork;
use crate::graph::network::project_for;
use crate::graph::network::subnet::{Subnet, SubnetsOfNetwork};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a network.
    NetworkPayload {
        /// The network as it is now; null when it is not there any longer, or was never made.
        network: Network,
    }
}

/// A network to be made. It has no addresses to give out before it has a subnet: `subnetCreate`.
#[derive(InputObject)]
pub struct NetworkCreateInput {
    /// The name.
    name: String,
    /// Free text.
    description: Option<String>,
    /// Whether it is switched on; it is unless given.
    is_admin_state_up: Option<bool>,
    /// Whether every project may use it; not unless given. Administrators only.
    is_shared: Option<bool>,
    /// Whether it leads out of the cloud; not unless given. Administrators only.
    is_external: Option<bool>,
    /// Whether it is the external network that is taken when none is named. Administrators only.
    is_default: Option<bool>,
    /// The largest packet that passes, in bytes; what the cloud can carry unless given.
    mtu: Option<i64>,
    /// Whether new ports on it are filtered; they are unless given.
    is_port_security_enabled: Option<bool>,
    /// The domain of its ports' names in DNS.
    dns_domain: Option<String>,
    /// How it is made: `vlan`, `vxlan`, `geneve`, `flat`, `local`; the cloud's way unless given.
    /// Administrators only.
    provider_network_type: Option<String>,
    /// The physical network it is on. Administrators only.
    provider_physical_network: Option<String>,
    /// Its VLAN or tunnel id; any that is free unless given. Administrators only.
    provider_segmentation_id: Option<i64>,
    /// The zones whose agents are to serve it.
    availability_zone_hints: Option<Vec<String>>,
    /// The project it is for; the credential's own unless given. Administrators only.
    project: Option<Ref>,
}

/// What of a network is to be changed; what is not given is kept.
#[derive(InputObject)]
pub struct NetworkUpdateInput {
    /// The new name.
    name: Option<String>,
    /// The new free text.
    description: Option<String>,
    /// Whether it is switched on; nothing passes otherwise.
    is_admin_state_up: Option<bool>,
    /// Whether every project may use it. Administrators only.
    is_shared: Option<bool>,
    /// Whether it leads out of the cloud. Administrators only.
    is_external: Option<bool>,
    /// Whether it is the external network that is taken when none is named. Administrators only.
    is_default: Option<bool>,
    /// The largest packet that passes, in bytes.
    mtu: Option<i64>,
    /// Whether new ports on it are filtered; those there are stay as they are.
    is_port_security_enabled: Option<bool>,
    /// The domain of its ports' names in DNS.
    dns_domain: Option<String>,
}

/// What is done to networks.
#[derive(Default)]
pub struct NetworkMutation;

#[Object]
impl NetworkMutation {
    /// Makes a network. `POST /networks`.
    async fn network_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The network to make.")] input: NetworkCreateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<NetworkPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let would = format!("make a network `{}`", input.name);
            let new = input.resolved(&scope).await?;
            let sent = async move {
                let (id, _) = scope.cloud().create_network(&new).await?;
                Ok(Done::well(now::<Network>(&scope, &id).await))
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Changes a network. `PUT /networks/{id}`.
    async fn network_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The network.")] network: Ref,
        #[graphql(desc = "What is to be changed.")] input: NetworkUpdateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<NetworkPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Network>(&scope, &["network"], &network).await?;
            let change = NetworkChange::from(input);
            if change == NetworkChange::default() {
                let message = "Give one of its fields: what is to be changed";
                return Err(Blamed::input(&["input"], message));
            }
            let mut affects = Vec::new();
            if let Some(effect) = reach_of(&row, &change) {
                affects = gathered(&scope, [("Port", ports(&scope, &row, effect).await)]);
            }
            let would = format!("change {}", subject(&row));
            let now_row = Network::new(&scope, &row);
            let sent = async move {
                scope.cloud().update_network(&row.id, &change).await?;
                Ok(Done::well(now::<Network>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a network, and its subnets with it; Neutron refuses that while ports of servers,
    /// routers or floating IPs are on it: a dry run lists them. `DELETE /networks/{id}`.
    async fn network_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The network.")] network: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<NetworkPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Network>(&scope, &["network"], &network).await?;
            let (subnets, ports) = join!(subnets(&scope, &row), blocking(&scope, &row));
            let affects = gathered(&scope, [("Subnet", subnets), ("Port", ports)]);
            let would = format!("delete {}", subject(&row));
            let now = Network::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_network(&row.id).await?;
                Ok(Done::well(None))
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn subject(row: &network::Network) -> String {
    named("network", row.name.as_deref(), &row.id)
}

/// What a change means for the ports on the network, if anything.
fn reach_of(row: &network::Network, change: &NetworkChange) -> Option<&'static str> {
    let is_new = |old: Option<bool>, new: Option<bool>| new.is_some() && new != old;
    if is_new(row.admin_state_up, change.admin_state_up) {
        return Some(match change.admin_state_up {
            Some(false) => "is on it: nothing passes any longer",
            _ => "is on it: what it sends passes again",
        });
    }
    if is_new(row.shared, change.shared) && change.shared == Some(false) {
        return Some("is on it: Neutron refuses this while ports of other projects are");
    }
    if is_new(row.external, change.external) && change.external == Some(false) {
        return Some("is on it: Neutron refuses this while gateways or floating IPs are");
    }
    if change.mtu.is_some() && change.mtu != row.mtu {
        return Some("is on it: its guest may have to be told the new size of packets");
    }
    None
}

/// Whoever has a network sees all ports on it, shared or not.
const SEES_ALL: Option<bool> = Some(false);

async fn ports(scope: &Scope, row: &network::Network, effect: &str) -> Result<Vec<Affected>> {
    let found = scope.load::<PortsOfNetwork>(row.id.clone()).await?;
    let mut affected: Vec<Affected> = found
        .iter()
        .flatten()
        .map(|port| affected::port(port, format!("{}, {effect}", plugged(port))))
        .collect();
    affected.extend(unseen(scope, "Port", row.project_id.as_deref(), SEES_ALL).await?);
    Ok(affected)
}

async fn subnets(scope: &Scope, row: &network::Network) -> Result<Vec<Affected>> {
    let found = scope.load::<SubnetsOfNetwork>(row.id.clone()).await?;
    let affected = found.iter().flatten().map(|subnet| {
        let range = subnet.cidr.as_deref().unwrap_or("no range");
        affected::row::<Subnet>(
            "Subnet",
            subnet,
            format!("({range}) is deleted with the network"),
        )
    });
    Ok(affected.collect())
}

/// The ports on a network that is to be deleted.
async fn blocking(scope: &Scope, row: &network::Network) -> Result<Vec<Affected>> {
    let found = scope.load::<PortsOfNetwork>(row.id.clone()).await?;
    let mut affected: Vec<Affected> = found
        .iter()
        .flatten()
        .map(|port| {
            let becomes = if is_neutrons_own(port) {
                "is removed by Neutron itself"
            } else {
                "is on it: Neutron refuses to delete the network"
            };
            affected::port(port, format!("{}, {becomes}", plugged(port)))
        })
        .collect();
    affected.extend(unseen(scope, "Port", row.project_id.as_deref(), SEES_ALL).await?);
    Ok(affected)
}

impl NetworkCreateInput {
    /// The same with ids for references.
    async fn resolved(self, scope: &Scope) -> Result<NewNetwork, Blamed> {
        let project_id = project_for(scope, self.project.as_ref()).await?;
        Ok(NewNetwork {
            availability_zone_hints: self.availability_zone_hints,
            project_id,
            provider_network_type: self.provider_network_type,
            provider_physical_network: self.provider_physical_network,
            provider_segmentation_id: self.provider_segmentation_id,
            rest: NetworkChange {
                name: Some(self.name),
                description: self.description,
                admin_state_up: self.is_admin_state_up,
                shared: self.is_shared,
                external: self.is_external,
                is_default: self.is_default,
                mtu: self.mtu,
                port_security_enabled: self.is_port_security_enabled,
                dns_domain: self.dns_domain,
            },
        })
    }
}

impl From<NetworkUpdateInput> for NetworkChange {
    fn from(input: NetworkUpdateInput) -> Self {
        Self {
            name: input.name,
            description: input.description,
            admin_state_up: input.is_admin_state_up,
            shared: input.is_shared,
            external: input.is_external,
            is_default: input.is_default,
            mtu: input.mtu,
            port_security_enabled: input.is_port_security_enabled,
            dns_domain: input.dns_domain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_changes_concern_the_ports() {
        let row = serde_json::json!({"id": "n", "admin_state_up": true, "shared": true});
        let row: network::Network = serde_json::from_value(row).unwrap();
        let reach = |change| reach_of(&row, &change).is_some();
        assert!(!reach(NetworkChange {
            name: Some("m".to_owned()),
            admin_state_up: Some(true),
            ..NetworkChange::default()
        }));
        assert!(reach(NetworkChange {
            admin_state_up: Some(false),
            ..NetworkChange::default()
        }));
        assert!(reach(NetworkChange {
            shared: Some(false),
            ..NetworkChange::default()
        }));
    }
}
