//! Turns the one error into GraphQL's, and folds equal ones.

use std::collections::HashMap;

use async_graphql::{ErrorExtensionValues, PathSegment, ServerError, Value};

use crate::{Error, Result};

/// A nullable field that may fail: null beside the rest, and an error with its path.
///
/// `Result<Option<T>>` would null the parent as well.
pub type Answered<T> = Option<async_graphql::Result<T>>;

/// A resolver's outcome as the schema's nullable field.
pub fn answered<T>(result: Result<Option<T>>) -> Answered<T> {
    match result {
        Ok(value) => value.map(Ok),
        Err(error) => Some(Err(graphql(&error))),
    }
}

/// The same for what always has a value when it does not fail.
pub fn certain<T>(result: Result<T>) -> Answered<T> {
    Some(result.map_err(|error| graphql(&error)))
}

/// The error with what a client may act on in its extensions.
pub fn graphql(error: &Error) -> async_graphql::Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", error.code());
    if let Some(service) = error.service() {
        extensions.set("service", service.service_type());
    }
    if let Some(operation) = error.operation() {
        extensions.set("operation", operation);
    }
    if let Some(status) = error.status() {
        extensions.set("status", i32::from(status));
    }
    if let Some(request_id) = error.request_id() {
        extensions.set("requestId", request_id);
    }
    extensions.set("retryable", error.retryable());
    let mut graphql = async_graphql::Error::new(error.to_string());
    graphql.extensions = Some(extensions);
    graphql
}

/// The error of no field in particular.
pub(super) fn pathless(error: &Error) -> ServerError {
    graphql(error).into_server_error(async_graphql::Pos::default())
}

/// How many paths a folded error names.
const PATHS: usize = 10;

/// Makes one error of equal ones (service, code, operation), with the first path, a count, and
/// up to ten paths: fifty rows that miss the same service are one problem.
pub(super) fn fold(errors: Vec<ServerError>) -> Vec<ServerError> {
    let mut folded: Vec<(ServerError, Vec<Vec<PathSegment>>, usize)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for error in errors {
        let key = sameness(&error);
        let place = key.as_ref().and_then(|key| places.get(key)).copied();
        if let Some((_, paths, count)) = place.and_then(|place| folded.get_mut(place)) {
            *count += 1;
            if paths.len() < PATHS {
                paths.push(error.path);
            }
            continue;
        }
        if let Some(key) = key {
            places.insert(key, folded.len());
        }
        let path = error.path.clone();
        folded.push((error, vec![path], 1));
    }
    folded
        .into_iter()
        .map(|(error, paths, count)| counted(error, paths, count))
        .collect()
}

fn sameness(error: &ServerError) -> Option<String> {
    let extensions = error.extensions.as_ref()?;
    let text = |name| match extensions.get(name) {
        Some(Value::String(text)) => text.as_str(),
        _ => "",
    };
    let service = text("service");
    if service.is_empty() {
        return None;
    }
    Some(format!("{service} {} {}", text("code"), text("operation")))
}

fn counted(mut error: ServerError, paths: Vec<Vec<PathSegment>>, count: usize) -> ServerError {
    if count > 1
        && let Some(extensions) = &mut error.extensions
    {
        extensions.set("count", Value::from(count));
        let paths = paths
            .into_iter()
            .map(|path| Value::List(path.into_iter().map(segment).collect()));
        extensions.set("paths", Value::List(paths.collect()));
    }
    error
}

fn segment(segment: PathSegment) -> Value {
    match segment {
        PathSegment::Field(name) => Value::String(name),
        PathSegment::Index(index) => Value::from(index),
    }
}
