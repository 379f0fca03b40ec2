//! `/graphql`, by the GraphQL-over-HTTP specification.
//!
//! No batches, no persisted queries, no multipart: one operation for each request.

use std::collections::BTreeMap;

use async_graphql::parser::types::OperationType;
use async_graphql::{
    Request as GraphqlRequest, Response as GraphqlResponse, ServerError, Variables,
};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::negotiation::{self, MediaType};
use super::problem::Problem;
use crate::audit::Door;
use crate::auth::Caller;
use crate::graph::{Asker, Graph, limits};
use crate::policy::{Decision, Rule};

/// Answers a query in the URL. Mutations are not taken: a link must not change anything.
pub(super) async fn get(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let execution = async {
        let request = request_of_url(query.as_deref().unwrap_or_default())?;
        match limits::operation_type(&request.query, request.operation_name.as_deref()) {
            Some(OperationType::Mutation) => {
                let decision = Decision::of_link();
                graph.refuse(&asker(caller), &request, decision, decision.reason());
                Err(Refusal::NotOverGet)
            }
            Some(OperationType::Subscription) => Err(Refusal::NotOverGet),
            // What cannot be read is refused with the reason when it is executed.
            Some(OperationType::Query) | None => Ok(graph.execute(asker(caller), request).await),
        }
    };
    answer(&headers, execution).await
}

/// Answers an operation in a JSON body.
pub(super) async fn post(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let execution = async {
        if !negotiation::is_json(&headers) {
            return Err(Refusal::NotJson);
        }
        Ok(graph.execute(asker(caller), request_of_body(&body)?).await)
    };
    answer(&headers, execution).await
}

pub(super) fn asker(caller: Caller) -> Asker {
    Asker::new(caller, Door::Graphql)
}

/// Awaits the execution when its answer can be given in a type the request takes.
async fn answer(
    headers: &HeaderMap,
    execution: impl Future<Output = Result<GraphqlResponse, Refusal>>,
) -> Response {
    let Some(media_type) = negotiation::wanted(headers) else {
        return Refusal::NotAcceptable.into_response(MediaType::Json);
    };
    match execution.await {
        Ok(response) => {
            let needs_scope = needs_scope(&response);
            let mut answer = encode(&response, media_type);
            if needs_scope {
                *answer.status_mut() = StatusCode::FORBIDDEN;
                let challenge = HeaderValue::from_static(WRITE_CHALLENGE);
                answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            answer
        }
        Err(refusal) => refusal.into_response(media_type),
    }
}

/// What a caller is told whose token may not change anything.
const WRITE_CHALLENGE: &str = "Bearer realm=\"mcp-openstack-ops\", error=\"insufficient_scope\", \
    scope=\"openstack:write\"";

/// Whether nothing was done since the caller's token does not carry the scope for it.
fn needs_scope(response: &GraphqlResponse) -> bool {
    let mut extensions = response.errors.iter();
    let rule = extensions.find_map(|error| error.extensions.as_ref()?.get("rule"));
    rule == Some(&async_graphql::Value::from(Rule::Scope.name()))
}

/// A request that is not one.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "The request takes neither application/graphql-response+json nor application/json; \
         change its Accept header"
    )]
    NotAcceptable,
    #[error("The body must be JSON in UTF-8, with `Content-Type: application/json`")]
    NotJson,
    #[error("Only queries are taken over GET; send this operation by POST")]
    NotOverGet,
    #[error("The body is not readable as JSON: {0}")]
    Unreadable(String),
    #[error("Batches are not taken; send one request for each operation")]
    Batch,
    #[error("The parameter `{0}` was given twice")]
    Repeated(&'static str),
    #[error("The parameter `query` is missing; persisted queries are not supported")]
    NoQuery,
    #[error("The parameter `{name}` must be {expected}")]
    WrongType {
        name: &'static str,
        expected: &'static str,
    },
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotOverGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unreadable(_)
            | Self::Batch
            | Self::Repeated(_)
            | Self::NoQuery
            | Self::WrongType { .. } => StatusCode::BAD_REQUEST,
        }
    }

    fn into_response(self, media_type: MediaType) -> Response {
        let body = json!({
            "errors": [{
                "message": self.to_string(),
                "extensions": { "code": "BAD_REQUEST" },
            }],
        });
        let mut response = (self.status(), body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, media_type.header_value());
        if matches!(self, Self::NotOverGet) {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

fn request_of_body(body: &[u8]) -> Result<GraphqlRequest, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    match body {
        Value::Object(parameters) => request_of(parameters),
        Value::Array(_) => Err(Refusal::Batch),
        _ => Err(Refusal::WrongType {
            name: "query",
            expected: "in a JSON object",
        }),
    }
}

fn request_of_url(query: &str) -> Result<GraphqlRequest, Refusal> {
    let mut parameters = Map::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        let (name, value) = match &*name {
            "query" => ("query", Value::from(text)),
            // An empty one is what a form sends for none.
            "operationName" if text.is_empty() => ("operationName", Value::Null),
            "operationName" => ("operationName", Value::from(text)),
            "variables" => ("variables", json_parameter("variables", &text)?),
            "extensions" => ("extensions", json_parameter("extensions", &text)?),
            _ => continue,
        };
        if parameters.insert(name.to_owned(), value).is_some() {
            return Err(Refusal::Repeated(name));
        }
    }
    request_of(parameters)
}

