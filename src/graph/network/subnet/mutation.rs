//! What is done to subnets.

use async_graphql::{Context, InputObject, Object};

use super::Subnet;
use crate::Result;
use crate::cloud::network::{self, NewSubnet, SubnetChange};
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, carry_out, named, now, paid, payload, refer,
};
use crate::graph::network::affected::{self, gathered, is_neutrons_own, plugged, unseen};
use crate::graph::network::network::Network;
use crate::graph::network::port::PortsOfSubnet;
use crate::graph::network::project_for;
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a subnet.
    SubnetPayload {
        /// The subnet as it is now; null when it is not there any longer, or was never made.
        subnet: Subnet,
    }
}

/// A range that addresses are to be given out of.
#[derive(InputObject)]
pub struct AllocationPoolInput {
    /// The first address.
    start: String,
    /// The last address.
    end: String,
}

/// A route: by which address a range is reached.
#[derive(InputObject)]
pub struct RouteInput {
    /// The range, as `10.0.0.0/24`.
    destination: String,
    /// The address to send to.
    nexthop: String,
}

impl From<AllocationPoolInput> for network::AllocationPool {
    fn from(pool: AllocationPoolInput) -> Self {
        Self {
            start: pool.start,
            end: pool.end,
        }
    }
}

impl From<RouteInput> for network::Route {
    fn from(route: RouteInput) -> Self {
        Self {
            destination: route.destination,
            nexthop: route.nexthop,
        }
    }
}

/// A subnet to be made.
#[derive(InputObject)]
pub struct SubnetCreateInput {
    /// The network it is on.
    network: Ref,
    /// Its range, as `10.0.0.0/24`. It cannot be changed later.
    cidr: String,
    /// The name.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// The address of the gateway; the first one of the range unless given.
    gateway_ip: Option<String>,
    /// Whether it has a gateway; it has unless given.
    has_gateway: Option<bool>,
    /// Whether guests are told their address by DHCP; they are unless given.
    is_dhcp_enabled: Option<bool>,
    /// The ranges that addresses are given out of; the whole one, but for the gateway, unless
    /// given.
    allocation_pools: Option<Vec<AllocationPoolInput>>,
    /// The name servers that guests are told.
    dns_nameservers: Option<Vec<String>>,
    /// The routes that guests are told.
    host_routes: Option<Vec<RouteInput>>,
    /// How guests get IPv6 addresses: `slaac`, `dhcpv6-stateful`, `dhcpv6-stateless`.
    ipv6_address_mode: Option<String>,
    /// How routers are announced over IPv6: values as above.
    ipv6_ra_mode: Option<String>,
    /// The project it is for; the credential's own unless given. Administrators only.
    project: Option<Ref>,
}

/// What of a subnet is to be changed; what is not given is kept. A list replaces the one there is.
#[derive(InputObject)]
pub struct SubnetUpdateInput {
    /// The new name.
    name: Option<String>,
    /// The new free text.
    description: Option<String>,
    /// The new address of the gateway; Neutron refuses that while a router has the old one.
    gateway_ip: Option<String>,
    /// Whether it has a gateway; false takes it away.
    has_gateway: Option<bool>,
    /// Whether guests are told their address by DHCP.
    is_dhcp_enabled: Option<bool>,
    /// The ranges that addresses are given out of.
    allocation_pools: Option<Vec<AllocationPoolInput>>,
    /// The name servers that guests are told.
    dns_nameservers: Option<Vec<String>>,
    /// The routes that guests are told.
    host_routes: Option<Vec<RouteInput>>,
}

/// What is done to subnets.
#[derive(Default)]
pub struct SubnetMutation;

