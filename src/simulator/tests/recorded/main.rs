//! The simulator held to reality: what a real cloud answered to the requests of
//! `tests/recorded/requests.yaml`, it has to answer too.
//!
//! `RECORDED_AGAINST=live` asks the clouds `live`, `live-member` and `live-reader` of
//! `OS_CLIENT_CONFIG_FILE` instead: a recording that a real cloud does not repeat is a bad one.
//! `RECORDED_ONLY=compute` asks one service, `RECORDED_ONLY="compute/servers by"` the requests
//! whose names begin so, `RECORDED_ONLY=session/keypairs` plays one session. `RECORDED_UPDATE=1`
//! writes `UNPROVED.md`.
//!
//! Compared are the status, the headers that matter, and of a body its shape: keys, types, forms of
//! texts (a UUID, a time with microseconds, a URL's path). Of lists also how many rows a limit lets
//! through, their order where it was asked for, and the links to other pages; of errors every word.
//! `differences.json` lists what is known to differ, with the reason; what no longer does has to go.
//!
//! The sessions of `tests/recorded/sessions` change things, step by step: see [`session`].
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod cloud;
mod compare;
mod form;
mod script;
mod session;
mod shape;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;

use openstack_simulator::{Options, Pace, Simulator};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cloud::Cloud;
use crate::compare::{Recorded, rows};
use crate::form::{Forms, Local, Name};
use crate::script::{Ask, Script, Service};
use crate::shape::{Columns, Reader, Shape};

/// What was recorded of a service, and the shapes of its groups.
pub(crate) struct Recording<'a> {
    exchanges: Map<String, Value>,
    groups: HashMap<String, Shape>,
    columns: Columns<'a>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded"))
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn script() -> Script {
    Script::read(&read("requests.yaml"))
}

impl<'a> Recording<'a> {
    fn of(service: &'a Service, forms: &Forms) -> Self {
        let told = read(&format!("{}.json", service.name));
        let exchanges: Map<String, Value> = serde_json::from_str(&told).expect("a recording");
        let local = Local::recorded(&service.followers);
        let reader = Reader {
            forms,
            local: &local,
            maps: &service.maps,
        };
        let mut groups: HashMap<String, Shape> = HashMap::new();
        for (ask, who) in asks(service) {
            let exchange = exchanges.get(&ask.title(who));
            if !ask.is_free
                && let Some(body) = exchange.and_then(|it| it.get("json"))
                && exchange.is_some_and(|it| it["status"].as_u64() < Some(400))
            {
                groups
                    .entry(ask.group(who))
                    .or_default()
                    .add(body, "", &reader);
            }
        }
        let mut columns = Columns::new(&service.free);
        for shape in groups.values() {
            columns.add(shape, "");
        }
        Self {
            exchanges,
            groups,
            columns,
        }
    }

    pub(crate) fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.groups.values()
    }
}

fn asks(service: &Service) -> impl Iterator<Item = (&Ask, &str)> {
    let each = |ask: &'_ Ask| ask.who.len();
    service
        .asks
        .iter()
        .flat_map(move |ask| (0..each(ask)).map(move |it| (ask, ask.who[it].as_str())))
}

/// The exchange of every request is there, and no other; a list that is meant to be empty is.
#[test]
fn the_recordings_are_of_these_requests() {
    let forms = Forms::new();
    let mut wrong = Vec::new();
    for service in &script().services {
        let mut recording = Recording::of(service, &forms);
        for (ask, who) in asks(service) {
            let title = ask.title(who);
            let Some(told) = recording.exchanges.shift_remove(&title) else {
                continue;
            };
            if told["request"] != ask.line() {
                wrong.push(format!(
                    "{}: {title}: is of {}",
                    service.name, told["request"]
                ));
            }
            let rows = told.get("json").and_then(rows);
            if ask.is_empty && rows.is_some_and(|(_, rows)| !rows.is_empty()) {
                wrong.push(format!("{}: {title}: is not empty", service.name));
            }
        }
        let others = recording.exchanges.keys();
        wrong.extend(others.map(|title| format!("{}: {title}: nobody asks", service.name)));
    }
    assert!(wrong.is_empty(), "record again:\n{}", wrong.join("\n"));
}

