//! Role assignments: who may do what, and where.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

use super::domain::Domain;
use super::group::Group;
use super::own::told_or_asked;
use super::project::Project;
use super::role::Role;
use super::user::User;
use super::{reach_beneath, reach_of_list};
use crate::cloud::collection::Collection;
use crate::cloud::identity::{self, ROLE_ASSIGNMENTS};
use crate::cloud::{Cloud, Parameter, Reference};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::noun::{
    IdShape, Noun, Pushed, Rows, by_id, by_maybe_id, grouped, id_of, root_fields, unset_or,
};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;
use crate::{Error, Result};

/// One role that a user or a group has somewhere, with every name. From
/// `GET /role_assignments?include_names=true`; for a credential that may not list them, what its
/// token says of itself.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct RoleAssignment {
    /// Made of the ids of its parts, since Keystone gives none.
    id: ID,
    /// What it is for: a project, a domain or the whole deployment.
    scope_kind: ScopeKind,
    /// The role's id.
    role_id: ID,
    /// The role's name.
    role_name: String,
    /// The id of the user who has it; null when a group has it.
    user_id: Option<ID>,
    /// The name of that user; null also when the user is gone from its directory.
    user_name: Option<String>,
    /// The id of that user's domain.
    user_domain_id: Option<ID>,
    /// The name of that user's domain.
    user_domain_name: Option<String>,
    /// The id of the group whose members have it; null when a user has it.
    group_id: Option<ID>,
    /// The name of that group; null also when the group is gone from its directory.
    group_name: Option<String>,
    /// The id of that group's domain.
    group_domain_id: Option<ID>,
    /// The name of that group's domain.
    group_domain_name: Option<String>,
    /// The id of the project it is for; null when it is for a domain or the system.
    project_id: Option<ID>,
    /// The name of that project.
    project_name: Option<String>,
    /// The id of that project's domain.
    project_domain_id: Option<ID>,
    /// The name of that project's domain.
    project_domain_name: Option<String>,
    /// The id of the domain it is for; null when it is for a project or the system.
    domain_id: Option<ID>,
    /// The name of that domain.
    domain_name: Option<String>,
    /// Whether it is for the whole deployment.
    is_system: bool,
    /// Whether it is for the projects below its scope and not for the scope itself.
    is_inherited: bool,
    #[graphql(skip)]
    scope: Scope,
}

/// What a role is given for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeKind {
    /// A project.
    Project,
    /// A domain.
    Domain,
    /// The whole deployment.
    System,
}

#[ComplexObject]
impl RoleAssignment {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The role; null when the credential may not see it.
    async fn role(&self) -> Answered<Role> {
        answered(by_id(&self.scope, &self.role_id).await)
    }

    /// The user who has it; null when a group has it, or the credential may not see them.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        told_or_asked(
            context,
            &self.scope,
            self.user_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The group whose members have it; null when a user has it, or the credential may not see it.
    async fn group(&self) -> Answered<Group> {
        answered(by_maybe_id(&self.scope, self.group_id.as_ref().map(|id| id.as_str())).await)
    }

    /// The project it is for; null when it is for something else, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The domain it is for; null when it is for something else, or the credential may not see it.
    async fn domain(&self, context: &Context<'_>) -> Answered<Domain> {
        told_or_asked(
            context,
            &self.scope,
            self.domain_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }
}

impl RoleAssignment {
    /// A list of assignments beneath another node.
    pub(super) async fn nested(
        scope: &Scope,
        rows: &[Arc<identity::RoleAssignment>],
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

/// Which role assignments.
#[derive(InputObject, Default)]
pub struct RoleAssignmentFilter {
    /// Of this user.
    user: Option<Ref>,
    /// Of this group; not together with `effective`, which has none.
    group: Option<Ref>,
    /// With this role.
    role: Option<Ref>,
    /// For this project.
    project: Option<Ref>,
    /// For this domain.
    domain: Option<Ref>,
    /// For the whole deployment, or not.
    is_system: Option<bool>,
    /// What it comes to: each user with what groups, inheritance and implied roles give, instead
    /// of what was assigned. Keystone leaves those for the whole deployment out of it.
    effective: Option<bool>,
}

/// What role assignments can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RoleAssignmentOrderField {
    /// The role's name.
    Role,
    /// The user's name; groups come first.
    User,
    /// The project's name; other scopes come first.
    Project,
}

impl Node for RoleAssignment {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for RoleAssignment {
    type Row = identity::RoleAssignment;
    type Filter = RoleAssignmentFilter;
    type Order = RoleAssignmentOrderField;

