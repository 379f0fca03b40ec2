//! Networks, routers, security groups, and ports.

mod agent;
mod floating_ip;
mod prefix;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::prefix::Prefix;
use super::Maker;
use crate::world::network::{
    AllowedAddress, FixedIp, Gateway, NetworkQuota, NetworkRow, Port, RbacPolicy, Router,
    SecurityGroup, SecurityGroupRule, Standard, Subnet,
};
use crate::world::{Key, Shared};

/// The ways into a project's servers.
pub(super) struct Places {
    external: Uuid,
    external_subnet: Uuid,
    /// In the order of the tenants.
    pub(super) tenants: Vec<Place>,
}

pub(super) struct Place {
    pub(super) networks: Vec<Uuid>,
    /// The default one first.
    pub(super) security_groups: Vec<Uuid>,
    router: Uuid,
}

/// What a port is made of.
pub(super) struct PortOf<'a> {
    pub(super) network: Uuid,
    pub(super) project: Option<Key>,
    pub(super) device_id: String,
    pub(super) device_owner: &'a Shared,
    pub(super) host: Option<&'a Shared>,
    pub(super) security_groups: Vec<Uuid>,
    pub(super) dns_name: String,
    pub(super) created: DateTime<Utc>,
}

impl Maker<'_> {
    pub(super) fn networks(&mut self) -> Places {
        let tenants = self.tenants;
        let created = self.now - TimeDelta::days(800);
        let external = self.network("public", Some(tenants[0].project), created, true);
        self.policy(tenants[0].project, external, "access_as_external");
        let external_subnet = self.subnet(
            external,
            "public-v4",
            Some(tenants[0].project),
            4,
            0,
            created,
        );
        let mut places = Places {
            external,
            external_subnet,
            tenants: Vec::new(),
        };
        for (number, tenant) in tenants.iter().enumerate() {
            let place = self.place(number, tenant.project, &tenant.name, &places);
            places.tenants.push(place);
        }
        self.shared_network(tenants[0].project, created);
        // One that is used up: networks of the second project, nearly.
        if let Some(tenant) = tenants.get(2) {
            let limit = NetworkQuota {
                floating_ip: 6,
                network: 2,
                ..NetworkQuota::default()
            };
            self.region.network.quotas.insert(tenant.project, limit);
        }
        places
    }

    fn place(&mut self, number: usize, project: Key, name: &str, places: &Places) -> Place {
        let created = self.past(700);
        let security_groups = vec![
            self.security_group("default", project, created),
            self.security_group("web", project, created),
        ];
        let mut networks = Vec::new();
        let router = self.id();
        // Every fourth project has a second network, every third one IPv6.
        for which in 0..=usize::from(number % 4 == 1) {
            let suffix = if which == 0 { "net" } else { "storage" };
            let network = self.network(&format!("{name}-{suffix}"), Some(project), created, false);
            let octet = number * 2 + which;
            let subnet = self.subnet(
                network,
                &format!("{name}-{suffix}-v4"),
                Some(project),
                4,
                octet,
                created,
            );
            if number % 3 == 1 && which == 0 {
                self.subnet(
                    network,
                    &format!("{name}-{suffix}-v6"),
                    Some(project),
                    6,
                    octet,
                    created,
                );
            }
            self.dhcp_port(network, project, created);
            if which == 0 {
                self.router_port(router, subnet, network, project, created);
            }
            networks.push(network);
        }
        self.router(router, &format!("{name}-router"), project, places, created);
        Place {
            networks,
            security_groups,
            router,
        }
    }

    fn standard(project: Option<Key>, created: DateTime<Utc>) -> Standard {
        Standard {
            project,
            description: String::new(),
            created,
            updated: created,
            revision: 2,
            tags: Vec::new(),
        }
    }

    fn network(
        &mut self,
        name: &str,
        project: Option<Key>,
        created: DateTime<Utc>,
        is_external: bool,
    ) -> Uuid {
        let id = self.id();
        let count = self.region.network.networks.len();
        let row = NetworkRow {
            id,
            name: name.to_owned(),
            standard: Self::standard(project, created),
            is_up: true,
            is_external,
            is_shared: false,
            is_default: is_external,
            mtu: if is_external { 1500 } else { 1450 },
            network_type: if is_external { "flat" } else { "vxlan" },
            physical_network: is_external.then(|| Shared::from("physnet1")),
            segmentation_id: (!is_external).then_some(u32::try_from(1000 + count).unwrap_or(1000)),
            subnets: Vec::new(),
            zones: vec![self.zone(0)],
            has_port_security: true,
        };
        self.region.network.networks.insert(id, row);
        id
    }

    fn subnet(
        &mut self,
        network: Uuid,
        name: &str,
        project: Option<Key>,
        ip_version: u8,
        octet: usize,
        created: DateTime<Utc>,
    ) -> Uuid {
        let id = self.id();
        let is_external = network == self.region.network.networks[0].id;
        let prefix = Prefix::of(is_external, ip_version, octet);
        let row = Subnet {
            id,
            name: name.to_owned(),
            standard: Self::standard(project, created),
            network,
            ip_version,
            cidr: prefix.cidr(),
            gateway: Some(prefix.address(1)),
            pools: vec![(prefix.address(2), prefix.last())],
            dns_nameservers: if ip_version == 4 {
                vec![IpAddr::from([9, 9, 9, 9])]
            } else {
                Vec::new()
            },
            host_routes: Vec::new(),
            has_dhcp: !is_external,
            ipv6_mode: (ip_version == 6).then_some("slaac"),
            given: 0,
        };
        self.region.network.subnets.insert(id, row);
        if let Some(network) = self.region.network.networks.get_mut(&network) {
            network.subnets.push(id);
        }
        id
    }

    /// The next free address of a subnet.
    fn address(&mut self, subnet: Uuid) -> Option<FixedIp> {
        let row = self.region.network.subnets.get_mut(&subnet)?;
        row.given += 1;
        let (first, _) = row.pools.first()?;
        let address = match first {
            IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from(u32::from(*first) + row.given - 1)),
            IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from(
                u128::from(*first) + u128::from(row.given) - 1,
            )),
        };
        Some(FixedIp { subnet, address })
    }

    /// Makes a port with an address in each of its network's subnets.
    pub(super) fn port(&mut self, of: PortOf<'_>) -> Uuid {
        let id = self.id();
        let subnets = self
            .region
            .network
            .networks
            .get(&of.network)
            .map(|row| row.subnets.clone());
        let fixed_ips = subnets.unwrap_or_default().into_iter();
        let fixed_ips = fixed_ips
            .filter_map(|subnet| self.address(subnet))
            .collect();
        let is_bound = of.host.is_some();
        let port = Port {
            id,
            name: String::new(),
            standard: Self::standard(of.project, of.created),
            network: of.network,
            mac: format!(
                "fa:16:3e:{}:{}:{}",
                self.dice.hex(2),
                self.dice.hex(2),
                self.dice.hex(2)
            ),
            fixed_ips,
            device_id: of.device_id,
            device_owner: of.device_owner.clone(),
            is_up: true,
            status: if is_bound { "ACTIVE" } else { "DOWN" },
            host: of.host.cloned(),
            vif_type: if is_bound { "ovs" } else { "unbound" },
            has_port_security: !of.security_groups.is_empty(),
            security_groups: of.security_groups,
            dns_name: of.dns_name,
            allowed_addresses: Vec::new(),
        };
        self.region.network.ports.insert(id, port);
        id
    }

    fn dhcp_port(&mut self, network: Uuid, project: Key, created: DateTime<Utc>) {
        let device_id = format!("dhcp{}-{network}", Uuid::nil());
        self.port(PortOf {
            network,
            project: Some(project),
            device_id,
            device_owner: &Shared::from("network:dhcp"),
            host: Some(&Shared::from("network-1")),
            security_groups: Vec::new(),
            dns_name: String::new(),
            created,
        });
    }

    fn router_port(
        &mut self,
        router: Uuid,
        subnet: Uuid,
        network: Uuid,
        project: Key,
        created: DateTime<Utc>,
    ) {
        let id = self.port(PortOf {
            network,
            project: Some(project),
            device_id: router.to_string(),
            device_owner: &Shared::from("network:router_interface"),
            host: Some(&Shared::from("network-1")),
            security_groups: Vec::new(),
            dns_name: String::new(),
            created,
        });
        // The router is the gateway.
        let gateway = self
            .region
            .network
            .subnets
            .get(&subnet)
            .and_then(|subnet| subnet.gateway);
        if let (Some(port), Some(address)) = (self.region.network.ports.get_mut(&id), gateway) {
            port.fixed_ips = vec![FixedIp { subnet, address }];
        }
    }

    fn router(
        &mut self,
        id: Uuid,
        name: &str,
        project: Key,
        places: &Places,
        created: DateTime<Utc>,
    ) {
        let port = self.port(PortOf {
            network: places.external,
            project: None,
            device_id: id.to_string(),
            device_owner: &Shared::from("network:router_gateway"),
            host: Some(&Shared::from("network-1")),
            security_groups: Vec::new(),
            dns_name: String::new(),
            created,
        });
        let fixed_ips = self
            .region
            .network
            .ports
            .get(&port)
            .map(|port| port.fixed_ips.clone());
        let router = Router {
            id,
            name: name.to_owned(),
            standard: Self::standard(Some(project), created),
            is_up: true,
            status: "ACTIVE",
            gateway: Some(Gateway {
                network: places.external,
                has_snat: true,
                fixed_ips: fixed_ips.unwrap_or_default(),
            }),
            is_ha: false,
            is_distributed: false,
            zones: vec![self.zone(0)],
            routes: Vec::new(),
        };
        self.region.network.routers.insert(id, router);
    }

    fn security_group(&mut self, name: &str, project: Key, created: DateTime<Utc>) -> Uuid {
        let id = self.id();
        let mut rules = Vec::new();
        for is_ipv6 in [false, true] {
            rules.push(self.rule(false, is_ipv6, created));
        }
        if name == "default" {
            for is_ipv6 in [false, true] {
                let rule = self.rule(true, is_ipv6, created);
                rules.push(SecurityGroupRule {
                    remote_group: Some(id),
                    ..rule
                });
            }
        } else {
            for port in [22, 80, 443] {
                let rule = self.rule(true, false, created);
                rules.push(SecurityGroupRule {
                    protocol: Some(Shared::from("tcp")),
                    ports: (Some(port), Some(port)),
                    remote_cidr: Some("0.0.0.0/0".to_owned()),
                    description: Some(String::new()),
                    ..rule
                });
            }
            let rule = self.rule(true, false, created);
            rules.push(SecurityGroupRule {
                protocol: Some(Shared::from("icmp")),
                description: Some(String::new()),
                ..rule
            });
        }
        let mut standard = Self::standard(Some(project), created);
        let of_default = if name == "default" {
            "Default security group"
        } else {
            "SSH and the web"
        };
        of_default.clone_into(&mut standard.description);
        let group = SecurityGroup {
            id,
            name: name.to_owned(),
            standard,
            is_stateful: true,
            rules,
        };
        self.region.network.security_groups.insert(id, group);
        id
    }

    fn rule(
        &mut self,
        is_ingress: bool,
        is_ipv6: bool,
        created: DateTime<Utc>,
    ) -> SecurityGroupRule {
        self.region.network.rules_made += 1;
        SecurityGroupRule {
            id: self.id(),
            number: self.region.network.rules_made,
            description: None,
            created,
            is_ingress,
            is_ipv6,
            protocol: None,
            ports: (None, None),
            remote_cidr: None,
            remote_group: None,
        }
    }

    /// What only some of them have.
    pub(super) fn network_details(&mut self) {
        let network = &mut self.region.network;
        for row in network.networks.values_mut().step_by(5) {
            row.standard.tags = vec!["production".to_owned(), "reviewed".to_owned()];
        }
        // A way around, in one subnet of eight.
        for row in network.subnets.values_mut().skip(1).step_by(8) {
            if let Some(gateway) = row.gateway.filter(IpAddr::is_ipv4) {
                row.host_routes = vec![("192.0.2.0/24".to_owned(), gateway)];
            }
        }
        let servers = network.ports.values_mut();
        let servers = servers.filter(|port| port.device_owner.starts_with("compute:"));
        for (place, port) in servers.enumerate() {
            if place % 12 == 0 {
                port.name = format!("{}-port", port.dns_name);
                "Reserved by hand".clone_into(&mut port.standard.description);
            }
            // The virtual address of a pair.
            if let (true, Some(IpAddr::V4(own))) =
                (place % 25 == 3, port.fixed_ips.first().map(|ip| ip.address))
            {
                let [first, second, ..] = own.octets();
                port.allowed_addresses = vec![AllowedAddress {
                    address: IpAddr::from([first, second, 255, 250]).to_string(),
                    mac: None,
                }];
            }
        }
        for row in network.floating_ips.values_mut().step_by(4) {
            "Known to customers".clone_into(&mut row.standard.description);
        }
    }

    /// A network that all projects may use.
    fn shared_network(&mut self, project: Key, created: DateTime<Utc>) {
        let id = self.network("shared-services", Some(project), created, false);
        self.subnet(id, "shared-services-v4", Some(project), 4, 249, created);
        if let Some(row) = self.region.network.networks.get_mut(&id) {
            row.is_shared = true;
        }
        self.policy(project, id, "access_as_shared");
    }

    fn policy(&mut self, project: Key, object: Uuid, action: &'static str) {
        let policy = RbacPolicy {
            id: self.id(),
            project,
            object_type: "network",
            object,
            action,
        };
        self.region.network.rbac_policies.insert(policy.id, policy);
    }
}
