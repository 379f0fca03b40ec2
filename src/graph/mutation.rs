//! What all mutations have in common: find what is meant, say what would be done, or do it, wait
//! for it, and tell how things are then.
//!
//! A mutation's resolver prepares a [`Deed`]: it turns references into rows, says what it would
//! do and what hangs on it, and holds the rest back in a future that sends. [`carry_out`] asks the
//! policy once more, stops there for a dry run, writes the audit, and sends. What is the caller's
//! to put right, and what a service refuses, is a [`UserError`] beside the object; only an outage
//! or a bug fails the field.

mod ledger;
mod wait;

use std::time::Duration;

use async_graphql::{Context, ID, SimpleObject};
use futures_util::future::BoxFuture;

pub(super) use self::ledger::{deeds, refuse};
pub use self::wait::{Progress, Waiting, settle, wait_for};
use super::failure::{self, Answered};
use super::noun::{Noun, by_id, find_row};
use super::scalar::Ref;
use super::scope::{Scope, Session};
use crate::audit::Outcome as Audited;
use crate::policy::{self, Action};
use crate::{Error, Result};

/// How long an operation has for its answer after it has waited for something.
const AFTERWARDS: Duration = Duration::from_secs(20);

/// Why something was not done, for the caller to put right.
#[derive(SimpleObject, Clone, Debug)]
pub struct UserError {
    /// What kind of reason it is, as `CONFLICT`, `QUOTA_EXCEEDED`, `NOT_FOUND`, `AMBIGUOUS`,
    /// `OUTCOME_UNKNOWN`.
    code: &'static str,
    /// The reason in words: the service's own, where a service refused.
    message: String,
    /// The argument it is about, when it is about one.
    field: Option<Vec<String>>,
    /// The service that refused, when one did.
    service: Option<&'static str>,
    /// OpenStack's id for the request.
    request_id: Option<String>,
}

/// What a mutation would do. Nothing was sent.
#[derive(SimpleObject, Clone, Debug)]
pub struct DryRun {
    /// What would be done, in words.
    would: String,
    /// What hangs on it.
    affects: Vec<Affected>,
}

/// Something that a change would concern beside what it is meant for.
#[derive(SimpleObject, Clone, Debug)]
pub struct Affected {
    /// What it is, as `Volume`.
    kind: &'static str,
    /// Its id.
    id: Option<ID>,
    /// Its name, or its address.
    name: Option<String>,
    /// What would become of it, or what it means for the change.
    effect: String,
}

impl Affected {
    /// A thing of some kind, and what becomes of it.
    pub fn new(
        kind: &'static str,
        id: &str,
        name: Option<&str>,
        effect: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            id: Some(ID::from(id)),
            name: name.map(str::to_owned),
            effect: effect.into(),
        }
    }

    /// Things of some kind of which nothing is known.
    pub fn unknown(kind: &'static str, effect: impl Into<String>) -> Self {
        Self {
            kind,
            id: None,
            name: None,
            effect: effect.into(),
        }
    }

    /// The same by a name.
    #[must_use]
    pub fn called(mut self, name: Option<&str>) -> Self {
        self.name = name.map(str::to_owned);
        self
    }
}

/// What went wrong, and with which argument.
#[derive(Debug)]
pub struct Blamed {
    error: Error,
    field: Option<Vec<String>>,
}

impl From<Error> for Blamed {
    fn from(error: Error) -> Self {
        Self { error, field: None }
    }
}

impl Blamed {
    /// An argument that cannot be.
    pub fn input(field: &[&str], message: impl Into<String>) -> Self {
        Self {
            error: Error::BadInput(message.into()),
            field: Some(field.iter().map(|part| (*part).to_owned()).collect()),
        }
    }

    /// The same of a field of an input object.
    #[must_use]
    pub fn within(mut self, input: &str) -> Self {
        if let Some(field) = &mut self.field {
            field.insert(0, input.to_owned());
        }
        self
    }

    /// An error with the argument that it is about.
    pub fn at(field: &[&str], error: Error) -> Self {
        let field = error
            .is_callers()
            .then(|| field.iter().map(|part| (*part).to_owned()).collect());
        Self { error, field }
    }
}

