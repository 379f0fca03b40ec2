//! What there is beside stacks: the kinds of resources and templates, engines, software.

use serde_json::{Value, json};

use super::{Asker, not_allowed, unknown};
use crate::clock::naive;
use crate::reply::{Answer, Reply};

/// The types of an Epoxy with the services that are simulated.
const RESOURCE_TYPES: &str = include_str!("resource_types.json");
const TEMPLATE_VERSIONS: &str = include_str!("template_versions.json");
/// The functions of today's templates.
const FUNCTIONS: [&str; 12] = [
    "get_attr",
    "get_file",
    "get_param",
    "get_resource",
    "list_join",
    "repeat",
    "resource_facade",
    "str_replace",
    "digest",
    "str_split",
    "map_merge",
    "yaql",
];

pub(super) fn has(path: &[&str]) -> bool {
    matches!(
        path,
        ["resource_types" | "template_versions" | "services" | "software_configs"]
            | ["software_deployments"]
            | ["resource_types", _]
            | ["template_versions", _, "functions"]
            | ["software_configs" | "software_deployments", _]
            | ["software_deployments", "metadata", _]
    )
}

pub(super) fn read(asker: &Asker<'_>, path: &[&str]) -> Answer {
    match path {
        ["resource_types"] => {
            let types: Vec<&str> = resource_types();
            let name = asker.call.query.get("name");
            let types = types.into_iter();
            let types: Vec<&str> = types
                .filter(|is| name.is_none_or(|name| *is == name))
                .collect();
            Ok(Reply::ok(&json!({"resource_types": types})))
        }
        ["resource_types", name] => {
            if !resource_types().contains(name) {
                return Err(unknown("Resource Type", name));
            }
            Ok(Reply::ok(&json!({
                "resource_type": name,
                "properties": {},
                "attributes": {},
                "support_status": {
                    "status": "SUPPORTED", "message": null, "version": null,
                    "previous_status": null,
                },
            })))
        }
        ["template_versions"] => {
            let versions: Value = serde_json::from_str(TEMPLATE_VERSIONS).unwrap_or_default();
            Ok(Reply::ok(&json!({"template_versions": versions})))
        }
        ["template_versions", _, _] => {
            let rows = FUNCTIONS.map(|name| json!({"functions": name, "description": ""}));
            Ok(Reply::ok(&json!({"template_functions": rows})))
        }
        ["services"] => engines(asker),
        ["software_configs"] => Ok(Reply::ok(&json!({"software_configs": []}))),
        ["software_configs", id] => Err(unknown("Software config with id", id)),
        ["software_deployments", "metadata", _] => Ok(Reply::ok(&json!({"metadata": []}))),
        ["software_deployments", id] => Err(unknown("Software deployment with id", id)),
        _ => Ok(Reply::ok(&json!({"software_deployments": []}))),
    }
}

pub(super) fn resource_types() -> Vec<&'static str> {
    serde_json::from_str(RESOURCE_TYPES).unwrap_or_default()
}

/// The engines, which are always up.
fn engines(asker: &Asker<'_>) -> Answer {
    const REPORT: i64 = 60;
    if !asker.is_admin {
        return Err(not_allowed("service:index"));
    }
    let now = asker.call.now;
    let rows = asker.heat.engines.values();
    let rows = rows.map(|engine| {
        let passed = (now - engine.started).num_seconds().max(0) % REPORT;
        json!({
            "id": engine.id,
            "binary": "heat-engine",
            "engine_id": engine.engine,
            "host": engine.host,
            "hostname": engine.host,
            "topic": "engine",
            "report_interval": REPORT,
            "created_at": naive(engine.started),
            "updated_at": naive(now - chrono::TimeDelta::seconds(passed)),
            "deleted_at": null,
            "status": "up",
        })
    });
    Ok(Reply::ok(&json!({"services": rows.collect::<Vec<_>>()})))
}