    const KIND: &'static str = "RoleAssignment";
    const LIST: &'static str = "roleAssignments";
    const COLLECTION: &'static Collection<identity::RoleAssignment> = ROLE_ASSIGNMENTS;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<identity::RoleAssignment>) -> Self {
        let scope_kind = match (&row.project, row.is_system) {
            (_, true) => ScopeKind::System,
            (Some(_), false) => ScopeKind::Project,
            (None, false) => ScopeKind::Domain,
        };
        Self {
            id: ID::from(&row.id),
            scope_kind,
            role_id: ID::from(&row.role.id),
            role_name: row.role.name.clone(),
            user_id: id(row.user.as_ref()),
            user_name: name(row.user.as_ref()),
            user_domain_id: id(domain(row.user.as_ref())),
            user_domain_name: name(domain(row.user.as_ref())),
            group_id: id(row.group.as_ref()),
            group_name: name(row.group.as_ref()),
            group_domain_id: id(domain(row.group.as_ref())),
            group_domain_name: name(domain(row.group.as_ref())),
            project_id: id(row.project.as_ref()),
            project_name: name(row.project.as_ref()),
            project_domain_id: id(domain(row.project.as_ref())),
            project_domain_name: name(domain(row.project.as_ref())),
            domain_id: id(row.domain.as_ref()),
            domain_name: name(row.domain.as_ref()),
            is_system: row.is_system,
            is_inherited: row.is_inherited,
            scope: scope.clone(),
        }
    }

    fn name(_row: &identity::RoleAssignment) -> Option<&str> {
        None
    }

    fn keeps(filter: &RoleAssignmentFilter, row: &identity::RoleAssignment) -> bool {
        let is = |part: Option<&Reference>, wanted: &Ref| {
            part.is_some_and(|reference| reference.id == wanted.0)
        };
        unset_or(filter.user.as_ref(), |user| is(row.user.as_ref(), user))
            && unset_or(filter.group.as_ref(), |group| is(row.group.as_ref(), group))
            && unset_or(filter.role.as_ref(), |role| is(Some(&row.role), role))
            && unset_or(filter.project.as_ref(), |project| {
                is(row.project.as_ref(), project)
            })
            && unset_or(filter.domain.as_ref(), |domain| {
                is(row.domain.as_ref(), domain)
            })
            && unset_or(filter.is_system.as_ref(), |system| row.is_system == *system)
    }

    fn compare(
        order: RoleAssignmentOrderField,
        one: &identity::RoleAssignment,
        other: &identity::RoleAssignment,
    ) -> Ordering {
        let text = |part: &Option<Reference>| part.as_ref().map(|part| part.name.clone());
        match order {
            RoleAssignmentOrderField::Role => one.role.name.cmp(&other.role.name),
            RoleAssignmentOrderField::User => text(&one.user).cmp(&text(&other.user)),
            RoleAssignmentOrderField::Project => text(&one.project).cmp(&text(&other.project)),
        }
    }

    async fn reach(scope: &Scope, query: &[Parameter]) -> Result<Reach> {
        reach_of_list::<Self>(scope, query, Reach::User).await
    }

    async fn prepare(
        scope: &Scope,
        mut filter: RoleAssignmentFilter,
    ) -> Result<RoleAssignmentFilter> {
        if filter.group.is_some() && filter.effective == Some(true) {
            return Err(Error::BadInput(
                "give `group` or `effective`, not both: effective assignments name users only"
                    .to_owned(),
            ));
        }
        if filter.is_system == Some(true) && filter.effective == Some(true) {
            return Err(Error::BadInput(
                "give `isSystem` or `effective`, not both: Keystone leaves system roles out of \
                 effective assignments"
                    .to_owned(),
            ));
        }
        if let Some(user) = &filter.user {
            filter.user = Some(Ref(id_of::<User>(scope, user).await?));
        }
        if let Some(group) = &filter.group {
            filter.group = Some(Ref(id_of::<Group>(scope, group).await?));
        }
        if let Some(role) = &filter.role {
            filter.role = Some(Ref(id_of::<Role>(scope, role).await?));
        }
        if let Some(project) = &filter.project {
            filter.project = Some(Ref(id_of::<Project>(scope, project).await?));
        }
        if let Some(domain) = &filter.domain {
            filter.domain = Some(Ref(id_of::<Domain>(scope, domain).await?));
        }
        Ok(filter)
    }

