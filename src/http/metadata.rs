//! What a client that was refused may read to find out where tokens are had (RFC 9728).

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use url::Url;

use super::origin;
use crate::auth::{SCOPE_READ, SCOPE_WRITE};
use crate::config::{BearerSettings, RemoteAuth};

/// Where it stands, for the server as a whole; for a door the door's path follows.
const PATH: &str = "/.well-known/oauth-protected-resource";
/// The door that has an identity of its own: its clients look for it.
const MCP: &str = "/mcp";

/// What is asked for with which tokens.
#[derive(Serialize)]
struct Metadata {
    resource: String,
    resource_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_servers: Option<[String; 1]>,
    scopes_supported: [&'static str; 2],
    bearer_methods_supported: [&'static str; 1],
}

/// The documents; there are none when nobody needs a token.
pub(super) fn routes(auth: &RemoteAuth) -> Router {
    let RemoteAuth::Bearer(settings) = auth else {
        return Router::new();
    };
    Router::new()
        .route(PATH, get(of_server))
        .route(&format!("{PATH}{MCP}"), get(of_mcp))
        .with_state(authorization_server(settings))
}

/// Where the document for a request's door is.
pub(super) fn url(request: &Request) -> Option<String> {
    let origin = origin::own(request)?;
    let door = match request.uri().path().trim_end_matches('/') {
        MCP => MCP,
        _ => "",
    };
    Some(format!("{origin}{PATH}{door}"))
}

async fn of_server(State(server): State<Option<String>>, request: Request) -> Response {
    metadata(&request, "", server)
}

async fn of_mcp(State(server): State<Option<String>>, request: Request) -> Response {
    metadata(&request, MCP, server)
}

fn metadata(request: &Request, door: &str, server: Option<String>) -> Response {
    // A client compares the name with the URL it used, so it has to be the one it used.
    let origin = origin::own(request).unwrap_or_default();
    Json(Metadata {
        resource: format!("{origin}{door}"),
        resource_name: env!("CARGO_PKG_NAME"),
        authorization_servers: server.map(|server| [server]),
        scopes_supported: [SCOPE_READ, SCOPE_WRITE],
        bearer_methods_supported: ["header"],
    })
    .into_response()
}

/// The issuer, where it is one that can be asked for tokens.
fn authorization_server(settings: &BearerSettings) -> Option<String> {
    let issuer = settings.issuer.as_ref()?;
    let url = Url::parse(issuer).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| issuer.clone())
}
