//! The graph: one schema over every service, executed for every door.

mod bill;
pub mod block_storage;
pub mod capacity;
pub mod cloud;
pub mod compute;
pub mod connection;
mod entities;
pub mod failure;
pub mod fields;
pub mod health;
pub mod identity;
pub mod image;
pub mod limits;
pub mod loader;
pub mod mutation;
pub mod narrowing;
pub mod network;
pub mod noun;
pub mod orchestration;
pub mod orphans;
pub mod owned;
pub mod placement;
pub mod quota;
mod readiness;
pub mod scalar;
pub mod scope;
pub mod search;
mod told;
mod turn;
pub mod watch;

pub use readiness::{CloudReadiness, Readiness, ServiceReadiness};

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{
    EmptyMutation, MergedObject, ObjectType, Request, Response, SDLExportOptions, Schema,
    ServerError,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::Instrument;

use self::cloud::CloudsQuery;
use self::entities::Entities;
use self::fields::{Fields, Mutation};
use self::limits::Limits;
use self::mutation::Waiting;
use self::scope::{CloudRef, Clouds, Events, Reports, Session};
use self::watch::{Subscription, Watching};
use crate::audit::{Audit, Door, Ledger, Outcome};
use crate::auth::Caller;
use crate::cloud::Operation;
use crate::measure::{self, Kind, Timer};
use crate::policy::{self, Action, Decision, Mode};
use crate::{Error, Result};

/// The graph, ready to execute. Cheap to clone.
#[derive(Clone)]
pub struct Graph {
    inner: Arc<Inner>,
}

struct Inner {
    /// What those see who may change nothing.
    read: Shown<EmptyMutation>,
    /// What the others see; there only when the operator lets anybody change anything.
    modify: Option<Shown<Mutation>>,
    options: GraphOptions,
    waiting: Arc<Waiting>,
    watching: Arc<Watching>,
    /// Turns of large operations.
    large: Semaphore,
    clouds: Clouds,
    /// What the clouds answered when they were last asked, by name.
    readiness: Mutex<HashMap<String, (Instant, CloudReadiness)>>,
}

/// A schema as a caller sees it: what is not in it can be neither asked for nor looked up.
struct Shown<M> {
    schema: Schema<Query, M, Subscription>,
    limits: Limits,
    sdl: String,
}

/// Who asks, and how it came to it.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Who it is.
    pub caller: Caller,
    /// Through which door.
    pub door: Door,
    /// The MCP tool, when one was called.
    pub tool: Option<Arc<str>>,
    /// How it was confirmed that something is to be destroyed, where that was asked.
    pub confirmation: Option<&'static str>,
}

/// What holds for every operation, as the operator configured it.
#[derive(Clone, Debug)]
pub struct GraphOptions {
    /// The time one operation may take.
    pub request_timeout: Duration,
    /// The pause between two looks at what somebody watches.
    pub watch_pause: Duration,
    /// Whether anything may be changed.
    pub mode: Mode,
    /// Where changes are written down.
    pub audit: Arc<Audit>,
    /// The folder whose files callers over stdio may make images of.
    pub image_source_dir: Option<PathBuf>,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(45),
            watch_pause: Duration::from_secs(5),
            mode: Mode::ReadOnly,
            audit: Arc::default(),
            image_source_dir: None,
        }
    }
}

/// From so many upstream rows on an operation is a large one.
const LARGE: u64 = 5_000;
/// Large operations that are executed at once. There is one worker more ([`WORKERS`]).
const LARGE_AT_ONCE: usize = 2;
/// The workers that the runtime needs at least, lest large operations keep the small from theirs.
pub const WORKERS: usize = LARGE_AT_ONCE + 1;

