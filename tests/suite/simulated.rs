//! A simulated cloud of any size and every door over it, in this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use mcp_openstack_ops::audit::Audit;
use mcp_openstack_ops::cloud::{Answers, CacheLimits, Connection};
use mcp_openstack_ops::config::{CloudEntry, Environment, RemoteAuth, Variables, clouds_in};
use mcp_openstack_ops::graph::scope::Clouds;
use mcp_openstack_ops::graph::{Graph, GraphOptions};
use mcp_openstack_ops::http::{HttpOptions, router, serve};
use mcp_openstack_ops::mcp::{McpServer, Tools, http_service};
use mcp_openstack_ops::policy::{Confirm, Mode};
use openstack_simulator::log::Entry;
use openstack_simulator::{Options, Simulator};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The entry of an admin.
pub(crate) const ADMIN: &str = "simulated";
/// The entry of a member of one project.
pub(crate) const MEMBER: &str = "simulated-member";
/// The entry of a reader of the same one.
pub(crate) const READER: &str = "simulated-reader";

/// How long an operation may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks at what somebody watches.
pub(crate) const WATCH_PAUSE: Duration = Duration::from_millis(100);

/// No answer takes that long: it is not going to come.
const HANGS: Duration = Duration::from_secs(180);

/// A simulated cloud, and this server over it. Nothing outlives an operation but the token and
/// what discovery found, unless caches are asked for.
pub(crate) struct Simulated {
    pub(crate) simulator: Simulator,
    pub(crate) tools: Vec<String>,
    doors: Router,
    stop: CancellationToken,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What is tried, where it differs from the usual.
pub(crate) struct Trial {
    pub(crate) options: Options,
    /// Who asks when no cloud is named.
    pub(crate) cloud: &'static str,
    pub(crate) deadline: Duration,
    /// How long lists are kept.
    pub(crate) cache: Duration,
    /// Whether anything may be changed.
    pub(crate) mode: Mode,
    /// Where changes are written down.
    pub(crate) audit: Option<PathBuf>,
    /// Which tokens are taken.
    pub(crate) auth: RemoteAuth,
    /// What to make of the entries first.
    pub(crate) entries: fn(&mut Vec<CloudEntry>),
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            options: Options::default(),
            cloud: ADMIN,
            deadline: PATIENCE,
            cache: Duration::ZERO,
            mode: Mode::ReadOnly,
            audit: None,
            auth: RemoteAuth::Off,
            entries: |_| {},
        }
    }
}

impl Simulated {
    /// As an admin.
    pub(crate) async fn of(servers: usize) -> Self {
        Self::as_who(ADMIN, servers).await
    }

    pub(crate) async fn as_who(cloud: &'static str, servers: usize) -> Self {
        let options = Options {
            servers,
            ..Options::default()
        };
        Self::start(Trial {
            options,
            cloud,
            ..Trial::default()
        })
        .await
    }

