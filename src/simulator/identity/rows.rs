//! Projects, users, groups, roles, the catalog's rows: lists and single ones.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Subject, bad_request, crash, forbidden, not_found, refusal};
use crate::reply::{Answer, Reply};
use crate::service::region_name;
use crate::world::Key;
use crate::world::identity::{
    Actor, ApplicationCredential, Domain, Endpoint, Group, Project, Role, ServiceRow, Target, User,
};

/// Rows in one answer at most, said or unsaid.
const MOST: usize = 1000;

/// What a list can be narrowed by: a name of the query, and the row's value for it.
type Filters<T> = &'static [(&'static str, fn(&T) -> Option<String>)];

/// How a list is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Domains and projects: a limit of 0 is none, and what is no limit breaks Keystone down.
    ByQuery,
    /// The others: one more row than the limit is read, and those that are too many are left out.
    Afterwards,
}

impl Subject<'_> {
    fn path(&self, path: &str) -> String {
        format!("{}/v3{path}", self.call.root)
    }

    /// Whether the caller may read everything: an admin, or a reader of the system.
    pub(super) fn may(&self, rule: &str) -> Result<(), Reply> {
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
        self.collection(name, &rows, None)
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
                .all(|(wanted, value)| value(row).is_some_and(|value| is_alike(&value, wanted)))
        })
        .collect()
    }

    /// A list that takes a limit and a marker.
    fn page<'a, T: 'a>(
        &self,
        (name, cut): (&str, Cut),
        rows: impl Iterator<Item = &'a T>,
        filters: Filters<T>,
        id: impl Fn(&T) -> String,
        view: impl Fn(&T) -> Value,
    ) -> Answer {
        let mut kept = self.filtered(rows, filters);
        // As the database gives them: by id.
        kept.sort_by_key(|row| id(row));
        let query = &self.call.query;
        let limit = query.get("limit").map(str::parse).transpose();
        let limit: Option<i64> = limit.map_err(|_| crash())?;
        if let Some(marker) = query.get("marker") {
            let place = kept.iter().position(|row| id(row) == marker);
            let place = place.ok_or_else(|| unknown_marker(marker))?;
            kept.drain(..=place);
        }
        let number = kept.len();
        let most = match (limit, cut) {
            (None, _) => MOST,
            (Some(0), Cut::ByQuery) => number.min(MOST),
            // All but the last.
            (Some(-1), Cut::Afterwards) => number.saturating_sub(1).min(MOST),
            (Some(limit), _) => usize::try_from(limit).map_err(|_| crash())?.min(MOST),
        };
        kept.truncate(most);
        let is_truncated = limit == Some(0) || kept.len() < number;
        let next = kept
            .last()
            .filter(|_| is_truncated && limit.is_some())
            .map(|last| query.with("marker", &id(last)));
        let rows: Vec<Value> = kept.iter().map(|row| view(row)).collect();
        let mut body = self.collected(name, &rows, next);
        if is_truncated {
            body["truncated"] = json!(true);
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn collection(&self, name: &str, rows: &[Value], next: Option<String>) -> Reply {
        Reply::ok(&self.collected(name, rows, next))
    }

    /// A list with its links: to itself as it was asked for, and to the page of another query.
    fn collected(&self, name: &str, rows: &[Value], next: Option<String>) -> Value {
        let own = format!("{}/{}", self.call.root, self.call.path.join("/"));
        let linked = |query: &str| match query {
            "" => own.clone(),
            query => format!("{own}?{query}"),
        };
        json!({
            name: rows,
            "links": {
                "next": next.as_deref().map(linked),
                "self": linked(&self.call.query.text()),
                "previous": null,
            },
        })
    }

    pub(super) fn domains(&self) -> Answer {
        self.may("identity:list_domains")?;
        let filters: Filters<Domain> = &[
            ("name", |row| Some(row.name.clone())),
            ("enabled", |row| Some(row.enabled.to_string())),
        ];
        let rows = self.world.identity.domains.values();
        self.page(
            ("domains", Cut::ByQuery),
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
        let query = &self.call.query;
        if let Some(parent) = query.get("parent_id")
            && Uuid::parse_str(parent).is_err()
        {
            return Err(invalid("parent_id", parent, "a 'uuid'"));
        }
        if query.get("is_domain").is_some_and(is_true) {
            return self.domains_as_projects();
        }
        let filters: Filters<Project> = &[
            ("name", |row| Some(row.name.clone())),
            ("domain_id", |row| Some(row.domain.clone())),
            ("parent_id", |row| Some(row.parent.clone())),
            ("enabled", |row| Some(row.enabled.to_string())),
            ("is_domain", |_| Some("false".to_owned())),
        ];
        let rows = self.world.identity.projects.values();
        self.page(
            ("projects", Cut::ByQuery),
            rows,
            filters,
            |row| row.id.to_string(),
            |row| self.project_view(row),
        )
    }

    /// Each domain is a project too, which is in none.
    fn domains_as_projects(&self) -> Answer {
        let filters: Filters<Domain> = &[
            ("name", |row| Some(row.name.clone())),
            ("domain_id", |_| None),
            ("parent_id", |_| None),
            ("enabled", |row| Some(row.enabled.to_string())),
        ];
        let rows = self.world.identity.domains.values();
        self.page(
            ("projects", Cut::ByQuery),
            rows,
            filters,
            |row| row.id.clone(),
            |row| {
                json!({
                    "id": row.id,
                    "name": row.name,
                    "domain_id": null,
                    "description": row.description,
                    "enabled": row.enabled,
                    "parent_id": null,
                    "is_domain": true,
                    "tags": [],
                    "options": {},
                    "links": {"self": self.path(&format!("/projects/{}", row.id))},
                })
            },
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

    pub(super) fn catalog(&self) -> Reply {
        Reply::ok(&json!({
            "catalog": self.token.catalog(self.world, self.call),
            "links": {"self": self.path("/auth/catalog")},
        }))
    }

    pub(super) fn own_system(&self) -> Reply {
        let has_role = self.has_role_on(self.token.user, &Target::System);
        let rows: Value = has_role.then(|| json!({"all": true})).into_iter().collect();
        Reply::ok(&json!({"system": rows, "links": {"self": self.path("/auth/system")}}))
    }

    pub(super) fn own_projects(&self, user: Key) -> Reply {
        let identity = &self.world.identity;
        let rows = identity
            .projects
            .values()
            .filter(|row| row.enabled && self.has_role_on(user, &Target::Project(row.id)));
        let rows: Vec<Value> = rows.map(|row| self.project_view(row)).collect();
        self.collection("projects", &rows, None)
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
        Ok(self.own_projects(user))
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
            ("users", Cut::Afterwards),
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
            ("groups", Cut::Afterwards),
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
        Ok(self.list("groups", rows, &[], |row| {
            let mut view = self.group_view(row);
            view["membership_expires_at"] = Value::Null;
            view
        }))
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
        let filters: Filters<Role> = &[("name", |row| Some(row.name.clone()))];
        let rows = self.world.identity.roles.values();
        self.page(
            ("roles", Cut::Afterwards),
            rows,
            filters,
            |row| row.id.to_string(),
            |row| self.role_view(row),
        )
    }

    pub(super) fn role(&self, id: &str) -> Answer {
        let row = Key::read(id).and_then(|key| self.world.identity.roles.get(&key));
        // Looked for before who may see it is.
        let row = row.ok_or_else(|| not_found("role", id))?;
        self.may("identity:get_role")?;
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

    /// Which roles come with which.
    pub(super) fn role_inferences(&self) -> Answer {
        self.may("identity:list_role_inference_rules")?;
        let roles = &self.world.identity.roles;
        let view = |row: &Role| {
            let link = self.path(&format!("/roles/{}", row.id));
            json!({"id": row.id, "name": row.name, "links": {"self": link}})
        };
        let rows = roles.values().filter(|row| !row.implies.is_empty());
        let rows: Value = rows
            .map(|row| {
                let implied = row.implies.iter().filter_map(|id| roles.get(id));
                let implied: Value = implied.map(view).collect();
                json!({"prior_role": view(row), "implies": implied})
            })
            .collect();
        Ok(Reply::ok(&json!({"role_inferences": rows})))
    }

    pub(super) fn services(&self) -> Answer {
        self.may("identity:list_services")?;
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
        if let Some(interface) = self.call.query.get("interface")
            && !["admin", "internal", "public"].contains(&interface)
        {
            let wanted = "one of ['admin', 'internal', 'public']";
            return Err(invalid("interface", interface, wanted));
        }
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
        self.collection("regions", &rows, None)
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
        let rows = self.world.identity.application_credentials.values();
        let rows = rows.filter(|row| row.user == user);
        let rows: Vec<Value> = rows
            .map(|row| self.application_credential_view(row))
            .collect();
        Ok(self.collection("application_credentials", &rows, None))
    }

    /// The one that the path ends with.
    pub(super) fn application_credential(&self, user: &str) -> Answer {
        self.may_of(user, "identity:get_application_credential")?;
        let user = self.known_user(user)?.id;
        let id = self.call.path.last().map_or("", String::as_str);
        let rows = &self.world.identity.application_credentials;
        let row = Key::read(id).and_then(|key| rows.get(&key));
        let row = row
            .filter(|row| row.user == user)
            .ok_or_else(|| not_found("Application Credential", id))?;
        let view = self.application_credential_view(row);
        Ok(Reply::ok(&json!({"application_credential": view})))
    }

    fn application_credential_view(&self, row: &ApplicationCredential) -> Value {
        let identity = &self.world.identity;
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
    }
}

fn unknown_marker(marker: &str) -> Reply {
    let message = format!("Marker {marker} could not be found.");
    refusal(StatusCode::NOT_FOUND, "Not Found", &message)
}

fn invalid(name: &str, value: &str, wanted: &str) -> Reply {
    bad_request(&format!(
        "Invalid input for field/attribute {name}. Value: {value}. '{value}' is not {wanted}"
    ))
}

/// Whether a row's value is the one that is asked for. What is not false is true.
fn is_alike(value: &str, wanted: &str) -> bool {
    match value {
        "true" => is_true(wanted),
        "false" => !is_true(wanted),
        value => value == wanted,
    }
}

pub(super) fn is_true(text: &str) -> bool {
    let text = text.to_lowercase();
    !["0", "f", "false", "off", "n", "no"].contains(&text.as_str())
}