/// What edges cost for each parent that need a call of their own for it, in rows: a thousand
/// parents pass, and ten thousand do not.
const WEIGHTS: &[(&str, u64)] = &[
    // Heat's engine loads the stack for each of these, and few of them at a time.
    ("Stack.parameters", 50),
    ("Stack.timeoutMinutes", 50),
    ("Stack.isRollbackDisabled", 50),
    ("Stack.template", 50),
    ("Stack.resources", 50),
    ("Stack.events", 50),
    // Heat asks the other services for each output: seconds for a stack.
    ("Stack.outputs", 200),
    // Nova, Neutron and Cinder each tell the quota of one project at a time, and count for it.
    ("Project.computeQuota", 25),
    ("Project.networkQuota", 25),
    ("Project.volumeQuota", 25),
    // Nova adds up every server that the project had in the time.
    ("Project.usage", 50),
    // Nova lists keypairs of one user, and steps of one action.
    ("User.keypairs", 25),
    ("ServerAction.events", 25),
    // Nova tells both server by server; the console is asked for over RPC.
    ("Server.actions", 25),
    ("Server.consoleLog", 200),
    // Heat has no index: the resources of every stack of the project are read.
    ("Server.stack", 5),
    // Keystone tells members group by group, and groups user by user.
    ("User.groups", 25),
    ("Group.users", 25),
    // Glance lists members of one image.
    ("Image.members", 25),
    // Placement tells all of these provider by provider; the calls are light.
    ("ResourceProvider.inventories", 25),
    ("ResourceProvider.usages", 25),
    ("ResourceProvider.traits", 25),
    ("ResourceProvider.aggregateIds", 25),
    ("ResourceProvider.allocationCount", 25),
];

/// Everything that can be asked; the fields of `Cloud` for the default cloud stand here too.
#[derive(MergedObject)]
struct Query(CloudsQuery, Fields, Entities);

impl Query {
    fn new() -> Self {
        let cloud = CloudRef::default();
        Self(CloudsQuery, Fields::new(&cloud), Entities)
    }
}

impl<M: ObjectType + 'static> Shown<M> {
    fn new(mutation: M) -> Result<Self> {
        let schema = Schema::build(Query::new(), mutation, Subscription::default())
            .enable_federation()
            .finish();
        let sdl = schema.sdl();
        Ok(Self {
            limits: Limits::new(&sdl, WEIGHTS)?,
            schema,
            sdl,
        })
    }

    /// Has a request held to the limits, and its query parsed; answers with its cost.
    fn admit(&self, request: &mut Request) -> Result<u64, ServerError> {
        let name = request.operation_name.as_deref();
        let admitted = self
            .limits
            .admit(&request.query, name, &request.variables)?;
        request.set_parsed_query(admitted.document);
        Ok(admitted.cost)
    }

    fn federation_sdl(&self) -> String {
        let options = SDLExportOptions::new().federation().compose_directive();
        self.schema.sdl_with_options(options)
    }
}

impl Asker {
    /// Somebody at a door, who calls no tool.
    #[must_use]
    pub fn new(caller: Caller, door: Door) -> Self {
        Self {
            caller,
            door,
            tool: None,
            confirmation: None,
        }
    }
}

