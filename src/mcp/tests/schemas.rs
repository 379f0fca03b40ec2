//! What clients are told of tools, and which documents are refused.

use serde_json::{Value, json};

use super::toy::{DOCUMENTS, Library, MANIFEST, tools};
use crate::mcp::{Filter, Tools};

fn listed(name: &str) -> Value {
    let tool = tools().listed().into_iter().find(|tool| tool.name == name);
    serde_json::to_value(tool.unwrap()).unwrap()
}

#[test]
fn the_input_schema_comes_from_the_variables() {
    assert_eq!(
        listed("get_books")["inputSchema"],
        json!({
            "type": "object",
            "properties": {
                "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50,
                    "description": "How many books."},
                "offset": {"type": "integer", "minimum": 0, "default": 0,
                    "description": "How many books to leave out first."},
                "ids": {"type": "array", "items": {"type": "string"}, "description": "Only these."},
                "title": {"type": "string", "default": "all",
                    "description": "Only with this title."},
                "kind": {"type": "string", "enum": ["novel", "short_story", "any"],
                    "description": "Only of this kind."},
                "title_length": {"type": "integer", "default": 0},
            },
            "additionalProperties": false,
        })
    );
}

#[test]
fn a_recursive_input_object_is_the_only_reference() {
    let filter = json!({
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "kind": {"type": "string", "enum": ["NOVEL", "SHORT_STORY"]},
            "and": {"type": "array", "items": {"type": "object", "$ref": "#/$defs/BookFilter"}},
        },
        "additionalProperties": false,
    });
    assert_eq!(
        listed("find_books")["inputSchema"],
        json!({
            "type": "object",
            "properties": {"filter": filter},
            "required": ["filter"],
            "additionalProperties": false,
            "$defs": {"BookFilter": filter},
        })
    );
}

#[test]
fn the_output_schema_comes_from_the_selection() {
    let schema = &listed("get_books")["outputSchema"];
    assert_eq!(
        schema["properties"]["books"],
        json!({
            "properties": {
                "totalCount": {},
                "nodes": {"items": {"properties": {
                    "id": {"type": "string"},
                    "title": {"type": "string"},
                    "kind": {"type": "string", "enum": ["NOVEL", "SHORT_STORY"]},
                    "pages": {},
                }}},
                "pageInfo": {"properties": {
                    "hasNextPage": {"type": "boolean"},
                    "endCursor": {},
                }},
            },
        })
    );
    assert_eq!(schema["properties"]["notice"], json!({"type": "string"}));
    assert_eq!(schema["properties"]["errors"]["type"], "array");
    let merged = &listed("find_books")["outputSchema"]["properties"]["books"];
    assert_eq!(
        merged["properties"]["nodes"]["items"]["properties"],
        json!({"id": {"type": "string"}, "title": {"type": "string"}})
    );
}

#[test]
fn titles_order_and_hints_are_told() {
    let names: Vec<String> = tools().names().map(str::to_owned).collect();
    assert_eq!(names[..3], ["get_books", "find_books", "get_half"]);
    let tool = listed("find_books");
    assert_eq!(tool["title"], "Find books");
    assert_eq!(
        tool["annotations"],
        json!({"title": "Find books", "readOnlyHint": true, "destructiveHint": false,
            "idempotentHint": true, "openWorldHint": false})
    );
}

#[test]
fn the_list_is_measured() {
    let tools = tools();
    let size = tools.size();
    let list = serde_json::to_string(&tools.listed()).unwrap();
    assert!(size.list_bytes > list.len() && size.list_bytes < list.len() + 100);
    assert!(size.prompt_characters > 500 && size.prompt_characters < size.list_bytes);
}

#[test]
fn tools_are_filtered_by_known_names() {
    let kept = |toolsets: &[&str], allow: &[&str], deny: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let filter = Filter {
            toolsets: owned(toolsets),
            allow: owned(allow),
            deny: owned(deny),
        };
        tools()
            .filter(&filter)
            .map(|tools| tools.names().collect::<Vec<_>>().join(" "))
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        kept(&["reading"], &[], &["find_books"]).unwrap(),
        "get_books"
    );
    assert_eq!(kept(&[], &["wait", "whoami"], &[]).unwrap(), "wait whoami");
    assert_eq!(
        kept(&["writing"], &[], &[]).unwrap_err(),
        "unknown toolset `writing`; known: custom, reading, trouble"
    );
    let unknown = kept(&[], &[], &["burn"]).unwrap_err();
    assert!(
        unknown.contains("`burn`") && unknown.contains("get_books"),
        "{unknown}"
    );
}

