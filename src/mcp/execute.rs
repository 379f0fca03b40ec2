//! What the tools are executed by.

use async_graphql::{Request, Response};
use futures_util::future::BoxFuture;

use crate::auth::Caller;
use crate::graph::{Asker, Graph};
use crate::policy::{Action, Decision};

/// Something that executes GraphQL for somebody, under the limits and the policy of every door.
pub trait Execute: Send + Sync + 'static {
    /// Executes one operation. Dropping the future cancels it, unless it changes something.
    fn execute(&self, asker: Asker, request: Request) -> BoxFuture<'_, Response>;

    /// Whether somebody may do something.
    fn decide(&self, caller: &Caller, action: Action) -> Decision;

    /// Writes down that an operation was not let through, and why. Nothing is executed.
    fn refuse(&self, asker: &Asker, request: &Request, decision: Decision, reason: &str);

    /// The SDL of what somebody may do.
    fn sdl_for(&self, caller: &Caller) -> &str;
}

impl Execute for Graph {
    fn execute(&self, asker: Asker, request: Request) -> BoxFuture<'_, Response> {
        Box::pin(Self::execute(self, asker, request))
    }

    fn decide(&self, caller: &Caller, action: Action) -> Decision {
        Self::decide(self, caller, action)
    }

    fn refuse(&self, asker: &Asker, request: &Request, decision: Decision, reason: &str) {
        Self::refuse(self, asker, request, decision, reason);
    }

    fn sdl_for(&self, caller: &Caller) -> &str {
        Self::sdl_for(self, caller)
    }
}
