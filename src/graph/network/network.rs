//! Networks: what ports are on.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use serde_json::Number;

pub use self::mutation::NetworkMutation;
use super::port::{Port, PortsOfNetwork};
use super::router::{Router, RoutersOfNetwork};
use super::rows_by;
use super::subnet::{Subnet, SubnetsOfNetwork};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, IP_AVAILABILITIES, IpAvailability, NETWORKS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{FilterQuery, among, is, resolve, resolve_project};
use crate::graph::noun::{
    Noun, Pushed, by_repeated_id, contains, nested_by, root_fields, unset_or,
};
use crate::graph::scalar::{BigInt, DateTime, Ref, open_enum};
use crate::graph::scope::Scope;

/// A network: an isolated layer 2 segment that ports are on. From `GET /networks`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Network {
    /// Neutron's id.
    id: ID,
    /// The name; not unique. Null when it has none.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Its state.
    status: NetworkStatus,
    /// Whether it is switched on; nothing passes otherwise.
    is_admin_state_up: Option<bool>,
    /// Whether every project may use it.
    is_shared: Option<bool>,
    /// Whether it leads out of the cloud: routers' gateways and floating IPs are on it.
    is_external: Option<bool>,
    /// Whether it is the external network that is taken when none is named; null where Neutron
    /// does not say.
    is_default: Option<bool>,
    /// The largest packet that passes, in bytes.
    mtu: Option<i64>,
    /// Keystone's id of the project it belongs to; null for some that Neutron made for itself.
    project_id: Option<ID>,
    /// The ids of its subnets.
    subnet_ids: Vec<ID>,
    /// The zones whose agents serve it.
    availability_zones: Vec<String>,
    /// The zones that were asked for.
    availability_zone_hints: Vec<String>,
    /// How it is made: `vlan`, `vxlan`, `geneve`, `flat`, `local`. Administrators only.
    provider_network_type: Option<String>,
    /// The physical network it is on; null for tunnels. Administrators only.
    provider_physical_network: Option<String>,
    /// Its VLAN or tunnel id. Administrators only.
    provider_segmentation_id: Option<i64>,
    /// Whether new ports on it are filtered.
    is_port_security_enabled: Option<bool>,
    /// Whether VLAN tags of guests pass; null where Neutron does not say.
    is_vlan_transparent: Option<bool>,
    /// The domain of its ports' names in DNS.
    dns_domain: Option<String>,
    /// Neutron's id of the policy on its bandwidth.
    qos_policy_id: Option<ID>,
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
impl Network {
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

    /// The routers that it is joined to, by an interface or as their way out, as far as the
    /// credential may see them.
    async fn routers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Router>> {
        nested_by::<RoutersOfNetwork, Router>(&self.scope, &self.id, first).await
    }

    /// Its subnets, as far as the credential may see them.
    async fn subnets(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Subnet>> {
        nested_by::<SubnetsOfNetwork, Subnet>(&self.scope, &self.id, first).await
    }

    /// The ports on it, as far as the credential may see them.
    async fn ports(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Port>> {
        nested_by::<PortsOfNetwork, Port>(&self.scope, &self.id, first).await
    }

    /// How many of its addresses are taken. From `GET /network-ip-availabilities`; administrators
    /// only, null for others.
    async fn used_ips(&self) -> Answered<BigInt> {
        let found = self.availability().await;
        answered(found.map(|found| found.and_then(|found| count(found.used_ips.as_ref()))))
    }

    /// How many addresses it can give out; null for an IPv6 network, which has more than 64 bits
    /// can count. From `GET /network-ip-availabilities`; administrators only, null for others.
    async fn total_ips(&self) -> Answered<BigInt> {
        let found = self.availability().await;
        answered(found.map(|found| found.and_then(|found| count(found.total_ips.as_ref()))))
    }
}

impl Network {
    async fn availability(&self) -> Result<Option<Arc<IpAvailability>>> {
        let id = self.id.to_string();
        self.scope.load::<IpAvailabilityOfNetwork>(id).await
    }
}

/// A number of addresses, if it fits.
pub(super) fn count(number: Option<&Number>) -> Option<BigInt> {
    number.and_then(Number::as_i64).map(BigInt)
}

open_enum! {
    /// The state of a network.
    NetworkStatus {
        /// It works.
        Active = "ACTIVE",
        /// It is being made.
        Build = "BUILD",
        /// It is switched off.
        Down = "DOWN",
        /// Something went wrong.
        Error = "ERROR",
    }
}

/// Which networks.
#[derive(InputObject, Default)]
pub struct NetworkFilter {
    /// This one, by its id or name; an error when there is none.
    network: Option<Ref>,
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this state.
    status: Option<NetworkStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// Open to all projects, or not.
    is_shared: Option<bool>,
    /// Leading out of the cloud, or not.
    is_external: Option<bool>,
    /// Switched on, or not.
    is_admin_state_up: Option<bool>,
    /// Made this way: `vlan`, `vxlan`, … Administrators only.
    provider_network_type: Option<String>,
}

/// What networks can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum NetworkOrderField {
    /// The name.
    Name,
    /// The state.
    Status,
    /// When they were made.
    CreatedAt,
}

impl Node for Network {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Network {
    type Row = network::Network;
    type Filter = NetworkFilter;
    type Order = NetworkOrderField;

