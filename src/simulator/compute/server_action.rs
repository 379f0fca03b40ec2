//! What was done with a server, by whom, and how it went.

use serde_json::{Value, json};

use super::query::{Kind, Names};
use super::server::view::host_id;
use super::{Subject, add, bad_request, not_found};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::compute::{ActionEvent, Server, ServerAction};
use crate::world::id::read_uuid;

/// The microversion from which lists are paged and filtered.
const PAGED: u32 = 58;
/// The microversion from which those of deleted servers are told.
const OF_DELETED: u32 = 21;
const QUERY: Names = Names {
    names: &[
        ("limit", Kind::Number),
        ("marker", Kind::Any),
        ("changes-since", Kind::Time),
        ("changes-before", Kind::Time),
    ],
    once: true,
    closed_from: PAGED,
};

impl Subject<'_> {
    pub(super) fn server_actions(&self, id: &str) -> Answer {
        let is_paged = self.version.is(PAGED);
        if is_paged {
            self.check(QUERY)?;
        }
        let server = self.server_that_was(id, "os_compute_api:os-instance-actions:list")?;
        // The last one first.
        let mut rows: Vec<&ServerAction> = server.actions.iter().rev().collect();
        if !is_paged {
            let rows: Vec<Value> = rows
                .iter()
                .map(|row| self.action_view(server, row))
                .collect();
            return Ok(Reply::ok(&json!({"instanceActions": rows})));
        }
        let since = self.time("changes-since");
        let before = self.time("changes-before").filter(|_| self.version.is(66));
        if let (Some(since), Some(before)) = (since, before)
            && before < since
        {
            return Err(bad_request(
                "The value of changes-since must be less than or equal to changes-before.",
            ));
        }
        rows.retain(|row| {
            since.is_none_or(|time| row.updated >= time)
                && before.is_none_or(|time| row.updated <= time)
        });
        let page = self.page(
            rows,
            |row, marker| row.request_id == marker,
            // It says so of any.
            |_| bad_request("Marker None could not be found."),
        )?;
        let rows: Vec<Value> = page
            .rows
            .iter()
            .map(|row| self.action_view(server, row))
            .collect();
        let mut body = json!({"instanceActions": rows});
        if let Some(last) = page.rows.last().filter(|_| page.is_full) {
            let path = format!("servers/{id}/os-instance-actions");
            body["links"] = json!(self.next_link(&path, QUERY, &last.request_id));
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn server_action(&self, id: &str, request: &str) -> Answer {
        let server = self.server_that_was(id, "os_compute_api:os-instance-actions:show")?;
        let row = server.actions.iter().find(|row| row.request_id == request);
        let row = row.ok_or_else(|| not_found(&format!("Action {request} not found")))?;
        let mut view = self.action_view(server, row);
        // Others than admins see events only lately, and never what went on inside.
        if self.token.is_admin() || self.version.is(51) {
            let events = row.events.iter().rev();
            let events: Vec<Value> = events.map(|event| self.event_view(server, event)).collect();
            view["events"] = json!(events);
        }
        Ok(Reply::ok(&json!({"instanceAction": view})))
    }

    /// The server of this id, or one that was deleted.
    fn server_that_was(&self, id: &str, rule: &str) -> Result<&Server, Reply> {
        let deleted = &self.compute().deleted_servers;
        let row = read_uuid(id).and_then(|id| deleted.get(&id));
        match row.filter(|row| self.token.is_admin() || self.token.project == Some(row.project)) {
            Some(row) if self.version.is(OF_DELETED) => {
                self.may_read_of(row.project, rule)?;
                Ok(row)
            }
            _ => self.server_of(id, rule),
        }
    }

    fn action_view(&self, server: &Server, row: &ServerAction) -> Value {
        let mut view = json!({
            "action": row.action,
            "instance_uuid": server.id,
            "request_id": row.request_id,
            "user_id": row.user,
            "project_id": server.project,
            "start_time": naive(row.start),
            "message": row.message,
        });
        let updated = naive(row.updated).text();
        add(&mut view, self.version.is(PAGED), "updated_at", updated);
        view
    }

    fn event_view(&self, server: &Server, event: &ActionEvent) -> Value {
        let is_admin = self.token.is_admin();
        let is_told = self.version.is(62);
        let result = if event.is_success { "Success" } else { "Error" };
        let mut view = json!({
            "event": event.event,
            "start_time": naive(event.start),
            "finish_time": event.finish.map(naive),
            "result": event.finish.map(|_| result),
        });
        let host = event.host.as_deref();
        add(&mut view, is_admin, "traceback", event.traceback.clone());
        add(&mut view, is_admin && is_told, "host", host);
        add(&mut view, is_told, "hostId", host_id(host, server.project));
        let has_details = is_admin && self.version.is(84);
        add(&mut view, has_details, "details", event.details.clone());
        view
    }
}
