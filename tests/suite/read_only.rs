//! Without permission nothing is changed, however it is asked for: every mutation there is, in
//! every disguise, is refused, written down once, and never reaches the cloud.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};
use http::StatusCode;
use mcp_openstack_ops::graph::Graph;
use mcp_openstack_ops::mcp::Tools;
use mcp_openstack_ops::policy::Mode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::simulated::{Simulated, Trial};

/// What can be changed, as the SDL with mutations says it.
pub(crate) struct Mutations {
    types: BTreeMap<String, TypeKind>,
}

impl Mutations {
    pub(crate) fn all() -> Self {
        let graph = Graph::without_cloud(Mode::Modify).unwrap();
        let document = parse_schema(graph.sdl()).unwrap();
        let types = document.definitions.into_iter().filter_map(|it| match it {
            TypeSystemDefinition::Type(it) => Some((it.node.name.node.to_string(), it.node.kind)),
            _ => None,
        });
        Self {
            types: types.collect(),
        }
    }

    pub(crate) fn fields(&self) -> Vec<&FieldDefinition> {
        let Some(TypeKind::Object(mutation)) = self.types.get("Mutation") else {
            panic!("there are no mutations");
        };
        mutation.fields.iter().map(|field| &field.node).collect()
    }

    /// A field of a mutation with the arguments that it cannot do without.
    pub(crate) fn call(&self, field: &FieldDefinition) -> String {
        let arguments = self.required(field.arguments.iter().map(|it| &it.node));
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({arguments})")
        };
        format!("{}{arguments} {{ __typename }}", field.name.node)
    }

    fn required<'a>(&self, inputs: impl Iterator<Item = &'a InputValueDefinition>) -> String {
        let needed = inputs.filter(|it| !it.ty.node.nullable && it.default_value.is_none());
        let mut text = String::new();
        for input in needed {
            let value = self.value(&input.ty.node);
            write!(text, "{}: {value} ", input.name.node).unwrap();
        }
        text
    }

    fn value(&self, of: &Type) -> String {
        let name = match &of.base {
            BaseType::List(item) => return format!("[{}]", self.value(item)),
            BaseType::Named(name) => name.as_str(),
        };
        match self.types.get(name) {
            Some(TypeKind::Enum(values)) => values.values[0].node.value.node.to_string(),
            Some(TypeKind::InputObject(input)) => {
                let fields = input.fields.iter().map(|field| &field.node);
                format!("{{{}}}", self.required(fields))
            }
            _ => match name {
                "Int" | "BigInt" | "Float" => "1".to_owned(),
                "Boolean" => "true".to_owned(),
                "JSON" | "JSONObject" => "{}".to_owned(),
                _ => "\"x\"".to_owned(),
            },
        }
    }
}

struct Watched {
    cloud: Simulated,
    audit: PathBuf,
    _folder: TempDir,
}

impl Watched {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let audit = folder.path().join("audit.jsonl");
        let cloud = Simulated::start(Trial {
            audit: Some(audit.clone()),
            ..Trial::default()
        })
        .await;
        Self {
            cloud,
            audit,
            _folder: folder,
        }
    }

    /// The audit's new lines since this was last asked.
    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.audit).unwrap();
        std::fs::write(&self.audit, "").unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// One refusal for each of these mutations, and nothing else.
    fn assert_refused(&self, how: &str, mutations: &[&str]) {
        let lines = self.lines();
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                assert_eq!(line["event"], "outcome", "{how}: {line}");
                assert_eq!(line["outcome"], "refused", "{how}: {line}");
                assert_eq!(line["decision"], "deny", "{how}: {line}");
                line["mutation"].as_str().unwrap()
            })
            .collect();
        assert_eq!(told, mutations, "{how}");
    }

    async fn post(&self, query: &str, variables: Value, operation: Option<&str>) -> Value {
        let body = json!({"query": query, "variables": variables, "operationName": operation});
        self.cloud.post("/graphql", body).await
    }
}

