//! Floating IPs, and the ports that hold their addresses.

use std::net::IpAddr;

use uuid::Uuid;

use super::{Maker, Places};
use crate::world::network::{FixedIp, FloatingIp, Port};
use crate::world::{Key, Shared};

impl Maker<'_> {
    /// For one server in eight, and some that nobody uses.
    pub(in crate::world::generate) fn floating_ips(&mut self, places: &Places) {
        let tenants = self.tenants;
        for (tenant, place) in tenants.iter().zip(&places.tenants) {
            let first = place.networks[0];
            let ports: Vec<(Uuid, IpAddr)> = self
                .region
                .network
                .ports
                .values()
                .filter(|port| port.network == first && port.device_owner.starts_with("compute:"))
                .filter_map(|port| Some((port.id, port.fixed_ips.first()?.address)))
                .collect();
            for (port, address) in ports {
                if address.is_ipv4() && self.dice.chance(0.12) {
                    self.floating_ip(tenant.project, places, Some((port, address, place.router)));
                }
            }
            if self.dice.chance(0.4) || tenant.name == "project-1" {
                self.floating_ip(tenant.project, places, None);
            }
        }
    }

    fn floating_ip(&mut self, project: Key, places: &Places, to: Option<(Uuid, IpAddr, Uuid)>) {
        let id = self.id();
        let created = self.past(300);
        let Some(FixedIp { address, .. }) = self.address(places.external_subnet) else {
            return;
        };
        let device_owner = Shared::from("network:floatingip");
        let port = self.id();
        let row = Port {
            id: port,
            name: String::new(),
            standard: Self::standard(None, created),
            network: places.external,
            mac: format!(
                "fa:16:3e:{}:{}:{}",
                self.dice.hex(2),
                self.dice.hex(2),
                self.dice.hex(2)
            ),
            fixed_ips: vec![FixedIp {
                subnet: places.external_subnet,
                address,
            }],
            device_id: id.to_string(),
            device_owner,
            is_up: true,
            status: "N/A",
            host: None,
            vif_type: "unbound",
            security_groups: Vec::new(),
            has_port_security: false,
            dns_name: String::new(),
            allowed_addresses: Vec::new(),
        };
        self.region.network.ports.insert(port, row);
        let row = FloatingIp {
            id,
            standard: Self::standard(Some(project), created),
            address,
            network: places.external,
            port: to.map(|(port, _, _)| port),
            fixed_address: to.map(|(_, address, _)| address),
            router: to.map(|(_, _, router)| router),
            status: if to.is_some() { "ACTIVE" } else { "DOWN" },
            dns_name: String::new(),
            dns_domain: String::new(),
        };
        self.region.network.add_floating_ip(row);
    }
}
