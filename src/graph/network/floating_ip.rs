//! Floating IPs: addresses by which the world reaches what is inside.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

pub use self::mutation::FloatingIpMutation;
use super::network::Network;
use super::port::{Port, PortStatus, PortsOfDevice};
use super::router::Router;
use super::rows_by;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, FLOATING_IPS};
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::compute::server::Server;
use crate::graph::compute::server::plans::{NameOfServer, name_of};
use crate::graph::connection::Node;
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{FilterQuery, among, is, one_of, resolve, resolve_project};
use crate::graph::noun::{
    ById, Noun, Pushed, Wanted, by_maybe_id, by_repeated_id, contains, grouped, root_fields,
    unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;

/// A floating IP: an address of an external network that leads to a port inside. From
/// `GET /floatingips`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct FloatingIp {
    /// Neutron's id.
    id: ID,
    /// The address by which the world knows it.
    floating_ip_address: Option<Text>,
    /// Neutron's id of the external network it is of.
    floating_network_id: Option<ID>,
    /// The address inside that it leads to; null when it leads to no port as a whole.
    fixed_ip_address: Option<Text>,
    /// Neutron's id of the port that it leads to; null also when only some of its ports are
    /// forwarded.
    port_id: Option<ID>,
    /// What is known of that port.
    port_details: Option<PortDetails>,
    /// Nova's id of the server behind that port; null when there is none.
    server_id: Option<ID>,
    /// Neutron's id of the router that serves it.
    router_id: Option<ID>,
    /// Keystone's id of the project it belongs to.
    project_id: Option<ID>,
    /// Its state.
    status: FloatingIpStatus,
    /// Free text.
    description: Option<Text>,
    /// Whether it leads anywhere: to a port, or by a port forwarding. One that does not is paid
    /// for in vain.
    is_associated: bool,
    /// Its ports that are forwarded one by one.
    port_forwardings: Vec<PortForwarding>,
    /// Its name in DNS.
    dns_name: Option<Text>,
    /// The domain of that name.
    dns_domain: Option<Text>,
    /// Neutron's id of the policy on its bandwidth.
    qos_policy_id: Option<ID>,
    /// What users tagged.
    tags: Vec<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<network::FloatingIp>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl FloatingIp {
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

    /// The server behind the port that it leads to; null when there is none.
    async fn server(&self) -> Answered<Server> {
        let found = async {
            let (None, Some(port)) = (&self.row.port_details, &self.row.port_id) else {
                return by_maybe_id(&self.scope, self.row.server_id()).await;
            };
            // Where Neutron does not embed the port's details, the port tells.
            let port = self.scope.load::<ById<Port>>(port.to_string()).await?;
            let server = port.as_ref().and_then(|port| port.server_id());
            by_maybe_id(&self.scope, server).await
        };
        answered(found.await)
    }

    /// The name of that server, for less than the server; null when there is none, and where
    /// Neutron does not embed the port's details.
    async fn server_name(&self) -> Answered<String> {
        name_of(&self.scope, self.row.server_id()).await
    }

    /// The external network it is of.
    async fn network(&self) -> Answered<Network> {
        answered(by_maybe_id(&self.scope, self.row.floating_network_id.as_deref()).await)
    }

    /// The port that it leads to.
    async fn port(&self) -> Answered<Port> {
        answered(by_maybe_id(&self.scope, self.row.port_id.as_deref()).await)
    }

    /// The router that serves it.
    async fn router(&self) -> Answered<Router> {
        answered(by_maybe_id(&self.scope, self.row.router_id.as_deref()).await)
    }
}

/// The port that a floating IP leads to, as the floating IP has it.
#[derive(SimpleObject)]
pub struct PortDetails {
    /// The port's name; most have none.
    name: Option<Text>,
    /// Neutron's id of the network it is on.
    network_id: Option<ID>,
    /// Its MAC address.
    mac_address: Option<Text>,
    /// Whether it is switched on.
    is_admin_state_up: Option<bool>,
    /// Its state.
    status: PortStatus,
    /// The id of what it is plugged into.
    device_id: Option<Text>,
    /// What that is: `compute:ZONE` for a server, …
    device_owner: Option<Text>,
}

impl From<&network::PortDetails> for PortDetails {
    fn from(details: &network::PortDetails) -> Self {
        Self {
            name: details.name.clone(),
            network_id: details.network_id.as_ref().map(ID::from),
            mac_address: details.mac_address.clone(),
            is_admin_state_up: details.admin_state_up,
            status: PortStatus::read(&details.status),
            device_id: details.device_id.clone(),
            device_owner: details.device_owner.clone(),
        }
    }
}

/// A port of a floating IP that leads to a port of an address inside.
#[derive(SimpleObject)]
pub struct PortForwarding {
    /// Neutron's id; null where Neutron does not say.
    id: Option<ID>,
    /// `tcp`, `udp`, …
    protocol: Option<Text>,
    /// The port outside; null for a range of ports.
    external_port: Option<i32>,
    /// The port inside; null for a range of ports.
    internal_port: Option<i32>,
    /// The address inside.
    internal_ip_address: Option<Text>,
    /// Neutron's id of the port inside.
    internal_port_id: Option<ID>,
    /// Free text.
    description: Option<Text>,
}

impl From<&network::PortForwarding> for PortForwarding {
    fn from(forwarding: &network::PortForwarding) -> Self {
        Self {
            id: forwarding.id.as_ref().map(ID::from),
            protocol: forwarding.protocol.clone(),
            external_port: forwarding.external_port,
            internal_port: forwarding.internal_port,
            internal_ip_address: forwarding.internal_ip_address.clone(),
            internal_port_id: forwarding.internal_port_id.as_ref().map(ID::from),
            description: forwarding.description.clone(),
        }
    }
}

open_enum! {
    /// The state of a floating IP.
    FloatingIpStatus {
        /// It works.
        Active = "ACTIVE",
        /// It leads nowhere, or what it leads to is not up.
        Down = "DOWN",
        /// Something went wrong.
        Error = "ERROR",
    }
}

/// Which floating IPs.
#[derive(InputObject, Default)]
pub struct FloatingIpFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these addresses.
    addresses: Option<Vec<String>>,
    /// The address, or the one inside, contains this.
    address_contains: Option<String>,
    /// In this state.
    status: Option<FloatingIpStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Of this external network.
    network: Option<Ref>,
    /// Served by this router.
    router: Option<Ref>,
    /// Leading to one of these ports, by their ids.
    port_ids: Option<Vec<ID>>,
    /// Leading to one of these servers, by their ids.
    server_ids: Option<Vec<ID>>,
    /// Leading anywhere, or not.
    is_associated: Option<bool>,
}