fn refused(document: &str, manifest: &str) -> String {
    let manifest = format!("[[tool]]\nname = \"t\"\n{manifest}");
    Tools::from_texts(&Library::new().sdl(), &manifest, &[("t", document)])
        .unwrap_err()
        .to_string()
}

#[test]
fn a_document_that_does_not_suit_the_graph_is_refused() {
    let cases = [
        ("query t { closed { name } }", "`Book` has no field `name`"),
        (
            "query t { books(last: 1) { totalCount } }",
            "takes no `last`",
        ),
        ("query t { text }", "needs `length`"),
        ("query t { closed }", "needs fields selected"),
        ("query t { slow { id } }", "has no fields"),
        ("query t($a: Int) { text(length: $a) }", "is not a `Int!`"),
        (
            "query t($a: String) { books(first: $a) { totalCount } }",
            "is not a `Int`",
        ),
        (
            "query t { books(first: $a) { totalCount } }",
            "`$a` is not declared",
        ),
        ("query t($a: Int) { slow }", "`$a` is never used"),
        (
            "query t($a: What) { slow @include(if: $a) }",
            "`What`, is not in the graph",
        ),
        (
            "query t { books(filter: {kind: POEM}) { totalCount } }",
            "is not a `Kind`",
        ),
        (
            "query t { books(filter: {colour: 1}) { totalCount } }",
            "takes no `colour`",
        ),
        ("query t { ...none }", "no fragment `none`"),
        (
            "query t { slow } fragment f on Book { id }",
            "fragment `f` is never used",
        ),
        (
            "query t { closed { ... on PageInfo { endCursor } } }",
            "never a `PageInfo`",
        ),
        (
            "query t { closed { ...f } } fragment f on Book { id ...g } fragment g on Book { ...f }",
            "fragment `f` contains itself",
        ),
        ("query t { errors: slow }", "alias"),
        ("query t { slow @defer }", "`@defer`"),
        ("subscription t { slow }", "the graph has no subscription"),
        (
            "query a { slow } query b { closed { id } }",
            "action `a`: ask for one field",
        ),
    ];
    for (document, expected) in cases {
        let message = refused(&format!("# T.\n{document}"), "");
        assert!(message.starts_with("t.graphql: "), "{message}");
        assert!(message.contains(expected), "{document}: {message}");
    }
}

#[test]
fn rules_that_do_not_suit_an_argument_are_refused() {
    let document =
        "# T.\nquery t($a: Int = 5, $ids: [ID!]) { books(first: $a, ids: $ids) { totalCount } }";
    for (rule, expected) in [
        ("arguments.b = { min = 1 }", "no argument"),
        ("arguments.a = { split = true }", "a list of strings"),
        ("arguments.ids = { max = 1 }", "a number"),
        ("arguments.a = { enum_case = \"any\" }", "an enum"),
        ("arguments.a = { max = 4 }", "its default is refused"),
        ("arguments.a = { least = 4 }", "least"),
    ] {
        let message = refused(document, rule);
        assert!(message.contains(expected), "{rule}: {message}");
    }
    let absent = Tools::from_texts(&Library::new().sdl(), MANIFEST, &DOCUMENTS[1..]).unwrap_err();
    assert!(absent.to_string().contains("get_books.graphql"), "{absent}");
}

#[test]
fn an_operators_documents_are_added_and_bad_ones_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("good.graphql", "# Good.\nquery good { cloudName }");
    write("bad.graphql", "# Bad.\nquery bad { nothing }");
    write("other.txt", "not a document");
    let sdl = "type Query { cloudName: String! }";
    let tools = Tools::from_texts(sdl, "", &[]).unwrap();
    let tools = tools.with_folder(folder.path()).unwrap();
    assert_eq!(tools.names().collect::<Vec<_>>(), ["good"]);
    assert!(tools.with_folder(&folder.path().join("absent")).is_err());
}
