//! The documents that come with the program, against the program's own graph.

use crate::graph::Graph;
use crate::mcp::Tools;
use crate::policy::Mode;

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

/// The tools that change something; they are there where something may be changed.
const MODIFYING: [&str; 7] = [
    "manage_instance",
    "manage_volume",
    "manage_snapshot",
    "manage_keypair",
    "manage_floating_ip",
    "manage_image",
    "manage_heat_stack",
];

fn sdl(mode: Mode) -> String {
    Graph::without_cloud(mode).unwrap().sdl().to_owned()
}

#[test]
fn every_document_suits_the_graph() {
    let sdl = sdl(Mode::Modify);
    let problems = Tools::built_in_problems(&sdl).unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let tools = Tools::load(&sdl, None).unwrap();
    let names: Vec<&str> = NAMES.into_iter().chain(MODIFYING).collect();
    assert_eq!(tools.names().collect::<Vec<_>>(), names);
}

#[test]
fn where_nothing_may_be_changed_only_reading_tools_are_there() {
    let sdl = sdl(Mode::ReadOnly);
    let problems = Tools::built_in_problems(&sdl).unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let tools = Tools::load(&sdl, None).unwrap();
    assert_eq!(tools.names().collect::<Vec<_>>(), NAMES);
    for name in MODIFYING {
        assert!(tools.withheld(name).is_some(), "{name}");
    }
}

/// What a model pays for the list on every turn.
#[test]
fn the_list_keeps_to_its_budget() {
    let size = Tools::load(&sdl(Mode::ReadOnly), None).unwrap().size();
    assert!(size.list_bytes <= 40 * 1024, "{size:?}");
    assert!(size.prompt_characters <= 14_000, "{size:?}");
    let size = Tools::load(&sdl(Mode::Modify), None).unwrap().size();
    assert!(size.list_bytes <= 40 * 1024, "{size:?}");
    assert!(size.prompt_characters <= 22_000, "{size:?}");
}
