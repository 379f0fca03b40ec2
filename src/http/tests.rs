use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::{ServiceExt, service_fn};

use super::*;
use crate::config::BearerSettings;

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

pub(super) fn options() -> HttpOptions {
    HttpOptions {
        host: "127.0.0.1".to_owned(),
        port: 0,
        auth: RemoteAuth::Off,
        allowed_hosts: vec!["ops.example".to_owned()],
        allowed_origins: vec!["https://page.example".to_owned()],
        metrics: None,
        limiter: None,
    }
}

fn with_secret() -> HttpOptions {
    HttpOptions {
        auth: RemoteAuth::Bearer(BearerSettings {
            secret: Some("s3cret".into()),
            ..BearerSettings::default()
        }),
        ..options()
    }
}

/// Stands in for MCP: says who called, or fails as asked.
async fn mcp(request: axum::extract::Request) -> Result<Response, Infallible> {
    let caller = request
        .extensions()
        .get::<Caller>()
        .map(ToString::to_string);
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    Ok(match query.as_str() {
        "panic" => panic!("as asked"),
        "text" => (StatusCode::NOT_ACCEPTABLE, "no such type").into_response(),
        "slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow".into_response()
        }
        _ => format!("{caller:?} sent {} bytes", body.len()).into_response(),
    })
}

pub(super) fn app(options: &HttpOptions) -> Router {
    let graph = Graph::without_cloud(crate::policy::Mode::ReadOnly).unwrap();
    router(options, graph, service_fn(mcp)).unwrap()
}

fn request(method: Method, uri: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(uri)
        .header(HOST, "127.0.0.1:8080")
}

fn get(uri: &str) -> http::request::Builder {
    request(Method::GET, uri)
}

async fn send(request: Request<Body>) -> Response {
    app(&options()).oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

async fn json_of(response: Response) -> Value {
    let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap();
    assert!(content_type.contains("json"), "{content_type}");
    serde_json::from_str(&text(response).await).unwrap()
}

fn header(response: &Response, name: impl http::header::AsHeaderName) -> &str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// Posts a body to `/graphql`.
async fn post(accept: &str, content_type: &str, body: impl Into<Body>) -> Response {
    let request = request(Method::POST, "/graphql")
        .header(ACCEPT, accept)
        .header(CONTENT_TYPE, content_type)
        .body(body.into())
        .unwrap();
    send(request).await
}

async fn post_json(accept: &str, body: &Value) -> Response {
    post(accept, JSON, body.to_string()).await
}

#[tokio::test]
async fn a_query_is_answered_in_the_type_that_was_asked_for() {
    for (accept, expected) in [
        ("*/*", "application/json; charset=utf-8"),
        (JSON, "application/json; charset=utf-8"),
        (
            GRAPHQL_RESPONSE,
            "application/graphql-response+json; charset=utf-8",
        ),
    ] {
        let response = post_json(accept, &json!({"query": "{ __typename }"})).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, CONTENT_TYPE), expected);
        let answer = json_of(response).await;
        assert_eq!(answer["data"], json!({"__typename": "Query"}));
        assert_eq!(answer["extensions"]["upstream"]["calls"], 0);
    }
    let response = post_json("text/html", &json!({"query": "{ __typename }"})).await;
    assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
    assert!(json_of(response).await["errors"].is_array());
}

#[tokio::test]
async fn a_document_that_is_refused_has_no_data() {
    for query in [
        "{",
        "{ nothing }",
        "query A { __typename } query B { __typename }",
    ] {
        let body = json!({"query": query});
        let response = post_json(JSON, &body).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        assert!(json_of(response).await.get("data").is_none(), "{query}");
        let response = post_json(GRAPHQL_RESPONSE, &body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(json_of(response).await.get("data").is_none(), "{query}");
    }
}

#[tokio::test]
async fn limits_hold_here_with_their_code() {
    let nested = format!("{{ cloudName(x: {}) }}", "[".repeat(10_000));
    let body = json_of(post_json(GRAPHQL_RESPONSE, &json!({"query": nested})).await).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "TOO_NESTED");
}

