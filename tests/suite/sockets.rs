//! `/graphql/ws`: the protocol, and what is told of a cloud that changes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use jsonwebtoken::{EncodingKey, Header};
use mcp_openstack_ops::config::{BearerSettings, JwksPace, RemoteAuth};
use mcp_openstack_ops::policy::Mode;
use openstack_simulator::fault::{Fault, Rule};
use openstack_simulator::{Options, Service};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use crate::simulated::{Simulated, Trial, WATCH_PAUSE};

const PROTOCOL: &str = "graphql-transport-ws";
const SECRET: &str = "a-secret-of-more-than-32-bytes-or-so";
/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came of a socket.
#[derive(Debug, PartialEq)]
enum Came {
    Told(Value),
    Closed(u16, String),
}

impl Socket {
    async fn open(address: SocketAddr, protocol: &'static str) -> Self {
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.into_client_request().unwrap();
        let protocol = HeaderValue::from_static(protocol);
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self(socket)
    }

    /// One that may ask.
    pub(crate) async fn ready(address: SocketAddr) -> Self {
        let mut socket = Self::open(address, PROTOCOL).await;
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.told().await, json!({"type": "connection_ack"}));
        socket
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    pub(crate) async fn ask(&mut self, id: &str, query: &str) {
        let payload = json!({"query": query});
        self.say(json!({"id": id, "type": "subscribe", "payload": payload}))
            .await;
    }

    async fn came(&mut self) -> Came {
        let coming = async {
            loop {
                match self.0.next().await.expect("the socket is open").unwrap() {
                    Message::Text(text) => return Came::Told(serde_json::from_str(&text).unwrap()),
                    Message::Close(Some(frame)) => {
                        return Came::Closed(frame.code.into(), frame.reason.to_string());
                    }
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, coming).await.expect("something comes")
    }

    pub(crate) async fn told(&mut self) -> Value {
        match self.came().await {
            Came::Told(message) => message,
            closed @ Came::Closed(..) => panic!("{closed:?}"),
        }
    }

    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Came::Closed(code, reason) = self.came().await {
                return (code, reason);
            }
        }
    }

    /// The next payload of an operation.
    pub(crate) async fn next(&mut self, id: &str) -> Value {
        let mut message = self.told().await;
        assert_eq!(
            (&message["id"], &message["type"]),
            (&json!(id), &json!("next")),
            "{message:#}"
        );
        message["payload"].take()
    }

    /// The next event of a subscription that has `field`, about something.
    async fn event(&mut self, field: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut payload = self.next("watch").await;
            assert!(payload.get("errors").is_none(), "{payload:#}");
            let event = payload["data"][field].take();
            if is_it(&event) {
                return event;
            }
        }
    }
}

async fn cloud(trial: Trial) -> (Simulated, SocketAddr) {
    let cloud = Simulated::start(trial).await;
    let address = cloud.listen(CancellationToken::new()).await;
    (cloud, address)
}

fn of(servers: usize) -> Options {
    Options {
        servers,
        ..Options::default()
    }
}

fn modifying() -> Trial {
    Trial {
        options: of(20),
        mode: Mode::Modify,
        ..Trial::default()
    }
}

