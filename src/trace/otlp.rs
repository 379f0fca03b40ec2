//! Spans and logs as OpenTelemetry has them, sent by OTLP over HTTP where the usual variables say
//! (`OTEL_EXPORTER_OTLP_ENDPOINT`, `_PROTOCOL`, `_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`).

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::{Layer, Registry};

use super::{Layers, TARGET};
use crate::{Error, Result};

/// What sends; the rest is sent when it is dropped.
#[derive(Debug)]
pub struct Exporters {
    traces: SdkTracerProvider,
    logs: SdkLoggerProvider,
}

impl Drop for Exporters {
    fn drop(&mut self) {
        // Nobody is left to be told that the last of it was lost.
        let _ = self.traces.shutdown();
        let _ = self.logs.shutdown();
    }
}

/// Whether the environment says where traces go.
#[must_use]
pub fn is_wanted() -> bool {
    let names = [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ];
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    names.iter().any(is_set)
}

/// The layers that send spans and, as far as `filter` lets them, lines of the log. Called before
/// there is a runtime: what sends has a thread of its own.
///
/// # Errors
/// When the variables cannot be used.
pub fn layers(filter: EnvFilter) -> Result<(Layers, Exporters)> {
    let refuse = |error: &dyn std::fmt::Display| {
        Error::Configuration(format!(
            "OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {error}"
        ))
    };
    let resource = || {
        let resource = Resource::builder();
        let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name(env!("CARGO_PKG_NAME")),
        };
        let version = opentelemetry::KeyValue::new("service.version", crate::VERSION);
        resource.with_attribute(version).build()
    };
    let spans = SpanExporter::builder().with_http().build();
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(spans.map_err(|error| refuse(&error))?)
        .with_resource(resource())
        .build();
    let lines = LogExporter::builder().with_http().build();
    let logs = SdkLoggerProvider::builder()
        .with_batch_exporter(lines.map_err(|error| refuse(&error))?)
        .with_resource(resource())
        .build();
    let layers = vec![
        of_spans(traces.tracer(env!("CARGO_PKG_NAME"))),
        OpenTelemetryTracingBridge::new(&logs)
            .with_filter(filter)
            .boxed(),
    ];
    Ok((layers, Exporters { traces, logs }))
}

fn of_spans(tracer: SdkTracer) -> Box<dyn Layer<Registry> + Send + Sync> {
    let only = Targets::new().with_target(TARGET, LevelFilter::INFO);
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_filter(only)
        .boxed()
}

pub(super) fn request(headers: &HeaderMap, method: &Method, door: &'static str) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {door}"),
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.request.method = %method,
        http.route = door,
        http.response.status_code = field::Empty,
    );
    if !span.is_disabled() {
        let context = TraceContextPropagator::new().extract(&Headers(headers));
        // Refused when the span has begun already, which it has not.
        let _ = span.set_parent(context);
    }
    span
}

pub(super) fn upstream(
    within: &Span,
    service: &'static str,
    operation: impl FnOnce() -> String,
) -> Span {
    // What nobody asked for, such as a renewal, is a trace of its own.
    if !tracing::enabled!(target: TARGET, tracing::Level::INFO) {
        return Span::none();
    }
    tracing::info_span!(
        target: TARGET,
        parent: within,
        "upstream",
        otel.name = operation(),
        otel.kind = "client",
        otel.status_code = field::Empty,
        peer.service = service,
        http.response.status_code = field::Empty,
        openstack.request_id = field::Empty,
        error.type = field::Empty,
    )
}

pub(super) fn inject(span: &Span, headers: &mut HeaderMap) {
    if !span.is_disabled() {
        let mut headers = HeadersMut(headers);
        TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}