/// What floating IPs can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum FloatingIpOrderField {
    /// The address, by number.
    Address,
    /// The state.
    Status,
    /// When they were made.
    CreatedAt,
}

impl Node for FloatingIp {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for FloatingIp {
    type Row = network::FloatingIp;
    type Filter = FloatingIpFilter;
    type Order = FloatingIpOrderField;

    const KIND: &'static str = "Floating IP";
    const LIST: &'static str = "floatingIps";
    const COLLECTION: &'static Collection<network::FloatingIp> = FLOATING_IPS;

    fn new(scope: &Scope, row: &Arc<network::FloatingIp>) -> Self {
        Self {
            id: ID::from(&row.id),
            floating_ip_address: row.floating_ip_address.clone(),
            floating_network_id: row.floating_network_id.as_ref().map(ID::from),
            fixed_ip_address: row.fixed_ip_address.clone(),
            port_id: row.port_id.as_ref().map(ID::from),
            port_details: row.port_details.as_ref().map(Into::into),
            server_id: row.server_id().map(ID::from),
            router_id: row.router_id.as_ref().map(ID::from),
            project_id: row.project_id.as_ref().map(ID::from),
            status: FloatingIpStatus::read(&row.status),
            description: row.description.clone(),
            is_associated: row.is_associated(),
            port_forwardings: row.port_forwardings.iter().map(Into::into).collect(),
            dns_name: row.dns_name.clone(),
            dns_domain: row.dns_domain.clone(),
            qos_policy_id: row.qos_policy_id.as_ref().map(ID::from),
            tags: row.tags.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &network::FloatingIp) -> Option<&str> {
        row.floating_ip_address.as_deref()
    }

    fn project(row: &network::FloatingIp) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: FloatingIpFilter) -> Result<FloatingIpFilter> {
        resolve_project(scope, &mut filter.project).await?;
        resolve::<Network>(scope, &mut filter.network).await?;
        resolve::<Router>(scope, &mut filter.router).await?;
        Ok(filter)
    }

