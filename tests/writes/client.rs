//! The `openstack` command completes a session: everything is made, acted on and removed with it.
//!
//! It says nothing of this server: it says that the simulated cloud is one.

use serde_json::Value;

use crate::Scenario;
use crate::world::World;

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[("client::a_session", a_session)];

fn a_session(world: &World) {
    let prefix = world.new_name("client");
    let reports = world
        .person()
        .script("tests/writes/client.py", &[prefix.as_str()]);
    let reports = reports.as_array().expect("a list");
    let failed: Vec<&Value> = reports.iter().filter(|row| row["status"] != 0).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(reports.len() > 100, "{} commands were run", reports.len());
}