#[tokio::test]
async fn operations_are_answered() {
    let (_cloud, address) = cloud(Trial::default()).await;
    let mut socket = Socket::ready(address).await;
    socket
        .ask("1", "{ servers(first: 2) { nodes { id } } }")
        .await;
    let payload = socket.next("1").await;
    assert_eq!(
        payload["data"]["servers"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(
        payload["extensions"]["upstream"]["calls"].is_number(),
        "{payload:#}"
    );
    assert_eq!(socket.told().await, json!({"id": "1", "type": "complete"}));
    // The id is free again, and what cannot be executed is an error and nothing else.
    socket.ask("1", "{ nothing }").await;
    let refused = socket.told().await;
    assert_eq!(refused["type"], "error", "{refused:#}");
    socket
        .ask(
            "1",
            "subscription { a: serverChanged { id } b: serverChanged { id } }",
        )
        .await;
    let refused = socket.told().await;
    assert_eq!(refused["type"], "error", "{refused:#}");
    // Nothing is changed where nothing may be.
    socket
        .ask(
            "2",
            "mutation { serverStop(server: \"x\") { userErrors { code } } }",
        )
        .await;
    let refused = socket.next("2").await;
    assert_eq!(refused["data"], Value::Null, "{refused:#}");
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{refused:#}"
    );
    assert_eq!(socket.told().await["type"], "complete");
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.told().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn each_mistake_has_its_code() {
    let (_cloud, address) = cloud(Trial::default()).await;
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}});
    let watch = json!({"id": "1", "type": "subscribe",
        "payload": {"query": "subscription { serverChanged { id } }"}});
    let init = json!({"type": "connection_init"});
    for (code, messages) in [
        (4401, vec![subscribe]),
        (4429, vec![init.clone(), init.clone()]),
        (4400, vec![json!([])]),
        (4400, vec![init.clone(), json!({"type": "nonsense"})]),
        (
            4400,
            vec![init.clone(), json!({"type": "subscribe", "id": "1"})],
        ),
        (
            4400,
            vec![
                init.clone(),
                json!({"type": "subscribe", "id": "1", "payload": {}}),
            ],
        ),
        (4409, vec![init.clone(), watch.clone(), watch]),
    ] {
        let mut socket = Socket::open(address, PROTOCOL).await;
        for message in &messages {
            socket.say(message.clone()).await;
        }
        let (closed, reason) = socket.closed().await;
        assert_eq!(closed, code, "{messages:?}: {reason}");
        assert!(!reason.is_empty(), "{messages:?}");
    }
    let mut socket = Socket::ready(address).await;
    socket
        .ask("1", &format!("{{ __typename }} #{}", "x".repeat(2 << 20)))
        .await;
    assert_eq!(socket.closed().await.0, 1009);
    let mut socket = Socket::ready(address).await;
    socket.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(socket.closed().await.0, 4400);
}

#[tokio::test]
async fn a_socket_is_for_those_who_may_ask() {
    let auth = RemoteAuth::Bearer(BearerSettings {
        secret: Some(SECRET.into()),
        jwks: None,
        issuer: None,
        audience: None,
        pace: JwksPace::default(),
    });
    let trial = Trial {
        auth,
        ..Trial::default()
    };
    let (cloud, address) = cloud(trial).await;
    let init = |token: &str| json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {token}")}});
    for (payload, says) in [
        (json!({"type": "connection_init"}), "bearer token is needed"),
        (init("wrong"), "not valid"),
        (
            json!({"type": "connection_init", "payload": {"Authorization": 1}}),
            "not of the form",
        ),
    ] {
        let mut socket = Socket::open(address, PROTOCOL).await;
        socket.say(payload.clone()).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4403, "{payload}: {reason}");
        assert!(reason.contains(says), "{payload}: {reason}");
    }
    assert_eq!(cloud.simulator.log().count(), 0);
    let mut socket = Socket::open(address, PROTOCOL).await;
    socket.say(init(SECRET)).await;
    assert_eq!(socket.told().await["type"], "connection_ack");
    // It ends with the token and its half a minute of leeway, though something is watched.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = json!({"sub": "alice", "scope": "openstack:read", "exp": now.as_secs() - 26});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
    let mut socket = Socket::open(address, PROTOCOL).await;
    socket.say(init(&token)).await;
    assert_eq!(socket.told().await["type"], "connection_ack");
    socket
        .ask("watch", "subscription { serverChanged { id } }")
        .await;
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.contains("expired")), (4401, true), "{reason}");
}

