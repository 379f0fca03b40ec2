//! How the clouds are, as gauges: what an exporter would give. It comes from the graph, through the
//! same caches as any answer, and however often somebody asks, the clouds are asked every 30 seconds
//! at most. What could not be had is not there: it is never 0.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_graphql::{Request, Variables};
use futures_util::future::join_all;
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::auth::Caller;
use crate::graph::Graph;

const DOCUMENT: &str = include_str!("cloud.graphql");
/// For how long what was read stands.
const HOLDS: Duration = Duration::from_secs(30);
/// How long somebody waits for it: Prometheus waits for 10 s in all. Who comes later finds it read.
const PATIENCE: Duration = Duration::from_secs(7);

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// States that are told also when there is no server in them.
const USUAL: [&str; 3] = ["ACTIVE", "SHUTOFF", "ERROR"];

const MEANINGS: &[(&str, &str)] = &[
    (
        "openstack_cloud_read_timestamp_seconds",
        "When the cloud was looked at for these gauges",
    ),
    (
        "openstack_cloud_health_score",
        "How well the cloud is, from 0 to 100",
    ),
    (
        "openstack_cloud_health_confidence",
        "The weight of what could be checked, in percent of all checks",
    ),
    (
        "openstack_cloud_check",
        "How a check of the cloud's health went: 1 pass, 0.5 warn, 0 fail; not there when unknown",
    ),
    ("openstack_cloud_servers", "Servers by status"),
    (
        "openstack_cloud_hypervisors",
        "Hypervisors by state and status",
    ),
    (
        "openstack_cloud_services",
        "Compute and volume services by binary, state and status",
    ),
    (
        "openstack_cloud_agents",
        "Network agents by type, state and status",
    ),
    (
        "openstack_cloud_vcpus_physical",
        "Virtual CPUs without overcommitment",
    ),
    (
        "openstack_cloud_vcpus_capacity",
        "Virtual CPUs that can be given away",
    ),
    (
        "openstack_cloud_vcpus_used",
        "Virtual CPUs that are given away",
    ),
    (
        "openstack_cloud_memory_physical_bytes",
        "Memory without overcommitment",
    ),
    (
        "openstack_cloud_memory_capacity_bytes",
        "Memory that can be given away",
    ),
    (
        "openstack_cloud_memory_used_bytes",
        "Memory that is given away",
    ),
    (
        "openstack_cloud_disk_physical_bytes",
        "Disk without overcommitment",
    ),
    (
        "openstack_cloud_disk_capacity_bytes",
        "Disk that can be given away",
    ),
    ("openstack_cloud_disk_used_bytes", "Disk that is given away"),
];

/// The gauges of every cloud. Cheap to clone.
#[derive(Clone)]
pub(super) struct CloudGauges {
    graph: Graph,
    /// When the clouds were last looked at, and what was seen; held while they are.
    last: Arc<Mutex<Option<(Instant, String)>>>,
}

impl CloudGauges {
    pub(super) fn new(graph: Graph) -> Self {
        Self {
            graph,
            last: Arc::default(),
        }
    }

    /// The gauges as Prometheus text; none when the clouds take too long.
    pub(super) async fn read(&self) -> String {
        let gauges = self.clone();
        // A task of its own: who asked may leave, and the next one finds what was read.
        let reading = tokio::spawn(async move {
            let mut last = gauges.last.lock().await;
            if let Some((when, text)) = &*last
                && when.elapsed() < HOLDS
            {
                return text.clone();
            }
            let text = gauges.look().await;
            *last = Some((Instant::now(), text.clone()));
            text
        });
        match timeout(PATIENCE, reading).await {
            Ok(Ok(text)) => text,
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the clouds did not answer in time for /metrics");
                String::new()
            }
        }
    }

    async fn look(&self) -> String {
        let clouds = self.graph.cloud_names().map(|name| async move {
            let variables = Variables::from_json(json!({ "cloud": name }));
            let request = Request::new(DOCUMENT).variables(variables);
            let response = self.graph.look(Caller::local(), request).await;
            for error in &response.errors {
                tracing::debug!(cloud = name, error = error.message, "not in /metrics");
            }
            let mut data = response.data.into_json().unwrap_or_default();
            (name.to_owned(), data["cloud"].take())
        });
        render(&join_all(clouds).await)
    }
}

/// What was seen of each cloud, as Prometheus text.
fn render(clouds: &[(String, Value)]) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        for (name, meaning) in MEANINGS {
            metrics::describe_gauge!(*name, *meaning);
        }
        for (name, cloud) in clouds.iter().filter(|(_, cloud)| !cloud.is_null()) {
            tell(name, cloud);
        }
    });
    recorder.handle().render()
}

