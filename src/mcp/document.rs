//! A document in `schema/operations`: one operation, or one for each action, and the comments that
//! explain it.
//!
//! GraphQL has no descriptions on operations and variables that every parser takes, so comments
//! carry them: those at the top of the file describe the tool, those above (or behind) a variable
//! describe the argument.

use std::collections::HashSet;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Type,
    VariableDefinition,
};
use async_graphql::{Positioned, Request, Variables};
use serde_json::{Map, Value};

/// The longest name of a tool or argument that every client takes.
const MAX_NAME: usize = 40;

/// The parser recurses on brackets, and would overflow the stack long before it gave up.
const MAX_NESTING: usize = 100;

/// A parsed document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The file's stem, which is also the tool's name, and the operation's where there is one.
    pub(crate) name: String,
    /// What the tool does.
    pub(crate) description: String,
    /// The text that is executed.
    pub(crate) source: String,
    /// The same, parsed.
    pub(crate) parsed: ExecutableDocument,
    /// What is executed: one operation, or several of which a call chooses one; in their order.
    pub(crate) operations: Vec<Operation>,
}

/// An operation of a document.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: String,
    /// Its kind, which says whether it only reads.
    pub(crate) kind: OperationType,
    /// Its variables, in their order.
    pub(crate) variables: Vec<Variable>,
    /// The operation as it was parsed.
    pub(crate) definition: OperationDefinition,
}

/// A variable of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// The name, without `$`.
    pub(crate) name: String,
    /// What it means, in the words of its comment; may be empty.
    pub(crate) description: String,
    /// Its GraphQL type.
    pub(crate) ty: Type,
    /// What holds when it is left out.
    pub(crate) default: Option<Value>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// In words, when the text is neither one operation that is named as the file is, nor several.
    pub(crate) fn parse(name: &str, source: &str) -> Result<Self, String> {
        check_name("tool", name)?;
        check_nesting(source)?;
        let parsed = parse_query(source).map_err(|error| error.to_string())?;
        let definitions = definitions(&parsed, name)?;
        let lines: Vec<&str> = source.lines().collect();
        let description = leading_comment(&lines);
        if description.is_empty() {
            return Err(
                "begin the file with a `#` comment that says what the tool does".to_owned(),
            );
        }
        let operations = definitions
            .into_iter()
            .map(|(name, definition)| Operation::read(name, definition, &lines))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            description,
            source: source.to_owned(),
            parsed,
            operations,
        })
    }

    /// Whether a call chooses among several operations.
    pub(crate) fn has_actions(&self) -> bool {
        self.operations.len() > 1
    }

    /// Whether any of its operations changes something.
    pub(crate) fn modifies(&self) -> bool {
        self.operations.iter().any(Operation::modifies)
    }

    /// The place of the operation that an action's name stands for, however it is written.
    pub(crate) fn position(&self, action: &str) -> Option<usize> {
        let wanted = action.trim().replace(['-', ' '], "_");
        let is_wanted = |operation: &Operation| operation.name.eq_ignore_ascii_case(&wanted);
        self.operations.iter().position(is_wanted)
    }

    /// The request that executes one of its operations.
    pub(crate) fn request(&self, operation: &str, variables: Map<String, Value>) -> Request {
        let mut request = Request::new(&self.source)
            .operation_name(operation)
            .variables(Variables::from_json(Value::Object(variables)));
        request.set_parsed_query(self.parsed.clone());
        request
    }
}

impl Operation {
    fn read(name: String, definition: OperationDefinition, lines: &[&str]) -> Result<Self, String> {
        let mut names = HashSet::new();
        let mut variables = Vec::new();
        for (index, variable) in definition.variable_definitions.iter().enumerate() {
            let name = variable.node.name.node.as_str();
            check_name("argument", name)?;
            if !names.insert(name.to_owned()) {
                return Err(format!("variable `${name}` is declared twice"));
            }
            let next = definition.variable_definitions.get(index + 1);
            variables.push(read_variable(variable, next, lines)?);
        }
        Ok(Self {
            name,
            kind: definition.ty,
            variables,
            definition,
        })
    }

    /// Whether it changes something.
    pub(crate) fn modifies(&self) -> bool {
        self.kind == OperationType::Mutation
    }
}

fn read_variable(
    variable: &Positioned<VariableDefinition>,
    next: Option<&Positioned<VariableDefinition>>,
    lines: &[&str],
) -> Result<Variable, String> {
    let definition = &variable.node;
    let name = definition.name.node.to_string();
    let default = definition
        .default_value
        .as_ref()
        .map(|value| value.node.clone().into_json())
        .transpose()
        .map_err(|error| format!("the default of `${name}` is not JSON: {error}"))?;
    let shares_line = next.is_some_and(|next| next.pos.line == variable.pos.line);
    let trailing = if shares_line {
        None
    } else {
        trailing_comment(lines, variable.pos.line, variable.pos.column)
    };
    let description =
        trailing.unwrap_or_else(|| comment_above(lines, variable.pos.line, variable.pos.column));
    Ok(Variable {
        name,
        description,
        ty: definition.var_type.node.clone(),
        default: default.filter(|value| !value.is_null()),
    })
}