#[tokio::test]
async fn a_server_that_changes_is_told_of() {
    let (cloud, address) = cloud(modifying()).await;
    let running = "{ servers(filter: { status: ACTIVE }, first: 1) { nodes { id } } }";
    let data = cloud.data(running).await;
    let id = data["servers"]["nodes"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut socket = Socket::ready(address).await;
    let query = format!(
        "subscription {{ serverChanged(filter: {{ ids: [\"{id}\"] }}) {{
            kind id seenAt cloudName previous {{ status }} server {{ id status image {{ name }} }} }} }}"
    );
    socket.ask("watch", &query).await;
    // The first look is what changes are told from.
    sleep(WATCH_PAUSE * 5).await;
    let stop = format!(
        "mutation {{ serverStop(server: \"{id}\", wait: {{ timeoutSeconds: 20 }})
        {{ userErrors {{ message }} }} }}"
    );
    let stopped = tokio::join!(cloud.data(&stop), async {
        cloud.simulator.step(Duration::from_secs(60));
    });
    assert_eq!(stopped.0["serverStop"]["userErrors"], json!([]));
    let event = socket
        .event("serverChanged", |event| {
            event["server"]["status"] == "SHUTOFF"
        })
        .await;
    assert_eq!(event["kind"], "UPDATED", "{event:#}");
    assert_eq!(event["previous"]["status"], "ACTIVE", "{event:#}");
    assert_eq!(event["cloudName"], "simulated", "{event:#}");
    assert!(event["server"]["image"]["name"].is_string(), "{event:#}");
    let delete =
        format!("mutation {{ serverDelete(server: \"{id}\") {{ userErrors {{ message }} }} }}");
    cloud.data(&delete).await;
    cloud.simulator.step(Duration::from_secs(60));
    let event = socket
        .event("serverChanged", |event| event["kind"] == "DELETED")
        .await;
    assert_eq!(event["id"], json!(id));
    assert_eq!(event["server"], Value::Null);
    assert_eq!(event["previous"]["status"], "SHUTOFF");
}

#[tokio::test]
async fn a_volume_and_a_stack_that_change_are_told_of() {
    let (cloud, address) = cloud(modifying()).await;
    let mut volumes = Socket::ready(address).await;
    let query =
        "subscription { volumeChanged(filter: { names: [\"new\"] }) { kind volume { name } } }";
    volumes.ask("watch", query).await;
    let mut stacks = Socket::ready(address).await;
    stacks
        .ask(
            "watch",
            "subscription { stackChanged { kind stack { name } } }",
        )
        .await;
    sleep(WATCH_PAUSE * 5).await;
    for name in ["other", "new"] {
        let create = format!(
            "mutation {{ volumeCreate(input: {{ name: \"{name}\", sizeGib: 1 }})
            {{ userErrors {{ message }} }} }}"
        );
        assert_eq!(
            cloud.data(&create).await["volumeCreate"]["userErrors"],
            json!([])
        );
    }
    let event = volumes.event("volumeChanged", |_| true).await;
    assert_eq!(event, json!({"kind": "CREATED", "volume": {"name": "new"}}));
    let create = "mutation { stackCreate(input: { name: \"watched\",
        template: \"heat_template_version: 2018-08-31\\nresources: {a: {type: OS::Heat::RandomString}}\" })
        { userErrors { message } } }";
    assert_eq!(
        cloud.data(create).await["stackCreate"]["userErrors"],
        json!([])
    );
    let event = stacks
        .event("stackChanged", |event| event["stack"]["name"] == "watched")
        .await;
    assert_eq!(event["kind"], "CREATED");
}

#[tokio::test]
async fn health_is_told_at_once_and_when_it_changes() {
    let (cloud, address) = cloud(Trial::default()).await;
    let mut socket = Socket::ready(address).await;
    let query = "subscription { healthChanged { score checks { name outcome } } }";
    socket.ask("watch", query).await;
    let is_unknown = |event: &Value| {
        let checks = event["checks"].as_array().unwrap().iter();
        let outcomes: HashMap<_, _> = checks
            .map(|check| {
                (
                    check["name"].as_str().unwrap().to_owned(),
                    check["outcome"].clone(),
                )
            })
            .collect();
        outcomes.values().any(|outcome| outcome == "UNKNOWN")
    };
    let first = socket.event("healthChanged", |_| true).await;
    assert!(first["score"].is_number(), "{first:#}");
    assert!(!is_unknown(&first), "{first:#}");
    let faults = cloud.simulator.faults();
    faults.add(Rule::all_of(Service::BlockStorage, Fault::InternalError));
    socket.event("healthChanged", is_unknown).await;
    faults.clear();
    socket
        .event("healthChanged", |event| !is_unknown(event))
        .await;
}

