//! Projects, and whose they are.

use serde_json::{Value, json};
use uuid::Uuid;

use super::listing::{Cut, Filters, invalid, is_true};
use super::{Subject, not_found};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::identity::{Actor, Domain, Project, Target};

impl Subject<'_> {
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
    pub(super) fn domains_as_projects(&self) -> Answer {
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

    pub(super) fn project_view(&self, row: &Project) -> Value {
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

    pub(super) fn own_projects(&self, user: Key) -> Reply {
        let identity = &self.world.identity;
        let rows = identity
            .projects
            .values()
            .filter(|row| row.enabled && self.has_role_on(user, &Target::Project(row.id)));
        let rows: Vec<Value> = rows.map(|row| self.project_view(row)).collect();
        self.collection("projects", &rows, None)
    }

    pub(super) fn has_role_on(&self, user: Key, target: &Target) -> bool {
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
}
