//! Security groups with their rules: `GET /security-groups`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{PAGE, body, list, text};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::columns::Columns;
use crate::cloud::{Cloud, Service, Written};

/// All security groups; their rules come along when they are needed.
pub const SECURITY_GROUPS: &Collection<SecurityGroup> = &Collection {
    item: Some(("/security-groups", "security_group")),
    paging: Paging::Marker(PAGE),
    columns: Columns {
        always: &[
            "id",
            "name",
            "description",
            "project_id",
            "stateful",
            "shared",
            "tags",
            "created_at",
            "updated_at",
        ],
        dear: &[("rules", &["security_group_rules"])],
    },
    ..Collection::new(Service::Network, "/security-groups", "security_groups")
};

/// All rules of all security groups; only ever asked for by id.
const RULES: &Collection<SecurityGroupRule> = &Collection {
    item: Some(("/security-group-rules", "security_group_rule")),
    paging: Paging::Marker(PAGE),
    ..Collection::new(
        Service::Network,
        "/security-group-rules",
        "security_group_rules",
    )
};

/// A security group as Neutron lists it.
#[derive(Debug, Deserialize)]
pub struct SecurityGroup {
    /// Neutron's id.
    pub id: String,
    /// Not unique: every project has a `default`.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// The project it belongs to.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    /// Whether answers to what was let through pass by themselves.
    pub stateful: Option<bool>,
    /// Whether every project may use it.
    pub shared: Option<bool>,
    /// What it lets through.
    #[serde(default, deserialize_with = "list")]
    pub security_group_rules: Vec<Arc<SecurityGroupRule>>,
    /// What users tagged.
    #[serde(default, deserialize_with = "list")]
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Row for SecurityGroup {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A rule of a security group.
#[derive(Debug, Deserialize)]
pub struct SecurityGroupRule {
    /// Neutron's id.
    pub id: String,
    /// The group it is of.
    #[serde(default, deserialize_with = "text")]
    pub security_group_id: Option<String>,
    /// The project it belongs to.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    /// `ingress` or `egress`.
    #[serde(default)]
    pub direction: String,
    /// `IPv4` or `IPv6`.
    #[serde(default)]
    pub ethertype: String,
    /// A name or a number; none for all.
    #[serde(default, deserialize_with = "text")]
    pub protocol: Option<String>,
    /// The lowest port, or the ICMP type.
    pub port_range_min: Option<i32>,
    /// The highest port, or the ICMP code.
    pub port_range_max: Option<i32>,
    /// The peers, as a range.
    #[serde(default, deserialize_with = "text")]
    pub remote_ip_prefix: Option<String>,
    /// The peers, as ports of a group.
    #[serde(default, deserialize_with = "text")]
    pub remote_group_id: Option<String>,
    /// The peers, as a group of addresses.
    #[serde(default, deserialize_with = "text")]
    pub remote_address_group_id: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Row for SecurityGroupRule {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A security group to be made: `POST /security-groups`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewSecurityGroup {
    /// The project it is for; the credential's own unless given.
    pub project_id: Option<String>,
    /// What can be changed later.
    #[serde(flatten)]
    pub rest: SecurityGroupChange,
}

/// What of a security group is to be changed: `PUT /security-groups/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SecurityGroupChange {
    /// The name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether answers to what was let through pass by themselves; not while ports use it.
    pub stateful: Option<bool>,
}

/// A rule to be added: `POST /security-group-rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NewSecurityGroupRule {
    /// The group.
    pub security_group_id: String,
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// `IPv4` or `IPv6`.
    pub ethertype: &'static str,
    /// A name or a number; all unless given.
    pub protocol: Option<String>,
    /// The lowest port, or the ICMP type.
    pub port_range_min: Option<i32>,
    /// The highest port, or the ICMP code.
    pub port_range_max: Option<i32>,
    /// The peers, as a range.
    pub remote_ip_prefix: Option<String>,
    /// The peers, as ports of a group.
    pub remote_group_id: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

impl Cloud {
    /// Makes a security group; answers with its id. `POST /security-groups`.
    pub async fn create_security_group(&self, new: &NewSecurityGroup) -> Result<(String, Written)> {
        let body = body("security_group", new)?;
        self.create_of_network("/security-groups", "security_group", body)
            .await
    }

    /// Changes a security group. `PUT /security-groups/{id}`.
    pub async fn update_security_group(
        &self,
        id: &str,
        change: &SecurityGroupChange,
    ) -> Result<Written> {
        let body = body("security_group", change)?;
        self.update_of_network("/security-groups", id, body).await
    }

    /// Deletes a security group, and the rules that refer to it. `DELETE /security-groups/{id}`.
    pub async fn delete_security_group(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/security-groups", id).await
    }

    /// A rule by its id. `GET /security-group-rules/{id}`.
    pub async fn get_security_group_rule(
        &self,
        id: &str,
    ) -> Result<Option<Arc<SecurityGroupRule>>> {
        self.show(RULES, id).await
    }

    /// Adds a rule to a group; answers with its id. `POST /security-group-rules`.
    pub async fn create_security_group_rule(
        &self,
        new: &NewSecurityGroupRule,
    ) -> Result<(String, Written)> {
        let body = body("security_group_rule", new)?;
        self.create_of_network("/security-group-rules", "security_group_rule", body)
            .await
    }

    /// Takes a rule from its group. `DELETE /security-group-rules/{id}`.
    pub async fn delete_security_group_rule(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/security-group-rules", id).await
    }
}
