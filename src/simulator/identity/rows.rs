//! Projects, users, groups, roles, the catalog's rows: lists and single ones.

use serde_json::{Value, json};

use super::{Subject, bad_request, forbidden, not_found};
use crate::reply::{Answer, Reply};
use crate::service::region_name;
use crate::world::Key;
use crate::world::identity::{
    Actor, Domain, Endpoint, Group, Project, Role, ServiceRow, Target, User,
};

/// Rows in one answer at most, said or unsaid.
const MOST: usize = 1000;

/// What a list can be narrowed by: a name of the query, and the row's value for it.
type Filters<T> = &'static [(&'static str, fn(&T) -> Option<String>)];

impl Subject<'_> {
    fn path(&self, path: &str) -> String {
        format!("{}/v3{path}", self.call.root)
    }

    /// Whether the caller may read everything: an admin, or a reader of the system.
    fn may(&self, rule: &str) -> Result<(), Reply> {
        let is_system_reader = self.token.is_system && self.token.has_role("reader");
        if self.token.is_admin() || is_system_reader {
            return Ok(());
        }
        Err(forbidden(rule))
    }

    /// The same, or that it is about the caller.
    fn may_of(&self, user: &str, rule: &str) -> Result<(), Reply> {
        if self.token.user.to_string() == user {
            return Ok(());
        }
        self.may(rule)
    }

    fn list<'a, T: 'a>(
        &self,
        name: &str,
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
        view: impl Fn(&T) -> Value,
    ) -> Reply {
        let kept = self.filtered(rows, filters);
        let rows: Vec<Value> = kept.iter().map(|row| view(row)).collect();
        self.collection(name, &rows, Value::Null)
    }

    fn filtered<'a, T: 'a>(
        &self,
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
    ) -> Vec<&'a T> {
        let asked: Vec<_> = filters
            .iter()
            .filter_map(|(name, value)| Some((self.call.query.get(name)?, value)))
            .collect();
        rows.filter(|row| {
            asked
                .iter()
                .all(|(wanted, value)| value(row).as_deref() == Some(*wanted))
        })
        .collect()
    }

    /// A list that takes a limit and a marker.
    fn page<'a, T: 'a>(
        &self,
        name: &str,
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
        id: impl Fn(&T) -> String,
        view: impl Fn(&T) -> Value,
    ) -> Answer {
        let mut kept = self.filtered(rows, filters);
        // As the database gives them: by id.
        kept.sort_by_key(|row| id(row));
        let query = &self.call.query;
        let limit = match query.get("limit") {
            None => MOST,
            Some(text) => {
                let limit: usize = text
                    .parse()
                    .map_err(|_| bad_request("Invalid input for field 'limit': is not a number"))?;
                if limit == 0 { MOST } else { limit.min(MOST) }
            }
        };
        if let Some(marker) = query.get("marker") {
            let place = kept.iter().position(|row| id(row) == marker);
            let place = place
                .ok_or_else(|| bad_request(&format!("Marker could not be found: {marker}")))?;
            kept.drain(..=place);
        }
        let has_more = kept.len() > limit;
        kept.truncate(limit);
        let next = match kept.last() {
            Some(last) if has_more && query.has("limit") => {
                let query = query.with("marker", &id(last));
                json!(format!("{}?{query}", self.path(&format!("/{name}"))))
            }
            _ => Value::Null,
        };
        let rows: Vec<Value> = kept.iter().map(|row| view(row)).collect();
        Ok(self.collection(name, &rows, next))
    }

    fn collection(&self, name: &str, rows: &[Value], next: Value) -> Reply {
        let own = self.path(&format!("/{}", self.call.path[1..].join("/")));
        Reply::ok(&json!({
            name: rows,
            "links": {"next": next, "self": own, "previous": null},
        }))
    }

    /// Refuses a limit where no list can be paged.
    fn unpaged(&self) -> Result<(), Reply> {
        if self.call.query.has("limit") || self.call.query.has("marker") {
            return Err(bad_request(
                "Additional properties are not allowed ('limit' was unexpected)",
            ));
        }
        Ok(())
    }

    pub(super) fn domains(&self) -> Answer {
        self.may("identity:list_domains")?;
        let filters: Filters<Domain> = &[
            ("name", |row| Some(row.name.clone())),
            ("enabled", |row| Some(row.enabled.to_string())),
        ];
        let rows = self.world.identity.domains.values();
        self.page(
            "domains",
            rows,
            filters,
            |row| row.id.clone(),
            |row| self.domain_view(row),
        )
    }

    pub(super) fn domain(&self, id: &str) -> Answer {
        let row = self.world.identity.domains.get(id);
        let own = self
            .world
            .identity
            .users
            .get(&self.token.user)
            .map(|user| user.domain.as_str());
        if own != Some(id) {
            self.may("identity:get_domain")?;
        }
        let row = row.ok_or_else(|| not_found("domain", id))?;
        Ok(Reply::ok(&json!({"domain": self.domain_view(row)})))
    }

    fn domain_view(&self, row: &Domain) -> Value {
        json!({
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "enabled": row.enabled,
            "tags": [],
            "options": {},
            "links": {"self": self.path(&format!("/domains/{}", row.id))},
        })
    }

    pub(super) fn projects(&self) -> Answer {
        self.may("identity:list_projects")?;
        let filters: Filters<Project> = &[
            ("name", |row| Some(row.name.clone())),
            ("domain_id", |row| Some(row.domain.clone())),
            ("parent_id", |row| Some(row.parent.clone())),
            ("enabled", |row| Some(row.enabled.to_string())),
            ("is_domain", |_| Some("false".to_owned())),
        ];
        let rows = self.world.identity.projects.values();
        self.page(
            "projects",
            rows,
            filters,
            |row| row.id.to_string(),
            |row| self.project_view(row),
        )
    }

    pub(super) fn project(&self, id: &str) -> Answer {
        if self.token.project.map(|id| id.to_string()).as_deref() != Some(id) {
            self.may("identity:get_project")?;
        }
        let row = Key::read(id).and_then(|key| self.world.identity.projects.get(&key));
        let row = row.ok_or_else(|| not_found("project", id))?;
        Ok(Reply::ok(&json!({"project": self.project_view(row)})))
    }

    fn project_view(&self, row: &Project) -> Value {
        json!({
            "id": row.id,
            "name": row.name,
            "domain_id": row.domain,
            "description": row.description,
            "enabled": row.enabled,
            "parent_id": row.parent,
            "is_domain": false,
            "tags": row.tags,
            "options": {},
            "links": {"self": self.path(&format!("/projects/{}", row.id))},
        })
    }

    pub(super) fn own_projects(&self, user: Key, path: &str) -> Reply {
        let identity = &self.world.identity;
        let rows = identity
            .projects
            .values()
            .filter(|row| row.enabled && self.has_role_on(user, &Target::Project(row.id)));
        let rows: Vec<Value> = rows.map(|row| self.project_view(row)).collect();
        let own = self.path(path);
        Reply::ok(&json!({
            "projects": rows, "links": {"next": null, "self": own, "previous": null},
        }))
    }

    pub(super) fn own_domains(&self) -> Reply {
        let identity = &self.world.identity;
        let rows = identity.domains.values();
        let rows =
            rows.filter(|row| self.has_role_on(self.token.user, &Target::Domain(row.id.clone())));
        self.list("domains", rows, &[], |row| self.domain_view(row))
    }

    fn has_role_on(&self, user: Key, target: &Target) -> bool {
        let identity = &self.world.identity;
        identity
            .assignments
            .iter()
            .filter(|row| row.target == *target)
            .any(|row| match row.actor {
                Actor::User(id) => id == user,
                Actor::Group(id) => identity
                    .groups
                    .get(&id)
                    .is_some_and(|group| group.members.contains(&user)),
            })
    }

    pub(super) fn projects_of(&self, user: &str) -> Answer {
        self.may_of(user, "identity:list_user_projects")?;
        let user = self.known_user(user)?.id;
        Ok(self.own_projects(user, &format!("/users/{user}/projects")))
    }

    pub(super) fn users(&self) -> Answer {
        self.may("identity:list_users")?;
        let filters: Filters<User> = &[
            ("name", |row| Some(row.name.clone())),
            ("domain_id", |row| Some(row.domain.clone())),
            ("enabled", |row| Some(row.enabled.to_string())),
        ];
        let rows = self.world.identity.users.values();
        self.page(
            "users",
            rows,
            filters,
            |row| row.id.to_string(),
            |row| self.user_view(row),
        )
    }

    pub(super) fn user(&self, id: &str) -> Answer {
        self.may_of(id, "identity:get_user")?;
        Ok(Reply::ok(
            &json!({"user": self.user_view(self.known_user(id)?)}),
        ))
    }

    fn known_user(&self, id: &str) -> Result<&User, Reply> {
        let row = Key::read(id).and_then(|key| self.world.identity.users.get(&key));
        row.ok_or_else(|| not_found("user", id))
    }

    fn user_view(&self, row: &User) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "domain_id": row.domain,
            "enabled": row.enabled,
            "password_expires_at": null,
            "options": {},
            "links": {"self": self.path(&format!("/users/{}", row.id))},
        });
        // What was never said is not there at all.
        if let Some(project) = row.default_project {
            view["default_project_id"] = json!(project);
        }
        if let Some(email) = &row.email {
            view["email"] = json!(email);
        }
        if let Some(description) = &row.description {
            view["description"] = json!(description);
        }
        view
    }

    pub(super) fn groups(&self) -> Answer {
        self.may("identity:list_groups")?;
        let filters: Filters<Group> = &[
            ("name", |row| Some(row.name.clone())),
            ("domain_id", |row| Some(row.domain.clone())),
        ];
        let rows = self.world.identity.groups.values();
        self.page(
            "groups",
            rows,
            filters,
            |row| row.id.to_string(),
            |row| self.group_view(row),
        )
    }

    pub(super) fn group(&self, id: &str) -> Answer {
        self.may("identity:get_group")?;
        Ok(Reply::ok(
            &json!({"group": self.group_view(self.known_group(id)?)}),
        ))
    }

    fn known_group(&self, id: &str) -> Result<&Group, Reply> {
        let row = Key::read(id).and_then(|key| self.world.identity.groups.get(&key));
        row.ok_or_else(|| not_found("group", id))
    }

    fn group_view(&self, row: &Group) -> Value {
        json!({
            "id": row.id,
            "name": row.name,
            "domain_id": row.domain,
            "description": row.description,
            "links": {"self": self.path(&format!("/groups/{}", row.id))},
        })
    }

    pub(super) fn groups_of(&self, user: &str) -> Answer {
        self.may_of(user, "identity:list_groups_for_user")?;
        let user = self.known_user(user)?.id;
        let rows = self
            .world
            .identity
            .groups
            .values()
            .filter(|row| row.members.contains(&user));
        Ok(self.list("groups", rows, &[], |row| self.group_view(row)))
    }

    pub(super) fn users_of(&self, group: &str) -> Answer {
        self.may("identity:list_users_in_group")?;
        let group = self.known_group(group)?;
        let rows = group
            .members
            .iter()
            .filter_map(|id| self.world.identity.users.get(id));
        Ok(self.list("users", rows, &[], |row| self.user_view(row)))
    }

    pub(super) fn roles(&self) -> Answer {
        self.may("identity:list_roles")?;
        self.unpaged()?;
        let filters: Filters<Role> = &[("name", |row| Some(row.name.clone()))];
        let rows = self.world.identity.roles.values();
        Ok(self.list("roles", rows, filters, |row| self.role_view(row)))
    }

    pub(super) fn role(&self, id: &str) -> Answer {
        self.may("identity:get_role")?;
        let row = Key::read(id).and_then(|key| self.world.identity.roles.get(&key));
        let row = row.ok_or_else(|| not_found("role", id))?;
        Ok(Reply::ok(&json!({"role": self.role_view(row)})))
    }

    fn role_view(&self, row: &Role) -> Value {
        json!({
            "id": row.id,
            "name": row.name,
            "domain_id": null,
            "description": row.description,
            "options": if row.immutable { json!({"immutable": true}) } else { json!({}) },
            "links": {"self": self.path(&format!("/roles/{}", row.id))},
        })
    }

    pub(super) fn services(&self) -> Answer {
        self.may("identity:list_services")?;
        self.unpaged()?;
        let filters: Filters<ServiceRow> = &[
            ("name", |row| Some(row.name.clone())),
            ("type", |row| Some(row.service_type.clone())),
        ];
        let rows = self.world.identity.services.values();
        Ok(self.list("services", rows, filters, |row| self.service_view(row)))
    }

    pub(super) fn service(&self, id: &str) -> Answer {
        self.may("identity:get_service")?;
        let row = Key::read(id).and_then(|key| self.world.identity.services.get(&key));
        let row = row.ok_or_else(|| not_found("service", id))?;
        Ok(Reply::ok(&json!({"service": self.service_view(row)})))
    }

    fn service_view(&self, row: &ServiceRow) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "type": row.service_type,
            "enabled": row.enabled,
            "links": {"self": self.path(&format!("/services/{}", row.id))},
        });
        if let Some(description) = &row.description {
            view["description"] = json!(description);
        }
        view
    }

    pub(super) fn endpoints(&self) -> Answer {
        self.may("identity:list_endpoints")?;
        self.unpaged()?;
        let filters: Filters<Endpoint> = &[
            ("interface", |row| Some(row.interface.to_owned())),
            ("service_id", |row| Some(row.service.to_string())),
            ("region_id", |row| Some(row.region.clone())),
        ];
        let rows = self.world.identity.endpoints.values();
        Ok(self.list("endpoints", rows, filters, |row| self.endpoint_view(row)))
    }

    pub(super) fn endpoint(&self, id: &str) -> Answer {
        self.may("identity:get_endpoint")?;
        let row = Key::read(id).and_then(|key| self.world.identity.endpoints.get(&key));
        let row = row.ok_or_else(|| not_found("endpoint", id))?;
        Ok(Reply::ok(&json!({"endpoint": self.endpoint_view(row)})))
    }

    fn endpoint_view(&self, row: &Endpoint) -> Value {
        json!({
            "id": row.id,
            "interface": row.interface,
            "region_id": row.region,
            "service_id": row.service,
            "url": format!("{}{}", self.call.origin, row.path),
            "enabled": row.enabled,
            "region": row.region,
            "links": {"self": self.path(&format!("/endpoints/{}", row.id))},
        })
    }

    pub(super) fn regions(&self) -> Reply {
        let rows: Vec<Value> = (0..self.world.regions.len())
            .map(|place| self.region_view(&region_name(place)))
            .collect();
        self.collection("regions", &rows, Value::Null)
    }

    pub(super) fn region(&self, id: &str) -> Answer {
        let mut names = (0..self.world.regions.len()).map(region_name);
        let name = names
            .find(|name| name == id)
            .ok_or_else(|| not_found("region", id))?;
        Ok(Reply::ok(&json!({"region": self.region_view(&name)})))
    }

    fn region_view(&self, name: &str) -> Value {
        json!({
            "id": name,
            "description": "",
            "parent_region_id": null,
            "links": {"self": self.path(&format!("/regions/{name}"))},
        })
    }

    pub(super) fn application_credentials(&self, user: &str) -> Answer {
        self.may_of(user, "identity:list_application_credentials")?;
        let user = self.known_user(user)?.id;
        let identity = &self.world.identity;
        let rows = identity
            .application_credentials
            .values()
            .filter(|row| row.user == user);
        let rows: Vec<Value> = rows
            .map(|row| {
                let roles = row.roles.iter().filter_map(|id| identity.roles.get(id));
                let roles: Value = roles
                    .map(|role| json!({"id": role.id, "name": role.name}))
                    .collect();
                json!({
                    "id": row.id,
                    "name": row.name,
                    "description": null,
                    "project_id": row.project,
                    "roles": roles,
                    "expires_at": null,
                    "unrestricted": false,
                })
            })
            .collect();
        Ok(self.collection("application_credentials", &rows, Value::Null))
    }
}
