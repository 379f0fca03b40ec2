//! Quotas: `GET /os-quota-sets/{project}/detail`.

use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::{Cloud, Keep, Microversion, Service};

/// The quotas of a project. 2.57 leaves out what concerns injected files.
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

impl Cloud {
    /// The quotas of a project; of another one only for administrators.
    pub async fn get_compute_quota(&self, project_id: &str) -> Result<Arc<QuotaSet>> {
        self.get_key(
            Service::Compute,
            &format!("/os-quota-sets/{}/detail", escape(project_id)),
            "quota_set",
            &[],
            Some(Microversion(2, 57)),
            Keep::Rows,
        )
        .await
    }
}
