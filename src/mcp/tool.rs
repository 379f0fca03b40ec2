//! One tool: a document, checked, and what clients are told of it.

use std::sync::Arc;

use async_graphql::parser::types::{OperationType, Selection};
use async_graphql::{Request, Variables};
use async_graphql_value::Value as GraphqlValue;
use rmcp::model::{Tool as ListedTool, ToolAnnotations};
use serde_json::{Map, Value};

use super::arguments::Argument;
use super::document::Document;
use super::input_schema::input_schema;
use super::manifest::ToolEntry;
use super::output_schema::output_schema;
use super::sdl::Sdl;
use super::validate::problems;

/// The argument that says how many rows to leave out.
pub(crate) const OFFSET: &str = "offset";
/// The argument that says how many rows to answer.
pub(crate) const LIMIT: &str = "limit";

/// A tool.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// The document it executes.
    pub(crate) document: Document,
    /// Its arguments, in the order of the document.
    pub(crate) arguments: Vec<Argument>,
    /// The set of tools it belongs to.
    pub(crate) toolset: String,
    /// What clients are told.
    pub(crate) listed: ListedTool,
    /// The fields of the answer that the argument `offset` moves on.
    pub(crate) paged: Vec<String>,
}

impl Tool {
    /// Makes a tool of a document.
    ///
    /// # Errors
    /// In words: everything that keeps the document from being executed.
    pub(crate) fn new(document: Document, entry: &ToolEntry, sdl: &Sdl) -> Result<Self, String> {
        let problems = problems(&document, sdl);
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        let arguments = arguments(&document, entry, sdl)?;
        let listed = listed(&document, entry, &arguments, sdl);
        Ok(Self {
            paged: paged(&document),
            toolset: entry.toolset.clone(),
            document,
            arguments,
            listed,
        })
    }

    /// The name, which is also the document's.
    pub(crate) fn name(&self) -> &str {
        &self.document.name
    }

    /// The request that a call makes.
    pub(crate) fn request(&self, variables: Map<String, Value>) -> Request {
        let mut request = Request::new(&self.document.source)
            .operation_name(&self.document.name)
            .variables(Variables::from_json(Value::Object(variables)));
        request.set_parsed_query(self.document.parsed.clone());
        request
    }

    /// Whether it has an argument of this name.
    pub(crate) fn takes(&self, argument: &str) -> bool {
        self.arguments.iter().any(|known| known.name() == argument)
    }

    /// The rows that a call left out at the start.
    pub(crate) fn offset(&self, variables: &Map<String, Value>) -> u64 {
        let default = || {
            self.arguments
                .iter()
                .find(|argument| argument.name() == OFFSET)
                .and_then(|argument| argument.variable.default.clone())
        };
        let given = variables.get(OFFSET).cloned();
        given
            .or_else(default)
            .and_then(|value| value.as_u64())
            .unwrap_or(0)
    }
}

fn arguments(document: &Document, entry: &ToolEntry, sdl: &Sdl) -> Result<Vec<Argument>, String> {
    let variables = &document.operation.variables;
    for name in entry.arguments.keys() {
        if !variables.iter().any(|variable| variable.name == *name) {
            return Err(format!(
                "the manifest speaks of `{name}`, which is no argument of it"
            ));
        }
    }
    variables
        .iter()
        .map(|variable| {
            let rules = entry
                .arguments
                .get(&variable.name)
                .cloned()
                .unwrap_or_default();
            Argument::new(variable.clone(), rules, sdl)
        })
        .collect()
}

fn listed(document: &Document, entry: &ToolEntry, arguments: &[Argument], sdl: &Sdl) -> ListedTool {
    let reads = document.operation.kind == OperationType::Query;
    let selection = &document.operation.definition.selection_set.node;
    let root = sdl.root(document.operation.kind).unwrap_or_default();
    let output = output_schema(root, selection, &document.parsed, sdl);
    let annotations = ToolAnnotations::with_title(entry.title())
        .read_only(reads)
        .destructive(!reads)
        .idempotent(reads)
        .open_world(false);
    ListedTool::new(
        document.name.clone(),
        document.description.clone(),
        Arc::new(input_schema(arguments, sdl)),
    )
    .with_title(entry.title())
    .with_raw_output_schema(Arc::new(output))
    .with_annotations(annotations)
}

/// The root fields whose arguments take `$offset`, by their keys in the answer.
fn paged(document: &Document) -> Vec<String> {
    let selection = &document.operation.definition.selection_set.node;
    selection
        .items
        .iter()
        .filter_map(|item| match &item.node {
            Selection::Field(field) => Some(&field.node),
            _ => None,
        })
        .filter(|field| {
            field.arguments.iter().any(
                |(_, value)| matches!(&value.node, GraphqlValue::Variable(name) if name == OFFSET),
            )
        })
        .map(|field| field.response_key().node.to_string())
        .collect()
}
