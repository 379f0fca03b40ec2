//! Tools with actions, and tools that change something: what is told of them, what they take, what
//! they answer, and for whom they are there.

use std::sync::Arc;

use rmcp::model::CallToolRequestParams;
use rmcp::service::ClientLifecycleMode;
use serde_json::{Value, json};

use super::protocol::{connect_to, listen};
use super::shelf::{DOCUMENTS, MANIFEST, Shelf, server, tools};
use super::toy::Library;
use crate::auth::{Caller, Scopes};
use crate::mcp::{Execute, Filter, McpServer, Tools};
use crate::policy::Confirm;

fn listed(name: &str) -> Value {
    let tool = tools().listed().into_iter().find(|tool| tool.name == name);
    serde_json::to_value(tool.unwrap()).unwrap()
}

async fn call_on(server: McpServer, name: &'static str, arguments: Value) -> Value {
    let client = connect_to(server, ClientLifecycleMode::Initialize).await;
    let mut parameters = CallToolRequestParams::new(name);
    parameters.arguments = arguments.as_object().cloned();
    let result = client.call_tool(parameters).await.unwrap();
    client.cancel().await.unwrap();
    serde_json::to_value(result).unwrap()
}

async fn call(name: &'static str, arguments: Value) -> Value {
    call_on(server().0, name, arguments).await
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[test]
fn the_schemas_are_the_union_of_the_actions() {
    let tool = listed("manage_book");
    assert_eq!(
        tool["inputSchema"],
        json!({
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ["list", "shelve", "burn"]},
                "limit": {"type": "integer", "default": 3},
                "book": {"type": "string", "description": "The book."},
                "place": {"type": "integer", "minimum": 0, "description": "Where to."},
                "dry_run": {"type": "boolean", "default": false},
            },
            "required": ["action"],
            "additionalProperties": false,
        })
    );
    let result = &tool["outputSchema"]["properties"]["result"];
    // A list gives rows, and a change an object: either may come.
    assert!(result.get("type").is_none(), "{result:#}");
    assert_eq!(
        listed("shelve_book")["inputSchema"]["required"],
        json!(["book"])
    );
}

#[test]
fn hints_are_those_of_the_worst_action() {
    let hints = |name| {
        let hints = &listed(name)["annotations"];
        ["readOnlyHint", "destructiveHint", "idempotentHint"].map(|hint| hints[hint] == true)
    };
    assert_eq!(hints("manage_book"), [false, true, false]);
    assert_eq!(hints("shelve_book"), [false, false, false]);
    // Nobody said that it does not.
    assert_eq!(hints("burn_book"), [false, true, false]);
    assert_eq!(hints("get_books"), [true, false, true]);
}

fn refused(document: &str, manifest: &str) -> String {
    let manifest = format!("[[tool]]\nname = \"t\"\n{manifest}");
    let sdl = Shelf::new();
    let sdl = sdl.sdl_for(&Caller::local());
    let tools = Tools::from_texts(sdl, &manifest, &[("t", document)]);
    tools.unwrap_err().to_string()
}

#[test]
fn documents_whose_actions_do_not_agree_are_refused() {
    let two = |one: &str, other: &str| format!("# T.\nquery a{one} query b{other}");
    let plain = "{ result: books { id } }";
    for (document, expected) in [
        (
            two(plain, "{ books { id } }"),
            "action `b`: ask for one field",
        ),
        (
            two(plain, "{ result: books { id } more: books { id } }"),
            "action `b`: ask for one field",
        ),
        (
            two(
                "($n: Int = 1) { result: books(first: $n) { id } }",
                "($n: String) { result: books { id @include(if: $n) } }",
            ),
            "is not a `Boolean!`",
        ),
        (
            two(
                "($n: Int = 1) { result: books(first: $n) { id } }",
                "($n: Boolean!) { result: books { id @include(if: $n) } }",
            ),
            "`$n` is `Int` in one operation and `Boolean!` in another",
        ),
        (
            two("($n: Int) { result: books { id } }", plain),
            "action `a`: variable `$n` is never used",
        ),
        (
            two(
                "($action: Int = 1) { result: books(first: $action) { id } }",
                plain,
            ),
            "`$action` chooses",
        ),
    ] {
        let message = refused(&document, "");
        assert!(message.contains(expected), "{document}: {message}");
    }
    let document = two(plain, plain);
    let message = refused(&document, "destructive = [\"a\"]");
    assert!(
        message.contains("`a` destructive, which is no mutation"),
        "{message}"
    );
}

