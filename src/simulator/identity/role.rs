//! Roles, and which imply which.

use serde_json::{Value, json};

use super::listing::{Cut, Filters};
use super::{Subject, not_found};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::identity::Role;

impl Subject<'_> {
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

    pub(super) fn role_view(&self, row: &Role) -> Value {
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
}
