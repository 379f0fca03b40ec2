//! Quotas: `GET /quotas/{project}/details`.

use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::{Cloud, Keep, Service};

/// What a project may have of Neutron. A kind that the cloud does not count is none.
#[derive(Debug, Deserialize)]
pub struct NetworkQuota {
    /// Networks.
    pub network: Option<Limit>,
    /// Subnets.
    pub subnet: Option<Limit>,
    /// Subnet pools.
    pub subnetpool: Option<Limit>,
    /// Ports.
    pub port: Option<Limit>,
    /// Routers.
    pub router: Option<Limit>,
    /// Floating IPs.
    pub floatingip: Option<Limit>,
    /// Role-based access policies.
    pub rbac_policy: Option<Limit>,
    /// Security groups.
    pub security_group: Option<Limit>,
    /// Rules of security groups.
    pub security_group_rule: Option<Limit>,
    /// Trunks.
    pub trunk: Option<Limit>,
}

/// A limit; -1 stands for none.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// With what is taken of it.
    Detailed {
        /// The most there may be.
        limit: i64,
        /// How much there is.
        used: Option<i64>,
        /// How much is promised.
        reserved: Option<i64>,
    },
    /// Alone.
    Plain(i64),
}

impl Cloud {
    /// A project's quotas, with what is used of them where Neutron tells (extension
    /// `quota_details`). A project that does not exist has the defaults.
    pub async fn get_network_quota(&self, project: &str) -> Result<Arc<NetworkQuota>> {
        let path = format!("/quotas/{}", escape(project));
        let details = format!("{path}/details");
        let get = |path| self.get_key(Service::Network, path, "quota", &[], None, Keep::Rows);
        match get(&details).await {
            Err(error) if error.is_not_found() => get(&path).await,
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let body = r#"{"network": {"limit": 10, "used": 2, "reserved": 0}, "port": -1}"#;
        let quota: NetworkQuota = serde_json::from_str(body).unwrap();
        assert!(matches!(
            quota.network,
            Some(Limit::Detailed {
                limit: 10,
                used: Some(2),
                ..
            })
        ));
        assert!(matches!(quota.port, Some(Limit::Plain(-1))));
        assert!(quota.trunk.is_none());
    }
}
