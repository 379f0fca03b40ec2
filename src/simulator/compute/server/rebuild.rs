//! Servers made anew of an image, images made of them, and what is changed of them at once.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::act::{Allowed, SCHEMAS};
use super::create::fits;
use super::view::{Shown, View};
use crate::compute::writer::Writer;
use crate::compute::{bad_request, done};
use crate::reply::{Answer, Reply};
use crate::world::compute::{PowerState, VmState};
use crate::world::events::ServerStep;

const REBUILDING: Duration = Duration::from_secs(4);
const IMAGING: Duration = Duration::from_secs(4);

/// The microversion from which a change is answered with all that is known.
const WHOLE: u32 = 75;
/// What it is answered with before.
const BRIEF: [&str; 24] = [
    "id",
    "name",
    "status",
    "tenant_id",
    "user_id",
    "metadata",
    "hostId",
    "image",
    "flavor",
    "created",
    "updated",
    "addresses",
    "accessIPv4",
    "accessIPv6",
    "links",
    "OS-DCF:diskConfig",
    "progress",
    "fault",
    "locked",
    "locked_reason",
    "description",
    "tags",
    "trusted_image_certificates",
    "server_groups",
];

impl Writer<'_> {
    pub(super) fn server_rebuild(&mut self, id: &str, asked: &Value) -> Answer {
        use VmState::{Active, Error, Stopped};
        let server = self.server_to(id, "os_compute_api:servers:rebuild")?;
        let (flavor, was_running) = (&server.flavor, server.vm_state != Stopped);
        let allowed = Allowed::of("rebuild", &[Active, Stopped, Error]);
        let id = self.allow(server, &allowed)?;
        let key = asked.get("key_name").map(|name| name.as_str());
        if let Some(Some(name)) = key {
            let key = (self.token.user, name.to_owned());
            if !self.region().compute.keypairs.contains_key(&key) {
                return Err(bad_request("Invalid key_name provided."));
            }
        }
        let image = asked["imageRef"].as_str().unwrap_or_default();
        let image = self.image_to_use(image).map_err(|refusal| {
            let is_known = self.region().image.images.values();
            let mut is_known = is_known.map(|row| row.id.to_string());
            if is_known.any(|known| known == image) {
                refusal
            } else {
                bad_request("Cannot find image for rebuild")
            }
        })?;
        if let Some(row) = self.region().image.images.get(&image) {
            fits(row, flavor)?;
        }
        let password = self.password_of(asked);
        self.begin(id, "rebuild", "rebuild_server", "rebuilding");
        let (now, call, version) = (self.call.now, self.call, self.version);
        let key = key.map(|name| name.map(str::to_owned));
        if let Some(server) = self.server_mut(id) {
            server.begin_event(&call.request_id, "compute_rebuild_instance", now);
            if server.image.is_some() {
                server.image = Some(image);
            }
            server.progress = 0;
            if let Some(name) = asked["name"].as_str() {
                name.trim().clone_into(&mut server.name);
            }
            if asked["metadata"].is_object() {
                server.metadata = texts(&asked["metadata"]);
            }
            if let Some(key) = key {
                server.key_name = key;
            }
            if let Some(description) = asked.get("description") {
                server.description = description.as_str().map(str::to_owned);
            }
            if let Some(data) = asked.get("user_data").filter(|_| version.is(57)) {
                server.user_data = data.as_str().map(str::to_owned);
            }
        }
        let step = if was_running {
            ServerStep::Becomes(Active, PowerState::Running)
        } else {
            ServerStep::Becomes(Stopped, PowerState::Shutdown)
        };
        self.plan(id, REBUILDING, step);
        let mut view = self.whole(id, &["key_name"]);
        view.insert("adminPass".to_owned(), json!(password));
        if self.version.is(57) {
            let data = self.server_mut(id).and_then(|row| row.user_data.clone());
            view.insert("user_data".to_owned(), json!(data));
        }
        let links = self.subject().links("servers", &id.to_string());
        let own = links.first().map(|link| link.href.clone());
        let reply = Reply::json(StatusCode::ACCEPTED, &json!({"server": view}));
        Ok(reply.with(LOCATION, &own.unwrap_or_default()))
    }

    /// Changes a server's name, or what else is said of it.
    pub(in crate::compute) fn server_update(&mut self, id: &str) -> Answer {
        let body = self.body()?;
        SCHEMAS.check("update", &body, self.version.minor())?;
        let id = self.server_to(id, "os_compute_api:servers:update")?.id;
        let now = self.call.now;
        let asked = &body["server"];
        if let Some(server) = self.server_mut(id) {
            if let Some(name) = asked["name"].as_str() {
                name.trim().clone_into(&mut server.name);
            }
            if let Some(description) = asked.get("description") {
                server.description = description.as_str().map(str::to_owned);
            }
            server.updated = now;
        }
        let view = self.whole(id, &[]);
        Ok(Reply::ok(&json!({"server": view})))
    }

    /// What a change is answered with; before a microversion that is little, and `more`.
    fn whole(&self, id: Uuid, more: &[&str]) -> Map<String, Value> {
        let Some(server) = self.region().compute.servers.get(&id) else {
            return Map::new();
        };
        let subject = self.subject();
        let shown = Shown::of(&subject);
        let view = serde_json::to_value(View::of(&shown, server, true)).unwrap_or_default();
        let Value::Object(mut view) = view else {
            return Map::new();
        };
        if !self.version.is(WHOLE) {
            let has_key = self.version.is(54);
            view.retain(|name, _| {
                BRIEF.contains(&name.as_str()) || (has_key && more.contains(&name.as_str()))
            });
            let networks = view.get_mut("addresses").and_then(Value::as_object_mut);
            let rows = networks.into_iter().flat_map(Map::values_mut);
            for row in rows.filter_map(Value::as_array_mut).flatten() {
                if let Some(row) = row.as_object_mut() {
                    row.retain(|name, _| !name.starts_with("OS-EXT"));
                }
            }
        }
        view
    }

    pub(super) fn server_create_image(&mut self, id: &str, asked: &Value) -> Answer {
        use VmState::{Active, Paused, Stopped, Suspended};
        let server = self.server_to(id, "os_compute_api:servers:create_image")?;
        let allowed = Allowed {
            needs_launch: true,
            ..Allowed::of("createImage", &[Active, Stopped, Paused, Suspended])
        };
        // A lock does not keep anyone from this.
        let id = self.allow_state(server, &allowed)?;
        let name = asked["name"].as_str().unwrap_or_default().trim().to_owned();
        let image = if let Some(image) = self.snapshot(id, &name, &asked["metadata"]) {
            self.begin(
                id,
                "createImage",
                "compute_snapshot_instance",
                "image_snapshot_pending",
            );
            self.plan(id, IMAGING, ServerStep::Imaged(image));
            image
        } else {
            // Cinder does the work, and Nova does not wait for it.
            self.note(id, "createImage", None);
            self.image_of_volumes(id, &name, &asked["metadata"])
        };
        if self.version.is(45) {
            let told = json!({"image_id": image});
            return Ok(Reply::json(StatusCode::ACCEPTED, &told));
        }
        let html = "text/html; charset=UTF-8";
        let reply = Reply::of(StatusCode::ACCEPTED, html, [][..].into());
        let root = self.call.root.trim_end_matches("compute");
        Ok(reply.with(LOCATION, &format!("{root}image//images/{image}")))
    }

    /// Changes metadata: all of them, or some.
    pub(in crate::compute) fn metadata_set(&mut self, id: &str, is_all: bool) -> Answer {
        let body = self.body()?;
        SCHEMAS.check("metadata_all", &body, self.version.minor())?;
        let rule = if is_all { "update_all" } else { "create" };
        let rule = format!("os_compute_api:server-metadata:{rule}");
        let metadata = self.merge(id, &rule, &body["metadata"], is_all)?;
        Ok(Reply::ok(&json!({"metadata": metadata})))
    }

    pub(in crate::compute) fn metadatum_set(&mut self, id: &str, key: &str) -> Answer {
        let body = self.body()?;
        SCHEMAS.check("metadatum", &body, self.version.minor())?;
        let rule = "os_compute_api:server-metadata:update";
        self.server_to(id, rule)?;
        if body["meta"].get(key).is_none() {
            return Err(bad_request("Request body and URI mismatch"));
        }
        self.merge(id, rule, &body["meta"], false)?;
        Ok(Reply::ok(&json!({"meta": body["meta"]})))
    }

    pub(in crate::compute) fn metadatum_delete(&mut self, id: &str, key: &str) -> Answer {
        let server = self.server_to(id, "os_compute_api:server-metadata:delete")?;
        if !server.metadata.contains_key(key) {
            return Err(crate::compute::not_found("Metadata item was not found"));
        }
        let id = self.allow(server, &METADATA_DELETED)?;
        if let Some(server) = self.server_mut(id) {
            server.metadata.remove(key);
        }
        Ok(done(StatusCode::NO_CONTENT))
    }

    fn merge(
        &mut self,
        id: &str,
        rule: &str,
        asked: &Value,
        is_all: bool,
    ) -> Result<BTreeMap<String, String>, Reply> {
        let server = self.server_to(id, rule)?;
        let project = server.project;
        let mut metadata = if is_all {
            BTreeMap::new()
        } else {
            server.metadata.clone()
        };
        let id = self.allow(server, &METADATA_UPDATED)?;
        metadata.extend(texts(asked));
        let limit = self.region().compute.quota(project).metadata_items;
        if usize::try_from(limit).is_ok_and(|limit| metadata.len() > limit) {
            return Err(crate::compute::forbidden_because(&format!(
                "Maximum number of metadata items exceeds {limit}"
            )));
        }
        if let Some(server) = self.server_mut(id) {
            server.metadata.clone_from(&metadata);
        }
        Ok(metadata)
    }
}

const CHANGEABLE: [VmState; 4] = [
    VmState::Active,
    VmState::Paused,
    VmState::Suspended,
    VmState::Stopped,
];
const METADATA_UPDATED: Allowed = Allowed::of("update metadata", &CHANGEABLE);
const METADATA_DELETED: Allowed = Allowed::of("delete metadata", &CHANGEABLE);

fn texts(asked: &Value) -> BTreeMap<String, String> {
    let fields = asked.as_object().into_iter().flatten();
    fields
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}
