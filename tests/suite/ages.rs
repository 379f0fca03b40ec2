//! How old an answer may be, and what it says of that.

use std::time::Duration;

use chrono::{DateTime, Utc};
use mcp_openstack_ops::policy::Mode;
use openstack_simulator::Options;
use serde_json::Value;
use tokio::time::sleep;

use crate::simulated::{Simulated, Trial};

const CACHE: Duration = Duration::from_secs(2);
const NAMES: &str = "{ servers(first: 1) { asOf nodes { id name } } }";
const FRESH: &str = "{ servers(first: 1, fresh: true) { asOf nodes { id name } } }";

async fn cloud() -> Simulated {
    let options = Options {
        servers: 5,
        ..Options::default()
    };
    Simulated::start(Trial {
        options,
        cache: CACHE,
        mode: Mode::Modify,
        ..Trial::default()
    })
    .await
}

/// The list, what it cost, and when it was asked for.
async fn listed(cloud: &Simulated, query: &str) -> (Value, u64, DateTime<Utc>) {
    let mut answer = cloud.graphql(query).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    let bill = &answer["extensions"]["upstream"];
    let calls = bill["calls"].as_u64().unwrap();
    let list = &answer["data"]["servers"];
    assert_eq!(list["asOf"], bill["asOf"], "{answer:#}");
    let at = list["asOf"].as_str().unwrap().parse().unwrap();
    (answer["data"]["servers"].take(), calls, at)
}

#[tokio::test]
async fn an_answer_says_how_old_it_is_and_can_be_had_anew() {
    let cloud = cloud().await;
    let (_, calls, first) = listed(&cloud, NAMES).await;
    assert!(calls > 0);
    let (_, calls, kept) = listed(&cloud, NAMES).await;
    assert_eq!((calls, kept), (0, first));
    let (_, calls, fresh) = listed(&cloud, FRESH).await;
    assert_eq!(calls, 1);
    assert!(fresh > first, "{fresh} {first}");
    // What was asked anew serves the others too.
    let (_, calls, later) = listed(&cloud, NAMES).await;
    assert_eq!((calls, later), (0, fresh));
}

#[tokio::test]
async fn what_is_stale_serves_while_it_is_asked_for_again() {
    let cloud = cloud().await;
    let (_, _, first) = listed(&cloud, NAMES).await;
    sleep(CACHE + CACHE / 4).await;
    let (stale, calls, at) = listed(&cloud, NAMES).await;
    assert_eq!((calls, at), (0, first));
    sleep(CACHE / 4).await;
    let (renewed, calls, at) = listed(&cloud, NAMES).await;
    assert_eq!(calls, 0);
    assert!(at > first + CACHE, "{at} {first}");
    assert_eq!(renewed["nodes"], stale["nodes"]);
    // Nothing serves for more than twice its time.
    sleep(CACHE * 2 + CACHE / 4).await;
    let (_, calls, _) = listed(&cloud, NAMES).await;
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn what_was_changed_from_here_is_not_told_as_it_was() {
    let cloud = cloud().await;
    let (before, _, _) = listed(&cloud, NAMES).await;
    let id = before["nodes"][0]["id"].as_str().unwrap();
    let rename = format!(
        "mutation {{ serverUpdate(server: \"{id}\", name: \"renamed\") {{ userErrors {{ message }} }} }}"
    );
    cloud.data(&rename).await;
    let (after, calls, _) = listed(&cloud, NAMES).await;
    assert_eq!(calls, 1);
    assert_eq!(after["nodes"][0]["name"], "renamed");
}
