//! What clients are told of the tools is checked in, and it keeps to its budgets.

use std::path::Path;

use mcp_openstack_ops::graph::Graph;
use mcp_openstack_ops::mcp::Tools;
use mcp_openstack_ops::policy::Mode;
use serde_json::Value;

/// The bytes of the answer to `tools/list`.
const MAX_LIST_BYTES: usize = 40 * 1024;
/// Clients put their own prefix before a name, and some refuse more than 64 characters in all.
const MAX_NAME: usize = 40;

/// Each mode, and the file with what is told of the tools in it.
const MODES: [(Mode, &str); 2] = [
    (Mode::ReadOnly, "schema/tools.json"),
    (Mode::Modify, "schema/tools-modify.json"),
];
/// The characters of each mode that a model may have to read on every turn.
const MAX_PROMPT_CHARACTERS: [usize; 2] = [14_000, 22_000];

fn tools(mode: Mode) -> Tools {
    Tools::load(Graph::without_cloud(mode).unwrap().sdl(), None).unwrap()
}

/// `INSTA_UPDATE=always` writes the files anew; their diff is the review of a change to the tools.
#[test]
fn the_checked_in_lists_are_the_tools() {
    for (mode, file) in MODES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let mut made = serde_json::to_string_pretty(&tools(mode).listed()).unwrap();
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
            "{file} is not what `tools/list` answers: first difference {first:?}; \
             INSTA_UPDATE=always writes it anew"
        );
    }
}

#[test]
fn the_lists_keep_to_their_budgets() {
    for ((mode, _), most) in MODES.into_iter().zip(MAX_PROMPT_CHARACTERS) {
        let size = tools(mode).size();
        assert!(size.prompt_characters <= most, "{mode:?}: {size:?}");
        assert!(size.list_bytes <= MAX_LIST_BYTES, "{mode:?}: {size:?}");
    }
}

#[test]
fn every_tool_has_a_form_that_every_client_takes() {
    let reads: Vec<String> = tools(Mode::ReadOnly).names().map(str::to_owned).collect();
    for tool in tools(Mode::Modify).listed() {
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
        let hint = tool.annotations.unwrap().read_only_hint;
        let is_read = reads.iter().any(|read| **read == *name);
        assert_eq!(hint, Some(is_read), "{name}");
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
