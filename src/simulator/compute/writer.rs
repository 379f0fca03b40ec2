//! What changes Nova's state.

use http::Method;
use serde_json::Value;

use super::microversion::Microversion;
use super::{Subject, bad_request};
use crate::call::Call;
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::world::{Region, World};

/// Whose change is made, and to what.
pub(super) struct Writer<'a> {
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) token: &'a Token,
    pub(super) version: Microversion,
}

impl Writer<'_> {
    /// The answer; none where there is no such path.
    pub(super) fn write(&mut self, path: &[&str]) -> Option<Answer> {
        Some(match (&self.call.method, path) {
            (&Method::POST, ["servers"]) => self.server_create(),
            (&Method::PUT, ["servers", id]) => self.server_update(id),
            (&Method::DELETE, ["servers", id]) => self.server_delete(id),
            (&Method::POST, ["servers", id, "metadata"]) => self.metadata_set(id, false),
            (&Method::PUT, ["servers", id, "metadata"]) => self.metadata_set(id, true),
            (&Method::PUT, ["servers", id, "metadata", key]) => self.metadatum_set(id, key),
            (&Method::DELETE, ["servers", id, "metadata", key]) => self.metadatum_delete(id, key),
            (&Method::PUT, ["servers", id, "tags"]) => self.tags_set(id),
            (&Method::DELETE, ["servers", id, "tags"]) => self.tags_delete(id),
            (&Method::PUT, ["servers", id, "tags", tag]) => self.tag_set(id, tag),
            (&Method::DELETE, ["servers", id, "tags", tag]) => self.tag_delete(id, tag),
            (&Method::POST, ["servers", id, "os-volume_attachments"]) => self.volume_attach(id),
            (&Method::DELETE, ["servers", id, "os-volume_attachments", volume]) => {
                self.volume_detach(id, volume)
            }
            (&Method::POST, ["servers", id, "os-interface"]) => self.interface_attach(id),
            (&Method::DELETE, ["servers", id, "os-interface", port]) => {
                self.interface_detach(id, port)
            }
            (&Method::POST, ["servers", id, "remote-consoles"]) => self.console(id),
            (&Method::POST, ["os-server-groups"]) => self.group_create(),
            (&Method::DELETE, ["os-server-groups", id]) => self.group_delete(id),
            (&Method::POST, ["servers", id, "action"]) => self.server_do(id),
            (&Method::POST, ["os-keypairs"]) => self.keypair_create(),
            (&Method::DELETE, ["os-keypairs", name]) => self.keypair_delete(name),
            (&Method::PUT, ["os-quota-sets", project]) => self.quota_update(project),
            (&Method::DELETE, ["os-quota-sets", project]) => self.quota_delete(project),
            _ => return None,
        })
    }

    /// The world as it is now, to be asked.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            region: self.region(),
            world: self.world,
            call: self.call,
            token: self.token,
            version: self.version,
        }
    }

    pub(super) fn region(&self) -> &Region {
        &self.world.regions[self.call.region]
    }

    pub(super) fn region_mut(&mut self) -> &mut Region {
        &mut self.world.regions[self.call.region]
    }

    /// The body as JSON; null when there is none.
    pub(super) fn body(&self) -> Result<Value, Reply> {
        if self.call.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.call.body).map_err(|_| bad_request("Malformed request body"))
    }
}
