//! Subnets: ranges of addresses on a network.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

pub use self::mutation::SubnetMutation;
use super::network::{IpAvailabilityOfNetwork, Network, count};
use super::port::{Port, PortsOfSubnet};
use super::rows_by;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, SUBNETS, SubnetIpAvailability};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{FilterQuery, among, is, resolve, resolve_project};
use crate::graph::noun::{
    Noun, Pushed, by_maybe_id, by_repeated_id, contains, grouped, nested_by, root_fields, unset_or,
};
use crate::graph::scalar::{BigInt, DateTime, Ref};
use crate::graph::scope::Scope;

/// A subnet: a range of addresses on a network. From `GET /subnets`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Subnet {
    /// Neutron's id.
    id: ID,
    /// The name; not unique. Null when it has none.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Neutron's id of the network it is on.
    network_id: Option<ID>,
    /// Keystone's id of the project it belongs to.
    project_id: Option<ID>,
    /// 4 or 6.
    ip_version: Option<i32>,
    /// Its range, as `10.0.0.0/24`.
    cidr: Option<String>,
    /// The address of the gateway; null when it has none.
    gateway_ip: Option<String>,
    /// Whether guests are told their address by DHCP.
    is_dhcp_enabled: Option<bool>,
    /// The ranges that addresses are given out of.
    allocation_pools: Vec<AllocationPool>,
    /// The name servers that guests are told.
    dns_nameservers: Vec<String>,
    /// The routes that guests are told.
    host_routes: Vec<Route>,
    /// How guests get IPv6 addresses: `slaac`, `dhcpv6-stateful`, `dhcpv6-stateless`; null for
    /// IPv4, or when nobody tells them.
    ipv6_address_mode: Option<String>,
    /// How routers are announced over IPv6: values as above; null for IPv4, or when Neutron does
    /// not announce any.
    ipv6_ra_mode: Option<String>,
    /// Neutron's id of the pool that its range was cut from.
    subnetpool_id: Option<ID>,
    /// Neutron's id of the segment that it is bound to.
    segment_id: Option<ID>,
    /// The device owners that may have addresses of it; empty when all may.
    service_types: Vec<String>,
    /// What users tagged.
    tags: Vec<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Subnet {
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

    /// The network it is on.
    async fn network(&self) -> Answered<Network> {
        answered(by_maybe_id(&self.scope, self.network_id.as_ref().map(|id| id.as_str())).await)
    }

    /// The ports with an address of it, as far as the credential may see them.
    async fn ports(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Port>> {
        nested_by::<PortsOfSubnet, Port>(&self.scope, &self.id, first).await
    }

    /// How many of its addresses are taken. From `GET /network-ip-availabilities`; administrators
    /// only, null for others.
    async fn used_ips(&self) -> Answered<BigInt> {
        let found = self.availability().await;
        answered(found.map(|found| found.and_then(|found| count(found.used_ips.as_ref()))))
    }

    /// How many addresses it can give out; null for an IPv6 subnet, which has more than 64 bits
    /// can count. From `GET /network-ip-availabilities`; administrators only, null for others.
    async fn total_ips(&self) -> Answered<BigInt> {
        let found = self.availability().await;
        answered(found.map(|found| found.and_then(|found| count(found.total_ips.as_ref()))))
    }
}

impl Subnet {
    async fn availability(&self) -> Result<Option<SubnetIpAvailability>> {
        let Some(network) = &self.network_id else {
            return Ok(None);
        };
        let plan = self
            .scope
            .load::<IpAvailabilityOfNetwork>(network.to_string());
        let Some(network) = plan.await? else {
            return Ok(None);
        };
        let mut subnets = network.subnet_ip_availability.iter();
        Ok(subnets
            .find(|subnet| subnet.subnet_id == self.id.as_str())
            .cloned())
    }
}

/// A range that addresses are given out of.
#[derive(SimpleObject)]
pub struct AllocationPool {
    /// The first address.
    start: String,
    /// The last address.
    end: String,
}

/// A route: by which address a range is reached.
#[derive(SimpleObject)]
pub struct Route {
    /// The range, as `10.0.0.0/24`.
    destination: String,
    /// The address to send to.
    nexthop: String,
}

impl From<&network::Route> for Route {
    fn from(route: &network::Route) -> Self {
        Self {
            destination: route.destination.clone(),
            nexthop: route.nexthop.clone(),
        }
    }
}

impl From<&network::AllocationPool> for AllocationPool {
    fn from(pool: &network::AllocationPool) -> Self {
        Self {
            start: pool.start.clone(),
            end: pool.end.clone(),
        }
    }
}

/// Which subnets.
#[derive(InputObject, Default)]
pub struct SubnetFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Of this project.
    project: Option<Ref>,
    /// On this network.
    network: Option<Ref>,
    /// With exactly this range, as `10.0.0.0/24`.
    cidr: Option<String>,
    /// Of this IP version: 4 or 6.
    ip_version: Option<i32>,
    /// With DHCP, or without.
    is_dhcp_enabled: Option<bool>,
}