#[Object]
impl SubnetMutation {
    /// Makes a subnet of a network. `POST /subnets`.
    async fn subnet_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The subnet to make.")] input: SubnetCreateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SubnetPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let field = ["input", "network"];
            let network = refer::<Network>(&scope, &field, &input.network).await?;
            let would = format!(
                "make a subnet {} on {}",
                input.cidr,
                named("network", network.name.as_deref(), &network.id)
            );
            let new = input.resolved(&scope, &network.id).await?;
            let sent = async move {
                let (id, _) = scope.cloud().create_subnet(&new).await?;
                Ok(Done::well(now::<Subnet>(&scope, &id).await))
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Changes a subnet. Guests hear of it when they ask for their address again.
    /// `PUT /subnets/{id}`.
    async fn subnet_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The subnet.")] subnet: Ref,
        #[graphql(desc = "What is to be changed.")] input: SubnetUpdateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SubnetPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Subnet>(&scope, &["subnet"], &subnet).await?;
            let has_gateway = input.has_gateway;
            if has_gateway == Some(true) && input.gateway_ip.is_none() && row.gateway_ip.is_none() {
                let message = "Give `gatewayIp`: which address the gateway is to have";
                return Err(Blamed::input(&["input", "gatewayIp"], message));
            }
            let has_no_gateway = no_gateway(has_gateway, input.gateway_ip.as_deref())?;
            let change = SubnetChange {
                name: input.name,
                description: input.description,
                gateway_ip: input.gateway_ip,
                has_no_gateway,
                enable_dhcp: input.is_dhcp_enabled,
                allocation_pools: all(input.allocation_pools),
                dns_nameservers: input.dns_nameservers,
                host_routes: all(input.host_routes),
            };
            if change == SubnetChange::default() && has_gateway.is_none() {
                let message = "Give one of its fields: what is to be changed";
                return Err(Blamed::input(&["input"], message));
            }
            let is_told_to_guests = SubnetChange {
                name: None,
                description: None,
                ..change.clone()
            } != SubnetChange::default();
            let mut affects = Vec::new();
            if is_told_to_guests {
                let effect = "has an address of it, and hears of the change when it asks again";
                let found = ports(&scope, &row, |_| effect).await;
                affects = gathered(&scope, [("Port", found)]);
            }
            let would = format!("change {}", subject(&row));
            let now_row = Subnet::new(&scope, &row);
            let sent = async move {
                scope.cloud().update_subnet(&row.id, &change).await?;
                Ok(Done::well(now::<Subnet>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a subnet; Neutron refuses that while ports of servers or routers have addresses of
    /// it: a dry run lists them. `DELETE /subnets/{id}`.
    async fn subnet_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The subnet.")] subnet: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SubnetPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Subnet>(&scope, &["subnet"], &subnet).await?;
            let is_automatic = row.ipv6_address_mode.as_deref().is_some_and(|mode| {
                // The address is made of the port's MAC address, and forgotten with the subnet.
                matches!(mode, "slaac" | "dhcpv6-stateless")
            });
            let effect = |port: &network::Port| {
                if is_neutrons_own(port) {
                    "is removed by Neutron itself, or loses its address"
                } else if is_automatic && port.router_id().is_none() {
                    "loses its address"
                } else {
                    "has an address of it: Neutron refuses to delete the subnet"
                }
            };
            let affects = gathered(&scope, [("Port", ports(&scope, &row, effect).await)]);
            let would = format!("delete {}", subject(&row));
            let now = Subnet::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_subnet(&row.id).await?;
                Ok(Done::well(None))
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn subject(row: &network::Subnet) -> String {
    let named = named("subnet", row.name.as_deref(), &row.id);
    match row.cidr.as_deref() {
        Some(range) => format!("{named}, {range}"),
        None => named,
    }
}

/// The ports with an address of a subnet.
async fn ports(
    scope: &Scope,
    row: &network::Subnet,
    effect: impl Fn(&network::Port) -> &'static str,
) -> Result<Vec<Affected>> {
    let found = scope.load::<PortsOfSubnet>(row.id.clone()).await?;
    let mut affected: Vec<Affected> = found
        .iter()
        .flatten()
        .map(|port| affected::port(port, format!("{}, {}", plugged(port), effect(port))))
        .collect();
    // Whoever has the network sees all ports on it, shared or not.
    let project = row.project_id.as_deref();
    affected.extend(unseen(scope, "Port", project, Some(false)).await?);
    Ok(affected)
}

/// Whether there is to be no gateway.
fn no_gateway(has_gateway: Option<bool>, address: Option<&str>) -> Result<bool, Blamed> {
    if has_gateway == Some(false) && address.is_some() {
        let message = "Without a gateway there is no `gatewayIp`; give one of the two";
        return Err(Blamed::input(&["input", "gatewayIp"], message));
    }
    Ok(has_gateway == Some(false))
}

/// Inputs as Neutron wants them.
fn all<I, T: From<I>>(inputs: Option<Vec<I>>) -> Option<Vec<T>> {
    inputs.map(|inputs| inputs.into_iter().map(T::from).collect())
}

impl SubnetCreateInput {
    /// The same with ids for references.
    async fn resolved(self, scope: &Scope, network_id: &str) -> Result<NewSubnet, Blamed> {
        let project_id = project_for(scope, self.project.as_ref()).await?;
        let has_no_gateway = no_gateway(self.has_gateway, self.gateway_ip.as_deref())?;
        Ok(NewSubnet {
            network_id: network_id.to_owned(),
            ip_version: if self.cidr.contains(':') { 6 } else { 4 },
            cidr: self.cidr,
            project_id,
            ipv6_address_mode: self.ipv6_address_mode,
            ipv6_ra_mode: self.ipv6_ra_mode,
            rest: SubnetChange {
                name: self.name,
                description: self.description,
                gateway_ip: self.gateway_ip,
                has_no_gateway,
                enable_dhcp: self.is_dhcp_enabled,
                allocation_pools: all(self.allocation_pools),
                dns_nameservers: self.dns_nameservers,
                host_routes: all(self.host_routes),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_had_or_not() {
        assert!(!no_gateway(None, None).unwrap());
        assert!(!no_gateway(Some(true), Some("10.0.0.1")).unwrap());
        assert!(no_gateway(Some(false), None).unwrap());
        assert!(no_gateway(Some(false), Some("10.0.0.1")).is_err());
    }
}
