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

pub use readiness::{CloudReadiness, Readiness, ServiceReadiness};

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use async_graphql::{
    EmptyMutation, EmptySubscription, MergedObject, Request, Response, SDLExportOptions, Schema,
};

use tokio::sync::Mutex;

use self::limits::Limits;
use crate::Result;
use crate::auth::Caller;
use crate::cloud::Operation;
use cloud::CloudsQuery;
use entities::Entities;
use fields::Fields;
use scope::{CloudRef, Clouds, Session};

/// The graph, ready to execute. Cheap to clone.
#[derive(Clone)]
pub struct Graph {
    inner: Arc<Inner>,
}

struct Inner {
    schema: ReadSchema,
    clouds: Clouds,
    request_timeout: Duration,
    limits: Limits,
    sdl: String,
    readiness: Mutex<HashMap<String, (Instant, CloudReadiness)>>,
}

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

type ReadSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Everything that can be asked; the fields of `Cloud` for the default cloud stand here too.
#[derive(MergedObject)]
struct Query(CloudsQuery, Fields, Entities);

impl Query {
    fn new() -> Self {
        let cloud = CloudRef::default();
        Self(CloudsQuery, Fields::new(&cloud), Entities)
    }
}

impl Graph {
    /// The graph over some clouds; an operation may take `request_timeout`.
    ///
    /// # Errors
    /// When the schema does not fit its limits: a bug.
    pub fn new(clouds: Clouds, request_timeout: Duration) -> Result<Self> {
        let schema = Schema::build(Query::new(), EmptyMutation, EmptySubscription)
            .enable_federation()
            .finish();
        let sdl = schema.sdl();
        let limits = Limits::new(&sdl, WEIGHTS)?;
        Ok(Self {
            inner: Arc::new(Inner {
                schema,
                clouds,
                request_timeout,
                limits,
                sdl,
                readiness: Mutex::default(),
            }),
        })
    }

    /// A graph without a cloud: it has a schema, and no data.
    ///
    /// # Errors
    /// When the schema does not fit its limits: a bug.
    pub fn without_cloud() -> Result<Self> {
        Self::new(Clouds::new(Vec::new()), Duration::from_secs(1))
    }

    /// The names of the clouds, the default one first.
    pub fn cloud_names(&self) -> impl Iterator<Item = &str> {
        self.inner.clouds.iter().map(|cloud| cloud.name())
    }

    /// The SDL of what a caller may do.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.inner.sdl
    }

    /// The SDL of the federation subgraph, for composing a supergraph.
    #[must_use]
    pub fn federation_sdl(&self) -> String {
        let options = SDLExportOptions::new().federation().compose_directive();
        self.inner.schema.sdl_with_options(options)
    }

    /// Executes one operation for a caller, under the limits that hold at every door.
    pub async fn execute(&self, caller: Caller, mut request: Request) -> Response {
        let operation_name = request.operation_name.as_deref();
        let limits = &self.inner.limits;
        match limits.admit(&request.query, operation_name, &request.variables) {
            Ok(document) => request.set_parsed_query(document),
            Err(refusal) => return Response::from_errors(vec![refusal]),
        };
        let operation = Arc::new(Operation::new(self.inner.request_timeout));
        let session = Session::new(&self.inner.clouds, Arc::clone(&operation), caller);
        let reports = session.reports();
        // A batch is what is asked for in one turn: tokio's budget would end the turn in its midst.
        let execution = self.inner.schema.execute(request.data(session));
        let mut response = tokio::task::unconstrained(execution).await;
        let reported = reports.lock().unwrap_or_else(PoisonError::into_inner);
        response
            .errors
            .extend(reported.iter().map(failure::pathless));
        drop(reported);
        response.errors = failure::fold(response.errors);
        response
            .extensions
            .insert("upstream".to_owned(), bill::of(&operation));
        response
    }
}
