//! Routers.

pub(super) mod interface;
pub(super) mod write;

use serde::Serialize;
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, checked, filter, key};
use super::listing::{Noun, Row, of_table};
use super::port::FixedIps;
use super::subnet::{Route, routes};
use super::{Absent, Asker, Owner};
use crate::clock::{Written, zulu};
use crate::world::Shared;
use crate::world::network::Router;

#[derive(Serialize)]
struct View<'w> {
    id: Uuid,
    name: &'w str,
    tenant_id: Owner,
    admin_state_up: bool,
    status: &'static str,
    external_gateway_info: Option<Gateway<'w>>,
    description: &'w str,
    availability_zones: &'w [Shared],
    #[serde(skip_serializing_if = "Option::is_none")]
    distributed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ha: Option<bool>,
    availability_zone_hints: [&'static str; 0],
    routes: Vec<Route<'w>>,
    flavor_id: Absent,
    tags: &'w [String],
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
    project_id: Owner,
}

#[derive(Serialize)]
struct Gateway<'w> {
    network_id: Uuid,
    external_fixed_ips: FixedIps<'w>,
    enable_snat: bool,
}

impl<'w> Row<'w> for &'w Router {
    const NOUN: Noun = Noun {
        collection: "routers",
        member: "router",
        missing: "RouterNotFound",
        says: ("Router ", " could not be found"),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("name", Kind::Text),
        key("status", Kind::Text),
        key("admin_state_up", Kind::Flag),
        key("flavor_id", Kind::Id),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("description", Kind::Text),
        filter("revision_number", Kind::Loose),
        checked("distributed", Kind::Flag),
        checked("ha", Kind::Flag),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];

    of_table!(routers);

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        match name {
            "id" => Cell::Id(self.id),
            "name" => Cell::text(&self.name),
            "status" => Cell::text(self.status),
            "admin_state_up" => Cell::Flag(self.is_up),
            name => Cell::standard(&self.standard, name),
        }
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        asker.may_see(&self.standard)
    }

    fn view(self, asker: &Asker<'w>) -> impl Serialize {
        let standard = &self.standard;
        View {
            id: self.id,
            name: &self.name,
            tenant_id: Owner::of(standard),
            admin_state_up: self.is_up,
            status: self.status,
            external_gateway_info: self.gateway.as_ref().map(|gateway| Gateway {
                network_id: gateway.network,
                external_fixed_ips: FixedIps(&gateway.fixed_ips),
                enable_snat: gateway.has_snat,
            }),
            description: &standard.description,
            availability_zones: &self.zones,
            distributed: asker.is_admin.then_some(self.is_distributed),
            ha: asker.is_admin.then_some(self.is_ha),
            availability_zone_hints: [],
            routes: routes(&self.routes),
            flavor_id: None,
            tags: &standard.tags,
            created_at: zulu(standard.created),
            updated_at: zulu(standard.updated),
            revision_number: standard.revision,
            project_id: Owner::of(standard),
        }
    }
}