#[test]
fn what_is_unproved_is_listed() {
    let unproved = unproved(&script());
    if std::env::var_os("RECORDED_UPDATE").is_some() {
        std::fs::write(folder().join("UNPROVED.md"), &unproved).expect("UNPROVED.md");
    }
    let hint = "UNPROVED.md is not current; RECORDED_UPDATE=1 writes it";
    assert!(read("UNPROVED.md") == unproved, "{hint}");
}

fn unproved(script: &Script) -> String {
    let forms = Forms::new();
    let mut text = String::from(
        "# What no recording proves\n\nWritten by `RECORDED_UPDATE=1 cargo test -p \
         openstack-simulator --test recorded`. The simulator answers these as the services' \
         sources say.\n\n",
    );
    for line in &script.unproved {
        let _ = writeln!(text, "- {line}");
    }
    for service in &script.services {
        let recording = Recording::of(service, &forms);
        let mut absent = Vec::new();
        let mut empty = Vec::new();
        for (ask, who) in asks(service) {
            let title = ask.title(who);
            match recording.exchanges.get(&title) {
                None => absent.push(title),
                Some(told) => {
                    let rows = told.get("json").and_then(rows);
                    if told["status"] == 200
                        && !ask.is_empty
                        && rows.is_some_and(|it| it.1.is_empty())
                    {
                        empty.push(title);
                    }
                }
            }
        }
        let mut blanks = BTreeMap::new();
        for shape in recording.groups.values() {
            shape.blanks("", &mut blanks);
        }
        // Of what is data, and of what is inside of it, nothing is expected.
        let is_data = |path: &str| {
            let mut ends = path.match_indices('.').map(|(end, _)| end);
            let is_inside = ends.any(|end| recording.columns.is_free(&path[..end]));
            is_inside || path.contains('*') || recording.columns.is_free(path)
        };
        let blanks = blanks
            .into_iter()
            .filter(|(path, is_blank)| *is_blank && !is_data(path));
        let blanks: Vec<String> = blanks.map(|(path, _)| format!("`{path}`")).collect();
        let _ = writeln!(text, "\n## {}\n", service.name);
        for (what, list) in [
            ("The cloud had nothing to ask about", absent),
            ("The list was empty", empty),
            ("Always null or an empty list", blanks),
        ] {
            if !list.is_empty() {
                let _ = writeln!(text, "- {what}: {}.", list.join("; "));
            }
        }
    }
    text
}

#[tokio::test]
async fn it_answers_as_recorded() {
    let script = script();
    let (mut cloud, _) = open(&script, Pace::ByClock).await;
    let roots = cloud.roots().iter();
    let roots: Vec<Name> = roots
        .map(|(root, name)| Name::new(root, &format!("http://{name}")))
        .collect();
    let only = std::env::var("RECORDED_ONLY").unwrap_or_default();
    let mut findings = Findings::default();
    let forms = Forms::new();
    for service in &script.services {
        let recording = Recording::of(service, &forms);
        for (ask, who) in asks(service) {
            let title = ask.title(who);
            let place = format!("{}/{title}", service.name);
            let Some(told) = recording
                .exchanges
                .get(&title)
                .filter(|_| place.starts_with(&only))
            else {
                continue;
            };
            findings.asked += 1;
            let answer = cloud.send(&service.name, ask, who).await;
            let every = cloud.filled(who, &Value::Object(ask.every.clone())).await;
            let (answer, every) = match (answer, every) {
                (Ok(answer), Ok(every)) => (answer, every),
                (Err(lacking), _) | (_, Err(lacking)) => {
                    findings.add(
                        &service.name,
                        &title,
                        format!("there is no {lacking} to ask about"),
                    );
                    continue;
                }
            };
            let mut names = Vec::new();
            if answer.status >= 400 {
                let data = cloud.names(who, &ask.path).await;
                names.extend(data.iter().map(|(value, place)| Name::new(value, place)));
            }
            let local = Local::of_cloud(&service.followers, &roots, &names);
            let nothing = Shape::default();
            let recorded = Recorded {
                service,
                ask,
                told,
                group: recording.groups.get(&ask.group(who)).unwrap_or(&nothing),
                columns: &recording.columns,
                forms: &forms,
            };
            let every = every.as_object().expect("an object");
            for difference in recorded.differences(&answer, &local, every) {
                findings.add(&service.name, &title, difference);
            }
            if answer.status >= 400 && told["status"] != answer.status {
                findings.example(&title, &answer.text);
            }
        }
    }
    let known = known(|service| !service.starts_with(session::PREFIX));
    findings.settle(known, only.is_empty());
}

