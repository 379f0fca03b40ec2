//! What one operation of a tool takes: the whole tool's, or one action's.

use std::collections::BTreeMap;

use async_graphql::parser::types::{BaseType, Field, Selection};
use async_graphql_value::Value as GraphqlValue;
use serde_json::{Map, Value};

use super::arguments::Argument;
use super::document::Operation;
use super::manifest::ToolEntry;
use super::sdl::{Scalar, Sdl};
use super::tool::OFFSET;

/// The argument that chooses the operation, where there are several.
pub(crate) const ACTION: &str = "action";
/// The argument that asks what would be done.
const DRY_RUN: &str = "dry_run";

/// An operation of a tool, as a call sees it.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// The operation's name.
    pub(crate) name: String,
    /// Whether it destroys something that cannot be had back.
    pub(crate) destroys: bool,
    /// Its arguments, in the order of the document.
    pub(crate) arguments: Vec<Argument>,
    /// The fields of the answer that the argument `offset` moves on.
    pub(crate) paged: Vec<String>,
    /// The tool's arguments by the graph's: the path of an input below a root field.
    inputs: BTreeMap<Vec<String>, String>,
}

impl Action {
    /// Reads an operation.
    ///
    /// # Errors
    /// In words, when what is said of its arguments does not suit them.
    pub(crate) fn new(operation: &Operation, entry: &ToolEntry, sdl: &Sdl) -> Result<Self, String> {
        let name = operation.name.clone();
        let argument = |variable: &super::document::Variable| {
            let rules = entry.arguments.get(&variable.name);
            Argument::new(variable.clone(), rules.cloned().unwrap_or_default(), sdl)
        };
        let arguments: Result<Vec<Argument>, String> =
            operation.variables.iter().map(argument).collect();
        let mut inputs = BTreeMap::new();
        for field in root_fields(operation) {
            for (name, value) in &field.arguments {
                collect(&value.node, vec![name.node.to_string()], &mut inputs);
            }
        }
        Ok(Self {
            destroys: operation.modifies()
                && entry
                    .destructive
                    .as_ref()
                    .is_none_or(|names| names.contains(&name)),
            arguments: arguments?,
            paged: paged(operation),
            inputs,
            name,
        })
    }

    /// Whether it has an argument of this name.
    pub(crate) fn takes(&self, argument: &str) -> bool {
        self.argument(argument).is_some()
    }

    /// An argument by its name.
    pub(crate) fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments
            .iter()
            .find(|argument| argument.name() == name)
    }

    /// The names of its arguments.
    pub(crate) fn argument_names(&self) -> Vec<&str> {
        self.arguments.iter().map(Argument::name).collect()
    }

    /// The tool's argument behind an input of the graph, as a user error names it.
    pub(crate) fn argument_of(&self, field: &[&str]) -> Option<&str> {
        let field: Vec<String> = field.iter().map(|step| (*step).to_owned()).collect();
        self.inputs.get(&field).map(String::as_str)
    }

    /// The rows that a call leaves out at the start.
    pub(crate) fn offset(&self, variables: &Map<String, Value>) -> u64 {
        let default = || self.argument(OFFSET)?.variable.default.clone();
        let given = variables.get(OFFSET).cloned();
        given
            .or_else(default)
            .and_then(|value| value.as_u64())
            .unwrap_or(0)
    }

    /// Whether a call only asks what would be done.
    pub(crate) fn is_dry_run(&self, variables: &Map<String, Value>) -> bool {
        self.takes(DRY_RUN) && variables.get(DRY_RUN) == Some(&Value::Bool(true))
    }

    /// The variables that ask what a call would do, where the operation can tell.
    pub(crate) fn as_dry_run(&self, variables: &Map<String, Value>) -> Option<Map<String, Value>> {
        let mut variables = variables.clone();
        variables.insert(DRY_RUN.to_owned(), Value::Bool(true));
        self.takes(DRY_RUN).then_some(variables)
    }
}

/// The arguments of all actions together: required where every action requires them, with a default
/// where all agree on it.
///
/// # Errors
/// In words, when one name stands for different types.
pub(crate) fn union(actions: &[Action]) -> Result<Vec<Argument>, String> {
    let mut union: Vec<Argument> = Vec::new();
    for argument in actions.iter().flat_map(|action| &action.arguments) {
        let name = argument.name();
        let Some(known) = union.iter_mut().find(|known| known.name() == name) else {
            union.push(argument.clone());
            continue;
        };
        let (one, other) = (&mut known.variable, &argument.variable);
        if !look_alike(&one.ty.base, &other.ty.base) {
            return Err(format!(
                "`${name}` is `{}` in one operation and `{}` in another",
                one.ty, other.ty
            ));
        }
        if one.default != other.default {
            one.default = None;
        }
        if one.description.is_empty() {
            one.description.clone_from(&other.description);
        }
    }
    for argument in &mut union {
        let is_required = |action: &Action| {
            let own = action.argument(argument.variable.name.as_str());
            own.is_some_and(Argument::is_required)
        };
        argument.variable.ty.nullable = !actions.iter().all(is_required);
    }
    Ok(union)
}

/// Whether values of two types are written alike: a name that is given and one that is looked for are
/// both texts.
fn look_alike(one: &BaseType, other: &BaseType) -> bool {
    match (one, other) {
        (BaseType::List(one), BaseType::List(other)) => look_alike(&one.base, &other.base),
        (BaseType::Named(one), BaseType::Named(other)) => {
            let scalars = (Scalar::named(one), Scalar::named(other));
            one == other || scalars == (Scalar::Text, Scalar::Text)
        }
        _ => false,
    }
}

fn root_fields(operation: &Operation) -> impl Iterator<Item = &Field> {
    let selection = &operation.definition.selection_set.node;
    selection.items.iter().filter_map(|item| match &item.node {
        Selection::Field(field) => Some(&field.node),
        _ => None,
    })
}

fn collect(value: &GraphqlValue, path: Vec<String>, inputs: &mut BTreeMap<Vec<String>, String>) {
    match value {
        GraphqlValue::Variable(name) => {
            inputs.insert(path, name.to_string());
        }
        GraphqlValue::Object(fields) => {
            for (name, value) in fields {
                let mut path = path.clone();
                path.push(name.to_string());
                collect(value, path, inputs);
            }
        }
        _ => {}
    }
}

/// The root fields whose arguments take `$offset`, by their keys in the answer.
fn paged(operation: &Operation) -> Vec<String> {
    let takes_offset = |field: &&Field| {
        field
            .arguments
            .iter()
            .any(|(_, value)| matches!(&value.node, GraphqlValue::Variable(name) if name == OFFSET))
    };
    root_fields(operation)
        .filter(takes_offset)
        .map(|field| field.response_key().node.to_string())
        .collect()
}
