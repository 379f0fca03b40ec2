//! What a stack consists of, and what happened to it: `GET /stacks/{name}/{id}/resources` and
//! `…/events`.

use std::sync::Arc;

use serde::Deserialize;

use super::stack::{Link, StackPath};
use crate::Result;
use crate::cloud::{Cloud, Keep, Parameter, Service};

/// Heat's own bound on stacks within stacks.
const NESTED_DEPTH: &str = "5";

/// A resource of a stack, or of a stack within it.
#[derive(Debug, Deserialize)]
pub struct Resource {
    /// Unique in its stack.
    #[serde(default)]
    pub resource_name: String,
    /// The name in the template.
    pub logical_resource_id: Option<String>,
    /// What it is to the service that has it; empty before it is made.
    pub physical_resource_id: Option<String>,
    /// What it is: `OS::Nova::Server`.
    pub resource_type: Option<String>,
    /// The last action and how it went, in one word.
    #[serde(default)]
    pub resource_status: String,
    /// Why.
    pub resource_status_reason: Option<String>,
    /// When it was made.
    pub creation_time: Option<String>,
    /// When it was last updated.
    pub updated_time: Option<String>,
    /// The resources that need it, by name.
    #[serde(default)]
    pub required_by: Vec<String>,
    /// The resource of the outer stack that its stack is.
    pub parent_resource: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
}

impl Resource {
    /// What tells it from the others of a list: the path of the link to it, or its name.
    #[must_use]
    pub fn key(&self) -> &str {
        let link = self.links.iter().find(|link| link.rel == "self");
        link.and_then(|link| link.href.split_once("/stacks/"))
            .map_or(&self.resource_name, |(_, path)| path)
    }

    /// Whether its physical id is that of what it made. The id of an attachment is its volume's,
    /// that of a floating IP's association the floating IP's.
    #[must_use]
    pub fn is_the_thing(&self) -> bool {
        self.resource_type
            .as_deref()
            .is_none_or(|kind| !kind.ends_with("Attachment") && !kind.ends_with("Association"))
    }

    /// Whether what it made is a stack within its stack.
    #[must_use]
    pub fn is_stack(&self) -> bool {
        self.links.iter().any(|link| link.rel == "nested")
    }

    /// The id of the stack it is in, which may be one within the stack that was asked for.
    #[must_use]
    pub fn stack_id(&self) -> Option<&str> {
        stack_id(&self.links)
    }
}

/// Something that happened to a stack or one of its resources.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Heat's id.
    pub id: String,
    /// When.
    pub event_time: Option<String>,
    /// The resource's name; the stack's for what happened to the stack.
    pub resource_name: Option<String>,
    /// What it is to the service that has it.
    pub physical_resource_id: Option<String>,
    /// The action and how it went, in one word.
    #[serde(default)]
    pub resource_status: String,
    /// Why.
    pub resource_status_reason: Option<String>,
}

/// The last segment of the link to the stack.
fn stack_id(links: &[Link]) -> Option<&str> {
    let link = links.iter().find(|link| link.rel == "stack")?;
    link.href.rsplit('/').next()
}

impl Cloud {
    /// A stack's resources, those of the stacks within it too.
    pub async fn list_stack_resources(&self, stack: &StackPath) -> Result<Arc<Vec<Arc<Resource>>>> {
        let query: [Parameter; 1] = [("nested_depth".into(), NESTED_DEPTH.to_owned())];
        self.get_key(
            Service::Orchestration,
            &stack.to("/resources"),
            "resources",
            &query,
            None,
            Keep::Rows,
        )
        .await
    }

    /// A stack's latest events, newest first; all that Heat has kept without a limit.
    pub async fn list_stack_events(
        &self,
        stack: &StackPath,
        limit: Option<u32>,
    ) -> Result<Arc<Vec<Arc<Event>>>> {
        let mut query: Vec<Parameter> = vec![("sort_dir".into(), "desc".to_owned())];
        if let Some(limit) = limit {
            query.push(("limit".into(), limit.to_string()));
        }
        self.get_key(
            Service::Orchestration,
            &stack.to("/events"),
            "events",
            &query,
            None,
            Keep::Rows,
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_knows_the_stack_it_is_in() {
        let resource: Resource = serde_json::from_str(
            r#"{"resource_name": "server", "physical_resource_id": "",
                "resource_status": "INIT_COMPLETE", "links": [
                {"rel": "self", "href": "http://h/v1/p/stacks/n/inner/resources/server"},
                {"rel": "stack", "href": "http://h/v1/p/stacks/n/inner"},
                {"rel": "nested", "href": "http://h/v1/p/stacks/o/other"}]}"#,
        )
        .unwrap();
        assert_eq!(resource.stack_id(), Some("inner"));
        assert_eq!(resource.key(), "n/inner/resources/server");
        assert!(resource.is_stack());
    }
}
