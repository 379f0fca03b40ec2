//! A server in front of the real cloud, and the truth about that cloud.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// How long the server may take to answer `/healthz`, and one request at the longest.
const START: Duration = Duration::from_secs(20);
const REQUEST: Duration = Duration::from_secs(60);
const REVISION: &str = "2026-07-28";

/// As whom the cloud is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The credential of `OS_CLOUD`, an admin.
    Admin,
    /// A member of one project.
    Member,
    /// A reader of one project.
    Reader,
}

impl Who {
    /// Everyone that the environment has a credential for.
    pub(crate) fn all() -> Vec<Self> {
        if set("OS_CLOUD").is_none() {
            return Vec::new();
        }
        if set("LIVE_CLOUDS").is_none() {
            return vec![Self::Admin];
        }
        vec![Self::Admin, Self::Member, Self::Reader]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Reader => "reader",
        }
    }

    /// The clouds.yaml entry, and the file it is in where that is not the usual one.
    fn cloud(self) -> (String, Option<String>) {
        match self {
            Self::Admin => (
                set("OS_CLOUD").expect("OS_CLOUD"),
                set("OS_CLIENT_CONFIG_FILE"),
            ),
            Self::Member | Self::Reader => (format!("live-{}", self.name()), set("LIVE_CLOUDS")),
        }
    }

    /// Writes a clouds.yaml with this person's entry, in which a service is at a closed port.
    fn write_clouds_without(self, service: &str, path: &Path) {
        let (cloud, file) = self.cloud();
        let file = file.expect("OS_CLIENT_CONFIG_FILE names the clouds.yaml");
        let text = std::fs::read_to_string(&file).expect("clouds.yaml");
        let mut clouds: Value = serde_saphyr::from_str(&text).expect("YAML");
        let entry = &mut clouds["clouds"][&cloud];
        let key = format!("{}_endpoint_override", service.replace('-', "_"));
        entry[key] = json!("http://127.0.0.1:9");
        let alone = json!({"clouds": {cloud: entry.take()}});
        // JSON is YAML.
        std::fs::write(path, alone.to_string()).expect("a clouds.yaml of our own");
    }

    /// A command that sees this credential and no other.
    fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OS_") {
                command.env_remove(name);
            }
        }
        let (cloud, file) = self.cloud();
        command.env("OS_CLOUD", cloud);
        if let Some(file) = file {
            command.env("OS_CLIENT_CONFIG_FILE", file);
        }
        command
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// One person's view: the truth, and a server that is asked for it. Both are had when first needed.
pub(crate) struct Live {
    who: Who,
    /// The service that the server is led astray to a closed port for.
    dead: Option<&'static str>,
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
    pub(crate) fn new(who: Who) -> Self {
        Self {
            who,
            dead: None,
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
            ..Self::new(self.who)
        }
    }

    pub(crate) fn who(&self) -> Who {
        self.who
    }

    /// What openstacksdk says of a noun; null when this credential is refused it.
    pub(crate) fn truth(&self, noun: &str) -> &Value {
        let truth = self.truth.get_or_init(|| oracle(self.who));
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
            None => self.who.name().to_owned(),
            Some(service) => format!("{}-without-{service}", self.who.name()),
        };
        let log = folder.join(format!("live-{name}.log"));
        let mut command = self.who.command(env!("CARGO_BIN_EXE_mcp-openstack-ops"));
        if let Some(service) = self.dead {
            let clouds = folder.join(format!("live-{name}.yaml"));
            self.who.write_clouds_without(service, &clouds);
            command.env("OS_CLIENT_CONFIG_FILE", clouds);
        }
        let mut process = command
            .args(["--type", "streamable-http", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .env("CACHE_TTL", "0")
            .env("CACHE_REFERENCE_TTL", "0")
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

/// Runs `oracle.py` as this person.
fn oracle(who: Who) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/oracle.py");
    let python = set("LIVE_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let output = who
        .command(python)
        .arg(script)
        .output()
        .expect("Python starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "oracle.py failed:\n{complaint}");
    serde_json::from_slice(&output.stdout).expect("JSON from oracle.py")
}
