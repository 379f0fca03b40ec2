//! Servers taken away.

use std::time::Duration;

use http::StatusCode;

use crate::compute::done;
use crate::compute::writer::Writer;
use crate::reply::Answer;
use crate::world::events::ServerStep;

const DELETING: Duration = Duration::from_secs(2);

impl Writer<'_> {
    pub(in crate::compute) fn server_delete(&mut self, id: &str) -> Answer {
        let server = self.server_to(id, "os_compute_api:servers:delete")?;
        self.allow_locked(server)?;
        let (is_going, server) = (server.task_state == Some("deleting"), server.id);
        if !is_going {
            self.begin(server, "delete", "compute_terminate_instance", "deleting");
            if let Some(server) = self.server_mut(server) {
                server.progress = 0;
            }
            self.plan(server, DELETING, ServerStep::Deleted);
        }
        Ok(done(StatusCode::NO_CONTENT))
    }
}
