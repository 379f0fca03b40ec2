//! What clients are told of the tools is checked in, and it keeps to its budgets.

use mcp_openstack_ops::graph::Graph;
use mcp_openstack_ops::mcp::Tools;
use mcp_openstack_ops::policy::Mode;
use serde_json::Value;

use crate::checked_in;

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

#[test]
fn the_checked_in_lists_are_the_tools() {
    for (mode, file) in MODES {
        let made = serde_json::to_string_pretty(&tools(mode).listed()).unwrap();
        checked_in::compare(file, &(made + "\n"));
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
