//! The checks, each from what was read to what it means. Weights say how much an operator would
//! care: what every user feels weighs most.

use std::sync::Arc;

use async_graphql::ID;
use chrono::{TimeDelta, Utc};

use super::score::HealthOutcome::{Fail, Pass, Warn};
use super::score::{ConcernedResource, HealthCheck, HealthOutcome};
use super::sources::Sources;
use crate::cloud::{Service, compute};
use crate::graph::capacity::CapacityLine;
use crate::graph::scalar::DateTime;
use crate::{Error, Result};

/// A service that last reported longer ago is late, whatever its state says.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// From this part on a resource is nearly full, and full.
const NEARLY_FULL: f64 = 85.0;
const FULL: f64 = 95.0;

pub(super) fn all(sources: &Sources) -> Vec<HealthCheck> {
    let mut checks = api_checks(sources);
    checks.extend([
        compute_services(&sources.compute_services),
        network_agents(sources),
        volume_services(sources),
        hypervisors(&sources.hypervisors),
        servers_in_error(sources),
        headroom("vcpu_headroom", "virtual CPUs", sources, |it| it.vcpus),
        headroom("memory_headroom", "MiB of memory", sources, |it| {
            it.memory_mib
        }),
        headroom("disk_headroom", "GiB of disk", sources, |it| it.disk_gib),
        routers(sources),
        volumes(sources),
        stacks(sources),
        quotas(sources),
        orphans(sources),
    ]);
    // What a cloud does not have cannot be ill.
    checks.into_iter().flatten().collect()
}

/// A check of rows: those that are concerned and how badly, or why they could not be read.
fn of_rows<R>(
    name: &'static str,
    weight: i32,
    what: &str,
    rows: &Result<Arc<Vec<Arc<R>>>>,
    concerned: impl Fn(&R) -> Option<(HealthOutcome, ConcernedResource)>,
) -> Option<HealthCheck> {
    let rows = match rows {
        Ok(rows) => rows,
        Err(Error::ServiceAbsent { service, .. }) if !service.is_essential() => return None,
        Err(error) => return Some(HealthCheck::unknown(name, weight, error.to_string())),
    };
    let mut found: Vec<_> = rows.iter().filter_map(|row| concerned(row)).collect();
    found.sort_by_key(|(outcome, _)| *outcome);
    let outcome = found.first().map_or(Pass, |(outcome, _)| *outcome);
    let seen = format!("{} of {} {what}", found.len(), rows.len());
    let resources = found.into_iter().map(|(_, resource)| resource).collect();
    Some(HealthCheck::new(name, weight, outcome, seen, resources))
}

fn resource(
    kind: &'static str,
    id: &str,
    name: Option<&str>,
    detail: impl Into<String>,
) -> ConcernedResource {
    ConcernedResource {
        kind,
        id: Some(ID::from(id)),
        name: name.map(str::to_owned),
        detail: Some(detail.into()),
    }
}

fn api_checks(sources: &Sources) -> Vec<Option<HealthCheck>> {
    let checks = Service::ALL
        .iter()
        .zip(&sources.apis)
        .map(|(service, api)| {
            let (name, weight) = match service {
                Service::Identity => ("api_identity", 15),
                Service::Compute => ("api_compute", 15),
                Service::Network => ("api_network", 15),
                Service::BlockStorage => ("api_block_storage", 10),
                Service::Image => ("api_image", 10),
                Service::Orchestration => ("api_orchestration", 5),
                Service::Placement => ("api_placement", 10),
            };
            let check = match &api.error {
                None => HealthCheck::new(name, weight, Pass, "answers", Vec::new()),
                Some(Error::ServiceAbsent { .. }) if !service.is_essential() => return None,
                Some(error) => HealthCheck::new(name, weight, Fail, error.to_string(), Vec::new()),
            };
            let is_vital = matches!(
                service,
                Service::Identity | Service::Compute | Service::Network
            );
            Some(if is_vital { check.critical() } else { check })
        });
    checks.collect()
}

/// Whether a report is older than it should be.
fn is_late(reported: Option<&str>) -> bool {
    DateTime::maybe(reported).is_some_and(|reported| Utc::now() - reported.0 > FRESH)
}