    fn ahead(scope: &Scope, wanted: &Wanted<'_>) {
        if wanted.has(&["serverName"]) {
            NameOfServer::start(scope);
        }
    }

    fn keeps(filter: &FloatingIpFilter, row: &network::FloatingIp) -> bool {
        let address = row.floating_ip_address.as_deref();
        unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && one_of(filter.addresses.as_ref(), address)
            && unset_or(filter.address_contains.as_ref(), |part| {
                contains(row.floating_ip_address.as_deref(), part)
                    || contains(row.fixed_ip_address.as_deref(), part)
            })
            && unset_or(filter.status.as_ref(), |status| {
                FloatingIpStatus::read(&row.status) == *status
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.project_id.as_deref())
            })
            && unset_or(filter.network.as_ref(), |network| {
                is(network, row.floating_network_id.as_deref())
            })
            && unset_or(filter.router.as_ref(), |router| {
                is(router, row.router_id.as_deref())
            })
            && unset_or(filter.port_ids.as_ref(), |ids| {
                row.port_id.as_ref().is_some_and(|id| among(ids, id))
            })
            && unset_or(filter.server_ids.as_ref(), |ids| {
                row.server_id().is_some_and(|id| among(ids, id))
            })
            && unset_or(filter.is_associated.as_ref(), |is| {
                row.is_associated() == *is
            })
    }

