//! Availability zones: where servers can be put.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, InputObject, SimpleObject};

use super::aggregate::HostAggregate;
use super::placed::ServersInZone;
use super::server::Server;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, AVAILABILITY_ZONES, HOST_AGGREGATES, ZoneService};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, certain};
use crate::graph::noun::{IdShape, Noun, Rows, contains, nested, root_fields, unset_or};
use crate::graph::scalar::DateTime;
use crate::graph::scope::Scope;

/// Where servers can be put. From `GET /os-availability-zone`, with `/detail` for administrators.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct AvailabilityZone {
    /// The name, which is all that identifies it.
    name: String,
    /// Whether servers can be put there.
    is_available: Option<bool>,
    /// Its hosts; null unless the credential is an administrator's.
    hosts: Option<Vec<AvailabilityZoneHost>>,
    #[graphql(skip)]
    scope: Scope,
}

/// A host of an availability zone.
#[derive(SimpleObject)]
pub struct AvailabilityZoneHost {
    /// The host.
    host: String,
    /// The processes of Nova on it.
    services: Vec<AvailabilityZoneService>,
}

/// A process of Nova on a host of an availability zone.
#[derive(SimpleObject)]
pub struct AvailabilityZoneService {
    /// What runs: `nova-compute`.
    binary: String,
    /// Whether it reports.
    is_available: Option<bool>,
    /// Whether it may be given work.
    is_active: Option<bool>,
    /// When it last reported.
    updated_at: Option<DateTime>,
}

#[ComplexObject]
impl AvailabilityZone {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The host aggregates that make it; an error unless the credential is an administrator's.
    async fn host_aggregates(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<HostAggregate>> {
        let found = async {
            let rows = self.scope.cloud().list(HOST_AGGREGATES, &[]).await?;
            let own = |row: &&Arc<compute::HostAggregate>| {
                row.availability_zone.as_ref() == Some(&self.name)
            };
            let rows: Vec<_> = rows.iter().filter(own).cloned().collect();
            nested(&self.scope, &rows, first).await
        };
        certain(found.await)
    }

    /// The servers in it that the credential can see. A server without a host is in none.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        let found = async {
            let rows = self.scope.load::<ServersInZone>(self.name.clone());
            nested(&self.scope, &rows.await?.unwrap_or_default(), first).await
        };
        certain(found.await)
    }
}

/// Which availability zones.
#[derive(InputObject, Default)]
pub struct AvailabilityZoneFilter {
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Open for servers, or not.
    is_available: Option<bool>,
}

/// What availability zones can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum AvailabilityZoneOrderField {
    /// The name.
    Name,
}

impl Node for AvailabilityZone {
    fn cursor_id(&self) -> &str {
        &self.name
    }
}

impl Noun for AvailabilityZone {
    type Row = compute::AvailabilityZone;
    type Filter = AvailabilityZoneFilter;
    type Order = AvailabilityZoneOrderField;

    const KIND: &'static str = "AvailabilityZone";
    const LIST: &'static str = "availabilityZones";
    const COLLECTION: &'static Collection<compute::AvailabilityZone> = AVAILABILITY_ZONES;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<compute::AvailabilityZone>) -> Self {
        Self {
            name: row.name.clone(),
            is_available: is_available(row),
            hosts: row
                .hosts
                .as_ref()
                .map(|hosts| hosts.iter().map(host).collect()),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::AvailabilityZone) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &AvailabilityZoneFilter, row: &compute::AvailabilityZone) -> bool {
        unset_or(filter.names.as_ref(), |names| names.contains(&row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.is_available.as_ref(), |available| {
                is_available(row) == Some(*available)
            })
    }

    fn compare(
        order: AvailabilityZoneOrderField,
        one: &compute::AvailabilityZone,
        other: &compute::AvailabilityZone,
    ) -> Ordering {
        match order {
            AvailabilityZoneOrderField::Name => one.name.cmp(&other.name),
        }
    }

    async fn all(cloud: &Cloud, _query: Vec<Parameter>) -> Result<Rows<compute::AvailabilityZone>> {
        cloud.list_availability_zones().await
    }

    async fn show(cloud: &Cloud, id: &str) -> Result<Option<Arc<compute::AvailabilityZone>>> {
        let rows = cloud.list_availability_zones().await?;
        Ok(rows.iter().find(|row| row.name == id).cloned())
    }
}

root_fields! {
    AvailabilityZoneQuery for AvailabilityZone,
    /// One availability zone.
    one: availability_zone,
    /// Where servers can be put.
    many: availability_zones,
    filter: AvailabilityZoneFilter, order: AvailabilityZoneOrderField
}

fn is_available(row: &compute::AvailabilityZone) -> Option<bool> {
    row.state.as_ref()?.available
}

fn host((host, services): (&String, &BTreeMap<String, ZoneService>)) -> AvailabilityZoneHost {
    let services = services
        .iter()
        .map(|(binary, service)| AvailabilityZoneService {
            binary: binary.clone(),
            is_available: service.available,
            is_active: service.active,
            updated_at: DateTime::maybe(service.updated_at.as_deref()),
        });
    AvailabilityZoneHost {
        host: host.clone(),
        services: services.collect(),
    }
}
