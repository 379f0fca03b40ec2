//! Server groups.

use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::{Subject, add, not_found};
use crate::reply::{Answer, Reply};
use crate::world::compute::ServerGroup;
use crate::world::id;

const QUERY: Names = Names {
    names: &[
        ("all_projects", Kind::Any),
        ("limit", Kind::Number),
        ("offset", Kind::Number),
    ],
    once: false,
    closed_from: STRICT,
};

impl Subject<'_> {
    pub(super) fn server_groups(&self) -> Answer {
        self.check(QUERY)?;
        // Said by others it is ignored, said as false it is meant.
        let of_all = self.call.query.has("all_projects") && self.token.is_admin();
        let rows = self.compute().server_groups.values();
        let rows = rows.filter(|row| of_all || Some(row.project) == self.token.project);
        let rows = self.slice(rows.collect());
        let rows: Vec<Value> = rows.into_iter().map(|row| self.group_row(row)).collect();
        Ok(Reply::ok(&json!({"server_groups": rows})))
    }

    pub(super) fn server_group(&self, id: &str) -> Answer {
        let row = id::read_uuid(id).and_then(|id| self.compute().server_groups.get(&id));
        let row = row
            .filter(|row| self.token.is_admin() || Some(row.project) == self.token.project)
            .ok_or_else(|| not_found(&format!("Instance group {id} could not be found.")))?;
        Ok(Reply::ok(&json!({"server_group": self.group_row(row)})))
    }

    fn group_row(&self, row: &ServerGroup) -> Value {
        let servers = &self.compute().servers;
        let members = row.members.iter().filter(|id| servers.contains_key(*id));
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "members": members.collect::<Vec<_>>(),
        });
        if self.version.is(64) {
            view["policy"] = json!(row.policy);
            view["rules"] = match row.max_server_per_host {
                Some(number) => json!({"max_server_per_host": number}),
                None => json!({}),
            };
        } else {
            view["policies"] = json!([row.policy]);
            view["metadata"] = json!({});
        }
        let is = self.version.is(13);
        add(&mut view, is, "project_id", row.project.to_string());
        add(&mut view, is, "user_id", row.user.to_string());
        view
    }
}
