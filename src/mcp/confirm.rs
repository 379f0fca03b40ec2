//! Asks somebody before a call destroys something, where the client can be asked.
//!
//! Over stdio the older revisions have a request for it. In 2026-07-28 the answer to the call is
//! the question, on any transport: the client calls again with the reply, and with a state that
//! binds it to who asked, for what, and what would have been done. Over HTTP nobody can be asked in
//! the older revisions, since a server without sessions cannot take the reply.
//!
//! Between the question and the reply the world may have changed: what would be done is looked at
//! again, and when it is not what somebody said yes to, they are asked again.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolResponse, ElicitRequest, ElicitResult, InputRequest, InputRequests,
    InputRequiredResult, InputResponses, ProtocolVersion,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};

use super::answer;
use super::execute::Execute;
use super::question::{Question, digest, is_yes};
use super::seal::{Broken, Digest, Seal};
use super::tool::Call;
use crate::graph::Asker;
use crate::policy::{Action, Confirm};
use crate::shared::Shared;

/// How long somebody may think.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often somebody is asked about one call, when what it would do changes.
const ROUNDS: usize = 3;
/// The question's key in an input-required result.
const QUESTION: &str = "confirm";

const CONFIRMED: &str = "confirmed";
const UNCONFIRMED: &str = "unconfirmed";
const DECLINED: &str = "declined";

/// Asks.
pub(crate) struct Confirmer {
    mode: Confirm,
    seal: Option<Arc<Seal>>,
}

/// What becomes of a call.
pub(crate) enum Verdict {
    /// It is made; the audit says how it was confirmed, where that is a question.
    Made(Option<&'static str>),
    /// It is not made, or not yet; this is the answer.
    Answered(Box<CallToolResponse>),
}

/// How somebody can be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a request to the client.
    Request,
    /// By a result that asks for input.
    Result,
    /// Not at all.
    Nobody,
}

/// A reply that came with a call.
pub(crate) struct Reply {
    /// What this server sealed when it asked.
    pub(crate) state: Option<String>,
    /// What was replied.
    pub(crate) responses: Option<InputResponses>,
}

/// Everything about one call that may have to be confirmed.
pub(crate) struct Confirmation<'a> {
    /// The call.
    pub(crate) call: &'a Call<'a>,
    /// Who makes it.
    pub(crate) asker: &'a Asker,
    /// What executes it.
    pub(crate) executor: &'a dyn Execute,
    /// How the client is reached.
    pub(crate) context: &'a RequestContext<RoleServer>,
}

impl Confirmer {
    /// Where replicas share a store, any of them takes the reply to what one asked.
    pub(crate) fn new(mode: Confirm, shared: Option<Arc<Shared>>) -> Self {
        let seal = match shared {
            Some(shared) => Seal::sharing(shared),
            None => Seal::new(),
        };
        Self {
            mode,
            seal: seal.map(Arc::new),
        }
    }

    /// Another, which takes the replies to what this one asked.
    pub(crate) fn successor(&self, mode: Confirm, shared: Option<Arc<Shared>>) -> Self {
        match shared {
            Some(shared) => Self::new(mode, Some(shared)),
            None => Self {
                mode,
                seal: self.seal.clone(),
            },
        }
    }

    /// Decides about a call; may ask somebody, and take minutes.
    ///
    /// # Errors
    /// When nothing can be sealed, or the call was cancelled.
    pub(crate) async fn confirm(
        &self,
        of: &Confirmation<'_>,
        reply: Reply,
    ) -> Result<Verdict, ErrorData> {
        let Call {
            action, variables, ..
        } = of.call;
        if self.mode == Confirm::Never || !action.destroys || action.is_dry_run(variables) {
            return Ok(Verdict::Made(None));
        }
        match (way(of.context), self.mode) {
            (Way::Request, _) => of.by_request().await,
            (Way::Result, _) => self.by_result(of, reply).await,
            (Way::Nobody, Confirm::Always) => Ok(of.refuse(
                UNCONFIRMED,
                "it destroys something, this server has every such call confirmed \
                 (CONFIRM_DESTRUCTIVE=always), and nobody can be asked through this client. Use one \
                 that has elicitation, over stdio or with protocol 2026-07-28; or have the operator \
                 set CONFIRM_DESTRUCTIVE to when-possible",
            )),
            (Way::Nobody, _) => Ok(Verdict::Made(Some(UNCONFIRMED))),
        }
    }

