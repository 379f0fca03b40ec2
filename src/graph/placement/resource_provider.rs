//! Resource providers: what compute nodes, and their parts, have to give.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::inventory::{InventoriesOfProvider, Inventory, Usage, UsagesOfProvider, of_each};
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::collection::Collection;
use crate::cloud::placement::{self, RESOURCE_PROVIDERS};
use crate::graph::compute::hypervisor::Hypervisor;
use crate::graph::connection::{Node, Reach};
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::noun::{Noun, by_id, by_maybe_id, contains, id_of, root_fields, unset_or};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// Something that has resources to give: a compute node, a part of one, or a shared pool. From
/// `GET /resource_providers` (1.39); administrators only.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ResourceProvider {
    /// Placement's uuid; a compute node's is the hypervisor's id.
    id: ID,
    /// The name; a compute node's is its hypervisor hostname.
    name: Option<String>,
    /// Counts the changes of its inventories and allocations.
    generation: Option<i64>,
    /// The uuid of the provider it is part of; null for one that is part of none.
    parent_provider_id: Option<ID>,
    /// The uuid of the provider at the top, which may be itself.
    root_provider_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl ResourceProvider {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The provider it is part of; null for one that is part of none.
    async fn parent(&self) -> Answered<Self> {
        answered(
            by_maybe_id(
                &self.scope,
                self.parent_provider_id.as_ref().map(|id| id.as_str()),
            )
            .await,
        )
    }

    /// The provider at the top, which may be itself.
    async fn root(&self) -> Answered<Self> {
        answered(
            by_maybe_id(
                &self.scope,
                self.root_provider_id.as_ref().map(|id| id.as_str()),
            )
            .await,
        )
    }

    /// The hypervisor whose resources these are; null for a part of one, and for what is none,
    /// as a shared pool.
    async fn hypervisor(&self) -> Answered<Hypervisor> {
        // Only the provider at the top has the hypervisor's id.
        if self.parent_provider_id.is_some() {
            return None;
        }
        answered(by_id(&self.scope, &self.id).await)
    }

    /// What it has, by resource class; null when it is gone.
    async fn inventories(&self) -> Answered<Vec<Inventory>> {
        let found = async {
            let key = self.id.to_string();
            let Some(inventories) = self.scope.load::<InventoriesOfProvider>(key).await? else {
                return Ok(None);
            };
            Ok(Some(Inventory::all(&self.scope, &self.id, &*inventories?)))
        };
        answered(found.await)
    }

    /// What is taken of it, by resource class; null when it is gone.
    async fn usages(&self) -> Answered<Vec<Usage>> {
        let found = async {
            let key = self.id.to_string();
            let Some(usages) = self.scope.load::<UsagesOfProvider>(key).await? else {
                return Ok(None);
            };
            Ok(Some(Usage::all(&*usages?)))
        };
        answered(found.await)
    }

    /// What it can do, from `GET /resource_providers/{uuid}/traits`; null when it is gone.
    async fn traits(&self) -> Answered<Vec<String>> {
        let found = async {
            let traits = self
                .scope
                .load::<TraitsOfProvider>(self.id.to_string())
                .await?;
            Ok(traits.transpose()?.map(|traits| traits.to_vec()))
        };
        answered(found.await)
    }

    /// The uuids of the aggregates it is in, from `GET /resource_providers/{uuid}/aggregates`;
    /// null when it is gone.
    async fn aggregate_ids(&self) -> Answered<Vec<ID>> {
        let found = async {
            let ids = self
                .scope
                .load::<AggregatesOfProvider>(self.id.to_string())
                .await?;
            let ids = ids.transpose()?;
            Ok(ids.map(|ids| ids.iter().map(ID::from).collect()))
        };
        answered(found.await)
    }

    /// How many consumers have something of it: servers, and servers on the move. From
    /// `GET /resource_providers/{uuid}/allocations`; null when it is gone.
    async fn allocation_count(&self) -> Answered<i32> {
        let found = async {
            let count = self
                .scope
                .load::<AllocationsOfProvider>(self.id.to_string())
                .await?;
            let count = count.transpose()?;
            Ok(count.and_then(|count| i32::try_from(count).ok()))
        };
        answered(found.await)
    }
}

