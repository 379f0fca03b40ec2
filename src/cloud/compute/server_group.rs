//! Server groups: `GET /os-server-groups`.

use serde::Deserialize;

use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Microversion, Service};

/// All server groups.
///
/// 2.64 has one policy, with rules, where there was a list of them.
pub const SERVER_GROUPS: &Collection<ServerGroup> = &Collection {
    item: Some(("/os-server-groups", "server_group")),
    microversion: Some(Microversion(2, 64)),
    paging: Paging::Offset(1000),
    everyone: &[("all_projects", "true")],
    ..Collection::new(Service::Compute, "/os-server-groups", "server_groups")
};

/// A server group as Nova lists it.
#[derive(Debug, Deserialize)]
pub struct ServerGroup {
    /// Nova's id.
    pub id: String,
    /// The display name; not unique.
    pub name: Option<String>,
    /// How its servers are spread, since 2.64.
    pub policy: Option<String>,
    /// The same before 2.64.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Limits of the policy.
    #[serde(default)]
    pub rules: ServerGroupRules,
    /// Ids of its servers, without deleted ones.
    #[serde(default)]
    pub members: Vec<String>,
    /// The project it belongs to.
    pub project_id: Option<String>,
    /// Who made it.
    pub user_id: Option<String>,
}

impl Row for ServerGroup {
    fn id(&self) -> &str {
        &self.id
    }
}

impl ServerGroup {
    /// Its policy, wherever this Nova writes it.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        self.policy
            .as_deref()
            .or_else(|| self.policies.first().map(String::as_str))
    }
}

/// Limits of a server group's policy.
#[derive(Debug, Default, Deserialize)]
pub struct ServerGroupRules {
    /// Servers of the group on one host; with `anti-affinity`.
    #[serde(default)]
    pub max_server_per_host: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_found_before_and_after_2_64() {
        let new = r#"{"id": "g", "policy": "affinity", "rules": {}}"#;
        let old = r#"{"id": "g", "policies": ["affinity"], "metadata": {}}"#;
        for text in [new, old] {
            let row: ServerGroup = serde_json::from_str(text).unwrap();
            assert_eq!(row.policy(), Some("affinity"), "{text}");
        }
    }
}
