//! One tool: a document, checked, and what clients are told of it.

use std::sync::Arc;

use async_graphql::Request;
use rmcp::model::{Tool as ListedTool, ToolAnnotations};
use serde_json::{Map, Value};

use super::action::{ACTION, Action, union};
use super::arguments::{self, Argument, BadArgument};
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
    /// What can be done with it: the document's operations, in their order.
    actions: Vec<Action>,
    /// The arguments of all actions together.
    arguments: Vec<Argument>,
    /// The set of tools it belongs to.
    pub(crate) toolset: String,
    /// What clients are told.
    pub(crate) listed: ListedTool,
}

/// A call that may be made: the tool, its operation, and the variables.
pub(crate) struct Call<'a> {
    /// The tool.
    pub(crate) tool: &'a Tool,
    /// The operation that is executed.
    pub(crate) action: &'a Action,
    /// The variables it is executed with.
    pub(crate) variables: Map<String, Value>,
}

impl Call<'_> {
    /// The request that it makes.
    pub(crate) fn request(&self) -> Request {
        let document = &self.tool.document;
        document.request(&self.action.name, self.variables.clone())
    }

    /// What was called, in words: the tool, and the action where it has several.
    pub(crate) fn subject(&self) -> String {
        if self.tool.document.has_actions() {
            format!("{} {}", self.tool.name(), self.action.name)
        } else {
            self.tool.name().to_owned()
        }
    }
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
        check_entry(&document, entry)?;
        let actions = document
            .operations
            .iter()
            .map(|operation| Action::new(operation, entry, sdl))
            .collect::<Result<Vec<_>, _>>()?;
        let arguments = union(&actions)?;
        let listed = listed(&document, entry, &actions, &arguments, sdl);
        Ok(Self {
            toolset: entry.toolset.clone(),
            document,
            actions,
            arguments,
            listed,
        })
    }

    /// The name, which is also the document's.
    pub(crate) fn name(&self) -> &str {
        &self.document.name
    }

    /// Whether any call of it changes something.
    pub(crate) fn modifies(&self) -> bool {
        self.document.modifies()
    }

    /// Checks what a caller gave, and makes a call of it.
    ///
    /// # Errors
    /// With everything that is wrong, so that one more call can be right.
    pub(crate) fn call(
        &self,
        given: &Map<String, Value>,
        sdl: &Sdl,
    ) -> Result<Call<'_>, Vec<BadArgument>> {
        let call = |action, variables| Call {
            tool: self,
            action,
            variables,
        };
        if let [only] = self.actions.as_slice() {
            let variables = arguments::read(&only.arguments, None, given, sdl)?;
            return Ok(call(only, variables));
        }
        let action = self.chosen(given).map_err(|bad| vec![bad])?;
        let mut own = Map::new();
        let mut bad = Vec::new();
        for (name, value) in given.iter().filter(|(name, _)| *name != ACTION) {
            let others = || self.arguments.iter().find(|known| known.name() == name);
            if action.takes(name) {
                own.insert(name.clone(), value.clone());
            } else if !others().is_some_and(|other| self.says_nothing(other, value, sdl)) {
                bad.push(not_taken(action, name, others().is_some()));
            }
        }
        match arguments::read(&action.arguments, Some(&action.name), &own, sdl) {
            Ok(variables) if bad.is_empty() => Ok(call(action, variables)),
            Ok(_) => Err(bad),
            Err(more) => {
                bad.extend(more);
                Err(bad)
            }
        }
    }

    /// The action that a caller means.
    fn chosen(&self, given: &Map<String, Value>) -> Result<&Action, BadArgument> {
        let names: Vec<&str> = self.actions.iter().map(|it| it.name.as_str()).collect();
        let names = names.join(", ");
        let refused = |message| BadArgument {
            argument: ACTION.to_owned(),
            message,
        };
        let value = match given.get(ACTION) {
            None | Some(Value::Null) => {
                return Err(refused(format!(
                    "argument `{ACTION}` is required: one of {names}"
                )));
            }
            Some(value) => value,
        };
        let found = value.as_str().and_then(|name| self.document.position(name));
        found
            .and_then(|place| self.actions.get(place))
            .ok_or_else(|| {
                let given = arguments::shown(value);
                refused(format!(
                    "argument `{ACTION}`: {given} given; allowed: one of {names}"
                ))
            })
    }

    /// Whether an argument of another action may as well not have been given.
    fn says_nothing(&self, argument: &Argument, value: &Value, sdl: &Sdl) -> bool {
        let own = |action: &Action| {
            let own = action.argument(argument.name());
            own.is_some_and(|own| own.is_default(value, sdl))
        };
        value.is_null() || self.actions.iter().any(own)
    }
}

fn not_taken(action: &Action, argument: &str, is_known: bool) -> BadArgument {
    let names = action.argument_names();
    let takes = match names.as_slice() {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    let subject = &action.name;
    BadArgument {
        argument: argument.to_owned(),
        message: if is_known {
            format!("action `{subject}` takes no `{argument}`; it takes {takes}")
        } else {
            format!("unknown argument `{argument}`; action `{subject}` takes {takes}")
        },
    }
}

/// What is said of a tool is about what it has.
fn check_entry(document: &Document, entry: &ToolEntry) -> Result<(), String> {
    let operations = &document.operations;
    let variables = || operations.iter().flat_map(|it| &it.variables);
    for name in entry.arguments.keys() {
        if !variables().any(|variable| variable.name == *name) {
            return Err(format!(
                "the manifest speaks of `{name}`, which is no argument of it"
            ));
        }
    }
    for name in entry.destructive.iter().flatten() {
        if !operations
            .iter()
            .any(|it| it.name == *name && it.modifies())
        {
            return Err(format!(
                "the manifest calls `{name}` destructive, which is no mutation of it"
            ));
        }
    }
    if document.has_actions() && variables().any(|variable| variable.name == ACTION) {
        return Err(format!(
            "`${ACTION}` chooses among its operations; give the variable another name"
        ));
    }
    Ok(())
}

fn listed(
    document: &Document,
    entry: &ToolEntry,
    actions: &[Action],
    arguments: &[Argument],
    sdl: &Sdl,
) -> ListedTool {
    let reads = !document.modifies();
    let annotations = ToolAnnotations::with_title(entry.title())
        .read_only(reads)
        .destructive(actions.iter().any(|action| action.destroys))
        .idempotent(reads)
        .open_world(false);
    let names: Vec<&str> = match document.has_actions() {
        true => actions.iter().map(|action| action.name.as_str()).collect(),
        false => Vec::new(),
    };
    ListedTool::new(
        document.name.clone(),
        document.description.clone(),
        Arc::new(input_schema(&names, arguments, sdl)),
    )
    .with_title(entry.title())
    .with_raw_output_schema(Arc::new(output_schema(document, sdl)))
    .with_annotations(annotations)
}
