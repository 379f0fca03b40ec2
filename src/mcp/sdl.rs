//! The graph's types, as its SDL tells them.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, OperationType, Type, TypeKind,
    TypeSystemDefinition,
};

use crate::error::{Error, Result};

/// The scalars that every GraphQL schema has without saying so.
const BUILT_IN_SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// The types of the graph by name, and its roots.
#[derive(Debug)]
pub(crate) struct Sdl {
    types: HashMap<String, TypeKind>,
    query: String,
    mutation: Option<String>,
}

impl Sdl {
    /// Reads the SDL.
    ///
    /// # Errors
    /// When the text is not SDL, which is a bug of the graph that wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let document = parse_schema(text)
            .map_err(|error| Error::Internal(format!("the graph's SDL cannot be read: {error}")))?;
        let mut sdl = Self {
            types: BUILT_IN_SCALARS
                .iter()
                .map(|name| ((*name).to_owned(), TypeKind::Scalar))
                .collect(),
            query: "Query".to_owned(),
            mutation: None,
        };
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    if let Some(query) = schema.node.query {
                        sdl.query = query.node.to_string();
                    }
                    sdl.mutation = schema.node.mutation.map(|name| name.node.to_string());
                }
                TypeSystemDefinition::Type(definition) => {
                    let definition = definition.node;
                    sdl.types
                        .insert(definition.name.node.to_string(), definition.kind);
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(sdl)
    }

    /// The type on which operations of a kind begin, when there is one.
    pub(crate) fn root(&self, kind: OperationType) -> Option<&str> {
        match kind {
            OperationType::Query => Some(&self.query),
            OperationType::Mutation => self.mutation.as_deref(),
            OperationType::Subscription => None,
        }
    }

    /// What kind of type a name stands for.
    pub(crate) fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.types.get(name)
    }

    /// A field of an object or interface.
    pub(crate) fn field(&self, type_name: &str, field: &str) -> Option<&FieldDefinition> {
        let fields = match self.kind(type_name)? {
            TypeKind::Object(object) => &object.fields,
            TypeKind::Interface(interface) => &interface.fields,
            _ => return None,
        };
        fields
            .iter()
            .map(|definition| &definition.node)
            .find(|definition| definition.name.node == field)
    }

    /// The fields of an input object.
    pub(crate) fn input_fields(&self, type_name: &str) -> Option<Vec<&InputValueDefinition>> {
        match self.kind(type_name)? {
            TypeKind::InputObject(input) => {
                Some(input.fields.iter().map(|field| &field.node).collect())
            }
            _ => None,
        }
    }

    /// The values of an enum, in the order of the SDL.
    pub(crate) fn enum_values(&self, type_name: &str) -> Option<Vec<&str>> {
        match self.kind(type_name)? {
            TypeKind::Enum(definition) => Some(
                definition
                    .values
                    .iter()
                    .map(|value| value.node.value.node.as_str())
                    .collect(),
            ),
            _ => None,
        }
    }

    /// Whether a value of the type has fields to select from.
    pub(crate) fn is_composite(&self, type_name: &str) -> bool {
        matches!(
            self.kind(type_name),
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
        )
    }

    /// Whether a fragment on one type can apply to a value of the other.
    pub(crate) fn overlaps(&self, one: &str, other: &str) -> bool {
        let others = self.possible_types(other);
        self.possible_types(one)
            .iter()
            .any(|name| others.contains(name))
    }

    fn possible_types<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        match self.kind(name) {
            Some(TypeKind::Union(union)) => union
                .members
                .iter()
                .map(|member| member.node.as_str())
                .collect(),
            Some(TypeKind::Interface(_)) => self
                .types
                .iter()
                .filter(|(_, kind)| implements(kind, name))
                .map(|(name, _)| name.as_str())
                .collect(),
            _ => vec![name],
        }
    }
}

fn implements(kind: &TypeKind, interface: &str) -> bool {
    match kind {
        TypeKind::Object(object) => object.implements.iter().any(|name| name.node == interface),
        _ => false,
    }
}

/// The name at the bottom of a type, whatever lists are around it.
pub(crate) fn base_name(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => base_name(item),
    }
}

/// How a scalar looks in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// A string.
    Text,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of any size.
    LongInteger,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// Any JSON.
    Any,
}

impl Scalar {
    /// How a scalar of this name looks; one that is not known may be anything.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "String" | "ID" | "Ref" | "DateTime" | "Date" | "Duration" | "Url" => Self::Text,
            "Int" => Self::Integer,
            "BigInt" | "Long" | "Int64" | "UInt64" | "Bytes" => Self::LongInteger,
            "Float" => Self::Number,
            "Boolean" => Self::Boolean,
            _ => Self::Any,
        }
    }

    /// The word JSON Schema has for it; none for what may be anything.
    pub(crate) fn json_type(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("string"),
            Self::Integer | Self::LongInteger => Some("integer"),
            Self::Number => Some("number"),
            Self::Boolean => Some("boolean"),
            Self::Any => None,
        }
    }
}
