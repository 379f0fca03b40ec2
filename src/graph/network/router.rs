//! Routers: what joins networks, and leads out of the cloud.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use futures_util::future::try_join;

pub use self::mutation::RouterMutation;
use super::floating_ip::{FloatingIp, FloatingIpsOfRouter};
use super::network::Network;
use super::port::{FixedIp, Port, PortsOfDevice};
use super::rows_by;
use super::subnet::{Route, Subnet};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, PORTS, ROUTERS, SUBNETS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{FilterQuery, among, is, resolve, resolve_project};
use crate::graph::noun::{
    ById, Noun, Pushed, Wanted, by_maybe_id, by_repeated_id, contains, grouped, nested_by,
    root_fields, unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;

/// A router: joins subnets, and leads out of the cloud. From `GET /routers`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Router {
    /// Neutron's id.
    id: ID,
    /// The name; not unique. Null when it has none.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Its state.
    status: RouterStatus,
    /// Whether it is switched on; nothing passes otherwise.
    is_admin_state_up: Option<bool>,
    /// Keystone's id of the project it belongs to.
    project_id: Option<ID>,
    /// How it leads out of the cloud; null when it does not.
    external_gateway: Option<ExternalGateway>,
    /// Routes beside those to its subnets and to the gateway.
    routes: Vec<Route>,
    /// Whether it runs on every host with ports of it. Administrators only.
    is_distributed: Option<bool>,
    /// Whether standbys take over when its host fails. Administrators only.
    is_ha: Option<bool>,
    /// The zones whose agents serve it.
    availability_zones: Vec<String>,
    /// The zones that were asked for.
    availability_zone_hints: Vec<String>,
    /// Neutron's id of the kind of router it is; null for the built-in kind.
    flavor_id: Option<ID>,
    /// What users tagged.
    tags: Vec<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<network::Router>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Router {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project it belongs to; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The network that its gateway is on; null without a gateway.
    async fn external_network(&self) -> Answered<Network> {
        let gateway = self.row.external_gateway_info.as_ref();
        let id = gateway.and_then(|gateway| gateway.network_id.as_deref());
        answered(by_maybe_id(&self.scope, id).await)
    }

    /// All its ports, as far as the credential may see them: interfaces, the gateway, and those
    /// that standbys talk over.
    async fn ports(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Port>> {
        nested_by::<PortsOfDevice, Port>(&self.scope, &self.id, first).await
    }

    /// Its ports on the subnets that it joins.
    async fn interfaces(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Port>> {
        nested_by::<InterfacesOfRouter, Port>(&self.scope, &self.id, first).await
    }

    /// The floating IPs that it serves.
    async fn floating_ips(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<FloatingIp>> {
        nested_by::<FloatingIpsOfRouter, FloatingIp>(&self.scope, &self.id, first).await
    }
}

/// What Neutron calls a router's ports on the subnets that it joins.
const INTERFACES: [&str; 3] = [
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
];

/// How a router leads out of the cloud.
#[derive(SimpleObject)]
pub struct ExternalGateway {
    /// Neutron's id of the external network.
    network_id: Option<ID>,
    /// Whether guests without a floating IP go out by the router's address.
    is_snat_enabled: Option<bool>,
    /// The router's addresses there.
    fixed_ips: Vec<FixedIp>,
}

impl ExternalGateway {
    fn new(scope: &Scope, gateway: &network::ExternalGateway) -> Self {
        let addresses = gateway.external_fixed_ips.iter();
        Self {
            network_id: gateway.network_id.as_ref().map(ID::from),
            is_snat_enabled: gateway.enable_snat,
            fixed_ips: addresses
                .map(|address| FixedIp::new(scope, address))
                .collect(),
        }
    }
}

open_enum! {
    /// The state of a router.
    RouterStatus {
        /// It works.
        Active = "ACTIVE",
        /// A host is being found for it.
        Allocating = "ALLOCATING",
        /// It is being made.
        Build = "BUILD",
        /// It does not work.
        Down = "DOWN",
        /// Something went wrong.
        Error = "ERROR",
    }
}

/// Which routers.
#[derive(InputObject, Default)]
pub struct RouterFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this state.
    status: Option<RouterStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Leading out by this network.
    external_network: Option<Ref>,
    /// Leading out of the cloud, or not.
    has_external_gateway: Option<bool>,
    /// Switched on, or not.
    is_admin_state_up: Option<bool>,
}

/// What routers can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RouterOrderField {
    /// The name.
    Name,
    /// The state.
    Status,
    /// When they were made.
    CreatedAt,
}

impl Node for Router {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Router {
    type Row = network::Router;
    type Filter = RouterFilter;
    type Order = RouterOrderField;

    const KIND: &'static str = "Router";
    const LIST: &'static str = "routers";
    const COLLECTION: &'static Collection<network::Router> = ROUTERS;

    fn new(scope: &Scope, row: &Arc<network::Router>) -> Self {
        let gateway = row.external_gateway_info.as_ref();
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            status: RouterStatus::read(&row.status),
            is_admin_state_up: row.admin_state_up,
            project_id: row.project_id.as_ref().map(ID::from),
            external_gateway: gateway.map(|gateway| ExternalGateway::new(scope, gateway)),
            routes: row.routes.iter().map(Into::into).collect(),
            is_distributed: row.distributed,
            is_ha: row.ha,
            availability_zones: row.availability_zones.clone(),
            availability_zone_hints: row.availability_zone_hints.clone(),
            flavor_id: row.flavor_id.as_ref().map(ID::from),
            tags: row.tags.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &network::Router) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &network::Router) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: RouterFilter) -> Result<RouterFilter> {
        resolve_project(scope, &mut filter.project).await?;
        resolve::<Network>(scope, &mut filter.external_network).await?;
        Ok(filter)
    }

    fn ahead(scope: &Scope, wanted: &Wanted<'_>) {
        if wanted.has(&["interfaces"]) {
            scope.start::<InterfacesOfRouter, _>(PORTS, interfaces());
        }
        if wanted.has(&["interfaces", "nodes", "fixedIps", "subnet"]) {
            scope.start::<ById<Subnet>, _>(SUBNETS, Vec::new());
        }
    }

    fn keeps(filter: &RouterFilter, row: &network::Router) -> bool {
        let gateway = row.external_gateway_info.as_ref();
        unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| {
                row.name.as_ref().is_some_and(|name| names.contains(name))
            })
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(filter.status.as_ref(), |status| {
                RouterStatus::read(&row.status) == *status
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.project_id.as_deref())
            })
            && unset_or(filter.external_network.as_ref(), |network| {
                let id = gateway.and_then(|gateway| gateway.network_id.as_deref());
                is(network, id)
            })
            && unset_or(filter.has_external_gateway.as_ref(), |has| {
                gateway.is_some() == *has
            })
            && unset_or(filter.is_admin_state_up.as_ref(), |is| {
                row.admin_state_up == Some(*is)
            })
    }

    fn compare(
        order: RouterOrderField,
        one: &network::Router,
        other: &network::Router,
    ) -> Ordering {
        match order {
            RouterOrderField::Name => one.name.cmp(&other.name),
            RouterOrderField::Status => one.status.cmp(&other.status),
            RouterOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &RouterFilter) -> Pushed {
        // Neutron sorts routers by state and filters none by it.
        FilterQuery::new()
            .any("id", filter.ids.as_ref())
            .any("name", filter.names.as_ref())
            .rest(filter.names.is_some())
            .rest(filter.name_contains.is_some())
            .rest(filter.status.is_some())
            .of("project_id", filter.project.as_ref())
            .rest(filter.external_network.is_some())
            .rest(filter.has_external_gateway.is_some())
            .one("admin_state_up", filter.is_admin_state_up)
            .pushed()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::Router>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

root_fields! {
    RouterQuery for Router,
    /// One router.
    one: router,
    /// The routers that the credential can see.
    many: routers,
    filter: RouterFilter, order: RouterOrderField
}

/// What narrows ports to routers' interfaces.
fn interfaces() -> Vec<Parameter> {
    INTERFACES
        .map(|owner| ("device_owner".into(), owner.to_owned()))
        .into()
}

/// The interfaces of routers by the router's id: from those of all routers when they were started
/// ahead and are few, else from the routers' ports.
pub struct InterfacesOfRouter;

impl Plan for InterfacesOfRouter {
    type Key = String;
    type Value = Vec<Arc<network::Port>>;

    async fn load(
        cloud: Cloud,
        routers: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Port>>>> {
        let ports = match cloud.asked_first_page(PORTS, &interfaces()).await? {
            Some(page) if !page.has_more => page.rows.clone(),
            _ => rows_by(&cloud, PORTS, "device_id", &routers).await?,
        };
        let is_interface = |port: &Arc<network::Port>| {
            let owner = port.device_owner.as_deref().unwrap_or_default();
            INTERFACES.contains(&owner)
        };
        let ports = ports.into_iter().filter(is_interface);
        Ok(grouped(ports, |port| port.device_id.as_deref()))
    }
}

/// Networks that are asked about by id; of more of them, all routers' interfaces are listed.
const NETWORKS_IN_A_CALL: usize = 100;

/// Routers by the id of a network that they are joined to, by an interface or as their way out.
pub struct RoutersOfNetwork;

impl Plan for RoutersOfNetwork {
    type Key = String;
    type Value = Vec<Arc<network::Router>>;

    async fn load(
        cloud: Cloud,
        networks: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Router>>>> {
        let mut query = interfaces();
        if networks.len() <= NETWORKS_IN_A_CALL {
            let networks = networks.into_iter();
            query.extend(networks.map(|network| ("network_id".into(), network)));
        }
        let (ports, routers) =
            try_join(cloud.list(PORTS, &query), cloud.list(ROUTERS, &[])).await?;
        Ok(joined_to(&routers, &ports))
    }
}

/// Routers by network. The gateways' ports are of no project, so the routers tell of these.
fn joined_to(
    routers: &[Arc<network::Router>],
    interfaces: &[Arc<network::Port>],
) -> HashMap<String, Vec<Arc<network::Router>>> {
    let mut networks_of: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for port in interfaces {
        if let (Some(router), Some(network)) = (port.router_id(), &port.network_id) {
            networks_of.entry(router).or_default().insert(network);
        }
    }
    let mut groups: HashMap<String, Vec<Arc<network::Router>>> = HashMap::new();
    for router in routers {
        let mut networks = networks_of.remove(router.id.as_str()).unwrap_or_default();
        let gateway = router.external_gateway_info.as_ref();
        networks.extend(gateway.and_then(|gateway| gateway.network_id.as_deref()));
        for network in networks {
            let group = groups.entry(network.to_owned()).or_default();
            group.push(Arc::clone(router));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_routers_with_an_interface_or_their_way_out_there() {
        let router: network::Router = serde_json::from_value(serde_json::json!({
            "id": "r", "external_gateway_info": {"network_id": "out"}
        }))
        .unwrap();
        let port = |id: &str| {
            let body = serde_json::json!({"id": id, "network_id": "in", "device_id": "r",
                "device_owner": "network:router_interface"});
            Arc::new(serde_json::from_value(body).unwrap())
        };
        let found = joined_to(&[Arc::new(router)], &[port("p1"), port("p2")]);
        let mut counts: Vec<(&str, usize)> = found
            .iter()
            .map(|(network, routers)| (network.as_str(), routers.len()))
            .collect();
        counts.sort_unstable();
        assert_eq!(counts, [("in", 1), ("out", 1)]);
    }
}
