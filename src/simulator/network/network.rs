//! Networks.

pub(super) mod write;

use serde::Serialize;
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, checked, filter, key};
use super::listing::{Noun, Row, of_table};
use super::{Absent, Asker, Owner};
use crate::clock::{Written, zulu};
use crate::world::Shared;
use crate::world::network::NetworkRow;

#[derive(Serialize)]
struct View<'w> {
    id: Uuid,
    name: &'w str,
    tenant_id: Owner,
    admin_state_up: bool,
    mtu: u32,
    status: &'static str,
    subnets: &'w [Uuid],
    shared: bool,
    availability_zone_hints: [&'w str; 0],
    availability_zones: &'w [Shared],
    ipv4_address_scope: Absent,
    ipv6_address_scope: Absent,
    #[serde(rename = "router:external")]
    is_external: bool,
    description: &'w str,
    port_security_enabled: bool,
    qos_policy_id: Absent,
    dns_domain: &'static str,
    /// Of external networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_default: Option<bool>,
    tags: &'w [String],
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
    project_id: Owner,
    #[serde(
        rename = "provider:network_type",
        skip_serializing_if = "Option::is_none"
    )]
    network_type: Option<&'static str>,
    #[serde(
        rename = "provider:physical_network",
        skip_serializing_if = "Option::is_none"
    )]
    physical_network: Option<Option<&'w str>>,
    #[serde(
        rename = "provider:segmentation_id",
        skip_serializing_if = "Option::is_none"
    )]
    segmentation_id: Option<Option<u32>>,
}

impl<'w> Row<'w> for &'w NetworkRow {
    const NOUN: Noun = Noun {
        collection: "networks",
        member: "network",
        missing: "NetworkNotFound",
        says: ("Network ", " could not be found."),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("name", Kind::Text),
        key("status", Kind::Text),
        key("admin_state_up", Kind::Flag),
        key("availability_zone_hints", Kind::Text),
        key("mtu", Kind::Number),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("description", Kind::Text),
        filter("shared", Kind::Flag),
        filter("router:external", Kind::Flag),
        filter("provider:network_type", Kind::Text),
        filter("provider:physical_network", Kind::Text),
        filter("provider:segmentation_id", Kind::Number),
        filter("revision_number", Kind::Loose),
        filter("vlan_transparent", Kind::Text),
        checked("is_default", Kind::Flag),
        checked("port_security_enabled", Kind::Flag),
        checked("segments", Kind::Pair),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];

    of_table!(networks);

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        match name {
            "id" => Cell::Id(self.id),
            "name" => Cell::text(&self.name),
            "status" => Cell::text("ACTIVE"),
            "admin_state_up" => Cell::Flag(self.is_up),
            "availability_zone_hints" => Cell::text(""),
            "mtu" => Cell::Number(i64::from(self.mtu)),
            "shared" => Cell::Flag(self.is_shared),
            "router:external" => Cell::Flag(self.is_external),
            "provider:network_type" => Cell::text(self.network_type),
            "provider:physical_network" => {
                let name = self.physical_network.as_deref();
                name.map_or(Cell::Null, Cell::text)
            }
            "provider:segmentation_id" => {
                let id = self.segmentation_id;
                id.map_or(Cell::Null, |id| Cell::Number(i64::from(id)))
            }
            name => Cell::standard(&self.standard, name),
        }
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        let is_open = self.is_shared || self.is_external;
        asker.may_see(&self.standard) || (is_open && asker.project.is_some())
    }

    fn view(self, asker: &Asker<'w>) -> impl Serialize {
        let standard = &self.standard;
        View {
            id: self.id,
            name: &self.name,
            tenant_id: Owner::of(standard),
            admin_state_up: self.is_up,
            mtu: self.mtu,
            status: "ACTIVE",
            subnets: &self.subnets,
            shared: self.is_shared,
            availability_zone_hints: [],
            availability_zones: &self.zones,
            ipv4_address_scope: None,
            ipv6_address_scope: None,
            is_external: self.is_external,
            description: &standard.description,
            port_security_enabled: self.has_port_security,
            qos_policy_id: None,
            dns_domain: "",
            is_default: self.is_external.then_some(self.is_default),
            tags: &standard.tags,
            created_at: zulu(standard.created),
            updated_at: zulu(standard.updated),
            revision_number: standard.revision,
            project_id: Owner::of(standard),
            network_type: asker.is_admin.then_some(self.network_type),
            physical_network: asker.is_admin.then_some(self.physical_network.as_deref()),
            segmentation_id: asker.is_admin.then_some(self.segmentation_id),
        }
    }
}
