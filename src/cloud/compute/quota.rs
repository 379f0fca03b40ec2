//! Quotas: `GET /os-quota-sets/{project}/detail`.

use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::{Cloud, Keep, Microversion, Service};

/// 2.57 leaves out what concerns injected files, and 2.36 what concerns networks.
const MICROVERSION: Microversion = Microversion(2, 57);

/// The quotas of a project.
#[derive(Debug, Deserialize)]
pub struct QuotaSet {
    /// Servers.
    pub instances: Option<QuotaLine>,
    /// Virtual CPUs.
    pub cores: Option<QuotaLine>,
    /// Memory, in MiB.
    pub ram: Option<QuotaLine>,
    /// Server groups.
    pub server_groups: Option<QuotaLine>,
    /// Servers of a group; Nova counts none here.
    pub server_group_members: Option<QuotaLine>,
    /// Keypairs of a user; Nova counts none here.
    pub key_pairs: Option<QuotaLine>,
    /// Metadata keys of a server; Nova counts none here.
    pub metadata_items: Option<QuotaLine>,
}

/// One of a project's quotas.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct QuotaLine {
    /// The most there may be; -1 for any number.
    pub limit: i64,
    /// How much there is.
    pub in_use: Option<i64>,
    /// How much is promised.
    pub reserved: Option<i64>,
}

/// What Nova tells a project of itself.
#[derive(Debug, Deserialize)]
struct Limits {
    absolute: AbsoluteLimits,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AbsoluteLimits {
    max_total_instances: Option<i64>,
    total_instances_used: Option<i64>,
    max_total_cores: Option<i64>,
    total_cores_used: Option<i64>,
    #[serde(rename = "maxTotalRAMSize")]
    max_total_ram_size: Option<i64>,
    #[serde(rename = "totalRAMUsed")]
    total_ram_used: Option<i64>,
    max_server_groups: Option<i64>,
    total_server_groups_used: Option<i64>,
    max_server_group_members: Option<i64>,
    max_total_keypairs: Option<i64>,
    max_server_meta: Option<i64>,
}

impl From<&AbsoluteLimits> for QuotaSet {
    fn from(limits: &AbsoluteLimits) -> Self {
        let line = |limit: Option<i64>, in_use| {
            let reserved = None;
            limit.map(|limit| QuotaLine {
                limit,
                in_use,
                reserved,
            })
        };
        Self {
            instances: line(limits.max_total_instances, limits.total_instances_used),
            cores: line(limits.max_total_cores, limits.total_cores_used),
            ram: line(limits.max_total_ram_size, limits.total_ram_used),
            server_groups: line(limits.max_server_groups, limits.total_server_groups_used),
            server_group_members: line(limits.max_server_group_members, None),
            key_pairs: line(limits.max_total_keypairs, None),
            metadata_items: line(limits.max_server_meta, None),
        }
    }
}

impl Cloud {
    /// The quotas of the credential's own project, without what is promised, from `GET /limits`:
    /// half the time of the quotas, for which Nova asks Keystone whether there is the project.
    pub async fn get_own_compute_quota(&self) -> Result<QuotaSet> {
        let limits: Arc<Limits> = self
            .get_key(
                Service::Compute,
                "/limits",
                "limits",
                &[],
                Some(MICROVERSION),
                Keep::Rows,
            )
            .await?;
        Ok(QuotaSet::from(&limits.absolute))
    }

    /// The quotas of a project; of another one only for administrators.
    pub async fn get_compute_quota(&self, project_id: &str) -> Result<Arc<QuotaSet>> {
        self.get_key(
            Service::Compute,
            &format!("/os-quota-sets/{}/detail", escape(project_id)),
            "quota_set",
            &[],
            Some(MICROVERSION),
            Keep::Rows,
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_tell_what_quotas_do_but_what_is_promised() {
        let body = r#"{"rate": [], "absolute": {"maxTotalInstances": -1, "totalInstancesUsed": 43,
            "maxTotalRAMSize": 51200, "totalRAMUsed": 2048, "maxTotalKeypairs": 100}}"#;
        let limits: Limits = serde_json::from_str(body).unwrap();
        let quotas = QuotaSet::from(&limits.absolute);
        let instances = quotas.instances.unwrap();
        assert_eq!(
            (instances.limit, instances.in_use, instances.reserved),
            (-1, Some(43), None)
        );
        assert_eq!(quotas.ram.unwrap().in_use, Some(2048));
        assert_eq!(quotas.key_pairs.unwrap().in_use, None);
        assert!(quotas.cores.is_none());
    }
}
