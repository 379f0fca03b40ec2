use std::time::{Duration, Instant};

use async_graphql::{ServerError, Value, Variables};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SDL: &str = r#"
schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"]) {
  query: Query
}
directive @key(fields: String!) repeatable on OBJECT
"""A cloud."""
type Cloud {
  name: String!
  servers(first: Int = 50, after: String, all: Boolean = false): ServerConnection!
}
type Query {
  cloud(name: String!): Cloud
  clouds: [Cloud!]!
  server(id: ID!): Server
  servers(first: Int = 50, after: String, all: Boolean = false): ServerConnection!
  events(first: Int = 20): [Event!]!
}
type ServerConnection @shareable {
  nodes: [Server!]!
  edges: [ServerEdge!]!
  pageInfo: PageInfo!
  totalCount: Int
  scope: String!
}
type ServerEdge { node: Server! cursor: String! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Server implements Node @key(fields: "id") {
  id: ID!
  name: String
  flavor: Flavor
  ports(first: Int = 50): PortConnection
  volumes(first: Int = 50): VolumeConnection
  addresses: [Address!]!
  actions(first: Int = 20): [Event!]
}
type PortConnection { nodes: [Port!]! totalCount: Int }
type VolumeConnection { nodes: [Volume!]! }
interface Node { id: ID! }
type Port { id: ID! server: Server }
type Volume { id: ID! }
type Address { ip: String! }
type Flavor { id: ID! vcpus: Int }
type Event { id: ID! server: Server }
"#;

fn limits() -> Limits {
    Limits::new(SDL, &[("Server.actions", 100)]).unwrap()
}

fn admit(query: &str) -> Result<(), ServerError> {
    admit_with(query, json!({}))
}

fn admit_with(query: &str, variables: serde_json::Value) -> Result<(), ServerError> {
    let variables = Variables::from_json(variables);
    limits().admit(query, None, &variables).map(|_| ())
}

fn extension(error: &ServerError, name: &str) -> Value {
    let extensions = error.extensions.as_ref().unwrap();
    extensions.get(name).unwrap().clone()
}

fn code(query: &str) -> String {
    match extension(&admit(query).unwrap_err(), "code") {
        Value::String(code) => code,
        other => panic!("{other}"),
    }
}

fn cost(query: &str) -> u64 {
    cost_with(query, json!({}))
}

fn cost_with(query: &str, variables: serde_json::Value) -> u64 {
    let limits = limits();
    let document = parser::parse_query(query).unwrap();
    let operation = selected(&document, None).unwrap();
    let variables = Variables::from_json(variables);
    cost::bill(&limits.model, &document, operation, &variables).total
}

/// The introspection query of graphql-js, with everything switched on.
const INTROSPECTION: &str = r"
query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
  subscriptionType { name kind } types { ...FullType }
  directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[test]
fn introspection_is_admitted() {
    admit(INTROSPECTION).unwrap();
}

#[test]
fn introspection_cannot_multiply_the_schema_by_itself() {
    let query =
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(code(query), "TOO_DEEP");
}

#[test]
fn brackets_are_bounded_before_parsing() {
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let query = format!(
            "{{ server(id: {}1{}) {{ id }} }}",
            open.repeat(200_000 / open.len() / 20),
            close.repeat(10_000 / close.len())
        );
        assert_eq!(code(&query), "TOO_NESTED");
    }
    assert_eq!(code(&"{a".repeat(5_000)), "TOO_NESTED");
    assert_eq!(
        code(&format!("query($a: {})", "[".repeat(5_000))),
        "TOO_NESTED"
    );
}

#[test]
fn what_may_nest_does_not_overflow_the_stack() {
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let value = format!("{}1{}", open.repeat(98), close.repeat(98));
        admit(&format!("{{ server(id: {value}) {{ id }} }}")).unwrap();
        let deeper = format!("{open}{value}{close}");
        assert_eq!(
            code(&format!("{{ server(id: {deeper}) {{ id }} }}")),
            "TOO_NESTED"
        );
    }
    assert_eq!(
        code(&format!("{}a{}", "{ a ".repeat(100), "}".repeat(100))),
        "TOO_DEEP"
    );
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let brackets = "[".repeat(5_000);
    admit(&format!(
        "{{ server(id: \"{brackets}\\\"{brackets}\") {{ id }} }}"
    ))
    .unwrap();
    admit(&format!(
        "{{ server(id: \"\"\"{brackets}\" \\\"\"\" {brackets}\n\"\"\") {{ id }} }}"
    ))
    .unwrap();
    admit(&format!("# {brackets}\n{{ server(id: 1) {{ id }} }}")).unwrap();
}

