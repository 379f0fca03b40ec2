//! Groups: users who are given roles together.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use futures_util::future::join_all;

use super::domain::Domain;
use super::own::told_or_asked;
use super::role_assignment::{AssignmentsOfGroup, RoleAssignment};
use super::user::{User, UsersOfGroup};
use super::{SINGLY, among_ids, among_names, push_names, reach_beneath, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, GROUPS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::loader::Plan;
use crate::graph::noun::{IdShape, Noun, Pushed, Rows, contains, id_of, root_fields, unset_or};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// A group of users. From `GET /groups`; for a credential that may not list them, those its user
/// is in.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Group {
    /// Keystone's id.
    id: ID,
    /// The name, unique in its domain.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// The domain it is in.
    domain_id: Option<ID>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Group {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The domain it is in; null when the credential may not see it.
    async fn domain(&self, context: &Context<'_>) -> Answered<Domain> {
        told_or_asked(
            context,
            &self.scope,
            self.domain_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// Its members, from `GET /groups/{id}/users`: at most a thousand, since Keystone gives no more.
    async fn users(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<User>> {
        let found = async {
            let Some(rows) = self.scope.load::<UsersOfGroup>(self.id.to_string()).await? else {
                return Ok(None);
            };
            User::nested(&self.scope, &rows?, first).await.map(Some)
        };
        answered(found.await)
    }

    /// The roles its members have through it, and where.
    async fn role_assignments(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<RoleAssignment>> {
        let found = async {
            let rows = self
                .scope
                .load::<AssignmentsOfGroup>(self.id.to_string())
                .await?;
            RoleAssignment::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }
}

impl Group {
    /// A list of groups beneath another node.
    pub(super) async fn nested(
        scope: &Scope,
        rows: &[Arc<identity::Group>],
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

/// Which groups.
#[derive(InputObject, Default)]
pub struct GroupFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// In this domain.
    domain: Option<Ref>,
}

/// What groups can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum GroupOrderField {
    /// The name.
    Name,
    /// The domain's id.
    Domain,
}

impl Node for Group {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Group {
    type Row = identity::Group;
    type Filter = GroupFilter;
    type Order = GroupOrderField;

    const KIND: &'static str = "Group";
    const LIST: &'static str = "groups";
    const COLLECTION: &'static Collection<identity::Group> = GROUPS;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::Group>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            domain_id: row.domain_id.as_ref().map(ID::from),
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::Group) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &GroupFilter, row: &identity::Group) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| among_names(names, &row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.domain.as_ref(), |domain| {
                row.domain_id.as_ref() == Some(&domain.0)
            })
    }

    fn compare(order: GroupOrderField, one: &identity::Group, other: &identity::Group) -> Ordering {
        match order {
            GroupOrderField::Name => one.name.cmp(&other.name),
            GroupOrderField::Domain => one.domain_id.cmp(&other.domain_id),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::User).await
    }

    async fn prepare(scope: &Scope, mut filter: GroupFilter) -> Result<GroupFilter> {
        if let Some(domain) = &filter.domain {
            filter.domain = Some(Ref(id_of::<Domain>(scope, domain).await?));
        }
        Ok(filter)
    }

    fn push(filter: &GroupFilter) -> Pushed {
        let domain = filter.domain.as_ref();
        let mut query: Vec<Parameter> = push_names(filter.names.as_ref()).into_iter().collect();
        query.extend(domain.map(|domain| ("domain_id".into(), domain.0.clone())));
        Pushed {
            query,
            is_whole: false,
        }
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::Group>> {
        cloud.list_groups(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::by_ids::<Self>(cloud, ids, SINGLY).await
    }
}

root_fields! {
    GroupQuery for Group,
    /// One group of users.
    one: group,
    /// The groups that the credential can see; those of its user unless it may list others.
    many: groups,
    filter: GroupFilter, order: GroupOrderField
}

/// The groups users are in: a call for each user, in parallel, each with its own outcome.
pub struct GroupsOfUser;

impl Plan for GroupsOfUser {
    type Key = String;
    type Value = Result<Rows<identity::Group>>;

    async fn load(cloud: Cloud, users: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let asked = users.into_iter().map(async |user| {
            let groups = cloud.list_user_groups(&user).await;
            (user, groups)
        });
        Ok(join_all(asked).await.into_iter().collect())
    }
}
