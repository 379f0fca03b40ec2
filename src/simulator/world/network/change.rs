//! What can be done with networks and what is connected to them: by Neutron, and by those who make
//! ports for others.

use std::collections::HashSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::cidr::{next, number};
use super::{FixedIp, Network, Port, Standard, Subnet};
use crate::world::generate::Dice;
use crate::world::{Key, Shared};

/// What a port is made of that is not always the same.
pub(crate) struct NewPort {
    pub(crate) name: String,
    pub(crate) network: Uuid,
    /// None for those that belong to the service.
    pub(crate) project: Option<Key>,
    pub(crate) fixed_ips: Vec<FixedIp>,
    pub(crate) device_id: String,
    pub(crate) device_owner: Shared,
    pub(crate) host: Option<Shared>,
    pub(crate) security_groups: Vec<Uuid>,
}

impl Standard {
    /// Of a thing that is made now.
    pub(crate) fn new(project: Option<Key>, now: DateTime<Utc>) -> Self {
        Self {
            project,
            description: String::new(),
            created: now,
            updated: now,
            revision: 1,
            tags: Vec::new(),
        }
    }

    /// That something of it was changed.
    pub(crate) fn touch(&mut self, now: DateTime<Utc>) {
        self.revision += 1;
        self.updated = now;
    }
}

impl Subnet {
    /// Whether addresses in it make themselves.
    pub(crate) fn is_automatic(&self) -> bool {
        matches!(self.ipv6_mode, Some("slaac" | "dhcpv6-stateless"))
    }
}

impl Network {
    /// Makes a port; its id.
    pub(crate) fn add_port(&mut self, dice: &mut Dice, now: DateTime<Utc>, of: NewPort) -> Uuid {
        let id = dice.uuid();
        let is_bound = of.host.is_some();
        let port = Port {
            id,
            name: of.name,
            standard: Standard::new(of.project, now),
            network: of.network,
            mac: mac(dice),
            fixed_ips: of.fixed_ips,
            device_id: of.device_id,
            device_owner: of.device_owner,
            is_up: true,
            status: "DOWN",
            host: of.host,
            vif_type: if is_bound { "ovs" } else { "unbound" },
            has_port_security: !of.security_groups.is_empty(),
            security_groups: of.security_groups,
            dns_name: String::new(),
            allowed_addresses: Vec::new(),
        };
        self.ports.insert(id, port);
        id
    }

    /// Takes a port away, and the floating IPs off it.
    pub(crate) fn remove_port(&mut self, id: Uuid, now: DateTime<Utc>) -> Option<Port> {
        let floating_ips: Vec<Uuid> = self.floating_ips_of(id).map(|row| row.id).collect();
        for floating_ip in floating_ips {
            self.lead(floating_ip, None, now);
        }
        self.ports.shift_remove(&id)
    }

    /// Leads a floating IP to a port's address by a router, or nowhere.
    pub(crate) fn lead(&mut self, id: Uuid, to: Option<(Uuid, IpAddr, Uuid)>, now: DateTime<Utc>) {
        let Some(row) = self.floating_ips.get_mut(&id) else {
            return;
        };
        if let Some(before) = row.port
            && let Some(ids) = self.floating_ips_by_port.get_mut(&before)
        {
            ids.retain(|one| *one != id);
        }
        row.port = to.map(|(port, _, _)| port);
        row.fixed_address = to.map(|(_, address, _)| address);
        row.router = to.map(|(_, _, router)| router);
        row.standard.touch(now);
        if let Some((port, _, _)) = to {
            self.floating_ips_by_port.entry(port).or_default().push(id);
        }
    }

    /// The addresses of a subnet that ports have.
    pub(crate) fn taken(&self, subnet: Uuid) -> HashSet<IpAddr> {
        let addresses = self.ports.values().flat_map(|port| &port.fixed_ips);
        let addresses = addresses.filter(|ip| ip.subnet == subnet);
        addresses.map(|ip| ip.address).collect()
    }

