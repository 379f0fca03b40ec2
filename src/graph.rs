//! The graph: one schema over every service, executed for every door.

pub mod limits;
mod readiness;

pub use readiness::{CloudReadiness, Readiness, ServiceReadiness};

use std::sync::Arc;

use async_graphql::{
    EmptyMutation, EmptySubscription, Object, Request, Response, SDLExportOptions, Schema,
};

use self::limits::Limits;
use crate::Result;
use crate::auth::Caller;

/// The graph, ready to execute. Cheap to clone.
#[derive(Clone)]
pub struct Graph {
    inner: Arc<Inner>,
}

struct Inner {
    schema: Schema<Query, EmptyMutation, EmptySubscription>,
    limits: Limits,
}

struct Query;

/// Stand-in until the nouns are there.
#[Object]
impl Query {
    /// The name of the default cloud.
    async fn cloud_name(&self) -> &'static str {
        "none"
    }
}

impl Graph {
    /// A graph without a cloud.
    ///
    /// # Errors
    /// When the schema does not fit its limits: a bug.
    pub fn without_cloud() -> Result<Self> {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        let limits = Limits::new(&schema.sdl(), &[])?;
        Ok(Self {
            inner: Arc::new(Inner { schema, limits }),
        })
    }

    /// The SDL of what a caller may do.
    #[must_use]
    pub fn sdl(&self) -> String {
        self.inner.schema.sdl()
    }

    /// The SDL of the federation subgraph, for composing a supergraph.
    #[must_use]
    pub fn federation_sdl(&self) -> String {
        let options = SDLExportOptions::new().federation().compose_directive();
        self.inner.schema.sdl_with_options(options)
    }

    /// Executes one operation for a caller, under the limits that hold at every door.
    pub async fn execute(&self, _caller: Caller, mut request: Request) -> Response {
        let operation_name = request.operation_name.as_deref();
        let limits = &self.inner.limits;
        match limits.admit(&request.query, operation_name, &request.variables) {
            Ok(document) => request.set_parsed_query(document),
            Err(refusal) => return Response::from_errors(vec![refusal]),
        }
        self.inner.schema.execute(request).await
    }
}
