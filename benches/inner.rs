//! The inner parts, each on its own: `cargo bench --bench inner`.
//!
//! Decoding is that of a page as Nova sends it, beside what a reader costs that looks at it and
//! keeps nothing. The rest goes through the doors with everything in the caches, so that no
//! upstream call is in it: what executing costs, what joins add to it, what a tool adds to that.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a benchmark that fails"
)]

// It starts a cloud and the server over it, and is more than what is needed here.
#[allow(dead_code, reason = "the suite needs the rest of it")]
#[path = "../tests/suite/simulated.rs"]
mod simulated;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use http::{Request, header};
use http_body_util::BodyExt;
use mcp_openstack_ops::cloud::compute::Server;
use openstack_simulator::{Options, Simulator};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::simulated::{Simulated, Trial};

/// Servers in the cloud.
const SIZES: [usize; 2] = [60, 500];

const FLAT: &str = "{ servers(all: true) { nodes { id name status } } }";
const JOINED: &str = "{ servers(all: true) { nodes {
    id name status image { name } flavor { name } project { name }
    ports(first: 4) { nodes { id macAddress } } volumes(first: 4) { nodes { id name } }
} } }";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static CLOUDS: Mutex<Option<HashMap<usize, &'static Simulated>>> = Mutex::new(None);

fn main() {
    divan::main();
}

/// A cloud of so many servers, made once and for good.
fn cloud(servers: usize) -> &'static Simulated {
    let mut clouds = CLOUDS.lock().unwrap_or_else(PoisonError::into_inner);
    let clouds = clouds.get_or_insert_default();
    clouds.entry(servers).or_insert_with(|| {
        let trial = Trial {
            options: Options {
                servers,
                ..Options::default()
            },
            cache: Duration::from_secs(3600),
            ..Trial::default()
        };
        Box::leak(Box::new(RUNTIME.block_on(Simulated::start(trial))))
    })
}

async fn ask(cloud: &Simulated, path: &str, body: &Value) -> Bytes {
    let request = Request::post(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = cloud.knock(request).await;
    response.into_body().collect().await.unwrap().to_bytes()
}

fn warm(bencher: Bencher<'_, '_>, servers: usize, path: &str, body: &Value) {
    let cloud = cloud(servers);
    let answer = RUNTIME.block_on(ask(cloud, path, body));
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let failed = answer.get("errors").or(answer.get("error"));
    assert!(failed.is_none(), "{failed:#?}");
    let (_, asked) = RUNTIME.block_on(cloud.asked_during(ask(cloud, path, body)));
    assert!(asked.is_empty(), "{asked:#?}");
    bencher
        .counter(ItemsCount::new(servers))
        .bench(|| RUNTIME.block_on(ask(cloud, path, body)));
}

/// Every server with three plain fields.
#[divan::bench(args = SIZES)]
fn execute(bencher: Bencher<'_, '_>, servers: usize) {
    warm(bencher, servers, "/graphql", &json!({"query": FLAT}));
}

/// Every server with five edges.
#[divan::bench(args = SIZES)]
fn join(bencher: Bencher<'_, '_>, servers: usize) {
    warm(bencher, servers, "/graphql", &json!({"query": JOINED}));
}

/// A tool's document over fifty of them.
#[divan::bench(args = SIZES)]
fn document_call(bencher: Bencher<'_, '_>, servers: usize) {
    let parameters = json!({"name": "get_instance_details", "arguments": {"limit": 50}});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters});
    warm(bencher, servers, "/mcp", &call);
}

/// A page of servers, as it comes from Nova.
mod decode {
    use super::{
        Bencher, BytesCount, Deserialize, IgnoredAny, LazyLock, RUNTIME, Server, black_box, page,
    };

    #[derive(Deserialize)]
    struct Page<T> {
        servers: T,
    }

    static PAGE: LazyLock<Vec<u8>> = LazyLock::new(|| RUNTIME.block_on(page()));

    fn bench<T: for<'de> Deserialize<'de>>(bencher: Bencher<'_, '_>) {
        let bytes = PAGE.as_slice();
        bencher.counter(BytesCount::of_slice(bytes)).bench(|| {
            let page: Page<T> = serde_json::from_slice(black_box(bytes)).unwrap();
            page.servers
        });
    }

    /// As this server does.
    #[divan::bench]
    fn servers(bencher: Bencher<'_, '_>) {
        bench::<Vec<Server>>(bencher);
    }

    /// What cannot be saved.
    #[divan::bench]
    fn nothing(bencher: Bencher<'_, '_>) {
        bench::<IgnoredAny>(bencher);
    }
}

/// Five hundred servers, asked for as an admin.
async fn page() -> Vec<u8> {
    let simulator = Simulator::new(Options {
        servers: 500,
        ..Options::default()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = simulator.clone();
    tokio::spawn(async move { serving.serve(listener, CancellationToken::new()).await });
    let text = simulator.clouds_yaml(&url);
    let password = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("password: "));
    let user = json!({"name": "admin", "domain": {"id": "default"}, "password": password.unwrap()});
    let auth = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
    }});
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let login = client.post(format!("{url}/identity/v3/auth/tokens"));
    let login = login.json(&auth).send().await.unwrap();
    let token = login.headers()["x-subject-token"].clone();
    let page = client
        .get(format!(
            "{url}/compute/v2.1/servers/detail?all_tenants=1&limit=500"
        ))
        .header("x-auth-token", token)
        .header("openstack-api-version", "compute 2.100");
    page.send().await.unwrap().bytes().await.unwrap().to_vec()
}
