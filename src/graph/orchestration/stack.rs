//! Stacks: what was made together of a template.

mod affected;
pub mod mutation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Json, SimpleObject};
use serde_json::{Map, Value};

pub use mutation::StackMutation;

use super::event::{EventsOfStack, LatestEvents, StackEvent};
use super::resource::{ResourcesOfStack, StackResource};
use super::{StackAction, StackStatus, action_and_status, for_each, unless_gone};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::orchestration::{self, STACKS, ShownStack, StackPath};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, PageArguments};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::{Narrowing, one_of};
use crate::graph::noun::{Noun, Pushed, by_maybe_id, contains, reach_of, root_fields, unset_or};
use crate::graph::scalar::{DateTime, Ref};
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};
use crate::graph::watch::{Watched, watched};

/// Resources that were made together of a template. From `GET /stacks`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Stack {
    /// Heat's id.
    id: ID,
    /// The name, unique in its project.
    name: String,
    /// What it is for, from the template.
    description: Option<String>,
    /// What Heat last did with it.
    action: StackAction,
    /// How that goes.
    status: StackStatus,
    /// Why, in Heat's words.
    status_reason: Option<String>,
    /// The name of the user who made it; null when Heat does not tell.
    owner: Option<String>,
    /// The project it belongs to. It may be gone.
    project_id: Option<ID>,
    /// The stack it is part of; null when it is part of none.
    parent_id: Option<ID>,
    /// What users tagged.
    tags: Vec<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last updated; null before the first time.
    updated_at: Option<DateTime>,
    /// When it was deleted; null while it is there.
    deleted_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<orchestration::Stack>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Stack {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The parameters by name; hidden ones as asterisks. A call for each stack.
    async fn parameters(&self) -> Answered<Json<Map<String, Value>>> {
        let shown = self.shown().await;
        answered(shown.map(|shown| shown.map(|shown| Json(shown.parameters.clone()))))
    }

    /// For how long an action may take, in minutes; null when Heat's own limit holds. A call for
    /// each stack.
    async fn timeout_minutes(&self) -> Answered<i64> {
        let shown = self.shown().await;
        answered(shown.map(|shown| shown.and_then(|shown| shown.timeout_mins)))
    }

    /// Whether a creation that fails is left as it is. A call for each stack.
    async fn is_rollback_disabled(&self) -> Answered<bool> {
        let shown = self.shown().await;
        answered(shown.map(|shown| shown.and_then(|shown| shown.disable_rollback)))
    }

    /// What the stack tells of itself, as its template says. A call for each stack, which takes
    /// Heat seconds: it asks the other services.
    async fn outputs(&self) -> Answered<Vec<StackOutput>> {
        let found = async {
            let shown = self.scope.load::<OutputsOfStack>(self.row.path()).await?;
            let shown = unless_gone(shown)?;
            Ok(shown.map(|shown| shown.outputs.iter().map(StackOutput::new).collect()))
        };
        answered(found.await)
    }

    /// What it was made of, as JSON; the defaults of hidden parameters are asterisks. A call for
    /// each stack.
    async fn template(&self) -> Answered<Json<Value>> {
        let found = async {
            let template = self.scope.load::<TemplateOfStack>(self.row.path()).await?;
            Ok(unless_gone(template)?.map(|template| Json(template.as_ref().clone())))
        };
        answered(found.await)
    }

    /// What it consists of, with what the stacks within it consist of. A call for each stack.
    async fn resources(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<StackResource>> {
        let listed = async {
            let rows = self.scope.load::<ResourcesOfStack>(self.row.path()).await?;
            let Some(rows) = unless_gone(rows)? else {
                return Ok(None);
            };
            let reach = reach_of(&self.scope, Self::REACH).await?;
            let node = |row: &Arc<_>| StackResource::new(&self.scope, row);
            Connection::nested(&rows, |row| row.key(), first, reach, node).map(Some)
        };
        answered(listed.await)
    }

    /// What happened to it, newest first. A call for each stack.
    async fn events(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<StackEvent>> {
        let listed = async {
            let page = PageArguments {
                first,
                ..PageArguments::default()
            };
            let latest = LatestEvents::new(self.row.path(), &page)?;
            let rows = self.scope.load::<EventsOfStack>(latest.clone()).await?;
            let Some(rows) = unless_gone(rows)? else {
                return Ok(None);
            };
            let reach = reach_of(&self.scope, Self::REACH).await?;
            Ok(Some(latest.connection(&self.scope, &rows, reach)))
        };
        answered(listed.await)
    }

    /// The stack it is part of; null when it is part of none, or that is gone.
    async fn parent(&self) -> Answered<Self> {
        answered(by_maybe_id(&self.scope, self.parent_id.as_deref().map(String::as_str)).await)
    }

    /// The project it belongs to; null when that is gone, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_deref().map(String::as_str),
        )
        .await
    }
}

