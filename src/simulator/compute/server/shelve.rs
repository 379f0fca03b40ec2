//! Servers that leave their host, or run another system to be mended.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::Allowed;
use crate::compute::writer::Writer;
use crate::compute::{bad_request, done};
use crate::reply::{Answer, Reply};
use crate::world::compute::{PowerState, VmState};
use crate::world::events::ServerStep;
use crate::world::id::read_uuid;
use crate::world::image::Image;

const RESCUING: Duration = Duration::from_secs(3);
const SHELVING: Duration = Duration::from_secs(3);
const LOOKING: Duration = Duration::from_millis(800);
const OFFLOADING: Duration = Duration::from_secs(2);

impl Writer<'_> {
    pub(super) fn server_rescue(&mut self, id: &str, asked: &Value) -> Answer {
        use VmState::{Active, Error, Stopped};
        let server = self.server_to(id, "os_compute_api:os-rescue")?;
        let server = self.allow(server, &Allowed::of("rescue", &[Active, Stopped, Error]))?;
        if let Some(image) = asked["rescue_image_ref"].as_str() {
            let images = &self.region().image.images;
            if read_uuid(image).is_none_or(|id| !images.contains_key(&id)) {
                return Err(bad_request(&format!("Image {image} could not be found.")));
            }
        }
        let password = self.password_of(asked);
        self.begin(server, "rescue", "compute_rescue_instance", "rescuing");
        let step = ServerStep::Becomes(VmState::Rescued, PowerState::Running);
        self.plan(server, RESCUING, step);
        Ok(Reply::ok(&json!({"adminPass": password})))
    }

    /// The password that was asked for, or one that was made up.
    pub(super) fn password_of(&mut self, asked: &Value) -> String {
        match asked["adminPass"].as_str() {
            Some(password) => password.to_owned(),
            None => self.world.dice.hex(12),
        }
    }

    pub(super) fn server_shelve(&mut self, id: &str) -> Answer {
        use VmState::{Active, Paused, Stopped, Suspended};
        let server = self.server_to(id, "os_compute_api:os-shelve:shelve")?;
        let allowed = Allowed::of("shelve", &[Active, Stopped, Paused, Suspended]);
        let server = self.allow(server, &allowed)?;
        let shelved = self.server_mut(server);
        let name = shelved.map(|server| format!("{}-shelved", server.name));
        let image = self.snapshot(server, &name.unwrap_or_default(), &json!({}));
        let images = &mut self.region_mut().image.images;
        if let Some(image) = image.and_then(|id| images.get_mut(&id)) {
            // What is in it is needed again.
            image.status = "active";
            image.size_bytes = Some(0);
        }
        if let Some(server) = self.server_mut(server) {
            server.shelved_image = image;
        }
        self.begin(server, "shelve", "compute_shelve_instance", "shelving");
        self.plan(server, SHELVING, ServerStep::Shelved);
        Ok(done(StatusCode::ACCEPTED))
    }

    pub(super) fn server_shelve_offload(&mut self, id: &str) -> Answer {
        let rule = "os_compute_api:os-shelve:shelve_offload";
        let server = self.server_to(id, rule)?;
        self.subject().may(rule)?;
        let allowed = Allowed::of("shelveOffload", &[VmState::Shelved]);
        let server = self.allow(server, &allowed)?;
        self.begin(
            server,
            "shelveOffload",
            "compute_shelve_offload_instance",
            "shelving_offloading",
        );
        self.plan(server, OFFLOADING, ServerStep::Offloaded);
        Ok(done(StatusCode::ACCEPTED))
    }

    pub(super) fn server_unshelve(&mut self, id: &str) -> Answer {
        use VmState::{Shelved, ShelvedOffloaded};
        let server = self.server_to(id, "os_compute_api:os-shelve:unshelve")?;
        let allowed = Allowed::of("unshelve", &[Shelved, ShelvedOffloaded]);
        let server = self.allow(server, &allowed)?;
        self.note(server, "unshelve", None);
        let mut image = None;
        if let Some(server) = self.server_mut(server) {
            server.task_state = Some("unshelving");
            image = server.shelved_image.take();
        }
        if let Some(image) = image {
            self.region_mut().image.images.shift_remove(&image);
        }
        self.plan(server, LOOKING, ServerStep::Unshelve);
        Ok(done(StatusCode::ACCEPTED))
    }

    /// Begins an image of a server; none of one that boots from a volume, and that has its data
    /// there.
    pub(super) fn snapshot(&mut self, server: Uuid, name: &str, metadata: &Value) -> Option<Uuid> {
        let now = self.call.now;
        let id = self.world.dice.uuid();
        let region = self.region();
        let server = region.compute.servers.get(&server)?;
        let base = server.image.and_then(|id| region.image.images.get(&id));
        server.image?;
        let mut properties: BTreeMap<String, String> = BTreeMap::new();
        if let Some(base) = base {
            properties.clone_from(&base.properties);
        }
        let of_server = [
            ("image_type", "snapshot".to_owned()),
            ("instance_uuid", server.id.to_string()),
            ("user_id", self.token.user.to_string()),
            ("owner_project_name", self.project_name()),
            ("owner_user_name", self.token.user_name.clone()),
            (
                "base_image_ref",
                server.image.map(|id| id.to_string()).unwrap_or_default(),
            ),
        ];
        properties.extend(of_server.map(|(name, value)| (name.to_owned(), value)));
        for (name, value) in metadata.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            properties.insert(name.clone(), value.to_owned());
        }
        let image = Image {
            id,
            name: Some(name.to_owned()),
            owner: server.project,
            status: "queued",
            visibility: "private",
            is_hidden: false,
            is_protected: false,
            container_format: base.and_then(|base| base.container_format),
            disk_format: base.and_then(|base| base.disk_format),
            size_bytes: None,
            virtual_size_bytes: None,
            min_disk_gib: server.flavor.disk_gib,
            min_ram_mib: base.map_or(0, |base| base.min_ram_mib),
            checksum: None,
            hash: None,
            tags: Vec::new(),
            properties,
            created: now,
            updated: now,
            members: Vec::new(),
        };
        self.region_mut().image.images.insert(id, image);
        Some(id)
    }

    fn project_name(&self) -> String {
        let projects = &self.world.identity.projects;
        let project = self.token.project.and_then(|id| projects.get(&id));
        project.map(|row| row.name.clone()).unwrap_or_default()
    }
}
