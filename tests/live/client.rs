//! The `openstack` command works on the cloud: every noun is listed and shown.
//!
//! It says nothing of this server: it says that the simulated cloud is one.

use serde_json::Value;

use crate::Scenario;
use crate::harness::Live;

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[(
    "client::lists_and_shows_every_noun",
    lists_and_shows_every_noun,
)];

/// What no cloud need have.
const MAY_BE_EMPTY: [&str; 2] = ["volume backup list", "server volume list"];

fn lists_and_shows_every_noun(live: &Live) {
    let reports = live.script("tests/live/client.py");
    let reports = reports.as_array().expect("a list");
    assert!(
        reports.len() > 60,
        "only {} commands were run",
        reports.len()
    );
    let failed: Vec<&Value> = reports.iter().filter(|report| !is_well(report)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

fn is_well(report: &Value) -> bool {
    let command = report["command"].as_str().unwrap_or_default();
    let may_be_empty = MAY_BE_EMPTY.iter().any(|name| command.starts_with(name));
    report["status"] == 0 && (may_be_empty || report["rows"] != 0)
}