fn json_parameter(name: &'static str, text: &str) -> Result<Value, Refusal> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|_| Refusal::WrongType {
        name,
        expected: "a JSON object",
    })
}

/// Checks the type of each parameter; null is the same as absent, and others are ignored.
pub(super) fn request_of(mut parameters: Map<String, Value>) -> Result<GraphqlRequest, Refusal> {
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    let query = match take("query") {
        Value::String(query) => query,
        Value::Null => return Err(Refusal::NoQuery),
        _ => return Err(wrong_type("query", "a string")),
    };
    let mut request = GraphqlRequest::new(query);
    match take("operationName") {
        Value::String(name) => request = request.operation_name(name),
        Value::Null => {}
        _ => return Err(wrong_type("operationName", "a string")),
    }
    match take("variables") {
        variables @ Value::Object(_) => request.variables = Variables::from_json(variables),
        Value::Null => {}
        _ => return Err(wrong_type("variables", "an object")),
    }
    // Nothing is done with extensions, but a wrong one is a wrong request.
    match take("extensions") {
        Value::Object(_) | Value::Null => Ok(request),
        _ => Err(wrong_type("extensions", "an object")),
    }
}

fn wrong_type(name: &'static str, expected: &'static str) -> Refusal {
    Refusal::WrongType { name, expected }
}

/// A GraphQL response as it goes out.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    /// Left out when nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a async_graphql::Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, async_graphql::Value>,
}

/// A response as it is written into a body or a message.
pub(super) fn written(response: &GraphqlResponse) -> impl Serialize {
    Answer {
        errors: &response.errors,
        data: was_executed(response).then_some(&response.data),
        extensions: &response.extensions,
    }
}

fn encode(response: &GraphqlResponse, media_type: MediaType) -> Response {
    let was_executed = was_executed(response);
    let body = match serde_json::to_vec(&written(response)) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a response could not be written as JSON; this is a bug");
            return Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "The response could not be written.",
            )
            .into_response();
        }
    };
    let status = match media_type {
        MediaType::GraphqlResponse if !was_executed => StatusCode::BAD_REQUEST,
        MediaType::GraphqlResponse | MediaType::Json => StatusCode::OK,
    };
    (status, [(CONTENT_TYPE, media_type.header_value())], body).into_response()
}

/// Whether the response is of an execution, however that went, and not of a document that was
/// refused before it: only errors of an execution have a path.
pub(super) fn was_executed(response: &GraphqlResponse) -> bool {
    response.errors.is_empty()
        || response.data != async_graphql::Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty())
}