impl Stack {
    async fn shown(&self) -> Result<Option<Arc<ShownStack>>> {
        unless_gone(self.scope.load::<ShownOfStack>(self.row.path()).await?)
    }
}

/// What a stack tells of itself.
#[derive(SimpleObject)]
pub struct StackOutput {
    /// The name, unique in its stack.
    key: String,
    /// What it is, from the template.
    description: Option<String>,
    /// The value, any JSON; null when it could not be had.
    value: Json<Value>,
    /// Why it could not be had; null when it could.
    error: Option<String>,
}

impl StackOutput {
    fn new(output: &orchestration::Output) -> Self {
        Self {
            key: output.output_key.clone(),
            description: told(output.description.as_ref())
                .filter(|description| description != NO_DESCRIPTION),
            value: Json(output.output_value.clone()),
            error: told(output.output_error.as_ref()),
        }
    }
}

/// What Heat writes where the template has nothing.
const NO_DESCRIPTION: &str = "No description given";

/// Which stacks.
#[derive(InputObject, Default)]
pub struct StackFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// With which Heat last did this.
    action: Option<StackAction>,
    /// Whose last action goes like this.
    status: Option<StackStatus>,
    /// Of this project.
    project: Option<Ref>,
    /// With this tag.
    tag: Option<String>,
    #[graphql(skip)]
    narrowing: Narrowing,
}

/// What stacks can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum StackOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they were last updated.
    UpdatedAt,
    /// The last action and how it goes.
    Status,
}

impl Node for Stack {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for Stack {
    type Row = orchestration::Stack;
    type Filter = StackFilter;
    type Order = StackOrderField;

    const KIND: &'static str = "Stack";
    const LIST: &'static str = "stacks";
    const COLLECTION: &'static Collection<orchestration::Stack> = STACKS;

