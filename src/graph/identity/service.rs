//! Services: what a cloud offers, as Keystone's catalog knows it.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::endpoint::Endpoint;
use super::{among_ids, among_names, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, SERVICES};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, certain};
use crate::graph::noun::{IdShape, Noun, Rows, contains, root_fields, unset_or};
use crate::graph::scope::Scope;

/// A service that the cloud offers. From `GET /services`; for a credential that may not list
/// them, those of its token's catalog.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Service {
    /// Keystone's id.
    id: ID,
    /// The name, as `nova`.
    name: Option<String>,
    /// What kind of service it is, as `compute`.
    #[graphql(name = "type")]
    service_type: String,
    /// What it is for.
    description: Option<String>,
    /// Whether catalogs list it.
    is_enabled: Option<bool>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Service {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// Where it answers.
    async fn endpoints(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Endpoint>> {
        let found = Endpoint::nested(&self.scope, first, |row| row.service_id == self.id.as_str());
        certain(found.await)
    }
}

/// Which services.
#[derive(InputObject, Default)]
pub struct ServiceFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Of one of these types, as `compute`.
    types: Option<Vec<String>>,
    /// Listed by catalogs, or not.
    is_enabled: Option<bool>,
}

/// What services can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ServiceOrderField {
    /// The name.
    Name,
    /// The type.
    Type,
}

impl Node for Service {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Service {
    type Row = identity::CatalogedService;
    type Filter = ServiceFilter;
    type Order = ServiceOrderField;

    const KIND: &'static str = "Service";
    const LIST: &'static str = "services";
    const COLLECTION: &'static Collection<identity::CatalogedService> = SERVICES;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::CatalogedService>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            service_type: row.service_type.clone(),
            description: row.description.clone(),
            is_enabled: row.enabled,
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::CatalogedService) -> Option<&str> {
        row.name.as_deref()
    }

    fn keeps(filter: &ServiceFilter, row: &identity::CatalogedService) -> bool {
        let name = row.name.as_deref();
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| {
                name.is_some_and(|name| among_names(names, name))
            })
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.types.as_ref(), |types| {
                among_names(types, &row.service_type)
            })
            && unset_or(filter.is_enabled.as_ref(), |enabled| {
                row.enabled == Some(*enabled)
            })
    }

    fn compare(
        order: ServiceOrderField,
        one: &identity::CatalogedService,
        other: &identity::CatalogedService,
    ) -> Ordering {
        match order {
            ServiceOrderField::Name => one.name.cmp(&other.name),
            ServiceOrderField::Type => one.service_type.cmp(&other.service_type),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::Project).await
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::CatalogedService>> {
        cloud.list_services(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::among_all::<Self>(cloud, &ids).await
    }
}

root_fields! {
    ServiceQuery for Service,
    /// One service of the catalog.
    one: service,
    /// The services that the cloud offers; those of the token's catalog unless the credential
    /// may list others.
    many: services,
    filter: ServiceFilter, order: ServiceOrderField
}