fn service_trouble(
    state: Option<&str>,
    status: Option<&str>,
    reported: Option<&str>,
    reason: Option<&str>,
) -> Option<(HealthOutcome, String)> {
    let reported_at = reported.unwrap_or("never");
    if status == Some("disabled") {
        let reason = reason.unwrap_or("no reason given");
        return Some((Warn, format!("disabled: {reason}")));
    }
    match state {
        Some("up") if is_late(reported) => Some((Warn, format!("last report {reported_at}"))),
        Some("up") => None,
        Some(state) => Some((Fail, format!("{state}, last report {reported_at}"))),
        None => Some((Warn, "state not known".to_owned())),
    }
}

fn compute_services(rows: &Result<Arc<Vec<Arc<compute::ComputeService>>>>) -> Option<HealthCheck> {
    let what = "compute services are down, disabled or late";
    of_rows("compute_services", 15, what, rows, |row| {
        let (outcome, detail) = service_trouble(
            row.state.as_deref(),
            row.status.as_deref(),
            row.updated_at.as_deref(),
            row.disabled_reason.as_deref(),
        )?;
        let name = format!("{} on {}", row.binary, row.host);
        Some((
            outcome,
            resource("ComputeService", &row.id, Some(&name), detail),
        ))
    })
}

fn network_agents(sources: &Sources) -> Option<HealthCheck> {
    let (name, weight) = ("network_agents", 10);
    // To others Neutron tells of none, and not that it tells none.
    if !sources.is_admin && sources.agents.as_ref().is_ok_and(|rows| rows.is_empty()) {
        let reason = "network (Neutron) tells administrators alone of its agents";
        return Some(HealthCheck::unknown(name, weight, reason));
    }
    let what = "network agents are down, disabled or late";
    of_rows(name, weight, what, &sources.agents, |row| {
        let alive = row.alive.map(|alive| if alive { "up" } else { "down" });
        let status = row
            .admin_state_up
            .map(|up| if up { "enabled" } else { "disabled" });
        let (outcome, detail) =
            service_trouble(alive, status, row.heartbeat_timestamp.as_deref(), None)?;
        let binary = row.binary.as_deref().unwrap_or("agent");
        let name = format!(
            "{binary} on {}",
            row.host.as_deref().unwrap_or("an unknown host")
        );
        Some((
            outcome,
            resource("NetworkAgent", &row.id, Some(&name), detail),
        ))
    })
}

fn volume_services(sources: &Sources) -> Option<HealthCheck> {
    let what = "volume services are down, disabled or late";
    of_rows(
        "volume_services",
        10,
        what,
        &sources.volume_services,
        |row| {
            let (outcome, detail) = service_trouble(
                row.state.as_deref(),
                row.status.as_deref(),
                row.updated_at.as_deref(),
                row.disabled_reason.as_deref(),
            )?;
            let name = format!("{} on {}", row.binary, row.host);
            Some((
                outcome,
                resource("VolumeService", &row.id, Some(&name), detail),
            ))
        },
    )
}

fn hypervisors(rows: &Result<Arc<Vec<Arc<compute::Hypervisor>>>>) -> Option<HealthCheck> {
    of_rows("hypervisors", 15, "hypervisors are not up", rows, |row| {
        let state = row.state.as_deref().unwrap_or("unknown");
        if state == "up" {
            return None;
        }
        Some((
            Fail,
            resource("Hypervisor", &row.id, Some(&row.name), state),
        ))
    })
}

/// Some servers always fail; many that fail say something of the cloud. The whole number is not
/// worth a list of ten thousand, so a few are a warning and more are a failure.
fn servers_in_error(sources: &Sources) -> Option<HealthCheck> {
    const MANY: usize = 20;
    let rows = match &sources.servers_in_error {
        Ok(rows) => rows,
        Err(error) => {
            return Some(HealthCheck::unknown(
                "servers_in_error",
                10,
                error.to_string(),
            ));
        }
    };
    let outcome = match rows.len() {
        0 => Pass,
        1..=MANY => Warn,
        _ => Fail,
    };
    let resources = rows.iter().map(|row| {
        let fault = row
            .fault
            .as_ref()
            .and_then(|fault| fault.message.as_deref());
        resource(
            "Server",
            &row.id,
            row.name.as_deref(),
            fault.unwrap_or("its own `fault` says why, if Nova knows"),
        )
    });
    let seen = format!("servers in ERROR: {}", rows.len());
    Some(HealthCheck::new(
        "servers_in_error",
        10,
        outcome,
        seen,
        resources.collect(),
    ))
}

