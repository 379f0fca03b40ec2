//! The graph: one schema over every service, executed for every door.

pub mod compute;
pub mod connection;
pub mod failure;
pub mod identity;
pub mod loader;
pub mod noun;
pub mod placement;
pub mod quota;
pub mod scalar;
pub mod scope;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{
    EmptyMutation, EmptySubscription, MergedObject, Request, Response, SDLExportOptions, Schema,
    Value,
};

use crate::auth::Caller;
use crate::cloud::{Charge, Operation};
use compute::ComputeQuery;
use identity::IdentityQuery;
use placement::PlacementQuery;
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
}

type ReadSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Everything that can be asked; the fields of `Cloud` for the default cloud stand here too.
#[derive(MergedObject)]
struct Query(ComputeQuery, IdentityQuery, PlacementQuery);

impl Query {
    fn new() -> Self {
        let cloud = CloudRef::default();
        Self(
            ComputeQuery::new(&cloud),
            IdentityQuery::new(&cloud),
            PlacementQuery::new(&cloud),
        )
    }
}

impl Graph {
    /// The graph over some clouds; an operation may take `request_timeout`.
    #[must_use]
    pub fn new(clouds: Clouds, request_timeout: Duration) -> Self {
        let schema = Schema::build(Query::new(), EmptyMutation, EmptySubscription)
            .enable_federation()
            .finish();
        Self {
            inner: Arc::new(Inner {
                schema,
                clouds,
                request_timeout,
            }),
        }
    }

    /// The SDL of what a caller may do.
    #[must_use]
    pub fn sdl(&self) -> String {
        self.inner.schema.sdl()
    }

    /// The SDL as a Federation subgraph has it.
    #[must_use]
    pub fn federation_sdl(&self) -> String {
        let options = SDLExportOptions::new().federation().compose_directive();
        self.inner.schema.sdl_with_options(options)
    }

    /// Executes one operation for a caller, under the limits that hold at every door.
    pub async fn execute(&self, caller: Caller, request: Request) -> Response {
        let operation = Arc::new(Operation::new(self.inner.request_timeout));
        let session = Session::new(self.inner.clouds.clone(), Arc::clone(&operation), caller);
        let mut response = self.inner.schema.execute(request.data(session)).await;
        response.errors = failure::fold(response.errors);
        response
            .extensions
            .insert("upstream".to_owned(), bill(&operation));
        response
    }
}

/// What the operation asked of the cloud, in all and by service.
fn bill(operation: &Operation) -> Value {
    let lines = operation.bill();
    let mut all = Charge::default();
    let mut services = async_graphql::indexmap::IndexMap::new();
    for (service, charge) in lines {
        all.calls += charge.calls;
        all.cached += charge.cached;
        all.bytes += charge.bytes;
        all.milliseconds += charge.milliseconds;
        services.insert(
            async_graphql::Name::new(service.service_type()),
            charged(charge),
        );
    }
    let mut bill = charged(all);
    if let Value::Object(bill) = &mut bill {
        bill.insert(
            async_graphql::Name::new("services"),
            Value::Object(services),
        );
    }
    bill
}

fn charged(charge: Charge) -> Value {
    let figures = [
        ("calls", charge.calls),
        ("cached", charge.cached),
        ("bytes", charge.bytes),
        ("milliseconds", charge.milliseconds),
    ];
    let named = figures.map(|(name, figure)| (async_graphql::Name::new(name), Value::from(figure)));
    Value::Object(named.into_iter().collect())
}
