//! What is asked of the cloud, and what is not because it is known.

use std::time::Duration;

use openstack_simulator::Service;
use openstack_simulator::fault::{Fault, Rule};
use serde_json::Value;

use crate::simulated::{MEMBER, Simulated, Trial};

/// The answer to a query, and what was asked for it: services and paths without their queries.
async fn asked(cloud: &Simulated, query: &str) -> (Value, Vec<String>) {
    // The first time, versions are asked for too.
    cloud.graphql(query).await;
    let (answer, entries) = cloud.asked_during(cloud.graphql(query)).await;
    let paths = entries.iter().map(|entry| {
        let path = entry.path.split('?').next().unwrap_or_default();
        format!("{} {path}", entry.service.service_type())
    });
    let mut paths: Vec<String> = paths.collect();
    paths.sort();
    (answer, paths)
}

async fn member() -> Simulated {
    Simulated::as_who(MEMBER, 60).await
}

#[tokio::test]
async fn the_token_tells_the_name_of_its_project() {
    let query = "{ routers { nodes { project { __typename id ...Names } } } }
        fragment Names on Project { name domain { name } }";
    let (answer, paths) = asked(&member().await, query).await;
    let project = &answer["data"]["routers"]["nodes"][0]["project"];
    assert_eq!(project["name"], "project-1", "{answer:#}");
    assert_eq!(project["domain"]["name"], "Default", "{answer:#}");
    assert_eq!(paths, ["network /v2.0/routers"]);
}

#[tokio::test]
async fn what_the_token_does_not_tell_is_asked_for() {
    let query = "{ routers { nodes { project { name isEnabled } } } }";
    let (answer, paths) = asked(&member().await, query).await;
    let project = &answer["data"]["routers"]["nodes"][0]["project"];
    assert_eq!(project["isEnabled"], true, "{answer:#}");
    assert_eq!(
        paths,
        ["identity /v3/auth/projects", "network /v2.0/routers"]
    );
}

#[tokio::test]
async fn a_listed_group_is_not_asked_for_again() {
    let query = "{ securityGroups { nodes { name rules { nodes { remoteGroup { name } } } } } }";
    let (answer, paths) = asked(&member().await, query).await;
    assert!(
        answer
            .to_string()
            .contains("\"remoteGroup\":{\"name\":\"default\"}"),
        "{answer:#}"
    );
    assert_eq!(paths, ["network /v2.0/security-groups"]);
}

#[tokio::test]
async fn names_are_asked_for_once_beside_the_list_that_needs_them() {
    let query = "{ floatingIps { nodes { serverId serverName } } }";
    let (answer, paths) = asked(&member().await, query).await;
    let rows = answer["data"]["floatingIps"]["nodes"].as_array().unwrap();
    let mut used = rows.iter().filter(|row| !row["serverId"].is_null());
    assert!(used.clone().count() > 0, "{answer:#}");
    assert!(used.all(|row| row["serverName"].is_string()), "{answer:#}");
    assert_eq!(
        paths,
        ["compute /v2.1/servers", "network /v2.0/floatingips"]
    );
}

#[tokio::test]
async fn names_that_do_not_come_keep_nothing_else_from_coming() {
    let cloud = Simulated::start(Trial {
        cloud: MEMBER,
        deadline: Duration::from_secs(3),
        ..Trial::default()
    })
    .await;
    let slow = Fault::Slow {
        milliseconds: 120_000,
    };
    cloud
        .simulator
        .faults()
        .add(Rule::all_of(Service::Compute, slow));
    let query = "{ floatingIps { nodes { serverId serverName router { name } } } }";
    let answer = cloud.graphql(query).await;
    let rows = answer["data"]["floatingIps"]["nodes"].as_array().unwrap();
    let used = rows.iter().find(|row| !row["serverId"].is_null()).unwrap();
    assert!(used["serverName"].is_null(), "{answer:#}");
    assert_eq!(used["router"]["name"], "project-1-router", "{answer:#}");
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "TIMEOUT",
        "{answer:#}"
    );
}

#[tokio::test]
async fn the_own_quota_is_had_from_limits_unless_they_do_not_tell() {
    let cloud = member().await;
    let query = "{ computeQuota { vcpus { limit used } } }";
    let (answer, paths) = asked(&cloud, query).await;
    assert!(
        answer["data"]["computeQuota"]["vcpus"]["limit"].is_i64(),
        "{answer:#}"
    );
    assert_eq!(paths, ["compute /v2.1/limits"]);
    let (answer, paths) = asked(&cloud, "{ computeQuota { vcpus { reserved } } }").await;
    assert_eq!(
        answer["data"]["computeQuota"]["vcpus"]["reserved"], 0,
        "{answer:#}"
    );
    assert!(
        paths[0].starts_with("compute /v2.1/os-quota-sets/"),
        "{paths:?}"
    );
}

#[tokio::test]
async fn what_costs_neutron_much_is_asked_for_where_it_is_needed_alone() {
    let cloud = Simulated::of(20).await;
    let columns = async |query: &str, word: &str| {
        // The first time, versions are asked for too.
        cloud.data(query).await;
        let (answer, asked) = cloud.asked_during(cloud.data(query)).await;
        let lists = asked
            .iter()
            .filter(|entry| entry.service == Service::Network);
        let paths: Vec<String> = lists.map(|entry| entry.path.clone()).collect();
        assert_eq!(paths.len(), 1, "{query}: {paths:#?}");
        assert!(paths[0].contains("fields=id&"), "{paths:#?}");
        (answer, paths[0].contains(word))
    };
    let (_, bound) = columns("{ ports(first: 5) { nodes { id macAddress } } }", "binding").await;
    assert!(!bound);
    let (ports, bound) =
        columns("{ ports(first: 5) { nodes { bindingHostId } } }", "binding").await;
    assert!(bound);
    let hosts: Vec<&Value> = ports["ports"]["nodes"].as_array().unwrap().iter().collect();
    assert!(
        hosts.iter().any(|port| port["bindingHostId"].is_string()),
        "{ports:#}"
    );

    let (_, ruled) = columns("{ securityGroups { nodes { id name } } }", "rules").await;
    assert!(!ruled);
    let query = "{ securityGroups { nodes { id rules(first: 3) { nodes { direction } } } } }";
    let (groups, ruled) = columns(query, "security_group_rules").await;
    assert!(ruled);
    let groups = groups["securityGroups"]["nodes"].as_array().unwrap();
    assert!(
        groups
            .iter()
            .any(|group| group["rules"]["nodes"][0]["direction"].is_string())
    );
}