fn assert_forbidden(how: &str, answer: &Value) {
    assert!(answer["data"].is_null(), "{how}: {answer}");
    let errors = answer["errors"].as_array().unwrap();
    for error in errors {
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{how}: {answer}");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("ALLOW_MODIFY_OPERATIONS"),
            "{how}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_disguise_changes_anything() {
    let watched = Watched::start().await;
    let mutations = Mutations::all();
    let fields = mutations.fields();
    assert!(fields.len() > 20, "{} mutations", fields.len());
    let before = watched.cloud.simulator.log().count();
    for field in fields {
        let (name, call) = (field.name.node.as_str(), mutations.call(field));
        let disguises: &[(String, Value, Option<&str>, usize)] = &[
            (format!("mutation {{ {call} }}"), json!({}), None, 1),
            (
                format!("mutation {{ a: {call} b: {call} }}"),
                json!({}),
                None,
                2,
            ),
            (
                format!("mutation {{ ...F }} fragment F on Mutation {{ innocent: {call} }}"),
                json!({}),
                None,
                1,
            ),
            (
                format!("mutation {{ ... on Mutation @include(if: true) {{ {call} }} }}"),
                json!({}),
                None,
                1,
            ),
            (
                format!("mutation($no: Boolean = true) {{ ... @skip(if: $no) {{ {call} }} }}"),
                json!({"no": false}),
                None,
                1,
            ),
            (
                format!("query look {{ __typename }} mutation touch {{ {call} }}"),
                json!({}),
                Some("touch"),
                1,
            ),
        ];
        for (query, variables, operation, times) in disguises {
            let answer = watched.post(query, variables.clone(), *operation).await;
            assert_forbidden(query, &answer);
            watched.assert_refused(query, &vec![name; *times]);
        }
        let query = format!("mutation {{ {call} }}");
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let path = format!("/graphql?query={encoded}");
        let (status, _) = watched.cloud.get(&path).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{query}");
        watched.assert_refused("by GET", &[name]);
    }
    let asked = watched.cloud.simulator.log().count() - before;
    assert_eq!(asked, 0, "the cloud was asked something");
}

/// The tools that change something are not there, and a call of one is written down all the same.
#[tokio::test]
async fn no_tool_changes_anything() {
    let watched = Watched::start().await;
    let graph = Graph::without_cloud(Mode::Modify).unwrap();
    let tools = Tools::load(graph.sdl(), None).unwrap().listed();
    let tools: Vec<Value> = tools
        .iter()
        .map(|tool| serde_json::to_value(tool).unwrap())
        .filter(|tool| tool["annotations"]["readOnlyHint"] == false)
        .collect();
    assert!(!tools.is_empty());
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        assert!(!watched.cloud.tools.iter().any(|known| known == name));
        let actions = &tool["inputSchema"]["properties"]["action"]["enum"];
        for action in actions.as_array().unwrap() {
            let answer = watched.cloud.call(name, json!({"action": action})).await;
            assert_eq!(answer["isError"], true, "{name} {action}: {answer}");
            let text = answer["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("ALLOW_MODIFY_OPERATIONS"), "{text}");
            let lines = watched.lines();
            // What only reads changes nothing, whoever calls it.
            let expected = usize::from(action != "list");
            assert_eq!(lines.len(), expected, "{name} {action}: {lines:?}");
            for line in lines {
                assert_eq!(
                    (&line["tool"], &line["outcome"]),
                    (&json!(name), &json!("refused"))
                );
            }
        }
    }
    assert_eq!(watched.cloud.simulator.log().count(), 0);
}

/// Batches and persisted queries are refused before anybody looks into them.
#[tokio::test]
async fn nothing_hides_in_a_batch() {
    let watched = Watched::start().await;
    let query = "mutation { serverStop(server: \"x\") { __typename } }";
    let hash = json!({"persistedQuery": {"version": 1, "sha256Hash": "0".repeat(64)}});
    for body in [
        json!([{"query": query}, {"query": query}]),
        json!({"extensions": hash}),
    ] {
        let answer = watched.cloud.post("/graphql", body).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
    assert!(watched.lines().is_empty());
    assert_eq!(watched.cloud.simulator.log().count(), 0);
}

/// Who may not change anything does not see what could be changed.
#[tokio::test]
async fn mutations_are_not_shown() {
    let watched = Watched::start().await;
    let query = "{ __schema { mutationType { name } types { name } } }";
    let schema = watched.cloud.data(query).await;
    assert!(schema["__schema"]["mutationType"].is_null());
    let types = schema["__schema"]["types"].to_string();
    assert!(!types.contains("Payload"), "{types}");
    for path in ["/graphql/schema", "/graphql/schema?federation"] {
        let (_, sdl) = watched.cloud.get(path).await;
        assert!(!sdl.contains("Mutation"), "{path}");
    }
    let service = watched.cloud.data("{ _service { sdl } }").await;
    assert!(!service.to_string().contains("Mutation"));
}