/// Something that is ready to be done.
pub struct Deed<T> {
    would: String,
    affects: Vec<Affected>,
    now: Option<T>,
    act: BoxFuture<'static, Result<Done<T>>>,
}

/// How things are when it was done.
pub struct Done<T> {
    /// The object, or what else the mutation gives.
    pub now: Option<T>,
    /// What did not come to a good end.
    pub unmet: Vec<Error>,
}

impl<T> Done<T> {
    /// It is as it should be.
    pub fn well(now: Option<T>) -> Self {
        Self {
            now,
            unmet: Vec::new(),
        }
    }
}

impl<T> Deed<T> {
    /// What would be done, in words, to what is there now; and the future that does it.
    pub fn new(
        would: impl Into<String>,
        now: Option<T>,
        act: impl Future<Output = Result<Done<T>>> + Send + 'static,
    ) -> Self {
        Self {
            would: would.into(),
            affects: Vec::new(),
            now,
            act: Box::pin(act),
        }
    }

    /// The same, with what hangs on it.
    #[must_use]
    pub fn affecting(mut self, affects: Vec<Affected>) -> Self {
        self.affects = affects;
        self
    }
}

/// What every mutation takes.
pub struct Common {
    /// The cloud that is meant; the default one unless given.
    pub cloud: Option<String>,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What a mutation answers.
pub struct Outcome<T> {
    /// The object as it is now.
    pub now: Option<T>,
    /// What the caller has to know or put right.
    pub user_errors: Vec<UserError>,
    /// What would be done, when that was asked.
    pub dry_run: Option<DryRun>,
}

/// Does what was prepared, or says what it would do.
pub async fn carry_out<T, P, F>(
    context: &Context<'_>,
    common: Common,
    prepare: P,
) -> Answered<Outcome<T>>
where
    T: Send,
    P: FnOnce(Scope) -> F + Send,
    F: Future<Output = Result<Deed<T>, Blamed>> + Send,
{
    let session = match context.data::<Session>() {
        Ok(session) => session,
        Err(error) => return Some(Err(error)),
    };
    let field = context.item.node.response_key().node.as_str();
    let decision = policy::decide(session.mode, &session.caller, Action::Modify);
    // The first lock is in front of the execution; this is the second.
    if !decision.is_allowed() {
        let error = Error::Denied(decision.reason());
        session
            .ledger
            .close(field, Audited::Refused, &[], Some(decision.reason()));
        return Some(Err(failure::graphql(&error)));
    }
    let deed = Box::pin(async {
        // What an earlier mutation of the operation changed is not taken from before it.
        let scope = session.renewed_scope(common.cloud.as_deref());
        let scope = scope.map_err(|error| Blamed::at(&["cloud"], error))?;
        prepare(scope).await
    });
    let done = async {
        let deed = deed.await?;
        if common.dry_run {
            return Ok((deed, None));
        }
        session.ledger.intend(field);
        let Deed {
            would,
            affects,
            now,
            act,
        } = deed;
        let done = act.await;
        let rest = Deed {
            would,
            affects,
            now,
            act: Box::pin(async { Ok(Done::well(None)) }),
        };
        Ok((rest, Some(done)))
    };
    let done: Result<_, Blamed> = done.await;
    let request_ids = session.operation.take_written();
    let close = |outcome, error: Option<&Error>| {
        let error = error.map(ToString::to_string);
        session
            .ledger
            .close(field, outcome, &request_ids, error.as_deref());
    };
    match done {
        Ok((deed, None)) => {
            close(Audited::DryRun, None);
            Some(Ok(Outcome {
                now: deed.now,
                user_errors: Vec::new(),
                dry_run: Some(DryRun {
                    would: deed.would,
                    affects: deed.affects,
                }),
            }))
        }
        Ok((deed, Some(Ok(done)))) => {
            match done.unmet.first() {
                None => close(Audited::Done, None),
                Some(error @ Error::OutcomeUnknown { .. }) => close(Audited::Unknown, Some(error)),
                Some(error) => close(Audited::Failed, Some(error)),
            }
            let told = |error| told_of(user_error(error, None), error, &deed.would);
            let user_errors = done.unmet.iter().map(told);
            Some(Ok(Outcome {
                now: done.now,
                user_errors: user_errors.collect(),
                dry_run: None,
            }))
        }
        Ok((deed, Some(Err(error)))) => {
            failed(Blamed::from(error), deed.now, Some(&deed.would), close)
        }
        Err(blamed) => failed(blamed, None, None, close),
    }
}

fn failed<T>(
    blamed: Blamed,
    now: Option<T>,
    would: Option<&str>,
    close: impl FnOnce(Audited, Option<&Error>),
) -> Answered<Outcome<T>> {
    let Blamed { error, field } = blamed;
    let is_lost = matches!(error, Error::OutcomeUnknown { .. });
    let outcome = if is_lost {
        Audited::Unknown
    } else {
        Audited::Failed
    };
    close(outcome, Some(&error));
    if !error.is_callers() {
        return Some(Err(failure::graphql(&error)));
    }
    let mut told = user_error(&error, field);
    if let Some(would) = would {
        told = told_of(told, &error, would);
    }
    Some(Ok(Outcome {
        now,
        user_errors: vec![told],
        dry_run: None,
    }))
}

/// Who has to look whether something was done has to know for what.
fn told_of(told: UserError, error: &Error, would: &str) -> UserError {
    if !matches!(error, Error::OutcomeUnknown { .. }) {
        return told;
    }
    UserError {
        message: format!("{}: it was to {would}", told.message),
        ..told
    }
}

fn user_error(error: &Error, field: Option<Vec<String>>) -> UserError {
    UserError {
        code: error.code(),
        message: error.to_string(),
        field,
        service: error.service().map(|service| service.service_type()),
        request_id: error.request_id().map(str::to_owned),
    }
}

/// The row that a reference stands for; one that stands for nothing is the caller's mistake.
pub async fn refer<N: Noun>(
    scope: &Scope,
    field: &[&str],
    reference: &Ref,
) -> Result<std::sync::Arc<N::Row>, Blamed> {
    let found = find_row::<N>(scope, reference).await;
    let found = found.map_err(|error| Blamed::at(field, error))?;
    found.ok_or_else(|| {
        let error = Error::NotFound {
            kind: N::KIND,
            reference: reference.0.clone(),
            list: N::LIST,
        };
        Blamed::at(field, error)
    })
}

/// The same for a reference that may be missing.
pub async fn refer_maybe<N: Noun>(
    scope: &Scope,
    field: &[&str],
    reference: Option<&Ref>,
) -> Result<Option<std::sync::Arc<N::Row>>, Blamed> {
    match reference {
        Some(reference) => refer::<N>(scope, field, reference).await.map(Some),
        None => Ok(None),
    }
}

/// How the object is after it was changed; `None` when it is gone. That it cannot be told does not
/// undo what was done: it is an error beside it.
pub async fn now<N: Noun>(scope: &Scope, id: &str) -> Option<N> {
    let scope = scope.renewed();
    scope.cloud().operation().extend(AFTERWARDS);
    match by_id::<N>(&scope, id).await {
        Ok(found) => found,
        Err(error) => {
            scope.report(error);
            None
        }
    }
}

/// A row in words: its name and its id.
pub fn named(kind: &str, name: Option<&str>, id: &str) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{kind} `{name}` ({id})"),
        None => format!("{kind} {id}"),
    }
}

/// Declares the payload of mutations that give an object of one kind.
macro_rules! payload {
    ($(#[$meta:meta])* $name:ident { $(#[$field_meta:meta])* $field:ident: $noun:ty $(,)? }) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_meta])*
            $field: Option<$noun>,
            /// Why it was not done, or did not come to a good end; empty when all is well.
            user_errors: Vec<$crate::graph::mutation::UserError>,
            /// What would be done; only when that was asked.
            dry_run: Option<$crate::graph::mutation::DryRun>,
        }

        impl From<$crate::graph::mutation::Outcome<$noun>> for $name {
            fn from(outcome: $crate::graph::mutation::Outcome<$noun>) -> Self {
                Self {
                    $field: outcome.now,
                    user_errors: outcome.user_errors,
                    dry_run: outcome.dry_run,
                }
            }
        }
    };
}
pub(crate) use payload;

/// The outcome as a payload.
pub fn paid<T, P: From<Outcome<T>>>(outcome: Answered<Outcome<T>>) -> Answered<P> {
    outcome.map(|outcome| outcome.map(P::from))
}
