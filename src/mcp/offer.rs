//! Who calls, and which tools there are for them.

use rmcp::RoleServer;
use rmcp::service::RequestContext;
use serde_json::{Map, Value};
use tracing::Span;

use super::action::ACTION;
use super::document::{Document, Operation};
use super::execute::Execute;
use super::tool::Tool;
use super::tools::Tools;
use crate::audit::Door;
use crate::auth::Caller;
use crate::graph::Asker;
use crate::policy::{Action, Decision};

/// Who calls a tool.
pub(crate) fn asker(context: &RequestContext<RoleServer>, tool: &str) -> Asker {
    let is_http = context.extensions.get::<http::request::Parts>().is_some();
    let door = if is_http { Door::Mcp } else { Door::Stdio };
    Asker {
        tool: Some(tool.into()),
        ..Asker::new(caller(context), door)
    }
}

/// Who sent a request: over HTTP whom our own layer found, else the process that started this one.
///
/// A request over HTTP that no layer looked at has no rights.
pub(crate) fn caller(context: &RequestContext<RoleServer>) -> Caller {
    match context.extensions.get::<http::request::Parts>() {
        None => Caller::local(),
        Some(parts) => match parts.extensions.get::<Caller>() {
            Some(caller) => caller.clone(),
            None => Caller::unknown(),
        },
    }
}

/// The span of the request that a call came with, over HTTP.
pub(crate) fn span(context: &RequestContext<RoleServer>) -> Span {
    let parts = context.extensions.get::<http::request::Parts>();
    let span = parts.and_then(|parts| parts.extensions.get::<Span>());
    span.cloned().unwrap_or_else(Span::none)
}

/// The tools as somebody may use them.
pub(crate) struct Offer<'a> {
    /// All tools.
    pub(crate) tools: &'a Tools,
    /// What knows the policy.
    pub(crate) executor: &'a dyn Execute,
    /// Who may use them.
    pub(crate) caller: &'a Caller,
}

/// Why a tool is not there for somebody.
pub(crate) enum Absence<'a> {
    /// Nobody ever heard of it.
    Unknown,
    /// The policy forbids it.
    Denied(&'a Document, Decision),
}

impl<'a> Offer<'a> {
    /// The tools that are listed.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &'a Tool> + use<'a> {
        let reads = self.denial(false).is_none();
        let modifies = self.denial(true).is_none();
        let is_offered = move |tool: &&Tool| if tool.modifies() { modifies } else { reads };
        self.tools.iter().filter(is_offered)
    }

    /// A tool that is listed.
    pub(crate) fn find(&self, name: &str) -> Result<&'a Tool, Absence<'a>> {
        if let Some(tool) = self.tools.get(name) {
            return match self.denial(tool.modifies()) {
                None => Ok(tool),
                Some(decision) => Err(Absence::Denied(&tool.document, decision)),
            };
        }
        let denied = || Some((self.tools.withheld(name)?, self.denial(true)?));
        Err(match denied() {
            Some((document, decision)) => Absence::Denied(document, decision),
            None => Absence::Unknown,
        })
    }

    /// What stands against a tool that reads, or one that also changes something.
    fn denial(&self, modifies: bool) -> Option<Decision> {
        let actions: &[Action] = if modifies {
            &[Action::Modify, Action::Read]
        } else {
            &[Action::Read]
        };
        let mut decisions = actions
            .iter()
            .map(|action| self.executor.decide(self.caller, *action));
        decisions.find(|decision| !decision.is_allowed())
    }
}

/// The operation that a call means which is not going to be made.
pub(crate) fn meant<'a>(
    document: &'a Document,
    given: &Map<String, Value>,
) -> Option<&'a Operation> {
    let place = if document.has_actions() {
        document.position(given.get(ACTION)?.as_str()?)?
    } else {
        0
    };
    document.operations.get(place)
}
