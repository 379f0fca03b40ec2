//! Callers with signed tokens: who is let in, what they may ask, and whose cloud answers them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::StreamExt;
use futures_util::stream;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_openstack_ops::config::{BearerSettings, JwksPace, JwksSource, RemoteAuth};
use mcp_openstack_ops::policy::Mode;
use openstack_simulator::Options;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::RwLock;

use crate::program::{OverHttp, run};
use crate::simulated::{ADMIN, MEMBER, READER, Simulated, Trial, json_of};

const ISSUER: &str = "https://issuer.example/realm";
const AUDIENCE: &str = "https://ops.example/mcp";
const SECRET: &str = "a-secret-of-more-than-32-bytes-or-so";

/// Somebody who signs tokens and publishes the keys.
struct Issuer {
    published: Arc<RwLock<(StatusCode, String)>>,
    asked: Arc<AtomicUsize>,
    url: String,
}

/// The keys it has, by their ids.
#[derive(Clone, Copy)]
enum Signer {
    First,
    Second,
}

impl Signer {
    fn id(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }

    fn key(self) -> EncodingKey {
        let pem: &[u8] = match self {
            Self::First => include_bytes!("../keys/rsa.pem"),
            Self::Second => include_bytes!("../keys/rsa-next.pem"),
        };
        EncodingKey::from_rsa_pem(pem).unwrap()
    }

    fn sign(self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.id().to_owned());
        jsonwebtoken::encode(&header, claims, &self.key()).unwrap()
    }
}