/// What subnets can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SubnetOrderField {
    /// The name.
    Name,
    /// The range, as text.
    Cidr,
    /// When they were made.
    CreatedAt,
}

impl Node for Subnet {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Subnet {
    type Row = network::Subnet;
    type Filter = SubnetFilter;
    type Order = SubnetOrderField;

    const KIND: &'static str = "Subnet";
    const LIST: &'static str = "subnets";
    const COLLECTION: &'static Collection<network::Subnet> = SUBNETS;

    fn new(scope: &Scope, row: &Arc<network::Subnet>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            network_id: row.network_id.as_ref().map(ID::from),
            project_id: row.project_id.as_ref().map(ID::from),
            ip_version: row.ip_version,
            cidr: row.cidr.clone(),
            gateway_ip: row.gateway_ip.clone(),
            is_dhcp_enabled: row.enable_dhcp,
            allocation_pools: row.allocation_pools.iter().map(Into::into).collect(),
            dns_nameservers: row.dns_nameservers.clone(),
            host_routes: row.host_routes.iter().map(Into::into).collect(),
            ipv6_address_mode: row.ipv6_address_mode.clone(),
            ipv6_ra_mode: row.ipv6_ra_mode.clone(),
            subnetpool_id: row.subnetpool_id.as_ref().map(ID::from),
            segment_id: row.segment_id.as_ref().map(ID::from),
            service_types: row.service_types.clone(),
            tags: row.tags.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &network::Subnet) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &network::Subnet) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: SubnetFilter) -> Result<SubnetFilter> {
        resolve_project(scope, &mut filter.project).await?;
        resolve::<Network>(scope, &mut filter.network).await?;
        Ok(filter)
    }

    fn keeps(filter: &SubnetFilter, row: &network::Subnet) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| {
                row.name.as_ref().is_some_and(|name| names.contains(name))
            })
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.project_id.as_deref())
            })
            && unset_or(filter.network.as_ref(), |network| {
                is(network, row.network_id.as_deref())
            })
            && unset_or(filter.cidr.as_ref(), |cidr| row.cidr.as_ref() == Some(cidr))
            && unset_or(filter.ip_version.as_ref(), |version| {
                row.ip_version == Some(*version)
            })
            && unset_or(filter.is_dhcp_enabled.as_ref(), |is| {
                row.enable_dhcp == Some(*is)
            })
    }

    fn compare(
        order: SubnetOrderField,
        one: &network::Subnet,
        other: &network::Subnet,
    ) -> Ordering {
        match order {
            SubnetOrderField::Name => one.name.cmp(&other.name),
            SubnetOrderField::Cidr => one.cidr.cmp(&other.cidr),
            SubnetOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &SubnetFilter) -> Pushed {
        FilterQuery::new()
            .any("id", filter.ids.as_ref())
            .any("name", filter.names.as_ref())
            .rest(filter.names.is_some())
            .rest(filter.name_contains.is_some())
            .of("project_id", filter.project.as_ref())
            .of("network_id", filter.network.as_ref())
            .rest(filter.cidr.is_some())
            .one("ip_version", filter.ip_version)
            .one("enable_dhcp", filter.is_dhcp_enabled)
            .pushed()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::Subnet>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

root_fields! {
    SubnetQuery for Subnet,
    /// One subnet.
    one: subnet,
    /// The subnets that the credential can see.
    many: subnets,
    filter: SubnetFilter, order: SubnetOrderField
}

/// Subnets by the id of their network.
pub struct SubnetsOfNetwork;

impl Plan for SubnetsOfNetwork {
    type Key = String;
    type Value = Vec<Arc<network::Subnet>>;

    async fn load(
        cloud: Cloud,
        networks: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<network::Subnet>>>> {
        let rows = rows_by(&cloud, SUBNETS, "network_id", &networks).await?;
        Ok(grouped(rows, |row| row.network_id.as_deref()))
    }
}
