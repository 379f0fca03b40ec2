//! Everything that the graph has, asked for as everyone: every list of the root with every plain
//! field of its rows and of what its edges lead to, and every tool.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulated::{ADMIN, MEMBER, READER, Simulated, Trial, arguments};

/// Lists that need an argument beside the page's.
const NOT_LISTS: [&str; 1] = ["search"];

struct Schema {
    types: BTreeMap<String, Value>,
}

impl Schema {
    async fn of(cloud: &Simulated) -> Self {
        let query = "{ __schema { types { name kind fields { name
            args { name defaultValue type { kind } }
            type { name kind ofType { name kind ofType { name kind ofType { name kind } } } } } } } }";
        let mut data = cloud.data(query).await;
        let types = data["__schema"]["types"].take();
        let types = types.as_array().unwrap().iter();
        Self {
            types: types
                .map(|row| (row["name"].as_str().unwrap().to_owned(), row.clone()))
                .collect(),
        }
    }

    fn fields(&self, name: &str) -> &[Value] {
        self.types[name]["fields"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }

    fn kind(&self, name: &str) -> &str {
        self.types[name]["kind"].as_str().unwrap()
    }

    /// Every plain field of a type, and so many steps further along its edges.
    fn selection(&self, name: &str, depth: usize) -> String {
        let mut selected = Vec::new();
        for field in self.fields(name) {
            if has_required_argument(field) {
                continue;
            }
            let (of, field_name) = (named(&field["type"]), field["name"].as_str().unwrap());
            match self.kind(&of) {
                "SCALAR" | "ENUM" => selected.push(field_name.to_owned()),
                "OBJECT" if of.ends_with("Connection") && depth > 0 => {
                    let rows = self.rows(&of, depth - 1);
                    selected.push(format!("{field_name}(first: 2) {{ {rows} }}"));
                }
                "OBJECT" if depth > 0 && !of.ends_with("Connection") => {
                    selected.push(format!(
                        "{field_name} {{ {} }}",
                        self.selection(&of, depth - 1)
                    ));
                }
                _ => {}
            }
        }
        if selected.is_empty() {
            "__typename".to_owned()
        } else {
            selected.join(" ")
        }
    }

    fn rows(&self, connection: &str, depth: usize) -> String {
        let nodes = self
            .fields(connection)
            .iter()
            .find(|field| field["name"] == "nodes");
        let of = named(&nodes.unwrap()["type"]);
        format!("nodes {{ {} }}", self.selection(&of, depth))
    }
}

fn has_required_argument(field: &Value) -> bool {
    let arguments = field["args"].as_array().unwrap();
    arguments.iter().any(|argument| {
        argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
    })
}

fn named(of: &Value) -> String {
    match of["name"].as_str() {
        Some(name) if of["kind"] != "NON_NULL" && of["kind"] != "LIST" => name.to_owned(),
        _ => named(&of["ofType"]),
    }
}

async fn walk(who: &'static str) {
    let cloud = Simulated::as_who(who, 60).await;
    let schema = Schema::of(&cloud).await;
    let mut walked = 0;
    for field in schema.fields("Query") {
        let (name, of) = (field["name"].as_str().unwrap(), named(&field["type"]));
        if !of.ends_with("Connection") || has_required_argument(field) || NOT_LISTS.contains(&name)
        {
            continue;
        }
        let query = format!(
            "{{ {name}(first: 3) {{ totalCount {} }} }}",
            schema.rows(&of, 1)
        );
        let answer = cloud.graphql(&query).await;
        let errors: Vec<&Value> = answer["errors"].as_array().into_iter().flatten().collect();
        let unforeseen: Vec<_> = errors
            .iter()
            // Who may not see something is told so.
            .filter(|error| who == ADMIN || error["extensions"]["code"] != "FORBIDDEN")
            .collect();
        assert!(unforeseen.is_empty(), "{who}: {query}: {unforeseen:#?}");
        if who == ADMIN {
            let rows = answer["data"][name]["nodes"].as_array().unwrap();
            assert!(!rows.is_empty(), "{name} has no rows, so nothing was tried");
        }
        walked += 1;
    }
    assert!(walked > 30, "{walked} lists");
    for tool in &cloud.tools {
        let mut arguments = arguments(tool);
        if arguments.get("instance_name").is_some() {
            let own = cloud.data("{ servers(first: 1) { nodes { id } } }").await;
            arguments = json!({"instance_name": own["servers"]["nodes"][0]["id"]});
        }
        let result = cloud.call(tool, arguments).await;
        assert_ne!(result["isError"], true, "{who}: {tool}: {result:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_an_admin() {
    walk(ADMIN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_member() {
    walk(MEMBER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_reader() {
    walk(READER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_stranger() {
    let cloud = Simulated::start(Trial {
        entries: |entries| {
            for entry in entries {
                if let mcp_openstack_ops::config::Auth::Password { password, .. } = &mut entry.auth
                {
                    *password = "wrong".into();
                }
            }
        },
        ..Trial::default()
    })
    .await;
    let schema = Schema::of(&cloud).await;
    for field in schema.fields("Query") {
        let (name, of) = (field["name"].as_str().unwrap(), named(&field["type"]));
        if !of.ends_with("Connection") || has_required_argument(field) {
            continue;
        }
        let answer = cloud
            .graphql(&format!("{{ {name} {{ totalCount }} }}"))
            .await;
        assert!(answer["data"][name].is_null(), "{name}: {answer:#}");
        assert_eq!(
            answer["errors"][0]["extensions"]["service"], "identity",
            "{answer:#}"
        );
    }
    for tool in &cloud.tools {
        let result = cloud.call(tool, arguments(tool)).await;
        let says = result["isError"] == true
            || tool == "get_cluster_status"
            || tool == "get_service_status";
        assert!(says, "{tool}: {result:#}");
        assert!(
            result.to_string().contains("identity"),
            "{tool}: {result:#}"
        );
    }
}
