//! What is answered: a status, headers, a body.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

/// An answer. A refusal is one too: see [`Answer`].
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// Few: a list is smaller than a map.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

/// What a service answers; what it refuses comes as the error, so that `?` ends the work.
pub(crate) type Answer = Result<Reply, Reply>;

impl Reply {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A 200 with a JSON body.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => Self::of(status, "application/json", text.into()),
            Err(error) => {
                let reason = format!("the simulation could not write its answer: {error}");
                Self::of(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "text/plain",
                    reason.into(),
                )
            }
        }
    }

    pub(crate) fn of(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self {
            status,
            headers,
            body,
        }
    }

    /// The same with a header; one that cannot be written is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}
