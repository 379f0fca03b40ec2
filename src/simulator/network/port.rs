//! Ports.

pub(super) mod write;

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Filter, Kind, checked, filter, key};
use super::listing::{Noun, Row, of_table};
use super::{Absent, Asker, DNS_DOMAIN, Owner};
use crate::clock::{Written, zulu};
use crate::world::id::read_uuid;
use crate::world::network::{FixedIp, Port};

#[derive(Serialize)]
struct View<'w> {
    id: Uuid,
    name: &'w str,
    network_id: Uuid,
    tenant_id: Owner,
    mac_address: &'w str,
    admin_state_up: bool,
    status: &'static str,
    device_id: &'w str,
    device_owner: &'w str,
    fixed_ips: FixedIps<'w>,
    allowed_address_pairs: Vec<AddressPair<'w>>,
    extra_dhcp_opts: [&'static str; 0],
    security_groups: &'w [Uuid],
    description: &'w str,
    #[serde(rename = "binding:vnic_type")]
    vnic_type: &'static str,
    #[serde(rename = "binding:profile", skip_serializing_if = "Option::is_none")]
    profile: Option<Empty>,
    #[serde(rename = "binding:host_id", skip_serializing_if = "Option::is_none")]
    host: Option<&'w str>,
    #[serde(rename = "binding:vif_type", skip_serializing_if = "Option::is_none")]
    vif_type: Option<&'static str>,
    #[serde(
        rename = "binding:vif_details",
        skip_serializing_if = "Option::is_none"
    )]
    vif_details: Option<Details>,
    port_security_enabled: bool,
    qos_policy_id: Absent,
    qos_network_policy_id: Absent,
    dns_name: &'w str,
    dns_assignment: Vec<Assignment<'w>>,
    dns_domain: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_request: Option<Absent>,
    tags: &'w [String],
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
    project_id: Owner,
}

#[derive(Serialize)]
struct Empty {}

/// The addresses of a port, a router's gateway.
pub(super) struct FixedIps<'w>(pub(super) &'w [FixedIp]);

impl Serialize for FixedIps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct View {
            subnet_id: Uuid,
            ip_address: IpAddr,
        }
        serializer.collect_seq(self.0.iter().map(|ip| View {
            subnet_id: ip.subnet,
            ip_address: ip.address,
        }))
    }
}

#[derive(Serialize)]
struct AddressPair<'w> {
    mac_address: &'w str,
    ip_address: &'w str,
}

/// How a port is plugged; nothing is told of one that is not.
#[derive(Serialize)]
#[serde(untagged)]
enum Details {
    Plugged {
        connectivity: &'static str,
        port_filter: bool,
        ovs_hybrid_plug: bool,
        datapath_type: &'static str,
        bridge_name: &'static str,
        bound_drivers: Drivers,
    },
    Unplugged {},
}

#[derive(Serialize)]
struct Drivers {
    #[serde(rename = "0")]
    first: &'static str,
}

impl Details {
    fn of(port: &Port) -> Self {
        if port.vif_type != "ovs" {
            return Self::Unplugged {};
        }
        Self::Plugged {
            connectivity: "l2",
            port_filter: true,
            ovs_hybrid_plug: false,
            datapath_type: "system",
            bridge_name: "br-int",
            bound_drivers: Drivers {
                first: "openvswitch",
            },
        }
    }
}

#[derive(Serialize)]
struct Assignment<'w> {
    ip_address: IpAddr,
    hostname: HostName<'w>,
    fqdn: HostName<'w>,
}

impl<'w> Assignment<'w> {
    fn new(name: &'w str, address: IpAddr) -> Self {
        let hostname = |domain| HostName {
            name,
            address,
            domain,
        };
        Self {
            ip_address: address,
            hostname: hostname(""),
            fqdn: hostname(DNS_DOMAIN),
        }
    }
}

/// The name that an address has: of its own, or made of the address.
struct HostName<'w> {
    name: &'w str,
    address: IpAddr,
    domain: &'static str,
}

impl fmt::Display for HostName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            let address = self.address.to_string().replace(['.', ':'], "-");
            write!(formatter, "host-{address}")?;
        } else {
            formatter.write_str(self.name)?;
        }
        if self.domain.is_empty() {
            return Ok(());
        }
        write!(formatter, ".{}", self.domain)
    }
}

