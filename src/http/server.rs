//! Listens and serves connections, within bounds: how many, how long a header may take, how long
//! a stopped server waits for what it has begun.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::HttpOptions;
use super::origin::LocalAddress;
use super::rate::PeerAddress;
use crate::{Error, Result, measure};

/// The bounds of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections served at once.
    pub(super) connections: usize,
    /// How long the header of a request may take, and a connection stay idle.
    pub(super) header_timeout: Duration,
    /// How long a stopped server waits for answers that have begun.
    pub(super) drain_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(25),
        }
    }
}

/// Connections beyond the bound that are told so at once; any more are closed without a word.
const REFUSED_AT_ONCE: usize = 64;
/// How long a connection beyond the bound is kept to read its request and the answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;
/// How often a silent HTTP/2 connection is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long to wait before accepting again when the system has no room for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The connection that a request came over. What goes on beyond the request keeps a copy: it is
/// told when the server stops, and counts as a connection until then.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) stopping: CancellationToken,
    /// Cancelled when the doors that it came through have been replaced.
    pub(super) replaced: CancellationToken,
    _place: Arc<OwnedSemaphorePermit>,
}

/// The doors as they are now. Others can be put in their place: requests that are under way stay with
/// theirs, and the next ones, on the same connection too, get the new. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveRouter {
    now: Arc<ArcSwap<Doors>>,
}

#[derive(Debug)]
struct Doors {
    router: Router,
    replaced: CancellationToken,
}

impl From<Router> for LiveRouter {
    fn from(router: Router) -> Self {
        let doors = Doors {
            router,
            replaced: CancellationToken::new(),
        };
        Self {
            now: Arc::new(ArcSwap::from_pointee(doors)),
        }
    }
}

impl LiveRouter {
    /// Puts other doors in the place of those there are.
    pub fn replace(&self, router: Router) {
        let next = Arc::new(Doors {
            router,
            replaced: CancellationToken::new(),
        });
        self.now.swap(next).replaced.cancel();
    }
}

/// Listens where the options say.
///
/// # Errors
/// When the address cannot be had, naming it.
pub async fn bind(options: &HttpOptions) -> Result<TcpListener> {
    let HttpOptions { host, port, .. } = options;
    TcpListener::bind((host.trim_matches(['[', ']']), *port))
        .await
        .map_err(|error| {
            Error::Configuration(format!(
                "cannot listen on {host}:{port}: {error}; choose another FASTMCP_HOST or \
                 FASTMCP_PORT"
            ))
        })
}

/// Serves until `shutdown` is cancelled, then finishes what was begun, for at most 25 seconds:
/// orchestrators give 30.
///
/// Answers that stream without end hold the server up for that time, unless they end with the
/// same token.
pub async fn serve(
    listener: TcpListener,
    router: impl Into<LiveRouter>,
    shutdown: CancellationToken,
) {
    serve_within(listener, router.into(), shutdown, Bounds::default()).await;
}

pub(super) async fn serve_within(
    listener: TcpListener,
    router: LiveRouter,
    shutdown: CancellationToken,
    bounds: Bounds,
) {
    let graceful = GracefulShutdown::new();
    let cut_off = CancellationToken::new();
    let room = Arc::new(Semaphore::new(bounds.connections));
    let refusals = Arc::new(Semaphore::new(REFUSED_AT_ONCE));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, or a client that has gone already.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = sleep(ACCEPT_PAUSE) => continue,
                    () = shutdown.cancelled() => break,
                }
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            measure::shed(measure::Excess::Connections);
            if let Ok(place) = Arc::clone(&refusals).try_acquire_owned() {
                tokio::spawn(async move {
                    let _ = timeout(REFUSAL_TIMEOUT, refuse(stream)).await;
                    drop(place);
                });
            }
            continue;
        };
        tokio::spawn(serve_connection(
            stream,
            router.clone(),
            bounds,
            graceful.watcher(),
            (shutdown.clone(), Arc::new(place)),
            cut_off.clone(),
        ));
    }
    drop(listener);
    let all = u32::try_from(bounds.connections).unwrap_or(u32::MAX);
    let drained = async {
        graceful.shutdown().await;
        // Sockets are connections too, though no request is under way on them.
        drop(room.acquire_many(all).await);
    };
    if timeout(bounds.drain_timeout, drained).await.is_err() {
        tracing::warn!("some answers were not finished in time and are cut off");
    }
    cut_off.cancel();
}

async fn serve_connection(
    stream: TcpStream,
    router: LiveRouter,
    bounds: Bounds,
    watcher: Watcher,
    (stopping, place): (CancellationToken, Arc<OwnedSemaphorePermit>),
    cut_off: CancellationToken,
) {
    // A small answer would otherwise wait for the client's delayed acknowledgement: 40 ms.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let local = stream.local_addr().ok().map(LocalAddress);
    let peer = stream.peer_addr().ok().map(PeerAddress);
    let asked = CancellationToken::new();
    let service = service_fn(|mut request: Request<Incoming>| {
        asked.cancel();
        if let Some(local) = local {
            request.extensions_mut().insert(local);
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let doors = router.now.load_full();
        request.extensions_mut().insert(Served {
            stopping: stopping.clone(),
            replaced: doors.replaced.clone(),
            _place: Arc::clone(&place),
        });
        doors.router.clone().oneshot(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(bounds.header_timeout);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    // Until the first bytes tell the version of HTTP, and in HTTP/2, no header timeout runs.
    let silent = async {
        if timeout(bounds.header_timeout, asked.cancelled())
            .await
            .is_ok()
        {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = watcher.watch(connection) => {
            if let Err(error) = served {
                tracing::debug!(%error, "a connection broke");
            }
        }
        () = silent => tracing::debug!("a connection was closed: it did not ask for anything"),
        () = cut_off.cancelled() => {}
    }
}

/// Says that the server is full, whatever was asked.
async fn refuse(mut stream: TcpStream) {
    const BODY: &str = r#"{"error":"too_many_connections","error_description":"This server has as many connections as it serves at once; try again in a second."}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\
         Retry-After: 1\r\n\
         Cache-Control: no-store\r\n\
         Connection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    // Closing with unread bytes resets the connection, and the answer would be lost.
    let mut unread = [0; 4096];
    if stream.read(&mut unread).await.is_err()
        || stream.write_all(answer.as_bytes()).await.is_err()
        || stream.shutdown().await.is_err()
    {
        return;
    }
    while matches!(stream.read(&mut unread).await, Ok(count) if count > 0) {}
}
