//! What a call answers: arguments, errors, sizes.

use rmcp::model::CallToolRequestParams;
use serde_json::{Map, Value, json};

use super::protocol::connect;

/// A call's result as JSON.
async fn call(name: &'static str, arguments: Value) -> Value {
    let client = connect().await;
    let mut parameters = CallToolRequestParams::new(name);
    parameters.arguments = arguments.as_object().cloned();
    let result = client.call_tool(parameters).await.unwrap();
    client.cancel().await.unwrap();
    serde_json::to_value(result).unwrap()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

fn ids(result: &Value) -> Vec<&str> {
    let rows = result["structuredContent"]["books"]["nodes"]
        .as_array()
        .unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_call_answers_with_one_object_twice_and_its_bill() {
    let result = call("get_books", json!({"limit": 2, "offset": 998})).await;
    assert_eq!(result["isError"], false);
    assert_eq!(ids(&result), ["998", "999"]);
    let text: Value = serde_json::from_str(text(&result)).unwrap();
    assert_eq!(text, result["structuredContent"]);
    assert_eq!(text.get("notice"), None);
    assert_eq!(
        result["_meta"]["upstream"],
        json!({"calls": 1, "cached": 0, "milliseconds": 2})
    );
}

#[tokio::test]
async fn arguments_are_taken_as_the_manifest_says() {
    let split = call("get_books", json!({"ids": " 3, 5,,"})).await;
    assert_eq!(ids(&split), ["3", "5"]);
    let list = call("get_books", json!({"ids": ["3"], "kind": "Short Story"})).await;
    assert_eq!(ids(&list), ["3"]);
    let dashed = call("get_books", json!({"ids": ["3"], "kind": "short-story"})).await;
    assert_eq!(ids(&dashed), ["3"]);
    let any = call(
        "get_books",
        json!({"ids": ["3"], "kind": "any", "title": "ALL"}),
    )
    .await;
    assert_eq!(ids(&any), ["3"]);
    let title = call(
        "get_books",
        json!({"title": "7", "limit": null, "kind": null}),
    )
    .await;
    assert_eq!(ids(&title), ["7"]);
    let whole = call("get_books", json!({"limit": 1.0})).await;
    assert_eq!(ids(&whole), ["0"]);
    let filter = json!({"filter": {"and": [{"kind": "NOVEL"}], "title": "8"}});
    assert_eq!(ids(&call("find_books", filter).await), ["8"]);
}

#[tokio::test]
async fn bad_arguments_are_named_with_what_is_allowed() {
    let cases = [
        (
            "get_books",
            json!({"size": 1}),
            "unknown argument `size`; known: limit, offset, ids",
        ),
        ("get_closed", json!({"size": 1}), "this tool takes none"),
        (
            "get_books",
            json!({"limit": "ten"}),
            "`limit`: \"ten\" given; allowed: a whole number from 1 to 1000",
        ),
        ("get_books", json!({"limit": 1001}), "`limit`: 1001 given"),
        (
            "get_books",
            json!({"offset": -1}),
            "a whole number of at least 0",
        ),
        ("get_books", json!({"limit": 1.5}), "1.5 given"),
        (
            "get_books",
            json!({"title_length": 5_000_000_000_i64}),
            "5000000000 given",
        ),
        (
            "get_books",
            json!({"title": 5}),
            "`title`: 5 given; allowed: a string",
        ),
        ("get_books", json!({"ids": [1]}), "`ids[0]`: 1 given"),
        (
            "get_books",
            json!({"ids": 1}),
            "a list, each item a string, or one string with commas",
        ),
        (
            "get_books",
            json!({"kind": "poem"}),
            "allowed: one of novel, short_story, any",
        ),
        (
            "get_text",
            json!({}),
            "argument `length` is required: a whole number",
        ),
        (
            "get_text",
            json!({"length": null}),
            "argument `length` is required",
        ),
        (
            "find_books",
            json!({"filter": {"kind": "novel"}}),
            "`filter.kind`: \"novel\" given",
        ),
        (
            "find_books",
            json!({"filter": {"size": 1}}),
            "`filter.size`: an unknown field",
        ),
        (
            "find_books",
            json!({"filter": "x"}),
            "an object with the fields title, kind, and",
        ),
    ];
    for (tool, arguments, expected) in cases {
        let result = call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{expected}");
        assert!(text(&result).contains(expected), "{}", text(&result));
        let error = &result["structuredContent"]["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    }
    let both = call("get_books", json!({"size": 1, "limit": 0})).await;
    assert_eq!(
        both["structuredContent"]["errors"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn what_failed_is_named_beside_what_was_had() {
    let result = call("get_half", json!({})).await;
    assert_eq!(result["isError"], false);
    assert_eq!(ids(&result), ["0"]);
    let structured = &result["structuredContent"];
    assert_eq!(structured["lost"], Value::Null);
    assert_eq!(
        structured["errors"],
        json!([{
            "message": "the catalogue is closed",
            "path": ["lost"],
            "extensions": {"code": "SERVICE_UNAVAILABLE", "requestId": "req-1", "retryable": true,
                "service": "catalogue"},
        }])
    );
}

#[tokio::test]
async fn a_call_whose_every_field_failed_is_an_error() {
    let result = call("get_closed", json!({})).await;
    assert_eq!(result["isError"], true);
    let line = "- the catalogue is closed (at closed, code SERVICE_UNAVAILABLE, \
        service catalogue, requestId req-1)";
    assert!(
        text(&result).starts_with("get_closed failed:\n"),
        "{}",
        text(&result)
    );
    assert!(text(&result).contains(line), "{}", text(&result));
    assert!(text(&result).ends_with("may succeed a little later."));
    assert_eq!(
        result["structuredContent"]["errors"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(result["_meta"]["upstream"]["calls"], 1);
}

#[tokio::test]
async fn more_pages_are_announced() {
    let result = call("get_books", json!({"limit": 10, "offset": 20})).await;
    assert_eq!(
        result["structuredContent"]["notice"],
        "`books` has more rows than the 10 of 1000 shown. Go on with offset=30."
    );
    let result = call("find_books", json!({"filter": {}})).await;
    assert_eq!(result["structuredContent"].get("notice"), None);
}

#[tokio::test]
async fn nothing_at_all_is_an_error_that_names_the_arguments() {
    let result = call("get_text", json!({"length": -1})).await;
    assert_eq!(result["isError"], true);
    assert_eq!(
        result["structuredContent"],
        json!({"text": null, "errors": [{
            "message": "nothing was found for length=-1, or it cannot be seen with this credential",
            "extensions": {"code": "NOT_FOUND"},
        }]})
    );
    let half = call("get_half", json!({})).await;
    assert_eq!(half["structuredContent"].get("notice"), None);
}

#[tokio::test]
async fn a_long_answer_is_cut_at_a_row() {
    let arguments = json!({"limit": 1000, "offset": 100, "title_length": 200});
    let result = call("get_books", arguments.clone()).await;
    let shown = ids(&result).len();
    assert!(text(&result).len() <= 64 * 1024 && text(&result).len() > 60 * 1024);
    let structured = &result["structuredContent"];
    let next = 100 + shown;
    assert_eq!(
        structured["notice"],
        format!("Cut to 64 KiB: `books.nodes` shows {shown} of 1000. Go on with offset={next}.")
    );
    assert_eq!(
        structured["books"]["pageInfo"],
        json!({"hasNextPage": true, "endCursor": null})
    );
    let text: Value = serde_json::from_str(text(&result)).unwrap();
    assert_eq!(&text, structured);
    assert_eq!(
        call("get_books", arguments).await["structuredContent"],
        text,
        "deterministic"
    );
}

#[tokio::test]
async fn an_answer_without_rows_that_is_too_long_says_so() {
    let result = call("get_text", json!({"length": 100_000})).await;
    assert!(text(&result).len() < 1000);
    let notice = result["structuredContent"]["notice"].as_str().unwrap();
    assert!(
        notice.contains("64 KiB") && notice.contains("Narrow it with length"),
        "{notice}"
    );
}

#[tokio::test]
async fn an_answer_keeps_to_its_output_schema() {
    let client = connect().await;
    for tool in client.list_all_tools().await.unwrap() {
        let schema = tool.output_schema.unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let arguments: Map<String, Value> = match &*tool.name {
            "wait" => continue,
            "find_books" => json!({"filter": {}}),
            "get_text" => json!({"length": 1}),
            _ => json!({}),
        }
        .as_object()
        .cloned()
        .unwrap();
        let mut parameters = CallToolRequestParams::new(tool.name.clone());
        parameters.arguments = Some(arguments);
        let result = client.call_tool(parameters).await.unwrap();
        for key in result
            .structured_content
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(properties.contains_key(key), "{}: {key}", tool.name);
        }
    }
}
