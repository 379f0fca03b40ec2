//! Quotas and limits: what a project may have, and what it has.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::schema::{self, Schemas};
use super::writer::Writer;
use super::{Subject, bad_request, forbidden};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::compute::ComputeQuota;

const QUERY: Names = Names {
    names: &[("user_id", Kind::Any)],
    once: false,
    closed_from: STRICT,
};
const LIMITS: Names = Names {
    names: &[("tenant_id", Kind::Any)],
    once: false,
    closed_from: STRICT,
};

/// Resources that Nova once had a quota of, with the microversion from which they are not told,
/// and what it says of them until then.
const FORMER: [(&str, u32, i64); 7] = [
    ("fixed_ips", 36, -1),
    ("floating_ips", 36, -1),
    ("security_group_rules", 36, -1),
    ("security_groups", 36, -1),
    ("injected_file_content_bytes", 57, 10240),
    ("injected_file_path_bytes", 57, 255),
    ("injected_files", 57, 5),
];

static SCHEMAS: Schemas = Schemas::new(|| schema::read(include_str!("schema/quota.json")));

/// A resource, its limit, and how much of it is used.
type Row = (&'static str, i64, i64);

impl Subject<'_> {
    pub(super) fn quota_set(&self, project: &str, rule: &str) -> Answer {
        self.check(QUERY)?;
        let is_own = self.token.project.map(|id| id.to_string()).as_deref() == Some(project);
        let may = self.token.is_admin() || is_own && self.token.has_role("reader");
        if !may {
            return Err(forbidden(&format!("os_compute_api:os-quota-sets:{rule}")));
        }
        let key = self.quota_project(project)?;
        let is_detail = rule == "detail";
        let mut set = json!({"id": project});
        for (name, limit, used) in self.quota_rows(key) {
            set[name] = if is_detail {
                json!({"limit": limit, "in_use": used, "reserved": 0})
            } else {
                json!(limit)
            };
        }
        Ok(Reply::ok(&json!({"quota_set": set})))
    }

    fn quota_project(&self, project: &str) -> Result<Key, Reply> {
        let key = Key::read(project);
        let key = key.filter(|key| self.world.identity.projects.contains_key(key));
        key.ok_or_else(|| bad_request(&format!("Project ID {project} is not a valid project.")))
    }

    pub(super) fn quota_defaults(&self, project: &str) -> Reply {
        let set = self.default_set(project, true);
        Reply::ok(&json!({"quota_set": set}))
    }

    pub(super) fn quota_class(&self, name: &str) -> Answer {
        self.may("os_compute_api:os-quota-class-sets:show")?;
        let set = self.default_set(name, self.version.is(50));
        Ok(Reply::ok(&json!({"quota_class_set": set})))
    }

    fn default_set(&self, id: &str, with_groups: bool) -> Value {
        let mut set = json!({"id": id});
        for (name, limit) in self.named(&ComputeQuota::default()) {
            if with_groups || !name.starts_with("server_group") {
                set[name] = json!(limit);
            }
        }
        set
    }

    /// The limits that this microversion tells.
    fn named(&self, quota: &ComputeQuota) -> Vec<(&'static str, i64)> {
        let mut rows = vec![
            ("instances", quota.instances),
            ("cores", quota.cores),
            ("ram", quota.ram_mib),
            ("metadata_items", quota.metadata_items),
            ("key_pairs", quota.key_pairs),
            ("server_groups", quota.server_groups),
            ("server_group_members", quota.server_group_members),
        ];
        let former = FORMER
            .iter()
            .filter(|(_, until, _)| !self.version.is(*until));
        rows.extend(former.map(|(name, _, limit)| (*name, *limit)));
        rows
    }

    fn quota_rows(&self, project: Key) -> Vec<Row> {
        let compute = self.compute();
        let taken = compute.taken_by_project(project);
        let groups = compute.server_groups.values();
        let groups = groups.filter(|row| row.project == project).count();
        let rows = self.named(&compute.quota(project)).into_iter();
        rows.map(|(name, limit)| {
            let used = match name {
                "instances" => i64::from(taken.servers),
                "cores" => i64::from(taken.vcpus),
                "ram" => i64::try_from(taken.ram_mib).unwrap_or(i64::MAX),
                "server_groups" => i64::try_from(groups).unwrap_or(i64::MAX),
                // Counted for each user, or not at all.
                _ => 0,
            };
            (name, limit, used)
        })
        .collect()
    }

    pub(super) fn limits(&self) -> Answer {
        self.check(LIMITS)?;
        let asked = self.call.query.get("tenant_id");
        if asked.is_some() {
            self.may("os_compute_api:limits:other_project")?;
        }
        let project = match asked {
            Some(id) => Key::read(id),
            None => self.token.project,
        };
        // A project that nobody knows has the default ones.
        let project = project.unwrap_or(Key(uuid::Uuid::nil()));
        let mut absolute = json!({});
        for (name, limit, used) in self.quota_rows(project) {
            let (most, now): (&[&str], Option<&str>) = match name {
                "instances" => (&["maxTotalInstances"], Some("totalInstancesUsed")),
                "cores" => (&["maxTotalCores"], Some("totalCoresUsed")),
                "ram" => (&["maxTotalRAMSize"], Some("totalRAMUsed")),
                "key_pairs" => (&["maxTotalKeypairs"], None),
                "metadata_items" if self.version.is(39) => (&["maxServerMeta"], None),
                "metadata_items" => (&["maxServerMeta", "maxImageMeta"], None),
                "server_groups" => (&["maxServerGroups"], Some("totalServerGroupsUsed")),
                "server_group_members" => (&["maxServerGroupMembers"], None),
                "floating_ips" => (&["maxTotalFloatingIps"], Some("totalFloatingIpsUsed")),
                "security_groups" => (&["maxSecurityGroups"], Some("totalSecurityGroupsUsed")),
                "security_group_rules" => (&["maxSecurityGroupRules"], None),
                "injected_files" => (&["maxPersonality"], None),
                "injected_file_content_bytes" => (&["maxPersonalitySize"], None),
                _ => continue,
            };
            for name in most {
                absolute[*name] = json!(limit);
            }
            if let Some(name) = now {
                absolute[name] = json!(used);
            }
        }
        Ok(Reply::ok(
            &json!({"limits": {"rate": [], "absolute": absolute}}),
        ))
    }
}