#[test]
fn brackets_cannot_hide_behind_broken_strings() {
    let brackets = "[".repeat(20_000);
    // An unterminated block string is an empty string and the start of another one.
    let query = format!("{{ server(id: [\"\"\"x\"{brackets}");
    assert_eq!(code(&query), "TOO_NESTED");
    let query = format!("{{ server(id: \"\"{brackets}");
    assert_eq!(code(&query), "TOO_NESTED");
    let query = format!("{{ server(id: \"\"\"\"\"\"{brackets}");
    assert_eq!(code(&query), "TOO_NESTED");
    let query = format!("{{ server(id: \"x\n{brackets}");
    assert_eq!(code(&query), "TOO_NESTED");
    let query = format!("# \"\r{{ server(id: {brackets}");
    assert_eq!(code(&query), "TOO_NESTED");
}

#[test]
fn a_query_that_cannot_be_read_is_told_where() {
    let error = admit("{ servers { nodes { id }").unwrap_err();
    assert_eq!(
        extension(&error, "code"),
        Value::from("GRAPHQL_PARSE_FAILED")
    );
    assert!(!error.locations.is_empty());
}

#[test]
fn long_queries_are_refused() {
    assert_eq!(code(&" ".repeat(1024 * 1024 + 1)), "QUERY_TOO_LONG");
    assert_eq!(
        code(&format!("{{ {} }}", "id ".repeat(20_000))),
        "TOO_LARGE"
    );
    assert_eq!(code(&"{a}".repeat(20_000)), "TOO_LARGE");
    // A comment is no token, a string is one.
    admit(&format!(
        "# {}\n{{ server(id: 1) {{ id }} }}",
        "x ".repeat(50_000)
    ))
    .unwrap();
}

fn doubling_fragments(count: usize) -> String {
    let mut query = "query { server(id: 1) { ...F0 } }\n".to_owned();
    for index in 0..count {
        let body = if index + 1 == count {
            "id".to_owned()
        } else {
            format!("...F{0} ...F{0}", index + 1)
        };
        query += &format!("fragment F{index} on Server {{ {body} }}\n");
    }
    query
}

