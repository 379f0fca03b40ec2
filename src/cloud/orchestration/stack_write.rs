//! What is done to stacks.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stack::StackPath;
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Service, Written};
use crate::{Error, Result};

/// What a stack is told to do: `POST /stacks/{name}/{id}/actions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackAct {
    /// Looks whether its resources are as it knows them.
    Check,
    /// Suspends its resources.
    Suspend,
    /// Resumes them.
    Resume,
    /// Ends an update, and goes back to what was before it.
    CancelUpdate,
    /// Ends an update, and leaves everything as it is.
    CancelWithoutRollback,
}

impl StackAct {
    fn body(self) -> Value {
        match self {
            Self::Check => json!({"check": null}),
            Self::Suspend => json!({"suspend": null}),
            Self::Resume => json!({"resume": null}),
            Self::CancelUpdate => json!({"cancel_update": null}),
            Self::CancelWithoutRollback => json!({"cancel_without_rollback": null}),
        }
    }
}

/// What a stack is made of, or made to be.
#[derive(Clone, Debug, Default)]
pub struct StackPlan {
    /// The template, JSON or YAML; Heat reads it.
    pub template: Option<String>,
    /// The parameters by name.
    pub parameters: Option<Map<String, Value>>,
    /// How long an action may take.
    pub timeout_minutes: Option<i64>,
    /// Whether what fails is left as it is.
    pub disable_rollback: Option<bool>,
    /// What it is tagged with.
    pub tags: Option<Vec<String>>,
}

impl StackPlan {
    fn body(&self) -> Map<String, Value> {
        let mut stack = Map::new();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                stack.insert(name.to_owned(), value);
            }
        };
        set("template", json!(self.template));
        set("parameters", json!(self.parameters));
        set("timeout_mins", json!(self.timeout_minutes));
        set("disable_rollback", json!(self.disable_rollback));
        let tags = self.tags.as_ref();
        set("tags", json!(tags.map(|tags| tags.join(","))));
        stack
    }
}

/// What an update would do to the resources of a stack, by name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StackPreview {
    /// They would be made.
    pub added: Vec<PreviewedResource>,
    /// They would be deleted.
    pub deleted: Vec<PreviewedResource>,
    /// They would be made anew, and the old ones deleted.
    pub replaced: Vec<PreviewedResource>,
    /// They would be changed.
    pub updated: Vec<PreviewedResource>,
    /// Nothing would be done to them.
    pub unchanged: Vec<PreviewedResource>,
}

/// A resource as a preview tells it.
#[derive(Debug, Default, Deserialize)]
pub struct PreviewedResource {
    /// The name in the template.
    pub resource_name: Option<String>,
    /// What it is: `OS::Nova::Server`.
    pub resource_type: Option<String>,
    /// What it is to the service that has it.
    pub physical_resource_id: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct Previewed {
    resource_changes: StackPreview,
}

impl Cloud {
    /// Makes a stack; answers with its id. `POST /stacks`.
    pub async fn create_stack(&self, name: &str, plan: &StackPlan) -> Result<(String, Written)> {
        let mut body = plan.body();
        body.insert("stack_name".to_owned(), json!(name));
        let call = change(Method::POST, "/stacks", Some(Value::Object(body)));
        let written = self.write(call).await?;
        let created: Created = written.read("stack")?;
        Ok((created.id, written))
    }

    /// Makes a stack what a plan says. `PUT /stacks/{name}/{id}`, or `PATCH` where what is not
    /// given shall stay as it is.
    pub async fn update_stack(
        &self,
        stack: &StackPath,
        plan: &StackPlan,
        keeps_rest: bool,
    ) -> Result<Written> {
        let path = stack.to("");
        let body = Value::Object(plan.body());
        self.write(change(method(keeps_rest), &path, Some(body)))
            .await
    }

    /// What an update would do. `PUT` or `PATCH /stacks/{name}/{id}/preview`: nothing is changed.
    pub async fn preview_stack_update(
        &self,
        stack: &StackPath,
        plan: &StackPlan,
        keeps_rest: bool,
    ) -> Result<StackPreview> {
        let call = Call {
            method: method(keeps_rest),
            ..Call::post(
                Service::Orchestration,
                stack.to("/preview"),
                Value::Object(plan.body()),
            )
        };
        let answer = self.send(&call).await?;
        let previewed: Previewed =
            serde_json::from_slice(&answer.body).map_err(|error| Error::Unreadable {
                service: Service::Orchestration,
                operation: call.operation(),
                reason: error.to_string(),
                request_id: answer.request_id,
            })?;
        Ok(previewed.resource_changes)
    }

    /// Lets Heat look whether a template can be used. `POST /validate`: nothing is changed.
    pub async fn validate_stack_template(&self, plan: &StackPlan) -> Result<()> {
        let mut body = Map::new();
        body.insert("template".to_owned(), json!(plan.template));
        if let Some(parameters) = &plan.parameters {
            let environment = json!({"parameters": parameters});
            body.insert("environment".to_owned(), environment);
        }
        let body = Value::Object(body);
        let told: Value = self
            .post_read(Service::Orchestration, "/validate", body)
            .await?;
        drop(told);
        Ok(())
    }

    /// Tells a stack to do something. `POST /stacks/{name}/{id}/actions`.
    pub async fn act_on_stack(&self, stack: &StackPath, act: StackAct) -> Result<Written> {
        let path = stack.to("/actions");
        self.write(change(Method::POST, &path, Some(act.body())))
            .await
    }

    /// Deletes a stack and what it made. `DELETE /stacks/{name}/{id}`.
    pub async fn delete_stack(&self, stack: &StackPath) -> Result<Written> {
        let path = stack.to("");
        self.write(change(Method::DELETE, &path, None)).await
    }
}

fn method(keeps_rest: bool) -> Method {
    if keeps_rest {
        Method::PATCH
    } else {
        Method::PUT
    }
}

fn change(method: Method, path: &str, body: Option<Value>) -> Call<'_> {
    Call::change(Service::Orchestration, method, path, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_given_is_left_to_heat() {
        let plan = StackPlan {
            template: Some("heat_template_version: 2021-04-16".to_owned()),
            tags: Some(vec!["a".to_owned(), "b".to_owned()]),
            ..StackPlan::default()
        };
        assert_eq!(
            Value::Object(plan.body()),
            json!({"template": "heat_template_version: 2021-04-16", "tags": "a,b"})
        );
    }
}
