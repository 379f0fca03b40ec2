//! How clients reach the server: stdio, or streamable HTTP without sessions.

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use super::server::McpServer;
use crate::error::{Error, Result};

/// The most bytes of a request's body.
const MAX_BODY: usize = 1024 * 1024;

/// The MCP endpoint as a tower service.
pub type McpService = StreamableHttpService<McpServer, NeverSessionManager>;

/// Serves over stdin and stdout until the client closes them or the token is cancelled.
///
/// # Errors
/// When the protocol's opening fails, or the server stops for a reason of its own.
pub async fn serve_stdio(server: McpServer, shutdown: CancellationToken) -> Result<()> {
    let started = match server
        .serve_with_ct(rmcp::transport::stdio(), shutdown)
        .await
    {
        Ok(started) => started,
        // The client went before it said anything, or we are shutting down.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => {
            return Ok(());
        }
        Err(error) => {
            return Err(Error::Internal(format!(
                "MCP over stdio could not begin: {error}"
            )));
        }
    };
    match started.waiting().await {
        Ok(QuitReason::JoinError(error)) | Err(error) => {
            Err(Error::Internal(format!("MCP over stdio ended: {error}")))
        }
        Ok(_) => Ok(()),
    }
}

/// The service for `/mcp`: any replica answers any request, and nobody is remembered.
///
/// `allowed_hosts` are the names that a request's `Host` may have, with or without a port; with
/// none the check is left to the layer in front. The layer in front also checks `Origin`, and puts
/// the [`Caller`](crate::auth::Caller) into the request's extensions.
#[must_use]
pub fn http_service(
    server: McpServer,
    allowed_hosts: Vec<String>,
    shutdown: CancellationToken,
) -> McpService {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(allowed_hosts)
        .with_max_request_body_bytes(MAX_BODY)
        .with_cancellation_token(shutdown);
    let factory = move || Ok(server.clone());
    StreamableHttpService::new(factory, Arc::new(NeverSessionManager::default()), config)
}