    fn new(scope: &Scope, row: &Arc<orchestration::Stack>) -> Self {
        let (action, status) = action_and_status(&row.stack_status);
        Self {
            id: ID::from(&row.id),
            name: row.stack_name.clone(),
            description: told(row.description.as_ref()),
            action,
            status,
            status_reason: told(row.stack_status_reason.as_ref()),
            owner: told(row.stack_owner.as_ref()),
            project_id: told_id(row.project_id()),
            parent_id: told_id(row.parent.as_deref()),
            tags: row.tags.clone().unwrap_or_default(),
            created_at: DateTime::maybe(row.creation_time.as_deref()),
            updated_at: DateTime::maybe(row.updated_time.as_deref()),
            deleted_at: DateTime::maybe(row.deletion_time.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &orchestration::Stack) -> Option<&str> {
        Some(&row.stack_name)
    }

    fn project(row: &orchestration::Stack) -> Option<&str> {
        row.project_id()
    }

    fn keeps(filter: &StackFilter, row: &orchestration::Stack) -> bool {
        let name = Some(row.stack_name.as_str());
        let (action, status) = action_and_status(&row.stack_status);
        one_of(filter.ids.as_ref(), Some(&row.id))
            && one_of(filter.names.as_ref(), name)
            && unset_or(filter.name_contains.as_ref(), |part| contains(name, part))
            && unset_or(filter.action.as_ref(), |wanted| action == *wanted)
            && unset_or(filter.status.as_ref(), |wanted| status == *wanted)
            && filter.narrowing.keeps(row.project_id())
            && unset_or(filter.tag.as_ref(), |tag| {
                row.tags.as_ref().is_some_and(|tags| tags.contains(tag))
            })
    }

    fn compare(
        order: StackOrderField,
        one: &orchestration::Stack,
        other: &orchestration::Stack,
    ) -> Ordering {
        match order {
            StackOrderField::Name => one.stack_name.cmp(&other.stack_name),
            StackOrderField::CreatedAt => one.creation_time.cmp(&other.creation_time),
            StackOrderField::UpdatedAt => one.updated_time.cmp(&other.updated_time),
            StackOrderField::Status => one.stack_status.cmp(&other.stack_status),
        }
    }

    async fn prepare(scope: &Scope, mut filter: StackFilter) -> Result<StackFilter> {
        filter.narrowing = Narrowing::of(scope, filter.project.as_ref()).await?;
        Ok(filter)
    }

    fn push(filter: &StackFilter) -> Pushed {
        let mut query: Vec<Parameter> = Vec::new();
        let action = filter.action.and_then(StackAction::wire);
        if let Some(action) = action {
            query.push(("action".into(), action.to_owned()));
        }
        let status = filter.status.and_then(StackStatus::wire);
        if let Some(status) = status {
            query.push(("status".into(), status.to_owned()));
        }
        if let Some([name]) = filter.names.as_deref() {
            query.push(("name".into(), name.clone()));
        }
        filter.narrowing.push("tenant", &mut query);
        Pushed {
            query,
            is_whole: filter.ids.is_none()
                && filter.names.is_none()
                && filter.name_contains.is_none()
                && filter.tag.is_none()
                && filter.narrowing.is_pushed()
                && filter.action.is_some() == action.is_some()
                && filter.status.is_some() == status.is_some(),
        }
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn show(cloud: &Cloud, id: &str) -> Result<Option<Arc<orchestration::Stack>>> {
        let ids = [id.to_owned()];
        Ok(cloud.list_stacks_with_ids(&ids).await?.remove(id))
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<orchestration::Stack>>> {
        cloud.list_stacks_with_ids(&ids).await
    }
}

root_fields! {
    StackQuery for Stack,
    /// One stack; one within another only by its id.
    one: stack,
    /// The stacks that the credential can see; those within others are not among them.
    many: stacks,
    filter: StackFilter, order: StackOrderField
}

watched! {
    StackSubscription, stack_changed, "stackChanged" for Stack, stack,
    filter: StackFilter,
    /// A stack that was created, changed or deleted.
    change: StackChange,
}

impl Watched for Stack {}

/// What is told of one stack at a time, without the outputs.
pub struct ShownOfStack;

impl Plan for ShownOfStack {
    type Key = StackPath;
    type Value = Result<Arc<ShownStack>>;

    async fn load(cloud: Cloud, stacks: Vec<StackPath>) -> Result<HashMap<StackPath, Self::Value>> {
        let call = |stack| {
            let cloud = cloud.clone();
            async move { cloud.get_stack(&stack, false).await }
        };
        Ok(for_each(stacks, call).await)
    }
}

/// The outputs of a stack.
pub struct OutputsOfStack;

impl Plan for OutputsOfStack {
    type Key = StackPath;
    type Value = Result<Arc<ShownStack>>;

    async fn load(cloud: Cloud, stacks: Vec<StackPath>) -> Result<HashMap<StackPath, Self::Value>> {
        let call = |stack| {
            let cloud = cloud.clone();
            async move { cloud.get_stack(&stack, true).await }
        };
        Ok(for_each(stacks, call).await)
    }
}

/// The template of a stack.
pub struct TemplateOfStack;

impl Plan for TemplateOfStack {
    type Key = StackPath;
    type Value = Result<Arc<Value>>;

    async fn load(cloud: Cloud, stacks: Vec<StackPath>) -> Result<HashMap<StackPath, Self::Value>> {
        let call = |stack| {
            let cloud = cloud.clone();
            async move { cloud.get_stack_template(&stack).await.map(Arc::new) }
        };
        Ok(for_each(stacks, call).await)
    }
}
