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
            (&Method::POST, ["servers", id, "action"]) => self.server_do(id),
            (&Method::POST, ["os-keypairs"]) => self.keypair_create(),
            (&Method::DELETE, ["os-keypairs", name]) => self.keypair_delete(name),
            _ => return None,
        })
    }

    /// What is done with a server: the body's only key says what.
    fn server_do(&mut self, id: &str) -> Answer {
        let body = self.call.json();
        let keys: Vec<&String> = body
            .as_object()
            .map(|body| body.keys().collect())
            .unwrap_or_default();
        match keys.as_slice() {
            [key] => match key.as_str() {
                "os-getConsoleOutput" => {
                    self.subject().console_log(id, &body["os-getConsoleOutput"])
                }
                key => Err(bad_request(&format!("There is no such action: {key}"))),
            },
            [] => Err(bad_request("Malformed request body")),
            _ => Err(bad_request("Multiple actions are not supported")),
        }
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
