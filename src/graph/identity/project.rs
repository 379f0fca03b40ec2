//! Projects: whom resources belong to.

mod edges;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use super::domain::{Domain, push_domain};
use super::{SINGLY, among_ids, among_names, push_names, reach_beneath, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, PROJECTS};
use crate::cloud::{Cloud, Parameter, Text};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::loader::Plan;
use crate::graph::narrowing::is;
use crate::graph::noun::{
    IdShape, Noun, Pushed, Rows, contains, grouped, id_of, root_fields, unset_or,
};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// A project: whom resources belong to. From `GET /projects`; for a credential that may not list
/// them, those its user may work in, from `GET /auth/projects`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Project {
    /// Keystone's id.
    id: ID,
    /// The name, unique in its domain.
    name: Text,
    /// What it is for.
    description: Option<Text>,
    /// Whether its resources may be used; null when the credential may not know.
    is_enabled: Option<bool>,
    /// Whether it stands for a domain; such are not listed.
    is_domain: Option<bool>,
    /// The domain it is in.
    domain_id: Option<ID>,
    /// The project above it, or its domain where there is none.
    parent_id: Option<ID>,
    /// What administrators tagged.
    tags: Vec<String>,
    #[graphql(skip)]
    scope: Scope,
}

impl Project {
    /// A list of projects beneath another node.
    pub(super) async fn nested(
        scope: &Scope,
        rows: &[Arc<identity::Project>],
        first: Option<i32>,
    ) -> Result<Connection<Self>> {
        let reach = reach_beneath::<Self>(scope, Reach::User).await?;
        Connection::nested(
            rows,
            |row| &row.id,
            first,
            reach,
            |row| Self::new(scope, row),
        )
    }
}

/// Which projects.
#[derive(InputObject, Default)]
pub struct ProjectFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Its resources may be used, or not.
    is_enabled: Option<bool>,
    /// In this domain.
    domain: Option<Ref>,
    /// Right below this project.
    parent: Option<Ref>,
    /// With all of these tags.
    tags: Option<Vec<String>>,
}

/// What projects can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ProjectOrderField {
    /// The name.
    Name,
    /// The domain's id.
    Domain,
}

impl Node for Project {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Project {
    type Row = identity::Project;
    type Filter = ProjectFilter;
    type Order = ProjectOrderField;

    const KIND: &'static str = "Project";
    const LIST: &'static str = "projects";
    const COLLECTION: &'static Collection<identity::Project> = PROJECTS;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::Project>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            is_enabled: row.enabled,
            is_domain: row.is_domain,
            domain_id: row.domain_id.as_ref().map(ID::from),
            parent_id: row.parent_id.as_ref().map(ID::from),
            tags: row.tags.clone(),
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::Project) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &ProjectFilter, row: &identity::Project) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| among_names(names, &row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.is_enabled.as_ref(), |enabled| {
                row.enabled == Some(*enabled)
            })
            && unset_or(filter.domain.as_ref(), |domain| {
                is(domain, row.domain_id.as_deref())
            })
            && unset_or(filter.parent.as_ref(), |parent| {
                is(parent, row.parent_id.as_deref())
            })
            && unset_or(filter.tags.as_ref(), |tags| {
                tags.iter().all(|tag| row.tags.iter().any(|is| is == tag))
            })
    }

    fn compare(
        order: ProjectOrderField,
        one: &identity::Project,
        other: &identity::Project,
    ) -> Ordering {
        match order {
            ProjectOrderField::Name => one.name.cmp(&other.name),
            ProjectOrderField::Domain => one.domain_id.cmp(&other.domain_id),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::User).await
    }

    async fn prepare(scope: &Scope, mut filter: ProjectFilter) -> Result<ProjectFilter> {
        if let Some(domain) = &filter.domain {
            filter.domain = Some(Ref(id_of::<Domain>(scope, domain).await?));
        }
        if let Some(parent) = &filter.parent {
            filter.parent = Some(Ref(id_of::<Self>(scope, parent).await?));
        }
        Ok(filter)
    }

    fn push(filter: &ProjectFilter) -> Pushed {
        let domain = filter.domain.as_ref();
        let parent = filter.parent.as_ref();
        let mut query: Vec<Parameter> = push_names(filter.names.as_ref()).into_iter().collect();
        query.extend(domain.map(|domain| ("domain_id".into(), domain.0.clone())));
        // Keystone refuses the id of the default domain here, which is no UUID.
        let parent = parent.filter(|parent| is_uuid(&parent.0));
        query.extend(parent.map(|parent| ("parent_id".into(), parent.0.clone())));
        Pushed {
            query,
            is_whole: false,
        }
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::Project>> {
        cloud.list_projects(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::by_ids::<Self>(cloud, ids, SINGLY).await
    }
}

root_fields! {
    ProjectQuery for Project,
    /// One project.
    one: project,
    /// The projects that the credential can see; those of its user unless it may list others.
    many: projects,
    filter: ProjectFilter, order: ProjectOrderField
}

/// The projects of domains: one domain's alone, or the whole list for several.
pub struct ProjectsOfDomain;

impl Plan for ProjectsOfDomain {
    type Key = String;
    type Value = Vec<Arc<identity::Project>>;

    async fn load(cloud: Cloud, domains: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let rows = cloud.list_projects(&push_domain(&domains)).await?;
        Ok(grouped(rows.iter().cloned(), |row| {
            row.domain_id.as_deref()
        }))
    }
}

/// Whether an id is one that Keystone made.
fn is_uuid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit())
}
