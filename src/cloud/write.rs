//! What changes something: sent once, never again, and remembered by the operation.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::request::Call;
use super::service::Service;
use super::{Cloud, Connection};
use crate::{Error, Result};

/// What a service said to a change that it accepted.
#[derive(Debug)]
pub struct Written {
    /// OpenStack's id for the request; Nova's actions are known by it.
    pub request_id: Option<String>,
    service: Service,
    operation: String,
    body: Bytes,
}

impl Written {
    /// The service that accepted it.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// What the answer holds under a key. It was done, whatever the answer looks like.
    pub(super) fn read<T: DeserializeOwned>(&self, key: &str) -> Result<T> {
        let read = |body: &[u8]| -> Result<T, String> {
            let mut body: serde_json::Value =
                serde_json::from_slice(body).map_err(|error| error.to_string())?;
            let value = body.get_mut(key).map(serde_json::Value::take);
            let value = value.ok_or_else(|| format!("it has no `{key}`"))?;
            serde_json::from_value(value).map_err(|error| error.to_string())
        };
        read(&self.body).map_err(|reason| Error::OutcomeUnknown {
            service: self.service,
            operation: self.operation.clone(),
            reason: format!("the answer is unreadable: {reason}"),
            request_id: self.request_id.clone(),
        })
    }
}

impl Cloud {
    /// Sends a change. Whatever was kept of this cloud is not shown to anybody afterwards, also
    /// when it is not known whether it was done.
    pub(super) async fn write(&self, call: Call<'_>) -> Result<Written> {
        // What goes wrong before anything is sent went wrong for certain.
        self.token().await?;
        self.endpoint(call.service).await?;
        let call = Call {
            changes: true,
            ..call
        };
        let answer = self.send(&call).await;
        let Connection {
            entry,
            answers,
            changes,
            ..
        } = &*self.connection;
        answers.changed(entry.auth_url.as_str(), changes).await;
        let answer = answer?;
        Ok(Written {
            request_id: answer.request_id,
            service: call.service,
            operation: call.operation(),
            body: answer.body,
        })
    }
}
