//! Rules of security groups.

pub(super) mod write;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, checked, filter, key};
use super::listing::{Noun, Row};
use super::small::{Small, Unknown};
use super::{Absent, Asker, Owner};
use crate::clock::{Written, zulu};
use crate::reply::Answer;
use crate::world::network::cidr::Cidr;
use crate::world::network::{Network, SecurityGroup, SecurityGroupRule};

/// A rule and the group it is of.
#[derive(Clone, Copy)]
pub(super) struct Rule<'w> {
    pub(super) group: &'w SecurityGroup,
    pub(super) rule: &'w SecurityGroupRule,
}

#[derive(Serialize)]
pub(super) struct View<'w> {
    id: Uuid,
    project_id: Owner,
    tenant_id: Owner,
    security_group_id: Uuid,
    ethertype: &'static str,
    direction: &'static str,
    protocol: Option<&'w str>,
    port_range_min: Option<u16>,
    port_range_max: Option<u16>,
    remote_ip_prefix: Option<&'w str>,
    remote_address_group_id: Absent,
    normalized_cidr: Option<String>,
    remote_group_id: Option<Uuid>,
    /// Within a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_attr_id: Option<u32>,
    belongs_to_default_sg: Option<bool>,
    description: Option<&'w str>,
    /// Within a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<[&'static str; 0]>,
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
}

impl<'w> Rule<'w> {
    fn ethertype(self) -> &'static str {
        if self.rule.is_ipv6 { "IPv6" } else { "IPv4" }
    }

    fn direction(self) -> &'static str {
        if self.rule.is_ingress {
            "ingress"
        } else {
            "egress"
        }
    }

    fn is_default(self) -> bool {
        self.group.name == "default"
    }

    /// The rule as its group has it: where groups are listed, it does not know whether its own is
    /// a default one.
    pub(super) fn embedded(self, is_shown: bool) -> View<'w> {
        View {
            standard_attr_id: Some(self.rule.number),
            belongs_to_default_sg: is_shown.then_some(self.is_default()),
            tags: Some([]),
            ..self.alone()
        }
    }

    fn alone(self) -> View<'w> {
        let rule = self.rule;
        let (first, last) = rule.ports;
        View {
            id: rule.id,
            project_id: Owner::of(&self.group.standard),
            tenant_id: Owner::of(&self.group.standard),
            security_group_id: self.group.id,
            ethertype: self.ethertype(),
            direction: self.direction(),
            protocol: rule.protocol.as_deref(),
            port_range_min: first,
            port_range_max: last,
            remote_ip_prefix: rule.remote_cidr.as_deref(),
            remote_address_group_id: None,
            normalized_cidr: rule
                .remote_cidr
                .as_deref()
                .and_then(Cidr::read)
                .map(|cidr| cidr.to_string()),
            remote_group_id: rule.remote_group,
            standard_attr_id: None,
            belongs_to_default_sg: Some(self.is_default()),
            description: rule.description.as_deref(),
            tags: None,
            created_at: zulu(rule.created),
            updated_at: zulu(rule.created),
            revision_number: 0,
        }
    }
}

impl<'w> Row<'w> for Rule<'w> {
    const NOUN: Noun = Noun {
        collection: "security_group_rules",
        member: "security_group_rule",
        missing: "SecurityGroupRuleNotFound",
        says: ("Security group rule ", " does not exist"),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("security_group_id", Kind::Id),
        key("direction", Kind::Text),
        key("ethertype", Kind::EtherType),
        key("protocol", Kind::Protocol),
        key("port_range_min", Kind::PortNumber),
        key("port_range_max", Kind::PortNumber),
        key("remote_ip_prefix", Kind::Prefix),
        key("remote_group_id", Kind::Id),
        key("remote_address_group_id", Kind::Id),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("description", Kind::Text),
        filter("revision_number", Kind::Loose),
        checked("belongs_to_default_sg", Kind::Flag),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];
    const HAS_INDEX: bool = false;

    fn all(network: &'w Network) -> impl Iterator<Item = Self> {
        let groups = network.security_groups.values();
        groups.flat_map(|group| group.rules.iter().map(move |rule| Rule { group, rule }))
    }

    fn get(network: &'w Network, id: Uuid) -> Option<Self> {
        Self::all(network).find(|rule| rule.rule.id == id)
    }

    fn id(self) -> Uuid {
        self.rule.id
    }

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        let rule = self.rule;
        let port = |port: Option<u16>| port.map_or(Cell::Null, |port| Cell::Number(port.into()));
        match name {
            "id" => Cell::Id(rule.id),
            "security_group_id" => Cell::Id(self.group.id),
            "direction" => Cell::text(self.direction()),
            "ethertype" => Cell::text(self.ethertype()),
            "protocol" => rule.protocol.as_deref().map_or(Cell::Null, Cell::text),
            "port_range_min" => port(rule.ports.0),
            "port_range_max" => port(rule.ports.1),
            "remote_ip_prefix" => rule.remote_cidr.as_deref().map_or(Cell::Null, Cell::text),
            "remote_group_id" => Cell::id(rule.remote_group),
            "project_id" | "tenant_id" => Cell::project(self.group.standard.project),
            "description" => rule.description.as_deref().map_or(Cell::Null, Cell::text),
            "revision_number" => Cell::Number(0),
            _ => Cell::Null,
        }
    }

    fn updated(self) -> DateTime<Utc> {
        self.rule.created
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        asker.may_see(&self.group.standard)
    }

    fn view(self, _asker: &Asker<'w>) -> impl Serialize {
        self.alone()
    }
}

/// What a new group begins with.
pub(super) fn defaults(asker: &Asker<'_>) -> Answer {
    let mut rows = Vec::new();
    for (direction, group, is_in_others) in
        [("ingress", Some("PARENT"), false), ("egress", None, true)]
    {
        for ethertype in ["IPv6", "IPv4"] {
            rows.push(default_rule(
                rows.len(),
                direction,
                ethertype,
                group,
                is_in_others,
            ));
        }
    }
    Small {
        collection: "default_security_group_rules",
        filters: &[
            "id",
            "direction",
            "ethertype",
            "description",
            "remote_group_id",
        ],
        unknown: Unknown::Refused,
        is_paged: true,
    }
    .list(asker, rows)
}

fn default_rule(
    place: usize,
    direction: &str,
    ethertype: &str,
    group: Option<&str>,
    is_in_others: bool,
) -> Value {
    // They are the same in each simulation.
    let id = Uuid::from_u128(0x5e1a_0000_0000_4000_8000_0000_0000_0000 + place as u128);
    json!({
        "id": id,
        "ethertype": ethertype,
        "direction": direction,
        "protocol": null,
        "port_range_min": null,
        "port_range_max": null,
        "remote_ip_prefix": null,
        "remote_address_group_id": null,
        "remote_group_id": group,
        "description": format!("Legacy default SG rule for {direction} traffic"),
        "used_in_default_sg": true,
        "used_in_non_default_sg": is_in_others,
    })
}
