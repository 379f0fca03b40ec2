//! The tools about servers: what they find, and what they say of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Scenario;
use crate::edges::image_of;
use crate::harness::{Live, shared_and_own_names, some_zone};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("instances::details_of_all_pages", details_of_all_pages),
    ("instances::details_by_name_and_id", details_by_name_and_id),
    ("instances::details_say_what_is_so", details_say_what_is_so),
    ("instances::by_status", by_status),
    ("instances::by_name", by_name),
    ("instances::search_by_name", |live| {
        search(live, "name", "web", name)
    }),
    ("instances::search_by_status", |live| {
        search(live, "status", "shut", status)
    }),
    ("instances::search_by_host", |live| {
        search(live, "host", "compute-2", host)
    }),
    ("instances::search_by_flavor", |live| {
        search(live, "flavor", "m1.small", flavor)
    }),
    ("instances::search_by_image", |live| {
        search(live, "image", "debian", |server| image(live, server));
    }),
    ("instances::search_by_zone", |live| {
        search(live, "availability_zone", &some_zone(live), zone)
    }),
    ("instances::search_everywhere", search_everywhere),
    ("instances::search_minds_case", search_minds_case),
];

fn text(server: &Value, pointer: &str) -> String {
    server
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn name(server: &Value) -> String {
    text(server, "/name")
}

fn status(server: &Value) -> String {
    text(server, "/status")
}

fn host(server: &Value) -> String {
    text(server, "/OS-EXT-SRV-ATTR:host")
}

fn flavor(server: &Value) -> String {
    text(server, "/flavor/original_name")
}

fn zone(server: &Value) -> String {
    text(server, "/OS-EXT-AZ:availability_zone")
}

/// The name of a server's image; nothing for one that started from a volume.
fn image(live: &Live, server: &Value) -> String {
    let id = image_of(live, server);
    let images = live.rows("images").iter().chain(live.rows("hidden_images"));
    let found = images.into_iter().find(|image| image["id"] == *id);
    found.map(|image| text(image, "/name")).unwrap_or_default()
}

pub(crate) fn ids<'a>(
    rows: impl IntoIterator<Item = &'a Value>,
    pointer: &str,
) -> BTreeSet<String> {
    rows.into_iter().map(|row| text(row, pointer)).collect()
}

/// The rows of a tool's answer: its one list of servers, wherever the document put it.
pub(crate) fn nodes(answer: &Value) -> Vec<Value> {
    let found = answer
        .as_object()
        .into_iter()
        .flatten()
        .find_map(|(_, list)| list["nodes"].as_array());
    found
        .unwrap_or_else(|| panic!("no nodes in {answer:#}"))
        .clone()
}

/// All rows of a tool that takes `limit` and `offset`, page by page.
pub(crate) fn paged(live: &Live, tool: &str, arguments: &Value) -> Vec<Value> {
    let limit = 20;
    let mut all = Vec::new();
    loop {
        let mut page = arguments.clone();
        page["limit"] = json!(limit);
        page["offset"] = json!(all.len());
        let rows = nodes(&live.tool(tool, &page));
        let count = rows.len();
        all.extend(rows);
        if count < limit {
            return all;
        }
    }
}

fn details_of_all_pages(live: &Live) {
    let rows = paged(
        live,
        "get_instance_details",
        &json!({"all_instances": true}),
    );
    assert_eq!(rows.len(), live.rows("servers").len());
    assert_eq!(ids(&rows, "/id"), ids(live.rows("servers"), "/id"));
}

fn details_by_name_and_id(live: &Live) {
    let servers = live.rows("servers");
    let [one, other] = [&servers[0], &servers[servers.len() - 1]];
    let listed = json!({"instance_names": [name(one)], "instance_ids": [text(other, "/id")]});
    let (shared, own) = shared_and_own_names(servers);
    let other_name = shared.unwrap_or(own);
    // A list in one string cannot name what has a comma in it.
    let joined = json!({"instance_names": format!("{own}, {other_name}")});
    let rows = nodes(&live.tool("get_instance_details", &listed));
    let wanted = servers
        .iter()
        .filter(|server| name(server) == name(one) || server["id"] == other["id"]);
    assert_eq!(ids(&rows, "/id"), ids(wanted, "/id"));
    let rows = nodes(&live.tool("get_instance_details", &joined));
    let wanted = servers
        .iter()
        .filter(|server| [own, other_name].contains(&name(server).as_str()));
    assert_eq!(ids(&rows, "/id"), ids(wanted, "/id"));
}