/// Which resource providers.
#[derive(InputObject, Default)]
pub struct ResourceProviderFilter {
    /// With one of these uuids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In the tree of this provider at the top.
    root: Option<Ref>,
}

/// What resource providers can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ResourceProviderOrderField {
    /// The name.
    Name,
}

impl Node for ResourceProvider {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for ResourceProvider {
    type Row = placement::ResourceProvider;
    type Filter = ResourceProviderFilter;
    type Order = ResourceProviderOrderField;

    const KIND: &'static str = "ResourceProvider";
    const LIST: &'static str = "resourceProviders";
    const COLLECTION: &'static Collection<placement::ResourceProvider> = RESOURCE_PROVIDERS;
    const REACH: Reach = Reach::Cloud;

    fn new(scope: &Scope, row: &Arc<placement::ResourceProvider>) -> Self {
        Self {
            id: ID::from(&row.uuid),
            name: row.name.clone(),
            generation: row.generation,
            parent_provider_id: row.parent_provider_uuid.as_ref().map(ID::from),
            root_provider_id: row.root_provider_uuid.as_ref().map(ID::from),
            scope: scope.clone(),
        }
    }

    fn name(row: &placement::ResourceProvider) -> Option<&str> {
        row.name.as_deref()
    }

    fn keeps(filter: &ResourceProviderFilter, row: &placement::ResourceProvider) -> bool {
        let name = row.name.as_deref();
        unset_or(filter.ids.as_ref(), |ids| {
            ids.iter().any(|id| id.as_str() == row.uuid)
        }) && unset_or(filter.names.as_ref(), |names| {
            names.iter().any(|known| Some(known.as_str()) == name)
        }) && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.root.as_ref(), |root| {
                row.root_provider_uuid.as_ref() == Some(&root.0)
            })
    }

    fn compare(
        order: ResourceProviderOrderField,
        one: &placement::ResourceProvider,
        other: &placement::ResourceProvider,
    ) -> Ordering {
        match order {
            ResourceProviderOrderField::Name => one.name.cmp(&other.name),
        }
    }

    async fn prepare(
        scope: &Scope,
        mut filter: ResourceProviderFilter,
    ) -> Result<ResourceProviderFilter> {
        if let Some(root) = &filter.root {
            filter.root = Some(Ref(id_of::<Self>(scope, root).await?));
        }
        Ok(filter)
    }
}

root_fields! {
    ResourceProviderQuery for ResourceProvider,
    /// One resource provider.
    one: resource_provider,
    /// What has resources to give; administrators only.
    many: resource_providers,
    filter: ResourceProviderFilter, order: ResourceProviderOrderField
}

/// What providers can do: a call for each, in parallel, each with its own outcome.
pub struct TraitsOfProvider;

impl Plan for TraitsOfProvider {
    type Key = String;
    type Value = Result<Arc<Vec<String>>>;

    async fn load(cloud: Cloud, providers: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let ask = async move |cloud: Cloud, provider: String| cloud.list_traits(&provider).await;
        Ok(of_each(&cloud, providers, ask).await)
    }
}

/// The aggregates of providers: a call for each, in parallel, each with its own outcome.
pub struct AggregatesOfProvider;

impl Plan for AggregatesOfProvider {
    type Key = String;
    type Value = Result<Arc<Vec<String>>>;

    async fn load(cloud: Cloud, providers: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let ask = async move |cloud: Cloud, provider: String| {
            cloud.list_provider_aggregates(&provider).await
        };
        Ok(of_each(&cloud, providers, ask).await)
    }
}

/// How many consumers providers have: a call for each, in parallel, each with its own outcome.
pub struct AllocationsOfProvider;

impl Plan for AllocationsOfProvider {
    type Key = String;
    type Value = Result<usize>;

    async fn load(cloud: Cloud, providers: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let ask =
            async move |cloud: Cloud, provider: String| cloud.count_allocations(&provider).await;
        Ok(of_each(&cloud, providers, ask).await)
    }
}