#[tokio::test]
async fn the_action_chooses_the_operation() {
    let list = call("manage_book", json!({"action": "LIST", "limit": 1})).await;
    assert_eq!(
        list["structuredContent"],
        json!({"result": [{"id": "0", "place": 0}]})
    );
    let arguments = json!({"action": "shelve", "book": "1", "place": 4, "limit": null});
    let shelved = call("manage_book", arguments).await;
    assert_eq!(shelved["isError"], false);
    assert_eq!(
        shelved["structuredContent"]["result"]["book"],
        json!({"id": "1", "place": 4})
    );
    let arguments = json!({"action": "shelve", "book": "1", "place": 4, "dry_run": true});
    let dry = call("manage_book", arguments).await;
    assert_eq!(
        dry["structuredContent"]["result"]["dryRun"]["would"],
        "put it there"
    );
    let single = call("shelve_book", json!({"book": "1"})).await;
    assert_eq!(single["structuredContent"]["shelve"]["book"]["id"], "1");
}

#[tokio::test]
async fn arguments_are_checked_for_the_action_at_hand() {
    for (arguments, expected) in [
        (
            json!({}),
            "argument `action` is required: one of list, shelve, burn",
        ),
        (
            json!({"action": "read"}),
            "argument `action`: \"read\" given; allowed: one of list, shelve, burn",
        ),
        (json!({"action": 1}), "argument `action`: 1 given"),
        (
            json!({"action": "shelve", "book": "1"}),
            "action `shelve` needs the argument `place`: a whole number of at least 0",
        ),
        (
            json!({"action": "list", "book": "1"}),
            "action `list` takes no `book`; it takes limit",
        ),
        (
            json!({"action": "list", "dry_run": true}),
            "action `list` takes no `dry_run`",
        ),
        (
            json!({"action": "burn", "book": "1", "fuel": "oil"}),
            "unknown argument `fuel`; action `burn` takes book, dry_run",
        ),
    ] {
        let result = call("manage_book", arguments).await;
        assert_eq!(result["isError"], true, "{expected}");
        assert!(text(&result).contains(expected), "{}", text(&result));
    }
    // What would hold anyhow says nothing.
    let arguments = json!({"action": "list", "dry_run": false, "book": null});
    assert_eq!(call("manage_book", arguments).await["isError"], false);
}

#[tokio::test]
async fn what_was_not_done_is_an_error_with_the_services_words() {
    let shelve = |book| json!({"action": "shelve", "book": book, "place": 1});
    let result = call("manage_book", shelve("none")).await;
    assert_eq!(result["isError"], true);
    assert_eq!(
        text(&result),
        "manage_book shelve did nothing:\n\
         - it is none (argument book, code NOT_FOUND, service shelves, requestId req-7)\n\
         Put right what the message names, and call it again."
    );
    let errors = &result["structuredContent"]["result"]["userErrors"];
    assert_eq!(errors[0]["code"], "NOT_FOUND");
    let high = call("manage_book", shelve("high")).await;
    assert!(text(&high).contains("(argument place, "), "{}", text(&high));
}