/// Every value that the wire has for a server and that an operator would look for is in the answer.
fn details_say_what_is_so(live: &Live) {
    let rows = paged(live, "get_instance_details", &json!({}));
    for server in live.rows("servers") {
        let found = rows
            .iter()
            .find(|row| row["id"] == server["id"])
            .expect("every server");
        let said = found.to_string();
        let addresses = server["addresses"].as_object().into_iter().flatten();
        let addresses = addresses.flat_map(|(_, list)| list.as_array().into_iter().flatten());
        let mut wanted: Vec<String> = addresses.map(|address| text(address, "/addr")).collect();
        wanted.extend([
            name(server),
            status(server),
            host(server),
            flavor(server),
            zone(server),
        ]);
        wanted.extend([
            image(live, server),
            text(server, "/key_name"),
            text(server, "/fault/message"),
        ]);
        wanted.extend(
            server["metadata"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.clone()),
        );
        for value in wanted {
            let quoted = json!(value).to_string();
            assert!(
                value.is_empty() || said.contains(quoted.trim_matches('"')),
                "{value} is not in {said}"
            );
        }
    }
}

fn by_status(live: &Live) {
    // Nova filters by the state that a server is in, whatever it is busy with.
    for (wanted, state) in [
        ("ACTIVE", "active"),
        ("SHUTOFF", "stopped"),
        ("PAUSED", "paused"),
        ("SUSPENDED", "suspended"),
        ("ERROR", "error"),
    ] {
        let rows = paged(
            live,
            "get_instances_by_status",
            &json!({"status": wanted.to_lowercase()}),
        );
        let theirs = live
            .rows("servers")
            .iter()
            .filter(|server| server["OS-EXT-STS:vm_state"] == state);
        assert_eq!(ids(&rows, "/id"), ids(theirs, "/id"), "{wanted}");
    }
}

fn by_name(live: &Live) {
    let servers = live.rows("servers");
    let alone = |server: &&Value| {
        servers
            .iter()
            .filter(|other| other["name"] == server["name"])
            .count()
            == 1
    };
    let server = servers.iter().find(alone).expect("a name of one server");
    let answer = live.tool(
        "get_instance_by_name",
        &json!({"instance_name": name(server)}),
    );
    assert!(
        answer.to_string().contains(&text(server, "/id")),
        "{answer:#}"
    );
    let missing = live.call(
        "get_instance_by_name",
        &json!({"instance_name": "nobody-has-this-name"}),
    );
    assert_eq!(missing["isError"], json!(true), "{missing:#}");
    assert!(
        missing.to_string().contains("nobody-has-this-name"),
        "{missing:#}"
    );
}

/// What openstacksdk finds, and nothing else.
fn search(live: &Live, place: &str, term: &str, value: impl Fn(&Value) -> String) {
    let arguments = json!({"search_term": term.to_uppercase(), "search_in": place});
    let rows = paged(live, "search_instances", &arguments);
    let found = |server: &&Value| value(server).to_lowercase().contains(term);
    assert_eq!(
        ids(&rows, "/id"),
        ids(live.rows("servers").iter().filter(found), "/id"),
        "{term} in {place}"
    );
}

fn search_everywhere(live: &Live) {
    let term = "deb";
    let rows = paged(
        live,
        "search_instances",
        &json!({"search_term": term, "search_in": "all"}),
    );
    let found = |server: &&Value| {
        let values = [name, status, host, flavor, zone].map(|value| value(server));
        let mut values = values.into_iter().chain([image(live, server)]);
        values.any(|value| value.to_lowercase().contains(term))
    };
    assert_eq!(
        ids(&rows, "/id"),
        ids(live.rows("servers").iter().filter(found), "/id")
    );
}

fn search_minds_case(live: &Live) {
    let arguments = json!({"search_term": "WEB", "case_sensitive": true});
    assert!(nodes(&live.tool("search_instances", &arguments)).is_empty());
}
