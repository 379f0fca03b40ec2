//! One service of the real cloud is dead: tools that need it say so, the rest of their answers
//! stays, and tools that do not need it notice nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Scenario;
use crate::harness::{Live, shared_and_own_names};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("outage::compute", |live| outage(live, "compute")),
    ("outage::network", |live| outage(live, "network")),
    ("outage::block_storage", |live| {
        outage(live, "block-storage")
    }),
    ("outage::image", |live| outage(live, "image")),
    ("outage::orchestration", |live| {
        outage(live, "orchestration")
    }),
    ("outage::placement", |live| outage(live, "placement")),
];

/// A closed port refuses at once; anything longer waits for something.
const LONGEST: Duration = Duration::from_secs(30);

/// Each tool, and the service its rows come from; none for those that ask about all services.
const TOOLS: &[(&str, Option<&str>)] = &[
    ("get_cluster_status", None),
    ("get_service_status", None),
    ("monitor_resources", None),
    ("get_quotas", None),
    ("get_instance_details", Some("compute")),
    ("search_instances", Some("compute")),
    ("get_instance_by_name", Some("compute")),
    ("get_instances_by_status", Some("compute")),
    ("get_server_events", Some("compute")),
    ("get_flavors", Some("compute")),
    ("get_keypair_list", Some("compute")),
    ("get_network_details", Some("network")),
    ("get_floating_ips", Some("network")),
    ("get_routers", Some("network")),
    ("get_security_groups", Some("network")),
    ("get_volumes", Some("block-storage")),
    ("get_volume_types", Some("block-storage")),
    ("get_volume_snapshots", Some("block-storage")),
    ("get_images", Some("image")),
    ("get_user_list", Some("identity")),
    ("get_projects", Some("identity")),
    ("get_role_assignments", Some("identity")),
    ("get_heat_stacks", Some("orchestration")),
];

fn arguments(live: &Live, tool: &str) -> Value {
    let (_, name) = shared_and_own_names(live.rows("servers"));
    match tool {
        "search_instances" => json!({"search_term": "project-1"}),
        "get_instance_by_name" | "get_server_events" => json!({"instance_name": name}),
        "get_instances_by_status" => json!({"status": "ACTIVE"}),
        _ => json!({}),
    }
}

fn outage(healthy: &Live, service: &'static str) {
    let broken = healthy.without(service);
    for (tool, rows_from) in TOOLS {
        let well = healthy.call(tool, &arguments(healthy, tool));
        let began = Instant::now();
        let ill = broken.call(tool, &arguments(healthy, tool));
        assert!(
            began.elapsed() < LONGEST,
            "{tool} took {:?}",
            began.elapsed()
        );
        let asks = well["_meta"]["upstream"]["services"][service]["calls"]
            .as_u64()
            .unwrap_or(0)
            > 0;
        let errors = ill["structuredContent"]["errors"]
            .as_array()
            .map_or(0, Vec::len);
        let failed = ill["isError"] == json!(true);
        if !asks {
            assert!(
                !failed && errors == 0,
                "{tool} does not need {service}: {ill:#}"
            );
            continue;
        }
        assert!(
            ill.to_string().contains(service),
            "{tool} does not name {service}: {ill:#}"
        );
        if *rows_from == Some(service) {
            assert!(
                failed,
                "{tool} has nothing to tell without {service}: {ill:#}"
            );
        } else {
            assert!(!failed, "{tool} can do without {service}: {ill:#}");
            // The rows are there all the same, and as many, but for those of the service itself.
            let well = counts(&well["structuredContent"]);
            let ill = counts(&ill["structuredContent"]);
            assert_eq!(ill.is_empty(), well.is_empty(), "{tool} without {service}");
            for (list, count) in ill {
                assert_eq!(
                    Some(&count),
                    well.get(&list),
                    "{tool} without {service}: {list}"
                );
            }
        }
    }
    broken.stop();
}

/// How many rows each list of an answer has.
fn counts(answer: &Value) -> BTreeMap<String, usize> {
    let lists = answer.as_object().into_iter().flatten();
    let counts = lists.map(|(name, list)| Some((name.clone(), list["nodes"].as_array()?.len())));
    counts.flatten().collect()
}