impl Graph {
    /// The graph over some clouds.
    ///
    /// # Errors
    /// When the schema does not fit its limits: a bug.
    pub fn new(clouds: Clouds, options: GraphOptions) -> Result<Self> {
        let modify = match options.mode {
            Mode::ReadOnly => None,
            Mode::Modify => Some(Shown::new(Mutation::default())?),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                read: Shown::new(EmptyMutation)?,
                modify,
                watching: Arc::new(Watching::new(options.watch_pause)),
                large: Semaphore::new(LARGE_AT_ONCE),
                options,
                waiting: Arc::default(),
                clouds,
                readiness: Mutex::default(),
            }),
        })
    }

    /// A graph without a cloud: it has a schema, and no data.
    ///
    /// # Errors
    /// When the schema does not fit its limits: a bug.
    pub fn without_cloud(mode: Mode) -> Result<Self> {
        let options = GraphOptions {
            mode,
            ..GraphOptions::default()
        };
        Self::new(Clouds::new(Vec::new()), options)
    }

    /// The SDL of everything that the operator lets anybody do.
    #[must_use]
    pub fn sdl(&self) -> &str {
        match &self.inner.modify {
            Some(modify) => &modify.sdl,
            None => &self.inner.read.sdl,
        }
    }

    /// The names of the clouds, the default one first.
    pub fn cloud_names(&self) -> impl Iterator<Item = &str> {
        self.inner.clouds.iter().map(|cloud| cloud.name())
    }

    /// The SDL of what a caller may do.
    #[must_use]
    pub fn sdl_for(&self, caller: &Caller) -> &str {
        match self.modify_for(caller) {
            Some(modify) => &modify.sdl,
            None => &self.inner.read.sdl,
        }
    }

    /// The SDL of the federation subgraph, of what a caller may do, for composing a supergraph.
    #[must_use]
    pub fn federation_sdl(&self, caller: &Caller) -> String {
        match self.modify_for(caller) {
            Some(modify) => modify.federation_sdl(),
            None => self.inner.read.federation_sdl(),
        }
    }

    /// Whether a caller may do something here.
    #[must_use]
    pub fn decide(&self, caller: &Caller, action: Action) -> Decision {
        policy::decide(self.inner.options.mode, caller, action)
    }

    /// Opens the audit's file again.
    pub fn reopen_audit(&self) {
        self.inner.options.audit.reopen();
    }

    /// Writes down that a door refuses an operation, mutation by mutation. Nothing is executed.
    pub fn refuse(&self, asker: &Asker, request: &Request, decision: Decision, reason: &str) {
        measure::decided(asker.door, decision);
        let name = request.operation_name.as_deref();
        let kind = limits::operation_type(&request.query, name);
        if kind == Some(OperationType::Mutation) {
            let deeds = mutation::deeds(request, asker, decision);
            let ledger = Ledger::new(Arc::clone(&self.inner.options.audit), deeds);
            ledger.close_rest(Outcome::Refused, Some(reason));
        }
    }

    /// The schema with mutations, for those who may use it.
    fn modify_for(&self, caller: &Caller) -> Option<&Shown<Mutation>> {
        let modify = self.inner.modify.as_ref()?;
        let is_allowed = self.decide(caller, Action::Modify).is_allowed();
        is_allowed.then_some(modify)
    }

    /// Executes one operation, under the policy and the limits that hold at every door. What
    /// changes something goes on to its end, though nobody waits for it any longer.
    pub async fn execute(&self, asker: Asker, request: Request) -> Response {
        let name = request.operation_name.as_deref();
        let kind = limits::operation_type(&request.query, name);
        let timer = Timer::start(asker.door, measured(kind), asker.tool.clone());
        let response = match kind {
            Some(OperationType::Mutation) => self.change(asker, request).await,
            _ => self.query(asker, request).await,
        };
        timer.finish(outcome(&response));
        response
    }

    /// Executes a query that this server itself asks, which is not counted with those of callers.
    pub async fn look(&self, caller: Caller, request: Request) -> Response {
        self.query(Asker::new(caller, Door::Graphql), request).await
    }

    /// Changes something, to its end.
    async fn change(&self, asker: Asker, request: Request) -> Response {
        let graph = self.clone();
        let execution = async move { graph.mutate(asker, request).await };
        let finished = tokio::spawn(execution.in_current_span()).await;
        finished.unwrap_or_else(|_| {
            let error = Error::Internal("the operation broke off".to_owned());
            Response::from_errors(vec![failure::pathless(&error)])
        })
    }

    /// What a subscription tells, from now on. Anything else is executed, and is told once.
    pub fn subscribe(&self, asker: Asker, request: Request) -> BoxStream<'static, Response> {
        let name = request.operation_name.as_deref();
        let kind = limits::operation_type(&request.query, name);
        if kind != Some(OperationType::Subscription) {
            let graph = self.clone();
            let answer = async move { graph.execute(asker, request).await };
            return stream::once(answer).boxed();
        }
        Timer::start(asker.door, Kind::Subscription, None).finish(measure::Outcome::Ok);
        let decision = self.decide(&asker.caller, Action::Read);
        measure::decided(asker.door, decision);
        if !decision.is_allowed() {
            let refusals = mutation::refuse(&[], decision);
            return stream::once(async { Response::from_errors(refusals) }).boxed();
        }
        match self.modify_for(&asker.caller) {
            Some(modify) => self.watch(modify, asker, request),
            None => self.watch(&self.inner.read, asker, request),
        }
    }

    fn watch<M: ObjectType + 'static>(
        &self,
        shown: &Shown<M>,
        asker: Asker,
        mut request: Request,
    ) -> BoxStream<'static, Response> {
        if let Err(refusal) = shown.admit(&mut request) {
            return stream::once(async { Response::from_errors(vec![refusal]) }).boxed();
        }
        let options = &self.inner.options;
        let operation = Arc::new(Operation::new(options.request_timeout));
        let ledger = Ledger::new(Arc::clone(&options.audit), Vec::new());
        let events = Events {
            watching: Arc::clone(&self.inner.watching),
            time: options.request_timeout,
            operation: Arc::new(std::sync::Mutex::new(Arc::clone(&operation))),
        };
        let session = self.session(operation, asker.caller, Arc::new(ledger));
        let session = session.with_events(events.clone());
        let reports = session.reports();
        let told = shown.schema.execute_stream(request.data(session));
        let told = told.map(move |mut response| {
            let operation = events.operation.lock();
            let operation = operation.unwrap_or_else(PoisonError::into_inner);
            finish(&mut response, &reports, &operation);
            response
        });
        // As for `run`: an event's edges are asked for in one turn.
        let mut told = Box::pin(told);
        stream::poll_fn(move |context| {
            let next = told.next();
            std::pin::pin!(turn::whole(next)).poll(context)
        })
        .boxed()
    }

    async fn query(&self, asker: Asker, request: Request) -> Response {
        let decision = self.decide(&asker.caller, Action::Read);
        measure::decided(asker.door, decision);
        if !decision.is_allowed() {
            return Response::from_errors(mutation::refuse(&[], decision));
        }
        let ledger = Ledger::new(Arc::clone(&self.inner.options.audit), Vec::new());
        let words = Some(words(&request));
        match self.modify_for(&asker.caller) {
            Some(modify) => self.run(modify, asker, request, words, ledger).await,
            None => {
                let read = &self.inner.read;
                self.run(read, asker, request, words, ledger).await
            }
        }
    }

    /// Nothing of an operation is run when the policy forbids any of it.
    async fn mutate(&self, asker: Asker, request: Request) -> Response {
        let decision = self.decide(&asker.caller, Action::Modify);
        measure::decided(asker.door, decision);
        let deeds = mutation::deeds(&request, &asker, decision);
        let refusals = mutation::refuse(&deeds, decision);
        let ledger = Ledger::new(Arc::clone(&self.inner.options.audit), deeds);
        match self.modify_for(&asker.caller) {
            Some(modify) => {
                // A deed may need what nobody names, to see what hangs on it.
                self.run(modify, asker, request, None, ledger).await
            }
            None => {
                ledger.close_rest(Outcome::Refused, Some(decision.reason()));
                Response::from_errors(refusals)
            }
        }
    }

    async fn run<M: ObjectType + 'static>(
        &self,
        shown: &Shown<M>,
        asker: Asker,
        mut request: Request,
        words: Option<String>,
        ledger: Ledger,
    ) -> Response {
        let cost = match shown.admit(&mut request) {
            Ok(cost) => cost,
            Err(refusal) => {
                ledger.close_rest(Outcome::NotRun, Some(&refusal.message));
                return Response::from_errors(vec![refusal]);
            }
        };
        let turn = match self.turn(cost).await {
            Ok(turn) => turn,
            Err(error) => {
                ledger.close_rest(Outcome::NotRun, Some(&error.to_string()));
                return Response::from_errors(vec![failure::pathless(&error)]);
            }
        };
        let operation = Operation::new(self.inner.options.request_timeout);
        let operation = Arc::new(match words {
            Some(words) => operation.naming(words),
            None => operation,
        });
        let ledger = Arc::new(ledger);
        let session = self.session(Arc::clone(&operation), asker.caller, Arc::clone(&ledger));
        let reports = session.reports();
        // A batch is what is asked for in one turn.
        let execution = shown.schema.execute(request.data(session));
        let mut response = turn::whole(execution).await;
        drop(turn);
        let problem = response.errors.first().map(|error| error.message.as_str());
        ledger.close_rest(Outcome::NotRun, problem);
        finish(&mut response, &reports, &operation);
        response
    }

    /// Waits for an operation's turn: those that join thousands of rows keep a processor busy for
    /// a while, and there have to be others for the rest.
    async fn turn(&self, cost: u64) -> Result<Option<SemaphorePermit<'_>>> {
        if cost < LARGE {
            return Ok(None);
        }
        // Those before it have that long, too, and may all need it.
        let patience = self.inner.options.request_timeout + Duration::from_secs(1);
        let turn = timeout(patience, self.inner.large.acquire());
        match turn.await {
            Ok(Ok(turn)) => Ok(Some(turn)),
            Ok(Err(_)) | Err(_) => {
                measure::shed(measure::Excess::LargeOperations);
                Err(Error::Busy)
            }
        }
    }

    fn session(&self, operation: Arc<Operation>, caller: Caller, ledger: Arc<Ledger>) -> Session {
        let options = &self.inner.options;
        Session::new(
            &self.inner.clouds,
            operation,
            caller,
            (options.mode, ledger),
            Arc::clone(&self.inner.waiting),
            options.image_source_dir.clone(),
        )
    }
}