#[tokio::test]
async fn it_goes_through_the_recorded_sessions() {
    let script = script();
    let forms = Forms::new();
    let services = script.services.iter();
    let recordings: HashMap<&str, Recording> = services
        .map(|service| (service.name.as_str(), Recording::of(service, &forms)))
        .collect();
    let only = std::env::var("RECORDED_ONLY").unwrap_or_default();
    let mut findings = Findings::default();
    for session in session::all(&script, &folder().join("sessions"), &only) {
        // Each finds the cloud as it was at first.
        let (mut cloud, simulator) = open(&script, Pace::ByHand).await;
        session
            .play(
                &mut cloud,
                simulator.as_ref(),
                &recordings,
                &forms,
                &mut findings,
            )
            .await;
    }
    let known = known(|service| service.starts_with(session::PREFIX));
    findings.settle(known, only.is_empty());
}

/// The cloud that is asked, with the simulation when it is one.
async fn open(script: &Script, pace: Pace) -> (Cloud<'_>, Option<Simulator>) {
    if let Ok(name) = std::env::var("RECORDED_AGAINST") {
        let path = std::env::var("OS_CLIENT_CONFIG_FILE").expect("OS_CLIENT_CONFIG_FILE");
        let clouds_yaml = std::fs::read_to_string(path).expect("a clouds.yaml");
        return (Cloud::open(script, &clouds_yaml, &name).await, None);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let simulator = Simulator::new(Options {
        pace,
        ..Options::default()
    });
    let clouds_yaml = simulator.clouds_yaml(&url);
    let served = simulator.clone();
    tokio::spawn(async move { served.serve(listener, CancellationToken::new()).await });
    let cloud = Cloud::open(script, &clouds_yaml, "simulated").await;
    (cloud, Some(simulator))
}

/// What is known to differ, of those services.
fn known(is_meant: impl Fn(&str) -> bool) -> Vec<Value> {
    let known: Vec<Value> =
        serde_json::from_str(&read("differences.json")).expect("differences.json");
    known
        .into_iter()
        .filter(|entry| entry["service"].as_str().is_some_and(&is_meant))
        .collect()
}

/// What differs, by service and by difference.
#[derive(Default)]
pub(crate) struct Findings {
    asked: usize,
    found: BTreeMap<(String, String), Vec<String>>,
    /// What was said to a request that should not have been refused.
    refusals: HashMap<String, String>,
}

impl Findings {
    fn add(&mut self, service: &str, title: &str, difference: String) {
        let titles = self
            .found
            .entry((service.to_owned(), difference))
            .or_default();
        titles.push(title.to_owned());
    }

    fn is_empty_of(&self, service: &str) -> bool {
        self.found.keys().all(|(of, _)| of != service)
    }

    fn example(&mut self, title: &str, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.chars().take(160).collect();
        self.refusals.insert(title.to_owned(), text);
    }

    /// Fails with all that is not known to differ, and with what is known to and does not.
    fn settle(mut self, known: Vec<Value>, is_all: bool) {
        let mut report = String::new();
        for entry in &known {
            let text = |key: &str| entry[key].as_str().expect("a text");
            let key = (text("service").to_owned(), text("difference").to_owned());
            assert!(!text("because").is_empty(), "{key:?}: no reason");
            if self.found.remove(&key).is_none() && is_all {
                let _ = writeln!(report, "{}: no longer differs: {}", key.0, key.1);
            }
        }
        for ((service, difference), titles) in &self.found {
            let shown: Vec<&str> = titles.iter().take(3).map(String::as_str).collect();
            let more = titles.len() - shown.len();
            let more = if more > 0 {
                format!(", {more} more")
            } else {
                String::new()
            };
            let refusal = if difference.starts_with("answers") {
                titles
                    .iter()
                    .find_map(|title| self.refusals.get(title))
                    .map_or("", String::as_str)
            } else {
                ""
            };
            let shown = shown.join(", ");
            let _ = writeln!(report, "{service}: {difference} [{shown}{more}] {refusal}");
        }
        eprintln!("{} requests, {} differences", self.asked, self.found.len());
        assert!(report.is_empty(), "{report}");
    }
}