    async fn by_result(&self, of: &Confirmation<'_>, reply: Reply) -> Result<Verdict, ErrorData> {
        let unsealed = || ErrorData::internal_error("the question could not be sealed", None);
        let seal = self.seal.as_ref().ok_or_else(unsealed)?;
        let context = of.binding();
        let confirmed = match reply.state {
            None => None,
            Some(state) => match seal.open(&state, &context).await {
                Ok(target) => Some(target),
                Err(broken) => return Ok(of.refuse(UNCONFIRMED, why_broken(broken))),
            },
        };
        if confirmed.is_some() {
            let responses = reply.responses.unwrap_or_default();
            let said = responses.get(QUESTION).cloned();
            let said = said.and_then(|said| serde_json::from_value::<ElicitResult>(said).ok());
            if !said.is_some_and(|said| is_yes(&said)) {
                return Ok(of.refuse(DECLINED, "whoever was asked did not say yes"));
            }
        }
        let question = match of.question().await? {
            Ok(question) => question,
            Err(answer) => return Ok(answer),
        };
        if confirmed == Some(question.target) {
            return Ok(Verdict::Made(Some(CONFIRMED)));
        }
        let state = seal
            .seal(&question.target, &context, PATIENCE)
            .ok_or_else(unsealed)?;
        let request = InputRequest::Elicitation(ElicitRequest::new(question.parameters()));
        let requests = InputRequests::from([(QUESTION.to_owned(), request)]);
        let result = InputRequiredResult::new(Some(requests), Some(state));
        Ok(Verdict::Answered(Box::new(result.into())))
    }
}

impl Confirmation<'_> {
    async fn by_request(&self) -> Result<Verdict, ErrorData> {
        let mut question = match self.question().await? {
            Ok(question) => question,
            Err(answer) => return Ok(answer),
        };
        for _ in 0..ROUNDS {
            let peer = &self.context.peer;
            let asked = peer.create_elicitation_with_timeout(question.parameters(), Some(PATIENCE));
            match self.uncancelled(asked).await? {
                Ok(said) if is_yes(&said) => {}
                Ok(_) => return Ok(self.refuse(DECLINED, "whoever was asked did not say yes")),
                Err(error) => {
                    tracing::warn!(%error, "a client that has elicitation could not ask");
                    return Ok(self.refuse(DECLINED, "whoever was asked did not answer"));
                }
            }
            let again = match self.question().await? {
                Ok(again) => again,
                Err(answer) => return Ok(answer),
            };
            if again.target == question.target {
                return Ok(Verdict::Made(Some(CONFIRMED)));
            }
            question = again;
        }
        Ok(self.refuse(
            DECLINED,
            "what it would do changed each time that somebody was asked; look at it, and call again",
        ))
    }

    /// What to ask; or the answer, when a dry run tells that the call would do nothing.
    async fn question(&self) -> Result<Result<Question, Verdict>, ErrorData> {
        let call = self.call;
        let Some(variables) = call.action.as_dry_run(&call.variables) else {
            return Ok(Ok(Question::plain(call)));
        };
        let request = call.tool.document.request(&call.action.name, variables);
        let execution = self.executor.execute(self.asker.clone(), request);
        let response = self.uncancelled(execution).await?;
        Ok(Question::new(call, response)
            .map_err(|answer| Verdict::Answered(Box::new((*answer).into()))))
    }

    async fn uncancelled<T>(&self, future: impl Future<Output = T>) -> Result<T, ErrorData> {
        tokio::select! {
            done = future => Ok(done),
            () = self.context.ct.cancelled() => {
                Err(ErrorData::internal_error("the call was cancelled", None))
            }
        }
    }

    /// Refuses the call, and has it written down.
    fn refuse(&self, confirmation: &'static str, reason: &str) -> Verdict {
        let asker = Asker {
            confirmation: Some(confirmation),
            ..self.asker.clone()
        };
        let decision = self.executor.decide(&asker.caller, Action::Modify);
        self.executor
            .refuse(&asker, &self.call.request(), decision, reason);
        let result = answer::unconfirmed(&self.call.subject(), reason);
        Verdict::Answered(Box::new(result.into()))
    }

    /// What a reply is good for: this caller, this tool, these arguments.
    fn binding(&self) -> Digest {
        let Call {
            tool,
            action,
            variables,
        } = self.call;
        let variables = serde_json::to_string(variables).unwrap_or_default();
        let caller = &self.asker.caller;
        // Not when its token ends: one that was renewed is the same caller's.
        let caller = format!(
            "{:?} {:?} {:?}",
            caller.identity, caller.scopes, caller.clouds
        );
        digest(&[&caller, tool.name(), &action.name, &variables])
    }
}

/// How the client of a request can be asked.
fn way(context: &RequestContext<RoleServer>) -> Way {
    let capabilities = context.client_capabilities().unwrap_or_default();
    // Who says neither has forms, as it was before there were two kinds.
    let has_forms = capabilities
        .elicitation
        .is_some_and(|kinds| kinds.form.is_some() || kinds.url.is_none());
    let revision = context.protocol_version();
    let is_http = context.extensions.get::<http::request::Parts>().is_some();
    if !has_forms {
        Way::Nobody
    } else if revision.is_some_and(|revision| revision >= ProtocolVersion::V_2026_07_28) {
        Way::Result
    } else if is_http {
        Way::Nobody
    } else {
        Way::Request
    }
}

fn why_broken(broken: Broken) -> &'static str {
    match broken {
        Broken::Forged => {
            "what came with the reply is not what this server sent with its question for this \
             call; call again without it, to be asked again"
        }
        Broken::Expired => "the reply came too late; call again without it, to be asked again",
        Broken::Unsure => {
            "whether the reply was used already cannot be known now, since the store of CACHE_URL \
             does not answer; call again a little later, without it, to be asked again"
        }
        Broken::Used => {
            "the reply was good for one call, which was made; call again without it, to be asked \
             again"
        }
    }
}
