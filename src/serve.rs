//! Puts the parts together as configured, and serves until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::audit::Audit;
use crate::auth::Caller;
use crate::cloud::{Answers, CacheLimits, Connection};
use crate::config::{Config, Transport};
use crate::graph::scope::Clouds;
use crate::graph::{Graph, GraphOptions};
use crate::http::{self, HttpOptions};
use crate::mcp::{self, Filter, McpServer, Tools};
use crate::policy::Mode;
use crate::{Error, Result};

/// Bytes of upstream answers that are kept for other operations.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// The pause between two looks at what somebody watches.
const WATCH_PAUSE: Duration = Duration::from_secs(5);

/// The graph over the configured clouds. Nothing is sent yet.
///
/// # Errors
/// When a cloud's TLS settings or the audit's file cannot be used.
pub fn graph(config: &Config) -> Result<Graph> {
    let limits = &config.limits;
    let answers = Arc::new(Answers::new(CacheLimits {
        rows: limits.cache_ttl.unwrap_or_default(),
        reference: limits.cache_reference_ttl.unwrap_or_default(),
        bytes: KEPT_BYTES,
    }));
    let connect = |entry: &crate::config::CloudEntry| {
        Connection::new(entry.clone(), Arc::clone(&answers)).map(Arc::new)
    };
    let connections = config
        .clouds
        .iter()
        .map(connect)
        .collect::<Result<Vec<_>>>()?;
    let options = GraphOptions {
        request_timeout: limits.request_timeout,
        watch_pause: WATCH_PAUSE,
        mode: config.changes.mode,
        audit: Arc::new(Audit::new(config.changes.audit_log.as_deref())?),
        image_source_dir: config.changes.image_source_dir.clone(),
    };
    Graph::new(Clouds::new(connections), options)
}

/// The tools that the configuration offers over a graph.
///
/// # Errors
/// When the folder of documents cannot be read, or a named tool is not known.
pub fn tools(config: &Config, graph: &Graph) -> Result<Tools> {
    let settings = &config.tools;
    let filter = Filter {
        toolsets: settings.toolsets.clone(),
        allow: settings.allow.clone(),
        deny: settings.deny.clone(),
    };
    Tools::load(graph.sdl(), settings.operations.as_deref())?.filter(&filter)
}

/// The SDL of the graph, or of the Federation subgraph.
///
/// # Errors
/// When the schema does not fit its limits: a bug.
pub fn sdl(mode: Mode, federation: bool) -> Result<String> {
    let graph = Graph::without_cloud(mode)?;
    Ok(if federation {
        graph.federation_sdl(&Caller::local())
    } else {
        graph.sdl().to_owned()
    })
}

/// Serves as configured until the client leaves or a signal says stop.
///
/// # Errors
/// When something of the configuration cannot be used, or the address is taken.
pub async fn serve(config: &Config) -> anyhow::Result<()> {
    let graph = graph(config)?;
    let tools = tools(config, &graph)?;
    let server = McpServer::new(tools, Arc::new(graph.clone()), config.changes.confirm);
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone())?;
    reopen_on_signal(graph.clone())?;
    match config.transport {
        Transport::Stdio => Ok(mcp::serve_stdio(server, shutdown).await?),
        Transport::StreamableHttp => serve_http(config, graph, server, shutdown).await,
    }
}

async fn serve_http(
    config: &Config,
    graph: Graph,
    server: McpServer,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let doors = Doors::open(config, graph, server, shutdown).await?;
    let address = doors.address()?;
    tracing::info!(%address, "serving /mcp, /graphql, /graphql/schema, /healthz, /readyz on http://{address}");
    doors.serve().await;
    Ok(())
}

/// The doors over HTTP, with their address taken.
pub(crate) struct Doors {
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
}

impl Doors {
    pub(crate) async fn open(
        config: &Config,
        graph: Graph,
        server: McpServer,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let settings = &config.http;
        let options = HttpOptions {
            host: settings.host.clone(),
            port: settings.port,
            auth: settings.auth.clone(),
            allowed_hosts: settings.allowed_hosts.clone(),
            allowed_origins: settings.allowed_origins.clone(),
        };
        // Names are checked in front, for every door alike.
        let service = mcp::http_service(server, Vec::new(), shutdown.clone());
        let router = http::router(&options, graph, service)?;
        let listener = http::bind(&options).await?;
        Ok(Self {
            listener,
            router,
            shutdown,
        })
    }

    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(crate) async fn serve(self) {
        http::serve(self.listener, self.router, self.shutdown).await;
    }
}

/// SIGHUP says that the audit's file was moved away.
pub(crate) fn reopen_on_signal(graph: Graph) -> Result<()> {
    let kind = tokio::signal::unix::SignalKind::hangup();
    let mut hung_up = tokio::signal::unix::signal(kind).map_err(no_handler)?;
    tokio::spawn(async move {
        while hung_up.recv().await.is_some() {
            graph.reopen_audit();
        }
    });
    Ok(())
}

fn no_handler(error: std::io::Error) -> Error {
    Error::Internal(format!("no signal handler: {error}"))
}

/// The first signal asks to stop, the second does not ask.
pub(crate) fn stop_on_signal(shutdown: CancellationToken) -> Result<()> {
    let kind = tokio::signal::unix::SignalKind::terminate();
    let mut terminated = tokio::signal::unix::signal(kind).map_err(no_handler)?;
    tokio::spawn(async move {
        for is_second in [false, true] {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            if is_second {
                std::process::exit(130);
            }
            shutdown.cancel();
        }
    });
    Ok(())
}
