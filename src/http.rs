//! The doors over HTTP: `/graphql`, `/graphql/ws`, `/graphql/schema`, `/mcp`, `/healthz`, `/readyz`,
//! `/metrics`, what stands at `/.well-known` for those who need a token, and the dashboard with GraphiQL.
//!
//! A request passes, in this order: the check of Host and Origin, CORS, authentication, what its
//! caller may ask in a time, the bound on what is worked on at once, the limit on its body, its door. Every error that is not GraphQL's or MCP's is JSON too.

mod body;
mod doors;
mod graphql;
mod load;
mod mcp;
mod metadata;
mod metrics;
mod negotiation;
mod origin;
mod problem;
mod rate;
mod server;
mod socket;
mod web;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any_service, get};
use axum::{Extension, Router};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use tokio::sync::Semaphore;
use tower::Service;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use self::origin::Names;
use self::problem::Problem;
pub use self::rate::Limiter;
pub use self::server::{LiveRouter, bind, serve};
use crate::Result;
use crate::auth::{Authenticator, Caller};
use crate::config::RemoteAuth;
use crate::graph::Graph;
use crate::measure::{self, Metrics};
use crate::trace;

/// Where the server listens and who it answers.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The address or name to listen on.
    pub host: String,
    /// The port to listen on; 0 picks a free one.
    pub port: u16,
    /// Whether callers must show a token, and which.
    pub auth: RemoteAuth,
    /// Names answered to beyond loopback, with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Origins of other web pages that may use this server, as `https://ops.example`.
    pub allowed_origins: Vec<String>,
    /// What is told at `/metrics`; without it, nothing is.
    pub metrics: Option<Metrics>,
    /// Counts what each caller asks; without it, nobody does.
    pub limiter: Option<Arc<Limiter>>,
}

/// What tells callers of a graph from each other; it begins to look for the keys that tokens are
/// checked with, so it needs the runtime. It goes on from `earlier`, which it takes the place of.
///
/// # Errors
/// When a file with keys cannot be used.
pub fn authenticator(
    auth: &RemoteAuth,
    graph: &Graph,
    earlier: Option<&Authenticator>,
) -> Result<Arc<Authenticator>> {
    let clouds = graph.cloud_names().map(str::to_owned).collect();
    let authenticator = Authenticator::new(auth, clouds)?;
    if let Some(earlier) = earlier {
        authenticator.go_on_from(earlier);
    }
    authenticator.warm();
    Ok(Arc::new(authenticator))
}

/// Every door, as one service. `mcp` answers `/mcp`; it finds the [`Caller`] in the extensions
/// of the request.
///
/// # Errors
/// When an allowed host or origin is not one, or a file with keys cannot be used.
pub fn router<M>(options: &HttpOptions, graph: Graph, mcp: M) -> Result<Router>
where
    M: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    M::Response: IntoResponse,
    M::Future: Send + 'static,
{
    let authenticator = authenticator(&options.auth, &graph, None)?;
    router_of(options, authenticator, graph, mcp)
}

/// The same, with somebody who tells callers from each other already.
///
/// # Errors
/// When an allowed host or origin is not one.
pub fn router_of<M>(
    options: &HttpOptions,
    authenticator: Arc<Authenticator>,
    graph: Graph,
    mcp: M,
) -> Result<Router>
where
    M: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    M::Response: IntoResponse,
    M::Future: Send + 'static,
{
    let names = Arc::new(Names::new(
        &options.allowed_hosts,
        &options.allowed_origins,
    )?);
    let room = Arc::new(Semaphore::new(load::IN_FLIGHT));
    let mcp = Router::new()
        .route("/mcp", any_service(mcp.clone()))
        .route("/mcp/", any_service(mcp))
        .layer(middleware::map_response(mcp::errors_as_json));
    let metrics = metrics::routes(&graph, options.metrics.clone());
    let mut router = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/graphql/schema", get(doors::schema))
        .route("/graphql/ws", get(socket::open))
        .route("/healthz", get(doors::healthz))
        .route("/readyz", get(doors::readyz))
        .with_state(graph)
        .merge(mcp)
        .merge(metrics)
        .merge(metadata::routes(&options.auth))
        .merge(web::routes())
        .fallback(doors::not_found)
        .method_not_allowed_fallback(doors::method_not_allowed)
        .layer(Extension(Arc::clone(&authenticator)))
        .layer(middleware::from_fn(body::read))
        .layer(middleware::from_fn_with_state(room, load::shed));
    if let Some(limiter) = &options.limiter {
        let counting = middleware::from_fn_with_state(Arc::clone(limiter), rate::limit);
        router = router.layer(Extension(Arc::clone(limiter))).layer(counting);
    }
    router = router.layer(middleware::from_fn_with_state(
        (authenticator, options.limiter.clone()),
        authenticate,
    ));
    if names.has_origins() {
        router = router.layer(origin::cors(Arc::clone(&names)));
    }
    Ok(router
        .layer(middleware::from_fn_with_state(names, origin::check))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(finish)))
}

/// Lets a request through with its [`Caller`], or answers why not.
async fn authenticate(
    State((authenticator, limiter)): State<(Arc<Authenticator>, Option<Arc<Limiter>>)>,
    mut request: Request,
    next: Next,
) -> Response {
    // Probes carry no token, clients read here how to get one, and a page asks for it.
    let path = request.uri().path();
    if path == "/healthz" || path.starts_with("/.well-known/") || web::has(path) {
        return next.run(request).await;
    }
    // Browsers cannot send one with a socket's handshake: it is asked for in the first message.
    if path == "/graphql/ws" && !request.headers().contains_key(AUTHORIZATION) {
        return next.run(request).await;
    }
    match authenticator.authenticate(request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert::<Caller>(caller);
            next.run(request).await
        }
        Err(refusal) => {
            tracing::info!(path, %refusal, "a caller was refused");
            measure::unauthenticated(refusal.name());
            // Whoever guesses is known by where it asks from.
            let peer = request.extensions().get().copied();
            let key = rate::Key::of(None, peer);
            if let Some(limiter) = limiter
                && let Err(too_many) = limiter.check(&key).await
            {
                return too_many.into_response();
            }
            problem::refused(&refusal, metadata::url(&request))
        }
    }
}

fn panicked(_payload: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request panicked; this is a bug");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "This server failed on the request; its log says why.",
    )
    .into_response()
}

/// The door of a path, as it is counted: what callers make up is one of these too.
fn door(path: &str) -> &'static str {
    match path {
        "/mcp" | "/mcp/" => "/mcp",
        "/graphql" => "/graphql",
        "/graphql/ws" => "/graphql/ws",
        "/graphql/schema" => "/graphql/schema",
        "/healthz" => "/healthz",
        "/readyz" => "/readyz",
        "/metrics" => "/metrics",
        path if path.starts_with("/.well-known/") => "/.well-known",
        path if web::has(path) => "page",
        _ => "other",
    }
}

/// Logs and counts the request, and sets the headers every answer has.
async fn finish(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The path alone: a query string may carry what does not belong in a log.
    let path = request.uri().path().to_owned();
    let span = trace::request(request.headers(), &method, door(&path));
    // The protocol's library works on it in a task of its own.
    request.extensions_mut().insert(span.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    measure::answered(door(&path), &method, status, took);
    trace::answered(&span, status);
    tracing::debug!(
        %method,
        path,
        status,
        duration_ms = took.as_millis(),
        "answered"
    );
    let headers: [(HeaderName, &str); 4] = [
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
