//! Users, and the credentials that they made for applications.

use serde_json::{Value, json};

use super::listing::{Cut, Filters};
use super::{Subject, not_found};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::identity::{ApplicationCredential, User};

impl Subject<'_> {
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

    pub(super) fn known_user(&self, id: &str) -> Result<&User, Reply> {
        let row = Key::read(id).and_then(|key| self.world.identity.users.get(&key));
        row.ok_or_else(|| not_found("user", id))
    }

    pub(super) fn user_view(&self, row: &User) -> Value {
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

    pub(super) fn application_credential_view(&self, row: &ApplicationCredential) -> Value {
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
