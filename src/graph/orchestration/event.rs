//! Events: what happened to a stack.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, ID, SimpleObject};

use super::{StackAction, StackStatus, action_and_status, for_each, unless_gone};
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::orchestration::{Event, StackPath};
use crate::graph::connection::{Connection, Node, PageArguments, Reach, Total};
use crate::graph::loader::Plan;
use crate::graph::noun::Rows;
use crate::graph::scalar::DateTime;
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};

/// Something that happened to a stack or one of its resources. From
/// `GET /stacks/NAME/ID/events`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct StackEvent {
    /// Heat's id.
    id: ID,
    /// The resource's name in the template; the stack's for what happened to the stack.
    resource_name: Option<String>,
    /// What the resource is to the service that has it; null before it is made.
    physical_resource_id: Option<ID>,
    /// What Heat did.
    action: StackAction,
    /// How that went.
    status: StackStatus,
    /// Why, in Heat's words.
    status_reason: Option<String>,
    /// When it happened.
    created_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl StackEvent {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }
}

impl Node for StackEvent {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl StackEvent {
    /// The node made of a row.
    #[must_use]
    pub fn new(scope: &Scope, row: &Arc<Event>) -> Self {
        let (action, status) = action_and_status(&row.resource_status);
        Self {
            id: ID::from(&row.id),
            resource_name: told(row.resource_name.as_ref()),
            physical_resource_id: told_id(row.physical_resource_id.as_deref()),
            action,
            status,
            status_reason: told(row.resource_status_reason.as_ref()),
            created_at: DateTime::maybe(row.event_time.as_deref()),
            scope: scope.clone(),
        }
    }
}

/// So many of a stack's latest events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LatestEvents {
    stack: StackPath,
    first: Option<usize>,
}

impl LatestEvents {
    /// What a page wants of a stack's events.
    pub fn new(stack: StackPath, page: &PageArguments) -> Result<Self> {
        let first = page.checked()?.first;
        Ok(Self { stack, first })
    }

    /// One more than is wanted tells whether there are more.
    fn limit(&self) -> Option<u32> {
        let first = u32::try_from(self.first?).ok()?;
        Some(first + 1)
    }

    /// The page that the rows make.
    #[must_use]
    pub fn connection(
        &self,
        scope: &Scope,
        rows: &[Arc<Event>],
        reach: Reach,
    ) -> Connection<StackEvent> {
        let first = self.first.unwrap_or(rows.len());
        let has_next = rows.len() > first;
        let nodes: Vec<StackEvent> = rows
            .iter()
            .take(first)
            .map(|row| StackEvent::new(scope, row))
            .collect();
        let total = if has_next {
            let every = Self {
                stack: self.stack.clone(),
                first: None,
            };
            let scope = scope.clone();
            Total::Counted(Arc::new(move || {
                let (scope, every) = (scope.clone(), every.clone());
                Box::pin(async move {
                    let rows = scope.load::<EventsOfStack>(every).await?;
                    Ok(unless_gone(rows)?.map(|rows| rows.len()))
                })
            }))
        } else {
            Total::Known(nodes.len())
        };
        Connection::page(nodes, 0, has_next, total, reach)
    }
}

/// The latest events of a stack, newest first: a call for each stack, each with its own outcome.
pub struct EventsOfStack;

impl Plan for EventsOfStack {
    type Key = LatestEvents;
    type Value = Result<Rows<Event>>;

    async fn load(
        cloud: Cloud,
        wanted: Vec<LatestEvents>,
    ) -> Result<HashMap<LatestEvents, Self::Value>> {
        let call = |latest: LatestEvents| {
            let cloud = cloud.clone();
            async move { cloud.list_stack_events(&latest.stack, latest.limit()).await }
        };
        Ok(for_each(wanted, call).await)
    }
}
