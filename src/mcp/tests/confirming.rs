//! Who is asked before something is destroyed, and what becomes of the call: for every revision of
//! the protocol, over both transports.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientConfig, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationCapability, ProtocolVersion,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, RequestContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientHandler, ErrorData, RoleClient, ServiceExt};
use serde_json::{Value, json};

use super::protocol::{discover, listen};
use super::shelf::{server, server_that};
use crate::auth::Caller;
use crate::mcp::McpServer;
use crate::policy::Confirm;

/// The revisions with a handshake.
const OLDER: [ProtocolVersion; 3] = [
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
];

/// Somebody in front of a client.
#[derive(Clone)]
struct Person {
    revision: ProtocolVersion,
    can_be_asked: bool,
    says: (ElicitationAction, Value),
    asked: Arc<Mutex<Vec<String>>>,
}

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

    fn lifecycle(&self) -> ClientLifecycleMode {
        if OLDER.contains(&self.revision) {
            ClientLifecycleMode::Initialize
        } else {
            discover()
        }
    }

    async fn at(&self, server: McpServer) -> RunningService<RoleClient, Self> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            let server = server.serve(far).await.unwrap();
            server.waiting().await.unwrap();
        });
        let client = self.clone().serve_with_lifecycle(near, self.lifecycle());
        client.await.unwrap()
    }

    async fn at_url(&self, url: &str) -> RunningService<RoleClient, Self> {
        let transport = StreamableHttpClientTransport::from_uri(url.to_owned());
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

fn burn(book: &str) -> CallToolRequestParams {
    let arguments = json!({"action": "burn", "book": book});
    CallToolRequestParams::new("manage_book").with_arguments(arguments.as_object().unwrap().clone())
}

async fn call(client: &RunningService<RoleClient, Person>, call: CallToolRequestParams) -> Value {
    serde_json::to_value(client.call_tool(call).await.unwrap()).unwrap()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

const QUESTION: &str = "manage_book would burn book `1` (0).\n\
    What hangs on it:\n- Page `17`: burns too";
const CONFIRMED: [&str; 3] = ["burn dry -", "burn dry -", "burn confirmed"];

#[tokio::test]
async fn over_stdio_somebody_is_asked_in_every_revision() {
    for revision in OLDER.into_iter().chain([ProtocolVersion::V_2026_07_28]) {
        let person = Person::who_agrees().of(revision);
        let (server, shelf) = server();
        let client = person.at(server).await;
        let result = call(&client, burn("1")).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(person.asked(), [QUESTION]);
        assert_eq!(
            (shelf.told(), shelf.burned()),
            (CONFIRMED.map(str::to_owned).to_vec(), 1)
        );
    }
}

#[tokio::test]
async fn whoever_does_not_say_yes_keeps_it_from_being_done() {
    for (action, content) in [
        (ElicitationAction::Decline, Value::Null),
        (ElicitationAction::Cancel, Value::Null),
        (ElicitationAction::Decline, json!({"confirm": true})),
        (ElicitationAction::Accept, json!({"confirm": false})),
        (ElicitationAction::Accept, json!({})),
        (ElicitationAction::Accept, json!({"confirm": "true"})),
    ] {
        for revision in [ProtocolVersion::V_2025_11_25, ProtocolVersion::V_2026_07_28] {
            let person = Person::who_says(action.clone(), content.clone()).of(revision);
            let (server, shelf) = server();
            let client = person.at(server).await;
            let result = call(&client, burn("1")).await;
            assert_eq!(result["isError"], true);
            assert!(
                text(&result).contains("nothing was sent"),
                "{}",
                text(&result)
            );
            let told = shelf.told();
            assert_eq!(shelf.burned(), 0);
            assert_eq!(told[0], "burn dry -");
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(
                told[1].starts_with("refused burn allowed declined: "),
                "{told:?}"
            );
        }
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_the_operator_decides() {
    for revision in OLDER.into_iter().chain([ProtocolVersion::V_2026_07_28]) {
        let person = Person {
            can_be_asked: false,
            ..Person::who_agrees().of(revision)
        };
        for (confirm, expected) in [
            (Confirm::WhenPossible, "burn unconfirmed"),
            (Confirm::Never, "burn -"),
            (Confirm::Always, "refused burn allowed unconfirmed: "),
        ] {
            let (server, shelf) = server_that(confirm);
            let client = person.at(server).await;
            let result = call(&client, burn("1")).await;
            assert_eq!(result["isError"], confirm == Confirm::Always);
            let told = shelf.told();
            assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_about_what_does_not_destroy() {
    let person = Person::who_agrees().of(ProtocolVersion::V_2025_11_25);
    let (server, shelf) = server();
    let client = person.at(server).await;
    let arguments = |value: Value| value.as_object().unwrap().clone();
    let dry = burn("1").with_arguments(arguments(
        json!({"action": "burn", "book": "1", "dry_run": true}),
    ));
    assert_eq!(call(&client, dry).await["isError"], false);
    let shelve = arguments(json!({"action": "shelve", "book": "1", "place": 1}));
    call(&client, burn("1").with_arguments(shelve)).await;
    assert_eq!(shelf.told(), ["burn dry -", "shelve -"]);
    // What would not be done need not be asked.
    let none = call(&client, burn("none")).await;
    assert!(text(&none).contains("did nothing"), "{}", text(&none));
    assert_eq!(shelf.told(), ["burn dry -"]);
    assert!(person.asked().is_empty());
    // What cannot say what it would do is asked about in the words of its arguments.
    let single = arguments(json!({"book": "1"}));
    let single = CallToolRequestParams::new("burn_book").with_arguments(single);
    call(&client, single).await;
    assert_eq!(person.asked(), ["burn_book with book=\"1\"?"]);
}

#[tokio::test]
async fn whoever_said_yes_to_something_else_is_asked_again() {
    let person = Person::who_agrees().of(ProtocolVersion::V_2025_11_25);
    let (server, shelf) = server();
    shelf.smoke();
    let client = person.at(server).await;
    let result = call(&client, burn("1")).await;
    assert!(
        text(&result).contains("changed each time"),
        "{}",
        text(&result)
    );
    assert_eq!((person.asked().len(), shelf.burned()), (3, 0));
    let person = Person::who_agrees();
    let (server, shelf) = super::shelf::server();
    shelf.smoke();
    let client = person.at(server).await;
    assert!(client.call_tool(burn("1")).await.is_err());
    assert!(person.asked().len() > 3 && shelf.burned() == 0);
}

#[tokio::test]
async fn over_http_only_the_newest_revision_can_ask() {
    for revision in OLDER {
        let person = Person::who_agrees().of(revision);
        let (server, shelf) = server();
        let client = person
            .at_url(&listen(server, Some(Caller::secret())).await)
            .await;
        assert_eq!(call(&client, burn("1")).await["isError"], false);
        assert_eq!(shelf.told(), ["burn unconfirmed"]);
        assert!(person.asked().is_empty());
    }
    let person = Person::who_agrees();
    let (server, shelf) = server();
    let client = person
        .at_url(&listen(server, Some(Caller::secret())).await)
        .await;
    assert_eq!(call(&client, burn("1")).await["isError"], false);
    assert_eq!(person.asked(), [QUESTION]);
    assert_eq!(
        (shelf.told(), shelf.burned()),
        (CONFIRMED.map(str::to_owned).to_vec(), 1)
    );
}

/// A call with the reply to a question.
async fn replied(
    client: &RunningService<RoleClient, Person>,
    call: CallToolRequestParams,
) -> (CallToolRequestParams, CallToolRequestParams) {
    let response = client.call_tool_once(call.clone()).await.unwrap();
    let CallToolResponse::InputRequired(asked) = response else {
        panic!("{response:?}");
    };
    let keys: Vec<String> = asked.input_requests.unwrap().into_keys().collect();
    let yes = json!({"action": "accept", "content": {"confirm": true}});
    let state = asked.request_state.unwrap();
    let reply = |call: CallToolRequestParams| {
        let replies = keys.iter().map(|key| (key.clone(), yes.clone()));
        call.with_input_responses(replies.collect())
            .with_request_state(state.clone())
    };
    (reply(call), reply(burn("2")))
}

async fn refusal(
    client: &RunningService<RoleClient, Person>,
    call: CallToolRequestParams,
) -> String {
    let response = client.call_tool_once(call).await.unwrap();
    let CallToolResponse::Complete(result) = response else {
        panic!("{response:?}");
    };
    let result = serde_json::to_value(result).unwrap();
    assert_eq!(result["isError"], true, "{result}");
    text(&result).to_owned()
}

#[tokio::test]
async fn a_reply_is_good_once_and_for_nothing_else() {
    let person = Person::who_agrees();
    let (server, shelf) = server();
    let url = listen(server.clone(), Some(Caller::secret())).await;
    let elsewhere = listen(server, Some(Caller::anonymous())).await;
    let client = person.at_url(&url).await;
    let somebody_else = person.at_url(&elsewhere).await;
    let (right, other) = replied(&client, burn("1")).await;
    assert!(
        refusal(&client, other)
            .await
            .contains("is not what this server sent")
    );
    let stolen = refusal(&somebody_else, right.clone()).await;
    assert!(stolen.contains("is not what this server sent"), "{stolen}");
    let mut forged = right.clone();
    forged.request_state = Some("AAAA".to_owned());
    assert!(
        refusal(&client, forged)
            .await
            .contains("is not what this server sent")
    );
    assert_eq!(shelf.burned(), 0);
    let done = client.call_tool_once(right.clone()).await.unwrap();
    assert!(matches!(done, CallToolResponse::Complete(_)) && shelf.burned() == 1);
    assert!(refusal(&client, right).await.contains("good for one call"));
    assert_eq!(shelf.burned(), 1);
    let told = shelf.told();
    let refused = told
        .iter()
        .filter(|line| line.starts_with("refused burn allowed unconfirmed"));
    assert_eq!(refused.count(), 4, "{told:?}");
    // Without a reply to it, a state is a no.
    let (mut silent, _) = replied(&client, burn("1")).await;
    silent.input_responses = None;
    assert!(refusal(&client, silent).await.contains("did not say yes"));
}

/// Somebody may think for minutes, and not for ever.
#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_too_late_is_no_reply() {
    let person = Person::who_agrees();
    let (server, shelf) = server();
    let client = person.at(server).await;
    let (early, _) = replied(&client, burn("1")).await;
    let (late, _) = replied(&client, burn("1")).await;
    tokio::time::sleep(Duration::from_secs(4 * 60)).await;
    let done = client.call_tool_once(early).await.unwrap();
    assert!(matches!(done, CallToolResponse::Complete(_)) && shelf.burned() == 1);
    tokio::time::sleep(Duration::from_secs(2 * 60)).await;
    let said = refusal(&client, late).await;
    assert!(said.contains("came too late"), "{said}");
    assert_eq!(shelf.burned(), 1);
}
