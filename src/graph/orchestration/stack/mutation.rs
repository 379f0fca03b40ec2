//! What is done to stacks.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, InputObject, Json, Object};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use super::affected::{Concern, affected, previewed};
use super::{Stack, StackAction, StackStatus, action_and_status};
use crate::cloud::orchestration::{self, StackAct, StackPath, StackPlan};
use crate::cloud::{Operation, Written};
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Blamed, Common, Deed, Done, Progress, carry_out, named, paid, payload, refer, settle,
};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a stack.
    StackPayload {
        /// The stack as it is now; null when it is not there any longer, or was never made. What
        /// takes time may still be under way: see its `action`, `status` and `statusReason`.
        stack: Stack,
    }
}

/// How long to wait for what was done to a stack.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct StackWait {
    /// How the action shall go; `COMPLETE` unless given.
    until: Option<StackStatus>,
    /// Seconds to wait, from 1 to 3,600. When they are over, the stack is told as it is then, and
    /// a user error `STILL_UNDER_WAY` says so.
    #[graphql(default = 300, validator(minimum = 1, maximum = 3600))]
    timeout_seconds: u64,
}

/// A stack to be made.
#[derive(InputObject)]
pub struct StackCreateInput {
    /// The name, unique in its project.
    name: String,
    /// What it is made of: a template as text, JSON or YAML.
    template: String,
    /// The parameters by name: an object, or a text that holds one.
    parameters: Option<Json<Value>>,
    /// How long an action may take, in minutes; Heat's own limit holds unless given.
    timeout_minutes: Option<i64>,
    /// Whether a creation or an update that fails is left as it is; Heat leaves it unless given.
    is_rollback_disabled: Option<bool>,
    /// What it is tagged with.
    tags: Option<Vec<String>>,
}

/// What a stack is to be.
#[derive(InputObject)]
pub struct StackUpdateInput {
    /// What it is made of from now on: a template as text, JSON or YAML. Without one the old
    /// template is kept, and every parameter that is not given.
    template: Option<String>,
    /// The parameters by name: an object, or a text that holds one.
    parameters: Option<Json<Value>>,
    /// With a new template, keep the parameters that are not given; they take the template's
    /// defaults otherwise.
    #[graphql(default)]
    keep_parameters: bool,
    /// How long an action may take, in minutes.
    timeout_minutes: Option<i64>,
    /// Whether an update that fails is left as it is.
    is_rollback_disabled: Option<bool>,
    /// What it is tagged with.
    tags: Option<Vec<String>>,
}

/// What an action leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// This was done.
    Done(StackAction),
    /// An update was ended where it was.
    Ended,
    /// It is gone.
    Gone,
}

impl Goal {
    fn progress(self, until: Option<StackStatus>, row: Option<&orchestration::Stack>) -> Progress {
        let Some(row) = row else {
            return match self {
                Self::Gone => Progress::Reached,
                Self::Done(_) | Self::Ended => Progress::Failed("the stack is gone".to_owned()),
            };
        };
        let (action, status) = action_and_status(&row.stack_status);
        if until == Some(status) {
            return Progress::Reached;
        }
        match (self, action, status) {
            (_, _, StackStatus::InProgress | StackStatus::Unknown) => Progress::GoesOn,
            (Self::Gone, StackAction::Delete, StackStatus::Complete)
            | (Self::Ended, StackAction::Update, StackStatus::Failed) => Progress::Reached,
            (Self::Done(wanted), action, StackStatus::Complete) if action == wanted => {
                Progress::Reached
            }
            (_, StackAction::Rollback, StackStatus::Complete) | (_, _, StackStatus::Failed) => {
                let reason = row.stack_status_reason.as_deref();
                let reason = reason.unwrap_or("Heat gives no reason");
                Progress::Failed(format!("the stack is in {}: {reason}", row.stack_status))
            }
            _ => Progress::GoesOn,
        }
    }
}

/// How a stack is after something was done to it, waited for when that was asked.
async fn finish(
    scope: &Scope,
    id: &str,
    written: &Written,
    wait: Option<StackWait>,
    goal: Goal,
) -> Done<Stack> {
    let until = wait.and_then(|wait| wait.until);
    let seconds = wait.map(|wait| wait.timeout_seconds);
    let check = |row: Option<&orchestration::Stack>| goal.progress(until, row);
    settle::<Stack>(scope, id, written, seconds, check).await
}

/// What can be done to stacks.
#[derive(Default)]
pub struct StackMutation;

