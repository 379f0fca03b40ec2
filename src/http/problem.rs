//! What is answered when a request does not get as far as GraphQL or MCP.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::auth::{Refusal, SCOPE_READ};

/// An error of the HTTP layer, as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    error_description: String,
    /// The doors there are, when the one knocked at is not.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    doors: &'static [&'static str],
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error,
            error_description: description.into(),
            doors: &[],
        }
    }

    pub(super) fn with_doors(self, doors: &'static [&'static str]) -> Self {
        Self { doors, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// The answer to a request that was not let in; `metadata` says where tokens are had.
pub(super) fn refused(refusal: &Refusal, metadata: Option<String>) -> Response {
    let (status, error) = match refusal {
        Refusal::Missing
        | Refusal::Duplicate
        | Refusal::Malformed
        | Refusal::TooLong
        | Refusal::Invalid
        | Refusal::Expired
        | Refusal::Immature
        | Refusal::Issuer
        | Refusal::Audience
        | Refusal::Claim(_)
        | Refusal::Claims => (StatusCode::UNAUTHORIZED, "invalid_token"),
        Refusal::Scope => (StatusCode::FORBIDDEN, "insufficient_scope"),
        Refusal::Cloud(_) | Refusal::NoCloud => (StatusCode::FORBIDDEN, "cloud_not_allowed"),
        Refusal::NoKeys => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
    };
    let mut response = Problem::new(status, error, refusal.to_string()).into_response();
    let headers = response.headers_mut();
    match refusal {
        // Another token would not be checked either.
        Refusal::NoKeys => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        // A request that carried no token is told of no error (RFC 6750, 3.1).
        Refusal::Missing => challenge(headers, None, metadata),
        // It is not the scope that another token would need.
        Refusal::Cloud(_) | Refusal::NoCloud => {}
        _ => challenge(headers, Some(error), metadata),
    }
    response
}

/// Says which token would be taken.
fn challenge(headers: &mut HeaderMap, error: Option<&str>, metadata: Option<String>) {
    let mut text = String::from("Bearer realm=\"mcp-openstack-ops\"");
    if let Some(error) = error {
        text.push_str(&format!(", error=\"{error}\""));
    }
    text.push_str(&format!(", scope=\"{SCOPE_READ}\""));
    if let Some(metadata) = metadata {
        text.push_str(&format!(", resource_metadata=\"{metadata}\""));
    }
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(WWW_AUTHENTICATE, value);
    }
}
