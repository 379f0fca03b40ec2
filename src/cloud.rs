//! One caller's view of a cloud: knows REST, and nothing of GraphQL or MCP.

pub mod block_storage;
mod cache;
mod catalog;
mod chunks;
pub mod collection;
pub mod columns;
pub mod compute;
mod failure;
pub mod identity;
pub mod image;
pub mod network;
mod operation;
pub mod orchestration;
pub mod placement;
mod request;
mod service;
mod session;
mod sharing;
mod text;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::Utc;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

pub use cache::{Answers, CacheLimits, Keep};
pub use catalog::{Endpoint, Microversion};
pub(crate) use failure::connection_reason;
pub use operation::{Charge, Operation};
pub use request::Parameter;
pub use service::Service;
pub use session::{Reference, Token};
pub use text::Text;
pub use write::Written;

use crate::config::CloudEntry;
use crate::{Error, Result, measure};
use cache::{Found, Kept};
use chunks::ChunkSizes;
use request::{Answer, Call, Transport};
use session::Session;
use sharing::Oldest;

/// A configured cloud: its connections, its session and what is known of its services.
#[derive(Debug)]
pub struct Connection {
    entry: Arc<CloudEntry>,
    transport: Transport,
    session: Session,
    endpoints: [OnceCell<Endpoint>; Service::ALL.len()],
    answers: Arc<Answers>,
    chunk_sizes: ChunkSizes,
    /// How often the cloud was changed from here.
    changes: Arc<AtomicU64>,
}

impl Connection {
    /// Prepares a connection; nothing is sent until something is asked.
    pub fn new(entry: CloudEntry, answers: Arc<Answers>) -> Result<Self> {
        let entry = Arc::new(entry);
        Ok(Self {
            transport: Transport::new(&entry)?,
            session: Session::new(Arc::clone(&entry)),
            endpoints: Default::default(),
            chunk_sizes: ChunkSizes::default(),
            changes: answers.changes_at(entry.auth_url.as_str()),
            entry,
            answers,
        })
    }

    /// The cloud's unique name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// The region whose endpoints are used.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.entry.region.as_deref()
    }
}

/// A cloud as one operation sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cloud {
    connection: Arc<Connection>,
    operation: Arc<Operation>,
    /// Whether nothing will do that was kept for others.
    is_fresh: bool,
    /// When the oldest answer that another replica had was asked for.
    oldest: Option<Oldest>,
}

/// Asks a cloud for something: now, or once more when what was kept of it is stale.
type Fetch<T> = Box<dyn FnOnce(Cloud) -> BoxFuture<'static, Result<T>> + Send>;

/// What asking again may take that nobody waits for.
const RENEWAL: Duration = Duration::from_secs(60);

impl Cloud {
    /// The cloud behind `connection`, for the time and on the bill of `operation`.
    #[must_use]
    pub fn new(connection: Arc<Connection>, operation: Arc<Operation>) -> Self {
        Self {
            connection,
            operation,
            is_fresh: false,
            oldest: None,
        }
    }