    const KIND: &'static str = "Network";
    const LIST: &'static str = "networks";
    const COLLECTION: &'static Collection<network::Network> = NETWORKS;

    fn new(scope: &Scope, row: &Arc<network::Network>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            status: NetworkStatus::read(&row.status),
            is_admin_state_up: row.admin_state_up,
            is_shared: row.shared,
            is_external: row.external,
            is_default: row.is_default,
            mtu: row.mtu,
            project_id: row.project_id.as_ref().map(ID::from),
            subnet_ids: row.subnets.iter().map(ID::from).collect(),
            availability_zones: row.availability_zones.clone(),
            availability_zone_hints: row.availability_zone_hints.clone(),
            provider_network_type: row.provider_network_type.clone(),
            provider_physical_network: row.provider_physical_network.clone(),
            provider_segmentation_id: row.provider_segmentation_id,
            is_port_security_enabled: row.port_security_enabled,
            is_vlan_transparent: row.vlan_transparent,
            dns_domain: row.dns_domain.clone(),
            qos_policy_id: row.qos_policy_id.as_ref().map(ID::from),
            tags: row.tags.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &network::Network) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &network::Network) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(scope: &Scope, mut filter: NetworkFilter) -> Result<NetworkFilter> {
        resolve::<Self>(scope, &mut filter.network).await?;
        resolve_project(scope, &mut filter.project).await?;
        Ok(filter)
    }

    fn keeps(filter: &NetworkFilter, row: &network::Network) -> bool {
        unset_or(filter.network.as_ref(), |network| {
            is(network, Some(&row.id))
        }) && unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| {
                row.name.as_ref().is_some_and(|name| names.contains(name))
            })
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(filter.status.as_ref(), |status| {
                NetworkStatus::read(&row.status) == *status
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.project_id.as_deref())
            })
            && unset_or(filter.is_shared.as_ref(), |is| row.shared == Some(*is))
            && unset_or(filter.is_external.as_ref(), |is| row.external == Some(*is))
            && unset_or(filter.is_admin_state_up.as_ref(), |is| {
                row.admin_state_up == Some(*is)
            })
            && unset_or(filter.provider_network_type.as_ref(), |kind| {
                row.provider_network_type.as_ref() == Some(kind)
            })
    }

    fn compare(
        order: NetworkOrderField,
        one: &network::Network,
        other: &network::Network,
    ) -> Ordering {
        match order {
            NetworkOrderField::Name => one.name.cmp(&other.name),
            NetworkOrderField::Status => one.status.cmp(&other.status),
            NetworkOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &NetworkFilter) -> Pushed {
        let one = filter
            .network
            .as_ref()
            .map(|network| vec![ID::from(&network.0)]);
        FilterQuery::new()
            .any("id", one.as_ref().or(filter.ids.as_ref()))
            .rest(one.is_some() && filter.ids.is_some())
            .any("name", filter.names.as_ref())
            .rest(filter.names.is_some())
            .rest(filter.name_contains.is_some())
            .status(filter.status.map(NetworkStatus::wire))
            .of("project_id", filter.project.as_ref())
            .one("shared", filter.is_shared)
            .one("router:external", filter.is_external)
            .one("admin_state_up", filter.is_admin_state_up)
            .rest(filter.provider_network_type.is_some())
            .pushed()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::Network>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

root_fields! {
    NetworkQuery for Network,
    /// One network.
    one: network,
    /// The networks that the credential can see: shared and external ones too.
    many: networks,
    filter: NetworkFilter, order: NetworkOrderField
}

/// How full networks are, by their ids; none where the credential may not know, or where Neutron
/// lacks the extension.
pub struct IpAvailabilityOfNetwork;

impl Plan for IpAvailabilityOfNetwork {
    type Key = String;
    type Value = Arc<IpAvailability>;

    async fn load(cloud: Cloud, ids: Vec<String>) -> Result<HashMap<String, Arc<IpAvailability>>> {
        let rows = match rows_by(&cloud, IP_AVAILABILITIES, "network_id", &ids).await {
            Err(error) if error.is_not_found() || error.is_forbidden() => Vec::new(),
            rows => rows?,
        };
        Ok(rows
            .into_iter()
            .map(|row| (row.network_id.clone(), row))
            .collect())
    }
}
