//! A cloud that fails: every tool says so, names the service, and makes nothing up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Request, header};
use http_body_util::BodyExt;
use mcp_openstack_ops::http::{HttpOptions, router};
use mcp_openstack_ops::mcp::{McpServer, Tools, http_service};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::broken_cloud::{self, Fault};
use crate::support::graph_at;

const LONGEST: Duration = Duration::from_secs(20);

fn doors(auth_url: &str) -> Router {
    let graph = graph_at(auth_url);
    let tools = Tools::load(graph.sdl(), None).unwrap();
    let server = McpServer::new(tools, Arc::new(graph.clone()));
    let service = http_service(server, Vec::new(), CancellationToken::new());
    let options = HttpOptions {
        host: "127.0.0.1".to_owned(),
        port: 0,
        secret: None,
        allowed_hosts: Vec::new(),
        allowed_origins: Vec::new(),
    };
    router(&options, graph, service).unwrap()
}

async fn post(doors: &Router, path: &str, body: Value) -> Value {
    let request = Request::post(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = doors.clone().oneshot(request).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

async fn call(doors: &Router, tool: &str, arguments: Value) -> Value {
    let parameters = json!({"name": tool, "arguments": arguments});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters});
    post(doors, "/mcp", message).await["result"].take()
}

/// Each tool with the arguments it cannot do without.
fn arguments(tool: &str) -> Value {
    match tool {
        "search_instances" => json!({"search_term": "web"}),
        "get_instance_by_name" | "get_server_events" => json!({"instance_name": "web"}),
        "get_instances_by_status" => json!({"status": "active"}),
        _ => json!({}),
    }
}

/// Rows and counts anywhere in an answer.
fn made_up(answer: &Value, path: &str, found: &mut Vec<String>) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = format!("{path}.{name}");
                let is_rows =
                    name == "nodes" && value.as_array().is_some_and(|rows| !rows.is_empty());
                if is_rows || (name == "totalCount" && !value.is_null()) {
                    found.push(path.clone());
                }
                made_up(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| made_up(item, path, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_under_every_fault_says_so_and_makes_nothing_up() {
    for fault in Fault::ALL {
        let doors = doors(&broken_cloud::start(fault).await);
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let listed = post(&doors, "/mcp", list).await;
        let tools = listed["result"]["tools"].as_array().unwrap();
        assert_eq!(tools.len(), 23, "{listed}");
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap());
        let calls = names.map(|name| {
            let doors = doors.clone();
            async move {
                let began = Instant::now();
                let result = call(&doors, name, arguments(name)).await;
                assert!(
                    began.elapsed() < LONGEST,
                    "{name} under {fault:?} took {:?}",
                    began.elapsed()
                );
                check(name, fault, &result);
            }
        });
        futures_util::future::join_all(calls).await;
    }
}

fn check(name: &str, fault: Fault, result: &Value) {
    let told = result.to_string();
    assert!(
        !told.contains("secret-token"),
        "{name} under {fault:?} tells the token"
    );
    let mut found = Vec::new();
    made_up(&result["structuredContent"], "", &mut found);
    // What the credential may not see is empty for it, and says whose list it is.
    if fault != Fault::Forbidden {
        assert!(
            found.is_empty(),
            "{name} under {fault:?} makes up {found:?}: {told}"
        );
    }
    let errors = result["structuredContent"]["errors"]
        .as_array()
        .map_or(0, Vec::len);
    let is_error = result["isError"] == true;
    // Health has an answer to everything: that nothing could be seen.
    if name == "get_cluster_status" && !is_error {
        let confidence = result["structuredContent"]["health"]["confidence"]
            .as_i64()
            .unwrap();
        assert!(
            confidence < 60,
            "{name} under {fault:?} is sure of itself: {told}"
        );
        return;
    }
    if fault != Fault::Forbidden {
        assert!(
            is_error || errors > 0,
            "{name} under {fault:?} says nothing: {told}"
        );
        let names_a_service = [
            "compute",
            "network",
            "block-storage",
            "image",
            "orchestration",
            "identity",
            "placement",
        ]
        .iter()
        .any(|service| told.contains(service));
        assert!(
            names_a_service,
            "{name} under {fault:?} names no service: {told}"
        );
    }
}

#[tokio::test]
async fn a_graphql_answer_names_service_operation_and_code() {
    let doors = doors(&broken_cloud::start(Fault::InternalError).await);
    let query = "{ servers { nodes { id } } networks { nodes { id } } cloud { name } }";
    let answer = post(&doors, "/graphql", json!({"query": query})).await;
    assert_eq!(answer["data"]["servers"], Value::Null);
    assert_eq!(answer["data"]["cloud"]["name"], "test");
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{answer}");
    let servers = errors
        .iter()
        .find(|error| error["path"][0] == "servers")
        .unwrap();
    assert_eq!(servers["extensions"]["code"], "UPSTREAM_ERROR");
    assert_eq!(servers["extensions"]["service"], "compute");
    assert_eq!(servers["extensions"]["operation"], "GET /servers/detail");
    assert_eq!(servers["extensions"]["status"], 500);
    assert!(
        servers["message"]
            .as_str()
            .unwrap()
            .contains("database is gone"),
        "{servers}"
    );
}

#[tokio::test]
async fn orphans_that_could_not_be_looked_for_are_not_none() {
    let doors = doors(&broken_cloud::start(Fault::InternalError).await);
    let query = "{ orphans { floatingIps { totalCount } ports { totalCount } volumes { totalCount }
        unattachedVolumes { totalCount } volumeSnapshots { totalCount }
        ofUnknownProjects { id } unseen { what } } }";
    let answer = post(&doors, "/graphql", json!({"query": query})).await;
    let orphans = answer["data"]["orphans"].as_object().unwrap();
    for (name, value) in orphans.iter().filter(|(name, _)| *name != "unseen") {
        assert!(value.is_null(), "{name}: {value}");
    }
    assert_eq!(orphans["unseen"].as_array().unwrap().len(), 6, "{answer}");
}
