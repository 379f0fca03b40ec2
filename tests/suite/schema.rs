//! The SDL that is checked in is the one the code makes, and it leaves nothing unexplained.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use mcp_openstack_ops::graph::Graph;
use mcp_openstack_ops::policy::Mode;

use crate::checked_in;

fn graph(mode: Mode) -> String {
    Graph::without_cloud(mode).unwrap().sdl().to_owned()
}

#[test]
fn the_checked_in_sdl_is_the_schemas() {
    checked_in::compare("schema/schema.graphql", &graph(Mode::Modify));
}

/// Who may change nothing sees the same graph without what changes something.
#[test]
fn without_mutations_the_rest_is_the_same() {
    let definitions = |sdl: &str| -> BTreeMap<String, String> {
        let parts = sdl.split("\n}\n").map(str::trim);
        let named = parts.filter_map(|part| {
            let head = part.lines().find(|line| line.contains('{'))?;
            Some((head.to_owned(), part.to_owned()))
        });
        named.collect()
    };
    let (read, modify) = (graph(Mode::ReadOnly), graph(Mode::Modify));
    let (read, modify) = (definitions(&read), definitions(&modify));
    assert!(read.len() > 100, "{} definitions", read.len());
    let differing = read.iter().filter(|(head, text)| {
        !head.starts_with("schema") && modify.get(*head).is_none_or(|other| other != *text)
    });
    let differing: Vec<_> = differing.map(|(head, _)| head).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert!(modify.keys().any(|head| head.starts_with("type Mutation")));
    assert!(!read.keys().any(|head| head.starts_with("type Mutation")));
}

#[test]
fn everything_in_the_schema_is_described() {
    let sdl = graph(Mode::Modify);
    let mut missing = Vec::new();
    for definition in parse_schema(&sdl).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let definition = definition.node;
        let name = definition.name.node.as_str();
        // Apollo's own, and the roots, which are known by their names.
        if name.starts_with('_') || name == "Query" || name == "Mutation" || name == "FieldSet" {
            continue;
        }
        if definition.description.is_none() {
            missing.push(name.to_owned());
        }
        match definition.kind {
            TypeKind::Object(object) => {
                for field in object.fields {
                    let path = format!("{name}.{}", field.node.name.node);
                    for argument in &field.node.arguments {
                        if argument.node.description.is_none() {
                            missing.push(format!("{path}({})", argument.node.name.node));
                        }
                    }
                    if field.node.description.is_none() {
                        missing.push(path);
                    }
                }
            }
            TypeKind::InputObject(input) => {
                let fields = input
                    .fields
                    .iter()
                    .filter(|field| field.node.description.is_none());
                missing.extend(fields.map(|field| format!("{name}.{}", field.node.name.node)));
            }
            TypeKind::Enum(values) => {
                let values = values
                    .values
                    .iter()
                    .filter(|value| value.node.description.is_none());
                missing.extend(values.map(|value| format!("{name}.{}", value.node.value.node)));
            }
            TypeKind::Scalar | TypeKind::Interface(_) | TypeKind::Union(_) => {}
        }
    }
    assert!(missing.is_empty(), "no description: {}", missing.join(", "));
}
