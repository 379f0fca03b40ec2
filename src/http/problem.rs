//! What is answered when a request does not get as far as GraphQL or MCP.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::auth::Refusal;

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

/// The answer to a request without a valid token.
pub(super) fn unauthorized(refusal: Refusal) -> Response {
    // A request that carried no token is told the scheme alone (RFC 6750, 3.1).
    let challenge = match refusal {
        Refusal::Missing => "Bearer realm=\"mcp-openstack-ops\"",
        Refusal::Duplicate | Refusal::Malformed | Refusal::Invalid => {
            "Bearer realm=\"mcp-openstack-ops\", error=\"invalid_token\""
        }
    };
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_token",
        refusal.to_string(),
    );
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}