    fn push(filter: &RoleAssignmentFilter) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        let mut add = |name: &'static str, reference: Option<&Ref>| {
            query.extend(reference.map(|reference| (name.into(), reference.0.clone())));
        };
        // Keystone refuses two owners and two scopes; what is left over is checked here.
        if filter.user.is_some() {
            add("user.id", filter.user.as_ref());
        } else {
            add("group.id", filter.group.as_ref());
        }
        add("role.id", filter.role.as_ref());
        if filter.project.is_some() {
            add("scope.project.id", filter.project.as_ref());
        } else if filter.domain.is_some() {
            add("scope.domain.id", filter.domain.as_ref());
        } else if filter.is_system == Some(true) {
            query.push(("scope.system".into(), "all".to_owned()));
        }
        query.extend(Grants::of(filter.effective == Some(true)).push());
        Pushed {
            query,
            is_whole: false,
        }
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<identity::RoleAssignment>> {
        cloud.list_role_assignments(&query).await
    }

    async fn by_ids(cloud: &Cloud, ids: Vec<String>) -> Result<super::Found<Self>> {
        super::among_all::<Self>(cloud, &ids).await
    }
}

root_fields! {
    RoleAssignmentQuery for RoleAssignment,
    /// One role assignment, by the id that `roleAssignments` gave it.
    one: role_assignment,
    /// Who has which role where, with names, in one call; its own unless the credential may list
    /// others.
    many: role_assignments,
    filter: RoleAssignmentFilter, order: RoleAssignmentOrderField
}

fn id(part: Option<&Reference>) -> Option<ID> {
    part.map(|part| part.id.as_str())
        .filter(|id| !id.is_empty())
        .map(ID::from)
}

fn name(part: Option<&Reference>) -> Option<String> {
    part.map(|part| part.name.clone())
        .filter(|name| !name.is_empty())
}

fn domain(part: Option<&Reference>) -> Option<&Reference> {
    part.and_then(|part| part.domain.as_deref())
}

/// Which view of the assignments is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grants {
    /// As they were made.
    Assigned,
    /// What they come to for each user: with groups, inheritance and implied roles.
    Effective,
}

impl Grants {
    /// From the argument `effective`.
    #[must_use]
    pub const fn of(effective: bool) -> Self {
        if effective {
            Self::Effective
        } else {
            Self::Assigned
        }
    }

    fn push(self) -> Option<Parameter> {
        (self == Self::Effective).then(|| ("effective".into(), "true".to_owned()))
    }
}

/// The id of the part of an assignment that it is grouped by.
type Owner = fn(&identity::RoleAssignment) -> Option<&str>;
type Grouped<K> = HashMap<K, Vec<Arc<identity::RoleAssignment>>>;

/// The assignments of several owners: the whole matrix once, or one owner's share of it.
async fn assignments_of(
    cloud: &Cloud,
    owners: &[&String],
    grants: Grants,
    parameter: &'static str,
    owner: Owner,
) -> Result<Grouped<String>> {
    let mut query: Vec<Parameter> = grants.push().into_iter().collect();
    if let [one] = owners {
        query.push((parameter.into(), (*one).clone()));
    }
    let rows = cloud.list_role_assignments(&query).await?;
    Ok(grouped(rows.iter().cloned(), owner))
}

