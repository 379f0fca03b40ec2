//! Servers that get another flavor: which they keep, or give back.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::act::Allowed;
use super::create::fits;
use crate::compute::writer::Writer;
use crate::compute::{bad_request, done};
use crate::reply::Answer;
use crate::world::compute::VmState;
use crate::world::events::ServerStep;

const RESIZING: Duration = Duration::from_secs(5);
const CONFIRMING: Duration = Duration::from_secs(1);
const REVERTING: Duration = Duration::from_secs(4);

impl Writer<'_> {
    pub(super) fn server_resize(&mut self, id: &str, asked: &Value) -> Answer {
        use VmState::{Active, Stopped};
        let server = self.server_to(id, "os_compute_api:servers:resize")?;
        let (project, before, image) = (server.project, &server.flavor, server.image);
        let id = self.allow(server, &Allowed::of("resize", &[Active, Stopped]))?;
        let flavor = self.flavor_to_use(&asked["flavorRef"])?;
        if flavor.id == before.id {
            return Err(bad_request("When resizing, instances must change flavor!"));
        }
        if flavor.disk_gib == 0 && before.disk_gib > 0 && image.is_some() {
            return Err(bad_request(
                "Server disk was unable to be resized because: Resize to zero disk flavor is not \
                 allowed.",
            ));
        }
        self.check_quota(
            project,
            &[
                ("cores", i64::from(flavor.vcpus) - i64::from(before.vcpus)),
                ("ram", i64::from(flavor.ram_mib) - i64::from(before.ram_mib)),
            ],
        )?;
        if let Some(image) = image.and_then(|id| self.region().image.images.get(&id)) {
            fits(image, &flavor)?;
        }
        self.begin(id, "resize", "conductor_migrate_server", "resize_prep");
        let (now, call) = (self.call.now, self.call);
        if let Some(server) = self.server_mut(id) {
            for event in [
                "cold_migrate",
                "compute_prep_resize",
                "compute_resize_instance",
            ] {
                server.begin_event(&call.request_id, event, now);
            }
            server.progress = 0;
        }
        self.plan(id, RESIZING, ServerStep::Resized(flavor));
        Ok(done(StatusCode::ACCEPTED))
    }

    pub(super) fn server_confirm_resize(&mut self, id: &str) -> Answer {
        let server = self.server_to(id, "os_compute_api:servers:confirm_resize")?;
        let server = self.allow(server, &Allowed::of("confirmResize", &[VmState::Resized]))?;
        self.note(server, "confirmResize", Some("compute_confirm_resize"));
        self.plan(server, CONFIRMING, ServerStep::Confirmed);
        Ok(done(StatusCode::NO_CONTENT))
    }

    pub(super) fn server_revert_resize(&mut self, id: &str) -> Answer {
        let server = self.server_to(id, "os_compute_api:servers:revert_resize")?;
        let server = self.allow(server, &Allowed::of("revertResize", &[VmState::Resized]))?;
        self.begin(
            server,
            "revertResize",
            "compute_revert_resize",
            "resize_reverting",
        );
        self.plan(server, REVERTING, ServerStep::Reverted);
        Ok(done(StatusCode::ACCEPTED))
    }
}
