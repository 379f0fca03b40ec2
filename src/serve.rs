//! Puts the parts together as configured, and serves until told to stop.

mod reload;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::audit::Audit;
use crate::auth::{Authenticator, Caller};
use crate::cloud::{Answers, CacheLimits, Connection};
use crate::config::{Config, Transport};
use crate::graph::scope::Clouds;
use crate::graph::{Graph, GraphOptions};
use crate::http::{self, HttpOptions, Limiter, LiveRouter};
use crate::mcp::{self, Filter, McpServer, Tools};
use crate::measure::Metrics;
use crate::policy::Mode;
use crate::shared::Shared;
use crate::{Error, Result};
use reload::Live;
pub use reload::Load;

/// Bytes of upstream answers that are kept for other operations.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// The pause between two looks at what somebody watches.
const WATCH_PAUSE: Duration = Duration::from_secs(5);

/// How often what was timed is put into its buckets.
const TIDY_PAUSE: Duration = Duration::from_secs(5);

/// The graph over the configured clouds. Nothing is sent yet.
///
/// # Errors
/// When a cloud's TLS settings or the audit's file cannot be used.
pub fn graph(config: &Config) -> Result<Graph> {
    let audit = Audit::new(config.changes.audit_log.as_deref())?;
    graph_with(config, Arc::new(audit), None)
}

/// The same, with an audit that is written already, and what replicas share.
fn graph_with(config: &Config, audit: Arc<Audit>, shared: Option<&Arc<Shared>>) -> Result<Graph> {
    let limits = &config.limits;
    let answers = Answers::new(CacheLimits {
        rows: limits.cache_ttl.unwrap_or_default(),
        reference: limits.cache_reference_ttl.unwrap_or_default(),
        bytes: KEPT_BYTES,
    });
    let answers = Arc::new(match shared {
        Some(store) => {
            let urls = config.clouds.iter().map(|cloud| cloud.auth_url.as_str());
            answers.sharing(store, urls)
        }
        None => answers,
    });
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
        audit,
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
/// On SIGHUP the configuration is loaded again, and takes the place of this one if it can be used.
///
/// # Errors
/// When something of the configuration cannot be used, or the address is taken.
pub async fn serve(config: &Config, load: Load) -> anyhow::Result<()> {
    let metrics = match config.transport {
        Transport::Stdio => None,
        Transport::StreamableHttp => Some(count()?),
    };
    let audit = Arc::new(Audit::new(config.changes.audit_log.as_deref())?);
    let shared = config.shared.as_ref().map(Shared::new).transpose()?;
    let graph = graph_with(config, Arc::clone(&audit), shared.as_ref())?;
    let tools = tools(config, &graph)?;
    let executor = Arc::new(graph.clone());
    let server = McpServer::sharing(tools, executor, config.changes.confirm, shared.clone());
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone())?;
    match config.transport {
        Transport::Stdio => {
            let live = Live::new(config, audit, server.clone(), None);
            reload::on_signal(live, load)?;
            Ok(mcp::serve_stdio(server, shutdown).await?)
        }
        Transport::StreamableHttp => {
            let doors =
                Doors::open(config, graph, server.clone(), (metrics, shared), shutdown).await?;
            let live = Live::new(config, audit, server, Some(doors.live.clone()));
            reload::on_signal(live, load)?;
            serve_http(doors).await
        }
    }
}

async fn serve_http(doors: Doors) -> anyhow::Result<()> {
    let address = doors.address()?;
    tracing::info!(%address, "serving /mcp, /graphql, /graphql/schema, /healthz, /readyz, /metrics on http://{address}");
    doors.serve().await;
    Ok(())
}

/// The doors over HTTP, with their address taken.
pub(crate) struct Doors {
    listener: TcpListener,
    live: LiveDoors,
    shutdown: CancellationToken,
}

/// The doors as they are now, and what those that take their place go on with. Cheap to clone.
#[derive(Clone)]
struct LiveDoors {
    router: LiveRouter,
    authenticator: Arc<Authenticator>,
    limiter: Option<Arc<Limiter>>,
    metrics: Option<Metrics>,
    /// Cancelled when nothing may go on any longer: calls under way are not ended before.
    cut_off: CancellationToken,
}

impl Doors {
    pub(crate) async fn open(
        config: &Config,
        graph: Graph,
        server: McpServer,
        (metrics, shared): (Option<Metrics>, Option<Arc<Shared>>),
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let limiter = limiter(config, shared);
        let options = options(config, metrics.clone(), limiter.clone());
        let authenticator = http::authenticator(&options.auth, &graph, None)?;
        let cut_off = CancellationToken::new();
        let service = mcp::http_service(server, Vec::new(), cut_off.clone());
        let router = http::router_of(&options, Arc::clone(&authenticator), graph, service)?;
        let listener = http::bind(&options).await?;
        let live = LiveDoors {
            router: router.into(),
            authenticator,
            limiter,
            metrics,
            cut_off,
        };
        Ok(Self {
            listener,
            live,
            shutdown,
        })
    }

    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(crate) async fn serve(self) {
        http::serve(self.listener, self.live.router, self.shutdown).await;
        self.live.cut_off.cancel();
    }
}

fn limiter(config: &Config, shared: Option<Arc<Shared>>) -> Option<Arc<Limiter>> {
    let limit = config.limits.rate_limit?;
    Some(Arc::new(Limiter::new(limit, shared)))
}

fn options(
    config: &Config,
    metrics: Option<Metrics>,
    limiter: Option<Arc<Limiter>>,
) -> HttpOptions {
    let settings = &config.http;
    HttpOptions {
        host: settings.host.clone(),
        port: settings.port,
        auth: settings.auth.clone(),
        // Names are checked in front, for every door alike.
        allowed_hosts: settings.allowed_hosts.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        metrics,
        limiter,
    }
}

/// Begins to count what is done; before there is any cloud, whose meters are looked up once.
pub(crate) fn count() -> Result<Metrics> {
    let metrics = Metrics::install()?;
    let tidied = metrics.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TIDY_PAUSE).await;
            tidied.tidy();
        }
    });
    Ok(metrics)
}

/// SIGHUP says that the audit's file was moved away. A demonstration has nothing else to read again.
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