/// The operations by name, in their order.
fn definitions(
    document: &ExecutableDocument,
    name: &str,
) -> Result<Vec<(String, OperationDefinition)>, String> {
    let DocumentOperations::Multiple(operations) = &document.operations else {
        return Err(format!("name its operation: `query {name}`"));
    };
    let mut operations: Vec<_> = operations.iter().collect();
    operations.sort_by_key(|(_, operation)| operation.pos);
    match operations.as_slice() {
        [(only, _)] if *only != name => {
            return Err(format!(
                "its operation is named `{only}`; name it `{name}`, as the file"
            ));
        }
        [_] => {}
        actions => {
            for (action, _) in actions {
                check_name("action", action)?;
            }
        }
    }
    let named = |(name, operation): (&async_graphql::Name, &Positioned<OperationDefinition>)| {
        (name.to_string(), operation.node.clone())
    };
    Ok(operations.into_iter().map(named).collect())
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain && !name.is_empty() && name.len() <= MAX_NAME {
        return Ok(());
    }
    Err(format!(
        "{what} name `{name}` must be 1 to {MAX_NAME} letters, digits and `_`"
    ))
}

/// Counts brackets whether they stand in a string or not: a document that has a hundred opening
/// ones more than closing ones is refused either way.
fn check_nesting(source: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for letter in source.chars() {
        match letter {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(format!("brackets are nested more than {MAX_NESTING} deep"));
        }
    }
    Ok(())
}

/// The comment at the top of a file. An empty comment line begins a new paragraph.
fn leading_comment(lines: &[&str]) -> String {
    let comment = lines
        .iter()
        .map(|line| line.trim())
        .skip_while(|line| line.is_empty())
        .map_while(comment_text);
    join(comment)
}

/// The comment lines directly above a variable that begins its line.
fn comment_above(lines: &[&str], line: usize, column: usize) -> String {
    let Some(index) = line.checked_sub(1) else {
        return String::new();
    };
    let before = lines
        .get(index)
        .map(|text| text.chars().take(column.saturating_sub(1)));
    let begins_line = before.is_some_and(|mut before| {
        before.all(|letter| letter.is_whitespace() || letter == ',' || letter == '$')
    });
    if !begins_line {
        return String::new();
    }
    let mut comment: Vec<&str> = lines
        .iter()
        .take(index)
        .rev()
        .map(|text| text.trim())
        .map_while(comment_text)
        .collect();
    comment.reverse();
    join(comment.into_iter())
}

/// The comment behind a variable, on the same line.
fn trailing_comment(lines: &[&str], line: usize, column: usize) -> Option<String> {
    let text = lines.get(line.checked_sub(1)?)?;
    let mut in_string = false;
    for (index, letter) in text.char_indices().skip(column.saturating_sub(1)) {
        match letter {
            '"' => in_string = !in_string,
            '#' if !in_string => return Some(text[index + 1..].trim().to_owned()),
            _ => {}
        }
    }
    None
}

fn comment_text(line: &str) -> Option<&str> {
    line.strip_prefix('#').map(str::trim)
}

fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        if line.is_empty() {
            text.push_str("\n\n");
            continue;
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push(' ');
        }
        text.push_str(line);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: &str = r#"# Lists things,
# a page at a time.
#
# Second paragraph.
query list_things(
  # How many
  # at most.
  $limit: Int = 50
  $word: String = "a#b" # What to look for.
  $a: ID, $b: [ID!]! # Belongs to b.
) {
  things(first: $limit) { nodes { id } }
}
"#;

    #[test]
    fn comments_become_descriptions() {
        let document = Document::parse("list_things", SERVERS).unwrap();
        assert_eq!(
            document.description,
            "Lists things, a page at a time.\n\nSecond paragraph."
        );
        let descriptions: Vec<(&str, &str)> = document.operations[0]
            .variables
            .iter()
            .map(|variable| (variable.name.as_str(), variable.description.as_str()))
            .collect();
        assert_eq!(
            descriptions,
            [
                ("limit", "How many at most."),
                ("word", "What to look for."),
                ("a", ""),
                ("b", "Belongs to b."),
            ]
        );
        assert_eq!(
            document.operations[0].variables[1].default,
            Some(Value::from("a#b"))
        );
    }

    #[test]
    fn a_variable_on_the_first_line_does_not_take_the_description() {
        let document = Document::parse(
            "thing",
            "# A thing.\nquery thing($id: ID!) { thing(id: $id) { id } }",
        )
        .unwrap();
        assert_eq!(document.operations[0].variables[0].description, "");
    }

    #[test]
    fn operations_keep_their_order_and_are_found_by_name() {
        let source = "# A.\nquery list { x } mutation go_on { x } mutation add { x }";
        let document = Document::parse("a", source).unwrap();
        let names = document.operations.iter().map(|it| it.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["list", "go_on", "add"]);
        assert!(document.has_actions() && document.modifies());
        assert_eq!(document.position(" GO-on"), Some(1));
        assert_eq!(document.position("drop"), None);
    }

    #[test]
    fn what_is_wrong_with_a_document_is_said() {
        let refused = |name: &str, source: &str| Document::parse(name, source).unwrap_err();
        assert!(refused("a", "# A.\nquery b { x }").contains("name it `a`"));
        assert!(refused("a", "# A.\n{ x }").contains("`query a`"));
        let long = format!("# A.\nquery b {{ x }} mutation {} {{ x }}", "a".repeat(41));
        assert!(refused("a", &long).contains("action name"));
        assert!(refused("a", "query a { x }").contains("comment"));
        assert!(refused("a b", "# A.\nquery a { x }").contains("`a b`"));
        assert!(refused(&"a".repeat(41), "# A.\nquery a { x }").contains("40"));
        assert!(refused("a", "# A.\nquery a {").contains("expected"));
        let deep = format!(
            "# A.\nquery a {{ x(y: {}{}) }}",
            "[".repeat(5000),
            "]".repeat(5000)
        );
        assert!(refused("a", &deep).contains("nested"));
    }
}
