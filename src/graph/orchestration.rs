//! Orchestration (Heat): merges its nouns.

pub mod event;
pub mod physical;
pub mod resource;
pub mod stack;

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::MergedObject;
use futures_util::{StreamExt, stream};

use super::scalar::open_enum;
use super::scope::CloudRef;
use crate::Result;

/// The root fields of orchestration.
#[derive(MergedObject)]
pub struct OrchestrationQuery(stack::StackQuery);

/// What can be changed in orchestration.
#[derive(MergedObject, Default)]
pub struct OrchestrationMutation(stack::StackMutation);

impl OrchestrationQuery {
    /// The fields for a cloud.
    #[must_use]
    pub fn new(cloud: &CloudRef) -> Self {
        Self(stack::StackQuery(cloud.clone()))
    }
}

open_enum! {
    /// What Heat last did with a stack or a resource.
    StackAction {
        /// It took over what was there.
        Adopt = "ADOPT",
        /// It looked whether all is as it should be.
        Check = "CHECK",
        /// It made it.
        Create = "CREATE",
        /// It deleted it.
        Delete = "DELETE",
        /// Nothing yet.
        Init = "INIT",
        /// It set it back to a snapshot.
        Restore = "RESTORE",
        /// It resumed it.
        Resume = "RESUME",
        /// It undid an update or a creation.
        Rollback = "ROLLBACK",
        /// It took a snapshot of it.
        Snapshot = "SNAPSHOT",
        /// It suspended it.
        Suspend = "SUSPEND",
        /// It changed it.
        Update = "UPDATE",
    }
}

open_enum! {
    /// How an action of Heat goes.
    StackStatus {
        /// It is done.
        Complete = "COMPLETE",
        /// It failed; see the reason.
        Failed = "FAILED",
        /// It is not done yet.
        InProgress = "IN_PROGRESS",
    }
}

/// Takes Heat's one word apart: `CREATE_IN_PROGRESS`.
fn action_and_status(text: &str) -> (StackAction, StackStatus) {
    let (action, status) = text.split_once('_').unwrap_or((text, ""));
    (StackAction::read(action), StackStatus::read(status))
}

/// Calls that Heat's engine is given at a time.
const PARALLEL_STACKS: usize = 6;

/// What is had for each key by a call of its own, with the outcome of each.
async fn for_each<K, V, F>(keys: Vec<K>, call: impl Fn(K) -> F + Send) -> HashMap<K, Result<V>>
where
    K: Clone + Eq + Hash + Send,
    V: Send,
    F: Future<Output = Result<V>> + Send,
{
    let calls = keys.into_iter().map(|key| {
        let call = call(key.clone());
        async move { (key, call.await) }
    });
    stream::iter(calls)
        .buffer_unordered(PARALLEL_STACKS)
        .collect()
        .await
}

/// What was had of a stack; `None` when the stack has gone meanwhile.
fn unless_gone<V>(loaded: Option<Result<V>>) -> Result<Option<V>> {
    match loaded {
        Some(Err(error)) if error.is_not_found() => Ok(None),
        Some(loaded) => loaded.map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_status_is_an_action_and_how_it_goes() {
        assert_eq!(
            action_and_status("UPDATE_IN_PROGRESS"),
            (StackAction::Update, StackStatus::InProgress)
        );
        assert_eq!(
            action_and_status("INIT_COMPLETE"),
            (StackAction::Init, StackStatus::Complete)
        );
        assert_eq!(
            action_and_status(""),
            (StackAction::Unknown, StackStatus::Unknown)
        );
    }
}
