//! Regions: parts of a cloud with endpoints of their own.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::among_ids;
use super::endpoint::Endpoint;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, REGIONS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::noun::{IdShape, Noun, Rows, by_maybe_id, contains, root_fields, unset_or};
use crate::graph::scope::Scope;

/// A region: a part of the cloud with endpoints of its own. From `GET /regions`, or the token's
/// catalog.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Region {
    /// The region's name, which is its id.
    id: ID,
    /// What it is.
    description: Option<String>,
    /// The region it is in; null when it is in none.
    parent_region_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Region {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The region it is in; null when it is in none.
    async fn parent_region(&self) -> Answered<Self> {
        answered(
            by_maybe_id(
                &self.scope,
                self.parent_region_id.as_ref().map(|id| id.as_str()),
            )
            .await,
        )
    }

    /// The endpoints in it.
    async fn endpoints(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Endpoint>> {
        let found = Endpoint::nested(&self.scope, first, |row| {
            row.region_id.as_deref() == Some(self.id.as_str())
        });
        certain(found.await)
    }
}

/// Which regions.
#[derive(InputObject, Default)]
pub struct RegionFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// The id contains this, whatever the case.
    id_contains: Option<String>,
}

/// What regions can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RegionOrderField {
    /// The id, which is the name.
    Id,
}

impl Node for Region {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Region {
    type Row = identity::Region;
    type Filter = RegionFilter;
    type Order = RegionOrderField;

    const KIND: &'static str = "Region";
    const LIST: &'static str = "regions";
    const COLLECTION: &'static Collection<identity::Region> = REGIONS;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<identity::Region>) -> Self {
        let parent = row.parent_region_id.as_ref();
        Self {
            id: ID::from(&row.id),
            description: row.description.clone(),
            parent_region_id: parent.filter(|id| !id.is_empty()).map(ID::from),
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::Region) -> Option<&str> {
        Some(&row.id)
    }

    fn keeps(filter: &RegionFilter, row: &identity::Region) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.id_contains.as_ref(), |part| {
                contains(Some(&row.id), part)
            })
    }

    fn compare(
        order: RegionOrderField,
        one: &identity::Region,
        other: &identity::Region,
    ) -> Ordering {
        match order {
            RegionOrderField::Id => one.id.cmp(&other.id),
        }
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::Region>> {
        cloud.list_regions(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::among_all::<Self>(cloud, &ids).await
    }
}

root_fields! {
    RegionQuery for Region,
    /// One region.
    one: region,
    /// The regions of the cloud.
    many: regions,
    filter: RegionFilter, order: RegionOrderField
}
