//! What is asked by many ids at once, where something in front of a service takes short URLs only.

use openstack_simulator::Service;
use openstack_simulator::fault::{Fault, Rule};
use openstack_simulator::log::Entry;

use crate::simulated::Simulated;

const JOINED: &str = "{ servers(first: 300) { nodes {
    id image { name } ports(first: 9) { nodes { id network { name } } } volumes(first: 9) { nodes { id } }
} } }";
const SERVICES: [Service; 3] = [Service::Network, Service::BlockStorage, Service::Image];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_is_asked_for_in_parts_and_not_again() {
    let cloud = Simulated::of(500).await;
    let whole = cloud.data(JOINED).await;
    let (_, without) = cloud.asked_during(cloud.data(JOINED)).await;
    let short = |service| Rule::all_of(service, Fault::LongUri { bytes: 2_500 });
    cloud.simulator.faults().set(SERVICES.map(short).to_vec());

    let (parts, asked) = cloud.asked_during(cloud.data(JOINED)).await;
    assert_eq!(parts, whole);
    let refused = |entries: &[Entry]| {
        let refused = entries.iter().filter(|entry| entry.status == Some(414));
        refused.count()
    };
    assert!(refused(&asked) > 0, "nothing was too long: {asked:#?}");

    let (parts, again) = cloud.asked_during(cloud.data(JOINED)).await;
    assert_eq!(parts, whole);
    assert_eq!(refused(&again), 0, "{again:#?}");
    assert!(again.len() > without.len());
}

#[tokio::test]
async fn a_bad_request_is_not_asked_for_in_ever_smaller_parts() {
    // How often 15 ids are asked for, which make no long URL, and 100.
    refused(15, 1).await;
    refused(100, 4).await;
}

async fn refused(servers: usize, calls: usize) {
    let cloud = Simulated::of(120).await;
    let query = format!(
        "{{ servers(first: {servers}) {{ nodes {{ id ports(first: 9) {{ nodes {{ id }} }} }} }} }}"
    );
    cloud.data(&query).await;
    let rule = Rule::all_of(Service::Network, Fault::LongUri { bytes: 0 });
    cloud.simulator.faults().set(vec![rule]);
    let (answer, asked) = cloud.asked_during(cloud.graphql(&query)).await;
    let network = asked.iter().filter(|entry| entry.path.contains("ports"));
    assert_eq!(network.count(), calls, "{asked:#?}");
    assert_eq!(answer["errors"][0]["extensions"]["service"], "network");
}
