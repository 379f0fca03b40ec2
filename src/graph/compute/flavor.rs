//! Flavors: what sizes servers come in.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, Json, SimpleObject};

use super::placed::ServersByFlavorName;
use super::server::Server;
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, FLAVORS};
use crate::cloud::{Cloud, Text};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, certain};
use crate::graph::loader::Plan;
use crate::graph::noun::{IdShape, Noun, contains, nested, root_fields, unset_or};
use crate::graph::scope::Scope;

/// A size that servers come in. From `GET /flavors/detail` (2.75).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Flavor {
    /// Nova's id: any string, chosen by who made the flavor.
    id: ID,
    /// The name, unique in the cloud.
    name: Text,
    /// What it is for.
    description: Option<Text>,
    /// Virtual CPUs.
    vcpus: i64,
    /// Memory, in MiB.
    ram_mib: i64,
    /// Root disk, in GiB; 0 takes the image's size.
    disk_gib: i64,
    /// Ephemeral disk, in GiB.
    ephemeral_gib: i64,
    /// Swap, in MiB.
    swap_mib: i64,
    /// Whether every project may use it; null when the credential may not know.
    is_public: Option<bool>,
    /// What the scheduler and the hypervisor are told, by key.
    extra_specs: Json<BTreeMap<String, String>>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Flavor {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The servers that were made with it. From the whole list: Nova remembers flavors by name.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        let listed = async {
            let rows = self
                .scope
                .load::<ServersByFlavorName>(self.name.to_string())
                .await?;
            nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(listed.await)
    }
}

/// Which flavors.
#[derive(InputObject, Default)]
pub struct FlavorFilter {
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Open to all projects, or not.
    is_public: Option<bool>,
    /// At least so many virtual CPUs.
    min_vcpus: Option<i64>,
    /// At least so much memory, in MiB.
    min_ram_mib: Option<i64>,
}

/// What flavors can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum FlavorOrderField {
    /// The name.
    Name,
    /// Virtual CPUs.
    Vcpus,
    /// Memory.
    Ram,
    /// Root disk.
    Disk,
}

impl Node for Flavor {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Flavor {
    type Row = compute::Flavor;
    type Filter = FlavorFilter;
    type Order = FlavorOrderField;

    const KIND: &'static str = "Flavor";
    const LIST: &'static str = "flavors";
    const COLLECTION: &'static Collection<compute::Flavor> = FLAVORS;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<compute::Flavor>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            vcpus: row.vcpus,
            ram_mib: row.ram,
            disk_gib: row.disk,
            ephemeral_gib: row.ephemeral,
            swap_mib: row.swap,
            is_public: row.is_public,
            extra_specs: Json(row.extra_specs.clone()),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::Flavor) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &FlavorFilter, row: &compute::Flavor) -> bool {
        unset_or(filter.name_contains.as_ref(), |part| {
            contains(Some(&row.name), part)
        }) && unset_or(filter.is_public.as_ref(), |public| {
            row.is_public == Some(*public)
        }) && unset_or(filter.min_vcpus.as_ref(), |least| row.vcpus >= *least)
            && unset_or(filter.min_ram_mib.as_ref(), |least| row.ram >= *least)
    }

    fn compare(
        order: FlavorOrderField,
        one: &compute::Flavor,
        other: &compute::Flavor,
    ) -> Ordering {
        match order {
            FlavorOrderField::Name => one.name.cmp(&other.name),
            FlavorOrderField::Vcpus => one.vcpus.cmp(&other.vcpus),
            FlavorOrderField::Ram => one.ram.cmp(&other.ram),
            FlavorOrderField::Disk => one.disk.cmp(&other.disk),
        }
    }
}

root_fields! {
    FlavorQuery for Flavor,
    /// One flavor.
    one: flavor,
    /// The sizes that servers come in.
    many: flavors,
    filter: FlavorFilter, order: FlavorOrderField
}

/// Flavors by name, which is all that a server remembers of its own.
pub struct ByName;

impl Plan for ByName {
    type Key = String;
    type Value = Arc<compute::Flavor>;

    async fn load(
        cloud: Cloud,
        names: Vec<String>,
    ) -> Result<HashMap<String, Arc<compute::Flavor>>> {
        let flavors = cloud.list(FLAVORS, &[]).await?;
        let named = names.into_iter().filter_map(|name| {
            let flavor = flavors.iter().find(|flavor| flavor.name == name)?;
            Some((name, Arc::clone(flavor)))
        });
        Ok(named.collect())
    }
}
