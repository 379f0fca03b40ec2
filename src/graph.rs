//! The graph: one schema over every service, executed for every door.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Response, Schema};

use crate::auth::Caller;

/// The graph, ready to execute. Cheap to clone.
#[derive(Clone)]
pub struct Graph {
    inner: Arc<Inner>,
}

struct Inner {
    schema: Schema<Query, EmptyMutation, EmptySubscription>,
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
    #[must_use]
    pub fn without_cloud() -> Self {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        Self {
            inner: Arc::new(Inner { schema }),
        }
    }

    /// The SDL of what a caller may do.
    #[must_use]
    pub fn sdl(&self) -> String {
        self.inner.schema.sdl()
    }

    /// Executes one operation for a caller, under the limits that hold at every door.
    pub async fn execute(&self, _caller: Caller, request: Request) -> Response {
        self.inner.schema.execute(request).await
    }
}
