//! Networks, and what is connected to them.

pub(crate) mod change;
pub(crate) mod cidr;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Key, Shared, Table};

/// Neutron's state.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) networks: Table<NetworkRow>,
    pub(crate) subnets: Table<Subnet>,
    pub(crate) ports: Table<Port>,
    pub(crate) routers: Table<Router>,
    pub(crate) floating_ips: Table<FloatingIp>,
    pub(crate) security_groups: Table<SecurityGroup>,
    pub(crate) agents: Table<Agent>,
    pub(crate) rbac_policies: Table<RbacPolicy>,
    /// What differs from the default, by project.
    pub(crate) quotas: BTreeMap<Key, NetworkQuota>,
    /// How many rules were ever made.
    pub(crate) rules_made: u32,
    /// The floating IPs of ports: to be asked, not kept, see [`Network::floating_ips_of`].
    pub(crate) floating_ips_by_port: HashMap<Uuid, Vec<Uuid>>,
}

/// What most of Neutron's rows have.
#[derive(Clone)]
pub(crate) struct Standard {
    /// None where there was no project: a router's gateway port.
    pub(crate) project: Option<Key>,
    pub(crate) description: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) revision: u32,
    pub(crate) tags: Vec<String>,
}

pub(crate) struct NetworkRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) standard: Standard,
    pub(crate) is_up: bool,
    pub(crate) is_external: bool,
    pub(crate) is_shared: bool,
    pub(crate) is_default: bool,
    pub(crate) mtu: u32,
    pub(crate) network_type: &'static str,
    pub(crate) physical_network: Option<Shared>,
    pub(crate) segmentation_id: Option<u32>,
    pub(crate) subnets: Vec<Uuid>,
    pub(crate) zones: Vec<Shared>,
    pub(crate) has_port_security: bool,
}

pub(crate) struct Subnet {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) standard: Standard,
    pub(crate) network: Uuid,
    pub(crate) ip_version: u8,
    pub(crate) cidr: String,
    pub(crate) gateway: Option<IpAddr>,
    pub(crate) pools: Vec<(IpAddr, IpAddr)>,
    pub(crate) dns_nameservers: Vec<IpAddr>,
    /// Destination and next hop.
    pub(crate) host_routes: Vec<(String, IpAddr)>,
    pub(crate) has_dhcp: bool,
    /// `slaac`, for IPv6.
    pub(crate) ipv6_mode: Option<&'static str>,
    /// How many of its addresses were given out; the next one is behind them.
    pub(crate) given: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct FixedIp {
    pub(crate) subnet: Uuid,
    pub(crate) address: IpAddr,
}

pub(crate) struct Port {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) standard: Standard,
    pub(crate) network: Uuid,
    pub(crate) mac: String,
    pub(crate) fixed_ips: Vec<FixedIp>,
    /// A server, a router, an agent's `dhcp…`; empty for none.
    pub(crate) device_id: String,
    /// `compute:az-1`, `network:dhcp`, `network:router_interface`, `network:router_gateway`,
    /// `network:floatingip`; empty for none.
    pub(crate) device_owner: Shared,
    pub(crate) is_up: bool,
    /// ACTIVE, DOWN, BUILD, N/A.
    pub(crate) status: &'static str,
    pub(crate) host: Option<Shared>,
    /// `ovs`, `unbound`, `binding_failed`.
    pub(crate) vif_type: &'static str,
    pub(crate) security_groups: Vec<Uuid>,
    pub(crate) has_port_security: bool,
    pub(crate) dns_name: String,
    /// Addresses beside its own that may be used on it: a virtual one of several servers.
    pub(crate) allowed_addresses: Vec<AllowedAddress>,
}

pub(crate) struct AllowedAddress {
    /// An address, or a block of them.
    pub(crate) address: String,
    /// Its own, where it is none.
    pub(crate) mac: Option<String>,
}

