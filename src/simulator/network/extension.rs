//! Extensions: those of a Neutron 2025.1 with ML2, the plugins for routers, `QoS`, trunks, port
//! forwarding and logs.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::webob;

/// The rows as that Neutron lists them.
const ROWS: &str = include_str!("extensions.json");

#[derive(Serialize, Deserialize)]
struct Extension {
    name: String,
    alias: String,
    description: String,
    updated: String,
    links: Vec<()>,
}

fn rows() -> Vec<Extension> {
    serde_json::from_str(ROWS).unwrap_or_default()
}

pub(super) fn list() -> Reply {
    Reply::ok(&json!({"extensions": rows()}))
}

pub(super) fn show(call: &Call, alias: &str) -> Answer {
    let row = rows().into_iter().find(|row| row.alias == alias);
    let row = row.ok_or_else(|| {
        webob::not_found(
            call,
            &format!("Extension with alias {alias} does not exist"),
        )
    })?;
    Ok(Reply::ok(&json!({"extension": row})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_read() {
        assert_eq!(rows().len(), 100);
    }
}
