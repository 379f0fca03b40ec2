//! The protocol, with a real client: both generations, cancellation, prompts, HTTP.

use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientConfig, ClientRequest, GetPromptRequestParams,
    ProtocolVersion, ReadResourceRequestParams, ResourceContents,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, PeerRequestOptions, RoleClient, RunningService,
    ServiceError,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::toy::{self, Running};
use crate::auth::Caller;
use crate::mcp::{McpServer, http_service};

type Client = RunningService<RoleClient, ClientConfig>;

/// A client of the revisions with a handshake, connected to the toy's server.
pub(crate) async fn connect() -> Client {
    let (server, _) = toy::server();
    connect_to(server, ClientLifecycleMode::Initialize).await
}

pub(crate) async fn connect_to(server: McpServer, lifecycle: ClientLifecycleMode) -> Client {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let server = server.serve(far).await.unwrap();
        server.waiting().await.unwrap();
    });
    ClientConfig::default()
        .serve_with_lifecycle(near, lifecycle)
        .await
        .unwrap()
}

pub(crate) fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

#[tokio::test]
async fn both_generations_list_and_call() {
    for (lifecycle, revision) in [
        (
            ClientLifecycleMode::Initialize,
            ProtocolVersion::V_2025_11_25,
        ),
        (discover(), ProtocolVersion::V_2026_07_28),
    ] {
        let client = connect_to(toy::server().0, lifecycle).await;
        let peer = client.peer_info().unwrap();
        assert_eq!(peer.protocol_version, revision);
        assert!(peer.capabilities.tools.is_some() && peer.capabilities.prompts.is_some());
        assert!(peer.capabilities.logging.is_none());
        let resources = peer.capabilities.resources.as_ref().unwrap();
        assert!(resources.subscribe.is_none() && resources.list_changed.is_none());
        assert_eq!(
            client.list_all_tools().await.unwrap().len(),
            toy::DOCUMENTS.len()
        );
        let result = client
            .call_tool(CallToolRequestParams::new("whoami"))
            .await
            .unwrap();
        assert_eq!(result.structured_content, Some(json!({"caller": "local"})));
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_failed_call_that_names_the_known_ones() {
    let client = connect().await;
    let result = client
        .call_tool(CallToolRequestParams::new("burn"))
        .await
        .unwrap();
    assert_eq!(result.is_error, Some(true));
    let structured = result.structured_content.unwrap();
    let message = structured["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("`burn`") && message.contains("get_books"),
        "{message}"
    );
}

#[tokio::test]
async fn prompts_are_had() {
    let client = connect().await;
    let prompts = client.list_all_prompts().await.unwrap();
    let names: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "prompt_template_full",
            "prompt_template_headings",
            "prompt_template_section"
        ]
    );
    let mut parameters = GetPromptRequestParams::new("prompt_template_section");
    parameters.arguments = json!({"section": "1"}).as_object().cloned();
    let prompt = client.get_prompt(parameters).await.unwrap();
    assert_eq!(prompt.messages.len(), 1);
}

#[tokio::test]
async fn resources_are_had_and_an_unknown_one_is_refused_as_each_revision_says() {
    for (lifecycle, code) in [
        (ClientLifecycleMode::Initialize, -32002),
        (discover(), -32602),
    ] {
        let client = connect_to(toy::server().0, lifecycle).await;
        let resources = client.list_all_resources().await.unwrap();
        assert_eq!(resources.len(), 2);
        for resource in resources {
            let read = client
                .read_resource(ReadResourceRequestParams::new(&resource.uri))
                .await
                .unwrap();
            let [
                ResourceContents::TextResourceContents {
                    uri,
                    mime_type,
                    text,
                    ..
                },
            ] = read.contents.as_slice()
            else {
                panic!("{read:?}");
            };
            assert_eq!(*uri, resource.uri);
            assert_eq!(*mime_type, resource.mime_type);
            assert_eq!(u64::try_from(text.len()).ok(), resource.size);
        }
        let error = client
            .read_resource(ReadResourceRequestParams::new("openstack-ops://none"))
            .await
            .unwrap_err();
        let ServiceError::McpError(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.code.0, code);
        assert!(error.message.contains("openstack-ops://guide"), "{error}");
        assert_eq!(error.data.unwrap()["uri"], "openstack-ops://none");
    }
}

#[tokio::test]
async fn a_cancelled_call_stops_executing() {
    let (server, running) = toy::server();
    let client = connect_to(server, ClientLifecycleMode::Initialize).await;
    let request = CallToolRequest::new(CallToolRequestParams::new("wait"));
    let request = ClientRequest::CallToolRequest(request);
    let handle = client
        .send_cancellable_request(request, PeerRequestOptions::no_options())
        .await
        .unwrap();
    settle(&running, 1).await;
    handle.cancel(None).await.unwrap();
    settle(&running, 0).await;
}

#[tokio::test]
async fn over_http_a_client_that_goes_stops_what_it_asked_for() {
    let (server, running) = toy::server();
    let url = listen(server, Some(Caller::anonymous())).await;
    let call = tokio::spawn(async move { post(&url, "wait", None).await });
    settle(&running, 1).await;
    call.abort();
    settle(&running, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_the_stream_stops_what_it_asked_for() {
    let (server, running) = toy::server();
    let client = connect_to(server, ClientLifecycleMode::Initialize).await;
    let peer = client.peer().clone();
    tokio::spawn(async move { peer.call_tool(CallToolRequestParams::new("wait")).await });
    settle(&running, 1).await;
    drop(client);
    settle(&running, 0).await;
}

/// Waits until so many slow operations run.
async fn settle(running: &Running, wanted: usize) {
    // A closed stream leaves calls some seconds to finish.
    for _ in 0..1000 {
        if running.count() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} operations run, not {wanted}", running.count());
}

/// Serves over HTTP as the door does, and answers with the URL.
pub(crate) async fn listen(server: McpServer, caller: Option<Caller>) -> String {
    let service = http_service(
        server,
        vec!["127.0.0.1".to_owned(), "cloud.example".to_owned()],
        CancellationToken::new(),
    );
    let mut router = axum::Router::new().nest_service("/mcp", service);
    if let Some(caller) = caller {
        router = router.layer(axum::Extension(caller));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn post(url: &str, tool: &str, host: Option<&str>) -> reqwest::Response {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": tool, "arguments": {}}});
    let mut request = reqwest::Client::new()
        .post(url)
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-11-25")
        .json(&body);
    if let Some(host) = host {
        request = request.header("Host", host);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn over_http_the_caller_comes_from_the_request() {
    for (caller, expected) in [
        (Some(Caller::secret()), "secret"),
        (Some(Caller::anonymous()), "anonymous"),
    ] {
        let response = post(&listen(toy::server().0, caller).await, "whoami", None).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["result"]["structuredContent"]["caller"], expected);
    }
}

#[tokio::test]
async fn over_http_a_request_that_no_layer_looked_at_has_no_rights() {
    let response = post(&listen(toy::server().0, None).await, "whoami", None).await;
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["result"]["isError"], true);
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("openstack:read"), "{text}");
}

#[tokio::test]
async fn over_http_only_allowed_hosts_are_answered() {
    let url = listen(toy::server().0, None).await;
    assert_eq!(
        post(&url, "whoami", Some("cloud.example")).await.status(),
        200
    );
    assert_eq!(
        post(&url, "whoami", Some("evil.example")).await.status(),
        403
    );
}
