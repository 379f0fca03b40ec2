//! How many addresses networks have, and how many of them are taken.

use std::collections::HashMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, filter, key};
use super::listing::{Noun, Row};
use super::{Asker, Owner};
use crate::world::network::{Network, NetworkRow, Subnet};

/// A network, looked at for its addresses.
#[derive(Clone, Copy)]
pub(super) struct Availability<'w>(&'w NetworkRow);

#[derive(Serialize)]
struct View<'w> {
    network_id: Uuid,
    network_name: &'w str,
    tenant_id: Owner,
    project_id: Owner,
    subnet_ip_availability: Vec<SubnetView<'w>>,
    used_ips: u64,
    total_ips: u128,
}

#[derive(Serialize)]
struct SubnetView<'w> {
    subnet_id: Uuid,
    ip_version: u8,
    cidr: &'w str,
    subnet_name: &'w str,
    used_ips: u64,
    /// An IPv6 subnet alone has as many as 64 bits can count.
    total_ips: u128,
}

impl<'w> Row<'w> for Availability<'w> {
    const NOUN: Noun = Noun {
        collection: "network_ip_availabilities",
        member: "network_ip_availability",
        missing: "NetworkNotFound",
        says: ("Network ", " could not be found."),
    };
    const COLUMNS: &'static [Column] = &[
        key("network_id", Kind::Id),
        filter("network_name", Kind::Text),
        filter("project_id", Kind::Project),
        filter("tenant_id", Kind::Project),
        filter("ip_version", Kind::Number),
    ];

    fn all(network: &'w Network) -> impl Iterator<Item = Self> {
        network.networks.values().map(Availability)
    }

    fn get(network: &'w Network, id: Uuid) -> Option<Self> {
        network.networks.get(&id).map(Availability)
    }

    fn id(self) -> Uuid {
        self.0.id
    }

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        match name {
            "network_id" => Cell::Id(self.0.id),
            "network_name" => Cell::text(&self.0.name),
            name => Cell::standard(&self.0.standard, name),
        }
    }

    fn updated(self) -> DateTime<Utc> {
        self.0.standard.updated
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        asker.is_admin
    }

    fn meets(self, asker: &Asker<'w>, filter: &super::filter::Filter<'_>) -> bool {
        if filter.name == "ip_version" {
            return self.subnets(asker).next().is_some();
        }
        filter.wanted.contains(&self.cell(asker, filter.name))
    }

    fn view(self, asker: &Asker<'w>) -> impl Serialize {
        let taken = asker.taken.get_or_init(|| taken(asker.network));
        let subnets: Vec<_> = self
            .subnets(asker)
            .map(|subnet| SubnetView {
                subnet_id: subnet.id,
                ip_version: subnet.ip_version,
                cidr: &subnet.cidr,
                subnet_name: &subnet.name,
                used_ips: taken.get(&subnet.id).copied().unwrap_or_default(),
                total_ips: subnet.pools.iter().map(size).sum(),
            })
            .collect();
        View {
            network_id: self.0.id,
            network_name: &self.0.name,
            tenant_id: Owner::of(&self.0.standard),
            project_id: Owner::of(&self.0.standard),
            used_ips: subnets.iter().map(|subnet| subnet.used_ips).sum(),
            total_ips: subnets.iter().map(|subnet| subnet.total_ips).sum(),
            subnet_ip_availability: subnets,
        }
    }
}

impl<'w> Availability<'w> {
    /// The subnets of the version that is asked for, if one is.
    fn subnets(self, asker: &Asker<'w>) -> impl Iterator<Item = &'w Subnet> {
        let version = asker.call.query.get("ip_version");
        let version: Option<u8> = version.and_then(|text| text.parse().ok());
        let network = asker.network;
        let subnets = self.0.subnets.iter();
        let subnets = subnets.filter_map(|id| network.subnets.get(id));
        subnets.filter(move |subnet| version.is_none_or(|version| subnet.ip_version == version))
    }
}

fn taken(network: &Network) -> HashMap<Uuid, u64> {
    let mut taken = HashMap::new();
    for ip in network.ports.values().flat_map(|port| &port.fixed_ips) {
        *taken.entry(ip.subnet).or_default() += 1;
    }
    taken
}

fn size((first, last): &(IpAddr, IpAddr)) -> u128 {
    let number = |address: &IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(*address)),
        IpAddr::V6(address) => u128::from(*address),
    };
    (number(last) + 1).saturating_sub(number(first))
}
