//! Groups.

use serde_json::{Value, json};

use super::listing::{Cut, Filters};
use super::{Subject, not_found};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::identity::Group;

impl Subject<'_> {
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

    pub(super) fn known_group(&self, id: &str) -> Result<&Group, Reply> {
        let row = Key::read(id).and_then(|key| self.world.identity.groups.get(&key));
        row.ok_or_else(|| not_found("group", id))
    }

    pub(super) fn group_view(&self, row: &Group) -> Value {
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
}
