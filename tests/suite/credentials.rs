//! Two credentials in one process: what one may see is never in an answer to the other.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use openstack_simulator::Options;
use serde_json::Value;

use crate::simulated::{ADMIN, MEMBER, READER, Simulated, Trial};

async fn cloud() -> Simulated {
    let options = Options {
        servers: 150,
        ..Options::default()
    };
    Simulated::start(Trial {
        options,
        // Kept answers are where two credentials could meet.
        cache: Duration::from_secs(60),
        ..Trial::default()
    })
    .await
}

fn query(cloud: &str) -> String {
    format!(
        "{{ cloud(name: \"{cloud}\") {{ servers(all: true) {{ nodes {{ id projectId host }} }}
           volumes(all: true) {{ nodes {{ id projectId }} }}
           networks(all: true) {{ nodes {{ id isExternal isShared projectId }} }} }} }}"
    )
}

fn projects(answer: &Value, list: &str) -> BTreeSet<String> {
    let rows = answer["cloud"][list]["nodes"].as_array().unwrap();
    let ids = rows
        .iter()
        .filter(|row| row["isExternal"] != true && row["isShared"] != true);
    ids.filter_map(|row| row["projectId"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_never_mix() {
    let cloud = cloud().await;
    // Many times at once, so that fetches are shared where they can be.
    let turns = [ADMIN, MEMBER, READER].repeat(8);
    let answers = join_all(
        turns
            .iter()
            .map(|who| async { (*who, cloud.data(&query(who)).await) }),
    )
    .await;
    for (who, answer) in answers {
        for list in ["servers", "volumes", "networks"] {
            let seen = projects(&answer, list).len();
            if who == ADMIN {
                assert!(seen > 1, "{list}: an admin sees all projects");
            } else {
                assert_eq!(seen, 1, "{list}: a {who} sees its own");
            }
        }
        let servers = answer["cloud"]["servers"]["nodes"].as_array().unwrap();
        let hosts = servers.iter().filter(|row| !row["host"].is_null()).count();
        assert_eq!(hosts > 0, who == ADMIN, "only an admin is told hosts");
    }
}

#[tokio::test]
async fn every_cloud_answers_in_one_query() {
    let cloud = cloud().await;
    let query = "{ clouds { name servers { totalCount } } }";
    let answer = cloud.data(query).await;
    let clouds = answer["clouds"].as_array().unwrap();
    let names: Vec<_> = clouds
        .iter()
        .filter_map(|cloud| cloud["name"].as_str())
        .collect();
    assert_eq!(names, [ADMIN, MEMBER, READER]);
    let count = |place: usize| clouds[place]["servers"]["totalCount"].as_i64().unwrap();
    assert_eq!(count(0), 150);
    assert!(count(1) > 0 && count(1) < 150);
    assert_eq!(count(1), count(2));
}

#[tokio::test]
async fn what_a_member_cannot_see_is_unknown_and_not_well() {
    let query = "{ health { checks { name outcome } } }";
    let outcome = async |cloud: &Simulated| {
        let health = cloud.data(query).await;
        let checks = health["health"]["checks"].as_array().unwrap().clone();
        let agents = checks
            .into_iter()
            .find(|check| check["name"] == "network_agents");
        agents.unwrap()["outcome"].clone()
    };
    for name in [MEMBER, READER] {
        let cloud = Simulated::as_who(name, 20).await;
        assert_eq!(outcome(&cloud).await, "UNKNOWN", "{name}");
    }
    assert_ne!(outcome(&Simulated::of(20).await).await, "UNKNOWN");
}
