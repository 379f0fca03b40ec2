//! A server in front of a cloud, and the truth about that cloud.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::person::{Person, Who};

/// How long the server may take to answer `/healthz`, and one request at the longest.
const START: Duration = Duration::from_secs(20);
const REQUEST: Duration = Duration::from_secs(60);
const REVISION: &str = "2026-07-28";

/// The zone of the first server that is in one.
pub(crate) fn some_zone(live: &Live) -> String {
    let zones = live.rows("servers").iter();
    let mut zones = zones.filter_map(|server| server["OS-EXT-AZ:availability_zone"].as_str());
    zones
        .find(|zone| !zone.is_empty())
        .expect("a server in a zone")
        .to_owned()
}

/// A name that several of these servers have, and one that only one of them has, with a host.
pub(crate) fn shared_and_own_names(servers: &[Value]) -> (Option<&str>, &str) {
    let names = || servers.iter().filter_map(|server| server["name"].as_str());
    let count = |name: &str| names().filter(|other| *other == name).count();
    let shared = names().find(|name| count(name) > 1);
    let runs = |server: &&Value| server["status"] == "ACTIVE";
    let mut running = servers
        .iter()
        .filter(runs)
        .filter_map(|server| server["name"].as_str());
    let own = running.find(|name| count(name) == 1);
    (shared, own.expect("a server with a name of its own"))
}

/// One person's view: the truth, and a server that is asked for it. Both are had when first needed.
pub(crate) struct Live {
    person: Person,
    /// The service that the server is led astray to a closed port for.
    dead: Option<&'static str>,
    /// Further settings of the server.
    settings: Vec<(&'static str, &'static str)>,
    runtime: Runtime,
    client: reqwest::Client,
    truth: OnceLock<Value>,
    /// One that did not start is not tried again by each scenario.
    server: OnceLock<Result<Server, String>>,
}

struct Server {
    url: String,
    process: Mutex<Child>,
}

impl Live {
    pub(crate) fn new(person: Person) -> Self {
        Self {
            person,
            dead: None,
            settings: Vec::new(),
            runtime: Runtime::new().expect("a runtime"),
            client: reqwest::Client::builder()
                .timeout(REQUEST)
                .build()
                .expect("a client"),
            truth: OnceLock::new(),
            server: OnceLock::new(),
        }
    }

    /// The same person's view through a server for which one service does not answer.
    pub(crate) fn without(&self, service: &'static str) -> Self {
        Self {
            dead: Some(service),
            ..Self::new(self.person.clone())
        }
    }

    /// The same with further settings of the server.
    pub(crate) fn set(mut self, settings: &[(&'static str, &'static str)]) -> Self {
        self.settings.extend(settings);
        self
    }

    pub(crate) fn who(&self) -> Who {
        self.person.who
    }

    /// The JSON that a Python script of the project prints as this person.
    pub(crate) fn script(&self, path: &str) -> Value {
        self.person.script(path, &[])
    }

    pub(crate) fn name(&self) -> String {
        self.person.name()
    }

    /// What openstacksdk says of a noun; null when this credential is refused it.
    pub(crate) fn truth(&self, noun: &str) -> &Value {
        let truth = self
            .truth
            .get_or_init(|| self.script("tests/live/oracle.py"));
        truth
            .get(noun)
            .unwrap_or_else(|| panic!("oracle.py says nothing of {noun}"))
    }

    /// The rows of a noun; none when this credential is refused it.
    pub(crate) fn rows(&self, noun: &str) -> &[Value] {
        self.truth(noun).as_array().map_or(&[], Vec::as_slice)
    }

    /// The whole answer to a GraphQL request, errors and bill included.
    pub(crate) fn graphql(&self, query: &str, variables: &Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        self.post("/graphql", &[], &body)
    }

