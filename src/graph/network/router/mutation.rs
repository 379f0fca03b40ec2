//! What is done to routers.

use async_graphql::{Context, InputObject, Object};
use futures_util::join;

use super::{InterfacesOfRouter, Router};
use crate::Result;
use crate::cloud::network::{self, Gateway, NewRouter, RouterChange, RouterInterface};
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, carry_out, named, now, paid, payload, refer,
};
use crate::graph::network::affected::{self, gathered, is_neutrons_own, plugged};
use crate::graph::network::floating_ip::FloatingIpsOfRouter;
use crate::graph::network::network::Network;
use crate::graph::network::port::mutation::{FixedIpInput, fixed_ips};
use crate::graph::network::port::{Port, PortsOfSubnet};
use crate::graph::network::project_for;
use crate::graph::network::subnet::Subnet;
use crate::graph::network::subnet::mutation::RouteInput;
use crate::graph::noun::{ById, Noun};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a router.
    RouterPayload {
        /// The router as it is now; null when it is not there any longer, or was never made. The
        /// agents that carry it may take seconds to follow.
        router: Router,
    }
}

/// A router to be made.
#[derive(InputObject)]
pub struct RouterCreateInput {
    /// The name.
    name: String,
    /// Free text.
    description: Option<String>,
    /// Whether it is switched on; it is unless given.
    is_admin_state_up: Option<bool>,
    /// The external network by which it leads out of the cloud; it does not unless given.
    external_network: Option<Ref>,
    /// Whether guests without a floating IP go out by the router's address; they do unless given.
    /// Administrators only.
    is_snat_enabled: Option<bool>,
    /// Its addresses on the external network; any unless given. Administrators only.
    external_fixed_ips: Option<Vec<FixedIpInput>>,
    /// Whether it runs on every host with ports of it; as the cloud does unless given.
    /// Administrators only.
    is_distributed: Option<bool>,
    /// Whether standbys take over when its host fails; as the cloud does unless given.
    /// Administrators only.
    is_ha: Option<bool>,
    /// The zones whose agents are to serve it.
    availability_zone_hints: Option<Vec<String>>,
    /// The project it is for; the credential's own unless given. Administrators only.
    project: Option<Ref>,
}

/// What of a router is to be changed; what is not given is kept.
#[derive(InputObject)]
pub struct RouterUpdateInput {
    /// The new name.
    name: Option<String>,
    /// The new free text.
    description: Option<String>,
    /// Whether it is switched on; nothing passes otherwise.
    is_admin_state_up: Option<bool>,
    /// The external network by which it is to lead out of the cloud.
    external_network: Option<Ref>,
    /// Whether it leads out of the cloud; false takes its gateway away, which Neutron refuses
    /// while floating IPs need it.
    has_external_gateway: Option<bool>,
    /// Whether guests without a floating IP go out by the router's address. Administrators only.
    is_snat_enabled: Option<bool>,
    /// Its addresses on the external network. Administrators only.
    external_fixed_ips: Option<Vec<FixedIpInput>>,
    /// Its routes beside those to its subnets and to the gateway; they replace those there are.
    routes: Option<Vec<RouteInput>>,
}

/// What is done to routers.
#[derive(Default)]
pub struct RouterMutation;

