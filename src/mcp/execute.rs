//! What the tools are executed by.

use async_graphql::{Request, Response};
use futures_util::future::BoxFuture;

use crate::auth::Caller;
use crate::graph::Graph;

/// Something that executes GraphQL for a caller, under the limits and the policy of every door.
pub trait Execute: Send + Sync + 'static {
    /// Executes one operation. Dropping the future cancels it.
    fn execute(&self, caller: Caller, request: Request) -> BoxFuture<'_, Response>;
}

impl Execute for Graph {
    fn execute(&self, caller: Caller, request: Request) -> BoxFuture<'_, Response> {
        Box::pin(Self::execute(self, caller, request))
    }
}
