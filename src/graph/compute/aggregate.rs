//! Host aggregates: hosts that have something in common.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, Json, SimpleObject};
use futures_util::future::try_join_all;

use super::availability_zone::AvailabilityZone;
use super::hypervisor::{Hypervisor, HypervisorsOfHost};
use super::placed::ServersOnHost;
use super::server::Server;
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, HOST_AGGREGATES};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::loader::Plan;
use crate::graph::noun::{IdShape, Noun, by_maybe_id, contains, nested, root_fields, unset_or};
use crate::graph::scalar::DateTime;
use crate::graph::scope::Scope;

/// Hosts that have something in common: an availability zone, or what the scheduler matches with
/// flavors. From `GET /os-aggregates` (2.41); administrators only.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct HostAggregate {
    /// Nova's id: a number.
    id: ID,
    /// Placement's id.
    uuid: Option<ID>,
    /// The name, unique in the cloud.
    name: String,
    /// The name of the availability zone that its hosts are in; null when it makes none.
    availability_zone_name: Option<String>,
    /// The hosts of its compute services.
    hosts: Vec<String>,
    /// What the scheduler matches with flavors, by key.
    metadata: Json<BTreeMap<String, String>>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed; null when it never was.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl HostAggregate {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The availability zone that its hosts are in; null when it makes none.
    async fn availability_zone(&self) -> Answered<AvailabilityZone> {
        answered(by_maybe_id(&self.scope, self.availability_zone_name.as_deref()).await)
    }

    /// The hypervisors of its hosts.
    async fn hypervisors(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Hypervisor>> {
        let found = async {
            let loaded = self.hosts.iter().map(|host| {
                let host = host.clone();
                self.scope.load::<HypervisorsOfHost>(host)
            });
            let rows: Vec<_> = try_join_all(loaded).await?;
            let rows: Vec<_> = rows.into_iter().flatten().flatten().collect();
            nested(&self.scope, &rows, first).await
        };
        certain(found.await)
    }

    /// The servers on its hosts; null unless the credential is an administrator's.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        let found = async {
            let loaded = self.hosts.iter().map(|host| {
                let host = host.clone();
                self.scope.load::<ServersOnHost>(host)
            });
            let rows: Option<Vec<_>> = try_join_all(loaded).await?.into_iter().collect();
            let Some(rows) = rows else { return Ok(None) };
            let rows: Vec<_> = rows.into_iter().flatten().collect();
            nested(&self.scope, &rows, first).await.map(Some)
        };
        answered(found.await)
    }
}

/// Which host aggregates.
#[derive(InputObject, Default)]
pub struct HostAggregateFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Making the availability zone of this name.
    availability_zone: Option<String>,
    /// With this host.
    host: Option<String>,
}

/// What host aggregates can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum HostAggregateOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
}

impl Node for HostAggregate {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for HostAggregate {
    type Row = compute::HostAggregate;
    type Filter = HostAggregateFilter;
    type Order = HostAggregateOrderField;

    const KIND: &'static str = "HostAggregate";
    const LIST: &'static str = "hostAggregates";
    const COLLECTION: &'static Collection<compute::HostAggregate> = HOST_AGGREGATES;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<compute::HostAggregate>) -> Self {
        Self {
            id: ID::from(&row.id),
            uuid: row.uuid.as_deref().map(ID::from),
            name: row.name.clone(),
            availability_zone_name: row.availability_zone.clone(),
            hosts: row.hosts.clone(),
            metadata: Json(row.metadata.clone()),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::HostAggregate) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &HostAggregateFilter, row: &compute::HostAggregate) -> bool {
        unset_or(filter.ids.as_ref(), |ids| {
            ids.iter().any(|id| **id == row.id)
        }) && unset_or(filter.names.as_ref(), |names| names.contains(&row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.availability_zone.as_ref(), |zone| {
                row.availability_zone.as_ref() == Some(zone)
            })
            && unset_or(filter.host.as_ref(), |host| row.hosts.contains(host))
    }

    fn compare(
        order: HostAggregateOrderField,
        one: &compute::HostAggregate,
        other: &compute::HostAggregate,
    ) -> Ordering {
        match order {
            HostAggregateOrderField::Name => one.name.cmp(&other.name),
            HostAggregateOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }
}

root_fields! {
    HostAggregateQuery for HostAggregate,
    /// One host aggregate.
    one: host_aggregate,
    /// Hosts that have something in common; administrators only.
    many: host_aggregates,
    filter: HostAggregateFilter, order: HostAggregateOrderField
}

/// Host aggregates by a host in them.
pub struct AggregatesOfHost;

impl Plan for AggregatesOfHost {
    type Key = String;
    type Value = Vec<Arc<compute::HostAggregate>>;

    async fn load(
        cloud: Cloud,
        hosts: Vec<String>,
    ) -> Result<HashMap<String, Vec<Arc<compute::HostAggregate>>>> {
        let rows = cloud.list(HOST_AGGREGATES, &[]).await?;
        let found = hosts.into_iter().map(|host| {
            let with_host = rows.iter().filter(|row| row.hosts.contains(&host));
            let with_host = with_host.cloned().collect();
            (host, with_host)
        });
        Ok(found.collect())
    }
}