    fn compare(
        order: FloatingIpOrderField,
        one: &network::FloatingIp,
        other: &network::FloatingIp,
    ) -> Ordering {
        match order {
            FloatingIpOrderField::Address => number(one).cmp(&number(other)),
            FloatingIpOrderField::Status => one.status.cmp(&other.status),
            FloatingIpOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &FloatingIpFilter) -> Pushed {
        FilterQuery::new()
            .any("id", filter.ids.as_ref())
            .any("floating_ip_address", filter.addresses.as_ref())
            .rest(filter.address_contains.is_some())
            .status(filter.status.map(FloatingIpStatus::wire))
            .of("project_id", filter.project.as_ref())
            .of("floating_network_id", filter.network.as_ref())
            .of("router_id", filter.router.as_ref())
            .any("port_id", filter.port_ids.as_ref())
            .rest(filter.server_ids.is_some())
            .rest(filter.is_associated.is_some())
            .pushed()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("floating_ip_address".into(), name.to_owned())]
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::FloatingIp>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

/// The address as it counts, so that 10.0.0.9 comes before 10.0.0.10.
fn number(row: &network::FloatingIp) -> Option<IpAddr> {
    row.floating_ip_address.as_ref()?.parse().ok()
}

root_fields! {
    FloatingIpQuery for FloatingIp,
    /// One floating IP, by its id or its address.
    one: floating_ip,
    /// The floating IPs that the credential can see.
    many: floating_ips,
    filter: FloatingIpFilter, order: FloatingIpOrderField
}

/// Floating IPs by the id of the port that they lead to.
pub struct FloatingIpsOfPort;

impl Plan for FloatingIpsOfPort {
    type Key = String;
    type Value = Vec<Arc<network::FloatingIp>>;

    async fn load(
        cloud: Cloud,
        ports: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::FloatingIp>>>> {
        let rows = rows_by(&cloud, FLOATING_IPS, "port_id", &ports).await?;
        Ok(grouped(rows, |row| row.port_id.as_deref()))
    }
}

/// Floating IPs by the id of the router that serves them.
pub struct FloatingIpsOfRouter;

impl Plan for FloatingIpsOfRouter {
    type Key = String;
    type Value = Vec<Arc<network::FloatingIp>>;

    async fn load(
        cloud: Cloud,
        routers: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::FloatingIp>>>> {
        let rows = rows_by(&cloud, FLOATING_IPS, "router_id", &routers).await?;
        Ok(grouped(rows, |row| row.router_id.as_deref()))
    }
}

/// Floating IPs by the id of the device (a server) behind their port.
///
/// They cannot be asked for by device, so they are listed once. Where Neutron does not embed the
/// port's details, the devices' ports tell.
pub struct FloatingIpsOfDevice;

impl Plan for FloatingIpsOfDevice {
    type Key = String;
    type Value = Vec<Arc<network::FloatingIp>>;

    async fn load(
        cloud: Cloud,
        devices: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::FloatingIp>>>> {
        let rows = cloud.list(FLOATING_IPS, &[]).await?;
        let is_plain =
            |row: &network::FloatingIp| row.port_id.is_some() && row.port_details.is_none();
        if !rows.iter().any(|row| is_plain(row)) {
            return Ok(grouped(rows.iter().cloned(), |row| {
                row.port_details.as_ref()?.device_id.as_deref()
            }));
        }
        let ports = PortsOfDevice::load(cloud, devices).await?;
        Ok(by_ports(&rows, &ports))
    }
}

fn by_ports(
    rows: &[Arc<network::FloatingIp>],
    ports: &HashMap<String, Vec<Arc<network::Port>>>,
) -> HashMap<String, Vec<Arc<network::FloatingIp>>> {
    let of_device = |(device, ports): (&String, &Vec<Arc<network::Port>>)| {
        let ports: HashSet<&str> = ports.iter().map(|port| port.id.as_str()).collect();
        let leads = |row: &&Arc<network::FloatingIp>| {
            let port = row.port_id.as_deref();
            port.is_some_and(|port| ports.contains(port))
        };
        (device.clone(), rows.iter().filter(leads).cloned().collect())
    };
    ports.iter().map(of_device).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floating_ip(id: &str, address: &str, port: Option<&str>) -> Arc<network::FloatingIp> {
        let body = serde_json::json!({"id": id, "floating_ip_address": address, "port_id": port});
        Arc::new(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn without_details_the_ports_tell_the_device() {
        let rows = [
            floating_ip("f1", "10.0.0.9", Some("p1")),
            floating_ip("f2", "10.0.0.10", None),
        ];
        let port = serde_json::json!({"id": "p1", "device_id": "d1"});
        let port = Arc::new(serde_json::from_value(port).unwrap());
        let ports = HashMap::from([("d1".to_owned(), vec![port])]);
        let found = by_ports(&rows, &ports);
        let ids: Vec<&str> = found["d1"].iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["f1"]);
    }

    #[test]
    fn addresses_are_ordered_as_numbers() {
        let nine = floating_ip("f1", "10.0.0.9", None);
        let ten = floating_ip("f2", "10.0.0.10", None);
        let order = FloatingIp::compare(FloatingIpOrderField::Address, &nine, &ten);
        assert_eq!(order, Ordering::Less);
    }

    #[test]
    fn the_filter_tells_the_idle_from_the_used() {
        let idle = FloatingIpFilter {
            is_associated: Some(false),
            ..FloatingIpFilter::default()
        };
        assert!(FloatingIp::keeps(
            &idle,
            &floating_ip("f", "10.0.0.9", None)
        ));
        assert!(!FloatingIp::keeps(
            &idle,
            &floating_ip("f", "10.0.0.9", Some("p"))
        ));
        assert!(!FloatingIp::push(&idle).is_whole);
    }
}
