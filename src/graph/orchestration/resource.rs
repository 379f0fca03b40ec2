//! Resources: what a stack consists of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{ComplexObject, ID, SimpleObject};

use super::physical::StackPhysicalResource;
use super::stack::Stack;
use super::{StackAction, StackStatus, action_and_status, for_each};
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::orchestration::{self, Resource, STACKS, StackPath};
use crate::graph::connection::Node;
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::noun::{Rows, by_maybe_id};
use crate::graph::scalar::DateTime;
use crate::graph::scope::Scope;
use crate::graph::told::{told, told_id};

/// A part of a stack: what the template calls a resource. From
/// `GET /stacks/NAME/ID/resources?nested_depth=5`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct StackResource {
    /// The name in the template, unique in its stack.
    name: String,
    /// What it is, as `OS::Nova::Server`.
    #[graphql(name = "type")]
    resource_type: Option<String>,
    /// What Heat last did with it.
    action: StackAction,
    /// How that goes.
    status: StackStatus,
    /// Why, in Heat's words.
    status_reason: Option<String>,
    /// What it is to the service that has it, mostly its id there; null before it is made.
    physical_resource_id: Option<ID>,
    /// The resources of the stack that need it, by name.
    required_by: Vec<String>,
    /// The stack it is in; one within the stack that was asked for, maybe.
    stack_id: Option<ID>,
    /// The resource of the outer stack that its stack is; null when its stack is the outermost.
    parent_resource: Option<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last updated.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<Resource>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl StackResource {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The stack it is in; null when that is gone.
    async fn stack(&self) -> Answered<Stack> {
        answered(by_maybe_id(&self.scope, self.stack_id.as_deref().map(String::as_str)).await)
    }

    /// What it is to the service that has it, as a node of this graph; null before it is made,
    /// when that is gone, when the credential may not see it, and for types the graph has no
    /// node for. A resource that is itself a stack gives that stack.
    async fn physical_resource(&self) -> Answered<StackPhysicalResource> {
        answered(StackPhysicalResource::find(&self.scope, &self.row).await)
    }
}

impl Node for StackResource {
    fn cursor_id(&self) -> &str {
        self.row.key()
    }
}

impl StackResource {
    /// The node made of a row.
    #[must_use]
    pub fn new(scope: &Scope, row: &Arc<Resource>) -> Self {
        let (action, status) = action_and_status(&row.resource_status);
        Self {
            name: row.resource_name.clone(),
            resource_type: told(row.resource_type.as_ref()),
            action,
            status,
            status_reason: told(row.resource_status_reason.as_ref()),
            physical_resource_id: told_id(row.physical_resource_id.as_deref()),
            required_by: row.required_by.clone(),
            stack_id: told_id(row.stack_id()),
            parent_resource: told(row.parent_resource.as_ref()),
            created_at: DateTime::maybe(row.creation_time.as_deref()),
            updated_at: DateTime::maybe(row.updated_time.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }
}

/// The resources of a stack, those of the stacks within it too: a call for each stack, each with
/// its own outcome.
pub struct ResourcesOfStack;

impl Plan for ResourcesOfStack {
    type Key = StackPath;
    type Value = Result<Rows<Resource>>;

    async fn load(cloud: Cloud, stacks: Vec<StackPath>) -> Result<HashMap<StackPath, Self::Value>> {
        let call = |stack| {
            let cloud = cloud.clone();
            async move { cloud.list_stack_resources(&stack).await }
        };
        Ok(for_each(stacks, call).await)
    }
}

/// Something that a stack may have made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Physical {
    /// Its id in the service that has it.
    pub id: String,
    /// The project it belongs to: only stacks of that project are looked through. All are where
    /// it is not known.
    pub project_id: Option<String>,
}

/// The resource that something is to a stack, and the outermost stack it is in.
pub type Made = (Arc<orchestration::Stack>, Arc<Resource>);

/// The stack that has made something. Heat has no index for it: the resources of every stack of
/// the projects concerned are had, a call for each stack. What is in no stack has no value; an
/// error is told only of what was not found in the stacks that did answer.
pub struct StackResourceByPhysicalId;

impl Plan for StackResourceByPhysicalId {
    type Key = Physical;
    type Value = Result<Made>;

    async fn load(cloud: Cloud, wanted: Vec<Physical>) -> Result<HashMap<Physical, Self::Value>> {
        let projects: Option<HashSet<&str>> =
            wanted.iter().map(|one| one.project_id.as_deref()).collect();
        let is_concerned = |stack: &orchestration::Stack| match (&projects, stack.project_id()) {
            (Some(projects), Some(project)) => projects.contains(project),
            _ => true,
        };
        let stacks = cloud.list(STACKS, &[]).await?;
        let stacks = stacks.iter().filter(|stack| is_concerned(stack));
        let stacks: HashMap<StackPath, &Arc<orchestration::Stack>> =
            stacks.map(|stack| (stack.path(), stack)).collect();
        let paths = stacks.keys().cloned().collect();
        let mut made: HashMap<String, Made> = HashMap::new();
        let mut failure = None;
        for (path, resources) in ResourcesOfStack::load(cloud, paths).await? {
            let resources = match resources {
                Ok(resources) => resources,
                Err(error) if error.is_not_found() => continue,
                Err(error) => {
                    failure = Some(error);
                    continue;
                }
            };
            let Some(stack) = stacks.get(&path) else {
                continue;
            };
            for resource in resources.iter().filter(|one| one.is_the_thing()) {
                if let Some(id) = told(resource.physical_resource_id.as_ref()) {
                    made.insert(id, (Arc::clone(stack), Arc::clone(resource)));
                }
            }
        }
        let values = wanted.into_iter().filter_map(|one| {
            let value = match (made.get(&one.id), &failure) {
                (Some(made), _) => Ok(made.clone()),
                (None, Some(error)) => Err(error.clone()),
                (None, None) => return None,
            };
            Some((one, value))
        });
        Ok(values.collect())
    }
}
