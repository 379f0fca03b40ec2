//! Quotas of a project: `GET /os-quota-sets/{project}?usage=true`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::{Cloud, Keep, Service};

/// A project's limits by name: `volumes`, `gigabytes`, and the same for each type
/// (`volumes_TYPE`, `gigabytes_TYPE`, `snapshots_TYPE`).
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct QuotaSet {
    /// The limits.
    #[serde(deserialize_with = "usages")]
    pub limits: BTreeMap<String, Usage>,
}

/// One limit and how much of it is taken.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Usage {
    /// The most there may be; -1 when there is no limit.
    pub limit: i64,
    /// How much there is.
    pub in_use: Option<i64>,
    /// How much is promised to what is being made.
    pub reserved: Option<i64>,
}

/// Beside the limits stands the project's id.
fn usages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Usage>, D::Error> {
    let named = BTreeMap::<String, Value>::deserialize(deserializer)?;
    let usages = named
        .into_iter()
        .filter_map(|(name, value)| Some((name, serde_json::from_value(value).ok()?)));
    Ok(usages.collect())
}

impl Cloud {
    /// The volume quota of a project, with what is taken of it. Cinder knows no projects: for an
    /// id that does not exist it answers the defaults.
    pub async fn get_volume_quota(&self, project_id: &str) -> Result<Arc<QuotaSet>> {
        self.get_key(
            Service::BlockStorage,
            &format!("/os-quota-sets/{}", escape(project_id)),
            "quota_set",
            &[("usage".into(), "true".to_owned())],
            None,
            Keep::Rows,
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_among_the_limits_is_no_limit() {
        let set: QuotaSet = serde_json::from_str(
            r#"{"id": "p", "volumes": {"limit": -1, "in_use": 2, "reserved": 0},
                "volumes_my type": {"limit": 5}}"#,
        )
        .unwrap();
        assert_eq!(set.limits.len(), 2);
        assert_eq!(set.limits["volumes"].in_use, Some(2));
        assert_eq!(set.limits["volumes_my type"].in_use, None);
    }
}
