//! What the tools are executed by.

use async_graphql::{Request, Response};
use futures_util::future::BoxFuture;

use crate::graph::{Asker, Graph};

/// Something that executes GraphQL for somebody, under the limits and the policy of every door.
pub trait Execute: Send + Sync + 'static {
    /// Executes one operation. Dropping the future cancels it.
    fn execute(&self, asker: Asker, request: Request) -> BoxFuture<'_, Response>;
}

impl Execute for Graph {
    fn execute(&self, asker: Asker, request: Request) -> BoxFuture<'_, Response> {
        Box::pin(Self::execute(self, asker, request))
    }
}
