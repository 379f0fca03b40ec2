//! Endpoints: where services answer.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::region::Region;
use super::service::Service;
use super::{among_ids, reach_beneath, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, ENDPOINTS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered};
use crate::graph::noun::{
    IdShape, Noun, Rows, by_id, by_maybe_id, contains, id_of, root_fields, unset_or,
};
use crate::graph::scalar::{Ref, open_enum};
use crate::graph::scope::Scope;

/// Where a service answers. From `GET /endpoints`; for a credential that may not list them,
/// those of its token's catalog.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Endpoint {
    /// Keystone's id.
    id: ID,
    /// For whom it is.
    interface: EndpointInterface,
    /// Where it answers; may hold a placeholder for the project's id.
    url: String,
    /// Whether catalogs list it.
    is_enabled: Option<bool>,
    /// The id of its service.
    service_id: ID,
    /// The id, which is the name, of its region; null when it is in none.
    region_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

open_enum! {
    /// For whom an endpoint is.
    EndpointInterface {
        /// For everyone.
        Public = "public",
        /// For the cloud's own networks.
        Internal = "internal",
        /// For administrators.
        Admin = "admin",
    }
}

#[ComplexObject]
impl Endpoint {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The service that answers there.
    async fn service(&self) -> Answered<Service> {
        answered(by_id(&self.scope, &self.service_id).await)
    }

    /// The region it is in; null when it is in none.
    async fn region(&self) -> Answered<Region> {
        answered(by_maybe_id(&self.scope, self.region_id.as_ref().map(|id| id.as_str())).await)
    }
}

impl Endpoint {
    /// The endpoints beneath another node.
    pub(super) async fn nested(
        scope: &Scope,
        first: Option<i32>,
        keeps: impl Fn(&identity::Endpoint) -> bool,
    ) -> Result<Connection<Self>> {
        let reach = reach_beneath::<Self>(scope, Reach::Project).await?;
        let rows = scope.cloud().list_endpoints(&[]).await?;
        let rows: Vec<_> = rows.iter().filter(|row| keeps(row)).cloned().collect();
        Connection::nested(
            &rows,
            |row| &row.id,
            first,
            reach,
            |row| Self::new(scope, row),
        )
    }
}

/// Which endpoints.
#[derive(InputObject, Default)]
pub struct EndpointFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// The URL contains this, whatever the case.
    url_contains: Option<String>,
    /// For these.
    interface: Option<EndpointInterface>,
    /// Of this service.
    service: Option<Ref>,
    /// In this region.
    region: Option<Ref>,
    /// Listed by catalogs, or not.
    is_enabled: Option<bool>,
}

/// What endpoints can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum EndpointOrderField {
    /// The URL.
    Url,
    /// For whom it is.
    Interface,
    /// The region's id.
    Region,
}

impl Node for Endpoint {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Endpoint {
    type Row = identity::Endpoint;
    type Filter = EndpointFilter;
    type Order = EndpointOrderField;

    const KIND: &'static str = "Endpoint";
    const LIST: &'static str = "endpoints";
    const COLLECTION: &'static Collection<identity::Endpoint> = ENDPOINTS;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::Endpoint>) -> Self {
        let region = row.region_id.as_ref();
        Self {
            id: ID::from(&row.id),
            interface: EndpointInterface::read(&row.interface),
            url: row.url.clone(),
            is_enabled: row.enabled,
            service_id: ID::from(&row.service_id),
            region_id: region.filter(|id| !id.is_empty()).map(ID::from),
            scope: scope.clone(),
        }
    }

    fn name(_row: &identity::Endpoint) -> Option<&str> {
        None
    }

    fn keeps(filter: &EndpointFilter, row: &identity::Endpoint) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.url_contains.as_ref(), |part| {
                contains(Some(&row.url), part)
            })
            && unset_or(filter.interface.as_ref(), |interface| {
                EndpointInterface::read(&row.interface) == *interface
            })
            && unset_or(filter.service.as_ref(), |service| {
                row.service_id == service.0
            })
            && unset_or(filter.region.as_ref(), |region| {
                row.region_id.as_ref() == Some(&region.0)
            })
            && unset_or(filter.is_enabled.as_ref(), |enabled| {
                row.enabled == Some(*enabled)
            })
    }

    fn compare(
        order: EndpointOrderField,
        one: &identity::Endpoint,
        other: &identity::Endpoint,
    ) -> Ordering {
        match order {
            EndpointOrderField::Url => one.url.cmp(&other.url),
            EndpointOrderField::Interface => one.interface.cmp(&other.interface),
            EndpointOrderField::Region => one.region_id.cmp(&other.region_id),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::Project).await
    }

    async fn prepare(scope: &Scope, mut filter: EndpointFilter) -> Result<EndpointFilter> {
        if let Some(service) = &filter.service {
            filter.service = Some(Ref(id_of::<Service>(scope, service).await?));
        }
        if let Some(region) = &filter.region {
            filter.region = Some(Ref(id_of::<Region>(scope, region).await?));
        }
        Ok(filter)
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::Endpoint>> {
        cloud.list_endpoints(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::among_all::<Self>(cloud, &ids).await
    }
}

root_fields! {
    EndpointQuery for Endpoint,
    /// One endpoint, by its id.
    one: endpoint,
    /// Where services answer; as the token's catalog says unless the credential may list others.
    many: endpoints,
    filter: EndpointFilter, order: EndpointOrderField
}
