//! What Neutron's agents do.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::world::network::change::NewPort;
use crate::world::{Shared, World};

/// Where addresses are given out.
const HOST: &str = "network-1";

impl World {
    pub(super) fn port_comes_up(&mut self, region: usize, port: Uuid, at: DateTime<Utc>) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        if let Some(port) = region.network.ports.get_mut(&port)
            && port.host.is_some()
            && port.status != "ACTIVE"
        {
            port.status = "ACTIVE";
            port.standard.touch(at);
        }
    }

    pub(super) fn floating_ip_settles(&mut self, region: usize, id: Uuid, at: DateTime<Utc>) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        if let Some(row) = region.network.floating_ips.get_mut(&id) {
            let status = if row.port.is_some() { "ACTIVE" } else { "DOWN" };
            if row.status != status {
                row.status = status;
                row.standard.touch(at);
            }
        }
    }

    /// The port by which a network's addresses are given out comes, or goes.
    pub(super) fn addresses_served(&mut self, region: usize, network: Uuid, at: DateTime<Utc>) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        let rows = &mut region.network;
        let Some(row) = rows.networks.get(&network) else {
            return;
        };
        let project = row.standard.project;
        let subnets = row.subnets.iter().filter_map(|id| rows.subnets.get(id));
        let served = subnets.filter(|subnet| subnet.has_dhcp);
        let served: Vec<Uuid> = served.map(|subnet| subnet.id).collect();
        let mut ports = rows.ports.values();
        let known =
            ports.find(|port| port.network == network && &*port.device_owner == "network:dhcp");
        let known = known.map(|port| port.id);
        if served.is_empty() {
            if let Some(port) = known {
                rows.remove_port(port, at);
            }
            return;
        }
        let has = |subnet: Uuid| {
            let port = known.and_then(|id| rows.ports.get(&id));
            port.is_some_and(|port| port.fixed_ips.iter().any(|ip| ip.subnet == subnet))
        };
        let added: Vec<_> = served
            .iter()
            .filter(|subnet| !has(**subnet))
            .filter_map(|subnet| rows.free_address(*subnet))
            .collect();
        let id = known.unwrap_or_else(|| {
            let new = NewPort {
                name: String::new(),
                network,
                project,
                fixed_ips: Vec::new(),
                device_id: format!("dhcp{}-{network}", Uuid::nil()),
                device_owner: Shared::from("network:dhcp"),
                host: Some(Shared::from(HOST)),
                security_groups: Vec::new(),
            };
            rows.add_port(&mut self.dice, at, new)
        });
        if let Some(port) = rows.ports.get_mut(&id) {
            port.fixed_ips.extend(added);
            port.fixed_ips.retain(|ip| served.contains(&ip.subnet));
            port.status = "ACTIVE";
        }
        // Where the agent is, the network is.
        let zones = rows.networks.values().find(|row| !row.zones.is_empty());
        let zones = zones.map(|row| row.zones.clone()).unwrap_or_default();
        if let Some(row) = rows.networks.get_mut(&network)
            && row.zones.is_empty()
        {
            row.zones = zones;
        }
    }
}
