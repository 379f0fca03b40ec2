//! How much each caller may ask in a time.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use reqwest::StatusCode;
use serde_json::json;

use crate::program::run;
use crate::running::{Cloud, Running, answer, folder};
use crate::sockets::Socket;

const SECRET: &str = "a-secret-of-more-than-32-bytes-or-so";
const QUERY: &str = "{ __typename }";

async fn start(cloud: &Cloud, limit: &str, more: &[(&str, &str)]) -> Running {
    let variables = [&[("RATE_LIMIT", limit)], more].concat();
    Running::start(folder(&cloud.admin_yaml()), &variables).await
}

fn token(subject: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = json!({"sub": subject, "exp": now.as_secs() + 300, "scope": "openstack:read"});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}

#[tokio::test]
async fn each_caller_has_its_own_room_at_every_door() {
    let cloud = Cloud::start(5).await;
    let auth = [
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
    ];
    let program = start(&cloud, "4/1h", &auth).await;
    let (alice, bob) = (token("alice"), token("bob"));
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for token in [alice.as_str(), bob.as_str(), SECRET] {
        let doors = || {
            [
                program.graphql(QUERY),
                program.post("/mcp", &list),
                program.get("/graphql/schema"),
                program.get("/graphql?query=%7B__typename%7D"),
            ]
        };
        for request in doors() {
            assert_eq!(answer(request.bearer_auth(token)).await.0, StatusCode::OK);
        }
        for request in doors() {
            let response = request.bearer_auth(token).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            let wait: u64 = response.headers()["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            let body: serde_json::Value = response.json().await.unwrap();
            assert_eq!(body["error"], "rate_limited");
            let told = body["error_description"].as_str().unwrap();
            for words in ["4/1h", "RATE_LIMIT"] {
                assert!(told.contains(words), "{told}");
            }
        }
        assert_eq!(answer(program.get("/healthz")).await.0, StatusCode::OK);
        assert_eq!(answer(program.get("/")).await.0, StatusCode::OK);
    }
    // Who guesses tokens is counted too, and does not take anybody's room.
    for status in [401, 401, 401, 401, 429, 429] {
        let guess = program.graphql(QUERY).bearer_auth("a guess");
        assert_eq!(answer(guess).await.0.as_u16(), status);
    }
}

#[tokio::test]
async fn there_is_room_again_after_the_time_that_was_told() {
    let cloud = Cloud::start(5).await;
    let program = start(&cloud, "2/2s", &[]).await;
    for status in [200, 200, 429] {
        assert_eq!(answer(program.graphql(QUERY)).await.0.as_u16(), status);
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for status in [200, 429] {
        assert_eq!(answer(program.graphql(QUERY)).await.0.as_u16(), status);
    }
}

#[tokio::test]
async fn each_operation_on_a_socket_counts() {
    let cloud = Cloud::start(5).await;
    let program = start(&cloud, "3/1h", &[]).await;
    let address: SocketAddr = program.base.trim_start_matches("http://").parse().unwrap();
    let mut socket = Socket::ready(address).await;
    for id in ["1", "2", "3"] {
        socket.ask(id, QUERY).await;
        assert_eq!(socket.next(id).await["data"]["__typename"], "Query");
        assert_eq!(socket.told().await["type"], "complete");
    }
    socket.ask("4", QUERY).await;
    let refused = socket.told().await;
    assert_eq!(
        (&refused["type"], &refused["id"]),
        (&json!("error"), &json!("4"))
    );
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    // It is the same caller at the other doors.
    assert_eq!(
        answer(program.graphql(QUERY)).await.0,
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused_by_name() {
    for limit in ["100", "/1m", "0/1m", "100/0", "100/x", "-1/1m"] {
        let output = run(&[], &[("RATE_LIMIT", limit)]).await;
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{limit}: {told}");
        for words in ["`RATE_LIMIT`", "100/1m"] {
            assert!(told.contains(words), "{told}");
        }
    }
}
