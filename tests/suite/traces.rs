//! Traces and logs by OTLP: a span for each request and each upstream call, sent to a collector.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use openstack_simulator::Service;
use openstack_simulator::fault::{Fault, Rule};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::program::PASSWORD;
use crate::running::{Cloud, PATIENCE, Running, answer, folder};

const SECRET: &str = "a-secret-of-more-than-32-bytes-or-so";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Whatever was sent to it.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let take = |kind: &'static str| {
            post(async move |State(collector): State<Self>, body: String| {
                collector.0.lock().unwrap().push((kind, body));
                axum::Json(json!({}))
            })
        };
        let router = Router::new()
            .route("/v1/traces", take("traces"))
            .route("/v1/logs", take("logs"))
            .with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (collector, url)
    }

    fn bodies(&self, kind: &str) -> Vec<String> {
        let sent = self.0.lock().unwrap();
        let of_kind = sent.iter().filter(|(each, _)| *each == kind);
        of_kind.map(|(_, body)| body.clone()).collect()
    }

    fn spans(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        for body in self.bodies("traces") {
            let body: Value = serde_json::from_str(&body).unwrap();
            for resource in body["resourceSpans"].as_array().unwrap() {
                for scope in resource["scopeSpans"].as_array().unwrap() {
                    spans.extend(scope["spans"].as_array().unwrap().clone());
                }
            }
        }
        spans
    }
}

fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a Value> {
    let attributes = span["attributes"].as_array()?;
    let found = attributes
        .iter()
        .find(|attribute| attribute["key"] == key)?;
    found["value"].as_object()?.values().next()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_and_its_upstream_calls_are_one_trace() {
    let (collector, url) = Collector::start().await;
    let cloud = Cloud::start(5).await;
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
    ];
    let mut program = Running::start(folder(&cloud.admin_yaml()), &variables).await;
    let context = format!("00-{TRACE}-{PARENT}-01");
    let query = "{ servers(first: 3) { nodes { name image { name } } } }";
    let ask = |request: reqwest::RequestBuilder| {
        answer(request.bearer_auth(SECRET).header("traceparent", &context))
    };
    let (status, _) = ask(program.graphql(query)).await;
    assert_eq!(status, StatusCode::OK);
    let (_, body) = ask(program.call("get_volumes", &json!({"limit": 3}))).await;
    assert_eq!(body["result"]["isError"], false, "{body}");
    cloud
        .simulator
        .faults()
        .set(vec![Rule::all_of(Service::Network, Fault::InternalError)]);
    ask(program.graphql("{ networks(first: 3) { nodes { name } } }")).await;
    let log = cloud.simulator.log().entries();
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(0));
    let began = Instant::now();
    while collector.bodies("logs").is_empty() && began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(50)).await;
    }

    let spans = collector.spans();
    let requests: Vec<_> = spans
        .iter()
        .filter(|span| span["parentSpanId"] == PARENT)
        .collect();
    let mut names: Vec<_> = requests
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["POST /graphql", "POST /graphql", "POST /mcp"]);
    for span in &requests {
        assert_eq!(span["traceId"], TRACE);
        assert_eq!(
            attribute(span, "http.response.status_code").map(ToString::to_string),
            Some("\"200\"".to_owned())
        );
    }
    // Every call has its span in the trace, with OpenStack's id for it, and told OpenStack of it.
    for entry in &log {
        let parent = entry.traceparent.as_deref().unwrap_or_default();
        let found = spans.iter().find(|span| {
            let id = span["spanId"].as_str().unwrap();
            parent == format!("00-{TRACE}-{id}-01")
        });
        let Some(span) = found else {
            panic!("no span of {entry:#?}: {spans:#?}");
        };
        assert_eq!(span["traceId"], TRACE);
        match attribute(span, "openstack.request_id") {
            // Glance takes the id that it was given for its own.
            Some(id) => assert!(
                id == entry.request_id.as_str()
                    || id.as_str() == entry.global_request_id.as_deref(),
                "{entry:#?}: {span:#}"
            ),
            // Documents about versions have none.
            None => assert_eq!(span["name"], "GET /", "{entry:#?}: {span:#}"),
        }
        assert!(
            requests
                .iter()
                .any(|request| request["spanId"] == span["parentSpanId"]),
            "{span:#}"
        );
    }
    let failed = spans
        .iter()
        .find(|span| attribute(span, "error.type").is_some());
    let failed = failed.unwrap_or_else(|| panic!("{spans:#?}"));
    assert_eq!(attribute(failed, "peer.service").unwrap(), "network");
    assert_eq!(failed["status"]["code"], 2);
    let sent = [collector.bodies("traces"), collector.bodies("logs")]
        .concat()
        .join("\n");
    assert!(sent.contains("serving /mcp"), "{sent}");
    for secret in [SECRET, PASSWORD, "X-Auth-Token", "x-auth-token", "gAAAA"] {
        assert!(!sent.contains(secret), "{secret}");
    }
}
