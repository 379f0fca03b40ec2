//! Checks a document against the graph before anybody calls it: every field is there, every
//! argument is known, every variable fits where it is used.

use std::collections::{HashMap, HashSet};

use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, Directive, Field, InputValueDefinition, Selection, SelectionSet, Type,
};
use async_graphql_value::Value;

use super::document::{Document, Operation, Variable};
use super::output_schema::{ERRORS, NOTICE};
use super::sdl::{Scalar, Sdl, base_name};

/// The key of the one field that each operation of a document with actions asks for.
pub(crate) const RESULT: &str = "result";

/// Everything that is wrong with a document; nothing when it can be executed.
pub(crate) fn problems(document: &Document, sdl: &Sdl) -> Vec<String> {
    let mut problems: Vec<String> = Vec::new();
    let mut spread = HashSet::new();
    for operation in &document.operations {
        let Some(root) = sdl.root(operation.kind) else {
            problems.push(format!("the graph has no {}", operation.kind));
            continue;
        };
        let mut validator = Validator::new(document, operation, sdl);
        for variable in &operation.variables {
            validator.variable_type(variable);
        }
        let selection = &operation.definition.selection_set.node;
        validator.root_keys(selection);
        validator.selection(root, selection);
        spread.extend(std::mem::take(&mut validator.spread));
        // What operations share is wrong once.
        for problem in validator.finish() {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    // What stands below a field that is not there was not looked at.
    if problems.is_empty() {
        problems = unused_fragments(document, &spread);
    }
    problems
}

fn unused_fragments(document: &Document, spread: &HashSet<String>) -> Vec<String> {
    let names = document.parsed.fragments.keys().map(|name| name.as_str());
    let mut unused: Vec<&str> = names.filter(|name| !spread.contains(*name)).collect();
    unused.sort_unstable();
    let problem = |name| format!("fragment `{name}` is never used");
    unused.into_iter().map(problem).collect()
}

struct Validator<'a> {
    document: &'a Document,
    operation: &'a Operation,
    sdl: &'a Sdl,
    variables: HashMap<&'a str, &'a Variable>,
    used: HashSet<String>,
    /// Fragments that were seen: each is checked once.
    spread: HashSet<String>,
    /// Fragments that are being checked, the innermost last.
    open: Vec<String>,
    problems: Vec<String>,
}

impl<'a> Validator<'a> {
    fn new(document: &'a Document, operation: &'a Operation, sdl: &'a Sdl) -> Self {
        let variables = operation.variables.iter();
        Self {
            document,
            operation,
            sdl,
            variables: variables
                .map(|variable| (variable.name.as_str(), variable))
                .collect(),
            used: HashSet::new(),
            spread: HashSet::new(),
            open: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn finish(mut self) -> Vec<String> {
        // What stands below a field that is not there was not looked at.
        if !self.problems.is_empty() {
            return self.problems;
        }
        for variable in &self.operation.variables {
            if !self.used.contains(&variable.name) {
                let place = match self.document.has_actions() {
                    true => format!("action `{}`: ", self.operation.name),
                    false => String::new(),
                };
                self.problems.push(format!(
                    "{place}variable `${}` is never used",
                    variable.name
                ));
            }
        }
        self.problems
    }

    fn variable_type(&mut self, variable: &Variable) {
        let base = base_name(&variable.ty);
        match self.sdl.kind(base) {
            None => self.problems.push(format!(
                "the type of `${}`, `{base}`, is not in the graph",
                variable.name
            )),
            Some(_) if self.sdl.is_composite(base) => self.problems.push(format!(
                "the type of `${}`, `{base}`, cannot be an input",
                variable.name
            )),
            Some(_) => {}
        }
    }

    /// The answer has two keys of its own, which no field may take; and what any action gives
    /// stands in one place.
    fn root_keys(&mut self, selection: &SelectionSet) {
        if self.document.has_actions() {
            let is_result = |item: &Positioned<Selection>| match &item.node {
                Selection::Field(field) => field.node.response_key().node == RESULT,
                _ => false,
            };
            if !matches!(selection.items.as_slice(), [item] if is_result(item)) {
                self.problems.push(format!(
                    "action `{}`: ask for one field, and give it the alias `{RESULT}`",
                    self.operation.name
                ));
            }
        }
        for item in &selection.items {
            if let Selection::Field(field) = &item.node {
                let key = field.node.response_key();
                if [ERRORS, NOTICE].contains(&key.node.as_str()) {
                    self.problems.push(format!(
                        "{}: the answer has its own `{}`; give the field an alias",
                        key.pos, key.node
                    ));
                }
            }
        }
    }

    fn selection(&mut self, type_name: &str, selection: &'a SelectionSet) {
        for item in &selection.items {
            self.directives(item.node.directives());
            match &item.node {
                Selection::Field(field) => self.field(type_name, field),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name;
                    let Some(fragment) = self.document.parsed.fragments.get(&name.node) else {
                        self.problems.push(format!(
                            "{}: there is no fragment `{}`",
                            name.pos, name.node
                        ));
                        continue;
                    };
                    let on = fragment.node.type_condition.node.on.node.as_str();
                    self.condition(type_name, on, name.pos);
                    if self.open.iter().any(|open| *open == name.node.as_str()) {
                        self.problems.push(format!(
                            "{}: fragment `{}` contains itself",
                            name.pos, name.node
                        ));
                    }
                    if self.spread.insert(name.node.to_string()) {
                        self.open.push(name.node.to_string());
                        self.selection(on, &fragment.node.selection_set.node);
                        self.open.pop();
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(type_name, |on| on.node.on.node.as_str());
                    self.condition(type_name, on, fragment.pos);
                    self.selection(on, &fragment.node.selection_set.node);
                }
            }
        }
    }

    fn condition(&mut self, type_name: &str, on: &str, pos: async_graphql::Pos) {
        if !self.sdl.is_composite(on) {
            self.problems
                .push(format!("{pos}: `{on}` is no type with fields"));
        } else if !self.sdl.overlaps(on, type_name) {
            self.problems
                .push(format!("{pos}: a `{type_name}` is never a `{on}`"));
        }
    }

    fn field(&mut self, type_name: &str, field: &'a Positioned<Field>) {
        let Field {
            name,
            arguments,
            selection_set,
            ..
        } = &field.node;
        if name.node == "__typename" {
            return;
        }
        let Some(definition) = self.sdl.field(type_name, &name.node) else {
            self.problems.push(format!(
                "{}: `{type_name}` has no field `{}`",
                name.pos, name.node
            ));
            return;
        };
        let known: Vec<&InputValueDefinition> = definition
            .arguments
            .iter()
            .map(|argument| &argument.node)
            .collect();
        let place = format!("{}: `{type_name}.{}`", name.pos, name.node);
        self.inputs(
            &place,
            &known,
            arguments
                .iter()
                .map(|(name, value)| (name.node.as_str(), &value.node)),
        );
        let result = base_name(&definition.ty.node);
        match (
            self.sdl.is_composite(result),
            selection_set.node.items.is_empty(),
        ) {
            (true, true) => self
                .problems
                .push(format!("{place} needs fields selected from it")),
            (true, false) => self.selection(result, &selection_set.node),
            (false, false) => self.problems.push(format!("{place} has no fields")),
            (false, true) => {}
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        for directive in directives {
            let name = directive.node.name.node.as_str();
            if !["skip", "include"].contains(&name) {
                self.problems.push(format!(
                    "{}: `@{name}` is not known here; `@skip` and `@include` are",
                    directive.pos
                ));
                continue;
            }
            let condition = Type {
                base: BaseType::Named(async_graphql::Name::new("Boolean")),
                nullable: false,
            };
            match directive.node.get_argument("if") {
                Some(value) => self.value(
                    &format!("{}: `@{name}`", directive.pos),
                    &condition,
                    false,
                    &value.node,
                ),
                None => self
                    .problems
                    .push(format!("{}: `@{name}` needs `if`", directive.pos)),
            }
        }
    }

    /// Named values: the arguments of a field, or the fields of an input object.
    fn inputs<'v>(
        &mut self,
        place: &str,
        known: &[&InputValueDefinition],
        given: impl Iterator<Item = (&'v str, &'v Value)>,
    ) {
        let mut seen = HashSet::new();
        for (name, value) in given {
            seen.insert(name.to_owned());
            let Some(definition) = known.iter().find(|known| known.name.node == name) else {
                self.problems.push(format!("{place} takes no `{name}`"));
                continue;
            };
            let has_default = definition.default_value.is_some();
            self.value(
                &format!("{place}, `{name}`"),
                &definition.ty.node,
                has_default,
                value,
            );
        }
        for definition in known {
            let name = definition.name.node.as_str();
            let is_required = !definition.ty.node.nullable && definition.default_value.is_none();
            if is_required && !seen.contains(name) {
                self.problems.push(format!("{place} needs `{name}`"));
            }
        }
    }

    fn value(&mut self, place: &str, ty: &Type, has_default: bool, value: &Value) {
        let fits = match (value, &ty.base) {
            (Value::Variable(name), _) => {
                self.used.insert(name.to_string());
                let Some(variable) = self.variables.get(name.as_str()) else {
                    self.problems
                        .push(format!("{place}: `${name}` is not declared"));
                    return;
                };
                let falls_back = has_default || variable.default.is_some();
                fits(&variable.ty, ty, falls_back)
            }
            (Value::Null, _) => ty.nullable,
            (Value::List(items), BaseType::List(item)) => {
                for value in items {
                    self.value(place, item, false, value);
                }
                true
            }
            (_, BaseType::List(item)) => {
                self.value(place, item, false, value);
                true
            }
            (Value::Object(fields), BaseType::Named(name)) => match self.sdl.input_fields(name) {
                Some(known) => {
                    let given = fields.iter().map(|(name, value)| (name.as_str(), value));
                    self.inputs(place, &known, given);
                    true
                }
                None => Scalar::named(name) == Scalar::Any,
            },
            (literal, BaseType::Named(name)) => self.literal_fits(literal, name),
        };
        if !fits {
            self.problems
                .push(format!("{place}: `{value}` is not a `{ty}`"));
        }
    }

    fn literal_fits(&self, literal: &Value, type_name: &str) -> bool {
        if let Some(values) = self.sdl.enum_values(type_name) {
            return matches!(literal, Value::Enum(name) if values.contains(&name.as_str()));
        }
        match Scalar::named(type_name) {
            Scalar::Text => {
                matches!(literal, Value::String(_))
                    || type_name == "ID" && matches!(literal, Value::Number(_))
            }
            Scalar::Integer | Scalar::LongInteger => {
                matches!(literal, Value::Number(number) if number.is_i64() || number.is_u64())
            }
            Scalar::Number => matches!(literal, Value::Number(_)),
            Scalar::Boolean => matches!(literal, Value::Boolean(_)),
            // An input object is no scalar, and needs an object.
            Scalar::Any => self.sdl.input_fields(type_name).is_none(),
        }
    }
}

/// Whether a variable of one type may stand where another is wanted.
fn fits(variable: &Type, wanted: &Type, falls_back: bool) -> bool {
    if variable.nullable && !wanted.nullable && !falls_back {
        return false;
    }
    match (&variable.base, &wanted.base) {
        (BaseType::Named(one), BaseType::Named(other)) => one == other,
        (BaseType::List(one), BaseType::List(other)) => fits(one, other, false),
        _ => false,
    }
}
