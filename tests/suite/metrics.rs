//! `/metrics`: what is counted is what was done.

use std::collections::BTreeMap;
use std::time::Instant;

use openstack_simulator::fault::{Fault, Rule};
use openstack_simulator::{Service, log::Entry};
use reqwest::StatusCode;
use serde_json::json;

use crate::program::PASSWORD;
use crate::running::{Cloud, PATIENCE, Running, answer, folder};

const SECRET: &str = "a-secret-of-more-than-32-bytes-or-so";
/// What callers send, and no label may have.
const MADE_UP: &str = "made-up-by-a-caller";

/// Every sample by its series, as it is written.
struct Samples(BTreeMap<String, f64>);

impl Samples {
    fn read(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let samples = lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            (
                series.to_owned(),
                value.parse().unwrap_or_else(|_| panic!("{line}")),
            )
        });
        Self(samples.collect())
    }

    /// The sum of the samples of a series that have all of these labels.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{key}=\"{value}\""))
            .collect();
        let of_series = |series: &str| series.split(['{', ' ']).next() == Some(name);
        let fitting = self.0.iter().filter(|(series, _)| {
            of_series(series) && labels.iter().all(|label| series.contains(label))
        });
        fitting.map(|(_, value)| value).sum()
    }

    fn has(&self, name: &str, label: &str) -> bool {
        self.0
            .keys()
            .any(|series| series.starts_with(name) && series.contains(label))
    }
}

async fn scrape(program: &Running) -> Samples {
    let request = program.get("/metrics").bearer_auth(SECRET);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    Samples::read(&response.text().await.unwrap())
}

/// The same, with what the clouds say of themselves: on a busy machine they may take their time.
async fn whole_scrape(program: &Running) -> Samples {
    let began = Instant::now();
    loop {
        let samples = scrape(program).await;
        if samples.has("openstack_cloud_read_timestamp_seconds", "") {
            return samples;
        }
        assert!(began.elapsed() < PATIENCE, "the gauges do not come");
    }
}

async fn start(cloud: &Cloud) -> Running {
    let variables = [
        ("REMOTE_AUTH_ENABLE", "true"),
        ("REMOTE_SECRET_KEY", SECRET),
        // Nothing becomes stale on a machine that is slow.
        ("CACHE_TTL", "60s"),
    ];
    Running::start(folder(&cloud.admin_yaml()), &variables).await
}

/// How often a service was asked, and by which outcome it is counted.
fn asked(log: &[Entry], service: Service, is_counted: impl Fn(&Entry) -> bool) -> f64 {
    let entries = log
        .iter()
        .filter(|entry| entry.service == service && is_counted(entry));
    f64::from(u32::try_from(entries.count()).unwrap())
}

