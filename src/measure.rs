//! What is counted and timed, for `/metrics`: the names of all series, and nothing else knows them.
//!
//! A label's values are bounded: doors, kinds of operations, tools that there are, services, cloud
//! entries, plans. Nothing that a caller sent is one. Before [`Metrics::install`] everything here
//! does nothing, and afterwards it is an atomic number.

mod openmetrics;
mod upstream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

pub use self::openmetrics::open_metrics;
pub use self::upstream::{Kept, Login, Meters, Pending, Sent, ServiceMeters};
use crate::audit::Door;
use crate::policy::{Decision, Rule};
use crate::{Error, Result};

/// The upper ends of the buckets of what takes time, in seconds.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// The upper ends of the buckets of how many keys are in a batch.
const KEYS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0,
];

const OPERATIONS: &str = "openstack_ops_operations_total";
const OPERATION_SECONDS: &str = "openstack_ops_operation_duration_seconds";
const HTTP_REQUESTS: &str = "openstack_ops_http_requests_total";
const HTTP_SECONDS: &str = "openstack_ops_http_request_duration_seconds";
const DENIED: &str = "openstack_ops_denied_total";
const UNAUTHENTICATED: &str = "openstack_ops_unauthenticated_total";
const SHED: &str = "openstack_ops_shed_total";
const SOCKETS: &str = "openstack_ops_sockets";
const SHARED: &str = "openstack_ops_shared_store_total";
const BATCH_KEYS: &str = "openstack_ops_batch_keys";
const BUILD: &str = "openstack_ops_build_info";

/// Every series with its meaning.
const COUNTERS: &[(&str, &str)] = &[
    (
        OPERATIONS,
        "GraphQL operations by door, kind, tool and outcome; refused ones were not executed",
    ),
    (HTTP_REQUESTS, "HTTP requests by door, method and status"),
    (DENIED, "Operations that the policy refused, by rule"),
    (
        UNAUTHENTICATED,
        "Requests and sockets that were not let in, by reason",
    ),
    (
        SHED,
        "Requests that were told to come back, by what there was too much of",
    ),
    (
        SHARED,
        "What the store of CACHE_URL had: hit, miss, or failed when it did not answer in time",
    ),
    (
        upstream::REQUESTS,
        "Requests sent to OpenStack, repeated ones included, by outcome",
    ),
    (
        upstream::CACHE,
        "Answers of a service by where they came from: hit, stale (asked again meanwhile), miss",
    ),
    (upstream::LOGINS, "Tokens asked of Keystone, by reason"),
];
const HISTOGRAMS: &[(&str, &str)] = &[
    (OPERATION_SECONDS, "Time that a GraphQL operation took"),
    (
        HTTP_SECONDS,
        "Time until the answer to an HTTP request began",
    ),
    (
        upstream::SECONDS,
        "Time that a request to OpenStack took, without the wait for its turn",
    ),
    (
        upstream::QUEUE,
        "Time that a request to OpenStack waited for its turn",
    ),
    (
        BATCH_KEYS,
        "How many keys were asked for at once, by what was asked",
    ),
];
const GAUGES: &[(&str, &str)] = &[
    (SOCKETS, "WebSockets that are open"),
    (BUILD, "The version that runs"),
];

/// What was counted, to be read. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    process: Collector,
}

impl Metrics {
    /// Begins to count, for the whole process.
    ///
    /// # Errors
    /// When something else counts already.
    pub fn install() -> Result<Self> {
        let failed =
            |error: &dyn std::fmt::Display| Error::Internal(format!("nothing counts: {error}"));
        let handle = PrometheusBuilder::new()
            .set_buckets(SECONDS)
            .and_then(|it| it.set_buckets_for_metric(Matcher::Full(BATCH_KEYS.to_owned()), KEYS))
            .map_err(|error| failed(&error))?
            .install_recorder()
            .map_err(|error| failed(&error))?;
        for (name, meaning) in COUNTERS {
            metrics::describe_counter!(*name, *meaning);
        }
        for (name, meaning) in HISTOGRAMS {
            metrics::describe_histogram!(*name, *meaning);
        }
        for (name, meaning) in GAUGES {
            metrics::describe_gauge!(*name, *meaning);
        }
        gauge!(BUILD, "version" => crate::VERSION).set(1.0);
        gauge!(SOCKETS).set(0.0);
        let process = Collector::default();
        process.describe();
        Ok(Self { handle, process })
    }

    /// Everything that was counted so far, as Prometheus text.
    #[must_use]
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.render()
    }

    /// Puts single observations into their buckets. Somebody has to from time to time, or they
    /// would pile up where nobody reads them.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Metrics")
    }
}

/// What kind of operation was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only reads.
    Query,
    /// It changes something.
    Mutation,
    /// It is told again and again.
    Subscription,
    /// It could not be told from the document.
    Unknown,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
            Self::Unknown => "unknown",
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With everything that was asked for.
    Ok,
    /// With some of it.
    Partial,
    /// With nothing of it.
    Failed,
    /// It was not executed: not allowed, not valid, too costly.
    Refused,
    /// Nobody waited for its end.
    Cancelled,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