#[tokio::test]
async fn malformed_requests_are_bad_requests() {
    for body in [
        json!([{"query": "{ __typename }"}]),
        json!([]),
        json!("{ __typename }"),
        json!(null),
        json!({}),
        json!({"query": null}),
        json!({"query": ["{ __typename }"]}),
        json!({"query": "{ __typename }", "operationName": 1}),
        json!({"query": "{ __typename }", "variables": "{}"}),
        json!({"query": "{ __typename }", "variables": []}),
        json!({"query": "{ __typename }", "extensions": 0}),
    ] {
        for accept in [JSON, GRAPHQL_RESPONSE] {
            let response = post_json(accept, &body).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
            assert!(json_of(response).await["errors"][0]["message"].is_string());
        }
    }
    for body in ["", "{ \"not JSON", "\"\u{0}"] {
        let response = post(JSON, JSON, body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    let deep = format!(
        "{{\"query\":\"{{a}}\",\"variables\":{{\"x\":{}",
        "[".repeat(100_000)
    );
    assert_eq!(
        post(JSON, JSON, deep).await.status(),
        StatusCode::BAD_REQUEST
    );
    let not_utf8 = b"{\"query\":\"{ __typename } # \xff\"}".to_vec();
    assert_eq!(
        post(JSON, JSON, not_utf8).await.status(),
        StatusCode::BAD_REQUEST
    );
    let null = json!({"query": "{ __typename }", "operationName": null, "variables": null, "extensions": null, "id": 1});
    assert_eq!(post_json(JSON, &null).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn only_json_is_executed() {
    let body = json!({"query": "{ __typename }"}).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
    ] {
        let response = post(JSON, content_type, body.clone()).await;
        assert_eq!(
            response.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
        assert!(json_of(response).await.get("data").is_none());
    }
    let bare = request(Method::POST, "/graphql")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(
        send(bare).await.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[tokio::test]
async fn queries_go_over_get_and_nothing_else_does() {
    let get = |query: &str| {
        get(&format!("/graphql?{query}"))
            .body(Body::empty())
            .unwrap()
    };
    let response = send(get("query=%7B%20__typename%20%7D")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let variables = "query=query(%24n:String!)%7B__type(name:%24n)%7Bname%7D%7D&variables=%7B%22n%22:%22Query%22%7D&operationName=";
    let body = json_of(send(get(variables)).await).await;
    assert_eq!(body["data"]["__type"]["name"], "Query");
    for mutation in [
        "query=mutation%7B__typename%7D",
        "query=query%20A%7B__typename%7Dmutation%20B%7B__typename%7D&operationName=B",
        "query=subscription%7B__typename%7D",
    ] {
        let response = send(get(mutation)).await;
        assert_eq!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{mutation}"
        );
        assert_eq!(header(&response, ALLOW), "POST");
        json_of(response).await;
    }
    for bad in [
        "",
        "query=%7Ba%7D&query=%7Bb%7D",
        "query=%7Ba%7D&variables=%7B",
        "query=%7Ba%7D&variables=%5B%5D",
        "query=%7Ba%7D&extensions=1",
    ] {
        let response = send(get(bad)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn the_schema_is_text() {
    let response = send(get("/graphql/schema").body(Body::empty()).unwrap()).await;
    assert_eq!(header(&response, CONTENT_TYPE), "text/plain; charset=utf-8");
    assert!(text(response).await.contains("type Query"));
    let response = send(
        get("/graphql/schema?federation")
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    assert!(text(response).await.contains("specs.apollo.dev/federation"));
}

#[tokio::test]
async fn probes_are_answered() {
    let response = send(get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(json_of(response).await, json!({"status": "ok"}));
    let response = send(get("/readyz").body(Body::empty()).unwrap()).await;
    assert!(json_of(response).await["clouds"].is_array());
}

#[tokio::test]
async fn the_page_is_there_for_everybody() {
    let app = app(&with_secret());
    for path in ["/", "/servers", "/servers/6f1e?cloud=one", "/graphiql"] {
        for method in [Method::GET, Method::HEAD] {
            let bare = request(method.clone(), path).body(Body::empty()).unwrap();
            let response = app.clone().oneshot(bare).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{method} {path}");
            assert_eq!(header(&response, CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(header(&response, "cache-control"), "no-cache");
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
            assert_eq!(header(&response, "referrer-policy"), "no-referrer");
            let policy = header(&response, "content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe-eval"), "{policy}");
            assert_eq!(text(response).await.is_empty(), method == Method::HEAD);
        }
    }
    let posted = request(Method::POST, "/").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(posted).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn errors_are_json() {
    for path in [
        "/assets/nothing.js",
        "/assets/../index.html",
        "/servers/",
        "/servers/1/actions",
        "/nothing",
        "/graphql/",
        "/mcp/x",
        "/.well-known/oauth-protected-resource",
    ] {
        let response = send(get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let body = json_of(response).await;
        assert_eq!(body["error"], "not_found");
        assert_eq!(body["doors"][0], "/mcp");
    }
    for (method, path, allow) in [
        (Method::PUT, "/graphql", "GET,HEAD,POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::DELETE, "/graphql/schema", "GET,HEAD"),
    ] {
        let response = send(request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, ALLOW), allow);
        assert_eq!(json_of(response).await["error"], "method_not_allowed");
    }
    let response = send(get("/mcp?panic").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert_eq!(json_of(response).await["error"], "internal_error");
    let response = send(get("/mcp?text").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
    assert_eq!(json_of(response).await["error"]["message"], "no such type");
}

#[tokio::test]
async fn answers_are_not_kept_or_guessed_at() {
    for path in [
        "/healthz",
        "/nothing",
        "/graphql?query=%7B__typename%7D",
        "/mcp",
    ] {
        let response = send(get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(header(&response, "cache-control"), "no-store", "{path}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert!(header(&response, "content-security-policy").contains("default-src 'none'"));
    }
}

#[tokio::test]
async fn every_door_but_the_probe_needs_the_token() {
    let app = app(&with_secret());
    for path in [
        "/graphql",
        "/graphql/schema",
        "/mcp",
        "/mcp/",
        "/readyz",
        "/nothing",
        "//servers",
        "/servers/1/actions",
        "/healthz/",
        "//healthz",
    ] {
        let bare = get(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(bare).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        let challenge = header(&response, WWW_AUTHENTICATE);
        let metadata = "http://127.0.0.1:8080/.well-known/oauth-protected-resource";
        let door = if path.starts_with("/mcp") { "/mcp" } else { "" };
        let expected = format!(
            "Bearer realm=\"mcp-openstack-ops\", scope=\"openstack:read\", \
             resource_metadata=\"{metadata}{door}\""
        );
        assert_eq!(challenge, expected);
        let body = json_of(response).await;
        assert_eq!(body["error"], "invalid_token");
        assert!(body["error_description"].is_string());
        let wrong = get(path)
            .header(AUTHORIZATION, "Bearer wrong")
            .body(Body::empty())
            .unwrap();
        let response = app.clone().oneshot(wrong).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(header(&response, WWW_AUTHENTICATE).contains("error=\"invalid_token\""));
        let right = get(path)
            .header(AUTHORIZATION, "bearer s3cret")
            .body(Body::empty())
            .unwrap();
        let response = app.clone().oneshot(right).await.unwrap();
        assert_ne!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let probe = get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(probe).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn mcp_learns_who_calls() {
    let bare = get("/mcp").body(Body::empty()).unwrap();
    assert_eq!(
        text(send(bare).await).await,
        "Some(\"anonymous\") sent 0 bytes"
    );
    let with_token = request(Method::POST, "/mcp")
        .header(AUTHORIZATION, "Bearer s3cret")
        .body(Body::from("hello"))
        .unwrap();
    let response = app(&with_secret()).oneshot(with_token).await.unwrap();
    assert_eq!(text(response).await, "Some(\"secret\") sent 5 bytes");
}

#[tokio::test]
async fn other_hosts_are_refused_at_every_door() {
    for path in [
        "/graphql",
        "/mcp",
        "/graphql/schema",
        "/healthz",
        "/readyz",
        "/",
    ] {
        let evil = Request::get(path)
            .header(HOST, "evil.example")
            .body(Body::empty())
            .unwrap();
        let response = send(evil).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        let body = json_of(response).await;
        assert!(
            body["error_description"]
                .as_str()
                .unwrap()
                .contains("ALLOWED_HOSTS")
        );
    }
    let listed = Request::get("/healthz")
        .header(HOST, "ops.example:443")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(listed).await.status(), StatusCode::OK);
    let none = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(send(none).await.status(), StatusCode::BAD_REQUEST);
    let two = Request::get("/healthz")
        .header(HOST, "localhost")
        .header(HOST, "localhost");
    let response = send(two.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let differing = Request::get("http://localhost/healthz").header(HOST, "ops.example");
    let response = send(differing.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let with_origin = |origin: &str| {
        let request = get("/graphql?query=%7B__typename%7D").header(ORIGIN, origin);
        send(request.body(Body::empty()).unwrap())
    };
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:3000",
        "https://127.0.0.1:443",
    ] {
        let response = with_origin(origin).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(header(&response, "access-control-allow-origin"), "");
        let body = json_of(response).await;
        assert!(
            body["error_description"]
                .as_str()
                .unwrap()
                .contains("ALLOWED_ORIGINS")
        );
    }
    let own = with_origin("http://localhost:8080").await;
    assert_eq!(own.status(), StatusCode::OK);
    assert_eq!(header(&own, "access-control-allow-origin"), "");
    let listed = with_origin("https://page.example").await;
    assert_eq!(listed.status(), StatusCode::OK);
    assert_eq!(
        header(&listed, "access-control-allow-origin"),
        "https://page.example"
    );
}

#[tokio::test]
async fn preflights_need_no_token() {
    let app = app(&with_secret());
    let preflight = |origin: &str| {
        request(Method::OPTIONS, "/mcp")
            .header(ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type,mcp-protocol-version",
            )
            .body(Body::empty())
            .unwrap()
    };
    let response = app
        .clone()
        .oneshot(preflight("https://page.example"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        "https://page.example"
    );
    assert!(header(&response, "access-control-allow-headers").contains("mcp-session-id"));
    assert!(header(&response, "access-control-allow-methods").contains("POST"));
    let response = app
        .clone()
        .oneshot(preflight("https://evil.example"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    // A page that may ask may also read why it was refused.
    let bare = get("/readyz")
        .header(ORIGIN, "https://page.example")
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(bare).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        "https://page.example"
    );
}

#[tokio::test]
async fn bodies_are_bounded_at_every_door() {
    for path in ["/graphql", "/mcp"] {
        let large = || Body::from(vec![b' '; body::MAX_BODY_BYTES + 1]);
        let announced = request(Method::POST, path)
            .header(CONTENT_TYPE, JSON)
            .body(large())
            .unwrap();
        let response = send(announced).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!(json_of(response).await["error"], "payload_too_large");
        let chunks =
            futures_util::stream::iter((0..20).map(|_| Ok::<_, Infallible>(vec![b' '; 64 * 1024])));
        let streamed = request(Method::POST, path)
            .header(CONTENT_TYPE, JSON)
            .body(Body::from_stream(chunks))
            .unwrap();
        let response = send(streamed).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    let mut body = json!({"query": "{ __typename }"}).to_string();
    body.push_str(&" ".repeat(body::MAX_BODY_BYTES - body.len()));
    assert_eq!(post(JSON, JSON, body).await.status(), StatusCode::OK);
}

#[test]
fn a_bad_option_is_refused_by_name() {
    let bad = HttpOptions {
        allowed_origins: vec!["*".to_owned()],
        ..options()
    };
    let graph = Graph::without_cloud(crate::policy::Mode::ReadOnly).unwrap();
    let error = router(&bad, graph, service_fn(mcp)).unwrap_err();
    assert!(error.to_string().contains("ALLOWED_ORIGINS"), "{error}");
}