impl Writer<'_> {
    pub(super) fn quota_update(&mut self, project: &str) -> Answer {
        let body = self.body()?;
        SCHEMAS.check("update", &body, self.version.minor())?;
        self.subject().may("os_compute_api:os-quota-sets:update")?;
        let key = self.subject().quota_project(project)?;
        let asked = &body["quota_set"];
        let used = self.subject().quota_rows(key);
        if asked["force"] != true {
            for (name, _, used) in used {
                let wanted = asked[name].as_i64().filter(|wanted| *wanted >= 0);
                if let Some(wanted) = wanted.filter(|wanted| *wanted < used) {
                    return Err(bad_request(&format!(
                        "Quota limit {wanted} for {name} must be greater than or equal to already \
                         used and reserved {used}."
                    )));
                }
            }
        }
        let compute = &mut self.region_mut().compute;
        let mut quota = compute.quota(key);
        for (name, limit) in [
            ("instances", &mut quota.instances),
            ("cores", &mut quota.cores),
            ("ram", &mut quota.ram_mib),
            ("metadata_items", &mut quota.metadata_items),
            ("key_pairs", &mut quota.key_pairs),
            ("server_groups", &mut quota.server_groups),
            ("server_group_members", &mut quota.server_group_members),
        ] {
            if let Some(wanted) = asked[name].as_i64() {
                *limit = wanted;
            }
        }
        compute.quotas.insert(key, quota);
        let rows = self.subject().quota_rows(key).into_iter();
        let set: serde_json::Map<String, Value> = rows
            .map(|(name, limit, _)| (name.to_owned(), json!(limit)))
            .collect();
        Ok(Reply::ok(&json!({"quota_set": set})))
    }

    /// Back to the default limits.
    pub(super) fn quota_delete(&mut self, project: &str) -> Answer {
        self.subject().may("os_compute_api:os-quota-sets:delete")?;
        if let Some(key) = Key::read(project) {
            self.region_mut().compute.quotas.remove(&key);
        }
        let html = "text/html; charset=UTF-8";
        Ok(Reply::of(StatusCode::ACCEPTED, html, Bytes::new()))
    }
}