#[Object]
impl StackMutation {
    /// Makes a stack of a template. Its resources are made after the answer, unless that is waited
    /// for; a stack that could not be made is there, `CREATE` and `FAILED`, with Heat's reason. A
    /// dry run lets Heat look at the template. `POST /stacks`.
    async fn stack_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack to make.")] input: StackCreateInput,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let plan = StackPlan {
                template: Some(input.template),
                parameters: parameters(input.parameters)?,
                timeout_minutes: input.timeout_minutes,
                disable_rollback: input.is_rollback_disabled,
                tags: input.tags,
            };
            if dry_run {
                let valid = scope.cloud().validate_stack_template(&plan).await;
                valid.map_err(|error| Blamed::at(&["input", "template"], error))?;
            }
            let name = input.name;
            let would = format!("make a stack `{name}`");
            let sent = async move {
                let (id, written) = scope.cloud().create_stack(&name, &plan).await?;
                let goal = Goal::Done(StackAction::Create);
                Ok(finish(&scope, &id, &written, wait, goal).await)
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Makes a stack what a template and parameters say; its resources are changed, replaced or
    /// deleted for it. A dry run lets Heat say which. `PUT /stacks/{name}/{id}`, or `PATCH` where
    /// the old template is kept.
    async fn stack_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack.")] stack: Ref,
        #[graphql(desc = "What it is to be.")] input: StackUpdateInput,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Stack>(&scope, &["stack"], &stack).await?;
            let keeps_rest = input.template.is_none() || input.keep_parameters;
            let plan = StackPlan {
                template: input.template,
                parameters: parameters(input.parameters)?,
                timeout_minutes: input.timeout_minutes,
                disable_rollback: input.is_rollback_disabled,
                // Of all that an update does not name, Heat forgets this alone.
                tags: input.tags.or_else(|| row.tags.clone()),
            };
            let path = row.path();
            let affects = if dry_run {
                let preview = scope.cloud().preview_stack_update(&path, &plan, keeps_rest);
                previewed(preview.await)?
            } else {
                Vec::new()
            };
            let of = if plan.template.is_some() {
                "a new template"
            } else {
                "its old template"
            };
            let would = format!("update {}, by {of}", shown(&row));
            let now_row = Stack::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                let written = cloud.update_stack(&path, &plan, keeps_rest).await?;
                let goal = Goal::Done(StackAction::Update);
                Ok(finish(&scope, &row.id, &written, wait, goal).await)
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a stack and what it made; a dry run tells what that is.
    /// `DELETE /stacks/{name}/{id}`.
    async fn stack_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack.")] stack: Ref,
        #[graphql(desc = "Wait until it is gone; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Stack>(&scope, &["stack"], &stack).await?;
            let affects = if dry_run {
                affected(&scope, &row, Concern::Deletion).await
            } else {
                Vec::new()
            };
            let would = format!("delete {}", shown(&row));
            let now_row = Stack::new(&scope, &row);
            let sent = async move {
                let written = scope.cloud().delete_stack(&row.path()).await?;
                Ok(finish(&scope, &row.id, &written, wait, Goal::Gone).await)
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Lets Heat look whether a stack's resources are as it knows them; its status says it then.
    /// Nothing is done to them. `check`.
    async fn stack_check(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack.")] stack: Ref,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let action = Action {
            act: StackAct::Check,
            verb: "check",
            goal: Goal::Done(StackAction::Check),
            concern: Concern::Check,
        };
        act(context, Common { cloud, dry_run }, stack, wait, action).await
    }

    /// Suspends what a stack made, as far as it can be: its servers. `suspend`.
    async fn stack_suspend(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack.")] stack: Ref,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let action = Action {
            act: StackAct::Suspend,
            verb: "suspend",
            goal: Goal::Done(StackAction::Suspend),
            concern: Concern::Suspension,
        };
        act(context, Common { cloud, dry_run }, stack, wait, action).await
    }

    /// Lets what a suspended stack made go on. `resume`.
    async fn stack_resume(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack.")] stack: Ref,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let action = Action {
            act: StackAct::Resume,
            verb: "resume",
            goal: Goal::Done(StackAction::Resume),
            concern: Concern::Suspension,
        };
        act(context, Common { cloud, dry_run }, stack, wait, action).await
    }

    /// Ends an update that is under way. `cancel_update` or `cancel_without_rollback`.
    async fn stack_cancel_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stack.")] stack: Ref,
        #[graphql(
            desc = "Go back to what was before the update; it is left as it is otherwise.",
            default = true
        )]
        rollback: bool,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            StackWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<StackPayload> {
        let action = if rollback {
            Action {
                act: StackAct::CancelUpdate,
                verb: "end the update of, and undo it,",
                goal: Goal::Done(StackAction::Rollback),
                concern: Concern::Rollback,
            }
        } else {
            Action {
                act: StackAct::CancelWithoutRollback,
                verb: "end the update of",
                goal: Goal::Ended,
                concern: Concern::Rollback,
            }
        };
        act(context, Common { cloud, dry_run }, stack, wait, action).await
    }
}

/// An action, what it is called, what it leads to, and what it means for the resources.
struct Action {
    act: StackAct,
    verb: &'static str,
    goal: Goal,
    concern: Concern,
}

async fn act(
    context: &Context<'_>,
    common: Common,
    stack: Ref,
    wait: Option<StackWait>,
    action: Action,
) -> Answered<StackPayload> {
    let dry_run = common.dry_run;
    let outcome = carry_out(context, common, |scope| async move {
        let row = refer::<Stack>(&scope, &["stack"], &stack).await?;
        let affects = if dry_run {
            affected(&scope, &row, action.concern).await
        } else {
            Vec::new()
        };
        let would = format!("{} {}", action.verb, shown(&row));
        let now_row = Stack::new(&scope, &row);
        let sent = async move {
            let path = row.path();
            let before = match wait {
                Some(_) => latest_events(&scope, &path).await,
                None => None,
            };
            let written = scope.cloud().act_on_stack(&path, action.act).await?;
            let wait = match wait {
                Some(wait) => Some(begun(&scope, &path, before, wait).await),
                None => None,
            };
            Ok(finish(&scope, &row.id, &written, wait, action.goal).await)
        };
        Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
    });
    paid(outcome.await)
}

