//! What Nova tells of itself to anyone.

use http::StatusCode;
use serde_json::{Value, json};

use super::microversion::NEWEST;
use crate::call::Call;
use crate::reply::Reply;

pub(super) fn list(call: &Call) -> Reply {
    Reply::ok(&json!({"versions": [version(call, "v2"), version(call, "v2.1")]}))
}

pub(super) fn show(call: &Call, root: &str) -> Reply {
    let mut version = version(call, root);
    if let Some(links) = version["links"].as_array_mut() {
        links.push(json!({
            "rel": "describedby",
            "type": "text/html",
            "href": "http://docs.openstack.org/",
        }));
    }
    version["media-types"] = media_types(root);
    Reply::ok(&json!({"version": version}))
}

/// Of a path that begins with no version: where it might be.
pub(super) fn choices(call: &Call) -> Reply {
    let path = call.path.join("/");
    let choices = ["v2", "v2.1"].map(|root| {
        let status = version(call, root)["status"].take();
        json!({
            "id": id(root),
            "status": status,
            "links": [{"rel": "self", "href": format!("{}/{root}/{path}", call.root)}],
            "media-types": media_types(root),
        })
    });
    Reply::json(StatusCode::MULTIPLE_CHOICES, &json!({"choices": choices}))
}

fn id(root: &str) -> &str {
    if root == "v2" { "v2.0" } else { root }
}

fn version(call: &Call, root: &str) -> Value {
    let is_newest = root == "v2.1";
    json!({
        "id": id(root),
        "status": if is_newest { "CURRENT" } else { "SUPPORTED" },
        "version": if is_newest { format!("2.{NEWEST}") } else { String::new() },
        "min_version": if is_newest { "2.1" } else { "" },
        "updated": if is_newest { "2013-07-23T11:33:21Z" } else { "2011-01-21T11:33:21Z" },
        "links": [{"rel": "self", "href": format!("{}/{root}/", call.root)}],
    })
}

fn media_types(root: &str) -> Value {
    let version = root.trim_start_matches('v');
    json!([{
        "base": "application/json",
        "type": format!("application/vnd.openstack.compute+json;version={version}"),
    }])
}