#[tokio::test]
async fn all_who_watch_share_one_look() {
    let (cloud, address) = cloud(Trial {
        options: of(20),
        ..Trial::default()
    })
    .await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let mut socket = Socket::ready(address).await;
        socket
            .ask(
                "watch",
                "subscription { serverChanged { id server { name } } }",
            )
            .await;
        sockets.push(socket);
    }
    sleep(WATCH_PAUSE * 5).await;
    let ((), asked) = cloud.asked_during(sleep(WATCH_PAUSE * 10)).await;
    // A look takes its time too, so there are at most ten.
    let looks = asked.iter();
    let looks = looks.filter(|entry| entry.path.contains("/servers/detail"));
    let looks = looks.count();
    assert!((3..=10).contains(&looks), "{looks}");
    // Nobody looks for those who have gone.
    drop(sockets);
    sleep(WATCH_PAUSE * 5).await;
    let ((), asked) = cloud.asked_during(sleep(WATCH_PAUSE * 10)).await;
    assert_eq!(asked.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_seen_is_told_once_and_watched_on() {
    let (cloud, address) = cloud(modifying()).await;
    let mut socket = Socket::ready(address).await;
    socket
        .ask(
            "watch",
            "subscription { serverChanged { kind server { name } } }",
        )
        .await;
    sleep(WATCH_PAUSE * 5).await;
    let faults = cloud.simulator.faults();
    faults.add(Rule::all_of(Service::Compute, Fault::InternalError));
    let payload = socket.next("watch").await;
    let error = &payload["errors"][0]["extensions"];
    assert_eq!(error["service"], "compute", "{payload:#}");
    assert_eq!(payload["data"]["serverChanged"], Value::Null, "{payload:#}");
    sleep(WATCH_PAUSE * 10).await;
    faults.clear();
    let data = cloud.data("{ servers(first: 1) { nodes { id } } }").await;
    let id = data["servers"]["nodes"][0]["id"].as_str().unwrap();
    let rename = format!(
        "mutation {{ serverUpdate(server: \"{id}\", name: \"seen again\") {{ userErrors {{ message }} }} }}"
    );
    cloud.data(&rename).await;
    let event = socket
        .event("serverChanged", |event| {
            event["server"]["name"] == "seen again"
        })
        .await;
    assert_eq!(event["kind"], "UPDATED");
}

#[tokio::test]
async fn a_stopping_server_says_so() {
    let cloud = Simulated::start(Trial::default()).await;
    let stop = CancellationToken::new();
    let address = cloud.listen(stop.clone()).await;
    let mut socket = Socket::ready(address).await;
    socket
        .ask("watch", "subscription { healthChanged { score } }")
        .await;
    stop.cancel();
    assert_eq!(socket.closed().await.0, 1001);
}

#[tokio::test]
async fn another_protocol_is_not_spoken() {
    let (cloud, address) = cloud(Trial::default()).await;
    let url = format!("ws://{address}/graphql/ws").into_client_request();
    let (socket, response) = tokio_tungstenite::connect_async(url.unwrap())
        .await
        .unwrap();
    assert!(!response.headers().contains_key(SEC_WEBSOCKET_PROTOCOL));
    assert_eq!(Socket(socket).closed().await.0, 4406);
    let (status, text) = cloud.get("/graphql/ws").await;
    assert_eq!(status, 426, "{text}");
    assert!(text.contains("WebSockets"), "{text}");
}
