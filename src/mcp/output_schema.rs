//! The JSON schema of a tool's answer, from what its document selects.
//!
//! A model pays for every character, so there are no descriptions, and long enums are strings. A
//! `type` is said of plain values that are never null; whatever else there is has a shape that says
//! it, or may be null.

use std::collections::HashSet;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, FieldDefinition, Selection, SelectionSet, Type,
};
use serde_json::{Map, Value, json};

use super::document::Document;
use super::sdl::{Scalar, Sdl};

/// What a tool's answer says beside the data.
pub(crate) const NOTICE: &str = "notice";
/// What could not be had.
pub(crate) const ERRORS: &str = "errors";

/// What every change tells in the same shape: why it was not done, and what would be done.
const SAME_EVERYWHERE: [&str; 2] = ["UserError", "DryRun"];

/// The most characters that the values of an enum may have together to be listed.
const MAX_ENUM: usize = 20;

/// A field of the answer: its type, and every selection made on it.
struct Member<'a> {
    key: String,
    definition: Option<&'a FieldDefinition>,
    selections: Vec<&'a SelectionSet>,
}

/// The schema of what a document answers, by whichever of its operations. The document has been
/// validated.
pub(crate) fn output_schema(document: &Document, sdl: &Sdl) -> Map<String, Value> {
    let parsed = &document.parsed;
    let writer = Writer {
        sdl,
        document: parsed,
    };
    let mut properties = Map::new();
    for operation in &document.operations {
        let root = sdl.root(operation.kind).unwrap_or_default();
        let selection = &operation.definition.selection_set.node;
        merge_properties(&mut properties, writer.properties(root, &[selection]));
    }
    // GraphQL's errors are known by their shape; the list of tools says them once for each tool.
    properties.insert(ERRORS.to_owned(), json!({"type": "array"}));
    properties.insert(NOTICE.to_owned(), json!({"type": "string"}));
    let mut schema = Map::new();
    schema.insert("type".to_owned(), Value::from("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema
}

/// Adds what another operation may answer in the same place.
fn merge_properties(known: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, schema) in more {
        match known.get_mut(&key) {
            Some(known) => merge(known, schema),
            None => {
                known.insert(key, schema);
            }
        }
    }
}

/// Makes one schema of two that either may hold; what they do not share is left open.
fn merge(known: &mut Value, more: Value) {
    let (Value::Object(known), Value::Object(more)) = (known, more) else {
        return;
    };
    known.retain(|keyword, _| more.contains_key(keyword));
    for (keyword, more) in more {
        let Some(known) = known.get_mut(&keyword) else {
            continue;
        };
        match (keyword.as_str(), known, more) {
            ("properties", Value::Object(known), Value::Object(more)) => {
                merge_properties(known, more);
            }
            ("items", known, more) => merge(known, more),
            (_, known, more) => *known = either(known, more),
        }
    }
}

/// The words of a `type` or an `enum` together.
fn either(one: &Value, other: Value) -> Value {
    if *one == other {
        return other;
    }
    let words = |value: Value| match value {
        Value::Array(words) => words,
        word => vec![word],
    };
    let mut both = words(one.clone());
    for word in words(other) {
        if !both.contains(&word) {
            both.push(word);
        }
    }
    Value::Array(both)
}

struct Writer<'a> {
    sdl: &'a Sdl,
    document: &'a ExecutableDocument,
}

impl<'a> Writer<'a> {
    fn properties(&self, type_name: &str, selections: &[&'a SelectionSet]) -> Map<String, Value> {
        let mut members = Vec::new();
        for selection in selections {
            self.collect(type_name, selection, &mut members, &mut HashSet::new());
        }
        members
            .into_iter()
            .map(|member| {
                let schema = match member.definition {
                    Some(definition) => self.value(&definition.ty.node, &member.selections),
                    // `__typename` is in no SDL.
                    None => json!({"type": "string"}),
                };
                (member.key, schema)
            })
            .collect()
    }

    /// Merges what fragments and repeated fields select, in the order of first appearance.
    fn collect(
        &self,
        type_name: &str,
        selection: &'a SelectionSet,
        members: &mut Vec<Member<'a>>,
        spread: &mut HashSet<&'a str>,
    ) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    let inner = &field.node.selection_set.node;
                    if let Some(member) = members.iter_mut().find(|member| member.key == key) {
                        member.selections.push(inner);
                        continue;
                    }
                    members.push(Member {
                        key,
                        definition: self.sdl.field(type_name, &field.node.name.node),
                        selections: vec![inner],
                    });
                }
                Selection::FragmentSpread(fragment) => {
                    let name = &fragment.node.fragment_name.node;
                    if !spread.insert(name.as_str()) {
                        continue;
                    }
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let on = &fragment.node.type_condition.node.on.node;
                        self.collect(on, &fragment.node.selection_set.node, members, spread);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(type_name, |on| on.node.on.node.as_str());
                    self.collect(on, &fragment.node.selection_set.node, members, spread);
                }
            }
        }
    }

    fn value(&self, ty: &Type, selections: &[&'a SelectionSet]) -> Value {
        let name = match &ty.base {
            BaseType::List(item) => {
                let items = self.value(item, selections);
                return json!({"items": items});
            }
            BaseType::Named(name) => name.as_str(),
        };
        if SAME_EVERYWHERE.contains(&name) {
            return json!({});
        }
        if self.sdl.is_composite(name) {
            return json!({"properties": self.properties(name, selections)});
        }
        if let Some(values) = self.sdl.enum_values(name) {
            let mut schema = typed("string", ty.nullable);
            if values.iter().map(|value| value.len()).sum::<usize>() <= MAX_ENUM {
                let null = ty.nullable.then_some(Value::Null);
                let values = values.into_iter().map(Value::from).chain(null);
                schema["enum"] = values.collect();
            }
            return schema;
        }
        match Scalar::named(name).json_type() {
            Some(json_type) => typed(json_type, ty.nullable),
            None => json!({}),
        }
    }
}

fn typed(json_type: &str, nullable: bool) -> Value {
    if nullable {
        json!({})
    } else {
        json!({"type": json_type})
    }
}
