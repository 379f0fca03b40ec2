//! What the limits need to know of the schema, read from its SDL.

use std::collections::{HashMap, HashSet};

use async_graphql::Value;
use async_graphql::parser;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

use crate::{Error, Result};

/// The fields of every object and interface type.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) query: String,
    pub(super) mutation: Option<String>,
    pub(super) subscription: Option<String>,
    types: HashMap<String, HashMap<String, FieldModel>>,
}

/// What one field costs.
#[derive(Debug)]
pub(super) struct FieldModel {
    /// The name of its type, without list and non-null.
    pub(super) type_name: String,
    pub(super) kind: FieldKind,
    /// What the field costs for each of its parents, whatever it returns.
    pub(super) weight: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// A scalar or an enum.
    Leaf,
    /// `totalCount` of a connection.
    Count,
    /// One object.
    Object,
    /// A small list without arguments to page it.
    List,
    /// A list with an argument `first`, and its default.
    Paged { default_first: Option<u64> },
    /// `nodes` or `edges`: the rows their connection has already paid for.
    Rows,
    /// `pageInfo`, or `node` of an edge: what comes with the row.
    Free,
}

impl Model {
    /// Reads an SDL. `weights` maps `Type.field` to what the field costs for each parent.
    pub(super) fn new(sdl: &str, weights: &[(&str, u64)]) -> Result<Self> {
        let document = parser::parse_schema(sdl).map_err(|error| {
            Error::Internal(format!("the schema's SDL is not readable: {error}"))
        })?;
        let mut model = Self {
            query: "Query".to_owned(),
            mutation: None,
            subscription: None,
            types: HashMap::new(),
        };
        let definitions: Vec<&TypeDefinition> = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(&definition.node),
                TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
            })
            .collect();
        for definition in &document.definitions {
            if let TypeSystemDefinition::Schema(schema) = definition {
                let schema = &schema.node;
                if let Some(query) = &schema.query {
                    model.query = query.node.to_string();
                }
                model.mutation = schema.mutation.as_ref().map(|name| name.node.to_string());
                model.subscription = schema
                    .subscription
                    .as_ref()
                    .map(|name| name.node.to_string());
            }
        }
        let kinds = Kinds::new(&definitions);
        for definition in &definitions {
            let owner = definition.name.node.as_str();
            for field in fields(&definition.kind) {
                model
                    .types
                    .entry(owner.to_owned())
                    .or_default()
                    .insert(field.name.node.to_string(), kinds.field_model(owner, field));
            }
        }
        for (path, weight) in weights {
            let field = path
                .split_once('.')
                .and_then(|(owner, field)| model.types.get_mut(owner)?.get_mut(field))
                .ok_or_else(|| {
                    Error::Internal(format!(
                        "a weight names `{path}`, which is no field of the schema"
                    ))
                })?;
            field.weight = *weight;
        }
        Ok(model)
    }

    /// The field of an object or interface type.
    pub(super) fn field(&self, type_name: &str, field: &str) -> Option<&FieldModel> {
        self.types.get(type_name)?.get(field)
    }
}

/// Which types are what, before the fields are looked at.
struct Kinds<'a> {
    composite: HashSet<&'a str>,
    connections: HashSet<&'a str>,
    edges: HashSet<&'a str>,
}

impl<'a> Kinds<'a> {
    fn new(definitions: &[&'a TypeDefinition]) -> Self {
        let mut kinds = Self {
            composite: HashSet::new(),
            connections: HashSet::new(),
            edges: HashSet::new(),
        };
        let mut paged = HashSet::new();
        for definition in definitions {
            if matches!(
                definition.kind,
                TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)
            ) {
                kinds.composite.insert(definition.name.node.as_str());
            }
            for field in fields(&definition.kind) {
                if first_argument(field).is_some() {
                    paged.insert(named(&field.ty.node));
                }
            }
        }
        for definition in definitions {
            let name = definition.name.node.as_str();
            if !paged.contains(name) {
                continue;
            }
            for field in fields(&definition.kind) {
                match field.name.node.as_str() {
                    "nodes" => {
                        kinds.connections.insert(name);
                    }
                    "edges" => {
                        kinds.connections.insert(name);
                        kinds.edges.insert(named(&field.ty.node));
                    }
                    _ => {}
                }
            }
        }
        kinds
    }

    fn field_model(&self, owner: &str, field: &FieldDefinition) -> FieldModel {
        let type_name = named(&field.ty.node);
        let kind = self.field_kind(owner, field, type_name);
        let weight = match kind {
            FieldKind::Object | FieldKind::List => 1,
            FieldKind::Leaf
            | FieldKind::Count
            | FieldKind::Paged { .. }
            | FieldKind::Rows
            | FieldKind::Free => 0,
        };
        FieldModel {
            type_name: type_name.to_owned(),
            kind,
            weight,
        }
    }

    fn field_kind(&self, owner: &str, field: &FieldDefinition, type_name: &str) -> FieldKind {
        let name = field.name.node.as_str();
        if self.connections.contains(owner) {
            match name {
                "nodes" | "edges" => return FieldKind::Rows,
                "pageInfo" => return FieldKind::Free,
                "totalCount" => return FieldKind::Count,
                _ => {}
            }
        }
        if self.edges.contains(owner) && name == "node" {
            return FieldKind::Free;
        }
        if let Some(default) = first_argument(field) {
            return FieldKind::Paged {
                default_first: default,
            };
        }
        if !self.composite.contains(type_name) {
            return FieldKind::Leaf;
        }
        match field.ty.node.base {
            BaseType::List(_) => FieldKind::List,
            BaseType::Named(_) => FieldKind::Object,
        }
    }
}

/// Whether the field has an argument `first`, and its default.
fn first_argument(field: &FieldDefinition) -> Option<Option<u64>> {
    let argument = field
        .arguments
        .iter()
        .find(|argument| argument.node.name.node == "first")?;
    let default = argument.node.default_value.as_ref();
    Some(default.and_then(|value| integer(&value.node)))
}

/// A value as a number of rows; what is below 0 asks for none.
pub(super) fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => Some(
            number
                .as_u64()
                .or_else(|| number.as_i64().map(|_| 0))
                .unwrap_or(u64::MAX),
        ),
        _ => None,
    }
}

fn fields(kind: &TypeKind) -> impl Iterator<Item = &FieldDefinition> {
    let fields = match kind {
        TypeKind::Object(object) => object.fields.as_slice(),
        TypeKind::Interface(interface) => interface.fields.as_slice(),
        TypeKind::Scalar | TypeKind::Union(_) | TypeKind::Enum(_) | TypeKind::InputObject(_) => &[],
    };
    fields.iter().map(|field| &field.node)
}

fn named(field_type: &Type) -> &str {
    match &field_type.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}
