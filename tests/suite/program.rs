//! The program itself, started as its users start it, with a cloud that nobody answers for.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// The cloud's password, which nothing may show.
pub(crate) const PASSWORD: &str = "not-to-be-shown";
/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// A port of this machine on which nothing listens.
const CLOUDS: &str = "
clouds:
  nowhere:
    auth:
      auth_url: http://127.0.0.1:9/v3
      username: admin
      password: not-to-be-shown
      project_name: admin
      user_domain_id: default
      project_domain_id: default
    region_name: RegionOne
";

/// The program in a folder with the clouds.yaml, and with no variables but these.
pub(crate) fn command(folder: &TempDir, flags: &[&str], variables: &[(&str, &str)]) -> Command {
    std::fs::write(folder.path().join("clouds.yaml"), CLOUDS).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-openstack-ops"));
    command
        .args(flags)
        .env_clear()
        .env("HOME", folder.path())
        .env("OS_CLOUD", "nowhere")
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What the program says when it is started with nobody to talk to.
pub(crate) async fn run(flags: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    let mut command = command(&folder, flags, variables);
    command.stdin(Stdio::null());
    timeout(PATIENCE, command.output()).await.unwrap().unwrap()
}

/// The program over stdio, with a client that has shaken hands.
pub(crate) struct OverStdio {
    _folder: TempDir,
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    asked: u64,
}

impl OverStdio {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let variables = [("MCP_LOG_LEVEL", "DEBUG")];
        let mut child = command(&folder, &[], &variables).spawn().unwrap();
        let mut program = Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            asked: 0,
            _folder: folder,
        };
        let client = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        });
        program.ask("initialize", client).await;
        program
            .write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        program
    }

    /// The result that a request gets. Whatever else stands on stdout is a failure.
    pub(crate) async fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let request = json!({
            "jsonrpc": "2.0", "id": self.asked, "method": method, "params": parameters,
        });
        self.write(&request).await;
        let line = timeout(PATIENCE, self.stdout.next_line()).await.unwrap();
        let line = line.unwrap().unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["jsonrpc"], "2.0", "{line}");
        assert_eq!(answer["id"], self.asked, "{line}");
        assert!(answer["result"].is_object(), "{line}");
        answer["result"].take()
    }

    async fn write(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.stdin.write_all(line.as_bytes()).await.unwrap();
    }

    /// Closes stdin, and answers with what the program left on stdout, its log, and how it ended.
    pub(crate) async fn leave(mut self) -> (String, Output) {
        drop(self.stdin);
        let mut rest = String::new();
        timeout(PATIENCE, self.stdout.get_mut().read_to_string(&mut rest))
            .await
            .unwrap()
            .unwrap();
        let output = timeout(PATIENCE, self.child.wait_with_output()).await;
        (rest, output.unwrap().unwrap())
    }
}

/// The program over HTTP.
pub(crate) struct OverHttp {
    _folder: TempDir,
    _child: Child,
    base: String,
    client: reqwest::Client,
}

impl OverHttp {
    pub(crate) async fn start(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let flags = [&["--type", "streamable-http", "--port", "0"], flags].concat();
        let mut command = command(&folder, &flags, variables);
        let mut child = command.env("MCP_LOG_FORMAT", "json").spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let base = timeout(PATIENCE, async {
            loop {
                let line = log.next_line().await.unwrap();
                let line = line.expect("the program ended before it served");
                let line: Value = serde_json::from_str(&line).unwrap();
                if let Some(address) = line["fields"]["address"].as_str() {
                    return format!("http://{address}");
                }
            }
        })
        .await
        .unwrap();
        // Nobody may be kept waiting for the log to be read.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        Self {
            _folder: folder,
            _child: child,
            base,
            client: client.build().unwrap(),
        }
    }

    /// Where one of its doors is.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        self.send(self.client.get(format!("{}{path}", self.base)), token)
            .await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> (u16, String) {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("Accept", "application/json, text/event-stream")
            .json(body);
        self.send(request, token).await
    }

    async fn send(
        &self,
        mut request: reqwest::RequestBuilder,
        token: Option<&str>,
    ) -> (u16, String) {
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}