pub(crate) struct Router {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) standard: Standard,
    pub(crate) is_up: bool,
    pub(crate) status: &'static str,
    pub(crate) gateway: Option<Gateway>,
    pub(crate) is_ha: bool,
    pub(crate) is_distributed: bool,
    pub(crate) zones: Vec<Shared>,
    /// Destination and next hop.
    pub(crate) routes: Vec<(String, IpAddr)>,
}

pub(crate) struct Gateway {
    pub(crate) network: Uuid,
    pub(crate) has_snat: bool,
    pub(crate) fixed_ips: Vec<FixedIp>,
}

pub(crate) struct FloatingIp {
    pub(crate) id: Uuid,
    pub(crate) standard: Standard,
    pub(crate) address: IpAddr,
    pub(crate) network: Uuid,
    pub(crate) port: Option<Uuid>,
    pub(crate) fixed_address: Option<IpAddr>,
    pub(crate) router: Option<Uuid>,
    pub(crate) status: &'static str,
    pub(crate) dns_name: String,
    pub(crate) dns_domain: String,
}

pub(crate) struct SecurityGroup {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) standard: Standard,
    pub(crate) is_stateful: bool,
    pub(crate) rules: Vec<SecurityGroupRule>,
}

pub(crate) struct SecurityGroupRule {
    pub(crate) id: Uuid,
    /// Counts up in a region.
    pub(crate) number: u32,
    pub(crate) description: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) is_ingress: bool,
    pub(crate) is_ipv6: bool,
    /// A name, or a number.
    pub(crate) protocol: Option<Shared>,
    /// The first and the last; of ICMP the type and the code.
    pub(crate) ports: (Option<u16>, Option<u16>),
    pub(crate) remote_cidr: Option<String>,
    pub(crate) remote_group: Option<Uuid>,
}

/// That others may use something.
pub(crate) struct RbacPolicy {
    pub(crate) id: Uuid,
    pub(crate) project: Key,
    /// `network`, …
    pub(crate) object_type: &'static str,
    pub(crate) object: Uuid,
    /// `access_as_external`, `access_as_shared`.
    pub(crate) action: &'static str,
}

pub(crate) struct Agent {
    pub(crate) id: Uuid,
    pub(crate) agent_type: &'static str,
    pub(crate) binary: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) host: Shared,
    pub(crate) zone: Option<Shared>,
    pub(crate) is_up: bool,
    pub(crate) started: DateTime<Utc>,
    pub(crate) created: DateTime<Utc>,
    /// When it fell silent; it reports every thirty seconds else.
    pub(crate) silent_since: Option<DateTime<Utc>>,
    pub(crate) configurations: Value,
    pub(crate) description: Option<String>,
}

/// Limits of a project; -1 is none.
#[derive(Clone, Debug)]
pub(crate) struct NetworkQuota {
    pub(crate) network: i64,
    pub(crate) subnet: i64,
    pub(crate) port: i64,
    pub(crate) router: i64,
    pub(crate) floating_ip: i64,
    pub(crate) security_group: i64,
    pub(crate) security_group_rule: i64,
    pub(crate) rbac_policy: i64,
}

impl Default for NetworkQuota {
    fn default() -> Self {
        Self {
            network: 100,
            subnet: 100,
            port: 500,
            router: 10,
            floating_ip: 50,
            security_group: 10,
            security_group_rule: 100,
            rbac_policy: 10,
        }
    }
}

impl Network {
    /// The floating IPs that lead to a port.
    pub(crate) fn floating_ips_of(&self, port: Uuid) -> impl Iterator<Item = &FloatingIp> {
        let ids = self.floating_ips_by_port.get(&port).into_iter().flatten();
        ids.filter_map(|id| self.floating_ips.get(id))
    }

    /// Adds a floating IP, and that its port has it.
    pub(crate) fn add_floating_ip(&mut self, row: FloatingIp) {
        if let Some(port) = row.port {
            self.floating_ips_by_port
                .entry(port)
                .or_default()
                .push(row.id);
        }
        self.floating_ips.insert(row.id, row);
    }

    pub(crate) fn quota(&self, project: Key) -> NetworkQuota {
        self.quotas.get(&project).cloned().unwrap_or_default()
    }
}