impl Issuer {
    async fn start() -> Self {
        let published = Arc::new(RwLock::new((StatusCode::OK, String::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let answer = (Arc::clone(&published), Arc::clone(&asked));
        let jwks = get(move || async move {
            answer.1.fetch_add(1, Ordering::SeqCst);
            answer.0.read().await.clone()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let router = Router::new().route("/jwks", jwks);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let issuer = Self {
            published,
            asked,
            url,
        };
        issuer.publish(&[Signer::First]).await;
        issuer
    }

    async fn publish(&self, signers: &[Signer]) {
        let keys = signers.iter().map(|signer| {
            let mut jwk = Jwk::from_encoding_key(&signer.key(), Algorithm::RS256).unwrap();
            jwk.common.key_id = Some(signer.id().to_owned());
            jwk
        });
        let keys: Vec<_> = keys.collect();
        *self.published.write().await = (StatusCode::OK, json!({"keys": keys}).to_string());
    }

    async fn fail(&self, status: StatusCode, text: &str) {
        *self.published.write().await = (status, text.to_owned());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn settings(&self, pause: Duration) -> RemoteAuth {
        RemoteAuth::Bearer(BearerSettings {
            secret: Some(SECRET.into()),
            jwks: Some(JwksSource::Url(self.url.parse().unwrap())),
            issuer: Some(ISSUER.to_owned()),
            audience: Some(AUDIENCE.to_owned()),
            pace: JwksPace {
                pause,
                ..JwksPace::default()
            },
        })
    }

    /// A simulated cloud whose callers it names.
    async fn cloud(&self, pause: Duration) -> Simulated {
        let options = Options {
            servers: 60,
            ..Options::default()
        };
        Simulated::start(Trial {
            options,
            cache: Duration::from_secs(60),
            auth: self.settings(pause),
            ..Trial::default()
        })
        .await
    }
}

/// Claims that let their holder read, with others beside them.
fn claims(more: Value) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut claims = json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "exp": now.as_secs() + 300,
        "scope": "openstack:read",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn token(more: Value) -> String {
    Signer::First.sign(&claims(more))
}

fn request(method: Method, path: &str, token: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost:8080")
        .header(ACCEPT, "application/json, text/event-stream");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = match body {
        Value::Null => Body::empty(),
        body => {
            request = request.header(CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
    };
    request.body(body).unwrap()
}

fn tool(name: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": name, "arguments": arguments}})
}

/// Each door that asks for a token, with a question for it.
fn doors() -> Vec<(Method, &'static str, Value)> {
    let query = json!({"query": "{ servers(first: 1) { nodes { id } } }"});
    vec![
        (Method::POST, "/graphql", query),
        (Method::GET, "/graphql?query=%7B__typename%7D", Value::Null),
        (Method::GET, "/graphql/schema", Value::Null),
        (Method::GET, "/readyz", Value::Null),
        (
            Method::POST,
            "/mcp",
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        ),
        (
            Method::POST,
            "/mcp",
            tool("get_instance_details", json!({"limit": 1})),
        ),
    ]
}

fn header(response: &Response<Body>, name: http::HeaderName) -> String {
    let value = response.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

/// The answer to a query with a token.
async fn ask(cloud: &Simulated, token: &str, query: &str) -> Value {
    let body = json!({"query": query});
    let asked = request(Method::POST, "/graphql", Some(token), &body);
    let response = cloud.knock(asked).await;
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    json_of(response).await
}

async fn status(cloud: &Simulated, token: &str) -> StatusCode {
    let body = json!({"query": "{ __typename }"});
    let asked = request(Method::POST, "/graphql", Some(token), &body);
    cloud.knock(asked).await.status()
}

#[tokio::test]
async fn each_door_takes_a_token_that_may_read() {
    let cloud = Issuer::start().await.cloud(Duration::ZERO).await;
    let write = json!({"scope": "openstack:read openstack:write"});
    for token in [token(json!({})), token(write), SECRET.to_owned()] {
        for (method, path, body) in doors() {
            let asked = request(method, path, Some(&token), &body);
            let response = cloud.knock(asked).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
        }
    }
}

#[tokio::test]
async fn each_door_refuses_the_others_and_asks_no_cloud() {
    let cloud = Issuer::start().await.cloud(Duration::ZERO).await;
    let expired = token(json!({"exp": 1_700_000_000}));
    let elsewhere = token(json!({"aud": "https://other.example"}));
    let by_nobody = Signer::Second.sign(&claims(json!({})));
    let cases = [
        (Some(expired), 401, "expired"),
        (Some(elsewhere), 401, "audience"),
        (Some(by_nobody), 401, "not valid"),
        (Some("a.b.c".to_owned()), 401, "not valid"),
        (None, 401, "needed"),
        (
            Some(token(json!({"scope": "openstack:write"}))),
            403,
            "openstack:read",
        ),
        (Some(token(json!({"scope": null}))), 403, "openstack:read"),
        (Some(token(json!({"openstack_cloud": "rome"}))), 403, "rome"),
        (Some(token(json!({"openstack_cloud": []}))), 403, "no cloud"),
    ];
    let before = cloud.simulator.log().count();
    for (token, status, words) in cases {
        for (method, path, body) in doors() {
            let asked = request(method, path, token.as_deref(), &body);
            let response = cloud.knock(asked).await;
            assert_eq!(response.status().as_u16(), status, "{path}: {words}");
            let challenge = header(&response, WWW_AUTHENTICATE);
            let answer = json_of(response).await;
            let description = answer["error_description"].as_str().unwrap();
            assert!(description.contains(words), "{description}");
            let error = match (status, words) {
                (401, "needed") => "scope=\"openstack:read\"",
                (401, _) => "error=\"invalid_token\"",
                (_, "openstack:read") => "error=\"insufficient_scope\", scope=\"openstack:read\"",
                _ => "",
            };
            assert!(challenge.contains(error), "{challenge}");
            assert_eq!(challenge.is_empty(), error.is_empty(), "{challenge}");
            // Which clouds there are is nobody's business who was not let in.
            for name in [ADMIN, MEMBER, READER] {
                assert!(!answer.to_string().contains(name), "{answer}");
            }
        }
    }
    assert_eq!(cloud.simulator.log().count(), before);
}

#[tokio::test]
async fn who_was_refused_finds_out_where_tokens_are_had() {
    let cloud = Issuer::start().await.cloud(Duration::ZERO).await;
    let well_known = "/.well-known/oauth-protected-resource";
    for (door, resource, path) in [
        ("/mcp", "/mcp", format!("{well_known}/mcp")),
        ("/graphql", "", well_known.to_owned()),
    ] {
        let refused = cloud
            .knock(request(Method::POST, door, None, &json!({})))
            .await;
        let challenge = header(&refused, WWW_AUTHENTICATE);
        let expected = format!("resource_metadata=\"http://localhost:8080{path}\"");
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(challenge.contains(&expected), "{challenge}");
        let asked = request(Method::GET, &path, None, &Value::Null);
        let metadata = json_of(cloud.knock(asked).await).await;
        assert_eq!(
            metadata,
            json!({
                "resource": format!("http://localhost:8080{resource}"),
                "resource_name": "mcp-openstack-ops",
                "authorization_servers": [ISSUER],
                "scopes_supported": ["openstack:read", "openstack:write"],
                "bearer_methods_supported": ["header"],
            })
        );
        let mut asked = request(Method::GET, &path, None, &Value::Null);
        let proto = http::HeaderValue::from_static("https");
        asked.headers_mut().insert("x-forwarded-proto", proto);
        let metadata = json_of(cloud.knock(asked).await).await;
        let resource = format!("https://localhost:8080{resource}");
        assert_eq!(metadata["resource"], resource);
    }
    let open = Simulated::of(1).await;
    let asked = request(Method::GET, well_known, None, &Value::Null);
    assert_eq!(open.knock(asked).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_reaches_its_clouds_and_no_other() {
    let cloud = Issuer::start().await.cloud(Duration::ZERO).await;
    let admin = token(json!({}));
    let member = token(json!({"openstack_cloud": MEMBER}));
    let both = token(json!({"openstack_cloud": [READER, MEMBER]}));
    for (token, names) in [
        (&admin, vec![ADMIN]),
        (&member, vec![MEMBER]),
        (&both, vec![READER, MEMBER]),
    ] {
        let query = "{ cloud { name } clouds { name } servers(first: 3) { nodes { cloudName } } }";
        let data = &ask(&cloud, token, query).await["data"];
        assert_eq!(data["cloud"]["name"], names[0]);
        let clouds = data["clouds"].as_array().unwrap();
        let listed: Vec<_> = clouds.iter().map(|cloud| &cloud["name"]).collect();
        assert_eq!(listed, names);
        for server in data["servers"]["nodes"].as_array().unwrap() {
            assert_eq!(server["cloudName"], names[0]);
        }
        let asked = request(Method::GET, "/readyz", Some(token), &Value::Null);
        let readiness = json_of(cloud.knock(asked).await).await;
        let clouds = readiness["clouds"].as_array().unwrap();
        let asked: Vec<_> = clouds.iter().map(|cloud| &cloud["name"]).collect();
        assert_eq!(asked, names);
    }
    // A server of another project, which only the admin's entry shows.
    let theirs = "{ servers(all: true) { nodes { id projectId } } }";
    let seen = |answer: &Value| -> BTreeSet<String> {
        let rows = answer["data"]["servers"]["nodes"].as_array().unwrap();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = seen(&ask(&cloud, &admin, theirs).await);
    let own = seen(&ask(&cloud, &member, theirs).await);
    assert!(own.len() < all.len());
    let foreign = all.difference(&own).next().unwrap();
    for query in [
        format!("{{ cloud(name: \"{ADMIN}\") {{ servers {{ nodes {{ id }} }} }} }}"),
        format!(
            "{{ _entities(representations: [{{__typename: \"Server\", id: \"{foreign}\", \
             cloudName: \"{ADMIN}\"}}]) {{ ... on Server {{ id }} }} }}"
        ),
    ] {
        let answer = ask(&cloud, &member, &query).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert_eq!(
            message,
            format!("there is no cloud `{ADMIN}`; there are: {MEMBER}")
        );
        assert!(!answer["data"].to_string().contains(foreign), "{answer}");
    }
    for query in [
        format!("{{ server(ref: \"{foreign}\") {{ id }} }}"),
        format!(
            "{{ _entities(representations: [{{__typename: \"Server\", id: \"{foreign}\"}}]) \
             {{ ... on Server {{ id }} }} }}"
        ),
    ] {
        let answer = ask(&cloud, &member, &query).await;
        assert!(!answer["data"].to_string().contains(foreign), "{answer}");
    }
    let call = tool("get_instance_details", json!({"include_all": true}));
    let asked = request(Method::POST, "/mcp", Some(&member), &call);
    let answer = json_of(cloud.knock(asked).await).await;
    assert!(!answer.to_string().contains(foreign), "{answer}");
}

/// Where modifications are switched on, the scope of a token still decides for its holder: what it
/// sees of the schema, and what becomes of a mutation.
#[tokio::test]
async fn a_token_changes_what_its_scope_lets_it() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let issuer = Issuer::start().await;
    let cloud = Simulated::start(Trial {
        auth: issuer.settings(Duration::ZERO),
        mode: Mode::Modify,
        audit: Some(audit.clone()),
        ..Trial::default()
    })
    .await;
    let reader = token(json!({}));
    let writer = token(json!({"scope": "openstack:read openstack:write", "sub": "bob"}));
    let kind = "{ __schema { mutationType { name } } }";
    let seen = ask(&cloud, &reader, kind).await;
    assert!(seen["data"]["__schema"]["mutationType"].is_null(), "{seen}");
    let seen = ask(&cloud, &writer, kind).await;
    assert_eq!(seen["data"]["__schema"]["mutationType"]["name"], "Mutation");

    let stop = "mutation { serverStop(server: \"nobody\") { userErrors { code } } }";
    let before = cloud.simulator.log().count();
    let asked = request(
        Method::POST,
        "/graphql",
        Some(&reader),
        &json!({"query": stop}),
    );
    let response = cloud.knock(asked).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let challenge = header(&response, WWW_AUTHENTICATE);
    assert!(
        challenge.contains("scope=\"openstack:write\""),
        "{challenge}"
    );
    let answer = json_of(response).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["rule"], "scope",
        "{answer}"
    );
    assert_eq!(cloud.simulator.log().count(), before);
    let answer = ask(&cloud, &writer, stop).await;
    let code = &answer["data"]["serverStop"]["userErrors"][0]["code"];
    assert_eq!(code, "NOT_FOUND", "{answer}");

    let lines = std::fs::read_to_string(&audit).unwrap();
    let lines = lines.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        [text("event"), text("caller"), text("rule"), text("outcome")]
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(
        lines,
        [
            ["outcome", "jwt:alice", "scope", "refused"],
            ["outcome", "jwt:bob", "allowed", "failed"],
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_turns_of_several_callers_never_mix() {
    let cloud = Issuer::start().await.cloud(Duration::ZERO).await;
    let callers = [ADMIN, MEMBER, READER].map(|name| {
        let claim = json!({"openstack_cloud": name, "sub": name});
        (name, token(claim))
    });
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % 1_000_003).unwrap()
    };
    let queries = [
        "{ clouds { name } servers(all: true) { nodes { projectId cloudName host } } }",
        "{ clouds { name } servers(first: 7) { nodes { projectId cloudName host } } }",
        "{ clouds { name } cloud { servers(first: 9) { nodes { projectId cloudName host } } } }",
    ];
    let turns: Vec<_> = (0..1000)
        .map(|_| (&callers[random() % 3], queries[random() % 3]))
        .collect();
    let answers = stream::iter(turns)
        .map(|((name, token), query)| {
            let cloud = &cloud;
            async move { (*name, ask(cloud, token, query).await) }
        })
        .buffer_unordered(16);
    let mut answers = std::pin::pin!(answers);
    while let Some((name, answer)) = answers.next().await {
        assert!(answer.get("errors").is_none(), "{answer}");
        let data = &answer["data"];
        assert_eq!(data["clouds"], json!([{"name": name}]));
        let servers = match &data["servers"] {
            Value::Null => &data["cloud"]["servers"],
            servers => servers,
        };
        let rows = servers["nodes"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["cloudName"] == name), "{answer}");
        let shows_hosts = rows.iter().any(|row| !row["host"].is_null());
        assert_eq!(shows_hosts, name == ADMIN, "{name}");
        let projects: BTreeSet<_> = rows.iter().map(|row| row["projectId"].as_str()).collect();
        assert!(projects.len() == 1 || name == ADMIN, "{name}");
    }
}

/// Callers of different clouds change things at the same time, and each sees its own: what it made
/// is made with its credential, what it is told is of its cloud, and so is every line of the audit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_turns_of_changes_never_mix_either() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let issuer = Issuer::start().await;
    let cloud = Simulated::start(Trial {
        cache: Duration::from_secs(60),
        auth: issuer.settings(Duration::ZERO),
        mode: Mode::Modify,
        audit: Some(audit.clone()),
        ..Trial::default()
    })
    .await;
    let callers = [ADMIN, MEMBER].map(|name| {
        let claim = json!({
            "openstack_cloud": name, "sub": name, "scope": "openstack:read openstack:write",
        });
        (name, token(claim))
    });
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    // One name in ten is another's too: names are each user's own.
    let turns: Vec<_> = (0..1000)
        .map(|_| (&callers[usize::from(random(2) == 0)], random(5), random(40)))
        .collect();
    let answers = stream::iter(turns)
        .map(|((caller, token), kind, number)| {
            let cloud = &cloud;
            let name = format!("{caller}-{number}");
            let query = match kind {
                0 | 1 => format!(
                    "mutation {{ result: keypairCreate(name: \"{name}\") {{
                        keypair {{ name cloudName }} userErrors {{ code }} }} }}"
                ),
                2 => format!(
                    "mutation {{ result: keypairDelete(keypair: \"{name}\") {{
                        keypair {{ name cloudName }} userErrors {{ code }} }} }}"
                ),
                3 => format!(
                    "mutation {{ result: networkCreate(input: {{ name: \"{name}\" }}) {{
                        network {{ name cloudName projectId }} userErrors {{ code }} }} }}"
                ),
                _ => "{ clouds { name } keypairs(all: true) { nodes { name cloudName } } }"
                    .to_owned(),
            };
            async move { (*caller, name, ask(cloud, token, &query).await) }
        })
        .buffer_unordered(16);
    let mut answers = std::pin::pin!(answers);
    let mut projects: BTreeSet<(String, String)> = BTreeSet::new();
    while let Some((caller, name, answer)) = answers.next().await {
        assert!(answer.get("errors").is_none(), "{answer}");
        let other = if caller == ADMIN { MEMBER } else { ADMIN };
        let data = &answer["data"];
        if let Some(rows) = data["keypairs"]["nodes"].as_array() {
            assert_eq!(data["clouds"], json!([{"name": caller}]));
            for row in rows {
                let seen = row["name"].as_str().unwrap();
                assert_eq!(row["cloudName"], caller, "{answer}");
                // The admin's name begins the member's.
                let is_others = match seen.strip_prefix(MEMBER) {
                    Some(_) => other == MEMBER,
                    None => other == ADMIN && seen.starts_with(&format!("{ADMIN}-")),
                };
                assert!(!is_others, "{caller} sees {seen}");
            }
            continue;
        }
        for object in [&data["result"]["keypair"], &data["result"]["network"]] {
            if object.is_object() {
                assert_eq!(object["name"], json!(name), "{answer}");
                assert_eq!(object["cloudName"], caller, "{answer}");
            }
        }
        if let Some(project) = data["result"]["network"]["projectId"].as_str() {
            projects.insert((caller.to_owned(), project.to_owned()));
        }
    }
    let of_each = |caller: &str| projects.iter().filter(|(name, _)| name == caller).count();
    assert_eq!((of_each(ADMIN), of_each(MEMBER)), (1, 1), "{projects:?}");
    assert_eq!(projects.len(), 2, "{projects:?}");

    let lines = std::fs::read_to_string(&audit).unwrap();
    let mut outcomes = 0;
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let caller = line["caller"]
            .as_str()
            .unwrap()
            .strip_prefix("jwt:")
            .unwrap();
        let said = line["variables"].to_string() + &line["arguments"].to_string();
        let is_members = said.contains(&format!("{MEMBER}-"));
        assert!(!is_members || caller == MEMBER, "{line}");
        outcomes += usize::from(line["event"] == "outcome");
    }
    assert!(outcomes > 600, "{outcomes}");
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let issuer = Issuer::start().await;
    let cloud = issuer.cloud(Duration::ZERO).await;
    let first = token(json!({}));
    let second = Signer::Second.sign(&claims(json!({})));
    assert_eq!(status(&cloud, &first).await, StatusCode::OK);
    assert_eq!(status(&cloud, &second).await, StatusCode::UNAUTHORIZED);
    issuer.publish(&[Signer::First, Signer::Second]).await;
    assert_eq!(status(&cloud, &second).await, StatusCode::OK);
    let asked = issuer.asked();
    for token in [&first, &second, &first] {
        assert_eq!(status(&cloud, token).await, StatusCode::OK);
    }
    assert_eq!(issuer.asked(), asked, "known keys are not asked for");
    issuer.publish(&[Signer::Second]).await;
    let unknown = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vbmUifQ.e30.AA";
    assert_eq!(status(&cloud, unknown).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&cloud, &first).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&cloud, &second).await, StatusCode::OK);
}