fn tell(cloud: &str, seen: &Value) {
    let set = |name: &'static str, value: Option<f64>| {
        if let Some(value) = value {
            gauge!(name, "cloud" => cloud.to_owned()).set(value);
        }
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    set(
        "openstack_cloud_read_timestamp_seconds",
        now.ok().map(|now| now.as_secs_f64()),
    );
    let health = &seen["health"];
    set("openstack_cloud_health_score", health["score"].as_f64());
    set(
        "openstack_cloud_health_confidence",
        health["confidence"].as_f64(),
    );
    for check in rows(&health["checks"]) {
        let value = match text(&check["outcome"]) {
            "PASS" => 1.0,
            "WARN" => 0.5,
            "FAIL" => 0.0,
            _ => continue,
        };
        let name = text(&check["name"]).to_owned();
        gauge!("openstack_cloud_check", "cloud" => cloud.to_owned(), "check" => name).set(value);
    }
    let capacity = &seen["capacity"];
    let figure =
        |kind: &str, figure: &str, unit: f64| capacity[kind][figure].as_f64().map(|it| it * unit);
    for (name, kind, part, unit) in [
        ("openstack_cloud_vcpus_physical", "vcpus", "physical", 1.0),
        ("openstack_cloud_vcpus_capacity", "vcpus", "capacity", 1.0),
        ("openstack_cloud_vcpus_used", "vcpus", "used", 1.0),
        (
            "openstack_cloud_memory_physical_bytes",
            "memoryMib",
            "physical",
            MIB,
        ),
        (
            "openstack_cloud_memory_capacity_bytes",
            "memoryMib",
            "capacity",
            MIB,
        ),
        (
            "openstack_cloud_memory_used_bytes",
            "memoryMib",
            "used",
            MIB,
        ),
        (
            "openstack_cloud_disk_physical_bytes",
            "diskGib",
            "physical",
            GIB,
        ),
        (
            "openstack_cloud_disk_capacity_bytes",
            "diskGib",
            "capacity",
            GIB,
        ),
        ("openstack_cloud_disk_used_bytes", "diskGib", "used", GIB),
    ] {
        set(name, figure(kind, part, unit));
    }
    tell_servers(cloud, &seen["serverCounts"]);
    tell_counts(cloud, seen);
}

fn tell_servers(cloud: &str, counts: &Value) {
    let Some(counts) = counts.as_array() else {
        return;
    };
    let mut servers: BTreeMap<&str, f64> = USUAL.into_iter().map(|status| (status, 0.0)).collect();
    for row in counts {
        if let Some(count) = row["count"].as_f64() {
            servers.insert(text(&row["status"]), count);
        }
    }
    for (status, count) in servers {
        gauge!("openstack_cloud_servers", "cloud" => cloud.to_owned(), "status" => status.to_owned())
            .set(count);
    }
}

fn tell_counts(cloud: &str, seen: &Value) {
    for row in rows(&seen["hypervisors"]["nodes"]) {
        gauge!("openstack_cloud_hypervisors", "cloud" => cloud.to_owned(),
            "state" => text(&row["state"]).to_owned(), "status" => text(&row["status"]).to_owned())
        .increment(1.0);
    }
    for (service, list) in [
        ("compute", "computeServices"),
        ("block-storage", "volumeServices"),
    ] {
        for row in rows(&seen[list]["nodes"]) {
            gauge!("openstack_cloud_services", "cloud" => cloud.to_owned(), "service" => service,
                "binary" => text(&row["binary"]).to_owned(),
                "state" => text(&row["state"]).to_owned(),
                "status" => text(&row["status"]).to_owned())
            .increment(1.0);
        }
    }
    for row in rows(&seen["networkAgents"]["nodes"]) {
        let word = |value: &Value, yes, no| match value.as_bool() {
            Some(true) => yes,
            Some(false) => no,
            None => "UNKNOWN",
        };
        gauge!("openstack_cloud_agents", "cloud" => cloud.to_owned(),
            "type" => text(&row["agentType"]).to_owned(),
            "state" => word(&row["isAlive"], "UP", "DOWN"),
            "status" => word(&row["isAdminStateUp"], "ENABLED", "DISABLED"))
        .increment(1.0);
    }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// What a field says, as a label's value.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_there() {
        let seen = json!({
            "health": {
                "score": null,
                "confidence": 40,
                "checks": [
                    { "name": "apis", "outcome": "WARN" },
                    { "name": "agents", "outcome": "UNKNOWN" },
                ],
            },
            "capacity": { "memoryMib": { "physical": null, "capacity": 2, "used": 1 } },
            "serverCounts": [{ "status": "ACTIVE", "count": 3 }],
            "computeServices": null,
        });
        let told = render(&[("here".to_owned(), seen), ("there".to_owned(), Value::Null)]);
        for line in [
            "openstack_cloud_health_confidence{cloud=\"here\"} 40",
            "openstack_cloud_check{cloud=\"here\",check=\"apis\"} 0.5",
            "openstack_cloud_memory_capacity_bytes{cloud=\"here\"} 2097152",
            "openstack_cloud_servers{cloud=\"here\",status=\"ACTIVE\"} 3",
            "openstack_cloud_servers{cloud=\"here\",status=\"ERROR\"} 0",
        ] {
            assert!(told.lines().any(|each| each == line), "{line}: {told}");
        }
        for part in [
            "health_score{",
            "agents",
            "physical",
            "services",
            "\"there\"",
            "vcpus",
        ] {
            assert!(!told.contains(part), "{part}: {told}");
        }
    }
}
