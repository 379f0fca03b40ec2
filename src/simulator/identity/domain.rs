//! Domains.

use serde_json::{Value, json};

use super::listing::{Cut, Filters};
use super::{Subject, not_found};
use crate::reply::{Answer, Reply};
use crate::world::identity::{Domain, Target};

impl Subject<'_> {
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

    pub(super) fn domain_view(&self, row: &Domain) -> Value {
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

    pub(super) fn own_domains(&self) -> Reply {
        let identity = &self.world.identity;
        let rows = identity.domains.values();
        let rows =
            rows.filter(|row| self.has_role_on(self.token.user, &Target::Domain(row.id.clone())));
        self.list("domains", rows, &[], |row| self.domain_view(row))
    }
}
