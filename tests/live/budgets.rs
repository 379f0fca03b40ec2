//! How many upstream calls an answer may cost, with a token and discovery at hand and nothing
//! cached (the harness switches the caches off).

use serde_json::{Value, json};

use crate::Scenario;
use crate::harness::{Live, some_zone, tool_calls, upstream_calls};
use crate::person::Who;

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("budgets::details_of_50_servers", |live| {
        budget(live, "get_instance_details", &json!({"limit": 50}), 8);
    }),
    ("budgets::cluster_status", |live| {
        budget(live, "get_cluster_status", &json!({}), 30)
    }),
    ("budgets::search_by_host", |live| {
        search(live, "host", "compute-2")
    }),
    ("budgets::search_by_flavor", |live| {
        search(live, "flavor", "m1.small")
    }),
    ("budgets::search_by_image", |live| {
        search(live, "image", "debian")
    }),
    ("budgets::search_by_zone", |live| {
        search(live, "availability_zone", &some_zone(live))
    }),
    ("budgets::names_beside_lists", names_beside_lists),
    (
        "budgets::an_edge_costs_one_call_for_all",
        an_edge_costs_one_call_for_all,
    ),
];

fn search(live: &Live, place: &str, term: &str) {
    let arguments = json!({"search_term": term, "search_in": place, "limit": 50});
    budget(live, "search_instances", &arguments, 8);
}

/// A list, and what of its edges is another service's. Administrators' lists ask for the names of
/// projects as well, and once more for those that are gone.
fn names_beside_lists(live: &Live) {
    let projects = if live.who() == Who::Admin { 2 } else { 0 };
    for (tool, calls) in [
        ("get_floating_ips", 1),
        ("get_routers", 2),
        ("get_security_groups", 1),
        ("get_volume_snapshots", 1),
        ("get_heat_stacks", 1),
    ] {
        // Of a list that is cut the rest is counted, which is a call more.
        budget(live, tool, &json!({"limit": 999}), calls + projects);
    }
}

/// The first call warms the token and discovery; the second is counted.
fn budget(live: &Live, tool: &str, arguments: &Value, most: u64) {
    live.tool(tool, arguments);
    let result = live.call(tool, arguments);
    assert_ne!(result["isError"], json!(true), "{result:#}");
    let calls = tool_calls(&result);
    assert!(
        calls > 0,
        "{tool} {arguments}: nothing was asked, so a cache is on"
    );
    assert!(
        calls <= most,
        "{tool} {arguments}: {calls} upstream calls, at most {most}"
    );
}

fn an_edge_costs_one_call_for_all(live: &Live) {
    let calls = |query: &str| {
        live.graphql(query, &json!({}));
        upstream_calls(&live.graphql(query, &json!({})))
    };
    let bare = calls("{ servers(first: 50) { nodes { id } } }");
    let joined = calls("{ servers(first: 50) { nodes { id flavor { name } } } }");
    assert_eq!(joined, bare + 1);
}
