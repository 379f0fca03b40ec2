//! The writing suite: every tool that modifies, and every mutation, on a simulated cloud and on the
//! real one that `OS_CLOUD` names; what they did is looked up with openstacksdk.
//!
//! It runs as the member of a project (`LIVE_CLOUDS`, as the live suite), makes what it needs under
//! names of its own, and removes it. It is a program of its own, since the live suite compares a
//! cloud that nobody changes meanwhile.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario fails by panicking"
)]

mod client;
mod coverage;
#[expect(
    dead_code,
    reason = "shared with the live suite, which needs more of it"
)]
#[path = "../live/harness.rs"]
mod harness;
mod images;
mod network;
mod network_updates;
#[path = "../live/person.rs"]
mod person;
mod project;
mod quotas;
mod reached;
mod refusals;
mod servers;
mod stacks;
mod stdio;
mod storage;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use person::Who;
use world::World;

/// What a scenario does with a world that it may change.
type Scenario = fn(&World);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // What others make meanwhile counts against the same quotas.
    arguments.test_threads = arguments.test_threads.or(Some(3));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut people = person::of_the_real_cloud();
    if people.is_empty() {
        eprintln!("writes: OS_CLOUD is not set, so there is no real cloud to change");
    }
    if person::has_openstacksdk() {
        let file = person::clouds_yaml_of("writes");
        people.extend(person::of_a_simulated_cloud(&runtime, &file));
    } else {
        eprintln!("writes: there is no Python with openstacksdk (LIVE_PYTHON); nothing is tried");
    }
    let members = people.into_iter().filter(|it| it.who == Who::Member);
    let worlds: Vec<Arc<World>> = members.map(|it| Arc::new(World::new(it))).collect();
    let of_worlds = worlds.iter().flat_map(trials_of);
    let coverage = Trial::test("coverage::nothing_is_forgotten", || {
        coverage::nothing_is_forgotten();
        Ok(())
    });
    let trials = of_worlds.chain([coverage]).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    for world in &worlds {
        world.stop();
    }
    conclusion.exit_code()
}

fn trials_of(world: &Arc<World>) -> Vec<Trial> {
    let scenarios = [
        servers::SCENARIOS,
        reached::SCENARIOS,
        storage::SCENARIOS,
        images::SCENARIOS,
        network::SCENARIOS,
        network_updates::SCENARIOS,
        stacks::SCENARIOS,
        refusals::SCENARIOS,
        quotas::SCENARIOS,
        // It says something of a simulated cloud alone.
        if world.is_real() {
            &[]
        } else {
            client::SCENARIOS
        },
    ];
    let scenarios = scenarios.into_iter().flatten();
    let trials = scenarios.map(|(name, scenario)| {
        let world = Arc::clone(world);
        let name = format!("{}::{name}", world.name());
        Trial::test(name, move || {
            scenario(&world);
            Ok(())
        })
    });
    trials.collect()
}
