//! The limits that hold at every door: what a document may ask before anything is executed.
//!
//! The order matters. Text is bounded before it is parsed (the parser's stack), fragments before
//! they are spread (their number doubles with each), and both before validation.

mod cost;
mod model;
mod refusal;
mod shape;
mod text;

#[cfg(test)]
mod tests;

use async_graphql::parser;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::{ServerError, Variables};

use self::model::Model;
use self::refusal::Refusal;
use crate::Result;

/// The limits of one schema.
#[derive(Debug)]
pub struct Limits {
    model: Model,
}

/// A document that keeps to the limits.
#[derive(Debug)]
pub struct Admitted {
    /// The document, parsed.
    pub document: ExecutableDocument,
    /// The upstream rows that its operation may need.
    pub cost: u64,
}

impl Limits {
    /// The limits of the schema with this SDL. `weights` maps `Type.field` to what the field
    /// costs in upstream rows for each of its parents: by default 1 for an object or a small
    /// list, 0 for anything else. An edge that needs a call of its own for each parent weighs
    /// what such a call is worth.
    ///
    /// # Errors
    /// When the SDL cannot be read or a weight names a field it has not.
    pub fn new(sdl: &str, weights: &[(&str, u64)]) -> Result<Self> {
        let model = Model::new(sdl, weights)?;
        Ok(Self { model })
    }

    /// Parses a query and checks every limit. What is still to be said of the document, such as
    /// a field that does not exist, is left to validation.
    ///
    /// # Errors
    /// The refusal, with `extensions.code`, the `limit`, and the `cost` when that was too high.
    pub fn admit(
        &self,
        query: &str,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Admitted, ServerError> {
        Ok(self.check(query, operation_name, variables)?)
    }

    fn check(
        &self,
        query: &str,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Admitted, Refusal> {
        text::check(query)?;
        let document = parser::parse_query(query)?;
        shape::check_document(&document)?;
        let mut cost = 0;
        if let Some(operation) = selected(&document, operation_name) {
            shape::check_operation(&document, operation)?;
            cost = cost::check(&self.model, &document, operation, variables)?;
        }
        Ok(Admitted { document, cost })
    }
}

/// A query that can be read.
pub(super) fn parsed(query: &str) -> Option<ExecutableDocument> {
    text::check(query).ok()?;
    parser::parse_query(query).ok()
}

/// What the named operation of a query is, when the query can be read and has it.
#[must_use]
pub fn operation_type(query: &str, operation_name: Option<&str>) -> Option<OperationType> {
    let document = parsed(query)?;
    selected(&document, operation_name).map(|operation| operation.ty)
}

/// The operation the executor will choose; it says so itself when there is none.
pub(super) fn selected<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Single(_), Some(_)) => return None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name)?,
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()?
        }
        (DocumentOperations::Multiple(_), None) => return None,
    };
    Some(&operation.node)
}
