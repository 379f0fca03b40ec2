//! The live suite: what the graph and every tool say of a cloud, compared value by value with what
//! openstacksdk says of it. The same scenarios run on a simulated cloud, which is started here, and
//! on a real one.
//!
//! Both need a Python that has openstacksdk (`LIVE_PYTHON`, `python3` by default). The real cloud is
//! the one that `OS_CLOUD` names (with `OS_CLIENT_CONFIG_FILE`, where clouds.yaml is not in its usual
//! place); `seed.py` makes what the scenarios look for. With `LIVE_CLOUDS`, the clouds.yaml that
//! `seed.py` wrote, the scenarios also run as a member and as a reader of one project.
//!
//! `cargo test --test live -- NAME` runs those whose name contains NAME: `simulated::`, `real::admin`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario fails by panicking"
)]

mod budgets;
mod client;
mod compare;
mod edges;
mod harness;
mod instances;
mod nouns;
mod outage;
mod person;
mod tools;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use harness::Live;
use person::Who;

/// What a scenario does with a running server.
type Scenario = fn(&Live);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // The simulated cloud lives in it.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut people = person::of_the_real_cloud();
    match people.len() {
        0 => eprintln!("live: OS_CLOUD is not set, so there is no real cloud to compare with"),
        1 => eprintln!("live: LIVE_CLOUDS is not set, so nobody but an admin asks the real cloud"),
        _ => {}
    }
    if person::has_openstacksdk() {
        let file = person::clouds_yaml_of("live");
        people.extend(person::of_a_simulated_cloud(&runtime, &file));
    } else {
        eprintln!("live: there is no Python with openstacksdk (LIVE_PYTHON); nothing is compared");
    }
    let lives: Vec<Arc<Live>> = people
        .into_iter()
        .map(|person| Arc::new(Live::new(person).set(&[])))
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
        scenarios.extend(client::SCENARIOS);
        scenarios.extend(outage::SCENARIOS);
    }
    scenarios
        .into_iter()
        .map(|(name, scenario)| {
            let live = Arc::clone(live);
            let name = format!("{}::{name}", live.name());
            Trial::test(name, move || {
                scenario(&live);
                Ok(())
            })
        })
        .collect()
}