impl Serialize for HostName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'w> Row<'w> for &'w Port {
    const NOUN: Noun = Noun {
        collection: "ports",
        member: "port",
        missing: "PortNotFound",
        says: ("Port ", " could not be found."),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("name", Kind::Text),
        key("network_id", Kind::Id),
        key("device_id", Kind::Text),
        key("device_owner", Kind::Text),
        key("mac_address", Kind::Text),
        key("admin_state_up", Kind::Flag),
        key("status", Kind::Text),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("fixed_ips", Kind::Pair),
        filter("security_groups", Kind::Id),
        filter("binding:host_id", Kind::Text),
        filter("binding:vif_type", Kind::Text),
        filter("description", Kind::Text),
        filter("revision_number", Kind::Loose),
        checked("allowed_address_pairs", Kind::Pair),
        checked("port_security_enabled", Kind::Flag),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];

    of_table!(ports);

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        match name {
            "id" => Cell::Id(self.id),
            "name" => Cell::text(&self.name),
            "network_id" => Cell::Id(self.network),
            "device_id" => Cell::text(&self.device_id),
            "device_owner" => Cell::text(&self.device_owner),
            "mac_address" => Cell::text(&self.mac),
            "admin_state_up" => Cell::Flag(self.is_up),
            "status" => Cell::text(self.status),
            "binding:host_id" => Cell::text(self.host.as_deref().unwrap_or_default()),
            "binding:vif_type" => Cell::text(self.vif_type),
            name => Cell::standard(&self.standard, name),
        }
    }

    /// The owner of a network sees all that is connected to it.
    fn is_visible(self, asker: &Asker<'w>) -> bool {
        if asker.may_see(&self.standard) {
            return true;
        }
        let network = asker.network.networks.get(&self.network);
        network.is_some_and(|network| asker.owns(&network.standard))
    }

    fn meets(self, asker: &Asker<'w>, filter: &Filter<'_>) -> bool {
        match filter.name {
            "fixed_ips" => has_address(&self.fixed_ips, &filter.pairs),
            "security_groups" => {
                let mut groups = self.security_groups.iter();
                groups.any(|group| filter.wanted.contains(&Cell::Id(*group)))
            }
            name => filter.wanted.contains(&self.cell(asker, name)),
        }
    }

    fn view(self, asker: &Asker<'w>) -> impl Serialize {
        let standard = &self.standard;
        let for_admin = asker.is_admin;
        let pairs = self.allowed_addresses.iter();
        let addresses = self.fixed_ips.iter();
        View {
            id: self.id,
            name: &self.name,
            network_id: self.network,
            tenant_id: Owner::of(standard),
            mac_address: &self.mac,
            admin_state_up: self.is_up,
            status: self.status,
            device_id: &self.device_id,
            device_owner: &self.device_owner,
            fixed_ips: FixedIps(&self.fixed_ips),
            allowed_address_pairs: pairs
                .map(|pair| AddressPair {
                    mac_address: pair.mac.as_ref().unwrap_or(&self.mac),
                    ip_address: &pair.address,
                })
                .collect(),
            extra_dhcp_opts: [],
            security_groups: &self.security_groups,
            description: &standard.description,
            vnic_type: "normal",
            profile: for_admin.then_some(Empty {}),
            host: for_admin.then(|| self.host.as_deref().unwrap_or_default()),
            vif_type: for_admin.then_some(self.vif_type),
            vif_details: for_admin.then(|| Details::of(self)),
            port_security_enabled: self.has_port_security,
            qos_policy_id: None,
            qos_network_policy_id: None,
            dns_name: &self.dns_name,
            dns_assignment: addresses
                .map(|ip| Assignment::new(&self.dns_name, ip.address))
                .collect(),
            dns_domain: "",
            resource_request: for_admin.then_some(None),
            tags: &standard.tags,
            created_at: zulu(standard.created),
            updated_at: zulu(standard.updated),
            revision_number: standard.revision,
            project_id: Owner::of(standard),
        }
    }
}

/// Whether one of a port's addresses is as wanted: in one of the subnets, one of the addresses,
/// with one of the parts. What else is asked for is passed over.
fn has_address(ips: &[FixedIp], pairs: &[(&str, &str)]) -> bool {
    let of = |name: &'static str| {
        let pairs = pairs.iter().filter(move |(is, _)| *is == name);
        pairs.map(|(_, value)| *value)
    };
    let asks = |name| of(name).next().is_some();
    let (by_subnet, by_address) = (asks("subnet_id"), asks("ip_address"));
    let by_part = asks("ip_address_substr");
    if !by_subnet && !by_address && !by_part {
        return true;
    }
    ips.iter().any(|ip| {
        (!by_subnet || of("subnet_id").any(|id| read_uuid(id) == Some(ip.subnet)))
            && (!by_address || of("ip_address").any(|text| text.parse() == Ok(ip.address)))
            && (!by_part || {
                let address = ip.address.to_string();
                of("ip_address_substr").any(|part| address.contains(part))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_by_subnet_whole_and_part() {
        let subnet = Uuid::from_u128(7);
        let ips = [FixedIp {
            subnet,
            address: IpAddr::from([10, 1, 0, 9]),
        }];
        let id = subnet.to_string();
        assert!(has_address(
            &ips,
            &[("subnet_id", "bogus"), ("subnet_id", &id)]
        ));
        assert!(has_address(
            &ips,
            &[("subnet_id", &id), ("ip_address", "10.1.0.9")]
        ));
        assert!(!has_address(
            &ips,
            &[("subnet_id", &id), ("ip_address", "10.1.0.8")]
        ));
        assert!(has_address(&ips, &[("ip_address_substr", "1.0.")]));
        assert!(has_address(&ips, &[("bogus", "1")]));
    }

    #[test]
    fn an_address_without_a_name_gets_one() {
        let text = |name, address: &str| {
            let assignment = Assignment::new(name, address.parse().unwrap());
            (assignment.hostname.to_string(), assignment.fqdn.to_string())
        };
        assert_eq!(text("", "10.0.0.9").0, "host-10-0-0-9");
        assert_eq!(text("", "fd00::9").0, "host-fd00--9");
        assert_eq!(text("web", "10.0.0.9").1, "web.cloud.example.");
    }
}
