//! The small doors, and what is said where there is none.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{Method, StatusCode};
use serde_json::json;

use super::problem::Problem;
use super::server::Served;
use crate::auth::Caller;
use crate::graph::Graph;

const DOORS: &[&str] = &[
    "/mcp",
    "/graphql",
    "/graphql/ws",
    "/graphql/schema",
    "/healthz",
    "/readyz",
    "/metrics",
    "/",
    "/graphiql",
];

/// The process is there; nothing is said of any cloud.
pub(super) async fn healthz() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// What each service of each cloud of the caller answers; a server that stops is not ready.
pub(super) async fn readyz(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    served: Option<Extension<Served>>,
) -> Response {
    if served.is_some_and(|Extension(served)| served.stopping.is_cancelled()) {
        let draining = Json(json!({ "ready": false, "draining": true }));
        return (StatusCode::SERVICE_UNAVAILABLE, draining).into_response();
    }
    let readiness = graph.readiness(&caller).await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

/// The SDL of what the caller may do, or the federation subgraph's with `?federation`.
pub(super) async fn schema(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> String {
    let query = query.unwrap_or_default();
    let is_federation =
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "federation");
    if is_federation {
        graph.federation_sdl(&caller)
    } else {
        graph.sdl_for(&caller).to_owned()
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing here; `doors` lists what there is.",
    )
    .with_doors(DOORS)
}

pub(super) async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{method} is not taken here; the Allow header lists what is."),
    )
}