#[tokio::test]
async fn what_is_counted_is_what_was_done() {
    let cloud = Cloud::start(30).await;
    let program = start(&cloud).await;
    let query = "{ servers(first: 5) { nodes { name image { name } } } volumes { totalCount } }";
    for _ in 0..3 {
        let (status, body) = answer(program.graphql(query).bearer_auth(SECRET)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    // Volumes are asked for in vain, three times, and the rest is kept.
    cloud.simulator.faults().set(vec![Rule::all_of(
        Service::BlockStorage,
        Fault::InternalError,
    )]);
    let fresh = "{ volumes(fresh: true) { totalCount nodes { name } } servers(first: 5) { nodes { name } } }";
    answer(program.graphql(fresh).bearer_auth(SECRET)).await;
    cloud.simulator.faults().set(Vec::new());
    answer(program.graphql(MADE_UP).bearer_auth(SECRET)).await;
    answer(
        program
            .graphql("mutation { serverStop(server: \"x\") { __typename } }")
            .bearer_auth(SECRET),
    )
    .await;
    answer(program.call("get_flavors", &json!({})).bearer_auth(SECRET)).await;
    answer(
        program
            .call("get_flavors", &json!({MADE_UP: 1}))
            .bearer_auth(SECRET),
    )
    .await;
    answer(program.call(MADE_UP, &json!({})).bearer_auth(SECRET)).await;
    answer(program.get(&format!("/{MADE_UP}")).bearer_auth(SECRET)).await;
    answer(program.get("/graphql/schema").bearer_auth(MADE_UP)).await;
    let log = cloud.simulator.log().entries();
    let seen = whole_scrape(&program).await;

    // The gauges asked the cloud after the log was read, and these series are rendered after that.
    let now = cloud.simulator.log().entries();
    for service in Service::ALL {
        let name = serde_json::to_value(service).unwrap();
        let labels = |outcome| {
            [
                ("service", name.as_str().unwrap()),
                ("outcome", outcome),
                ("cloud", "simulated"),
            ]
        };
        let family = "openstack_ops_upstream_requests_total";
        let class = |entry: &Entry, from, to| {
            entry
                .status
                .is_some_and(|status| (from..to).contains(&status))
        };
        for (outcome, from, to) in [("2xx", 200, 400), ("4xx", 400, 500), ("5xx", 500, 600)] {
            assert_eq!(
                seen.sum(family, &labels(outcome)),
                asked(&now, service, |entry| class(entry, from, to)),
                "{service:?} {outcome}"
            );
        }
        let timed = seen.sum(
            "openstack_ops_upstream_request_duration_seconds_count",
            &labels("")[..1],
        );
        assert_eq!(timed, asked(&now, service, |_| true), "{service:?}");
        assert_eq!(
            seen.sum(
                "openstack_ops_upstream_queue_seconds_count",
                &labels("")[..1]
            ),
            timed
        );
    }
    assert!(
        asked(&log, Service::BlockStorage, |entry| entry.status
            == Some(500))
            >= 1.0
    );
    assert_eq!(
        seen.sum(
            "openstack_ops_logins_total",
            &[("reason", "first"), ("outcome", "ok")]
        ),
        1.0
    );

    let operations = |kind, tool, outcome, door| {
        let labels = [
            ("operation", kind),
            ("tool", tool),
            ("outcome", outcome),
            ("door", door),
        ];
        seen.sum("openstack_ops_operations_total", &labels)
    };
    assert_eq!(operations("query", "", "ok", "graphql"), 3.0);
    assert_eq!(operations("query", "", "partial", "graphql"), 1.0);
    assert_eq!(operations("unknown", "", "refused", "graphql"), 1.0);
    assert_eq!(operations("mutation", "", "refused", "graphql"), 1.0);
    assert_eq!(operations("query", "get_flavors", "ok", "mcp"), 1.0);
    assert_eq!(operations("none", "get_flavors", "refused", "mcp"), 1.0);
    assert_eq!(operations("none", "other", "refused", "mcp"), 1.0);
    assert_eq!(
        seen.sum(
            "openstack_ops_operation_duration_seconds_count",
            &[("door", "graphql")]
        ),
        6.0
    );
    assert_eq!(
        seen.sum(
            "openstack_ops_denied_total",
            &[("rule", "read-only"), ("door", "graphql")]
        ),
        1.0
    );
    assert_eq!(
        seen.sum(
            "openstack_ops_unauthenticated_total",
            &[("reason", "invalid")]
        ),
        1.0
    );
    let http = |door, status| {
        seen.sum(
            "openstack_ops_http_requests_total",
            &[("door", door), ("status", status)],
        )
    };
    assert_eq!(http("/graphql", "200") + http("/graphql", "400"), 6.0);
    assert_eq!(http("/mcp", "200"), 3.0);
    assert_eq!(http("other", "404"), 1.0);
    assert_eq!(http("/graphql/schema", "401"), 1.0);
    let cached = |outcome| {
        seen.sum(
            "openstack_ops_cache_answers_total",
            &[("service", "compute"), ("outcome", outcome)],
        )
    };
    assert!(cached("hit") >= 2.0 && cached("miss") >= 1.0);
    assert!(seen.has("openstack_ops_batch_keys_count", "plan=\"ById<Image>\""));
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(seen.sum(name, &[]) > 0.0, "{name}");
    }
    // In whole seconds, of which there may be none yet.
    let mut series = seen.0.keys();
    assert!(series.any(|name| name.starts_with("process_cpu_seconds_total")));
    for series in seen.0.keys() {
        for word in [SECRET, PASSWORD, MADE_UP, "password", "gAAAA"] {
            assert!(!series.contains(word), "{series}");
        }
    }
}

#[tokio::test]
async fn the_clouds_gauges_say_what_the_graph_says() {
    let cloud = Cloud::start(30).await;
    let program = start(&cloud).await;
    let query = "{ health { score confidence } serverCounts { status count } \
        capacity { vcpus { capacity used } memoryMib { used } } computeServices(all: true) { totalCount } }";
    let (_, told) = answer(program.graphql(query).bearer_auth(SECRET)).await;
    let told = &told["data"];
    let seen = whole_scrape(&program).await;
    let number = |pointer: &str| {
        told.pointer(pointer)
            .and_then(serde_json::Value::as_f64)
            .unwrap_or_else(|| panic!("{pointer}: {told}"))
    };
    assert_eq!(
        seen.sum("openstack_cloud_health_score", &[("cloud", "simulated")]),
        number("/health/score")
    );
    assert_eq!(
        seen.sum("openstack_cloud_health_confidence", &[]),
        number("/health/confidence")
    );
    assert_eq!(
        seen.sum("openstack_cloud_vcpus_capacity", &[]),
        number("/capacity/vcpus/capacity")
    );
    assert_eq!(
        seen.sum("openstack_cloud_vcpus_used", &[]),
        number("/capacity/vcpus/used")
    );
    assert_eq!(
        seen.sum("openstack_cloud_memory_used_bytes", &[]),
        number("/capacity/memoryMib/used") * 1024.0 * 1024.0
    );
    assert_eq!(
        seen.sum("openstack_cloud_services", &[("service", "compute")]),
        number("/computeServices/totalCount")
    );
    for row in told["serverCounts"].as_array().unwrap() {
        let status = row["status"].as_str().unwrap();
        assert_eq!(
            seen.sum("openstack_cloud_servers", &[("status", status)]),
            row["count"].as_f64().unwrap()
        );
    }
    // However often it is looked at, the cloud is not asked again.
    let before = cloud.simulator.log().count();
    for _ in 0..5 {
        scrape(&program).await;
    }
    assert_eq!(cloud.simulator.log().count(), before);
}

#[tokio::test]
async fn what_is_not_known_of_a_cloud_is_not_there() {
    let cloud = Cloud::start(5).await;
    cloud.simulator.faults().set(vec![
        Rule::all_of(Service::Placement, Fault::Down),
        Rule::all_of(Service::Network, Fault::Down),
    ]);
    let program = start(&cloud).await;
    let seen = whole_scrape(&program).await;
    assert!(seen.has("openstack_cloud_servers", "ACTIVE"));
    assert!(seen.has("openstack_cloud_vcpus_physical", "simulated"));
    for name in [
        "openstack_cloud_vcpus_used",
        "openstack_cloud_vcpus_capacity",
        "openstack_cloud_agents",
    ] {
        assert!(!seen.has(name, ""), "{name}");
    }
}

#[tokio::test]
async fn it_wants_a_token_and_is_told_as_open_metrics_to_who_asks_for_that() {
    let cloud = Cloud::start(5).await;
    let program = start(&cloud).await;
    for token in [None, Some("another")] {
        let request = program.get("/metrics");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        assert_eq!(answer(request).await.0, StatusCode::UNAUTHORIZED);
    }
    let accept =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    let request = program
        .get("/metrics")
        .bearer_auth(SECRET)
        .header("Accept", accept);
    let response = request.send().await.unwrap();
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let text = response.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(
        text.contains("# TYPE openstack_ops_http_requests counter\n"),
        "{text}"
    );
    assert!(
        text.contains("openstack_ops_http_requests_total{"),
        "{text}"
    );
}
