//! The tools about everything but servers: each list whole, each page right, nothing beyond.

use serde_json::{Value, json};

use crate::Scenario;
use crate::harness::Live;
use crate::instances::{ids, nodes, paged};

/// The largest text of a tool's answer, in bytes.
const LARGEST: usize = 64 * 1024;

/// A list tool, the oracle's noun that it shows, and what tells two rows apart on both sides.
const LISTS: [(&str, &str, &str); 14] = [
    ("get_network_details", "networks", "/id"),
    ("get_floating_ips", "floating_ips", "/id"),
    ("get_routers", "routers", "/id"),
    ("get_security_groups", "security_groups", "/id"),
    ("get_volumes", "volumes", "/id"),
    ("get_volume_types", "volume_types", "/id"),
    ("get_volume_snapshots", "volume_snapshots", "/id"),
    ("get_images", "images", "/id"),
    ("get_flavors", "flavors", "/id"),
    ("get_keypair_list", "keypairs", "/name"),
    ("get_user_list", "users", "/id"),
    ("get_projects", "projects", "/id"),
    ("get_heat_stacks", "stacks", "/id"),
    ("get_instance_details", "servers", "/id"),
];

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("tools::lists_are_whole_page_by_page", lists_are_whole),
    (
        "tools::role_assignments_are_whole",
        role_assignments_are_whole,
    ),
    ("tools::search_terms_narrow", search_terms_narrow),
    ("tools::one_network_by_name", one_network_by_name),
    ("tools::service_status_names_every_service", service_status),
    ("tools::resources_are_those_of_the_hypervisors", resources),
    ("tools::cluster_status_counts_every_server", cluster_status),
    ("tools::events_of_a_server", events_of_a_server),
    (
        "tools::answers_stay_within_their_size",
        answers_stay_within_their_size,
    ),
    ("tools::an_unknown_argument_is_named", unknown_argument),
];

/// What this credential is refused must be an error that says so, never an empty list.
fn refused(live: &Live, tool: &str, arguments: &Value) {
    let result = live.call(tool, arguments);
    assert_eq!(result["isError"], json!(true), "{tool}: {result:#}");
    assert!(
        result.to_string().contains("FORBIDDEN"),
        "{tool}: {result:#}"
    );
}

fn lists_are_whole(live: &Live) {
    for (tool, noun, id) in LISTS {
        if live.truth(noun).is_null() {
            refused(live, tool, &json!({}));
            continue;
        }
        let rows = paged(live, tool, &json!({}));
        assert_eq!(rows.len(), live.rows(noun).len(), "{tool}: rows");
        assert_eq!(ids(&rows, id), ids(live.rows(noun), id), "{tool}");
    }
}

fn role_assignments_are_whole(live: &Live) {
    let tool = "get_role_assignments";
    let rows = paged(live, tool, &json!({}));
    if live.truth("role_assignments").is_null() {
        // Keystone lists none to this credential, whose own roles are in its token.
        let scope = live.truth("scope");
        let roles = scope["roles"].as_array().expect("roles");
        assert_eq!(rows.len(), roles.len());
        for row in &rows {
            assert_eq!(row["userId"], scope["user_id"]);
            assert!(roles.contains(&row["roleName"]), "{row:#}");
        }
        return;
    }
    assert_eq!(rows.len(), live.rows("role_assignments").len());
}

fn search_terms_narrow(live: &Live) {
    for (tool, noun, term) in [
        ("get_volumes", "volumes", "LIVE-"),
        ("get_images", "images", "debian"),
        ("get_flavors", "flavors", "M1."),
        ("get_projects", "projects", "project-"),
    ] {
        if live.truth(noun).is_null() {
            continue;
        }
        let rows = paged(live, tool, &json!({"search_term": term}));
        let found = |row: &&Value| {
            let name = row["name"].as_str().unwrap_or_default();
            name.to_lowercase().contains(&term.to_lowercase())
        };
        let wanted = live.rows(noun).iter().filter(found);
        assert_eq!(ids(&rows, "/id"), ids(wanted, "/id"), "{tool} {term}");
    }
}

fn one_network_by_name(live: &Live) {
    let network = live.rows("networks").first().expect("a network");
    let rows = nodes(&live.tool(
        "get_network_details",
        &json!({"network_name": network["name"]}),
    ));
    assert_eq!(ids(&rows, "/id"), ids([network], "/id"));
    let said = json!(rows).to_string();
    let mut subnets = live.rows("subnets").iter();
    let all = subnets.all(|subnet| {
        subnet["network_id"] != network["id"] || said.contains(&subnet["cidr"].to_string())
    });
    assert!(all, "a subnet is missing in {said}");
}

