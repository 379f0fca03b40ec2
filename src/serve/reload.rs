//! SIGHUP: the configuration, clouds.yaml, the operator's documents, the keys and the policy are read
//! again. All of it takes the place of what there was, or nothing does: what cannot be used is
//! logged, and what was read before stays. What is under way ends as it began.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::{LiveDoors, graph_with, limiter, no_handler, options, tools};
use crate::audit::Audit;
use crate::config::Config;
use crate::http;
use crate::mcp::{self, McpServer};
use crate::shared::Shared;
use crate::{Error, Result};

/// Loads the configuration again.
pub type Load = Box<dyn Fn() -> Result<Config> + Send + Sync>;

/// What serves now.
pub(super) struct Live {
    config: Config,
    audit: Arc<Audit>,
    server: McpServer,
    /// There over HTTP; over stdio the server itself goes on as another.
    doors: Option<LiveDoors>,
}

/// Reads everything again at each SIGHUP. The audit's file is opened again in any case: it may have
/// been moved away.
pub(super) fn on_signal(mut live: Live, load: Load) -> Result<()> {
    let mut hung_up = signal(SignalKind::hangup()).map_err(no_handler)?;
    tokio::spawn(async move {
        while hung_up.recv().await.is_some() {
            live.audit.reopen();
            // Files are read, and a schema is built.
            let reloaded = tokio::task::block_in_place(|| live.reload(&load));
            match reloaded {
                Ok(()) => {
                    let clouds: Vec<_> = live.config.clouds.iter().map(|it| &*it.name).collect();
                    tracing::info!(
                        clouds = clouds.join(", "),
                        "the configuration was read again"
                    );
                }
                Err(error) => tracing::error!(
                    %error,
                    "the configuration cannot be used; what was read before stays"
                ),
            }
        }
    });
    Ok(())
}

impl Live {
    pub(super) fn new(
        config: &Config,
        audit: Arc<Audit>,
        server: McpServer,
        doors: Option<LiveDoors>,
    ) -> Self {
        Self {
            config: config.clone(),
            audit,
            server,
            doors,
        }
    }

    /// Puts what is configured now in the place of what was.
    fn reload(&mut self, load: &Load) -> Result<()> {
        let config = load()?;
        self.check_fixed(&config)?;
        let audit_log = config.changes.audit_log.as_deref();
        let audit = if audit_log == self.config.changes.audit_log.as_deref() {
            Arc::clone(&self.audit)
        } else {
            Arc::new(Audit::new(audit_log)?)
        };
        let shared = config.shared.as_ref().map(Shared::new).transpose()?;
        let graph = graph_with(&config, Arc::clone(&audit), shared.as_ref())?;
        let tools = tools(&config, &graph)?;
        tools.check_succession(|name| self.server.offers(name))?;
        let confirm = config.changes.confirm;
        let executor = Arc::new(graph.clone());
        let server = self
            .server
            .successor(tools, executor, confirm, shared.clone());
        match &mut self.doors {
            None => self.server.go_on_as(&server),
            Some(doors) => {
                doors.replace(&config, graph, server.clone(), shared)?;
                self.server = server;
            }
        }
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        self.audit = audit;
        self.config = config;
        Ok(())
    }

    /// Refuses what only a new process can do.
    fn check_fixed(&self, config: &Config) -> Result<()> {
        let (http, now) = (&config.http, &self.config.http);
        let changed = [
            ("FASTMCP_TYPE", config.transport != self.config.transport),
            ("FASTMCP_HOST", http.host != now.host),
            ("FASTMCP_PORT", http.port != now.port),
            ("MCP_LOG_LEVEL", config.log.level != self.config.log.level),
            (
                "MCP_LOG_FORMAT",
                config.log.format != self.config.log.format,
            ),
        ];
        match changed.iter().find(|(_, has_changed)| *has_changed) {
            None => Ok(()),
            Some((name, _)) => Err(Error::Configuration(format!(
                "`{name}` cannot be changed while the server runs; start it again"
            ))),
        }
    }
}

impl LiveDoors {
    fn replace(
        &mut self,
        config: &Config,
        graph: crate::graph::Graph,
        server: McpServer,
        shared: Option<Arc<Shared>>,
    ) -> Result<()> {
        let limit = config.limits.rate_limit;
        let limiter = match &self.limiter {
            // What it counted alone would be lost with it.
            Some(limiter) if Some(limiter.limit()) == limit && shared.is_none() => {
                Some(Arc::clone(limiter))
            }
            _ => limiter(config, shared),
        };
        let options = options(config, self.metrics.clone(), limiter.clone());
        let earlier = Some(&*self.authenticator);
        let authenticator = http::authenticator(&options.auth, &graph, earlier)?;
        let service = mcp::http_service(server, Vec::new(), self.cut_off.clone());
        let router = http::router_of(&options, Arc::clone(&authenticator), graph, service)?;
        self.router.replace(router);
        self.authenticator = authenticator;
        self.limiter = limiter;
        Ok(())
    }
}