    /// The first address of a subnet's pools that nobody has.
    pub(crate) fn free_address(&self, subnet: Uuid) -> Option<FixedIp> {
        let row = self.subnets.get(&subnet)?;
        let taken = self.taken(subnet);
        for (first, last) in &row.pools {
            let mut address = *first;
            while number(address) <= number(*last) {
                if !taken.contains(&address) {
                    return Some(FixedIp { subnet, address });
                }
                address = next(address);
            }
        }
        None
    }

    /// The addresses that a port on a network gets unasked: one of each version, and one in each
    /// subnet in which they make themselves. None when there is none left.
    pub(crate) fn free_addresses(&self, network: Uuid) -> Option<Vec<FixedIp>> {
        let Some(row) = self.networks.get(&network) else {
            return Some(Vec::new());
        };
        let subnets: Vec<&Subnet> = row
            .subnets
            .iter()
            .filter_map(|id| self.subnets.get(id))
            .collect();
        let mut found = Vec::new();
        for version in [4, 6] {
            let of_version = || subnets.iter().filter(|row| row.ip_version == version);
            let mut chosen = of_version().filter(|row| !row.is_automatic()).peekable();
            if chosen.peek().is_some() {
                found.push(chosen.find_map(|row| self.free_address(row.id))?);
            }
            let automatic = of_version().filter(|row| row.is_automatic());
            found.extend(automatic.filter_map(|row| self.free_address(row.id)));
        }
        Some(found)
    }

    /// Whether the row of a network is used by anything but what the service made for it.
    pub(crate) fn users_of(&self, network: Uuid) -> impl Iterator<Item = &Port> {
        let ports = self.ports.values();
        ports.filter(move |port| port.network == network && &*port.device_owner != "network:dhcp")
    }

    /// The default security group of a project, made when it is not there yet.
    pub(crate) fn default_group(
        &mut self,
        dice: &mut Dice,
        now: DateTime<Utc>,
        project: Key,
    ) -> Uuid {
        let groups = self.security_groups.values();
        let mut own = groups.filter(|row| row.standard.project == Some(project));
        if let Some(row) = own.find(|row| row.name == "default") {
            return row.id;
        }
        let id = dice.uuid();
        let mut rules = self.first_rules(dice, now);
        for is_ipv6 in [false, true] {
            let mut rule = self.new_rule(dice, now);
            rule.is_ingress = true;
            rule.is_ipv6 = is_ipv6;
            rule.remote_group = Some(id);
            rules.push(rule);
        }
        let mut standard = Standard::new(Some(project), now);
        "Default security group".clone_into(&mut standard.description);
        let group = super::SecurityGroup {
            id,
            name: "default".to_owned(),
            standard,
            is_stateful: true,
            rules,
        };
        self.security_groups.insert(id, group);
        id
    }

    /// What every group begins with: all may go out.
    pub(crate) fn first_rules(
        &mut self,
        dice: &mut Dice,
        now: DateTime<Utc>,
    ) -> Vec<super::SecurityGroupRule> {
        let mut rules = Vec::new();
        for is_ipv6 in [false, true] {
            let mut rule = self.new_rule(dice, now);
            rule.is_ipv6 = is_ipv6;
            rules.push(rule);
        }
        rules
    }

    /// A rule that lets all go out by IPv4.
    pub(crate) fn new_rule(
        &mut self,
        dice: &mut Dice,
        now: DateTime<Utc>,
    ) -> super::SecurityGroupRule {
        self.rules_made += 1;
        super::SecurityGroupRule {
            id: dice.uuid(),
            number: self.rules_made,
            description: None,
            created: now,
            is_ingress: false,
            is_ipv6: false,
            protocol: None,
            ports: (None, None),
            remote_cidr: None,
            remote_group: None,
        }
    }
}

/// An address of a card that Neutron makes.
pub(crate) fn mac(dice: &mut Dice) -> String {
    let (one, two, three) = (dice.hex(2), dice.hex(2), dice.hex(2));
    format!("fa:16:3e:{one}:{two}:{three}")
}
