//! Locks: nobody but an admin does anything with what is locked.

use http::StatusCode;
use serde_json::Value;

use crate::compute::writer::Writer;
use crate::compute::{done, forbidden};
use crate::reply::Answer;
use crate::world::compute::Lock;

impl Writer<'_> {
    pub(in crate::compute) fn server_lock(&mut self, id: &str, asked: &Value) -> Answer {
        let server = self.server_to(id, "os_compute_api:os-lock-server:lock")?;
        let is_owner = self.token.project == Some(server.project);
        let (is_locked, server) = (server.locked.is_some(), server.id);
        if is_locked && is_owner {
            return Ok(done(StatusCode::ACCEPTED));
        }
        let reason = asked["locked_reason"].as_str().map(str::to_owned);
        let lock = Lock {
            by_admin: !is_owner,
            reason: reason.filter(|_| self.version.is(73)),
        };
        self.change_lock(server, "lock", "api_lock", Some(lock));
        Ok(done(StatusCode::ACCEPTED))
    }

    pub(in crate::compute) fn server_unlock(&mut self, id: &str) -> Answer {
        let server = self.server_to(id, "os_compute_api:os-lock-server:unlock")?;
        let is_owner = self.token.project == Some(server.project);
        let locked = server.locked.as_ref();
        let is_own = locked.is_none_or(|lock| lock.by_admin != is_owner);
        if !is_own && !self.token.is_admin() {
            return Err(forbidden(
                "os_compute_api:os-lock-server:unlock:unlock_override",
            ));
        }
        let server = server.id;
        self.change_lock(server, "unlock", "api_unlock", None);
        Ok(done(StatusCode::ACCEPTED))
    }

    fn change_lock(
        &mut self,
        server: uuid::Uuid,
        action: &'static str,
        event: &'static str,
        lock: Option<Lock>,
    ) {
        self.note(server, action, Some(event));
        let (now, call) = (self.call.now, self.call);
        if let Some(server) = self.server_mut(server) {
            server.locked = lock;
            server.end(&call.request_id, None, now);
        }
    }
}
