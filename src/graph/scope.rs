//! What a resolver holds of a cloud: the cloud for this operation, and its loaders.

use std::any::TypeId;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_graphql::Context;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio_util::task::AbortOnDropHandle;

use super::loader::{Loaders, Plan};
use super::mutation::Waiting;
use super::watch::Watching;
use crate::audit::Ledger;
use crate::auth::Caller;
use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Cloud, Connection, Operation, Parameter, Token};
use crate::policy::Mode;
use crate::{Error, Result};

/// A cloud within one request; every node keeps the one it came from.
#[derive(Clone)]
pub struct Scope {
    inner: Arc<Inner>,
}

struct Inner {
    cloud: Cloud,
    loaders: Loaders,
    started: Mutex<HashMap<TypeId, Started>>,
    reports: Reports,
    waiting: Arc<Waiting>,
}

/// A fetch that goes on by itself, until the request is over.
type Started = Shared<BoxFuture<'static, ()>>;

/// What an operation may take that nobody's request waits for.
const LATER: Duration = Duration::from_secs(120);

/// What went wrong without spoiling any field.
pub(super) type Reports = Arc<Mutex<Vec<Error>>>;

impl Scope {
    fn new(cloud: Cloud, reports: Reports, waiting: Arc<Waiting>) -> Self {
        Self {
            inner: Arc::new(Inner {
                cloud,
                loaders: Loaders::default(),
                started: Mutex::default(),
                reports,
                waiting,
            }),
        }
    }

    /// The same cloud with loaders that know nothing yet.
    #[must_use]
    pub fn renewed(&self) -> Self {
        let Inner {
            cloud,
            reports,
            waiting,
            ..
        } = &*self.inner;
        Self::new(cloud.clone(), Arc::clone(reports), Arc::clone(waiting))
    }

    /// The same cloud in an operation that begins now, for who looks at it again and again.
    #[must_use]
    pub(super) fn later(&self) -> Self {
        let cloud = self.inner.cloud.again(Arc::new(Operation::new(LATER)));
        Self::new(cloud, Reports::default(), Arc::clone(&self.inner.waiting))
    }

    /// The same cloud, for which nothing will do that was kept for others, if so wished.
    #[must_use]
    pub fn told_afresh(self, fresh: bool) -> Self {
        if !fresh {
            return self;
        }
        let Inner {
            cloud,
            reports,
            waiting,
            ..
        } = &*self.inner;
        Self::new(cloud.fresh(), Arc::clone(reports), Arc::clone(waiting))
    }

    /// What is waited for in this process.
    pub(super) fn waiting(&self) -> &Waiting {
        &self.inner.waiting
    }

    /// Tells the caller what went wrong where a field still has something to say: the answer
    /// gets the error beside the data.
    pub fn report(&self, error: Error) {
        self.inner
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(error);
    }

    /// The cloud.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.inner.cloud
    }

    /// The cloud's unique name.
    #[must_use]
    pub fn cloud_name(&self) -> String {
        self.inner.cloud.name().to_owned()
    }

    /// The token in use.
    pub async fn token(&self) -> Result<Arc<Token>> {
        self.inner.cloud.token().await
    }

    /// Starts to ask for the first page of a collection, which `P` will find in the operation's
    /// memory. It is a task of its own: one that went on only while somebody waits for it could
    /// stop in the middle of a login, which others would then wait for.
    pub fn start<P: Plan, R: Row>(
        &self,
        collection: &'static Collection<R>,
        filter: Vec<Parameter>,
    ) {
        let mut started = self.started();
        started.entry(TypeId::of::<P>()).or_insert_with(|| {
            let cloud = self.inner.cloud.clone();
            let fetch = async move {
                // What goes wrong is told by the plan, when it is needed.
                drop(cloud.first_page(collection, &filter).await);
            };
            let task = AbortOnDropHandle::new(tokio::spawn(fetch));
            async move { drop(task.await) }.boxed().shared()
        });
    }

    fn started(&self) -> MutexGuard<'_, HashMap<TypeId, Started>> {
        let started = self.inner.started.lock();
        started.unwrap_or_else(PoisonError::into_inner)
    }

    /// What a plan has for a key, batched with the other keys asked for meanwhile.
    pub async fn load<P: Plan>(&self, key: P::Key) -> Result<Option<P::Value>> {
        let started = self.started().get(&TypeId::of::<P>()).cloned();
        if let Some(started) = started {
            started.await;
        }
        self.inner.loaders.load::<P>(&self.inner.cloud, key).await
    }
}

/// Clouds, the default one first: those configured, or those of them that answer a caller.
#[derive(Clone, Debug)]
pub struct Clouds {
    connections: Arc<Vec<Arc<Connection>>>,
}

impl Clouds {
    /// From connections, the default one first.
    #[must_use]
    pub fn new(connections: Vec<Arc<Connection>>) -> Self {
        Self {
            connections: Arc::new(connections),
        }
    }

    /// Those of them that answer a caller, in its order.
    pub(super) fn of(&self, caller: &Caller) -> Self {
        let Some(names) = &caller.clouds else {
            return self.clone();
        };
        let named = |name: &String| self.connections.iter().find(|cloud| cloud.name() == name);
        Self::new(names.iter().filter_map(named).cloned().collect())
    }