fn measured(kind: Option<OperationType>) -> Kind {
    match kind {
        Some(OperationType::Query) => Kind::Query,
        Some(OperationType::Mutation) => Kind::Mutation,
        Some(OperationType::Subscription) => Kind::Subscription,
        None => Kind::Unknown,
    }
}

/// How an operation ended, as far as it is counted.
fn outcome(response: &Response) -> measure::Outcome {
    if response.errors.is_empty() {
        return measure::Outcome::Ok;
    }
    let has_any = match &response.data {
        async_graphql::Value::Object(fields) => fields
            .values()
            .any(|value| *value != async_graphql::Value::Null),
        _ => false,
    };
    // Only errors of an execution have a path, but for those of the policy, which name their rule.
    let has_rule = |error: &ServerError| {
        let extensions = error.extensions.as_ref();
        extensions.is_some_and(|extensions| extensions.get("rule").is_some())
    };
    let mut errors = response.errors.iter();
    let was_executed = errors.any(|error| !error.path.is_empty() && !has_rule(error));
    match (has_any, was_executed) {
        (true, _) => measure::Outcome::Partial,
        (false, true) => measure::Outcome::Failed,
        (false, false) => measure::Outcome::Refused,
    }
}

/// Everything by which a query may name what it needs.
fn words(request: &Request) -> String {
    let variables = serde_json::to_string(&request.variables).unwrap_or_default();
    format!("{} {variables}", request.query)
}

/// What every answer has beside its data: what was reported meanwhile, and the bill.
fn finish(response: &mut Response, reports: &Reports, operation: &Operation) {
    let reported = std::mem::take(&mut *reports.lock().unwrap_or_else(PoisonError::into_inner));
    response
        .errors
        .extend(reported.iter().map(failure::pathless));
    response.errors = failure::fold(std::mem::take(&mut response.errors));
    response
        .extensions
        .insert("upstream".to_owned(), bill::of(operation));
}
