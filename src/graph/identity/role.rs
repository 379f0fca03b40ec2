//! Roles: what somebody may do somewhere.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

use super::domain::Domain;
use super::own::told_or_asked;
use super::role_assignment::{AssignmentsOfRole, RoleAssignment};
use super::{among_ids, among_names, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, ROLES};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, certain};
use crate::graph::noun::{IdShape, Noun, Rows, contains, root_fields, unset_or};
use crate::graph::scope::Scope;

/// A role: what somebody may do somewhere. From `GET /roles`; for a credential that may not list
/// them, those it has.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Role {
    /// Keystone's id.
    id: ID,
    /// The name, by which the services' policies know it.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// The domain whose own it is; null when it is everyone's.
    domain_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Role {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The domain whose own it is; null when it is everyone's.
    async fn domain(&self, context: &Context<'_>) -> Answered<Domain> {
        told_or_asked(
            context,
            &self.scope,
            self.domain_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// Who has it, and where. For a credential that may not list assignments, its own.
    async fn assignments(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<RoleAssignment>> {
        let found = async {
            let rows = self
                .scope
                .load::<AssignmentsOfRole>(self.id.to_string())
                .await?;
            RoleAssignment::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }
}

/// Which roles.
#[derive(InputObject, Default)]
pub struct RoleFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
}

/// What roles can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RoleOrderField {
    /// The name.
    Name,
}

impl Node for Role {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Role {
    type Row = identity::Role;
    type Filter = RoleFilter;
    type Order = RoleOrderField;

    const KIND: &'static str = "Role";
    const LIST: &'static str = "roles";
    const COLLECTION: &'static Collection<identity::Role> = ROLES;
    const REACH: Reach = Reach::Cloud;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::Role>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            domain_id: row.domain_id.as_ref().map(ID::from),
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::Role) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &RoleFilter, row: &identity::Role) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| among_names(names, &row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
    }

    fn compare(order: RoleOrderField, one: &identity::Role, other: &identity::Role) -> Ordering {
        match order {
            RoleOrderField::Name => one.name.cmp(&other.name),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::User).await
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::Role>> {
        cloud.list_roles(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::by_ids::<Self>(cloud, ids, 1).await
    }
}

root_fields! {
    RoleQuery for Role,
    /// One role.
    one: role,
    /// The roles there are; those of the credential unless it may list others.
    many: roles,
    filter: RoleFilter, order: RoleOrderField
}
