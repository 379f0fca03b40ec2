//! The documents that come with the program, against the program's own graph.

use crate::graph::Graph;
use crate::mcp::Tools;

/// The tools that users know by name, in their order.
const NAMES: [&str; 23] = [
    "get_cluster_status",
    "get_service_status",
    "monitor_resources",
    "get_instance_details",
    "search_instances",
    "get_instance_by_name",
    "get_instances_by_status",
    "get_server_events",
    "get_flavors",
    "get_keypair_list",
    "get_network_details",
    "get_floating_ips",
    "get_routers",
    "get_security_groups",
    "get_volumes",
    "get_volume_types",
    "get_volume_snapshots",
    "get_images",
    "get_user_list",
    "get_projects",
    "get_role_assignments",
    "get_quotas",
    "get_heat_stacks",
];

fn sdl() -> String {
    Graph::without_cloud().unwrap().sdl().to_owned()
}

#[test]
fn every_document_suits_the_graph() {
    let problems = Tools::built_in_problems(&sdl()).unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let tools = Tools::load(&sdl(), None).unwrap();
    assert_eq!(tools.names().collect::<Vec<_>>(), NAMES);
}

/// What a model pays for the list on every turn.
#[test]
fn the_list_keeps_to_its_budget() {
    let size = Tools::load(&sdl(), None).unwrap().size();
    assert!(size.list_bytes <= 40 * 1024, "{size:?}");
    assert!(size.prompt_characters <= 14_000, "{size:?}");
}
