//! The JSON schema of a tool's arguments, in the dialect that every client takes.
//!
//! Top level an object, closed; no `anyOf`, `oneOf` or `$ref` there; enums and input objects in
//! place; `$defs` only for an input object that contains itself.

use async_graphql::parser::types::{BaseType, Type};
use serde_json::{Map, Value, json};

use super::action::ACTION;
use super::arguments::{Argument, shown_enum_values};
use super::manifest::ArgumentRules;
use super::sdl::{Scalar, Sdl};

/// The schema of a tool's arguments, and of the one that chooses among its actions, if it has any.
pub(crate) fn input_schema(
    actions: &[&str],
    arguments: &[Argument],
    sdl: &Sdl,
) -> Map<String, Value> {
    let mut writer = Writer {
        sdl,
        open: Vec::new(),
        definitions: Map::new(),
    };
    let mut properties = Map::new();
    let mut required = Vec::new();
    if !actions.is_empty() {
        properties.insert(
            ACTION.to_owned(),
            json!({"type": "string", "enum": actions}),
        );
        required.push(Value::from(ACTION));
    }
    for argument in arguments {
        let mut schema = writer.schema(&argument.variable.ty, &argument.rules);
        if let Some(default) = argument.shown_default(sdl) {
            schema.insert("default".to_owned(), default);
        }
        if !argument.variable.description.is_empty() {
            let description = Value::from(argument.variable.description.clone());
            schema.insert("description".to_owned(), description);
        }
        properties.insert(argument.name().to_owned(), Value::Object(schema));
        if argument.is_required() {
            required.push(Value::from(argument.name()));
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), Value::from("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    if !writer.definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(writer.definitions));
    }
    schema
}

struct Writer<'a> {
    sdl: &'a Sdl,
    /// The input objects that are being written, the innermost last.
    open: Vec<String>,
    definitions: Map<String, Value>,
}

impl Writer<'_> {
    fn schema(&mut self, ty: &Type, rules: &ArgumentRules) -> Map<String, Value> {
        let name = match &ty.base {
            BaseType::List(item) => {
                let items = self.schema(item, rules);
                return object(json!({"type": "array", "items": items}));
            }
            BaseType::Named(name) => name.as_str(),
        };
        if self.sdl.input_fields(name).is_some() {
            return self.input_object(name);
        }
        if let Some(values) = shown_enum_values(name, rules, self.sdl) {
            return object(json!({"type": "string", "enum": values}));
        }
        let mut schema = Map::new();
        if let Some(json_type) = Scalar::named(name).json_type() {
            schema.insert("type".to_owned(), Value::from(json_type));
        }
        if let Some(min) = rules.min {
            schema.insert("minimum".to_owned(), Value::from(min));
        }
        if let Some(max) = rules.max {
            schema.insert("maximum".to_owned(), Value::from(max));
        }
        schema
    }

    fn input_object(&mut self, name: &str) -> Map<String, Value> {
        if !self.open.iter().any(|open| open == name) {
            return self.input_object_in_place(name);
        }
        if !self.definitions.contains_key(name) {
            // Taken before it is written, so that it refers to itself.
            self.definitions.insert(name.to_owned(), Value::Null);
            let outer = std::mem::take(&mut self.open);
            let definition = self.input_object_in_place(name);
            self.open = outer;
            self.definitions
                .insert(name.to_owned(), Value::Object(definition));
        }
        object(json!({"type": "object", "$ref": format!("#/$defs/{name}")}))
    }

    fn input_object_in_place(&mut self, name: &str) -> Map<String, Value> {
        let sdl = self.sdl;
        self.open.push(name.to_owned());
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in sdl.input_fields(name).unwrap_or_default() {
            let ty = &field.ty.node;
            let field_name = field.name.node.to_string();
            let schema = self.schema(ty, &ArgumentRules::default());
            if !ty.nullable && field.default_value.is_none() {
                required.push(Value::from(field_name.clone()));
            }
            properties.insert(field_name, Value::Object(schema));
        }
        self.open.pop();
        let mut schema = object(json!({"type": "object", "properties": properties}));
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        schema
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
