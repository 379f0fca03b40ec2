//! A server that may change a cloud, and eyes of our own on that cloud.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Live;
use crate::person::{Person, python};

/// How long something may take to be so.
const PATIENCE: Duration = Duration::from_secs(90);

/// What lets the server change something.
const SETTINGS: [(&str, &str); 2] = [
    ("ALLOW_MODIFY_OPERATIONS", "true"),
    ("CONFIRM_DESTRUCTIVE", "never"),
];

pub(crate) struct World {
    live: Live,
    person: Person,
    sdk: Mutex<Option<Sdk>>,
    made: AtomicUsize,
}

/// A process that asks the cloud by itself.
struct Sdk {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Something that is removed when a scenario is over, however it ends.
pub(crate) struct Made<'a> {
    world: &'a World,
    service: &'static str,
    pub(crate) path: String,
}

impl World {
    pub(crate) fn new(person: Person) -> Self {
        Self {
            live: Live::new(person.clone()).set(&SETTINGS),
            person,
            sdk: Mutex::default(),
            made: AtomicUsize::new(0),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.live.name()
    }

    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// The id of the project that the person is in.
    pub(crate) fn project(&self) -> String {
        text(&self.look("session", ""), "/project")
    }

    /// Whether it is more than a simulation.
    pub(crate) fn is_real(&self) -> bool {
        self.person.kind == "real"
    }

    /// The program as this person, to be started in another way.
    pub(crate) fn program(&self) -> Command {
        let mut command = self.person.command(env!("CARGO_BIN_EXE_mcp-openstack-ops"));
        command.envs(SETTINGS);
        command
    }

    pub(crate) fn stop(&self) {
        self.live.stop();
        if let Some(mut sdk) = self.sdk.lock().expect("the process").take() {
            drop(sdk.input);
            let _ = sdk.process.wait();
        }
    }

    /// A name that nothing else has.
    pub(crate) fn new_name(&self, kind: &str) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        format!("writes-{kind}-{}-{number}", std::process::id())
    }

    /// What a modifying tool did; it must not have failed.
    pub(crate) fn tool(&self, tool: &str, arguments: &Value) -> Value {
        let mut content = self.live.tool(tool, arguments);
        content["result"].take()
    }

    /// What a tool says that must have failed.
    pub(crate) fn refused(&self, tool: &str, arguments: &Value) -> String {
        let result = self.live.call(tool, arguments);
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result:#}");
        result["content"][0]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The payload of a mutation.
    pub(crate) fn outcome(&self, mutation: &str, selection: &str) -> Value {
        let query = format!(
            "mutation {{ result: {mutation} {{ {selection} userErrors {{ code message field }} }} }}"
        );
        let mut answer = self.live.graphql(&query, &json!({}));
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"]["result"].take()
    }

    /// The payload of a mutation that must have been done.
    pub(crate) fn mutate(&self, mutation: &str, selection: &str) -> Value {
        let payload = self.outcome(mutation, selection);
        assert_eq!(payload["userErrors"], json!([]), "{mutation}: {payload:#}");
        payload
    }

    /// The code of what a mutation must have been refused for.
    pub(crate) fn refusal(&self, mutation: &str) -> (String, String) {
        let payload = self.outcome(mutation, "");
        let error = &payload["userErrors"][0];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        assert!(!text("code").is_empty(), "{mutation}: {payload:#}");
        (text("code"), text("message"))
    }

    /// What a dry run of a mutation says; it changes nothing.
    pub(crate) fn dry_run(&self, mutation: &str) -> Value {
        let selection = "dryRun { would affects { kind id name effect } }";
        let mut payload = self.mutate(mutation, selection);
        assert!(payload["dryRun"]["would"].is_string(), "{payload:#}");
        payload["dryRun"].take()
    }

    /// The answer of a query.
    pub(crate) fn query(&self, query: &str) -> Value {
        let mut answer = self.live.graphql(query, &json!({}));
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }

    /// What the cloud itself says of a path.
    pub(crate) fn look(&self, service: &str, path: &str) -> Value {
        let (status, body) = self.ask(service, "GET", path);
        assert_eq!(status, 200, "{service} {path}: {body}");
        body
    }

    /// Waits until the cloud itself says that something is so.
    pub(crate) fn see(
        &self,
        service: &str,
        path: &str,
        what: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let began = Instant::now();
        loop {
            let body = self.look(service, path);
            if is_so(&body) {
                return body;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{service} {path}: not {what}: {body:#}"
            );
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Waits until the cloud itself knows nothing of a path.
    pub(crate) fn gone(&self, service: &str, path: &str) {
        self.gone_or(service, path, |_| false);
    }

    /// The same, or until it says that it is as good as gone.
    pub(crate) fn gone_or(&self, service: &str, path: &str, is_gone: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        loop {
            let (status, body) = self.ask(service, "GET", path);
            if status == 404 || is_gone(&body) {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{service} {path} is there: {body:#}"
            );
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Remembers to remove something.
    pub(crate) fn made(&self, service: &'static str, path: String) -> Made<'_> {
        Made {
            world: self,
            service,
            path,
        }
    }

    fn ask(&self, service: &str, method: &str, path: &str) -> (u64, Value) {
        self.send(service, method, path, &Value::Null)
    }

    /// Sends something to the cloud itself; the status and the body of its answer.
    pub(crate) fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u64, Value) {
        let mut sdk = self.sdk.lock().expect("the process");
        let sdk = sdk.get_or_insert_with(|| Sdk::start(&self.person));
        let asked = json!({"service": service, "method": method, "path": path, "body": body});
        writeln!(sdk.input, "{asked}").expect("a question");
        let mut line = String::new();
        sdk.output.read_line(&mut line).expect("an answer");
        let mut answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{service} {path}: the process says {line:?}"));
        let status = answer["status"].as_u64().expect("a status");
        (status, answer["body"].take())
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        // A failed scenario must not hang on it.
        if !std::thread::panicking() || self.world.sdk.lock().is_ok() {
            self.world.ask(self.service, "DELETE", &self.path);
        }
    }
}

impl Sdk {
    fn start(person: &Person) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/writes/sdk.py");
        let mut process = person
            .command(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let input = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        Self {
            process,
            input,
            output,
        }
    }
}

/// The text at a place.
pub(crate) fn text(value: &Value, place: &str) -> String {
    let found = value.pointer(place).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {place} in {value:#}"))
        .to_owned()
}
