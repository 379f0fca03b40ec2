//! Traces: one span for each request, one for each upstream call, joined to the caller's by the W3C
//! context that came with it, which goes on to OpenStack.
//!
//! Only a build with the feature `otlp` makes any, and only when `OTEL_EXPORTER_OTLP_ENDPOINT` says
//! where to; otherwise all of this is nothing. A span has the door, the operation and the request ids,
//! and nothing that a caller sent.

#[cfg(feature = "otlp")]
mod otlp;

use http::{HeaderMap, Method};
use tracing::Span;
use tracing_subscriber::{Layer, Registry};

#[cfg(feature = "otlp")]
pub use self::otlp::{Exporters, is_wanted, layers};

/// What writes down spans and lines of the log.
pub type Layers = Vec<Box<dyn Layer<Registry> + Send + Sync>>;

/// The target of these spans: the log leaves them out.
pub const TARGET: &str = "mcp_openstack_ops::span";

/// The span of a request to a door, which goes on from the one that the headers name.
#[must_use]
pub fn request(headers: &HeaderMap, method: &Method, door: &'static str) -> Span {
    #[cfg(feature = "otlp")]
    return otlp::request(headers, method, door);
    #[cfg(not(feature = "otlp"))]
    {
        let _ = (headers, method, door);
        Span::none()
    }
}

/// Notes how a request was answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of a call of a service, within the span of an operation. `operation` is made only when
/// there is one.
#[must_use]
pub fn upstream(within: &Span, service: &'static str, operation: impl FnOnce() -> String) -> Span {
    #[cfg(feature = "otlp")]
    return otlp::upstream(within, service, operation);
    #[cfg(not(feature = "otlp"))]
    {
        let _ = (within, service, operation);
        Span::none()
    }
}

/// Notes how a call ended: the status, where there was one, OpenStack's id, and what went wrong.
pub fn ended(span: &Span, status: Option<u16>, request_id: Option<&str>, error: Option<&str>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status);
    }
    if let Some(request_id) = request_id {
        span.record("openstack.request_id", request_id);
    }
    if let Some(error) = error {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", error);
    }
}

/// Has a request carry the context of its span.
pub fn inject(span: &Span, headers: &mut HeaderMap) {
    #[cfg(feature = "otlp")]
    otlp::inject(span, headers);
    #[cfg(not(feature = "otlp"))]
    let _ = (span, headers);
}