#[Object]
impl RouterMutation {
    /// Makes a router, and may let it lead out of the cloud. It joins no subnets before
    /// `routerAddInterface`. `POST /routers`.
    async fn router_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The router to make.")] input: RouterCreateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<RouterPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let would = format!("make a router `{}`", input.name);
            let (new, out) = input.resolved(&scope).await?;
            let sent = async move {
                let (id, _) = scope.cloud().create_router(&new).await?;
                Ok(Done::well(now::<Router>(&scope, &id).await))
            };
            Ok(Deed::new(format!("{would}{out}"), None, sent))
        });
        paid(outcome.await)
    }

    /// Changes a router: its name, whether it is on, how it leads out of the cloud, its routes.
    /// `PUT /routers/{id}`.
    async fn router_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The router.")] router: Ref,
        #[graphql(desc = "What is to be changed.")] input: RouterUpdateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<RouterPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Router>(&scope, &["router"], &router).await?;
            let (change, out) = input.resolved(&scope, &row).await?;
            if change == RouterChange::default() {
                let message = "Give one of its fields: what is to be changed";
                return Err(Blamed::input(&["input"], message));
            }
            let mut affects = Vec::new();
            if let Some(effect) = gateway_effect(&row, change.gateway.as_ref()) {
                affects.extend(gathered(
                    &scope,
                    [("FloatingIp", addresses(&scope, &row, effect).await)],
                ));
            }
            let is_felt = change.admin_state_up.is_some() || change.gateway.is_some();
            if is_felt {
                let effect = "is joined by it, and feels the change";
                let joined = interfaces(&scope, &row, effect).await;
                affects.extend(gathered(&scope, [("Subnet", joined)]));
            }
            let would = format!("change {}{out}", subject(&row));
            let now_row = Router::new(&scope, &row);
            let sent = async move {
                scope.cloud().update_router(&row.id, &change).await?;
                Ok(Done::well(now::<Router>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a router, with its gateway; Neutron refuses that while it joins subnets: a dry run
    /// lists them. `DELETE /routers/{id}`.
    async fn router_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The router.")] router: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<RouterPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Router>(&scope, &["router"], &router).await?;
            let (interfaces, addresses) = join!(
                interfaces(
                    &scope,
                    &row,
                    "is joined by it: Neutron refuses to delete it"
                ),
                addresses(
                    &scope,
                    &row,
                    "is served by it: Neutron refuses to delete it"
                ),
            );
            let found = [("Subnet", interfaces), ("FloatingIp", addresses)];
            let affects = gathered(&scope, found);
            let would = format!("delete {}", subject(&row));
            let now = Router::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_router(&row.id).await?;
                Ok(Done::well(None))
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Joins a subnet to a router: by the subnet, and then the router gets its gateway's address,
    /// or by a port that is there. `PUT /routers/{id}/add_router_interface`.
    async fn router_add_interface(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The router.")] router: Ref,
        #[graphql(desc = "The subnet; its gateway's address must be free.")] subnet: Option<Ref>,
        #[graphql(desc = "The port, instead of a subnet.")] port: Option<Ref>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<RouterPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Router>(&scope, &["router"], &router).await?;
            let by = By::resolved(&scope, subnet.as_ref(), port.as_ref()).await?;
            let would = format!("join {} to {}", by.words, subject(&row));
            let mut affects = Vec::new();
            if let Some(port) = &by.port
                && (port.device_id.is_some() || port.device_owner.is_some())
            {
                let effect = format!("is {}: Neutron refuses this", plugged(port));
                affects.push(affected::port(port, effect));
            }
            let effect = "has an address there, and reaches by the router what it joins";
            let found = neighbours(&scope, &row, &by, effect).await;
            affects.extend(gathered(&scope, [("Port", found)]));
            let now_row = Router::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                cloud.add_router_interface(&row.id, &by.interface).await?;
                Ok(Done::well(now::<Router>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Parts a subnet from a router, by the subnet or by the port between them, which is deleted.
    /// Neutron refuses that while floating IPs lead there by the router.
    /// `PUT /routers/{id}/remove_router_interface`.
    async fn router_remove_interface(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The router.")] router: Ref,
        #[graphql(desc = "The subnet.")] subnet: Option<Ref>,
        #[graphql(desc = "The port, instead of a subnet.")] port: Option<Ref>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<RouterPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Router>(&scope, &["router"], &router).await?;
            let by = By::resolved(&scope, subnet.as_ref(), port.as_ref()).await?;
            let would = format!("part {} from {}", by.words, subject(&row));
            let effect = "has an address there, and does not reach by the router what it joins";
            let ports = neighbours(&scope, &row, &by, effect).await;
            let served = served(&scope, &row, &by).await;
            let affects = gathered(&scope, [("Port", ports), ("FloatingIp", served)]);
            let now_row = Router::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                cloud
                    .remove_router_interface(&row.id, &by.interface)
                    .await?;
                Ok(Done::well(now::<Router>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn subject(row: &network::Router) -> String {
    named("router", row.name.as_deref(), &row.id)
}

/// What a new gateway means for the floating IPs that the old one serves, if anything.
fn gateway_effect(row: &network::Router, gateway: Option<&Gateway>) -> Option<&'static str> {
    let old = row.external_gateway_info.as_ref();
    let old = old.and_then(|gateway| gateway.network_id.as_deref());
    match (gateway, old) {
        (Some(Gateway::By { network_id, .. }), Some(old)) if network_id != old => {
            Some("is served by the old gateway: Neutron refuses this")
        }
        (Some(Gateway::None {}), Some(_)) => Some("needs the gateway: Neutron refuses this"),
        _ => None,
    }
}

/// The floating IPs that a router serves.
async fn addresses(scope: &Scope, row: &network::Router, effect: &str) -> Result<Vec<Affected>> {
    let found = scope.load::<FloatingIpsOfRouter>(row.id.clone()).await?;
    let found = found.iter().flatten();
    let affected = found.map(|address| affected::floating_ip(address, effect));
    Ok(affected.collect())
}

/// The subnets that a router joins.
async fn interfaces(scope: &Scope, row: &network::Router, effect: &str) -> Result<Vec<Affected>> {
    let ports = scope.load::<InterfacesOfRouter>(row.id.clone()).await?;
    let mut affected = Vec::new();
    for port in ports.iter().flatten() {
        for address in &port.fixed_ips {
            let Some(id) = &address.subnet_id else {
                continue;
            };
            let subnet = scope.load::<ById<Subnet>>(id.to_string()).await?;
            let name = subnet.as_ref().and_then(|subnet| subnet.name.as_deref());
            let effect = format!("{effect} (by port {})", port.id);
            affected.push(Affected::new("Subnet", id, name, effect));
        }
    }
    Ok(affected)
}

/// By what a router is joined to a subnet, or parted from it.
struct By {
    interface: RouterInterface,
    words: String,
    port: Option<std::sync::Arc<network::Port>>,
    subnet_ids: Vec<String>,
}

impl By {
    async fn resolved(
        scope: &Scope,
        subnet: Option<&Ref>,
        port: Option<&Ref>,
    ) -> Result<Self, Blamed> {
        match (subnet, port) {
            (Some(subnet), None) => {
                let row = refer::<Subnet>(scope, &["subnet"], subnet).await?;
                Ok(Self {
                    interface: RouterInterface::SubnetId(row.id.clone()),
                    words: named("subnet", row.name.as_deref(), &row.id),
                    port: None,
                    subnet_ids: vec![row.id.clone()],
                })
            }
            (None, Some(port)) => {
                let row = refer::<Port>(scope, &["port"], port).await?;
                let subnets = row.fixed_ips.iter();
                let subnets =
                    subnets.filter_map(|address| Some(address.subnet_id.as_ref()?.to_string()));
                Ok(Self {
                    interface: RouterInterface::PortId(row.id.to_string()),
                    words: named("port", row.name.as_deref(), &row.id),
                    subnet_ids: subnets.collect(),
                    port: Some(row),
                })
            }
            _ => {
                let message = "Give `subnet` or `port`, one of them";
                Err(Blamed::input(&["subnet"], message))
            }
        }
    }
}

/// The ports that have addresses where a router is joined or parted: of servers, and other
/// routers.
async fn neighbours(
    scope: &Scope,
    row: &network::Router,
    by: &By,
    effect: &str,
) -> Result<Vec<Affected>> {
    let mut affected = Vec::new();
    // A port may have addresses of several of the subnets.
    let mut seen = std::collections::HashSet::new();
    for subnet in &by.subnet_ids {
        let found = scope.load::<PortsOfSubnet>(subnet.clone()).await?;
        let found = found.iter().flatten();
        let others = found.filter(|port| {
            let is_between = by
                .port
                .as_ref()
                .is_some_and(|between| between.id == port.id);
            let is_its = port.router_id() == Some(row.id.as_str());
            let is_other = !is_between && !is_its && !is_neutrons_own(port);
            is_other && port.device_id.is_some() && seen.insert(port.id.clone())
        });
        let others = others.map(|port| {
            let effect = format!("{}, {effect}", plugged(port));
            affected::port(port, effect)
        });
        affected.extend(others);
    }
    Ok(affected)
}

/// The floating IPs that lead by a router to a subnet that is to be parted from it.
async fn served(scope: &Scope, row: &network::Router, by: &By) -> Result<Vec<Affected>> {
    let mut ports = std::collections::HashSet::new();
    for subnet in &by.subnet_ids {
        let found = scope.load::<PortsOfSubnet>(subnet.clone()).await?;
        ports.extend(found.iter().flatten().map(|port| port.id.clone()));
    }
    let found = scope.load::<FloatingIpsOfRouter>(row.id.clone()).await?;
    let leads = |address: &&std::sync::Arc<network::FloatingIp>| {
        let forwarded = address.port_forwardings.iter();
        let forwarded = forwarded.filter_map(|it| it.internal_port_id.as_ref());
        let mut inside = address.port_id.iter().chain(forwarded);
        inside.any(|port| ports.contains(port))
    };
    let found = found.iter().flatten().filter(leads);
    let effect = "leads there by the router: Neutron refuses this";
    Ok(found
        .map(|address| affected::floating_ip(address, effect))
        .collect())
}

/// A gateway on a network, and what it comes to in words.
async fn gateway_on(
    scope: &Scope,
    network: &Ref,
    enable_snat: Option<bool>,
    addresses: Option<Vec<FixedIpInput>>,
) -> Result<(Gateway, String), Blamed> {
    let field = ["input", "externalNetwork"];
    let network = refer::<Network>(scope, &field, network).await?;
    if network.external == Some(false) {
        let message = "This network does not lead out of the cloud; `networks(filter: \
                       {isExternal: true})` lists those that do";
        return Err(Blamed::input(&field, message));
    }
    let out = named("network", network.name.as_deref(), &network.id);
    let gateway = Gateway::By {
        network_id: network.id.clone(),
        enable_snat,
        external_fixed_ips: outside(scope, addresses).await?,
    };
    Ok((gateway, format!(", leading out by {out}")))
}

async fn outside(
    scope: &Scope,
    addresses: Option<Vec<FixedIpInput>>,
) -> Result<Option<Vec<network::FixedIp>>, Blamed> {
    match addresses {
        Some(addresses) => fixed_ips(scope, &["input", "externalFixedIps"], addresses)
            .await
            .map(Some),
        None => Ok(None),
    }
}

/// What is said of a gateway that is not there.
fn no_gateway(field: &str) -> Blamed {
    let message = "Give `externalNetwork` too: by which network it is to lead out of the cloud";
    Blamed::input(&["input", field], message)
}

impl RouterCreateInput {
    /// The same with ids for references, and its gateway in words.
    async fn resolved(self, scope: &Scope) -> Result<(NewRouter, String), Blamed> {
        let project_id = project_for(scope, self.project.as_ref()).await?;
        let (gateway, out) = match &self.external_network {
            Some(network) => {
                let addresses = self.external_fixed_ips;
                let made = gateway_on(scope, network, self.is_snat_enabled, addresses).await?;
                (Some(made.0), made.1)
            }
            None if self.is_snat_enabled.is_some() => return Err(no_gateway("isSnatEnabled")),
            None if self.external_fixed_ips.is_some() => {
                return Err(no_gateway("externalFixedIps"));
            }
            None => (None, String::new()),
        };
        let new = NewRouter {
            distributed: self.is_distributed,
            ha: self.is_ha,
            availability_zone_hints: self.availability_zone_hints,
            project_id,
            rest: RouterChange {
                name: Some(self.name),
                description: self.description,
                admin_state_up: self.is_admin_state_up,
                gateway,
                routes: None,
            },
        };
        Ok((new, out))
    }
}

impl RouterUpdateInput {
    /// The same with ids for references, and its gateway in words.
    async fn resolved(
        self,
        scope: &Scope,
        row: &network::Router,
    ) -> Result<(RouterChange, String), Blamed> {
        let concerns_gateway = self.is_snat_enabled.is_some() || self.external_fixed_ips.is_some();
        let (gateway, out) = match (&self.external_network, self.has_external_gateway) {
            (Some(network), None | Some(true)) => {
                let addresses = self.external_fixed_ips;
                let made = gateway_on(scope, network, self.is_snat_enabled, addresses).await?;
                (Some(made.0), made.1)
            }
            (None, Some(false)) if !concerns_gateway => {
                let out = ", leading out of the cloud no longer".to_owned();
                (Some(Gateway::None {}), out)
            }
            (_, Some(false)) => {
                let message = "Without a gateway there is no network, SNAT or address outside";
                return Err(Blamed::input(&["input", "hasExternalGateway"], message));
            }
            (None, has_gateway) => {
                // The gateway stays on its network.
                let old = row.external_gateway_info.as_ref();
                let old = old.and_then(|gateway| gateway.network_id.clone());
                match old {
                    None if concerns_gateway || has_gateway == Some(true) => {
                        return Err(no_gateway("externalNetwork"));
                    }
                    Some(network_id) if concerns_gateway => {
                        let gateway = Gateway::By {
                            network_id,
                            enable_snat: self.is_snat_enabled,
                            external_fixed_ips: outside(scope, self.external_fixed_ips).await?,
                        };
                        (Some(gateway), String::new())
                    }
                    _ => (None, String::new()),
                }
            }
        };
        let routes = self.routes.map(|routes| routes.into_iter().map(Into::into));
        let change = RouterChange {
            name: self.name,
            description: self.description,
            admin_state_up: self.is_admin_state_up,
            gateway,
            routes: routes.map(Iterator::collect),
        };
        Ok((change, out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floating_ips_mind_a_gateway_that_goes_or_moves() {
        let row = serde_json::json!({"id": "r", "external_gateway_info": {"network_id": "n"}});
        let row: network::Router = serde_json::from_value(row).unwrap();
        let by = |network: &str| Gateway::By {
            network_id: network.to_owned(),
            enable_snat: Some(false),
            external_fixed_ips: None,
        };
        assert!(gateway_effect(&row, None).is_none());
        assert!(gateway_effect(&row, Some(&by("n"))).is_none());
        assert!(gateway_effect(&row, Some(&by("m"))).is_some());
        assert!(gateway_effect(&row, Some(&Gateway::None {})).is_some());
    }
}
