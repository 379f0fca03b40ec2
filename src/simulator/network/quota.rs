//! Quotas.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::attribute::{number, shown};
use super::write::Pen;
use super::{Asker, bad_request, error, forbidden, invalid, unknown_path};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::network::{NetworkQuota, Standard};

pub(super) fn read(asker: &Asker<'_>, path: &[&str]) -> Answer {
    match path {
        [] => list(asker),
        ["tenant"] => Ok(Reply::ok(&json!({"tenant": {"tenant_id": asker.project}}))),
        ["project"] => Ok(Reply::ok(
            &json!({"project": {"project_id": asker.project}}),
        )),
        [project] => {
            let quota = quota_of(asker, project)?;
            Ok(Reply::ok(&json!({"quota": limits(&quota)})))
        }
        [project, "default"] => {
            quota_of(asker, project)?;
            Ok(Reply::ok(
                &json!({"quota": limits(&NetworkQuota::default())}),
            ))
        }
        [project, "details"] => details(asker, project),
        _ => Err(unknown_path()),
    }
}

/// Those of projects whose quotas are not the default ones.
fn list(asker: &Asker<'_>) -> Answer {
    asker.must_be_admin("get_quota")?;
    let quotas = asker.network.quotas.iter();
    let rows: Vec<Value> = quotas
        .map(|(project, quota)| {
            let mut row = limits(quota);
            row.insert("project_id".to_owned(), json!(project));
            row.insert("tenant_id".to_owned(), json!(project));
            Value::Object(row)
        })
        .collect();
    Ok(Reply::ok(&json!({"quotas": rows})))
}

/// The quota of a project; of one that does not exist, the default one.
fn quota_of(asker: &Asker<'_>, project: &str) -> Result<NetworkQuota, Reply> {
    let project = Key::read(project);
    if !asker.is_admin && (project.is_none() || project != asker.project) {
        return Err(forbidden("get_quota"));
    }
    Ok(project.map_or_else(NetworkQuota::default, |id| asker.network.quota(id)))
}

fn details(asker: &Asker<'_>, project: &str) -> Answer {
    let quota = quota_of(asker, project).map_err(|_| {
        error(
            StatusCode::FORBIDDEN,
            "AdminRequired",
            "User does not have admin privileges: Only admin is authorized to access quotas for \
             another project.",
        )
    })?;
    let project = Key::read(project);
    let used = Used { asker, project };
    let detailed = limits(&quota).into_iter().map(|(name, limit)| {
        let used = used.of(&name);
        (name, json!({"limit": limit, "used": used, "reserved": 0}))
    });
    let detailed: Map<String, Value> = detailed.collect();
    Ok(Reply::ok(&json!({"quota": detailed})))
}

pub(super) fn limits(quota: &NetworkQuota) -> Map<String, Value> {
    let limits = [
        ("network", quota.network),
        ("subnet", quota.subnet),
        ("subnetpool", -1),
        ("port", quota.port),
        ("router", quota.router),
        ("floatingip", quota.floating_ip),
        ("rbac_policy", quota.rbac_policy),
        ("security_group", quota.security_group),
        ("security_group_rule", quota.security_group_rule),
        ("trunk", -1),
    ];
    let limits = limits.into_iter();
    limits
        .map(|(name, limit)| (name.to_owned(), json!(limit)))
        .collect()
}

/// What a project has.
pub(super) struct Used<'a, 'w> {
    pub(super) asker: &'a Asker<'w>,
    pub(super) project: Option<Key>,
}

impl Used<'_, '_> {
    pub(super) fn of(&self, name: &str) -> usize {
        let network = self.asker.network;
        let groups = || {
            let groups = network.security_groups.values();
            groups.filter(|row| self.is_own(&row.standard))
        };
        match name {
            "network" => self.count(network.networks.values().map(|row| &row.standard)),
            "subnet" => self.count(network.subnets.values().map(|row| &row.standard)),
            "port" => self.count(network.ports.values().map(|row| &row.standard)),
            "router" => self.count(network.routers.values().map(|row| &row.standard)),
            "floatingip" => self.count(network.floating_ips.values().map(|row| &row.standard)),
            "security_group" => groups().count(),
            "security_group_rule" => groups().map(|group| group.rules.len()).sum(),
            "rbac_policy" => {
                let policies = network.rbac_policies.values();
                policies
                    .filter(|row| Some(row.project) == self.project)
                    .count()
            }
            _ => 0,
        }
    }

    fn is_own(&self, standard: &Standard) -> bool {
        self.project.is_some() && standard.project == self.project
    }

    fn count<'s>(&self, rows: impl Iterator<Item = &'s Standard>) -> usize {
        rows.filter(|standard| self.is_own(standard)).count()
    }
}

/// Sets the quota of a project, or lets it have the default one again.
pub(super) fn write(pen: &mut Pen<'_>, project: &str) -> Answer {
    let is_removal = pen.call.method == Method::DELETE;
    if !pen.is_admin {
        let action = if is_removal { "delete" } else { "update" };
        return Err(forbidden(&format!("{action}_quota")));
    }
    let key = Key::read(project);
    if is_removal {
        let known = key.and_then(|key| pen.network_mut().quotas.remove(&key));
        if known.is_none() {
            let message = format!("Quota for project {project} could not be found.");
            return Err(error(
                StatusCode::NOT_FOUND,
                "TenantQuotaNotFound",
                &message,
            ));
        }
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    if pen.call.method != Method::PUT {
        return Err(unknown_path());
    }
    let mut body = pen.call.json();
    let Some(Value::Object(said)) = body.get_mut("quota").map(Value::take) else {
        return Err(bad_request("Unable to find 'quota' in request body"));
    };
    let mut quota = key.map_or_else(NetworkQuota::default, |key| pen.network().quota(key));
    for (name, value) in &said {
        let number = number(value)
            .ok_or_else(|| invalid(&format!("'{}' is not an integer.", shown(value))))?;
        let limit = match name.as_str() {
            "network" => &mut quota.network,
            "subnet" => &mut quota.subnet,
            "port" => &mut quota.port,
            "router" => &mut quota.router,
            "floatingip" => &mut quota.floating_ip,
            "rbac_policy" => &mut quota.rbac_policy,
            "security_group" => &mut quota.security_group,
            "security_group_rule" => &mut quota.security_group_rule,
            "subnetpool" | "trunk" => continue,
            _ => {
                let message = format!("Unrecognized attribute(s) '{name}'");
                return Err(bad_request(&message));
            }
        };
        *limit = number;
    }
    let told = limits(&quota);
    if let Some(key) = key {
        pen.network_mut().quotas.insert(key, quota);
    }
    Ok(Reply::ok(&json!({"quota": told})))
}
