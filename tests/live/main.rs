//! The live suite: what the graph and every tool say of a real cloud, compared value by value with
//! what openstacksdk says of it.
//!
//! It needs `OS_CLOUD` (and `OS_CLIENT_CONFIG_FILE`, where clouds.yaml is not in its usual place),
//! and a Python that has openstacksdk (`LIVE_PYTHON`, `python3` by default); `seed.py` makes what
//! the scenarios look for. With `LIVE_CLOUDS`, the clouds.yaml that `seed.py` wrote, the scenarios
//! also run as a member and as a reader of one project. Without `OS_CLOUD` there are no scenarios.
//!
//! `cargo test --test live -- NAME` runs those whose name contains NAME.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario fails by panicking"
)]

mod budgets;
mod compare;
mod edges;
mod harness;
mod instances;
mod nouns;
mod outage;
mod tools;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use harness::{Live, Who};

/// What a scenario does with a running server.
type Scenario = fn(&Live);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let people = Who::all();
    if people.is_empty() {
        eprintln!(
            "live: OS_CLOUD is not set, so there is no cloud to compare with; nothing is run"
        );
    } else if people.len() == 1 {
        eprintln!("live: LIVE_CLOUDS is not set, so nothing is run as a member or a reader");
    }
    let lives: Vec<Arc<Live>> = people
        .into_iter()
        .map(|who| Arc::new(Live::new(who)))
        .collect();
    let trials = lives.iter().flat_map(trials_of).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    for live in &lives {
        live.stop();
    }
    conclusion.exit_code()
}

/// The scenarios that apply to this person.
fn trials_of(live: &Arc<Live>) -> Vec<Trial> {
    let mut scenarios = nouns::scenarios();
    scenarios.extend(instances::SCENARIOS);
    scenarios.extend(edges::SCENARIOS);
    scenarios.extend(tools::SCENARIOS);
    if live.who() == Who::Admin {
        scenarios.extend(budgets::SCENARIOS);
        scenarios.extend(outage::SCENARIOS);
    }
    scenarios
        .into_iter()
        .map(|(name, scenario)| {
            let live = Arc::clone(live);
            let name = format!("{}::{name}", live.who().name());
            Trial::test(name, move || {
                scenario(&live);
                Ok(())
            })
        })
        .collect()
}