#[tokio::test]
async fn what_was_begun_and_missed_its_goal_tells_both() {
    let shelve = |book| json!({"action": "shelve", "book": book, "place": 1});
    let torn = call("manage_book", shelve("torn")).await;
    assert_eq!(torn["isError"], true);
    assert!(text(&torn).contains("was sent, and did not come to a good end:\n- it is torn"));
    assert!(text(&torn).contains("\"id\":\"torn\""), "{}", text(&torn));
    let slow = call("manage_book", shelve("slow")).await;
    assert_eq!(slow["isError"], false);
    let notice = slow["structuredContent"]["notice"].as_str().unwrap();
    assert!(
        notice.contains("accepted and is not done yet: it is slow"),
        "{notice}"
    );
    assert_eq!(slow["structuredContent"]["result"]["book"]["id"], "slow");
    let lost = call("manage_book", shelve("lost")).await;
    assert_eq!(lost["isError"], true);
    assert!(
        text(&lost).ends_with("lest it is done twice."),
        "{}",
        text(&lost)
    );
}

fn scoped(read: bool, write: bool) -> Caller {
    Caller {
        scopes: Scopes { read, write },
        ..Caller::anonymous()
    }
}

/// Sends a request of an older revision over HTTP and answers with its result.
async fn ask(url: &str, method: &str, parameters: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
    let response = reqwest::Client::new()
        .post(url)
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-06-18")
        .json(&body)
        .send()
        .await
        .unwrap();
    let mut answer: Value = response.json().await.unwrap();
    answer["result"].take()
}

#[tokio::test]
async fn tools_are_there_for_those_who_may_use_them() {
    for (caller, expected) in [
        (
            scoped(true, true),
            vec!["manage_book", "shelve_book", "burn_book", "get_books"],
        ),
        (scoped(true, false), vec!["get_books"]),
        (scoped(false, true), vec![]),
        (scoped(false, false), vec![]),
    ] {
        let (server, shelf) = server();
        let url = listen(server, Some(caller.clone())).await;
        let list = ask(&url, "tools/list", json!({})).await;
        let tools = list["tools"].as_array().unwrap();
        let names: Vec<&str> = tools
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected);
        let arguments = json!({"action": "shelve", "book": "1", "place": 2});
        let parameters = json!({"name": "manage_book", "arguments": arguments});
        let result = ask(&url, "tools/call", parameters).await;
        let told = shelf.told();
        if names.contains(&"manage_book") {
            assert_eq!((&result["isError"], told.len()), (&json!(false), 1));
            continue;
        }
        assert_eq!(result["isError"], true);
        assert!(text(&result).contains("was not run: the token does not carry"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("refused shelve scope -: the token"),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn where_nothing_may_be_changed_such_tools_are_left_out() {
    let library = Library::new();
    let documents = &DOCUMENTS[..2];
    let tools = Tools::from_texts(&library.sdl(), MANIFEST, documents).unwrap();
    assert_eq!(tools.names().count(), 0);
    assert!(tools.withheld("manage_book").is_some());
    let instructions = |server: &McpServer| {
        let info = rmcp::ServerHandler::get_info(server);
        info.instructions.unwrap()
    };
    let server = McpServer::new(tools, Arc::new(library), Confirm::WhenPossible);
    assert!(instructions(&server).starts_with("Reads an OpenStack cloud. "));
    assert!(instructions(&super::shelf::server().0).contains("changes it"));
    let result = call_on(server, "manage_book", json!({"action": "burn"})).await;
    assert!(
        text(&result).contains("ALLOW_MODIFY_OPERATIONS"),
        "{}",
        text(&result)
    );
    // A bad one is still told of, and an operator's filter knows all names.
    let bad = Tools::from_texts(
        &Library::new().sdl(),
        "",
        &[("bad", "# B.\nmutation bad {")],
    );
    assert!(bad.is_err());
    let filter = Filter {
        toolsets: vec!["writing".to_owned()],
        deny: vec!["manage_book".to_owned()],
        ..Filter::default()
    };
    let tools = Tools::from_texts(&Library::new().sdl(), MANIFEST, documents).unwrap();
    let tools = tools.filter(&filter).unwrap();
    assert!(tools.withheld("manage_book").is_none() && tools.withheld("shelve_book").is_some());
}
