//! Server groups.

use http::StatusCode;
use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::server::attach::SCHEMAS;
use super::writer::Writer;
use super::{Subject, add, bad_request, done, forbidden, forbidden_because, not_found};
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

impl Writer<'_> {
    pub(super) fn group_create(&mut self) -> Answer {
        const POLICIES: [&str; 4] = [
            "anti-affinity",
            "affinity",
            "soft-anti-affinity",
            "soft-affinity",
        ];
        let body = self.body()?;
        SCHEMAS.check("group", &body, self.version.minor())?;
        let rule = "os_compute_api:os-server-groups:create";
        let project = self.token.project.ok_or_else(|| forbidden(rule))?;
        if !self.token.has_role("member") {
            self.subject().may(rule)?;
        }
        let compute = &self.region().compute;
        let groups = compute.server_groups.values();
        let used = groups.filter(|row| row.project == project).count();
        let limit = usize::try_from(compute.quota(project).server_groups);
        if limit.is_ok_and(|limit| used >= limit) {
            return Err(forbidden_because("Quota exceeded, too many server groups."));
        }
        let asked = &body["server_group"];
        let policy = if self.version.is(64) {
            &asked["policy"]
        } else {
            &asked["policies"][0]
        };
        let policy = POLICIES.iter().find(|known| policy == **known);
        let policy = policy.copied().unwrap_or("anti-affinity");
        let most = &asked["rules"]["max_server_per_host"];
        if policy != "anti-affinity" && !most.is_null() {
            return Err(bad_request("Only anti-affinity policy supports rules."));
        }
        let most = match most {
            Value::String(text) => text.parse().ok(),
            most => most.as_u64().and_then(|most| most.try_into().ok()),
        };
        let group = ServerGroup {
            id: self.world.dice.uuid(),
            name: asked["name"].as_str().unwrap_or_default().to_owned(),
            policy,
            max_server_per_host: most,
            project,
            user: self.token.user,
            members: Vec::new(),
        };
        let view = self.subject().group_row(&group);
        self.region_mut()
            .compute
            .server_groups
            .insert(group.id, group);
        Ok(Reply::ok(&json!({"server_group": view})))
    }

    pub(super) fn group_delete(&mut self, id: &str) -> Answer {
        let row = id::read_uuid(id).and_then(|id| self.region().compute.server_groups.get(&id));
        let row = row
            .filter(|row| self.token.is_admin() || Some(row.project) == self.token.project)
            .ok_or_else(|| not_found(&format!("Instance group {id} could not be found.")))?;
        if !self.token.has_role("member") {
            self.subject()
                .may("os_compute_api:os-server-groups:delete")?;
        }
        let id = row.id;
        self.region_mut().compute.server_groups.shift_remove(&id);
        Ok(done(StatusCode::NO_CONTENT))
    }
}
