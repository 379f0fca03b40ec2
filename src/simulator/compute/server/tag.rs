//! Tags of servers.

use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::SCHEMAS;
use crate::compute::writer::Writer;
use crate::compute::{bad_request, conflict, done, no_such_resource, not_found};
use crate::reply::{Answer, Reply};
use crate::world::compute::VmState;

const MOST: usize = 50;
const FROM: u32 = 26;

impl Writer<'_> {
    pub(in crate::compute) fn tags_set(&mut self, id: &str) -> Answer {
        self.has_tags()?;
        let body = self.body()?;
        SCHEMAS.check("tags", &body, self.version.minor())?;
        let id = self.taggable(id, "update_all", "update tags")?;
        let tags = body["tags"].as_array().into_iter().flatten();
        let tags = tags.filter_map(Value::as_str).map(str::to_owned);
        let tags = self.keep_tags(id, tags.collect());
        Ok(Reply::ok(&json!({"tags": tags})))
    }

    pub(in crate::compute) fn tag_set(&mut self, id: &str, tag: &str) -> Answer {
        const HTML: &str = "text/html; charset=UTF-8";
        self.has_tags()?;
        let id = self.taggable(id, "update", "update tag")?;
        if tag.is_empty() || tag.len() > 60 || tag.contains([',', '/']) {
            return Err(bad_request(&format!(
                "Tag '{tag}' is invalid. It must be a non empty string without characters '/' and \
                 ','. Validation error message: '{tag}' does not match '^[^,/]*$'"
            )));
        }
        let mut tags = self.tags_of(id);
        if tags.iter().any(|is| is == tag) {
            return Ok(Reply::of(StatusCode::NO_CONTENT, HTML, [][..].into()));
        }
        if tags.len() >= MOST {
            return Err(bad_request(&format!(
                "The number of tags exceeded the per-server limit {MOST}"
            )));
        }
        tags.push(tag.to_owned());
        self.keep_tags(id, tags);
        let links = self.subject().links("servers", &id.to_string());
        let own = links.first().map(|link| link.href.clone());
        let reply = Reply::of(StatusCode::CREATED, HTML, [][..].into());
        Ok(reply.with(LOCATION, &format!("{}/tags/{tag}", own.unwrap_or_default())))
    }

    pub(in crate::compute) fn tag_delete(&mut self, id: &str, tag: &str) -> Answer {
        self.has_tags()?;
        let id = self.taggable(id, "delete", "delete tag")?;
        let mut tags = self.tags_of(id);
        if !tags.iter().any(|is| is == tag) {
            return Err(not_found(&format!("Instance {id} has no tag '{tag}'")));
        }
        tags.retain(|is| is != tag);
        self.keep_tags(id, tags);
        Ok(done(StatusCode::NO_CONTENT))
    }

    pub(in crate::compute) fn tags_delete(&mut self, id: &str) -> Answer {
        self.has_tags()?;
        let id = self.taggable(id, "delete_all", "delete tags")?;
        self.keep_tags(id, Vec::new());
        Ok(done(StatusCode::NO_CONTENT))
    }

    fn has_tags(&self) -> Result<(), Reply> {
        if self.version.is(FROM) {
            return Ok(());
        }
        Err(no_such_resource())
    }

    fn taggable(&self, id: &str, rule: &str, word: &str) -> Result<Uuid, Reply> {
        use VmState::{Active, Paused, Stopped, Suspended};
        let rule = format!("os_compute_api:os-server-tags:{rule}");
        let server = self.server_to(id, &rule)?;
        if ![Active, Paused, Stopped, Suspended].contains(&server.vm_state) {
            return Err(conflict(&format!(
                "Cannot '{word}' instance {id} while it is in vm_state {}",
                server.vm_state.word()
            )));
        }
        Ok(server.id)
    }

    fn tags_of(&self, id: Uuid) -> Vec<String> {
        let server = self.region().compute.servers.get(&id);
        server.map(|server| server.tags.clone()).unwrap_or_default()
    }

    fn keep_tags(&mut self, id: Uuid, mut tags: Vec<String>) -> Vec<String> {
        tags.sort();
        tags.dedup();
        if let Some(server) = self.server_mut(id) {
            server.tags.clone_from(&tags);
        }
        tags
    }
}