#[test]
fn doubling_fragments_are_refused_at_once() {
    let query = doubling_fragments(22);
    let started = Instant::now();
    assert_eq!(code(&query), "TOO_LARGE");
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[test]
fn doubling_fragments_that_nobody_spreads_are_refused_too() {
    let query = doubling_fragments(22).replace("server(id: 1) { ...F0 }", "__typename");
    assert_eq!(code(&query), "TOO_LARGE");
}

#[test]
fn cycles_of_fragments_end() {
    let cycle = "{ server(id: 1) { ...A } }
        fragment A on Server { ...B ...B } fragment B on Server { ...A ...A }";
    assert_eq!(code(cycle), "GRAPHQL_VALIDATION_FAILED");
    let unused = "{ __typename } fragment A on Server { ...A }";
    assert_eq!(code(unused), "GRAPHQL_VALIDATION_FAILED");
}

#[test]
fn fragments_are_counted() {
    let fragments = |count: usize| {
        (0..count).fold("{ server(id: 1) { id } }".to_owned(), |query, index| {
            query + &format!(" fragment F{index} on Server {{ id }}")
        })
    };
    admit(&fragments(50)).unwrap();
    assert_eq!(code(&fragments(51)), "TOO_MANY_FRAGMENTS");
}

fn nested(depth: usize) -> String {
    let open = "ports(first: 1) { nodes { server { ".repeat((depth - 2) / 3);
    let rest = ["id", "flavor { id }", "ports(first: 1) { nodes { id } }"][(depth - 2) % 3];
    let close = "} } } ".repeat((depth - 2) / 3);
    format!("{{ server(id: 1) {{ {open} {rest} {close} }} }}")
}

#[test]
fn depth_is_bounded() {
    admit(&nested(15)).unwrap();
    assert_eq!(code(&nested(16)), "TOO_DEEP");
    let error = admit(&nested(17)).unwrap_err();
    assert!(
        error.message.contains("server.ports.nodes.server"),
        "{error}"
    );
}

#[test]
fn fragments_do_not_hide_depth() {
    let query = "{ server(id: 1) { ...A } }
        fragment A on Server { ports(first: 1) { nodes { server { ...B } } } }
        fragment B on Server { ports(first: 1) { nodes { server { ...C } } } }
        fragment C on Server { ports(first: 1) { nodes { server { ...D } } } }
        fragment D on Server { ports(first: 1) { nodes { server { ...E } } } }
        fragment E on Server { ports(first: 1) { nodes { server { id } } } }";
    assert_eq!(code(query), "TOO_DEEP");
    let inline = format!(
        "{{ {} __typename {} }}",
        "... { ".repeat(40),
        "} ".repeat(40)
    );
    assert_eq!(code(&inline), "TOO_DEEP");
}

#[test]
fn aliases_are_counted_where_they_are_spread() {
    let aliases = |count: usize| {
        (0..count)
            .map(|i| format!("a{i}: name "))
            .collect::<String>()
    };
    admit(&format!("{{ server(id: 1) {{ {} }} }}", aliases(50))).unwrap();
    let many = format!("{{ server(id: 1) {{ {} }} }}", aliases(51));
    assert_eq!(code(&many), "TOO_MANY_ALIASES");
    let spread = format!(
        "{{ a: server(id: 1) {{ ...F }} b: server(id: 2) {{ ...F }} }}
         fragment F on Server {{ {} }}",
        aliases(25)
    );
    assert_eq!(code(&spread), "TOO_MANY_ALIASES");
}

#[test]
fn only_the_operation_at_hand_is_weighed() {
    let query = "query cheap { servers { nodes { id } } }
        query dear { servers(all: true) { nodes { actions { id } } } }";
    let none = Variables::default();
    limits().admit(query, Some("cheap"), &none).unwrap();
    let error = limits().admit(query, Some("dear"), &none).unwrap_err();
    assert_eq!(extension(&error, "code"), Value::from("TOO_EXPENSIVE"));
    // The executor says that there is no such operation.
    limits().admit(query, Some("other"), &none).unwrap();
    limits().admit(query, None, &none).unwrap();
}

#[test]
fn lists_cost_their_rows() {
    assert_eq!(cost("{ servers { nodes { id name } } }"), 50);
    assert_eq!(cost("{ servers(first: 7) { nodes { id } } }"), 7);
    assert_eq!(
        cost("{ servers(first: 7) { edges { node { id } cursor } pageInfo { hasNextPage } } }"),
        7
    );
    assert_eq!(cost("{ servers(first: 5000) { nodes { id } } }"), 1_000);
    assert_eq!(cost("{ servers(first: -5) { nodes { id } } }"), 0);
    assert_eq!(cost("{ servers(first: null) { nodes { id } } }"), 50);
    assert_eq!(cost("{ servers(all: true) { nodes { id } } }"), 10_000);
    assert_eq!(
        cost("{ servers(all: true, first: 3) { nodes { id } } }"),
        10_000
    );
    assert_eq!(cost("{ servers(first: 7) { totalCount } }"), 17);
    assert_eq!(cost("{ events { id server { id } } }"), 40);
}

#[test]
fn edges_cost_a_row_for_each_parent() {
    assert_eq!(cost("{ server(id: 1) { name flavor { vcpus } } }"), 2);
    assert_eq!(
        cost("{ servers(first: 10) { nodes { flavor { vcpus } } } }"),
        20
    );
    assert_eq!(
        cost("{ servers(first: 10) { nodes { ports { nodes { id } } } } }"),
        30
    );
    assert_eq!(
        cost("{ servers(first: 10) { nodes { ports(first: 9) { nodes { id } } } } }"),
        100
    );
    assert_eq!(
        cost("{ servers(first: 10) { nodes { ports { nodes { server { id } } totalCount } } } }"),
        150
    );
    assert_eq!(
        cost("{ servers(first: 10) { nodes { addresses { ip } } } }"),
        20
    );
    assert_eq!(
        cost("{ servers(first: 10) { nodes { actions(first: 1) { id } } } }"),
        1_020
    );
    assert_eq!(
        cost("{ cloud(name: \"x\") { servers { nodes { id } } } }"),
        51
    );
    assert_eq!(cost("{ clouds { servers { nodes { id } } } }"), 101);
}

#[test]
fn fragments_cost_what_they_select() {
    let spread = "{ servers(first: 10) { ...C } } fragment C on ServerConnection { nodes { ...S } }
        fragment S on Server { flavor { id } }";
    assert_eq!(cost(spread), 20);
    assert_eq!(
        cost(
            "{ servers(first: 10) { nodes { ... on Server { flavor { id } } ... { flavor { id } } } } }"
        ),
        30
    );
    let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Server { flavor { id } } } }";
    let representations = json!({"r": [{"id": "1"}, {"id": "2"}, {"id": "3"}]});
    assert_eq!(cost_with(entities, representations), 6);
}

#[test]
fn variables_are_priced_as_sent() {
    let query = "query($n: Int = 3, $all: Boolean = false) {
        servers(first: $n, all: $all) { nodes { id } } }";
    assert_eq!(cost(query), 3);
    assert_eq!(cost_with(query, json!({"n": 8})), 8);
    assert_eq!(cost_with(query, json!({"n": null})), 50);
    assert_eq!(cost_with(query, json!({"all": true})), 10_000);
    assert_eq!(
        cost("query($n: Int) { servers(first: $n) { nodes { id } } }"),
        50
    );
}

