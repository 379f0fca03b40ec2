//! Who is asked before a tool destroys something: the program itself with clients of every revision
//! of the protocol, over stdio and over HTTP, in front of a simulated cloud. What was destroyed is
//! seen in the cloud's log, and how it was confirmed in the audit.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openstack_simulator::{Options, Service, Simulator};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientConfig, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationCapability, ProtocolVersion,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, RequestContext, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ErrorData, RoleClient};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::program::{OverHttp, command};
#[cfg(feature = "redis")]
use crate::replicas::Store;
use crate::simulated::MEMBER;

const SECRET: &str = "a-secret-of-more-than-32-bytes-or-so";

/// The revisions with a handshake.
const OLDER: [ProtocolVersion; 3] = [
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
];

/// A simulated cloud, and where the program finds it and writes its audit.
struct Cloud {
    simulator: Simulator,
    folder: TempDir,
    stop: CancellationToken,
    confirm: &'static str,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Cloud {
    async fn that_confirms(confirm: &'static str) -> Self {
        let simulator = Simulator::new(Options {
            servers: 10,
            ..Options::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let serving = (simulator.clone(), stop.clone());
        tokio::spawn(async move { serving.0.serve(listener, serving.1).await });
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("simulated.yaml");
        std::fs::write(file, simulator.clouds_yaml(&url)).unwrap();
        Self {
            simulator,
            folder,
            stop,
            confirm,
        }
    }

    fn audit(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let file = self.folder.path().join("simulated.yaml");
        vec![
            ("OS_CLOUD", MEMBER.to_owned()),
            ("OS_CLIENT_CONFIG_FILE", file.display().to_string()),
            ("ALLOW_MODIFY_OPERATIONS", "true".to_owned()),
            ("CONFIRM_DESTRUCTIVE", self.confirm.to_owned()),
            ("AUDIT_LOG", self.audit().display().to_string()),
        ]
    }

    async fn over_http(&self, more: &[(&'static str, &str)]) -> OverHttp {
        let variables = self.variables();
        let variables = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<_> = variables.chain(more.iter().copied()).collect();
        OverHttp::start(&[], &variables).await
    }

    /// How often something was deleted.
    fn deleted(&self) -> usize {
        let entries = self.simulator.log().entries().into_iter();
        let deletions =
            entries.filter(|entry| entry.service == Service::Compute && entry.method == "DELETE");
        deletions.count()
    }

    /// The outcomes of deletions in the audit: each with how it was confirmed.
    fn outcomes(&self) -> Vec<(String, Value)> {
        let text = std::fs::read_to_string(self.audit()).unwrap();
        let lines = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line
        });
        let outcomes = lines.filter(|line| {
            line["event"] == "outcome"
                && line["mutation"] == "keypairDelete"
                && line["dry_run"] != true
        });
        outcomes
            .map(|line| {
                let outcome = line["outcome"].as_str().unwrap().to_owned();
                (outcome, line["confirmation"].clone())
            })
            .collect()
    }
}

/// Somebody in front of a client.
#[derive(Clone)]
struct Person {
    revision: ProtocolVersion,
    can_be_asked: bool,
    says: (ElicitationAction, Value),
    asked: Arc<Mutex<Vec<String>>>,
}

type Client = RunningService<RoleClient, Person>;

impl Person {
    fn who_says(action: ElicitationAction, content: Value) -> Self {
        Self {
            revision: ProtocolVersion::V_2026_07_28,
            can_be_asked: true,
            says: (action, content),
            asked: Arc::default(),
        }
    }

    fn who_agrees() -> Self {
        Self::who_says(ElicitationAction::Accept, json!({"confirm": true}))
    }

    fn of(self, revision: ProtocolVersion) -> Self {
        Self { revision, ..self }
    }

    fn who_cannot_be_asked(self) -> Self {
        Self {
            can_be_asked: false,
            ..self
        }
    }

    fn lifecycle(&self) -> ClientLifecycleMode {
        if OLDER.contains(&self.revision) {
            ClientLifecycleMode::Initialize
        } else {
            ClientLifecycleMode::Discover {
                preferred_versions: vec![self.revision.clone()],
            }
        }
    }

    /// At a program of its own.
    async fn over_stdio(&self, cloud: &Cloud) -> Client {
        let variables = cloud.variables();
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let program = command(&cloud.folder, &[], &variables);
        let transport = TokioChildProcess::new(program).unwrap();
        let client = self
            .clone()
            .serve_with_lifecycle(transport, self.lifecycle());
        client.await.unwrap()
    }

    async fn over_http(&self, program: &OverHttp, token: Option<&str>) -> Client {
        let mut config = StreamableHttpClientTransportConfig::with_uri(program.url("/mcp"));
        if let Some(token) = token {
            config = config.auth_header(token);
        }
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = self
            .clone()
            .serve_with_lifecycle(transport, self.lifecycle());
        client.await.unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.protocol_version = self.revision.clone();
        config.capabilities.elicitation = self.can_be_asked.then(ElicitationCapability::default);
        config
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        if let ElicitRequestParams::FormElicitationParams { message, .. } = request {
            self.asked.lock().unwrap().push(message);
        }
        let (action, content) = self.says.clone();
        Ok(ElicitResult::new(action).with_content(content))
    }
}

fn act(action: &str, name: &str) -> CallToolRequestParams {
    let arguments = json!({"action": action, "keypair_name": name});
    CallToolRequestParams::new("manage_keypair")
        .with_arguments(arguments.as_object().unwrap().clone())
}

/// Makes a keypair, about which nobody is asked.
async fn make(client: &Client, name: &str) {
    let made = client.call_tool(act("create", name)).await.unwrap();
    assert_ne!(made.is_error, Some(true), "{made:?}");
}

async fn delete(client: &Client, name: &str) -> Value {
    let result = client.call_tool(act("delete", name)).await.unwrap();
    serde_json::to_value(result).unwrap()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_stdio_somebody_is_asked_and_decides() {
    let decisions = [
        (ElicitationAction::Accept, json!({"confirm": true}), true),
        (ElicitationAction::Accept, json!({"confirm": false}), false),
        (ElicitationAction::Decline, Value::Null, false),
        (ElicitationAction::Cancel, Value::Null, false),
    ];
    for revision in OLDER.into_iter().chain([ProtocolVersion::V_2026_07_28]) {
        for (action, content, agrees) in decisions.clone() {
            let cloud = Cloud::that_confirms("always").await;
            let person = Person::who_says(action.clone(), content).of(revision.clone());
            let client = person.over_stdio(&cloud).await;
            make(&client, "doomed").await;
            let result = delete(&client, "doomed").await;
            let context = format!("{revision:?} {action:?}: {result:#}");
            let asked = person.asked();
            assert_eq!(asked.len(), 1, "{context}");
            assert!(asked[0].contains("doomed"), "{asked:?}");
            assert_eq!(result["isError"], !agrees, "{context}");
            assert_eq!(cloud.deleted(), usize::from(agrees), "{context}");
            let expected = if agrees {
                ("done".to_owned(), json!("confirmed"))
            } else {
                ("refused".to_owned(), json!("declined"))
            };
            assert_eq!(cloud.outcomes(), [expected], "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_the_newest_revision_asks_and_the_others_cannot() {
    for revision in OLDER {
        for (confirm, is_done) in [("when-possible", true), ("always", false)] {
            let cloud = Cloud::that_confirms(confirm).await;
            let program = cloud.over_http(&[]).await;
            let person = Person::who_agrees().of(revision.clone());
            let client = person.over_http(&program, None).await;
            make(&client, "doomed").await;
            let result = delete(&client, "doomed").await;
            let context = format!("{revision:?} {confirm}: {result:#}");
            assert_eq!(result["isError"], !is_done, "{context}");
            assert!(person.asked().is_empty(), "{context}");
            assert_eq!(cloud.deleted(), usize::from(is_done), "{context}");
            let outcome = if is_done { "done" } else { "refused" };
            let expected = (outcome.to_owned(), json!("unconfirmed"));
            assert_eq!(cloud.outcomes(), [expected], "{context}");
            if !is_done {
                assert!(text(&result).contains("CONFIRM_DESTRUCTIVE"), "{context}");
            }
        }
    }
    let cloud = Cloud::that_confirms("always").await;
    let program = cloud.over_http(&[]).await;
    let person = Person::who_agrees();
    let client = person.over_http(&program, None).await;
    make(&client, "doomed").await;
    let result = delete(&client, "doomed").await;
    assert_eq!(result["isError"], false, "{result:#}");
    assert_eq!((person.asked().len(), cloud.deleted()), (1, 1));
    let expected = ("done".to_owned(), json!("confirmed"));
    assert_eq!(cloud.outcomes(), [expected]);
    // A client of the newest revision that cannot ask is as one of an older.
    let silent = Person::who_agrees().who_cannot_be_asked();
    let client = silent.over_http(&program, None).await;
    make(&client, "kept").await;
    let result = delete(&client, "kept").await;
    assert_eq!(result["isError"], true, "{result:#}");
    assert_eq!(cloud.deleted(), 1);
}

/// A token of somebody who may read and write.
fn token(subject: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = json!({
        "sub": subject, "exp": now.as_secs() + 300, "scope": "openstack:read openstack:write",
    });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}

/// The call with a yes to the question that it was answered with.
async fn agreed(client: &Client, call: &CallToolRequestParams) -> CallToolRequestParams {
    let response = client.call_tool_once(call.clone()).await.unwrap();
    let CallToolResponse::InputRequired(asked) = response else {
        panic!("{response:?}");
    };
    let yes = json!({"action": "accept", "content": {"confirm": true}});
    let keys = asked.input_requests.unwrap().into_keys();
    call.clone()
        .with_input_responses(keys.map(|key| (key, yes.clone())).collect())
        .with_request_state(asked.request_state.unwrap())
}

async fn refusal(client: &Client, call: CallToolRequestParams) -> String {
    let response = client.call_tool_once(call).await.unwrap();
    let CallToolResponse::Complete(result) = response else {
        panic!("{response:?}");
    };
    let result = serde_json::to_value(result).unwrap();
    assert_eq!(result["isError"], true, "{result}");
    text(&result).to_owned()
}

/// The state that a client carries is good once, for the caller, the tool and the arguments that
/// it was made for, and for as long as somebody may think (which the unit tests wait for).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_is_good_for_one_call_of_one_caller() {
    let cloud = Cloud::that_confirms("always").await;
    let auth = [
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
    ];
    let program = cloud.over_http(&auth).await;
    let person = Person::who_agrees();
    let alice = person.over_http(&program, Some(&token("alice"))).await;
    let bob = person.over_http(&program, Some(&token("bob"))).await;
    make(&alice, "one").await;
    make(&alice, "two").await;

    let right = agreed(&alice, &act("delete", "one")).await;
    let strange = "is not what this server sent";
    let stolen = refusal(&bob, right.clone()).await;
    assert!(stolen.contains(strange), "{stolen}");
    let mut other = right.clone();
    other.arguments = act("delete", "two").arguments;
    let said = refusal(&alice, other).await;
    assert!(said.contains(strange), "{said}");
    let mut altered = right.clone();
    altered.request_state = altered.request_state.map(|state| {
        let flipped = if state.ends_with('A') { 'B' } else { 'A' };
        let kept = &state[..state.len() / 2];
        format!("{kept}{flipped}{}", &state[state.len() / 2 + 1..])
    });
    if altered.request_state == right.request_state {
        altered.request_state = Some("AAAA".to_owned());
    }
    let said = refusal(&alice, altered).await;
    assert!(said.contains(strange), "{said}");
    assert_eq!(cloud.deleted(), 0);

    let done = alice.call_tool_once(right.clone()).await.unwrap();
    assert!(matches!(done, CallToolResponse::Complete(_)), "{done:?}");
    assert_eq!(cloud.deleted(), 1);
    make(&alice, "one").await;
    let replayed = refusal(&alice, right).await;
    assert!(replayed.contains("good for one call"), "{replayed}");
    assert_eq!(cloud.deleted(), 1);

    // Another process has another key.
    let elsewhere = cloud.over_http(&auth).await;
    let there = person.over_http(&elsewhere, Some(&token("alice"))).await;
    let fresh = agreed(&alice, &act("delete", "two")).await;
    let said = refusal(&there, fresh).await;
    assert!(said.contains(strange), "{said}");
    assert_eq!(cloud.deleted(), 1);

    let outcomes = cloud.outcomes();
    let count = |outcome: &str, how: &str| {
        let wanted = (outcome.to_owned(), json!(how));
        outcomes.iter().filter(|line| **line == wanted).count()
    };
    assert_eq!(count("done", "confirmed"), 1, "{outcomes:?}");
    assert_eq!(count("refused", "unconfirmed"), 5, "{outcomes:?}");
}

/// Where replicas share a store, each takes the reply to what another asked; once among them all.
#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_is_good_at_any_replica_and_once_among_all() {
    let Some(mut store) = Store::start().await else {
        return;
    };
    let url = store.url();
    let cloud = Cloud::that_confirms("always").await;
    let auth = [
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
        ("CACHE_URL", url.as_str()),
    ];
    let (one, other) = (cloud.over_http(&auth).await, cloud.over_http(&auth).await);
    let person = Person::who_agrees();
    let here = person.over_http(&one, Some(SECRET)).await;
    let there = person.over_http(&other, Some(SECRET)).await;
    make(&here, "one").await;
    let yes = agreed(&here, &act("delete", "one")).await;
    let done = there.call_tool_once(yes.clone()).await.unwrap();
    assert!(matches!(done, CallToolResponse::Complete(_)), "{done:?}");
    assert_eq!(cloud.deleted(), 1);
    make(&here, "one").await;
    for replica in [&here, &there] {
        let replayed = refusal(replica, yes.clone()).await;
        assert!(replayed.contains("good for one call"), "{replayed}");
    }
    // Nobody can tell now whether it was used, so it is not.
    let yes = agreed(&here, &act("delete", "one")).await;
    store.kill().await;
    let said = refusal(&there, yes).await;
    assert!(said.contains("CACHE_URL"), "{said}");
    assert_eq!(cloud.deleted(), 1);
}
