//! Capacity: how much the cloud's hypervisors have, and how much of it is given away.

use std::collections::BTreeMap;

use async_graphql::{Context, Object, SimpleObject};
use futures_util::join;

use super::failure::{Answered, certain};
use super::noun::{Noun, Rows};
use super::scope::{CloudRef, Scope};
use crate::Result;
use crate::cloud::compute::Hypervisor;
use crate::cloud::placement;

/// Placement's name for virtual CPUs.
pub const VCPU: &str = "VCPU";
/// Placement's name for memory, in MiB.
pub const MEMORY_MB: &str = "MEMORY_MB";
/// Placement's name for disk, in GiB.
pub const DISK_GB: &str = "DISK_GB";

/// The root field of the cloud's capacity.
#[derive(Default)]
pub struct CapacityQuery(pub CloudRef);

#[Object]
impl CapacityQuery {
    /// What the hypervisors have and what is given away, for administrators: physical figures
    /// from Nova (2.87), capacity and use from Placement. A quota is another matter.
    async fn capacity(&self, context: &Context<'_>) -> Answered<Capacity> {
        let asked = async { Capacity::of(&self.0.scope(context)?).await };
        certain(asked.await)
    }
}

/// What all hypervisors have together, and what is given away.
#[derive(SimpleObject, Clone, Copy)]
pub struct Capacity {
    /// Virtual CPUs.
    pub vcpus: CapacityLine,
    /// Memory, in MiB.
    pub memory_mib: CapacityLine,
    /// Disk, in GiB.
    pub disk_gib: CapacityLine,
    /// How many hypervisors there are; null when Nova did not say.
    hypervisor_count: Option<i32>,
    /// How many servers the hypervisors have; null when Nova did not say.
    running_servers: Option<i64>,
}

/// One kind of resource.
#[derive(SimpleObject, Clone, Copy, Debug, Default, PartialEq)]
pub struct CapacityLine {
    /// What is there, without overcommitment; null when Nova did not say.
    physical: Option<i64>,
    /// What can be given away: (inventory - reserved) × allocation ratio; null when Placement did
    /// not say.
    capacity: Option<i64>,
    /// What is given away; null when Placement did not say.
    used: Option<i64>,
    /// What can still be given away; null when Placement did not say.
    free: Option<i64>,
    /// The part that is given away, in percent of the capacity.
    pub used_percent: Option<f64>,
}

/// Capacity by resource class, by provider.
pub type Providers = BTreeMap<String, placement::ByClass<placement::Capacity>>;

impl CapacityLine {
    /// A line of figures.
    #[must_use]
    pub fn new(physical: Option<i64>, capacity: Option<i64>, used: Option<i64>) -> Self {
        let free = capacity
            .zip(used)
            .map(|(capacity, used)| (capacity - used).max(0));
        let share = capacity.zip(used).filter(|(capacity, _)| *capacity > 0);
        #[expect(clippy::cast_precision_loss, reason = "a percentage needs no 64 bits")]
        let used_percent =
            share.map(|(capacity, used)| (used as f64 * 1000.0 / capacity as f64).round() / 10.0);
        Self {
            physical,
            capacity,
            used,
            free,
            used_percent,
        }
    }

    /// Whether Placement said anything of it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.capacity.is_some()
    }

    /// One class of one provider.
    #[must_use]
    pub fn of_class(
        physical: Option<i64>,
        classes: Option<&placement::ByClass<placement::Capacity>>,
        class: &str,
    ) -> Self {
        let capacity = classes.and_then(|classes| classes.get(class));
        Self::new(
            physical,
            capacity.map(|it| it.capacity),
            capacity.map(|it| it.used),
        )
    }
}

impl Capacity {
    /// Asks Nova and Placement at once; when one of them does not answer, the other's figures
    /// stand and the failure is reported.
    pub async fn of(scope: &Scope) -> Result<Self> {
        let (hypervisors, providers) = join!(hypervisors(scope), providers(scope));
        if let (Err(error), Err(_)) = (&hypervisors, &providers) {
            return Err(error.clone());
        }
        let mut told = |error: crate::Error| scope.report(error);
        let hypervisors = hypervisors.map_err(&mut told).ok();
        let providers = providers.map_err(&mut told).ok();
        Ok(Self::sum(
            hypervisors.as_ref().map(|rows| rows.as_slice()),
            providers.as_ref(),
        ))
    }

    fn sum(
        hypervisors: Option<&[std::sync::Arc<Hypervisor>]>,
        providers: Option<&Providers>,
    ) -> Self {
        let physical = |figure: fn(&Hypervisor) -> Option<i64>| {
            let figures = hypervisors?.iter().map(|hypervisor| figure(hypervisor));
            figures.sum::<Option<i64>>()
        };
        let line = |physical: Option<i64>, class: &str| {
            let classes = || {
                providers
                    .into_iter()
                    .flat_map(BTreeMap::values)
                    .filter_map(|it| it.get(class))
            };
            let capacity = providers.map(|_| classes().map(|it| it.capacity).sum());
            let used = providers.map(|_| classes().map(|it| it.used).sum());
            CapacityLine::new(physical, capacity, used)
        };
        Self {
            vcpus: line(physical(|it| it.vcpus), VCPU),
            memory_mib: line(physical(|it| it.memory_mb), MEMORY_MB),
            disk_gib: line(physical(|it| it.local_gb), DISK_GB),
            hypervisor_count: hypervisors.and_then(|rows| i32::try_from(rows.len()).ok()),
            running_servers: physical(|it| it.running_vms),
        }
    }
}

async fn hypervisors(scope: &Scope) -> Result<Rows<Hypervisor>> {
    super::compute::hypervisor::Hypervisor::all(scope.cloud(), Vec::new()).await
}

/// The capacity of every provider. From `GET /allocation_candidates`, which leaves out those
/// without a MiB to spare; those are asked one by one.
pub async fn providers(scope: &Scope) -> Result<Providers> {
    let capacity = placement::capacity_of_all(scope.cloud()).await?;
    Ok(capacity.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_were_not_had_are_not_zero() {
        let capacity = Capacity::sum(None, None);
        assert_eq!(capacity.vcpus, CapacityLine::default());
        let full = CapacityLine::new(Some(4), Some(8), Some(9));
        assert_eq!((full.free, full.used_percent), (Some(0), Some(112.5)));
        assert_eq!(CapacityLine::new(None, Some(0), Some(0)).used_percent, None);
    }
}