    pub(crate) async fn start(trial: Trial) -> Self {
        let simulator = Simulator::new(trial.options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let serving = (simulator.clone(), stop.clone());
        tokio::spawn(async move { serving.0.serve(listener, serving.1).await });
        let environment = Environment {
            variables: Variables::default(),
            directory: PathBuf::from("/"),
            home: None,
            system_directory: PathBuf::from("/"),
        };
        let text = simulator.clouds_yaml(&url);
        let mut entries = clouds_in(&text, trial.cloud, &environment).unwrap();
        (trial.entries)(&mut entries);
        let answers = Arc::new(Answers::new(CacheLimits {
            rows: trial.cache,
            reference: trial.cache,
            bytes: 64 * 1024 * 1024,
        }));
        let connect = |entry| Arc::new(Connection::new(entry, Arc::clone(&answers)).unwrap());
        let clouds = Clouds::new(entries.into_iter().map(connect).collect());
        let graph_options = GraphOptions {
            request_timeout: trial.deadline,
            watch_pause: WATCH_PAUSE,
            mode: trial.mode,
            audit: Arc::new(Audit::new(trial.audit.as_deref()).unwrap()),
            image_source_dir: None,
        };
        let graph = Graph::new(clouds, graph_options).unwrap();
        let tools = Tools::load(graph.sdl(), None).unwrap();
        let names = tools.listed().into_iter().map(|tool| tool.name.to_string());
        let names = names.collect();
        let server = McpServer::new(tools, Arc::new(graph.clone()), Confirm::WhenPossible);
        let service = http_service(server, Vec::new(), stop.clone());
        let options = HttpOptions {
            host: "127.0.0.1".to_owned(),
            port: 0,
            auth: trial.auth,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
        };
        let doors = router(&options, graph, service).unwrap();
        Self {
            simulator,
            tools: names,
            doors,
            stop,
        }
    }

    /// Serves the doors over TCP, and says where. It stops with `stop`.
    pub(crate) async fn listen(&self, stop: CancellationToken) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, self.doors.clone(), stop));
        address
    }

    /// The whole answer to a query.
    pub(crate) async fn graphql(&self, query: &str) -> Value {
        self.post("/graphql", json!({"query": query})).await
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, query: &str) -> Value {
        let mut answer = self.graphql(query).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }

    /// The whole result of a tool call.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let parameters = json!({"name": tool, "arguments": arguments});
        let message =
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters});
        let mut answer = self.post("/mcp", message).await;
        assert!(answer.get("error").is_none(), "{tool}: {answer:#}");
        answer["result"].take()
    }

    /// What the cloud was asked while something was done, but for tokens.
    pub(crate) async fn asked_during<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Entry>) {
        let before = self.simulator.log().count();
        let done = work.await;
        let entries = self.simulator.log().after(before, usize::MAX);
        let questions = entries
            .into_iter()
            .filter(|entry| !entry.path.ends_with("/auth/tokens"));
        (done, questions.collect())
    }

    /// What a door answers, within the time that anything here takes.
    pub(crate) async fn knock(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        // In a task, as a connection would be.
        let answer = tokio::spawn(self.doors.clone().oneshot(request));
        let answered = tokio::time::timeout(HANGS, answer).await;
        let answered = answered.unwrap_or_else(|_| panic!("{path} hangs"));
        answered.unwrap().unwrap()
    }

    /// The status and the text of an answer to a `GET`.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, "application/json")
            .body(Body::empty())
            .unwrap();
        let response = self.knock(request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .body(Body::from(body.to_string()))
            .unwrap();
        json_of(self.knock(request).await).await
    }
}

/// The body of an answer.
pub(crate) async fn json_of(response: Response<Body>) -> Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)))
}

/// Each tool with the arguments it cannot do without.
pub(crate) fn arguments(tool: &str) -> Value {
    match tool {
        "search_instances" => json!({"search_term": "e"}),
        "get_instance_by_name" | "get_server_events" => json!({"instance_name": "srv with spaces"}),
        "get_instances_by_status" => json!({"status": "active"}),
        _ => json!({}),
    }
}

/// Every id in an answer, and every count by its path.
pub(crate) fn facts(answer: &Value) -> (Vec<String>, BTreeMap<String, Value>) {
    let mut ids = Vec::new();
    let mut counts = BTreeMap::new();
    collect(answer, "", &mut ids, &mut counts);
    (ids, counts)
}

fn collect(value: &Value, path: &str, ids: &mut Vec<String>, counts: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = format!("{path}.{name}");
                match value {
                    Value::String(text) if name == "id" => ids.push(text.clone()),
                    Value::Number(_) if name == "totalCount" || name == "count" => {
                        counts.insert(path.clone(), value.clone());
                    }
                    _ => {}
                }
                collect(value, &path, ids, counts);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                collect(item, &format!("{path}.{place}"), ids, counts);
            }
        }
        _ => {}
    }
}
