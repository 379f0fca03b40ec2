//! The mutations that an operation asks for, read from its document before anything is executed.

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{
    ErrorExtensionValues, PathSegment, Positioned, Request, ServerError, Value, Variables,
};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::audit::Deed;
use crate::graph::image::source::shown_url;
use crate::graph::{Asker, limits};
use crate::policy::Decision;

/// Parts of argument names whose values are never written down: secrets, and what may hold them.
const SECRET: &[&str] = &[
    "password",
    "secret",
    "token",
    "userdata",
    "privatekey",
    "adminpass",
    "parameters",
    "template",
];
/// What private keys have in their first line.
const PRIVATE_KEY: &str = "PRIVATE KEY-----";
/// A text in the audit is at most this long.
const LONGEST: usize = 200;

/// The mutation fields of an operation: aliases, fragments and all, and not those that are
/// certainly left out. Each with its key in the response.
pub(in crate::graph) fn deeds(
    request: &Request,
    asker: &Asker,
    decision: Decision,
) -> Vec<(String, Deed)> {
    let name = request.operation_name.as_deref();
    let Some(document) = limits::parsed(&request.query) else {
        return Vec::new();
    };
    let Some(operation) = limits::selected(&document, name) else {
        return Vec::new();
    };
    let variables = &request.variables;
    let mut walk = Walk {
        document: &document,
        variables,
        found: Vec::new(),
        open: Vec::new(),
    };
    walk.visit(&operation.selection_set.node);
    let deed = |(key, field): (String, &Field)| {
        let arguments = walk_arguments(field, operation, variables);
        let dry_run = arguments.get("dryRun") == Some(&json!(true));
        let mut deed = Deed {
            id: Uuid::new_v4().to_string(),
            caller: asker.caller.to_string(),
            door: asker.door,
            tool: asker.tool.as_deref().map(str::to_owned),
            operation: name.map(str::to_owned),
            mutation: field.name.node.to_string(),
            variables: serde_json::Value::Object(arguments),
            decision: "",
            rule: "",
            dry_run,
            confirmation: asker.confirmation,
        };
        deed.decided(decision.rule);
        (key, deed)
    };
    walk.found.into_iter().map(deed).collect()
}

/// What a caller is told of each mutation that the policy forbids.
pub(in crate::graph) fn refuse(deeds: &[(String, Deed)], decision: Decision) -> Vec<ServerError> {
    let error = |path: Vec<PathSegment>| {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", "FORBIDDEN");
        extensions.set("rule", decision.rule.name());
        let mut error = ServerError::new(format!("not allowed: {}", decision.reason()), None);
        error.extensions = Some(extensions);
        error.path = path;
        error
    };
    let errors = deeds
        .iter()
        .map(|(key, _)| error(vec![PathSegment::Field(key.clone())]));
    let errors: Vec<ServerError> = errors.collect();
    if errors.is_empty() {
        vec![error(Vec::new())]
    } else {
        errors
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    found: Vec<(String, &'a Field)>,
    open: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, set: &'a SelectionSet) {
        for selection in &set.items {
            if self.is_left_out(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let key = field.response_key().node.to_string();
                    let is_new = !self.found.iter().any(|(found, _)| *found == key);
                    if is_new && field.name.node != "__typename" {
                        self.found.push((key, field));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.visit(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    if !self.open.contains(&name.as_str()) {
                        self.open.push(name);
                        self.visit(&fragment.node.selection_set.node);
                        self.open.pop();
                    }
                }
            }
        }
    }

    /// Whether `@skip` or `@include` leaves a selection out for certain, as the executor reads it.
    fn is_left_out(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let directive = &directive.node;
            let leaves_out = match directive.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            // Only what was sent: the executor does not look at a variable's default here.
            let condition = directive.get_argument("if").and_then(|value| {
                let value = value.node.clone();
                value
                    .into_const_with(|variable| self.variables.get(&variable).cloned().ok_or(()))
                    .ok()
            });
            condition == Some(Value::Boolean(leaves_out))
        })
    }
}

fn constant(
    value: &async_graphql_value::Value,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<Value> {
    let resolved = value.clone().into_const_with(|variable| {
        let given = variables.get(&variable).cloned();
        let default = || {
            let mut definitions = operation.variable_definitions.iter();
            let definition = definitions.find(|it| it.node.name.node == variable)?;
            Some(definition.node.default_value.as_ref()?.node.clone())
        };
        given.or_else(default).ok_or(())
    });
    resolved.ok()
}

fn walk_arguments(
    field: &Field,
    operation: &OperationDefinition,
    variables: &Variables,
) -> serde_json::Map<String, serde_json::Value> {
    let arguments = field.arguments.iter().filter_map(|(name, value)| {
        let value = constant(&value.node, operation, variables)?
            .into_json()
            .ok()?;
        Some((name.node.to_string(), cleaned(&name.node, value)))
    });
    arguments.collect()
}

fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A value without secrets, and with its long texts cut.
fn cleaned(name: &str, value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value::{Array, Object, String};
    let folded = name.to_lowercase().replace('_', "");
    if SECRET.iter().any(|secret| folded.contains(secret)) && !value.is_null() {
        return json!("[removed]");
    }
    match value {
        Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| {
                let value = cleaned(&name, value);
                (name, value)
            });
            Object(fields.collect())
        }
        Array(items) => Array(items.into_iter().map(|item| cleaned("", item)).collect()),
        String(text) if text.contains(PRIVATE_KEY) => json!("[removed]"),
        String(text) if is_url(&text) => {
            // Users, passwords and signatures stand in URLs.
            json!(Url::parse(&text).map_or("[removed]".to_owned(), |url| shown_url(&url)))
        }
        String(text) if text.chars().count() > LONGEST => {
            let cut: std::string::String = text.chars().take(LONGEST).collect();
            json!(format!("{cut}…"))
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_written_down() {
        let arguments = json!({
            "name": "web",
            "input": {
                "userData": "#!/bin/sh",
                "template": "a: b",
                "sourceUrl": "https://u:p@host/image?sig=s",
                "description": "-----BEGIN OPENSSH PRIVATE KEY-----",
            },
        });
        assert_eq!(
            cleaned("", arguments),
            json!({
                "name": "web",
                "input": {
                    "userData": "[removed]",
                    "template": "[removed]",
                    "sourceUrl": "https://host/image?[removed]",
                    "description": "[removed]",
                },
            })
        );
    }
}
