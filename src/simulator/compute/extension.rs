//! Extensions: what Nova has had built in for long, and still lists.

use serde_json::{Value, json};

use super::not_found;
use crate::reply::{Answer, Reply};

/// Alias, name and description of each.
const TABLE: &str = include_str!("extensions.tsv");

fn rows() -> impl Iterator<Item = Value> {
    TABLE.lines().map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        json!({
            "alias": cell(),
            "name": cell(),
            "description": cell(),
            "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
            "updated": "2014-12-03T00:00:00Z",
            "links": [],
        })
    })
}

pub(super) fn list() -> Reply {
    Reply::ok(&json!({"extensions": rows().collect::<Vec<_>>()}))
}

pub(super) fn show(alias: &str) -> Answer {
    let row = rows().find(|row| row["alias"] == alias);
    let row = row.ok_or_else(|| not_found("The resource could not be found."))?;
    Ok(Reply::ok(&json!({"extension": row})))
}