    /// Every cloud, the default one first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.iter()
    }

    fn find(&self, name: Option<&str>) -> Result<&Arc<Connection>> {
        let Some(name) = name else {
            return self
                .connections
                .first()
                .ok_or_else(|| Error::Configuration("there is no cloud".to_owned()));
        };
        self.connections
            .iter()
            .find(|cloud| cloud.name() == name)
            .ok_or_else(|| {
                let known: Vec<_> = self.connections.iter().map(|cloud| cloud.name()).collect();
                Error::BadInput(format!(
                    "there is no cloud `{name}`; there are: {}",
                    known.join(", ")
                ))
            })
    }
}

/// What one request carries to its resolvers.
pub struct Session {
    /// The clouds that answer the caller, and no other.
    pub(super) clouds: Clouds,
    pub(super) operation: Arc<Operation>,
    /// Who asks.
    pub caller: Caller,
    /// Whether anything may be changed.
    pub(super) mode: Mode,
    /// What is written down of the operation's mutations.
    pub(super) ledger: Arc<Ledger>,
    /// The folder whose files local callers may make images of.
    pub(super) image_source_dir: Option<PathBuf>,
    waiting: Arc<Waiting>,
    /// There for a subscription.
    events: Option<Events>,
    scopes: Mutex<HashMap<String, Scope>>,
    reports: Reports,
}

/// What the events of a subscription are made with.
#[derive(Clone)]
pub(super) struct Events {
    pub(super) watching: Arc<Watching>,
    /// The time an event may take.
    pub(super) time: Duration,
    /// The operation of the last event.
    pub(super) operation: Arc<Mutex<Arc<Operation>>>,
}

/// A scope for each event of a subscription: the request that began it was over long ago.
pub(super) struct EventScopes {
    events: Events,
    connection: Arc<Connection>,
    waiting: Arc<Waiting>,
    reports: Reports,
}

impl EventScopes {
    /// Of a cloud, for a subscription that begins.
    pub(super) fn of(context: &Context<'_>, cloud: Option<&str>) -> Result<Self> {
        let session = session(context)?;
        let no_events = || Error::Internal("the operation is no subscription".to_owned());
        Ok(Self {
            events: session.events.clone().ok_or_else(no_events)?,
            connection: Arc::clone(session.clouds.find(cloud)?),
            waiting: Arc::clone(&session.waiting),
            reports: session.reports(),
        })
    }

    pub(super) fn watching(&self) -> &Watching {
        &self.events.watching
    }

    /// The scope of what is told next.
    pub(super) fn next(&self) -> Scope {
        let operation = Arc::new(Operation::new(self.events.time));
        let last = self.events.operation.lock();
        *last.unwrap_or_else(PoisonError::into_inner) = Arc::clone(&operation);
        let cloud = Cloud::new(Arc::clone(&self.connection), operation);
        let reports = Arc::clone(&self.reports);
        Scope::new(cloud, reports, Arc::clone(&self.waiting))
    }
}

impl Session {
    pub(super) fn new(
        clouds: &Clouds,
        operation: Arc<Operation>,
        caller: Caller,
        (mode, ledger): (Mode, Arc<Ledger>),
        waiting: Arc<Waiting>,
        image_source_dir: Option<PathBuf>,
    ) -> Self {
        let reports = Reports::default();
        Self {
            clouds: clouds.of(&caller),
            operation,
            caller,
            mode,
            ledger,
            image_source_dir,
            waiting,
            events: None,
            scopes: Mutex::default(),
            reports,
        }
    }

    /// The same, for a subscription.
    pub(super) fn with_events(self, events: Events) -> Self {
        Self {
            events: Some(events),
            ..self
        }
    }

    /// Where what resolvers report will be found.
    pub(super) fn reports(&self) -> Reports {
        Arc::clone(&self.reports)
    }

    /// The scope of a cloud, the same for the whole request.
    pub(super) fn scope(&self, name: Option<&str>) -> Result<Scope> {
        let connection = self.clouds.find(name)?;
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        let scope = scopes
            .entry(connection.name().to_owned())
            .or_insert_with(|| {
                let cloud = Cloud::new(Arc::clone(connection), Arc::clone(&self.operation));
                let reports = Arc::clone(&self.reports);
                Scope::new(cloud, reports, Arc::clone(&self.waiting))
            });
        Ok(scope.clone())
    }

    /// The scope of a cloud from now on: what was loaded before is loaded again.
    pub(super) fn renewed_scope(&self, name: Option<&str>) -> Result<Scope> {
        let scope = self.scope(name)?.renewed();
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.insert(scope.cloud_name(), scope.clone());
        Ok(scope)
    }
}

/// Which cloud the fields of a query object speak of.
#[derive(Clone, Debug, Default)]
pub struct CloudRef(Option<Arc<str>>);

impl CloudRef {
    /// The cloud of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(Some(Arc::from(name)))
    }

    /// The cloud's scope in the request at hand.
    pub fn scope(&self, context: &Context<'_>) -> Result<Scope> {
        session(context)?.scope(self.0.as_deref())
    }
}

fn session<'a>(context: &Context<'a>) -> Result<&'a Session> {
    let session = context.data::<Session>();
    session.map_err(|_| Error::Internal("the request has no session".to_owned()))
}
