//! Ports: where servers, routers and everything else are plugged into networks.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

pub use self::mutation::PortMutation;
use super::floating_ip::{FloatingIp, FloatingIpsOfPort};
use super::network::Network;
use super::router::Router;
use super::rows_by;
use super::security_group::SecurityGroup;
use super::subnet::Subnet;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, PORTS};
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::compute::server::Server;
use crate::graph::connection::{Connection, Node};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{FilterQuery, among, is, one_of, resolve, resolve_project};
use crate::graph::noun::{
    ById, Noun, Pushed, by_maybe_id, by_repeated_id, contains, grouped, nested, nested_by,
    root_fields, unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;

/// A port: where something is plugged into a network. From `GET /ports`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Port {
    /// Neutron's id.
    id: ID,
    /// The name; most have none.
    name: Option<Text>,
    /// Free text.
    description: Option<Text>,
    /// Its state.
    status: PortStatus,
    /// Whether it is switched on; nothing passes otherwise.
    is_admin_state_up: Option<bool>,
    /// Its MAC address.
    mac_address: Option<Text>,
    /// Neutron's id of the network it is on.
    network_id: Option<ID>,
    /// Keystone's id of the project it belongs to; null for some that Neutron made for itself.
    project_id: Option<ID>,
    /// The id of what it is plugged into: a server, a router, a load balancer; null when it is
    /// free.
    device_id: Option<Text>,
    /// What that is: `compute:ZONE` for a server, `network:router_interface`, `network:dhcp`, …
    device_owner: Option<Text>,
    /// Nova's id of the server that it is plugged into; null when that is something else.
    server_id: Option<ID>,
    /// Its addresses.
    fixed_ips: Vec<FixedIp>,
    /// Neutron's ids of the security groups that filter it.
    security_group_ids: Vec<ID>,
    /// Further addresses it may send from.
    allowed_address_pairs: Vec<AddressPair>,
    /// The host it is bound to. Administrators only.
    binding_host_id: Option<Text>,
    /// How it is attached: `normal`, `direct`, `macvtap`, …
    binding_vnic_type: Option<Text>,
    /// What serves it there: `ovs`, `unbound`, `binding_failed`, … Administrators only.
    binding_vif_type: Option<Text>,
    /// Whether its traffic is filtered at all.
    is_port_security_enabled: Option<bool>,
    /// Its name in DNS.
    dns_name: Option<Text>,
    /// Neutron's id of the policy on its bandwidth.
    qos_policy_id: Option<ID>,
    /// What users tagged.
    tags: Vec<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<network::Port>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Port {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project it belongs to; null when it has none, that was deleted, or the credential may
    /// not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The server that it is plugged into; null when that is something else, or was deleted.
    async fn server(&self) -> Answered<Server> {
        answered(by_maybe_id(&self.scope, self.row.server_id()).await)
    }

    /// The network it is on.
    async fn network(&self) -> Answered<Network> {
        answered(by_maybe_id(&self.scope, self.row.network_id.as_deref()).await)
    }

    /// The router that it is plugged into; null when that is something else.
    async fn router(&self) -> Answered<Router> {
        answered(by_maybe_id(&self.scope, self.row.router_id()).await)
    }

    /// The security groups that filter it, as far as the credential may see them.
    async fn security_groups(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<SecurityGroup>> {
        let listed = async {
            let groups = self
                .row
                .security_groups
                .iter()
                .map(|id| self.scope.load::<ById<SecurityGroup>>(id.clone()));
            let groups = futures_util::future::try_join_all(groups).await?;
            let groups: Vec<_> = groups.into_iter().flatten().collect();
            nested(&self.scope, &groups, first).await
        };
        certain(listed.await)
    }

    /// The floating IPs that lead to it as a whole; forwarded ports of one are found there.
    async fn floating_ips(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<FloatingIp>> {
        nested_by::<FloatingIpsOfPort, FloatingIp>(&self.scope, &self.id, first).await
    }
}

/// An address of a port or of a router.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct FixedIp {
    /// The address.
    ip_address: Option<Text>,
    /// Neutron's id of the subnet it is of.
    subnet_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl FixedIp {
    /// The subnet it is of.
    async fn subnet(&self) -> Answered<Subnet> {
        answered(by_maybe_id(&self.scope, self.subnet_id.as_ref().map(|id| id.as_str())).await)
    }
}

impl FixedIp {
    pub(super) fn new(scope: &Scope, address: &network::FixedIp) -> Self {
        Self {
            ip_address: address.ip_address.clone(),
            subnet_id: address.subnet_id.as_ref().map(ID::from),
            scope: scope.clone(),
        }
    }
}

/// An address that a port may send from beside its own.
#[derive(SimpleObject)]
pub struct AddressPair {
    /// The address, or a range as `10.0.0.0/24`.
    ip_address: Option<Text>,
    /// The MAC address.
    mac_address: Option<Text>,
}

impl From<&network::AddressPair> for AddressPair {
    fn from(pair: &network::AddressPair) -> Self {
        Self {
            ip_address: pair.ip_address.clone(),
            mac_address: pair.mac_address.clone(),
        }
    }
}

open_enum! {
    /// The state of a port.
    PortStatus {
        /// It works.
        Active = "ACTIVE",
        /// It is being wired.
        Build = "BUILD",
        /// It is switched off, or its device is.
        Down = "DOWN",
        /// Something went wrong.
        Error = "ERROR",
        /// It has no state: it belongs to a floating IP.
        NotApplicable = "N/A",
    }
}

/// Which ports.
#[derive(InputObject, Default)]
pub struct PortFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this state.
    status: Option<PortStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// On this network.
    network: Option<Ref>,
    /// With an address of this subnet.
    subnet: Option<Ref>,
    /// Filtered by this security group.
    security_group: Option<Ref>,
    /// Plugged into one of these: ids of servers, routers, …
    device_ids: Option<Vec<ID>>,
    /// Plugged into something of exactly this kind: `network:dhcp`, …
    device_owner: Option<String>,
    /// Plugged into a server, or not.
    has_server: Option<bool>,
    /// With this address.
    ip_address: Option<String>,
    /// With this MAC address.
    mac_address: Option<String>,
    /// Bound to this host. Administrators only.
    binding_host_id: Option<String>,
}

/// What ports can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PortOrderField {
    /// The name.
    Name,
    /// The state.
    Status,
    /// When they were made.
    CreatedAt,
}

impl Node for Port {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Port {
    type Row = network::Port;
    type Filter = PortFilter;
    type Order = PortOrderField;

    const KIND: &'static str = "Port";
    const LIST: &'static str = "ports";
    const COLLECTION: &'static Collection<network::Port> = PORTS;

    fn new(scope: &Scope, row: &Arc<network::Port>) -> Self {
        let addresses = row.fixed_ips.iter();
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            status: PortStatus::read(&row.status),
            is_admin_state_up: row.admin_state_up,
            mac_address: row.mac_address.clone(),
            network_id: row.network_id.as_ref().map(ID::from),
            project_id: row.project_id.as_ref().map(ID::from),
            device_id: row.device_id.clone(),
            device_owner: row.device_owner.clone(),
            server_id: row.server_id().map(ID::from),
            fixed_ips: addresses
                .map(|address| FixedIp::new(scope, address))
                .collect(),
            security_group_ids: row.security_groups.iter().map(ID::from).collect(),
            allowed_address_pairs: row.allowed_address_pairs.iter().map(Into::into).collect(),
            binding_host_id: row.binding_host_id.clone(),
            binding_vnic_type: row.binding_vnic_type.clone(),
            binding_vif_type: row.binding_vif_type.clone(),
            is_port_security_enabled: row.port_security_enabled,
            dns_name: row.dns_name.clone(),
            qos_policy_id: row.qos_policy_id.as_ref().map(ID::from),
            tags: row.tags.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &network::Port) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &network::Port) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: PortFilter) -> Result<PortFilter> {
        resolve_project(scope, &mut filter.project).await?;
        resolve::<Network>(scope, &mut filter.network).await?;
        resolve::<Subnet>(scope, &mut filter.subnet).await?;
        resolve::<SecurityGroup>(scope, &mut filter.security_group).await?;
        Ok(filter)
    }

    fn keeps(filter: &PortFilter, row: &network::Port) -> bool {
        keeps_plug(filter, row)
            && unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && one_of(filter.names.as_ref(), row.name.as_deref())
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(filter.status.as_ref(), |status| {
                PortStatus::read(&row.status) == *status
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.project_id.as_deref())
            })
            && unset_or(filter.network.as_ref(), |network| {
                is(network, row.network_id.as_deref())
            })
            && unset_or(filter.security_group.as_ref(), |group| {
                row.security_groups.iter().any(|id| is(group, Some(id)))
            })
            && unset_or(filter.binding_host_id.as_ref(), |host| {
                row.binding_host_id.as_deref() == Some(host)
            })
    }

    fn compare(order: PortOrderField, one: &network::Port, other: &network::Port) -> Ordering {
        match order {
            PortOrderField::Name => one.name.cmp(&other.name),
            PortOrderField::Status => one.status.cmp(&other.status),
            PortOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &PortFilter) -> Pushed {
        let subnet = filter
            .subnet
            .as_ref()
            .map(|id| format!("subnet_id={}", id.0));
        FilterQuery::new()
            .any("id", filter.ids.as_ref())
            .any("name", filter.names.as_ref())
            .rest(filter.names.is_some())
            .rest(filter.name_contains.is_some())
            .status(filter.status.map(PortStatus::wire))
            .of("project_id", filter.project.as_ref())
            .of("network_id", filter.network.as_ref())
            .one("fixed_ips", subnet)
            // Without its extension Neutron does not know this one.
            .rest(filter.security_group.is_some())
            .any("device_id", filter.device_ids.as_ref())
            .one("device_owner", filter.device_owner.as_ref())
            .rest(filter.device_owner.is_some())
            .rest(filter.has_server.is_some())
            .rest(filter.ip_address.is_some())
            .rest(filter.mac_address.is_some())
            .rest(filter.binding_host_id.is_some())
            .pushed()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn ids(cloud: &Cloud, query: Vec<Parameter>) -> Option<Result<Arc<Vec<String>>>> {
        Some(cloud.list_port_ids(&query).await.map(Arc::new))
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::Port>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

/// The part of the filter that is about addresses and about what the port is plugged into.
fn keeps_plug(filter: &PortFilter, row: &network::Port) -> bool {
    unset_or(filter.subnet.as_ref(), |subnet| {
        let mut addresses = row.fixed_ips.iter();
        addresses.any(|address| is(subnet, address.subnet_id.as_deref()))
    }) && unset_or(filter.ip_address.as_ref(), |wanted| {
        let mut addresses = row.fixed_ips.iter();
        addresses.any(|address| address.ip_address.as_deref() == Some(wanted))
    }) && unset_or(filter.mac_address.as_ref(), |wanted| {
        let address = row.mac_address.as_deref();
        address.is_some_and(|address| address.eq_ignore_ascii_case(wanted))
    }) && unset_or(filter.device_ids.as_ref(), |ids| {
        row.device_id.as_ref().is_some_and(|id| among(ids, id))
    }) && unset_or(filter.device_owner.as_ref(), |owner| {
        row.device_owner.as_deref() == Some(owner)
    }) && unset_or(filter.has_server.as_ref(), |has| {
        row.server_id().is_some() == *has
    })
}

root_fields! {
    PortQuery for Port,
    /// One port.
    one: port,
    /// The ports that the credential can see.
    many: ports,
    filter: PortFilter, order: PortOrderField
}

/// Ports by the id of what they are plugged into: a server, a router, …
pub struct PortsOfDevice;

impl Plan for PortsOfDevice {
    type Key = String;
    type Value = Vec<Arc<network::Port>>;

    async fn load(
        cloud: Cloud,
        devices: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Port>>>> {
        let rows = rows_by(&cloud, PORTS, "device_id", &devices).await?;
        Ok(grouped(rows, |row| row.device_id.as_deref()))
    }
}

/// Ports by the id of their network.
pub struct PortsOfNetwork;

impl Plan for PortsOfNetwork {
    type Key = String;
    type Value = Vec<Arc<network::Port>>;

    async fn load(
        cloud: Cloud,
        networks: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Port>>>> {
        let rows = rows_by(&cloud, PORTS, "network_id", &networks).await?;
        Ok(grouped(rows, |row| row.network_id.as_deref()))
    }
}

/// Ports by the id of a subnet that they have an address of.
pub struct PortsOfSubnet;

impl Plan for PortsOfSubnet {
    type Key = String;
    type Value = Vec<Arc<network::Port>>;

    async fn load(
        cloud: Cloud,
        subnets: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Port>>>> {
        let values: Vec<String> = subnets
            .iter()
            .map(|subnet| format!("subnet_id={subnet}"))
            .collect();
        let rows = rows_by(&cloud, PORTS, "fixed_ips", &values).await?;
        Ok(by_each(&rows, |row| {
            let addresses = row.fixed_ips.iter();
            addresses.filter_map(|address| address.subnet_id.as_deref())
        }))
    }
}

/// Ports by the id of a security group that filters them.
pub struct PortsOfSecurityGroup;

impl Plan for PortsOfSecurityGroup {
    type Key = String;
    type Value = Vec<Arc<network::Port>>;

    async fn load(
        cloud: Cloud,
        groups: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Port>>>> {
        let rows = match rows_by(&cloud, PORTS, "security_groups", &groups).await {
            // Neutron may lack the extension that filters by group.
            Err(error) if error.status() == Some(400) => cloud.list(PORTS, &[]).await?.to_vec(),
            rows => rows?,
        };
        Ok(by_each(&rows, |row| {
            row.security_groups.iter().map(String::as_str)
        }))
    }
}

/// Ports grouped by each of several owners, once for each.
fn by_each<'a, I: Iterator<Item = &'a str>>(
    rows: &'a [Arc<network::Port>],
    owners: impl Fn(&'a network::Port) -> I,
) -> HashMap<String, Vec<Arc<network::Port>>> {
    let mut groups: HashMap<String, Vec<Arc<network::Port>>> = HashMap::new();
    for row in rows {
        for owner in owners(row) {
            let group = groups.entry(owner.to_owned()).or_default();
            // A port may have two addresses of one subnet.
            if group.last().is_none_or(|last| last.id != row.id) {
                group.push(Arc::clone(row));
            }
        }
    }
    groups
}
