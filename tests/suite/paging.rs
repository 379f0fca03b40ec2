//! Lists larger than any page: to their end, in order, filtered, from an offset.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::simulated::Simulated;

const SERVERS: usize = 1_234;

fn ids(answer: &Value) -> Vec<String> {
    let rows = answer["servers"]["nodes"].as_array().unwrap();
    rows.iter()
        .filter_map(|row| row["id"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_rows_are_had_by_cursor_by_offset_and_at_once() {
    let cloud = Simulated::of(SERVERS).await;
    let at_once = ids(&cloud.data("{ servers(all: true) { nodes { id } } }").await);
    assert_eq!(at_once.len(), SERVERS);
    assert_eq!(at_once.iter().collect::<BTreeSet<_>>().len(), SERVERS);

    let mut by_cursor = Vec::new();
    let mut after = String::new();
    loop {
        let query = format!(
            "{{ servers(first: 500 {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = cloud.data(&query).await;
        by_cursor.extend(ids(&page));
        let info = &page["servers"]["pageInfo"];
        if info["hasNextPage"] == false {
            break;
        }
        after = format!("after: {}", info["endCursor"]);
        assert!(by_cursor.len() < SERVERS, "it goes on for ever");
    }
    assert_eq!(by_cursor, at_once);

    let query = "{ servers(first: 100, offset: 1200) { nodes { id } totalCount } }";
    let rest = cloud.data(query).await;
    assert_eq!(ids(&rest), at_once[1200..]);
    assert_eq!(rest["servers"]["totalCount"], SERVERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_and_a_filter_hold_over_all_pages() {
    let cloud = Simulated::of(SERVERS).await;
    let query =
        "{ servers(all: true, orderBy: {field: NAME, direction: DESC}) { nodes { id name } } }";
    let answer = cloud.data(query).await;
    let names = |answer: &Value| -> Vec<String> {
        let rows = answer["servers"]["nodes"].as_array().unwrap();
        rows.iter()
            .filter_map(|row| row["name"].as_str().map(str::to_owned))
            .collect()
    };
    let ordered = names(&answer);
    assert_eq!(ordered.len(), SERVERS);
    assert!(ordered.is_sorted_by(|one, next| one >= next), "{ordered:?}");

    let every = cloud
        .data("{ servers(all: true) { nodes { id host status flavorName } } }")
        .await;
    let every = every["servers"]["nodes"].as_array().unwrap();
    for (field, value, filter) in [
        ("host", "compute-9", "host: \"compute-9\""),
        ("status", "SHUTOFF", "status: SHUTOFF"),
        ("flavorName", "m0.legacy", "flavor: \"m0.legacy\""),
    ] {
        let wanted = every.iter().filter(|row| row[field] == value).count();
        assert!(wanted > 0, "{field}");
        let query = format!(
            "{{ servers(all: true, filter: {{{filter}}}) {{ totalCount nodes {{ id {field} }} }} }}"
        );
        let found = cloud.data(&query).await;
        assert_eq!(found["servers"]["totalCount"], wanted, "{filter}");
        let rows = found["servers"]["nodes"].as_array().unwrap();
        assert!(rows.iter().all(|row| row[field] == value), "{filter}");
    }
}

#[tokio::test]
async fn a_name_with_letters_of_every_kind_is_found_as_it_is() {
    let cloud = Simulated::of(120).await;
    for name in [
        "Über-Server",
        "サーバー-東京",
        "naïve café ☕",
        "50%_done",
        "a|b.*[c]",
    ] {
        let answer = cloud
            .data(&format!("{{ server(id: \"{name}\") {{ name }} }}"))
            .await;
        assert_eq!(answer["server"]["name"], name);
    }
    let twins = "{ servers(filter: {names: [\"twin\"]}) { nodes { id } } }";
    let twins = ids(&cloud.data(twins).await);
    assert_eq!(twins.len(), 2);
    let answer = cloud.graphql("{ server(id: \"twin\") { id } }").await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(twins.iter().all(|id| message.contains(id)), "{message}");
}
