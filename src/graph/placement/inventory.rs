//! What a resource provider has, and how much of it is taken.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, SimpleObject};
use futures_util::future::join_all;

use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::placement::{self, ByClass, Capacity};
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::scope::Scope;

/// How much a resource provider has of one resource class. From
/// `GET /resource_providers/{uuid}/inventories`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Inventory {
    /// The resource class, as `VCPU`, `MEMORY_MB` (MiB) or `DISK_GB` (GiB); amounts are in its
    /// unit.
    resource_class: String,
    /// What there is physically.
    total: i64,
    /// What is kept for the host itself.
    reserved: i64,
    /// How often each unit may be given away.
    allocation_ratio: f64,
    /// How much may be given away in all: `(total - reserved) * allocationRatio`, rounded down.
    capacity: i64,
    /// The least that one consumer can ask for.
    min_unit: Option<i64>,
    /// The most that one consumer can have.
    max_unit: Option<i64>,
    /// What amounts must be a multiple of.
    step_size: Option<i64>,
    #[graphql(skip)]
    provider: String,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Inventory {
    /// How much is given away, in the class's unit.
    async fn used(&self) -> Answered<i64> {
        answered(self.usage().await)
    }
}

impl Inventory {
    /// The inventories of a provider, in the order of their classes.
    pub(super) fn all(
        scope: &Scope,
        provider: &str,
        inventories: &ByClass<placement::Inventory>,
    ) -> Vec<Self> {
        let rows = inventories.iter().map(|(class, inventory)| Self {
            resource_class: class.clone(),
            total: inventory.total,
            reserved: inventory.reserved,
            allocation_ratio: inventory.allocation_ratio,
            capacity: inventory.capacity(),
            min_unit: inventory.min_unit,
            max_unit: inventory.max_unit,
            step_size: inventory.step_size,
            provider: provider.to_owned(),
            scope: scope.clone(),
        });
        rows.collect()
    }

    async fn usage(&self) -> Result<Option<i64>> {
        let usages = self.scope.load::<UsagesOfProvider>(self.provider.clone());
        match usages.await? {
            Some(usages) => Ok(usages?.get(&self.resource_class).copied()),
            None => Ok(None),
        }
    }
}

/// How much of one resource class is taken of a resource provider.
#[derive(SimpleObject)]
pub struct Usage {
    /// The resource class, as `VCPU`, `MEMORY_MB` (MiB) or `DISK_GB` (GiB).
    resource_class: String,
    /// How much is given away, in the class's unit.
    used: i64,
}

impl Usage {
    /// The usages of a provider, in the order of their classes.
    pub(super) fn all(usages: &ByClass<i64>) -> Vec<Self> {
        let rows = usages.iter().map(|(class, used)| Self {
            resource_class: class.clone(),
            used: *used,
        });
        rows.collect()
    }
}

/// Asks for something of each provider, in parallel, each with its own outcome; a provider that
/// is gone is left out.
pub(super) async fn of_each<T, F>(
    cloud: &Cloud,
    providers: Vec<String>,
    ask: impl Fn(Cloud, String) -> F,
) -> HashMap<String, Result<T>>
where
    F: Future<Output = Result<T>>,
{
    let asked = providers.into_iter().map(|provider| {
        let asking = ask(cloud.clone(), provider.clone());
        async move { (provider, asking.await) }
    });
    let outcomes = join_all(asked).await.into_iter();
    outcomes
        .filter(|(_, outcome)| !matches!(outcome, Err(error) if error.is_not_found()))
        .collect()
}

/// What providers have, physically too: a call for each, in parallel, each with its own outcome.
pub struct InventoriesOfProvider;

impl Plan for InventoriesOfProvider {
    type Key = String;
    type Value = Result<Arc<ByClass<placement::Inventory>>>;

    async fn load(cloud: Cloud, providers: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let ask =
            async move |cloud: Cloud, provider: String| cloud.list_inventories(&provider).await;
        Ok(of_each(&cloud, providers, ask).await)
    }
}

/// What is taken of providers: one call for all that have memory left, when several are asked
/// for, and one for each other.
pub struct UsagesOfProvider;

impl Plan for UsagesOfProvider {
    type Key = String;
    type Value = Result<Arc<ByClass<i64>>>;

    async fn load(cloud: Cloud, providers: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let (found, rest) = roomy_among(&cloud, providers).await;
        let ask =
            async move |cloud: Cloud, provider: String| cloud.list_provider_usages(&provider).await;
        let mut usages = of_each(&cloud, rest, ask).await;
        usages.extend(found.into_iter().map(|(provider, capacities)| {
            let used = capacities
                .into_iter()
                .map(|(class, capacity)| (class, capacity.used));
            (provider, Ok(Arc::new(used.collect())))
        }));
        Ok(usages)
    }
}

/// What may be given away of providers, and what of it is: one call for all that have memory
/// left, and two for each other.
pub struct CapacityOfProviders;

impl Plan for CapacityOfProviders {
    type Key = String;
    type Value = Result<ByClass<Capacity>>;

    async fn load(cloud: Cloud, providers: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let (found, rest) = roomy_among(&cloud, providers).await;
        let ask =
            async move |cloud: Cloud, provider: String| cloud.provider_capacity(&provider).await;
        let mut capacities = of_each(&cloud, rest, ask).await;
        capacities.extend(
            found
                .into_iter()
                .map(|(provider, capacities)| (provider, Ok(capacities))),
        );
        Ok(capacities)
    }
}

/// Those of several providers that one call tells of, and the others. A failure of that call is
/// no loss: the others are asked for one by one, and say themselves what is wrong.
async fn roomy_among(
    cloud: &Cloud,
    providers: Vec<String>,
) -> (HashMap<String, ByClass<Capacity>>, Vec<String>) {
    if providers.len() < 2 {
        return (HashMap::new(), providers);
    }
    let mut roomy = cloud.list_roomy_providers().await.unwrap_or_default();
    let (known, rest): (Vec<_>, Vec<_>) = providers
        .into_iter()
        .partition(|provider| roomy.contains_key(provider));
    roomy.retain(|provider, _| known.contains(provider));
    (roomy, rest)
}
