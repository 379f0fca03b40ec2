//! The SDL that is checked in is the one the code makes, and it leaves nothing unexplained.

use std::path::Path;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use crate::support::graph;

/// `INSTA_UPDATE=always` writes the file anew; its diff is the review of a schema change.
#[test]
fn the_checked_in_sdl_is_the_schemas() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/schema.graphql");
    let made = graph().sdl().to_owned();
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    let first = written
        .lines()
        .zip(made.lines())
        .find(|(written, made)| written != made);
    assert!(
        written == made,
        "schema/schema.graphql is not the schema's: first difference {first:?}; \
         INSTA_UPDATE=always writes it anew"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let sdl = graph().sdl().to_owned();
    let mut missing = Vec::new();
    for definition in parse_schema(&sdl).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let definition = definition.node;
        let name = definition.name.node.as_str();
        // Apollo's own, and the roots, which are known by their names.
        if name.starts_with('_') || name == "Query" || name == "FieldSet" {
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
