//! The program's doors while the cloud cannot be reached: what needs no cloud is there, what needs
//! one says why not, and a secret is asked for at each.

use serde_json::{Value, json};

use crate::program::{OverHttp, OverStdio, PASSWORD, run};

const SECRET: &str = "a-long-enough-secret";

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn over_stdio_only_the_calls_that_need_the_cloud_fail() {
    let mut program = OverStdio::start().await;
    assert_eq!(program.ask("ping", json!({})).await, json!({}));
    let tools = program.ask("tools/list", json!({})).await;
    let tools = tools["tools"].as_array().unwrap();
    assert!(
        tools.iter().any(|tool| tool["name"] == "search_instances"),
        "{tools:?}"
    );
    let call = json!({"name": "search_instances", "arguments": {"search_term": "web"}});
    let failed = program.ask("tools/call", call).await;
    assert_eq!(failed["isError"], true);
    let error = &failed["structuredContent"]["errors"][0];
    assert_eq!(error["extensions"]["code"], "SERVICE_UNAVAILABLE");
    assert_eq!(error["extensions"]["service"], "identity");
    for words in ["Keystone", "Connection refused", "succeed a little later"] {
        assert!(text(&failed).contains(words), "{failed}");
    }
    let (rest, output) = program.leave().await;
    assert_eq!(rest, "");
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains(PASSWORD));
}

#[tokio::test]
async fn over_stdio_an_unknown_argument_is_told_the_known_ones() {
    let mut program = OverStdio::start().await;
    let call = json!({"name": "get_instance_by_name", "arguments": {"name": "web"}});
    let refused = program.ask("tools/call", call).await;
    assert_eq!(refused["isError"], true);
    for words in ["unknown argument `name`", "known: instance_name"] {
        assert!(text(&refused).contains(words), "{refused}");
    }
}

#[tokio::test]
async fn over_http_each_door_says_what_it_can_without_the_cloud() {
    let program = OverHttp::start(&[], &[]).await;
    assert_eq!(program.get("/healthz", None).await.0, 200);
    let (status, body) = program.get("/readyz", None).await;
    assert_eq!(status, 503);
    for words in ["nowhere", "Keystone", "Connection refused"] {
        assert!(body.contains(words), "{body}");
    }
    let (status, body) = program.get("/graphql/schema", None).await;
    assert_eq!(status, 200);
    assert!(body.contains("type Query"), "{body}");
    let query = json!({"query": "{ servers { nodes { id } } }"});
    let (status, body) = program.post("/graphql", None, &query).await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["data"], json!({"servers": null}));
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "SERVICE_UNAVAILABLE");
    assert_eq!(extensions["service"], "identity");
    let (status, body) = program.post("/mcp", None, &tools_list()).await;
    assert_eq!(status, 200);
    assert!(body.contains("get_instance_details"), "{body}");
}

fn tools_list() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
}

#[tokio::test]
async fn a_secret_given_by_flags_is_asked_for_at_every_door() {
    let program = OverHttp::start(&["--auth-enable", "--secret-key", SECRET], &[]).await;
    the_secret_is_asked_for(&program).await;
}

#[tokio::test]
async fn a_secret_given_by_variables_is_asked_for_at_every_door() {
    let variables = [
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
    ];
    let program = OverHttp::start(&[], &variables).await;
    the_secret_is_asked_for(&program).await;
}

async fn the_secret_is_asked_for(program: &OverHttp) {
    let query = json!({"query": "{ __typename }"});
    for token in [None, Some("another-secret"), Some("")] {
        for path in [
            "/graphql",
            "/graphql/schema",
            "/mcp",
            "/readyz",
            "/metrics",
            "/nothing",
        ] {
            assert_eq!(program.get(path, token).await.0, 401, "{path} {token:?}");
        }
        for (path, body) in [("/graphql", &query), ("/mcp", &tools_list())] {
            let (status, answer) = program.post(path, token, body).await;
            assert_eq!(status, 401, "{path} {token:?}");
            assert!(!answer.contains(SECRET), "{answer}");
        }
        assert_eq!(program.get("/healthz", token).await.0, 200);
    }
    let token = Some(SECRET);
    assert_eq!(program.get("/graphql/schema", token).await.0, 200);
    assert_eq!(program.get("/readyz", token).await.0, 503);
    assert_eq!(program.post("/graphql", token, &query).await.0, 200);
    assert_eq!(program.post("/mcp", token, &tools_list()).await.0, 200);
}

#[tokio::test]
async fn a_bad_configuration_is_refused_by_name() {
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (
            &["--type", "pigeon"],
            &[],
            &["`--type`", "`pigeon`", "streamable-http"],
        ),
        (
            &[],
            &[("FASTMCP_PORT", "x")],
            &["`FASTMCP_PORT`", "`x`", "65535"],
        ),
        (
            &["--auth-enable"],
            &[],
            &["REMOTE_AUTH_ENABLE", "REMOTE_SECRET_KEY"],
        ),
        (
            &["--jwt-jwks", "https://issuer.example/jwks"],
            &[("REMOTE_AUTH_ENABLE", "true")],
            &["JWT_JWKS", "JWT_AUDIENCE"],
        ),
        (
            &["--type", "streamable-http", "--host", "0.0.0.0"],
            &[("ALLOW_MODIFY_OPERATIONS", "true")],
            &["ALLOW_MODIFY_OPERATIONS", "0.0.0.0", "REMOTE_AUTH_ENABLE"],
        ),
        (
            &["--type", "streamable-http", "--allow-modify"],
            &[("FASTMCP_HOST", "::"), ("REMOTE_SECRET_KEY", SECRET)],
            &["ALLOW_MODIFY_OPERATIONS", "REMOTE_AUTH_ENABLE"],
        ),
        (
            &[],
            &[("REQUEST_TIMEOUT", "soon")],
            &["`REQUEST_TIMEOUT`", "`soon`"],
        ),
        (&["--colour"], &[], &["--colour"]),
        (
            &["--os-cloud", "elsewhere"],
            &[],
            &["`elsewhere`", "clouds.yaml", "`nowhere`"],
        ),
        (
            &[],
            &[("OS_PASSWORD", SECRET)],
            &["`OS_PASSWORD`", "`OS_CLOUD`"],
        ),
        (&["--deny-tools", "burn"], &[], &["`burn`", "known: "]),
        (&["--operations", "missing"], &[], &["missing"]),
    ];
    for (flags, variables, words) in cases {
        let output = run(flags, variables).await;
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{flags:?} {variables:?}: {log}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
        for word in *words {
            assert!(log.contains(word), "{flags:?} {variables:?}: {log}");
        }
        assert!(!log.contains(SECRET), "{log}");
    }
}
