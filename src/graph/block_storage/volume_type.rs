//! Types of volumes: what storage they are made in.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, Json, SimpleObject};

use super::volume::{Volume, VolumesOfType};
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::block_storage::{self, VOLUME_TYPES};
use crate::cloud::collection::{Collection, Row};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::narrowing::one_of;
use crate::graph::noun::{Noun, contains, reach_of, root_fields, unset_or};
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};

/// A kind of storage that volumes are made in. From `GET /types`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VolumeType {
    /// Cinder's id.
    id: ID,
    /// The name, unique in the cloud.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Whether every project may use it; null when the credential may not know.
    is_public: Option<bool>,
    /// What the scheduler and the driver are told, by key; users see a part of it, or nothing.
    extra_specs: Option<Json<BTreeMap<String, Option<String>>>>,
    /// The limits on its throughput; null without any, and to all but administrators.
    qos_specs_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl VolumeType {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The volumes of this type that the credential can see.
    async fn volumes(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Volume>> {
        let listed = async {
            let rows = self.scope.load::<VolumesOfType>(self.name.clone());
            let rows = rows.await?.unwrap_or_default();
            let reach = reach_of(&self.scope, Reach::AllProjects).await?;
            let node = |row: &Arc<_>| Volume::new(&self.scope, row);
            Connection::nested(&rows, |row| row.id(), first, reach, node).map(Some)
        };
        answered(listed.await)
    }
}

/// Which types of volumes.
#[derive(InputObject, Default)]
pub struct VolumeTypeFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Open to all projects, or not.
    is_public: Option<bool>,
}

/// What types of volumes can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VolumeTypeOrderField {
    /// The name.
    Name,
}

impl Node for VolumeType {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for VolumeType {
    type Row = block_storage::VolumeType;
    type Filter = VolumeTypeFilter;
    type Order = VolumeTypeOrderField;

    const KIND: &'static str = "VolumeType";
    const LIST: &'static str = "volumeTypes";
    const COLLECTION: &'static Collection<block_storage::VolumeType> = VOLUME_TYPES;
    const REACH: Reach = Reach::Cloud;

    fn new(scope: &Scope, row: &Arc<block_storage::VolumeType>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: told(row.description.as_ref()),
            is_public: row.is_public,
            extra_specs: row.extra_specs.clone().map(Json),
            qos_specs_id: told_id(row.qos_specs_id.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &block_storage::VolumeType) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &VolumeTypeFilter, row: &block_storage::VolumeType) -> bool {
        let name = Some(row.name.as_str());
        one_of(filter.ids.as_ref(), Some(&row.id))
            && one_of(filter.names.as_ref(), name)
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.is_public.as_ref(), |public| {
                row.is_public == Some(*public)
            })
    }

    fn compare(
        order: VolumeTypeOrderField,
        one: &block_storage::VolumeType,
        other: &block_storage::VolumeType,
    ) -> Ordering {
        match order {
            VolumeTypeOrderField::Name => one.name.cmp(&other.name),
        }
    }
}

root_fields! {
    VolumeTypeQuery for VolumeType,
    /// One type of volumes.
    one: volume_type,
    /// The types of volumes.
    many: volume_types,
    filter: VolumeTypeFilter, order: VolumeTypeOrderField
}

/// Types by name, which is all that a volume tells of its own before 3.63.
pub struct TypeByName;

impl Plan for TypeByName {
    type Key = String;
    type Value = Arc<block_storage::VolumeType>;

    async fn load(cloud: Cloud, names: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let types = cloud.list(VOLUME_TYPES, &[]).await?;
        let named = names.into_iter().filter_map(|name| {
            let found = types.iter().find(|volume_type| volume_type.name == name)?;
            Some((name, Arc::clone(found)))
        });
        Ok(named.collect())
    }
}
