//! What clients are told of the tools is checked in, and it keeps to its budgets.

use std::path::Path;

use mcp_openstack_ops::mcp::Tools;
use serde_json::Value;

use crate::support::graph;

/// The characters that a model may have to read on every turn.
const MAX_PROMPT_CHARACTERS: usize = 14_000;
/// The bytes of the answer to `tools/list`.
const MAX_LIST_BYTES: usize = 40 * 1024;
/// Clients put their own prefix before a name, and some refuse more than 64 characters in all.
const MAX_NAME: usize = 40;

fn tools() -> Tools {
    Tools::load(graph().sdl(), None).unwrap()
}

/// `INSTA_UPDATE=always` writes the file anew; its diff is the review of a change to the tools.
#[test]
fn the_checked_in_list_is_the_tools() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/tools.json");
    let mut made = serde_json::to_string_pretty(&tools().listed()).unwrap();
    made.push('\n');
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    let first = written
        .lines()
        .zip(made.lines())
        .find(|(written, made)| written != made);
    assert!(
        written == made,
        "schema/tools.json is not what `tools/list` answers: first difference {first:?}; \
         INSTA_UPDATE=always writes it anew"
    );
}

#[test]
fn the_list_keeps_to_its_budgets() {
    let size = tools().size();
    assert!(size.prompt_characters <= MAX_PROMPT_CHARACTERS, "{size:?}");
    assert!(size.list_bytes <= MAX_LIST_BYTES, "{size:?}");
}

#[test]
fn every_tool_has_a_form_that_every_client_takes() {
    for tool in tools().listed() {
        let name = tool.name.clone();
        assert!(
            name.chars().count() <= MAX_NAME
                && name
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || character == '_'),
            "{name}"
        );
        assert!(tool.title.is_some_and(|title| !title.is_empty()), "{name}");
        assert!(
            tool.description.is_some_and(|text| !text.is_empty()),
            "{name}"
        );
        // Every tool of this release reads.
        assert_eq!(
            tool.annotations.unwrap().read_only_hint,
            Some(true),
            "{name}"
        );
        for schema in [&tool.input_schema, &tool.output_schema.unwrap()] {
            assert_eq!(
                schema.get("type"),
                Some(&Value::from("object")),
                "{name}: {schema:?}"
            );
            for keyword in ["anyOf", "oneOf", "allOf", "$ref"] {
                assert!(!schema.contains_key(keyword), "{name} has a {keyword}");
            }
        }
    }
}
