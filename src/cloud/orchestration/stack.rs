//! Stacks: `GET /stacks`, `GET /stacks/{name}/{id}` and its template.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::{Cloud, Keep, Parameter, Service};

/// All root stacks: an administrator's list spans all projects, without asking for it.
pub const STACKS: &Collection<Stack> = &Collection {
    paging: Paging::Marker(1000),
    ..Collection::new(Service::Orchestration, "/stacks", "stacks")
};

/// Stacks within stacks too.
const STACKS_AND_NESTED: &Collection<Stack> = &Collection {
    paging: Paging::Marker(1000),
    always: &[("show_nested", "true")],
    ..Collection::new(Service::Orchestration, "/stacks", "stacks")
};

/// What Heat shows in the place of what it hides.
const HIDDEN: &str = "******";

/// A stack as Heat lists it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Stack {
    /// Heat's id.
    pub id: String,
    /// Unique in its project.
    pub stack_name: String,
    /// From the template.
    pub description: Option<String>,
    /// The last action and how it went, in one word: `CREATE_COMPLETE`.
    #[serde(default)]
    pub stack_status: String,
    /// Why.
    pub stack_status_reason: Option<String>,
    /// When it was made.
    pub creation_time: Option<String>,
    /// When it was last updated; null before the first time.
    pub updated_time: Option<String>,
    /// When it was deleted.
    pub deletion_time: Option<String>,
    /// The name of who made it.
    pub stack_owner: Option<String>,
    /// The stack it is part of.
    pub parent: Option<String>,
    /// What users tagged; null without any.
    pub tags: Option<Vec<String>>,
    /// Its project; administrators only.
    project: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) rel: String,
}

impl Row for Stack {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Stack {
    /// Where the stack is.
    #[must_use]
    pub fn path(&self) -> StackPath {
        StackPath {
            name: self.stack_name.clone(),
            id: self.id.clone(),
        }
    }

    /// The project it belongs to. Only administrators are told; everyone can read it in the
    /// stack's link: `…/v1/PROJECT/stacks/NAME/ID`.
    #[must_use]
    pub fn project_id(&self) -> Option<&str> {
        if let Some(project) = &self.project {
            return Some(project);
        }
        let link = self.links.iter().find(|link| link.rel == "self")?;
        let (before, _) = link.href.split_once("/stacks/")?;
        before.rsplit('/').next()
    }
}

/// A stack's name and id: a path with one of them only is answered with a redirection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackPath {
    /// The name.
    pub name: String,
    /// The id.
    pub id: String,
}

impl StackPath {
    pub(super) fn to(&self, below: &str) -> String {
        format!("/stacks/{}/{}{below}", escape(&self.name), escape(&self.id))
    }
}

/// What is only told of one stack at a time.
#[derive(Debug, Deserialize)]
pub struct ShownStack {
    /// The parameters by name; hidden ones as asterisks.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// The outputs; only where they were asked for.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// For how long an action may take.
    pub timeout_mins: Option<i64>,
    /// Whether a failed creation is left as it is.
    pub disable_rollback: Option<bool>,
}

/// A stack's output.
#[derive(Clone, Debug, Deserialize)]
pub struct Output {
    /// The name.
    pub output_key: String,
    /// From the template.
    pub description: Option<String>,
    /// Any JSON.
    #[serde(default)]
    pub output_value: Value,
    /// Why there is no value.
    pub output_error: Option<String>,
}

impl Cloud {
    /// Stacks by their ids, nested ones too.
    pub async fn list_stacks_with_ids(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Arc<Stack>>> {
        let rows = self.list_any_of(STACKS_AND_NESTED, "id", ids).await?;
        Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }

    /// A stack's parameters, and its outputs if they are asked for: those cost the engine
    /// seconds, as it asks the other services for them.
    pub async fn get_stack(
        &self,
        stack: &StackPath,
        resolve_outputs: bool,
    ) -> Result<Arc<ShownStack>> {
        let query: [Parameter; 1] = [("resolve_outputs".into(), resolve_outputs.to_string())];
        self.get_key(
            Service::Orchestration,
            &stack.to(""),
            "stack",
            &query,
            None,
            Keep::Rows,
        )
        .await
    }

    /// A stack's template, as JSON. The defaults of hidden parameters are asterisks.
    pub async fn get_stack_template(&self, stack: &StackPath) -> Result<Value> {
        let template: Arc<Value> = self
            .get_key(
                Service::Orchestration,
                &stack.to("/template"),
                "",
                &[],
                None,
                Keep::Rows,
            )
            .await?;
        Ok(without_hidden_defaults(template.as_ref().clone()))
    }
}

/// Heat hides the values of hidden parameters, but not what the template has for them.
fn without_hidden_defaults(mut template: Value) -> Value {
    let spellings = [
        ("parameters", "hidden", "default"),
        ("Parameters", "NoEcho", "Default"),
    ];
    for (section, hidden, default) in spellings {
        let Some(Value::Object(parameters)) = template.get_mut(section) else {
            continue;
        };
        for parameter in parameters.values_mut() {
            let is_hidden = match &parameter[hidden] {
                Value::Bool(hidden) => *hidden,
                Value::String(text) => text.eq_ignore_ascii_case("true"),
                _ => false,
            };
            if is_hidden && let Some(default) = parameter.get_mut(default) {
                *default = HIDDEN.into();
            }
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_keeps_the_secrets_of_its_hidden_parameters() {
        let template = without_hidden_defaults(json!({
            "parameters": {
                "open": {"type": "string", "default": "seen"},
                "token": {"type": "string", "hidden": true, "default": "secret"},
                "odd": null
            },
            "Parameters": {"Key": {"NoEcho": "True", "Default": "secret"}}
        }));
        assert!(!template.to_string().contains("secret"));
        assert_eq!(template["parameters"]["open"]["default"], "seen");
        assert_eq!(template["parameters"]["token"]["default"], HIDDEN);
    }

    #[test]
    fn the_project_is_read_from_the_link_where_it_is_not_told() {
        let stack: Stack = serde_json::from_value(json!({
            "id": "i", "stack_name": "n", "stack_status": "CREATE_COMPLETE", "tags": null,
            "links": [{"rel": "self", "href": "http://heat/v1/p1/stacks/n/i"}]
        }))
        .unwrap();
        assert_eq!(stack.project_id(), Some("p1"));
    }
}
