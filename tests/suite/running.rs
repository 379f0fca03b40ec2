//! The program, as its users start it, over a simulated cloud that the test holds: what it did can be
//! looked up there.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openstack_simulator::{Options, Simulator};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// More than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A simulated cloud on a port of its own.
pub(crate) struct Cloud {
    pub(crate) simulator: Simulator,
    url: String,
    stop: CancellationToken,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Cloud {
    pub(crate) async fn start(servers: usize) -> Self {
        let simulator = Simulator::new(Options {
            servers,
            ..Options::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let serving = (simulator.clone(), stop.clone());
        tokio::spawn(async move { serving.0.serve(listener, serving.1).await });
        Self {
            simulator,
            url,
            stop,
        }
    }

    /// The clouds.yaml with its entries.
    pub(crate) fn yaml(&self) -> String {
        self.simulator.clouds_yaml(&self.url)
    }

    /// The same with the admin's entry alone.
    pub(crate) fn admin_yaml(&self) -> String {
        let yaml = self.yaml();
        let end = yaml.find("  simulated-").expect("another entry");
        yaml[..end].to_owned()
    }
}

/// The program over HTTP, until it is dropped.
pub(crate) struct Running {
    pub(crate) folder: TempDir,
    pub(crate) child: Child,
    pub(crate) base: String,
    pub(crate) client: reqwest::Client,
    log: Arc<Mutex<Vec<Value>>>,
}

/// A folder with a clouds.yaml.
pub(crate) fn folder(yaml: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(&folder, "clouds.yaml", yaml);
    folder
}

pub(crate) fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

fn command(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-openstack-ops"));
    command
        .args(["--type", "streamable-http"])
        .env_clear()
        .env("HOME", folder)
        .env("OS_CLOUD", "simulated")
        .env("FASTMCP_PORT", "0")
        .env("MCP_LOG_FORMAT", "json")
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Running {
    /// Over the clouds of a folder's clouds.yaml.
    pub(crate) async fn start(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        Self::start_with(folder, &[], variables).await
    }

    pub(crate) async fn start_with(
        folder: TempDir,
        flags: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = command(folder.path(), variables);
        let mut child = command.args(flags).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                // Every line is an object.
                let line = serde_json::from_str(&line).unwrap_or_else(|_| json!({"bad": line}));
                kept.lock().unwrap().push(line);
            }
        });
        let mut running = Self {
            folder,
            child,
            base: String::new(),
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            log,
        };
        let line = running.logged(|line| line["fields"]["address"].is_string());
        let line = line.await;
        running.base = format!("http://{}", line["fields"]["address"].as_str().unwrap());
        running
    }

    /// The first line of the log that is the one looked for, or will be.
    pub(crate) async fn logged(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                let found = self.log().into_iter().find(&is_it);
                if let Some(line) = found {
                    return line;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let found = timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("not in the log: {:#?}", self.log()))
    }

    /// Waits for so many lines with some words.
    pub(crate) async fn logged_times(&self, words: &str, times: usize) {
        let looking = async {
            loop {
                let log = self.log();
                let lines = log.iter().filter(|line| line.to_string().contains(words));
                if lines.count() >= times {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let found = timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("not in the log: {:#?}", self.log()));
    }

    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.unwrap().success());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends").unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base));
        request
            .header("Accept", "application/json, text/event-stream")
            .json(body)
    }

    pub(crate) fn graphql(&self, query: &str) -> RequestBuilder {
        self.post("/graphql", &json!({ "query": query }))
    }

    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> RequestBuilder {
        let parameters = json!({"name": tool, "arguments": arguments});
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters});
        self.post("/mcp", &call)
    }
}

/// The status of an answer and its body.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}