const fn door_name(door: Door) -> &'static str {
    match door {
        Door::Stdio => "stdio",
        Door::Mcp => "mcp",
        Door::Graphql => "graphql",
    }
}

/// An operation that is under way; it counts as cancelled when it is dropped.
#[derive(Debug)]
pub struct Timer {
    door: Door,
    kind: Kind,
    tool: Option<Arc<str>>,
    began: Instant,
    outcome: Outcome,
}

impl Timer {
    /// From now on; `tool` is one that there is.
    #[must_use]
    pub fn start(door: Door, kind: Kind, tool: Option<Arc<str>>) -> Self {
        Self {
            door,
            kind,
            tool,
            began: Instant::now(),
            outcome: Outcome::Cancelled,
        }
    }

    /// It has ended like this.
    pub fn finish(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let (door, kind) = (door_name(self.door), self.kind.name());
        let tool = tool_label(self.tool.as_ref());
        let outcome = self.outcome.name();
        counter!(OPERATIONS, "door" => door, "operation" => kind, "tool" => tool.clone(), "outcome" => outcome)
            .increment(1);
        histogram!(OPERATION_SECONDS, "door" => door, "operation" => kind, "tool" => tool)
            .record(self.began.elapsed());
    }
}

fn tool_label(tool: Option<&Arc<str>>) -> metrics::SharedString {
    match tool {
        Some(tool) => Arc::clone(tool).into(),
        None => "".into(),
    }
}

/// A call of a tool that got no further: not a tool, or not with these arguments. `tool` is one
/// that there is.
pub fn tool_refused(door: Door, tool: Option<&str>) {
    let tool = tool.map_or_else(|| "other".to_owned(), str::to_owned);
    counter!(OPERATIONS, "door" => door_name(door), "operation" => "none", "tool" => tool, "outcome" => Outcome::Refused.name())
        .increment(1);
}

/// The policy decided about an operation.
pub fn decided(door: Door, decision: Decision) {
    if decision.rule != Rule::Allowed {
        counter!(DENIED, "door" => door_name(door), "rule" => decision.rule.name()).increment(1);
    }
}

/// An HTTP request was answered at one of the doors that there are.
pub fn answered(door: &'static str, method: &http::Method, status: u16, took: Duration) {
    let method = match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "DELETE" => "DELETE",
        _ => "other",
    };
    counter!(HTTP_REQUESTS, "door" => door, "method" => method, "status" => status.to_string())
        .increment(1);
    histogram!(HTTP_SECONDS, "door" => door).record(took);
}

/// Somebody was not let in.
pub fn unauthenticated(reason: &'static str) {
    counter!(UNAUTHENTICATED, "reason" => reason).increment(1);
}

/// The store that replicas share was asked.
pub fn shared(outcome: &'static str) {
    counter!(SHARED, "outcome" => outcome).increment(1);
}

/// What there was too much of for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Requests that are worked on.
    Requests,
    /// Connections.
    Connections,
    /// Large operations.
    LargeOperations,
    /// Requests of one caller in a time.
    Rate,
}

/// A request was told to come back.
pub fn shed(excess: Excess) {
    let reason = match excess {
        Excess::Requests => "requests",
        Excess::Connections => "connections",
        Excess::LargeOperations => "large_operations",
        Excess::Rate => "rate",
    };
    counter!(SHED, "reason" => reason).increment(1);
}

/// A socket that is open until it is dropped.
#[derive(Debug)]
pub struct OpenSocket(());

impl OpenSocket {
    /// One more.
    #[must_use]
    pub fn new() -> Self {
        gauge!(SOCKETS).increment(1.0);
        Self(())
    }
}

impl Default for OpenSocket {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        gauge!(SOCKETS).decrement(1.0);
    }
}

/// A batch of so many keys was asked for; `plan` is the name of a type.
pub fn batch(plan: &'static str, keys: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a bucket needs no 64 bits")]
    histogram!(BATCH_KEYS, "plan" => short(plan)).record(keys as f64);
}

/// The name of a type without the modules it is in: `ById<Image>`.
fn short(name: &str) -> String {
    let mut told = String::new();
    let mut word = String::new();
    for character in name.chars() {
        match character {
            ':' => word.clear(),
            '<' | '>' | ',' | ' ' | '(' | ')' | '&' => {
                told.push_str(&word);
                word.clear();
                told.push(character);
            }
            other => word.push(other),
        }
    }
    told + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_named_without_its_modules() {
        let name = "ops::graph::noun::ById<ops::cloud::image::Image, alloc::string::String>";
        assert_eq!(short(name), "ById<Image, String>");
        assert_eq!(short("a::b::C"), "C");
    }
}
