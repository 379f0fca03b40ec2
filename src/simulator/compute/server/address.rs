//! A server's addresses and security groups, which are Neutron's.

use std::net::IpAddr;

use indexmap::IndexMap;
use serde::Serialize;

use crate::world::compute::{Server, VmState};
use crate::world::network::{Network, Port};

#[derive(Clone, Copy, Serialize)]
pub(in crate::compute) struct Address<'a> {
    version: u8,
    pub(in crate::compute) addr: IpAddr,
    #[serde(rename = "OS-EXT-IPS:type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(
        rename = "OS-EXT-IPS-MAC:mac_addr",
        skip_serializing_if = "Option::is_none"
    )]
    mac: Option<&'a str>,
}

impl Address<'_> {
    /// The same without what only a server's own view has.
    fn brief(self) -> Self {
        Self {
            kind: None,
            mac: None,
            ..self
        }
    }
}

pub(in crate::compute) type Addresses<'a> = IndexMap<&'a str, Vec<Address<'a>>>;

pub(in crate::compute) fn ports<'a>(
    network: &'a Network,
    server: &'a Server,
) -> impl Iterator<Item = &'a Port> {
    let ids = server.ports.iter();
    ids.filter_map(|id| network.ports.get(id))
}

/// By the network's name, whether or not another has it too: the fixed ones first. None are told
/// while the server is built.
pub(in crate::compute) fn addresses<'a>(network: &'a Network, server: &'a Server) -> Addresses<'a> {
    let mut addresses = Addresses::new();
    if server.vm_state == VmState::Building {
        return addresses;
    }
    let mut floating: Vec<(usize, Address<'a>)> = Vec::new();
    for port in ports(network, server) {
        let Some(row) = network.networks.get(&port.network) else {
            continue;
        };
        let address = |addr: IpAddr, kind| Address {
            version: if addr.is_ipv4() { 4 } else { 6 },
            addr,
            kind: Some(kind),
            mac: Some(&port.mac),
        };
        let entry = addresses.entry(row.name.as_str());
        let place = entry.index();
        let fixed = port.fixed_ips.iter();
        entry
            .or_default()
            .extend(fixed.map(|ip| address(ip.address, "fixed")));
        for ip in network.floating_ips_of(port.id) {
            floating.push((place, address(ip.address, "floating")));
        }
    }
    for (place, address) in floating {
        addresses[place].push(address);
    }
    addresses
}

/// As `…/ips` tells them.
pub(in crate::compute) fn brief<'a>(network: &'a Network, server: &'a Server) -> Addresses<'a> {
    let mut addresses = addresses(network, server);
    for rows in addresses.values_mut() {
        for row in rows {
            *row = row.brief();
        }
    }
    addresses
}

#[derive(Serialize)]
pub(super) struct GroupName<'a> {
    name: &'a str,
}

/// Once for each port that has it; none where there is none.
pub(super) fn security_groups<'a>(
    network: &'a Network,
    server: &'a Server,
) -> Option<Vec<GroupName<'a>>> {
    let ids = ports(network, server).flat_map(|port| &port.security_groups);
    let rows = ids.filter_map(|id| network.security_groups.get(id));
    let names: Vec<GroupName<'_>> = rows.map(|row| GroupName { name: &row.name }).collect();
    (!names.is_empty()).then_some(names)
}