/// The same for owners whose assignments are wanted in either view.
async fn views_of(
    cloud: &Cloud,
    keys: &[(String, Grants)],
    parameter: &'static str,
    owner: Owner,
) -> Result<Grouped<(String, Grants)>> {
    let mut found = HashMap::new();
    for grants in [Grants::Assigned, Grants::Effective] {
        let wanted = keys.iter().filter(|(_, view)| *view == grants);
        let owners: Vec<&String> = wanted.map(|(owner, _)| owner).collect();
        if owners.is_empty() {
            continue;
        }
        let groups = assignments_of(cloud, &owners, grants, parameter, owner).await?;
        found.extend(
            groups
                .into_iter()
                .map(|(owner, rows)| ((owner, grants), rows)),
        );
    }
    Ok(found)
}

/// The role assignments of users, by user id.
pub struct AssignmentsOfUser;

impl Plan for AssignmentsOfUser {
    type Key = (String, Grants);
    type Value = Vec<Arc<identity::RoleAssignment>>;

    async fn load(cloud: Cloud, users: Vec<Self::Key>) -> Result<Grouped<Self::Key>> {
        let owner: Owner = |row| Some(row.user.as_ref()?.id.as_str());
        views_of(&cloud, &users, "user.id", owner).await
    }
}

/// The role assignments for projects, by project id.
pub struct AssignmentsOfProject;

impl Plan for AssignmentsOfProject {
    type Key = (String, Grants);
    type Value = Vec<Arc<identity::RoleAssignment>>;

    async fn load(cloud: Cloud, projects: Vec<Self::Key>) -> Result<Grouped<Self::Key>> {
        let owner: Owner = |row| Some(row.project.as_ref()?.id.as_str());
        views_of(&cloud, &projects, "scope.project.id", owner).await
    }
}

/// The role assignments of groups, by group id.
pub struct AssignmentsOfGroup;

impl Plan for AssignmentsOfGroup {
    type Key = String;
    type Value = Vec<Arc<identity::RoleAssignment>>;

    async fn load(cloud: Cloud, groups: Vec<String>) -> Result<Grouped<String>> {
        let owner: Owner = |row| Some(row.group.as_ref()?.id.as_str());
        let groups: Vec<&String> = groups.iter().collect();
        assignments_of(&cloud, &groups, Grants::Assigned, "group.id", owner).await
    }
}

/// The role assignments for domains themselves, by domain id.
pub struct AssignmentsOfDomain;

impl Plan for AssignmentsOfDomain {
    type Key = String;
    type Value = Vec<Arc<identity::RoleAssignment>>;

    async fn load(cloud: Cloud, domains: Vec<String>) -> Result<Grouped<String>> {
        let owner: Owner = |row| Some(row.domain.as_ref()?.id.as_str());
        let domains: Vec<&String> = domains.iter().collect();
        assignments_of(&cloud, &domains, Grants::Assigned, "scope.domain.id", owner).await
    }
}

/// The assignments of roles, by role id.
pub struct AssignmentsOfRole;

impl Plan for AssignmentsOfRole {
    type Key = String;
    type Value = Vec<Arc<identity::RoleAssignment>>;

    async fn load(cloud: Cloud, roles: Vec<String>) -> Result<Grouped<String>> {
        let owner: Owner = |row| Some(row.role.id.as_str());
        let roles: Vec<&String> = roles.iter().collect();
        assignments_of(&cloud, &roles, Grants::Assigned, "role.id", owner).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(user: Option<&str>, group: Option<&str>) -> RoleAssignmentFilter {
        RoleAssignmentFilter {
            user: user.map(|id| Ref(id.to_owned())),
            group: group.map(|id| Ref(id.to_owned())),
            ..RoleAssignmentFilter::default()
        }
    }

    #[test]
    fn what_keystone_would_refuse_together_is_checked_here() {
        let both = filter(Some("u"), Some("g"));
        let pushed = RoleAssignment::push(&both);
        assert_eq!(pushed.query, [("user.id".into(), "u".to_owned())]);
        let row: identity::RoleAssignment = serde_json::from_str(
            r#"{"role": {"id": "r"}, "user": {"id": "u"}, "scope": {"project": {"id": "p"}}}"#,
        )
        .unwrap();
        assert!(!RoleAssignment::keeps(&both, &row));
        assert!(RoleAssignment::keeps(&filter(Some("u"), None), &row));
        assert!(!RoleAssignment::keeps(&filter(Some("v"), None), &row));
    }
}
