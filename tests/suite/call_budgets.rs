//! How many upstream calls an answer may cost, with a token and discovery at hand and nothing
//! cached. Counts are the cloud's own, from its log, not this server's.

use std::time::Duration;

use openstack_simulator::Options;
use openstack_simulator::log::Entry;
use serde_json::{Value, json};

use crate::simulated::{Simulated, Trial};

const FIRST_50: &str = "{ servers(first: 50) { nodes {
    name status image { name } flavor { name } project { name } user { name } hypervisor { name }
    ports(first: 10) { nodes { id network { name } floatingIps(first: 5) { nodes { id } } } }
    volumes(first: 10) { nodes { id name } } securityGroups(first: 10) { nodes { name } }
} } }";

async fn calls(cloud: &Simulated, tool: &str, arguments: &Value) -> Vec<Entry> {
    // The first time, versions are asked for too.
    cloud.call(tool, arguments.clone()).await;
    let (result, asked) = cloud
        .asked_during(cloud.call(tool, arguments.clone()))
        .await;
    assert_ne!(result["isError"], true, "{tool}: {result:#}");
    let billed = result["_meta"]["upstream"]["calls"].as_u64();
    assert_eq!(
        billed,
        u64::try_from(asked.len()).ok(),
        "{tool} is billed what it asked"
    );
    asked
}

async fn query_calls(cloud: &Simulated, query: &str) -> Vec<Entry> {
    cloud.data(query).await;
    let ((), asked) = cloud
        .asked_during(async {
            cloud.data(query).await;
        })
        .await;
    asked
}

fn at_most(what: &str, asked: Vec<Entry>, most: usize) {
    let calls = asked.len();
    let paths = asked.into_iter().map(|entry| {
        let path: String = entry.path.chars().take(120).collect();
        format!("{:?} {} {path}", entry.service, entry.method)
    });
    let paths: Vec<String> = paths.collect();
    assert!(
        calls <= most,
        "{what}: {calls} upstream calls, at most {most}: {paths:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_500_servers_on_20_hypervisors() {
    let options = Options {
        servers: 500,
        hypervisors: Some(20),
        ..Options::default()
    };
    let cloud = Simulated::start(Trial {
        options,
        ..Trial::default()
    })
    .await;
    let details = calls(&cloud, "get_instance_details", &json!({"limit": 50})).await;
    at_most("get_instance_details", details, 8);
    let status = calls(&cloud, "get_cluster_status", &json!({})).await;
    at_most("get_cluster_status", status, 30);
    let bare = query_calls(&cloud, "{ servers(first: 50) { nodes { id } } }").await;
    assert_eq!(bare.len(), 1);
    // Enough for each to be whole: the log says that no more was asked than the rows there are.
    let joined = query_calls(
        &cloud,
        "{ hypervisors(first: 40) { nodes { name servers(first: 60) { nodes {
            name status image { name } project { name } flavor { name }
            ports(first: 3) { nodes { id macAddress floatingIps(first: 1) { nodes { id } } } }
            volumes(first: 3) { nodes { id name } }
        } } } } }",
    )
    .await;
    at_most("40 hosts, 1,000 servers, joined", joined, 15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_page_of_any_number_of_servers() {
    for servers in [60, 500, 1_000] {
        let cloud = Simulated::of(servers).await;
        // How rows meet in a batch is a matter of turns: once would prove little.
        for _ in 0..10 {
            let first = query_calls(&cloud, FIRST_50).await;
            at_most("the first 50 with all edges", first, 12);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_10000_servers() {
    let options = Options {
        servers: 10_000,
        hypervisors: Some(300),
        projects: Some(200),
        ..Options::default()
    };
    let cloud = Simulated::start(Trial {
        options,
        deadline: Duration::from_secs(120),
        ..Trial::default()
    })
    .await;
    let first = query_calls(&cloud, FIRST_50).await;
    at_most("the first 50 of 10,000 with all edges", first, 12);
    let status = calls(&cloud, "get_cluster_status", &json!({})).await;
    // Pages of servers, volumes and ports make it more than the thirty of 500 servers.
    at_most("get_cluster_status of 10,000", status, 100);
    let joined = query_calls(
        &cloud,
        "{ servers(all: true) { totalCount nodes {
        id image { id } flavor { id } project { id } user { id } ports(first: 5) { nodes { id } }
        volumes(first: 5) { nodes { id } }
    } } }",
    )
    .await;
    at_most("10,000 servers, joined", joined, 85);
}

#[tokio::test]
async fn of_the_same_again_within_the_caches_time() {
    let cloud = Simulated::start(Trial {
        cache: Duration::from_secs(60),
        ..Trial::default()
    })
    .await;
    for tool in ["get_instance_details", "get_cluster_status", "get_volumes"] {
        cloud.call(tool, json!({})).await;
        let (again, asked) = cloud.asked_during(cloud.call(tool, json!({}))).await;
        assert_ne!(again["isError"], true, "{again:#}");
        assert_eq!(asked.len(), 0, "{tool}: {asked:#?}");
    }
}
