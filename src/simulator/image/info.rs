//! What Glance tells of itself: stores, ways of import, schemas; and what there is none of.

use serde_json::{Value, json};

use super::{STORE, Subject};
use crate::reply::{Answer, Reply};

impl Subject<'_> {
    pub(super) fn info(&self, path: &[&str]) -> Answer {
        let body = match path {
            ["info", "stores"] => json!({"stores": [{"id": STORE, "default": "true"}]}),
            ["info", "stores", "detail"] => {
                self.admin("stores_info_detail")?;
                json!({"stores": [{
                    "id": STORE,
                    "default": "true",
                    "type": "rbd",
                    "weight": 0,
                    "properties": {
                        "chunk_size": 8,
                        "pool": "images",
                        "thin_provisioning": false,
                    },
                }]})
            }
            ["info", "import"] => json!({"import-methods": {
                "description": "Import methods available.",
                "type": "array",
                "value": ["glance-direct", "web-download", "copy-image"],
            }}),
            ["info", "usage"] => json!({"usage": {}}),
            ["tasks"] => {
                self.admin("tasks_api_access")?;
                self.none("tasks", "/v2/tasks", "/v2/schemas/tasks")
            }
            ["tasks", id] => {
                self.admin("tasks_api_access")?;
                return Err(self.not_found(&format!("Could not find task {id}")));
            }
            ["metadefs", "namespaces"] => self.none(
                "namespaces",
                "/v2/metadefs/namespaces",
                "/v2/schemas/metadefs/namespaces",
            ),
            ["metadefs", "resource_types"] => json!({"resource_types": []}),
            ["cache"] => {
                let message = "Caching via API is not supported at this site.";
                return Err(self.not_found(message));
            }
            ["schemas", name] => schema(name).unwrap_or_default(),
            _ => return Err(crate::webob::nowhere(self.call)),
        };
        Ok(Reply::ok(&body))
    }

    /// A list without rows.
    fn none(&self, key: &str, path: &str, schema: &str) -> Value {
        json!({key: [], "first": self.page_path(path, None), "schema": schema})
    }
}

/// The schema of a noun, or of its list.
pub(super) fn schema(name: &str) -> Option<Value> {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    let image = || read(include_str!("schema/image.json"));
    let member = || read(include_str!("schema/member.json"));
    let task = || read(include_str!("schema/task.json"));
    match name {
        "image" => image(),
        "member" => member(),
        "task" => task(),
        "images" => Some(collection(name, image()?, true)),
        "members" => Some(collection(name, member()?, false)),
        "tasks" => {
            // Its rows are told without what went in and came out.
            let mut row = task()?;
            for name in ["input", "result", "message"] {
                row["properties"].as_object_mut()?.remove(name);
            }
            Some(collection(name, row, false))
        }
        _ => None,
    }
}

fn collection(name: &str, row: Value, is_paged: bool) -> Value {
    let mut schema = json!({
        "name": name,
        "properties": {
            name: {"type": "array", "items": row},
            "schema": {"type": "string"},
        },
        "links": [{"rel": "describedby", "href": "{schema}"}],
    });
    if is_paged {
        schema["properties"]["first"] = json!({"type": "string"});
        schema["properties"]["next"] = json!({"type": "string"});
        schema["links"] = json!([
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ]);
    }
    schema
}
