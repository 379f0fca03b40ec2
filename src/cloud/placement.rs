//! Placement: what there is to give, and how much of it is taken.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::{join_all, try_join};
use serde::Deserialize;

use super::collection::{Collection, Row, escape};
use super::{Cloud, Keep, Microversion, Service};
use crate::Result;

/// 1.39 is Epoxy's newest; 1.14 brings a provider's parent and root.
const MICROVERSION: Microversion = Microversion(1, 39);

/// Before this, candidates tell only of the classes that were asked for.
const ALL_CLASSES: Microversion = Microversion(1, 27);

/// All resource providers, in one answer; there is nothing to page.
pub const RESOURCE_PROVIDERS: &Collection<ResourceProvider> = &Collection {
    microversion: Some(MICROVERSION),
    ..Collection::new(
        Service::Placement,
        "/resource_providers",
        "resource_providers",
    )
};

/// A resource provider as Placement lists it.
#[derive(Debug, Deserialize)]
pub struct ResourceProvider {
    /// Placement's id; a compute node's is the hypervisor's.
    pub uuid: String,
    /// Unique; a compute node's is its hypervisor hostname.
    pub name: Option<String>,
    /// Counts the changes of its inventory and allocations.
    pub generation: Option<i64>,
    /// The provider it is part of.
    pub parent_provider_uuid: Option<String>,
    /// The provider at the top, which may be itself.
    pub root_provider_uuid: Option<String>,
}

impl Row for ResourceProvider {
    fn id(&self) -> &str {
        &self.uuid
    }
}

/// How much a provider has of one resource class.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Inventory {
    /// What there is physically.
    pub total: i64,
    /// What is kept for the host itself.
    #[serde(default)]
    pub reserved: i64,
    /// How often each unit may be given away.
    #[serde(default = "once")]
    pub allocation_ratio: f64,
    /// The least that can be asked for.
    pub min_unit: Option<i64>,
    /// The most that one consumer can have.
    pub max_unit: Option<i64>,
    /// What amounts must be a multiple of.
    pub step_size: Option<i64>,
}

fn once() -> f64 {
    1.0
}

impl Inventory {
    /// How much may be given away in all: `(total - reserved) * allocation_ratio`, rounded down
    /// as Placement does.
    #[must_use]
    pub fn capacity(&self) -> i64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "Placement's numbers have 31 bits and a ratio; `as` saturates"
        )]
        let capacity = ((self.total - self.reserved) as f64 * self.allocation_ratio).floor() as i64;
        capacity
    }
}

/// What may be given away of a resource class, and what of it is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Capacity {
    /// How much may be given away in all.
    pub capacity: i64,
    /// How much of it is.
    pub used: i64,
}

/// Something for each resource class, as `VCPU`.
pub type ByClass<T> = BTreeMap<String, T>;

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    resources: ByClass<Capacity>,
}

impl Cloud {
    /// What a provider has, by resource class.
    pub async fn list_inventories(&self, provider: &str) -> Result<Arc<ByClass<Inventory>>> {
        self.get_of_provider(provider, "inventories").await
    }

    /// What is taken of a provider, by resource class.
    pub async fn list_provider_usages(&self, provider: &str) -> Result<Arc<ByClass<i64>>> {
        self.get_of_provider(provider, "usages").await
    }

    /// What a provider can do.
    pub async fn list_traits(&self, provider: &str) -> Result<Arc<Vec<String>>> {
        self.get_of_provider(provider, "traits").await
    }

    /// The aggregates a provider is in: Nova's by their uuid, and those that share resources.
    pub async fn list_provider_aggregates(&self, provider: &str) -> Result<Arc<Vec<String>>> {
        self.get_of_provider(provider, "aggregates").await
    }

    /// How many consumers have something of a provider: servers, and moves of servers.
    pub async fn count_allocations(&self, provider: &str) -> Result<usize> {
        let allocations: Arc<HashMap<String, serde::de::IgnoredAny>> =
            self.get_of_provider(provider, "allocations").await?;
        Ok(allocations.len())
    }

    async fn get_of_provider<T>(&self, provider: &str, what: &'static str) -> Result<Arc<T>>
    where
        T: serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        let path = format!("/resource_providers/{}/{what}", escape(provider));
        self.get_key(
            Service::Placement,
            &path,
            what,
            &[],
            Some(MICROVERSION),
            Keep::Rows,
        )
        .await
    }

    /// Capacity and use of every provider that has memory left, from one answer; none where
    /// Placement is too old to tell of every class.
    ///
    /// Without `limit`, which would cut the summaries as well.
    pub async fn list_roomy_providers(&self) -> Result<HashMap<String, ByClass<Capacity>>> {
        let newest = self.endpoint(Service::Placement).await?.max_microversion;
        if newest < Some(ALL_CLASSES) {
            return Ok(HashMap::new());
        }
        let summaries: Arc<HashMap<String, Summary>> = self
            .get_key(
                Service::Placement,
                "/allocation_candidates",
                "provider_summaries",
                &[("resources".into(), "MEMORY_MB:1".to_owned())],
                Some(MICROVERSION),
                Keep::Rows,
            )
            .await?;
        let capacities = summaries
            .iter()
            .map(|(provider, summary)| (provider.clone(), summary.resources.clone()));
        Ok(capacities.collect())
    }

    /// Capacity and use of one provider.
    pub async fn provider_capacity(&self, provider: &str) -> Result<ByClass<Capacity>> {
        let (inventories, usages) = try_join(
            self.list_inventories(provider),
            self.list_provider_usages(provider),
        )
        .await?;
        let capacities = inventories.iter().map(|(class, inventory)| {
            let capacity = Capacity {
                capacity: inventory.capacity(),
                // Placement names every class of the inventory, those without use with 0.
                used: usages.get(class).copied().unwrap_or(0),
            };
            (class.clone(), capacity)
        });
        Ok(capacities.collect())
    }
}

/// Capacity and use of every provider, by its id and the resource class: one call for those with
/// memory left, two for each of the others. A provider without inventory has no classes.
///
/// Fails when any provider's numbers could not be had: a sum without them would mislead.
pub async fn capacity_of_all(cloud: &Cloud) -> Result<HashMap<String, ByClass<Capacity>>> {
    let (providers, mut capacities) = try_join(
        cloud.list(RESOURCE_PROVIDERS, &[]),
        cloud.list_roomy_providers(),
    )
    .await?;
    capacities.retain(|uuid, _| providers.iter().any(|provider| provider.uuid == *uuid));
    let rest = providers
        .iter()
        .filter(|provider| !capacities.contains_key(&provider.uuid))
        .map(async |provider| {
            let capacity = cloud.provider_capacity(&provider.uuid).await;
            (provider.uuid.clone(), capacity)
        });
    for (uuid, capacity) in join_all(rest).await {
        match capacity {
            Ok(capacity) => {
                capacities.insert(uuid, capacity);
            }
            // It went between the list and the question.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(capacities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_what_is_not_reserved_times_the_ratio() {
        let inventory: Inventory =
            serde_json::from_str(r#"{"total": 15, "reserved": 2, "allocation_ratio": 1.5}"#)
                .unwrap();
        assert_eq!(inventory.capacity(), 19);
        let plain: Inventory = serde_json::from_str(r#"{"total": 8}"#).unwrap();
        assert_eq!(plain.capacity(), 8);
    }
}
