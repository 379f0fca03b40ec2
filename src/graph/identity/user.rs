//! Users: who acts.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use futures_util::future::join_all;

use super::domain::Domain;
use super::group::{Group, GroupsOfUser};
use super::own::told_or_asked;
use super::project::Project;
use super::role_assignment::{AssignmentsOfUser, Grants, RoleAssignment};
use super::{SINGLY, among_ids, among_names, push_names, reach_beneath, reach_of_list};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, USERS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::compute::keypair::{Keypair, keypairs_of};
use crate::graph::compute::server::Server;
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::loader::Plan;
use crate::graph::noun::{
    IdShape, Noun, Pushed, Rows, contains, grouped, id_of, root_fields, unset_or,
};
use crate::graph::owned::servers_of_user;
use crate::graph::scalar::{DateTime, Ref};
use crate::graph::scope::Scope;

/// A user. From `GET /users`; for a credential that may not list them, its own.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct User {
    /// Keystone's id.
    id: ID,
    /// The name, unique in its domain.
    name: String,
    /// What was noted about them.
    description: Option<String>,
    /// Where mail reaches them.
    email: Option<String>,
    /// Whether they may log in; null when the credential may not know.
    is_enabled: Option<bool>,
    /// The domain they are in.
    domain_id: Option<ID>,
    /// The project of a log-in that names none; null when they have none.
    default_project_id: Option<ID>,
    /// When the password ends; null when it does not.
    password_expires_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl User {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The domain they are in; null when the credential may not see it.
    async fn domain(&self, context: &Context<'_>) -> Answered<Domain> {
        told_or_asked(
            context,
            &self.scope,
            self.domain_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The project of a log-in that names none; null when there is none, it was deleted, or the
    /// credential may not see it.
    async fn default_project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.default_project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The roles they have, and where. For a credential that may not list assignments, its own.
    async fn role_assignments(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
        #[graphql(
            desc = "What it comes to: with what groups, inheritance and implied roles give, and without system roles.",
            default = false
        )]
        effective: bool,
    ) -> Answered<Connection<RoleAssignment>> {
        let key = (self.id.to_string(), Grants::of(effective));
        let found = async {
            let rows = self.scope.load::<AssignmentsOfUser>(key).await?;
            RoleAssignment::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }

    /// The groups they are in, from `GET /users/{id}/groups`.
    async fn groups(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Group>> {
        let found = async {
            let Some(rows) = self.scope.load::<GroupsOfUser>(self.id.to_string()).await? else {
                return Ok(None);
            };
            Group::nested(&self.scope, &rows?, first).await.map(Some)
        };
        answered(found.await)
    }

    /// The keypairs they have, from `GET /os-keypairs?user_id=…`, a call for each user. Null for
    /// another user than the credential's own unless it is an administrator's.
    async fn keypairs(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Keypair>> {
        answered(keypairs_of(&self.scope, &self.id, first).await)
    }

    /// The servers they made, in all projects for an administrator, else in the credential's own.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        certain(servers_of_user(&self.scope, &self.id, first).await)
    }
}

impl User {
    /// A list of users beneath another node.
    pub(super) async fn nested(
        scope: &Scope,
        rows: &[Arc<identity::User>],
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

/// Which users.
#[derive(InputObject, Default)]
pub struct UserFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// May log in, or not.
    is_enabled: Option<bool>,
    /// In this domain. Domains with a directory of their own (LDAP) are only listed so.
    domain: Option<Ref>,
}

/// What users can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum UserOrderField {
    /// The name.
    Name,
    /// The domain's id.
    Domain,
    /// When the password ends.
    PasswordExpiresAt,
}

impl Node for User {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for User {
    type Row = identity::User;
    type Filter = UserFilter;
    type Order = UserOrderField;

    const KIND: &'static str = "User";
    const LIST: &'static str = "users";
    const COLLECTION: &'static Collection<identity::User> = USERS;
    const ID: IdShape = IdShape::Keystone;

    fn new(scope: &Scope, row: &Arc<identity::User>) -> Self {
        let present = |id: &Option<String>| id.as_ref().filter(|id| !id.is_empty()).map(ID::from);
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            email: row.email.clone(),
            is_enabled: row.enabled,
            domain_id: present(&row.domain_id),
            default_project_id: present(&row.default_project_id),
            password_expires_at: DateTime::maybe(row.password_expires_at.as_deref()),
            scope: scope.clone(),
        }
    }

    fn name(row: &identity::User) -> Option<&str> {
        Some(&row.name)
    }

    fn keeps(filter: &UserFilter, row: &identity::User) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among_ids(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| among_names(names, &row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.is_enabled.as_ref(), |enabled| {
                row.enabled == Some(*enabled)
            })
            && unset_or(filter.domain.as_ref(), |domain| {
                row.domain_id.as_ref() == Some(&domain.0)
            })
    }

    fn compare(order: UserOrderField, one: &identity::User, other: &identity::User) -> Ordering {
        match order {
            UserOrderField::Name => one.name.cmp(&other.name),
            UserOrderField::Domain => one.domain_id.cmp(&other.domain_id),
            UserOrderField::PasswordExpiresAt => {
                one.password_expires_at.cmp(&other.password_expires_at)
            }
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::User).await
    }

    async fn prepare(scope: &Scope, mut filter: UserFilter) -> Result<UserFilter> {
        if let Some(domain) = &filter.domain {
            filter.domain = Some(Ref(id_of::<Domain>(scope, domain).await?));
        }
        Ok(filter)
    }

    fn push(filter: &UserFilter) -> Pushed {
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

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::User>> {
        cloud.list_users(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::by_ids::<Self>(cloud, ids, SINGLY).await
    }
}

root_fields! {
    UserQuery for User,
    /// One user.
    one: user,
    /// The users that the credential can see; its own unless it may list others.
    many: users,
    filter: UserFilter, order: UserOrderField
}

/// The members of groups: a call for each group, in parallel, each with its own outcome.
pub struct UsersOfGroup;

impl Plan for UsersOfGroup {
    type Key = String;
    type Value = Result<Rows<identity::User>>;

    async fn load(cloud: Cloud, groups: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let asked = groups.into_iter().map(async |group| {
            let users = cloud.list_group_users(&group).await;
            (group, users)
        });
        Ok(join_all(asked).await.into_iter().collect())
    }
}

/// The users of domains: one domain's alone, or the whole list for several.
pub struct UsersOfDomain;

impl Plan for UsersOfDomain {
    type Key = String;
    type Value = Vec<Arc<identity::User>>;

    async fn load(cloud: Cloud, domains: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let query = super::domain::push_domain(&domains);
        let rows = cloud.list_users(&query).await?;
        Ok(grouped(rows.iter().cloned(), |row| {
            row.domain_id.as_deref()
        }))
    }
}
