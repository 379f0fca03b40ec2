//! Security groups with their rules: `GET /security-groups`.

use std::sync::Arc;

use serde::Deserialize;

use super::{PAGE, list, text};
use crate::cloud::Service;
use crate::cloud::collection::{Collection, Paging, Row};

/// All security groups; their rules come along.
pub const SECURITY_GROUPS: &Collection<SecurityGroup> = &Collection {
    item: Some(("/security-groups", "security_group")),
    paging: Paging::Marker(PAGE),
    ..Collection::new(Service::Network, "/security-groups", "security_groups")
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
