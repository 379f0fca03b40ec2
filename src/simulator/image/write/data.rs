//! The data of images: sent, or fetched from elsewhere.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use sha2::{Digest, Sha512};
use uuid::Uuid;

use super::Writer;
use crate::md5;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::events::Event;

const OCTETS: &str = "application/octet-stream";
/// How long a download takes.
const FETCHING: Duration = Duration::from_secs(6);

/// Names under which nothing can be had: those that are kept for that, and this machine.
const NOWHERE: [&str; 6] = [
    ".invalid",
    ".test",
    ".localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
];

impl Writer<'_> {
    pub(super) fn upload(&mut self, id: &str) -> Answer {
        if self.content_type() != OCTETS {
            return Err(self.unsupported());
        }
        let id = self.to_change(id, "upload_image")?;
        let Some(row) = self.images().get(&id) else {
            return Err(webob::nowhere(self.call));
        };
        let (status, has_formats) = (
            row.status,
            row.disk_format.is_some() && row.container_format.is_some(),
        );
        if !has_formats {
            return Err(self.bad_request(
                "Properties disk_format, container_format must be set prior to saving data.",
            ));
        }
        if status != "queued" {
            return Err(self.conflict(&format!(
                "Image status transition from {status} to saving is not allowed"
            )));
        }
        self.data_came(id);
        Ok(self.done())
    }

    fn data_came(&mut self, id: Uuid) {
        let call = self.call;
        let checksum = md5::hex(&md5::digest(&call.body));
        let hash = md5::hex(&Sha512::digest(&call.body));
        let size = call.body.len() as u64;
        if let Some(row) = self.images().get_mut(&id) {
            row.data_came(size, checksum, hash, call.now);
        }
    }

    /// Takes data that is imported later.
    pub(super) fn stage(&mut self, id: &str) -> Answer {
        if self.content_type() != OCTETS {
            return Err(self.unsupported());
        }
        let id = self.to_change(id, "upload_image")?;
        let call = self.call;
        let Some(row) = self.images().get_mut(&id) else {
            return Err(webob::nowhere(call));
        };
        if row.status != "queued" {
            let status = row.status;
            return Err(self.conflict(&format!(
                "Image status transition from {status} to uploading is not allowed"
            )));
        }
        row.status = "uploading";
        row.size_bytes = Some(call.body.len() as u64);
        row.updated = call.now;
        Ok(self.done())
    }

    pub(super) fn import(&mut self, id: &str) -> Answer {
        let body = self.body()?;
        let Some(method) = body.get("method") else {
            return Err(self.bad_request("Import request requires a 'method' field."));
        };
        let Some(name) = method.get("name").and_then(Value::as_str) else {
            return Err(self.bad_request("Import request requires a 'name' field."));
        };
        if !["glance-direct", "web-download", "copy-image"].contains(&name) {
            return Err(self.bad_request(&format!("Unknown import method name '{name}'.")));
        }
        let subject = self.subject();
        let row = subject.known(id)?;
        let (id, status) = (row.id, row.status);
        let refusal = match (name, status) {
            ("copy-image", "active") => None,
            (_, "active") => {
                Some("Image with status active cannot be target for import".to_owned())
            }
            ("copy-image", _) => {
                Some("Only images with status active can be targeted for copying".to_owned())
            }
            ("web-download", "queued") | ("glance-direct", "uploading") => None,
            ("web-download", _) => Some(format!(
                "Image needs to be in 'queued' state to use '{name}' method"
            )),
            _ => Some(
                "Image needs to be staged before 'glance-direct' method can be used".to_owned(),
            ),
        };
        let format = |what: &str| format!("'{what}' needs to be set before import");
        let refusal = refusal
            .or_else(|| {
                row.container_format
                    .is_none()
                    .then(|| format("container_format"))
            })
            .or_else(|| row.disk_format.is_none().then(|| format("disk_format")));
        if let Some(message) = refusal {
            return Err(self.conflict(&message));
        }
        self.may(row, "modify_image")?;
        let address = method.get("uri").and_then(Value::as_str);
        let host = address.and_then(host);
        if name == "web-download" && host.is_none() {
            let shown = address.unwrap_or("None");
            return Err(self.bad_request(&format!(
                "URI for web-download does not pass filtering: {shown}"
            )));
        }
        let can_be_had = host.is_none_or(|host| !NOWHERE.iter().any(|end| host.ends_with(end)));
        let now = self.call.now;
        if name != "copy-image"
            && let Some(row) = self.images().get_mut(&id)
        {
            row.status = "importing";
            row.updated = now;
        }
        let event = Event::ImageFetched {
            region: self.call.region,
            image: id,
            can_be_had,
        };
        self.world.events.plan(now + FETCHING, event);
        let html = "text/html; charset=UTF-8";
        Ok(Reply::of(StatusCode::ACCEPTED, html, [][..].into()))
    }
}

/// The host of an address that Glance would fetch from.
fn host(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    let is_usual = matches!(url.port_or_known_default(), Some(80 | 443));
    let host = url.host_str().filter(|_| is_web && is_usual)?;
    Some(host.to_owned())
}
