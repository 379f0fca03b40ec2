//! Subnets.

pub(super) mod write;

use std::net::IpAddr;

use serde::Serialize;
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, checked, filter, key};
use super::listing::{Noun, Row, of_table};
use super::{Absent, Asker, Owner};
use crate::clock::{Written, zulu};
use crate::world::network::Subnet;

#[derive(Serialize)]
struct View<'w> {
    id: Uuid,
    name: &'w str,
    tenant_id: Owner,
    network_id: Uuid,
    ip_version: u8,
    subnetpool_id: Absent,
    enable_dhcp: bool,
    ipv6_ra_mode: Option<&'static str>,
    ipv6_address_mode: Option<&'static str>,
    gateway_ip: Option<IpAddr>,
    cidr: &'w str,
    allocation_pools: Vec<Pool>,
    host_routes: Vec<Route<'w>>,
    dns_nameservers: &'w [IpAddr],
    description: &'w str,
    #[serde(rename = "router:external")]
    is_external: bool,
    service_types: [&'static str; 0],
    tags: &'w [String],
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
    project_id: Owner,
}

#[derive(Serialize)]
struct Pool {
    start: IpAddr,
    end: IpAddr,
}

/// Where traffic to a destination goes.
#[derive(Serialize)]
pub(super) struct Route<'w> {
    destination: &'w str,
    nexthop: IpAddr,
}

pub(super) fn routes(routes: &[(String, IpAddr)]) -> Vec<Route<'_>> {
    let routes = routes.iter();
    let routes = routes.map(|(destination, nexthop)| Route {
        destination,
        nexthop: *nexthop,
    });
    routes.collect()
}

impl<'w> Row<'w> for &'w Subnet {
    const NOUN: Noun = Noun {
        collection: "subnets",
        member: "subnet",
        missing: "SubnetNotFound",
        says: ("Subnet ", " could not be found."),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("name", Kind::Text),
        key("network_id", Kind::Id),
        key("cidr", Kind::Cidr),
        key("enable_dhcp", Kind::Flag),
        key("gateway_ip", Kind::Address),
        key("ip_version", Kind::Number),
        key("ipv6_address_mode", Kind::Text),
        key("ipv6_ra_mode", Kind::Text),
        key("subnetpool_id", Kind::Id),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("description", Kind::Text),
        filter("revision_number", Kind::Loose),
        // These two are the network's.
        filter("router:external", Kind::Flag),
        filter("shared", Kind::Flag),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];

    of_table!(subnets);

    fn cell(self, asker: &Asker<'w>, name: &str) -> Cell<'w> {
        let network = || asker.network.networks.get(&self.network);
        match name {
            "id" => Cell::Id(self.id),
            "name" => Cell::text(&self.name),
            "network_id" => Cell::Id(self.network),
            "cidr" => Cell::text(&self.cidr),
            "enable_dhcp" => Cell::Flag(self.has_dhcp),
            "gateway_ip" => Cell::address(self.gateway),
            "ip_version" => Cell::Number(i64::from(self.ip_version)),
            "ipv6_address_mode" | "ipv6_ra_mode" => self.ipv6_mode.map_or(Cell::Null, Cell::text),
            "router:external" => Cell::Flag(network().is_some_and(|network| network.is_external)),
            "shared" => Cell::Flag(network().is_some_and(|network| network.is_shared)),
            name => Cell::standard(&self.standard, name),
        }
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        let network = asker.network.networks.get(&self.network);
        asker.may_see(&self.standard) || network.is_some_and(|network| network.is_visible(asker))
    }

    fn view(self, asker: &Asker<'w>) -> impl Serialize {
        let standard = &self.standard;
        let network = asker.network.networks.get(&self.network);
        let pools = self.pools.iter();
        View {
            id: self.id,
            name: &self.name,
            tenant_id: Owner::of(standard),
            network_id: self.network,
            ip_version: self.ip_version,
            subnetpool_id: None,
            enable_dhcp: self.has_dhcp,
            ipv6_ra_mode: self.ipv6_mode,
            ipv6_address_mode: self.ipv6_mode,
            gateway_ip: self.gateway,
            cidr: &self.cidr,
            allocation_pools: pools
                .map(|(start, end)| Pool {
                    start: *start,
                    end: *end,
                })
                .collect(),
            host_routes: routes(&self.host_routes),
            dns_nameservers: &self.dns_nameservers,
            description: &standard.description,
            is_external: network.is_some_and(|network| network.is_external),
            service_types: [],
            tags: &standard.tags,
            created_at: zulu(standard.created),
            updated_at: zulu(standard.updated),
            revision_number: standard.revision,
            project_id: Owner::of(standard),
        }
    }
}