#[test]
fn what_is_left_out_costs_nothing() {
    assert_eq!(
        cost("{ servers @skip(if: true) { nodes { id } } __typename }"),
        0
    );
    assert_eq!(
        cost("{ ... @include(if: false) { servers { nodes { id } } } }"),
        0
    );
    assert_eq!(
        cost("{ servers @include(if: true) @skip(if: false) { nodes { id } } }"),
        50
    );
    let query = "query($wide: Boolean!) { servers @include(if: $wide) { nodes { id } } }";
    assert_eq!(cost_with(query, json!({"wide": false})), 0);
    assert_eq!(cost_with(query, json!({"wide": true})), 50);
    assert_eq!(cost(query), 50);
}

#[test]
fn a_refusal_names_the_dearest_path() {
    let error =
        admit("{ servers(all: true) { nodes { id flavor { id } actions { id } } } }").unwrap_err();
    assert_eq!(extension(&error, "code"), Value::from("TOO_EXPENSIVE"));
    assert_eq!(extension(&error, "cost"), Value::from(1_040_000_u64));
    assert_eq!(extension(&error, "limit"), Value::from(200_000_u64));
    assert!(error.message.contains("servers.nodes.actions"), "{error}");
    assert!(error.message.contains("`first`"), "{error}");
}

#[test]
fn ten_thousand_servers_can_be_joined() {
    admit(
        "{ servers(all: true) { nodes { id flavor { vcpus } ports { nodes { id } }
           volumes { nodes { id } } addresses { ip } } pageInfo { hasNextPage } } }",
    )
    .unwrap();
}

#[test]
fn costs_do_not_overflow() {
    let open = "ports(first: 1000) { nodes { server { ".repeat(4);
    let query = format!(
        "{{ servers(all: true) {{ nodes {{ {open} id {} }} }} }}",
        "} } } ".repeat(4)
    );
    assert_eq!(code(&query), "TOO_EXPENSIVE");
}

#[test]
fn weights_must_name_fields() {
    let error = Limits::new(SDL, &[("Server.actons", 100)]).unwrap_err();
    assert!(error.to_string().contains("Server.actons"), "{error}");
    assert!(Limits::new("type {", &[]).is_err());
}

#[test]
fn hostile_documents_are_decided_quickly() {
    let wide_operations: String = (0..1_500)
        .map(|i| format!("query Q{i} {{ ...F }} "))
        .collect();
    let selections = "name ".repeat(1_000);
    let hostile = [
        format!("{wide_operations} fragment F on Query {{ {selections} }}"),
        format!("{{ {} }}", "...F ".repeat(4_000)),
        format!(
            "{{ server(id: 1) {{ {} }} }}",
            "name @skip(if: true) ".repeat(1_500)
        ),
        format!(
            "{{ server(id: \"{}\") {{ id }} }}",
            "\\u0041".repeat(100_000)
        ),
        "\"\"\"".repeat(5_000),
        "\"".repeat(200_000),
        "#".repeat(1_000_000),
        "{a(b:\"\"\"".repeat(1_000),
    ];
    for query in hostile {
        let started = Instant::now();
        let _ = admit(&query);
        let elapsed = started.elapsed();
        let start: String = query.chars().take(40).collect();
        assert!(elapsed < Duration::from_secs(3), "{start}: {elapsed:?}");
    }
}

#[test]
fn the_type_of_an_operation_is_known_without_executing_it() {
    assert_eq!(operation_type("{ a }", None), Some(OperationType::Query));
    assert_eq!(
        operation_type("mutation { a }", None),
        Some(OperationType::Mutation)
    );
    let two = "query A { a } mutation B { b }";
    assert_eq!(
        operation_type(two, Some("B")),
        Some(OperationType::Mutation)
    );
    assert_eq!(operation_type(two, None), None);
    assert_eq!(operation_type(&"[".repeat(100_000), None), None);
}

proptest! {
    #[test]
    fn no_text_panics(query in ".{0,200}") {
        let _ = admit(&query);
    }

    #[test]
    fn no_mix_of_tokens_panics(
        tokens in proptest::collection::vec(
            prop::sample::select(vec![
                "{", "}", "(", ")", "[", "]", ":", "$a", "...", "on", "fragment", "query", "A", "B",
                "servers", "nodes", "first", "all", "1", "-1", "1e9", "true", "null", "\"", "\"\"\"",
                "\\", "#", "\n", "@skip", "if", "id", "=", "!", "\u{feff}", "é",
            ]),
            0..60,
        ),
        separator in prop::sample::select(vec!["", " "]),
    ) {
        let _ = admit(&tokens.join(separator));
    }

    #[test]
    fn the_cost_grows_with_first(first in 0_u64..1_000) {
        let query = |first: u64| format!("{{ servers(first: {first}) {{ nodes {{ flavor {{ id }} }} }} }}");
        prop_assert_eq!(cost(&query(first)), 2 * first);
    }
}
