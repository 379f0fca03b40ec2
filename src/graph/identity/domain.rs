//! Domains: where users, groups and projects have their names.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, InputObject, SimpleObject};

use super::project::{Project, ProjectsOfDomain};
use super::role_assignment::{AssignmentsOfDomain, RoleAssignment};
use super::user::{User, UsersOfDomain};
use super::{among_ids, among_names, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, DOMAINS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, certain};
use crate::graph::noun::{IdShape, Noun, Rows, contains, root_fields, unset_or};
use crate::graph::scope::Scope;

/// A domain: where users, groups and projects have their names. From `GET /domains`; for a
/// credential that may not list them, its user's, its project's, and those of
/// `GET /auth/domains`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Domain {
    /// Keystone's id, or `default`.
    id: ID,
    /// The name, unique in the cloud.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Whether its users may log in; null when the credential may not know.
    is_enabled: Option<bool>,
    /// What administrators tagged.
    tags: Vec<String>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Domain {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The projects in it.
    async fn projects(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Project>> {
        let found = async {
            let rows = self
                .scope
                .load::<ProjectsOfDomain>(self.id.to_string())
                .await?;
            Project::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }

    /// The users in it.
    async fn users(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<User>> {
        let found = async {
            let rows = self
                .scope
                .load::<UsersOfDomain>(self.id.to_string())
                .await?;
            User::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }

    /// Who has which role in the domain itself; its projects have their own.
    async fn role_assignments(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<RoleAssignment>> {
        let found = async {
            let rows = self
                .scope
                .load::<AssignmentsOfDomain>(self.id.to_string())
                .await?;
            RoleAssignment::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }
}

/// Which domains.
#[derive(InputObject, Default)]
pub struct DomainFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Their users may log in, or not.
    is_enabled: Option<bool>,
}

/// What domains can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum DomainOrderField {
    /// The name.
    Name,
}

impl Node for Domain {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Domain {
    type Row = identity::Domain;
    type Filter = DomainFilter;
    type Order = DomainOrderField;

    const KIND: &'static str = "Domain";
    const LIST: &'static str = "domains";
    const COLLECTION: &'static Collection<identity::Domain> = DOMAINS;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::Domain>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            is_enabled: row.enabled,
            tags: row.tags.clone(),
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::Domain) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &DomainFilter, row: &identity::Domain) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| among_names(names, &row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.is_enabled.as_ref(), |enabled| {
                row.enabled == Some(*enabled)
            })
    }

    fn compare(
        order: DomainOrderField,
        one: &identity::Domain,
        other: &identity::Domain,
    ) -> Ordering {
        match order {
            DomainOrderField::Name => one.name.cmp(&other.name),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::User).await
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::Domain>> {
        cloud.list_domains(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::by_ids::<Self>(cloud, ids, 1).await
    }
}

root_fields! {
    DomainQuery for Domain,
    /// One domain.
    one: domain,
    /// The domains that the credential can see; its own unless it may list others.
    many: domains,
    filter: DomainFilter, order: DomainOrderField
}

/// The parameter for one domain's rows; none for those of several.
pub(super) fn push_domain(domains: &[String]) -> Vec<Parameter> {
    match domains {
        [domain] => vec![("domain_id".into(), domain.clone())],
        _ => Vec::new(),
    }
}