fn service_status(live: &Live) {
    let answer = live.call("get_service_status", &json!({}));
    assert_ne!(
        answer["isError"],
        json!(true),
        "the services' own answers are not refused"
    );
    let said = answer["structuredContent"].to_string();
    for noun in ["compute_services", "network_agents", "volume_services"] {
        for row in live.rows(noun) {
            for value in [&row["binary"], &row["host"]] {
                assert!(
                    said.contains(&value.to_string()),
                    "{value} of {noun} is missing"
                );
            }
        }
    }
}

fn resources(live: &Live) {
    if live.truth("hypervisors").is_null() {
        // The own quota is all that is left of it.
        let answer = live.call("monitor_resources", &json!({}))["structuredContent"].take();
        assert!(answer["hypervisors"].is_null(), "{answer:#}");
        assert!(answer["computeQuota"].is_object(), "{answer:#}");
        assert!(
            answer["errors"].to_string().contains("FORBIDDEN"),
            "{answer:#}"
        );
        return;
    }
    let answer = live.tool("monitor_resources", &json!({}));
    let said = answer.to_string();
    for row in live.rows("hypervisors") {
        assert!(
            said.contains(&row["hypervisor_hostname"].to_string()),
            "{said}"
        );
    }
    let providers = live.truth("resource_provider_details").as_object();
    let used = |class: &str| -> u64 {
        let usages = providers.into_iter().flatten();
        let used = usages.map(|(_, provider)| provider["usages"][class].as_u64());
        used.map(Option::unwrap_or_default).sum()
    };
    for (line, class) in [
        ("vcpus", "VCPU"),
        ("memoryMib", "MEMORY_MB"),
        ("diskGib", "DISK_GB"),
    ] {
        assert_eq!(answer["capacity"][line]["used"], used(class), "{line}");
    }
}

fn cluster_status(live: &Live) {
    let answer = live.call("get_cluster_status", &json!({}));
    assert_ne!(answer["isError"], json!(true), "{answer:#}");
    let answer = &answer["structuredContent"];
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for server in live.rows("servers") {
        let status = server["status"].as_str().expect("a status");
        *counts.entry(status).or_default() += 1;
    }
    let ours = answer["serverCounts"].as_array().expect("counts");
    let ours = ours
        .iter()
        .map(|row| (row["status"].as_str(), row["count"].as_u64()));
    let ours: Vec<_> = ours
        .filter_map(|(status, count)| status.zip(count))
        .collect();
    assert_eq!(ours.len(), counts.len(), "{ours:?}, on the wire {counts:?}");
    for (status, count) in ours {
        assert_eq!(counts.get(status), Some(&count), "{status}");
    }
    for (list, noun) in [
        ("networks", "networks"),
        ("routers", "routers"),
        ("floatingIps", "floating_ips"),
        ("volumes", "volumes"),
        ("stacks", "stacks"),
    ] {
        assert_eq!(answer[list]["totalCount"], live.rows(noun).len(), "{list}");
    }
}

fn events_of_a_server(live: &Live) {
    for (id, actions) in live
        .truth("server_actions")
        .as_object()
        .expect("actions by server")
    {
        let said = live
            .tool("get_server_events", &json!({"instance_name": id}))
            .to_string();
        for action in actions.as_array().into_iter().flatten() {
            assert!(said.contains(&action["action"].to_string()), "{id}: {said}");
        }
    }
}

fn answers_stay_within_their_size(live: &Live) {
    let all = json!({"all_instances": true, "include_all": true});
    let calls = LISTS
        .iter()
        .map(|(tool, ..)| (*tool, json!({"limit": 1000})));
    for (tool, arguments) in calls.chain([("get_instance_details", all)]) {
        let result = live.call(tool, &arguments);
        let text = result["content"][0]["text"].as_str().expect("a text");
        assert!(text.len() <= LARGEST, "{tool}: {} bytes", text.len());
        let said: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        if result["isError"] != json!(true) {
            assert_eq!(
                said, result["structuredContent"],
                "{tool}: text and structure differ"
            );
        }
    }
}

fn unknown_argument(live: &Live) {
    let result = live.call("get_routers", &json!({"colour": "blue"}));
    assert_eq!(result["isError"], json!(true), "{result:#}");
    let said = result.to_string();
    assert!(
        ["colour", "limit", "offset"]
            .iter()
            .all(|word| said.contains(word)),
        "{said}"
    );
}
