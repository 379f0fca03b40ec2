//! The networks that a server is made on.

use std::net::IpAddr;

use serde_json::Value;
use uuid::Uuid;

use crate::compute::writer::Writer;
use crate::compute::{bad_request, conflict, forbidden_because};
use crate::reply::Reply;
use crate::world::id::read_uuid;
use crate::world::network::change::NewPort;
use crate::world::network::{FixedIp, NetworkRow, Port};
use crate::world::{Key, Shared};

/// What a server gets its ports from.
pub(super) struct Wiring {
    ends: Vec<End>,
    security_groups: Vec<Uuid>,
    project: Key,
}

enum End {
    Port(Uuid),
    /// A new port on a network, maybe with this address.
    Network(Uuid, Option<IpAddr>),
}

impl Writer<'_> {
    pub(super) fn wiring(
        &mut self,
        asked: &Value,
        project: Key,
        number: u32,
    ) -> Result<Wiring, Reply> {
        let security_groups = self.security_groups(asked, project)?;
        let mut ends = Vec::new();
        match &asked["networks"] {
            Value::String(how) if how == "none" => {}
            Value::Array(rows) if !rows.is_empty() => {
                for row in rows {
                    ends.push(self.end(row, number)?);
                }
            }
            _ => ends.extend(self.only_network(project)?),
        }
        let new = ends.iter().filter(|end| matches!(end, End::Network(..)));
        self.room_for_ports(
            project,
            new.count() * usize::try_from(number).unwrap_or_default(),
        )?;
        Ok(Wiring {
            ends,
            security_groups,
            project,
        })
    }

    /// The security groups of these names or ids; the default one where none are asked for.
    fn security_groups(&mut self, asked: &Value, project: Key) -> Result<Vec<Uuid>, Reply> {
        let now = self.call.now;
        let names = asked["security_groups"].as_array().into_iter().flatten();
        let mut found: Vec<Uuid> = Vec::new();
        for name in names.filter_map(|group| group["name"].as_str()) {
            if name == "default" {
                continue;
            }
            found.push(self.security_group(name, project)?);
        }
        let wants_default = asked["security_groups"]
            .as_array()
            .is_none_or(|groups| groups.iter().any(|group| group["name"] == "default"))
            || found.is_empty();
        if wants_default {
            let world = &mut *self.world;
            let network = &mut world.regions[self.call.region].network;
            let id = network.default_group(&mut world.dice, now, project);
            found.insert(0, id);
        }
        Ok(found)
    }

    /// The security group of a project that has this name or id.
    pub(super) fn security_group(&self, name: &str, project: Key) -> Result<Uuid, Reply> {
        let rows = self.region().network.security_groups.values();
        let rows = rows.filter(|row| row.standard.project == Some(project));
        let mut named = rows.filter(|row| row.name == name || row.id.to_string() == name);
        let row = named.next().ok_or_else(|| {
            bad_request(&format!(
                "Unable to find security_group with name or id '{name}'"
            ))
        })?;
        if named.next().is_some() {
            return Err(conflict(&format!(
                "Multiple security_group matches found for name '{name}', use an ID to be more \
                 specific."
            )));
        }
        Ok(row.id)
    }

    fn end(&self, asked: &Value, number: u32) -> Result<End, Reply> {
        if let Some(port) = asked["port"].as_str() {
            let port = self.free_port(port)?;
            if number > 1 {
                return Err(bad_request(
                    "Unable to launch multiple instances with a single configured port ID. \
                     Please launch your instance one by one with different ports.",
                ));
            }
            return Ok(End::Port(port.id));
        }
        let Some(network) = asked["uuid"].as_str() else {
            return Err(bad_request(
                "Bad network format: network uuid is not in proper format (None)",
            ));
        };
        let row = self.network_to_use(network)?;
        let address = asked["fixed_ip"]
            .as_str()
            .and_then(|text| text.parse().ok());
        if let Some(address) = address {
            let mut ports = self.region().network.ports.values();
            let is_taken = ports.any(|port| {
                port.network == row.id && port.fixed_ips.iter().any(|ip| ip.address == address)
            });
            if is_taken {
                return Err(bad_request(&format!(
                    "Fixed IP address {address} is already in use on instance {}.",
                    row.id
                )));
            }
        }
        Ok(End::Network(row.id, address))
    }

    /// A port that no server has.
    pub(super) fn free_port(&self, id: &str) -> Result<&Port, Reply> {
        let row = read_uuid(id).and_then(|id| self.region().network.ports.get(&id));
        let row = row.filter(|row| {
            self.token.is_admin()
                || row.standard.project.is_some() && row.standard.project == self.token.project
        });
        let row = row.ok_or_else(|| bad_request(&format!("Port id {id} could not be found.")))?;
        if !row.device_id.is_empty() {
            return Err(conflict(&format!("Port {id} is still in use.")));
        }
        if row.fixed_ips.is_empty() {
            return Err(bad_request(&format!(
                "Port {id} requires a FixedIP in order to be used."
            )));
        }
        Ok(row)
    }

    /// A network that the caller may put a server on.
    pub(super) fn network_to_use(&self, id: &str) -> Result<&NetworkRow, Reply> {
        let row = read_uuid(id).and_then(|id| self.region().network.networks.get(&id));
        let project = self.token.project;
        let row = row.filter(|row| {
            self.token.is_admin()
                || row.is_shared
                || row.is_external
                || row.standard.project == project
        });
        let row = row.ok_or_else(|| bad_request(&format!("Network {id} could not be found.")))?;
        if row.is_external && !row.is_shared && !self.token.is_admin() {
            return Err(forbidden_because(&format!(
                "It is not allowed to create an interface on external network {id}"
            )));
        }
        if row.subnets.is_empty() {
            return Err(bad_request(&format!(
                "Network {id} requires a subnet in order to boot instances on."
            )));
        }
        Ok(row)
    }

    /// The one network that a project can use, if there is one.
    fn only_network(&self, project: Key) -> Result<Option<End>, Reply> {
        let rows = self.region().network.networks.values();
        let usable = |row: &&NetworkRow| {
            !row.is_external
                && !row.subnets.is_empty()
                && (row.is_shared || row.standard.project == Some(project))
        };
        let mut rows = rows.filter(usable);
        let first = rows.next();
        if rows.next().is_some() {
            return Err(conflict(
                "Multiple possible networks found, use a Network ID to be more specific.",
            ));
        }
        Ok(first.map(|row| End::Network(row.id, None)))
    }

    fn room_for_ports(&self, project: Key, number: usize) -> Result<(), Reply> {
        let network = &self.region().network;
        let limit = network.quota(project).port;
        let ports = network.ports.values();
        let used = ports
            .filter(|port| port.standard.project == Some(project))
            .count();
        let is_over = usize::try_from(limit).is_ok_and(|limit| used + number > limit);
        if is_over && number > 0 {
            return Err(forbidden_because("Maximum number of ports exceeded"));
        }
        Ok(())
    }

    /// Makes a server's ports, and takes those that it was given.
    pub(super) fn wire(&mut self, server: Uuid, wiring: &Wiring) -> Result<(), Reply> {
        for end in &wiring.ends {
            match end {
                End::Port(port) => self.take_port(server, *port),
                End::Network(network, address) => {
                    let groups = wiring.security_groups.clone();
                    self.new_port(server, *network, *address, groups, wiring.project)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn take_port(&mut self, server: Uuid, port: Uuid) {
        let now = self.call.now;
        let hostname = self.server_mut(server).map(|row| row.hostname.clone());
        if let Some(row) = self.region_mut().network.ports.get_mut(&port) {
            row.dns_name = hostname.unwrap_or_default();
            row.device_id = server.to_string();
            row.device_owner = Shared::from("compute:nova");
            row.standard.touch(now);
        }
        if let Some(server) = self.server_mut(server) {
            server.ports.push(port);
        }
    }

    pub(super) fn new_port(
        &mut self,
        server: Uuid,
        network: Uuid,
        address: Option<IpAddr>,
        security_groups: Vec<Uuid>,
        project: Key,
    ) -> Result<Uuid, Reply> {
        let now = self.call.now;
        let rows = &self.region().network;
        let fixed_ips = match address {
            Some(address) => {
                let subnets = rows.networks.get(&network).map(|row| &row.subnets);
                let mut subnets = subnets.into_iter().flatten();
                let of_kind = subnets.find(|id| {
                    let subnet = rows.subnets.get(*id);
                    subnet.is_some_and(|subnet| (subnet.ip_version == 4) == address.is_ipv4())
                });
                let ip = of_kind.map(|subnet| FixedIp {
                    subnet: *subnet,
                    address,
                });
                ip.map(|ip| vec![ip])
            }
            None => rows.free_addresses(network),
        };
        let fixed_ips = fixed_ips.ok_or_else(|| {
            bad_request(&format!(
                "No fixed IP addresses available for network: {network}"
            ))
        })?;
        let new = NewPort {
            name: String::new(),
            network,
            project: Some(project),
            fixed_ips,
            device_id: server.to_string(),
            device_owner: Shared::from("compute:nova"),
            host: None,
            security_groups,
        };
        let hostname = self.server_mut(server).map(|row| row.hostname.clone());
        let world = &mut *self.world;
        let region = &mut world.regions[self.call.region];
        let id = region.network.add_port(&mut world.dice, now, new);
        if let Some(port) = region.network.ports.get_mut(&id) {
            port.dns_name = hostname.unwrap_or_default();
        }
        region.compute.own_ports.insert(id);
        if let Some(server) = self.server_mut(server) {
            server.ports.push(id);
        }
        Ok(id)
    }
}