    /// The whole result of a tool call.
    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> Value {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": {"name": "live", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": meta},
        });
        let headers = [
            ("mcp-protocol-version", REVISION),
            ("mcp-method", "tools/call"),
            ("mcp-name", tool),
        ];
        let mut answer = self.post("/mcp", &headers, &body);
        assert!(
            answer.get("error").is_none(),
            "{tool} {arguments}: {answer:#}"
        );
        answer["result"].take()
    }

    /// The structured content of a tool call that must succeed whole.
    pub(crate) fn tool(&self, tool: &str, arguments: &Value) -> Value {
        let mut result = self.call(tool, arguments);
        assert_ne!(
            result["isError"],
            json!(true),
            "{tool} {arguments}: {result:#}"
        );
        let errors = &result["structuredContent"]["errors"];
        let none = errors.as_array().is_none_or(Vec::is_empty);
        assert!(none, "{tool} {arguments}: {errors:#}");
        result["structuredContent"].take()
    }

    /// Ends the server, when one was started.
    pub(crate) fn stop(&self) {
        if let Some(Ok(server)) = self.server.get() {
            end(&mut server.process.lock().expect("the process"));
        }
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
        let mut request = self
            .client
            .post(self.url() + path)
            .header("accept", "application/json, text/event-stream")
            .json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = self.runtime.block_on(async {
            let response = request.send().await.expect("an answer");
            response.text().await.expect("a whole answer")
        });
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path} answered: {text}"))
    }

    fn url(&self) -> String {
        match self.server.get_or_init(|| self.start()) {
            Ok(server) => server.url.clone(),
            Err(reason) => panic!("{reason}"),
        }
    }

    /// Starts the binary under test with its data caches off, and waits until it answers.
    fn start(&self) -> Result<Server, String> {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let name = match self.dead {
            None => self.name(),
            Some(service) => format!("{}-without-{service}", self.name()),
        };
        let name = name.replace("::", "-");
        let log = folder.join(format!("live-{name}.log"));
        let mut command = self.person.command(env!("CARGO_BIN_EXE_mcp-openstack-ops"));
        if let Some(service) = self.dead {
            let clouds = folder.join(format!("live-{name}.yaml"));
            self.person.write_clouds_without(service, &clouds);
            command.env("OS_CLIENT_CONFIG_FILE", clouds);
        }
        let mut process = command
            .args(["--type", "streamable-http", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .env("CACHE_TTL", "0")
            .env("CACHE_REFERENCE_TTL", "0")
            .envs(self.settings.iter().copied())
            // A .env in the working directory would count.
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log file"))
            .spawn()
            .expect("the server starts");
        let url = format!("http://127.0.0.1:{port}");
        if let Err(reason) = self.wait(&mut process, &url) {
            end(&mut process);
            return Err(format!("{reason}; see {}", log.display()));
        }
        let process = Mutex::new(process);
        Ok(Server { url, process })
    }

    fn wait(&self, process: &mut Child, url: &str) -> Result<(), String> {
        let began = Instant::now();
        let health = format!("{url}/healthz");
        while began.elapsed() < START {
            let answer = self
                .runtime
                .block_on(async { self.client.get(&health).send().await });
            if answer.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            if let Ok(Some(status)) = process.try_wait() {
                return Err(format!("the server ended with {status}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("no answer from {health} in {START:?}"))
    }
}

/// Ends a process; one that has ended by itself is gone either way.
fn end(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// The number of upstream calls that an answer was billed.
pub(crate) fn upstream_calls(response: &Value) -> u64 {
    response["extensions"]["upstream"]["calls"]
        .as_u64()
        .unwrap_or_else(|| panic!("no bill in {:#}", response["extensions"]))
}

/// The number of upstream calls in a tool result's bill, wherever `_meta` has it.
pub(crate) fn tool_calls(result: &Value) -> u64 {
    let meta = result["_meta"].as_object().expect("a bill in _meta");
    let bill = meta.values().find(|value| value["calls"].is_u64());
    let bill = bill.unwrap_or_else(|| panic!("no bill in {meta:?}"));
    bill["calls"].as_u64().expect("a number")
}