    /// The same, for which nothing will do that was kept for others.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            is_fresh: true,
            ..self.clone()
        }
    }

    /// The cloud's unique name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.connection.name()
    }

    /// The same cloud in another operation.
    #[must_use]
    pub fn again(&self, operation: Arc<Operation>) -> Self {
        Self::new(Arc::clone(&self.connection), operation)
    }

    /// The operation that the cloud is seen in.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The region whose endpoints are used.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.connection.region()
    }

    /// The token in use, had from Keystone when there is none yet.
    pub async fn token(&self) -> Result<Arc<Token>> {
        let Connection {
            session, transport, ..
        } = &*self.connection;
        if let Some(token) = session.usable() {
            return Ok(token);
        }
        // Boxed, as `send` and `kept` are: they are the bottom of every resolver, and would be part
        // of the type of each of them.
        let login: BoxFuture<'_, _> = Box::pin(session.token(transport, &self.operation));
        login.await
    }

    fn chunk_sizes(&self) -> &ChunkSizes {
        &self.connection.chunk_sizes
    }

    /// Whether the credential is an administrator's, so that lists span all projects.
    pub async fn is_admin(&self) -> Result<bool> {
        Ok(self.token().await?.is_admin())
    }

    /// Where a service is; found once for each cloud.
    pub async fn endpoint(&self, service: Service) -> Result<&Endpoint> {
        let endpoint = &self.connection.endpoints[service as usize];
        if let Some(endpoint) = endpoint.get() {
            return Ok(endpoint);
        }
        // What failed once in an operation is not tried again by every field of it.
        let cell = self
            .operation
            .answer(&format!("endpoint {} {service}", self.name()));
        let asked = cell.get_or_init(async || {
            let discovered: BoxFuture<'_, _> = Box::pin(self.discover(service));
            let kept = Kept {
                value: Arc::new(()),
                bytes: 0,
                at: Utc::now(),
            };
            endpoint
                .get_or_try_init(async || discovered.await)
                .await
                .map(|_| kept)
        });
        asked.await.clone()?;
        let missing = || Error::Internal(format!("{service} was discovered and is not known"));
        endpoint.get().ok_or_else(missing)
    }

    /// Asks a service for its version document: does it answer? What it said is kept as lists are.
    pub async fn probe(&self, service: Service) -> Result<Endpoint> {
        let fetch = move |cloud: Self| -> BoxFuture<'static, _> {
            Box::pin(async move { Ok((cloud.discover(service).await?, 0)) })
        };
        let found = self.kept(service, Keep::Rows, "probe", Box::new(fetch));
        Ok(Endpoint::clone(&*found.await?))
    }

    async fn discover(&self, service: Service) -> Result<Endpoint> {
        let token = self.token().await?;
        let entry = &self.connection.entry;
        if let Some(url) = entry.endpoint_overrides.get(&service) {
            return self
                .version_of(service, catalog::api_base(service, url, &token))
                .await;
        }
        if let Some(port) = entry.ports.get(&service) {
            let mut url = entry.auth_url.clone();
            url.set_path("");
            // Refused only for URLs without a host, which an http URL has.
            let _ = url.set_port(Some(*port));
            match self
                .version_of(service, catalog::api_base(service, &url, &token))
                .await
            {
                Ok(endpoint) => return Ok(endpoint),
                Err(error) => tracing::warn!(
                    cloud = self.name(),
                    %service,
                    port,
                    %error,
                    "nothing answers at the configured port; using the catalog"
                ),
            }
        }
        let url = match service {
            // Where the token came from is where Keystone answers, whatever its catalog says.
            Service::Identity => entry.auth_url.clone(),
            _ => catalog::catalog_url(entry, &token, service)?,
        };
        self.version_of(service, catalog::api_base(service, &url, &token))
            .await
    }

    /// Reads the version document of the API at `base`.
    async fn version_of(&self, service: Service, base: Url) -> Result<Endpoint> {
        let mut root = base.clone();
        if matches!(service, Service::BlockStorage | Service::Orchestration)
            && let Some(project) = self.token().await?.project.as_ref()
        {
            let path = root.path().trim_end_matches('/');
            let path = path.strip_suffix(&project.id).unwrap_or(path).to_owned();
            root.set_path(&path);
        }
        // Below their versions these answer only with a token; their roots answer anyone.
        let path = match service {
            Service::Network | Service::BlockStorage | Service::Orchestration | Service::Image => {
                let path = root.path().trim_end_matches('/').to_owned();
                root.set_path(path.rsplit_once('/').map_or("", |(prefix, _)| prefix));
                "/"
            }
            Service::Identity => "",
            Service::Compute | Service::Placement => "/",
        };
        let call = Call::get(service, path);
        let answer = self
            .connection
            .transport
            .send(&root, &call, None, &self.operation)
            .await?;
        let (max_microversion, version) =
            catalog::newest_version(&answer.body).ok_or_else(|| Error::Unreadable {
                service,
                operation: call.operation(),
                reason: "it is not a version document".to_owned(),
                request_id: answer.request_id.clone(),
            })?;
        Ok(Endpoint {
            base,
            max_microversion,
            version,
        })
    }

    /// Sends a call to its service with the session's token; once more with a new one when the
    /// service says that the token is not good any longer.
    fn send<'a>(&'a self, call: &'a Call<'_>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let token = self.token().await?;
            let endpoint = self.endpoint(call.service).await?;
            let mut call = call.clone();
            call.microversion = match (call.microversion, endpoint.max_microversion) {
                (Some(wanted), Some(max)) => Some(wanted.min(max)),
                _ => None,
            };
            let answer = self.send_with(&endpoint.base, &call, &token.secret).await;
            match answer {
                Err(error) if error.status() == Some(401) => {
                    self.connection.session.forget(&token);
                    let renewed = self.token().await?;
                    self.send_with(&endpoint.base, &call, &renewed.secret).await
                }
                other => other,
            }
        })
    }

    /// The answer to an action that only reads, though the API wants it posted. Neither repeated
    /// nor kept.
    async fn post_read<T: DeserializeOwned>(
        &self,
        service: Service,
        path: &str,
        body: Value,
    ) -> Result<T> {
        let call = Call::post(service, path, body);
        let answer = self.send(&call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| Error::Unreadable {
            service,
            operation: call.operation(),
            reason: error.to_string(),
            request_id: answer.request_id,
        })
    }

    async fn send_with(&self, base: &Url, call: &Call<'_>, token: &SecretString) -> Result<Answer> {
        self.connection
            .transport
            .send(base, call, Some(token), &self.operation)
            .await
    }

    /// The beginning of the keys of what a service answered. What is known for minutes does not
    /// change with what callers do; everything else may.
    async fn answers_of(&self, service: Service, keep: Keep) -> Result<String> {
        let identity = &self.token().await?.identity;
        Ok(match keep {
            Keep::Reference => format!("{identity}{service} "),
            Keep::Rows | Keep::Never => {
                let changes = self.connection.changes.load(Ordering::Acquire);
                format!("{identity}{service} {changes} ")
            }
        })
    }

    /// The answer under `key`: this operation's, else a kept one, else fetched now.
    ///
    /// What an answer is decoded into is forgotten on the way in and remembered on the way out:
    /// the caches below are compiled once, and not once for each of a hundred types.
    async fn kept<T: Send + Sync + 'static>(
        &self,
        service: Service,
        keep: Keep,
        key: &str,
        fetch: Fetch<(T, usize)>,
    ) -> Result<Arc<T>> {
        let fetch = |cloud: Self| -> BoxFuture<'static, _> {
            Box::pin(async move {
                let at = Utc::now();
                let (cloud, oldest) = cloud.noting_the_oldest();
                let (value, bytes) = fetch(cloud).await?;
                Ok(Kept {
                    value: Arc::new(value),
                    bytes,
                    at: oldest.map_or(at, |oldest| oldest.or(at)),
                })
            })
        };
        let kept: BoxFuture<'_, _> =
            Box::pin(self.kept_of_any_type(service, keep, key, Box::new(fetch)));
        let kept = kept.await?;
        Arc::downcast(kept.value)
            .map_err(|_| Error::Internal(format!("two kinds of answer under `{key}`")))
    }

    async fn kept_of_any_type(
        &self,
        service: Service,
        keep: Keep,
        key: &str,
        fetch: Fetch<Kept>,
    ) -> Result<Kept> {
        let key = format!("{}{key}", self.answers_of(service, keep).await?);
        let cell = self.operation.answer(&self.remembered(&key));
        let answers = &self.connection.answers;
        let asked = cell.get_or_init(async || {
            let meters = self.connection.transport.meters.service(service);
            if self.is_fresh || self.operation.is_fresh {
                meters.had(measure::Kept::Miss);
                let kept = fetch(self.clone()).await?;
                answers.put(keep, key.clone(), kept.clone()).await;
                return Ok(kept);
            }
            let mut fetch = Some(fetch);
            let asking: BoxFuture<'_, _> = Box::pin(async {
                match fetch.take() {
                    Some(fetch) => fetch(self.clone()).await,
                    None => Err(Error::Internal(format!("`{key}` was asked for twice"))),
                }
            });
            let (kept, found) = answers.get(keep, &key, asking).await?;
            meters.had(match found {
                Found::Fetched => measure::Kept::Miss,
                Found::Kept => measure::Kept::Hit,
                Found::Stale => measure::Kept::Stale,
            });
            if found != Found::Fetched {
                self.operation.charge_cached(service);
            }
            if found == Found::Stale
                && let Some(fetch) = fetch
            {
                self.renew(keep, &key, fetch);
            }
            Ok(kept)
        });
        let kept = asked.await.clone()?;
        if keep == Keep::Rows {
            self.operation.was_told(kept.at);
        }
        Ok(kept)
    }

    /// Asks again for what has become stale, beside the operation that came upon it. When that
    /// fails, the old answer serves until its time is over.
    fn renew(&self, keep: Keep, key: &str, fetch: Fetch<Kept>) {
        let Some(renewal) = self.connection.answers.renew(key) else {
            return;
        };
        let renewal_of = Operation::renewal(&self.operation, RENEWAL);
        let cloud = self.again(Arc::new(renewal_of));
        tokio::spawn(async move {
            match fetch(cloud).await {
                Ok(kept) => renewal.done(keep, kept).await,
                Err(error) => tracing::debug!(%error, "what is stale could not be asked again"),
            }
        });
    }

    /// The key under which an operation remembers an answer: what was asked for afresh is not what
    /// others were told.
    fn remembered(&self, key: &str) -> String {
        match self.is_fresh {
            true => format!("fresh {key}"),
            false => key.to_owned(),
        }
    }
}