/// How long one look at the events may take.
const LOOK: Duration = Duration::from_secs(20);

/// As many of the latest events are looked at: those of one second are in no order.
const EVENTS: u32 = 50;

/// The ids of the latest events of a stack, as far as they can be told.
async fn latest_events(scope: &Scope, path: &StackPath) -> Option<HashSet<String>> {
    // Anew each time: an operation asks for nothing twice.
    let cloud = scope.cloud().again(Arc::new(Operation::fresh(LOOK)));
    let events = cloud.list_stack_events(path, Some(EVENTS)).await.ok()?;
    Some(events.iter().map(|event| event.id.clone()).collect())
}

/// Waits until an action has begun, which Heat says by an event: until then the stack is in the
/// state that the action before it left it in, which may be the very one that is waited for.
/// Answers with what is left of the wait.
async fn begun(
    scope: &Scope,
    path: &StackPath,
    before: Option<HashSet<String>>,
    wait: StackWait,
) -> StackWait {
    let start = Instant::now();
    let left = || {
        let elapsed = start.elapsed().as_secs();
        wait.timeout_seconds.saturating_sub(elapsed)
    };
    if let Some(before) = before {
        while left() > 1 {
            let latest = latest_events(scope, path).await.unwrap_or_default();
            if !latest.is_subset(&before) {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
    StackWait {
        timeout_seconds: left().max(1),
        ..wait
    }
}

fn shown(row: &orchestration::Stack) -> String {
    let subject = named("stack", Some(&row.stack_name), &row.id);
    format!("{subject}, which is {}", row.stack_status)
}

/// Parameters, which may come as a text that holds them.
fn parameters(given: Option<Json<Value>>) -> Result<Option<Map<String, Value>>, Blamed> {
    let refuse = |reason: String| Blamed::input(&["input", "parameters"], reason);
    let value = match given {
        None | Some(Json(Value::Null)) => return Ok(None),
        Some(Json(Value::String(text))) if text.trim().is_empty() => return Ok(None),
        Some(Json(Value::String(text))) => serde_json::from_str(&text)
            .map_err(|error| refuse(format!("`parameters` is no JSON: {error}")))?,
        Some(Json(value)) => value,
    };
    match value {
        Value::Object(parameters) => Ok(Some(parameters)),
        _ => Err(refuse(
            "`parameters` is an object: a value for each parameter's name".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(goal: Goal, status: &str) -> Progress {
        let row = json!({"id": "1", "stack_name": "s", "stack_status": status});
        let row: orchestration::Stack = serde_json::from_value(row).unwrap();
        goal.progress(None, Some(&row))
    }

    #[test]
    fn a_stack_is_done_with_one_action_and_not_with_another() {
        let goal = Goal::Done(StackAction::Update);
        assert_eq!(at(goal, "CREATE_COMPLETE"), Progress::GoesOn);
        assert_eq!(at(goal, "UPDATE_IN_PROGRESS"), Progress::GoesOn);
        assert_eq!(at(goal, "UPDATE_COMPLETE"), Progress::Reached);
        assert!(matches!(at(goal, "UPDATE_FAILED"), Progress::Failed(_)));
        assert!(matches!(at(goal, "ROLLBACK_COMPLETE"), Progress::Failed(_)));
        let goal = Goal::Done(StackAction::Rollback);
        assert_eq!(at(goal, "ROLLBACK_COMPLETE"), Progress::Reached);
        assert_eq!(at(Goal::Ended, "UPDATE_FAILED"), Progress::Reached);
    }

    #[test]
    fn a_deleted_stack_is_gone_or_says_why_not() {
        assert_eq!(Goal::Gone.progress(None, None), Progress::Reached);
        assert_eq!(at(Goal::Gone, "DELETE_IN_PROGRESS"), Progress::GoesOn);
        assert_eq!(at(Goal::Gone, "DELETE_COMPLETE"), Progress::Reached);
        assert!(matches!(
            at(Goal::Gone, "DELETE_FAILED"),
            Progress::Failed(_)
        ));
    }

    #[test]
    fn parameters_are_an_object_or_a_text_of_one() {
        let read = |value| parameters(Some(Json(value))).map(|given| given.map(Value::Object));
        assert_eq!(read(json!({"a": 1})).unwrap(), Some(json!({"a": 1})));
        assert_eq!(read(json!("{\"a\": 1}")).unwrap(), Some(json!({"a": 1})));
        assert_eq!(read(json!(" ")).unwrap(), None);
        assert_eq!(read(Value::Null).unwrap(), None);
        assert!(read(json!([1])).is_err());
        assert!(read(json!("a: 1")).is_err());
    }
}