#[tokio::test]
async fn strangers_do_not_make_it_ask_the_issuer_again_and_again() {
    let issuer = Issuer::start().await;
    let cloud = issuer.cloud(Duration::from_secs(3600)).await;
    assert_eq!(status(&cloud, &token(json!({}))).await, StatusCode::OK);
    let second = Signer::Second.sign(&claims(json!({})));
    let knocks = (0..50).map(|_| status(&cloud, &second));
    for status in futures_util::future::join_all(knocks).await {
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn an_issuer_that_fails_leaves_the_keys_that_were_had() {
    let issuer = Issuer::start().await;
    let cloud = issuer.cloud(Duration::ZERO).await;
    let first = token(json!({}));
    assert_eq!(status(&cloud, &first).await, StatusCode::OK);
    let second = Signer::Second.sign(&claims(json!({})));
    let large = "x".repeat(1024 * 1024);
    for (code, text) in [
        (StatusCode::INTERNAL_SERVER_ERROR, "{\"keys\": []}"),
        (StatusCode::FOUND, ""),
        (StatusCode::OK, "<html>"),
        (StatusCode::OK, "{\"keys\": []}"),
        (StatusCode::OK, &large),
    ] {
        issuer.fail(code, text).await;
        assert_eq!(status(&cloud, &second).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(&cloud, &first).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn without_keys_a_token_is_neither_right_nor_wrong() {
    let issuer = Issuer::start().await;
    issuer.fail(StatusCode::SERVICE_UNAVAILABLE, "").await;
    let cloud = issuer.cloud(Duration::ZERO).await;
    let first = token(json!({}));
    let asked = request(Method::GET, "/graphql/schema", Some(&first), &Value::Null);
    let response = cloud.knock(asked).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!header(&response, RETRY_AFTER).is_empty());
    assert_eq!(header(&response, WWW_AUTHENTICATE), "");
    let answer = json_of(response).await;
    assert_eq!(answer["error"], "temporarily_unavailable");
    // Who needs no key is not kept waiting for one.
    assert_eq!(status(&cloud, SECRET).await, StatusCode::OK);
    issuer.publish(&[Signer::First]).await;
    assert_eq!(status(&cloud, &first).await, StatusCode::OK);
}

#[tokio::test]
async fn the_program_takes_tokens_that_are_signed_with_its_secret() {
    let variables = [
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
        ("JWT_ISSUER", ISSUER),
    ];
    let by_variable = OverHttp::start(&[], &variables).await;
    let flags = [
        "--auth-enable",
        "--secret-key",
        SECRET,
        "--jwt-issuer",
        ISSUER,
    ];
    let by_flag = OverHttp::start(&flags, &[]).await;
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let sign = |claims: Value| {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
    };
    let query = json!({"query": "{ clouds { name } }"});
    for program in [by_variable, by_flag] {
        let known = sign(claims(json!({"openstack_cloud": "nowhere"})));
        let (status, body) = program.post("/graphql", Some(&known), &query).await;
        assert_eq!(status, 200);
        assert!(body.contains("nowhere"), "{body}");
        for (more, expected) in [
            (json!({"iss": "https://other.example"}), 401),
            (json!({"exp": 1_700_000_000}), 401),
            (json!({"scope": "openstack:write"}), 403),
            (json!({"openstack_cloud": "elsewhere"}), 403),
        ] {
            let token = sign(claims(more.clone()));
            let (status, body) = program.post("/graphql", Some(&token), &query).await;
            assert_eq!(status, expected, "{more}");
            assert!(!body.contains("nowhere"), "{body}");
        }
    }
}

/// Who sets it up wants to know before the first caller does.
#[tokio::test]
async fn check_says_whether_the_keys_can_be_had() {
    let issuer = Issuer::start().await;
    issuer.publish(&[Signer::First, Signer::Second]).await;
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.json");
    std::fs::write(&empty, "{\"keys\": []}").unwrap();
    let empty = empty.to_str().unwrap();
    for (source, fails, expected) in [
        (issuer.url.as_str(), false, ": 2 keys"),
        (issuer.url.as_str(), true, "no keys: it answered 503"),
        (empty, false, "no keys: it has no public key"),
    ] {
        if fails {
            issuer.fail(StatusCode::SERVICE_UNAVAILABLE, "").await;
        }
        let variables = [
            ("REMOTE_AUTH_ENABLE", "true"),
            ("JWT_JWKS", source),
            ("JWT_ISSUER", ISSUER),
            ("JWT_AUDIENCE", AUDIENCE),
        ];
        let output = run(&["check"], &variables).await;
        let said = String::from_utf8_lossy(&output.stdout);
        let line = said.lines().find(|line| line.starts_with("JWT_JWKS "));
        let line = line.unwrap_or_else(|| panic!("{source}: {said}"));
        assert!(line.contains(source) && line.contains(expected), "{line}");
        assert!(!output.status.success(), "the cloud does not answer");
    }
}

/// A token's end is looked at with each request, so nobody is served on a connection that goes on
/// after it: MCP has no stream to listen to here, and no session to come back to.
#[tokio::test]
async fn no_connection_outlives_its_token() {
    let cloud = Issuer::start().await.cloud(Duration::ZERO).await;
    let token = token(json!({}));
    for method in [Method::GET, Method::DELETE] {
        let mut asked = request(method.clone(), "/mcp", Some(&token), &Value::Null);
        let stream = "text/event-stream".parse().unwrap();
        asked.headers_mut().insert(ACCEPT, stream);
        let status = cloud.knock(asked).await.status();
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}