fn headroom(
    name: &'static str,
    what: &str,
    sources: &Sources,
    line: impl Fn(&crate::graph::capacity::Capacity) -> CapacityLine,
) -> Option<HealthCheck> {
    const WEIGHT: i32 = 10;
    let capacity = match &sources.capacity {
        Ok(capacity) => capacity,
        Err(error) => return Some(HealthCheck::unknown(name, WEIGHT, error.to_string())),
    };
    let line = line(capacity);
    let Some(percent) = line.used_percent else {
        let why = if line.is_known() {
            "there is no capacity at all"
        } else {
            "Placement did not say"
        };
        return Some(HealthCheck::unknown(name, WEIGHT, why));
    };
    let outcome = match percent {
        percent if percent >= FULL => Fail,
        percent if percent >= NEARLY_FULL => Warn,
        _ => Pass,
    };
    let seen = format!("{percent} % of the {what} are given away");
    Some(HealthCheck::new(name, WEIGHT, outcome, seen, Vec::new()))
}

fn routers(sources: &Sources) -> Option<HealthCheck> {
    of_rows(
        "routers",
        5,
        "routers are not active",
        &sources.routers,
        |row| {
            if row.status == "ACTIVE" || row.status.is_empty() {
                return None;
            }
            Some((
                Warn,
                resource("Router", &row.id, row.name.as_deref(), &row.status),
            ))
        },
    )
}

fn volumes(sources: &Sources) -> Option<HealthCheck> {
    of_rows(
        "volumes",
        5,
        "volumes are in an error state",
        &sources.volumes,
        |row| {
            if !row.status.starts_with("error") {
                return None;
            }
            Some((
                Warn,
                resource("Volume", &row.id, row.name.as_deref(), &row.status),
            ))
        },
    )
}

fn stacks(sources: &Sources) -> Option<HealthCheck> {
    of_rows("stacks", 5, "stacks have failed", &sources.stacks, |row| {
        if !row.stack_status.ends_with("_FAILED") {
            return None;
        }
        let reason = row
            .stack_status_reason
            .as_deref()
            .unwrap_or("no reason given");
        let detail = format!("{}: {reason}", row.stack_status);
        Some((
            Warn,
            resource("Stack", &row.id, Some(&row.stack_name), detail),
        ))
    })
}

fn quotas(sources: &Sources) -> Option<HealthCheck> {
    const WEIGHT: i32 = 5;
    const NAME: &str = "quotas";
    if sources.quotas.is_empty() {
        return Some(HealthCheck::unknown(
            NAME,
            WEIGHT,
            "the credential has no project",
        ));
    }
    let mut near = Vec::new();
    let mut counted = 0;
    let mut unread = Vec::new();
    for (service, usages) in &sources.quotas {
        let usages = match usages {
            Ok(usages) => usages,
            Err(Error::ServiceAbsent { .. }) => continue,
            Err(error) => {
                unread.push(error.to_string());
                continue;
            }
        };
        for (name, usage) in usages.iter().filter(|(_, usage)| usage.limit >= 0) {
            counted += 1;
            // More than nine tenths, or all of it.
            if usage.taken > 0 && usage.taken * 10 >= usage.limit * 9 {
                near.push(ConcernedResource {
                    kind: "Quota",
                    id: None,
                    name: Some(format!("{service}: {name}")),
                    detail: Some(format!("{} of {}", usage.taken, usage.limit)),
                });
            }
        }
    }
    if near.is_empty() && !unread.is_empty() {
        return Some(HealthCheck::unknown(NAME, WEIGHT, unread.join("; ")));
    }
    let outcome = if near.is_empty() { Pass } else { Warn };
    let seen = format!(
        "{} of {counted} quotas of the credential's project are nearly full",
        near.len()
    );
    Some(HealthCheck::new(NAME, WEIGHT, outcome, seen, near))
}

fn orphans(sources: &Sources) -> Option<HealthCheck> {
    const WEIGHT: i32 = 5;
    let orphans = &sources.orphans;
    let found = orphans.count();
    if found == 0 && !orphans.unseen.is_empty() {
        let unseen: Vec<&str> = orphans
            .unseen
            .iter()
            .map(|unseen| unseen.reason.as_str())
            .collect();
        return Some(HealthCheck::unknown("orphans", WEIGHT, unseen.join("; ")));
    }
    let outcome = if found == 0 { Pass } else { Warn };
    let seen = format!("resources that belong to nothing: {found}");
    Some(HealthCheck::new(
        "orphans",
        WEIGHT,
        outcome,
        seen,
        orphans.resources(),
    ))
}
