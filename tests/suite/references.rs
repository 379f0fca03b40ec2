//! The references in docs/ are made of what they are about: the tools that are listed, and the schema.

use std::fmt::Write;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
use mcp_openstack_ops::graph::Graph;
use mcp_openstack_ops::mcp::Tools;
use mcp_openstack_ops::policy::Mode;
use serde_json::Value;

use crate::checked_in;

const OF_TOOLS: &str = "\
# Tools

Made of what `tools/list` answers where changes are allowed; a test compares the two. [tools.md](../tools.md) has the
question that each one answers.
";

const OF_SCHEMA: &str = "\
# Schema

Made of the schema where changes are allowed; a test compares the two. [schema.graphql](../../schema/schema.graphql) has
every field, argument and value with what it means, its unit, and the call that it comes from; GraphiQL shows the same at
`/graphiql`.
";

#[test]
fn the_reference_of_the_tools_is_of_the_tools() {
    let sdl = Graph::without_cloud(Mode::Modify).unwrap();
    let tools = Tools::load(sdl.sdl(), None).unwrap();
    let listed = serde_json::to_value(tools.listed()).unwrap();
    let mut text = OF_TOOLS.to_owned();
    for tool in listed.as_array().unwrap() {
        let told = |field: &str| tool[field].as_str().unwrap();
        writeln!(text, "\n## {}\n\n{}\n", told("name"), told("description")).unwrap();
        writeln!(text, "{}", nature(&tool["annotations"])).unwrap();
        text.push_str(&arguments(&tool["inputSchema"]));
    }
    checked_in::compare("docs/reference/tools.md", &text);
}

/// What the hints of a tool say.
fn nature(hints: &Value) -> &'static str {
    match (&hints["readOnlyHint"], &hints["destructiveHint"]) {
        (Value::Bool(true), _) => "Reads.",
        (_, Value::Bool(true)) => "Changes the cloud, and may destroy something.",
        _ => "Changes the cloud.",
    }
}

fn arguments(schema: &Value) -> String {
    let properties = schema["properties"].as_object().unwrap();
    if properties.is_empty() {
        return String::new();
    }
    let required = schema["required"].as_array();
    let mut text = "\n| argument | type | default | |\n|---|---|---|---|\n".to_owned();
    for (name, property) in properties {
        let is_required = required.is_some_and(|names| names.iter().any(|each| each == name));
        let default = match (&property["default"], is_required) {
            (_, true) => "*required*".to_owned(),
            (Value::Null, _) => String::new(),
            (default, _) => format!("`{default}`"),
        };
        let meaning = property["description"].as_str().unwrap_or_default();
        let kind = kind(property).replace('|', "\\|");
        let meaning = meaning.replace('|', "\\|");
        writeln!(text, "| `{name}` | {kind} | {default} | {meaning} |").unwrap();
    }
    text
}

fn kind(property: &Value) -> String {
    if let Some(values) = property["enum"].as_array() {
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        return values.join(", ");
    }
    let kind = property["type"].as_str().unwrap_or("any").to_owned();
    match (&property["minimum"], &property["maximum"]) {
        (Value::Null, Value::Null) => kind,
        (least, Value::Null) => format!("{kind}, at least {least}"),
        (Value::Null, most) => format!("{kind}, at most {most}"),
        (least, most) => format!("{kind}, {least} to {most}"),
    }
}

#[test]
fn the_reference_of_the_schema_is_of_the_schema() {
    let graph = Graph::without_cloud(Mode::Modify).unwrap();
    let document = parse_schema(graph.sdl()).unwrap();
    let types = document.definitions.into_iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else {
            return None;
        };
        Some(definition.node)
    });
    let mut roots = [("Query", None), ("Mutation", None), ("Subscription", None)];
    let mut nouns = "\n## Objects\n\n| type | fields | |\n|---|---|---|\n".to_owned();
    for definition in types {
        let name = definition.name.node.as_str();
        let TypeKind::Object(object) = definition.kind else {
            continue;
        };
        if let Some((_, fields)) = roots.iter_mut().find(|(root, _)| *root == name) {
            *fields = Some(object.fields);
        } else if !["Connection", "Edge", "Payload"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
        {
            let meaning = meaning(definition.description.as_ref());
            writeln!(nouns, "| `{name}` | {} | {meaning} |", object.fields.len()).unwrap();
        }
    }
    let mut text = OF_SCHEMA.to_owned();
    for (root, fields) in roots {
        writeln!(text, "\n## {root}\n\n| field | type | |\n|---|---|---|").unwrap();
        for Positioned { node: field, .. } in fields.unwrap() {
            writeln!(text, "{}", row(&field)).unwrap();
        }
    }
    checked_in::compare("docs/reference/schema.md", &(text + &nouns));
}

fn row(field: &FieldDefinition) -> String {
    let arguments = field
        .arguments
        .iter()
        .map(|argument| argument.node.name.node.as_str());
    let arguments: Vec<&str> = arguments.collect();
    let arguments = match arguments.as_slice() {
        [] => String::new(),
        names => format!("({})", names.join(", ")),
    };
    let meaning = meaning(field.description.as_ref());
    format!(
        "| `{}{arguments}` | `{}` | {meaning} |",
        field.name.node, field.ty.node
    )
}

/// A description in one line.
fn meaning(description: Option<&Positioned<String>>) -> String {
    let text = description
        .map(|text| text.node.as_str())
        .unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}
