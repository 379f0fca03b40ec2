//! Floating IPs.

pub(super) mod write;

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, checked, filter, key};
use super::listing::{Noun, Row, find, of_table};
use super::{Absent, Asker, Owner};
use crate::clock::{Written, zulu};
use crate::reply::{Answer, Reply};
use crate::world::network::FloatingIp;

#[derive(Serialize)]
struct View<'w> {
    id: Uuid,
    tenant_id: Owner,
    floating_ip_address: IpAddr,
    floating_network_id: Uuid,
    router_id: Option<Uuid>,
    port_id: Option<Uuid>,
    fixed_ip_address: Option<IpAddr>,
    status: &'static str,
    description: &'w str,
    qos_policy_id: Absent,
    port_details: Option<PortDetails<'w>>,
    dns_domain: &'w str,
    dns_name: &'w str,
    port_forwardings: [Absent; 0],
    tags: &'w [String],
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
    project_id: Owner,
}

#[derive(Serialize)]
struct PortDetails<'w> {
    name: &'w str,
    network_id: Uuid,
    mac_address: &'w str,
    admin_state_up: bool,
    status: &'static str,
    device_id: &'w str,
    device_owner: &'w str,
}

impl<'w> Row<'w> for &'w FloatingIp {
    const NOUN: Noun = Noun {
        collection: "floatingips",
        member: "floatingip",
        missing: "FloatingIPNotFound",
        says: ("Floating IP ", " could not be found"),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("floating_ip_address", Kind::Address),
        key("floating_network_id", Kind::Id),
        key("fixed_ip_address", Kind::Address),
        key("router_id", Kind::Id),
        key("status", Kind::Text),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("port_id", Kind::Id),
        filter("description", Kind::Text),
        filter("revision_number", Kind::Loose),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];

    of_table!(floating_ips);

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        match name {
            "id" => Cell::Id(self.id),
            "floating_ip_address" => Cell::address(Some(self.address)),
            "floating_network_id" => Cell::Id(self.network),
            "fixed_ip_address" => Cell::address(self.fixed_address),
            "router_id" => Cell::id(self.router),
            "port_id" => Cell::id(self.port),
            "status" => Cell::text(self.status),
            name => Cell::standard(&self.standard, name),
        }
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        asker.may_see(&self.standard)
    }

    fn view(self, asker: &Asker<'w>) -> impl Serialize {
        let standard = &self.standard;
        let port = self.port.and_then(|id| asker.network.ports.get(&id));
        View {
            id: self.id,
            tenant_id: Owner::of(standard),
            floating_ip_address: self.address,
            floating_network_id: self.network,
            router_id: self.router,
            port_id: self.port,
            fixed_ip_address: self.fixed_address,
            status: self.status,
            description: &standard.description,
            qos_policy_id: None,
            port_details: port.map(|port| PortDetails {
                name: &port.name,
                network_id: port.network,
                mac_address: &port.mac,
                admin_state_up: port.is_up,
                status: port.status,
                device_id: &port.device_id,
                device_owner: &port.device_owner,
            }),
            dns_domain: &self.dns_domain,
            dns_name: &self.dns_name,
            port_forwardings: [],
            tags: &standard.tags,
            created_at: zulu(standard.created),
            updated_at: zulu(standard.updated),
            revision_number: standard.revision,
            project_id: Owner::of(standard),
        }
    }
}

/// There are none.
pub(super) fn forwardings(asker: &Asker<'_>, id: &str) -> Answer {
    find::<&FloatingIp>(asker, id)?;
    Ok(Reply::ok(&json!({"port_forwardings": []})))
}

/// The subnets that floating IPs are taken of, as if they were the caller's.
pub(super) fn pools(asker: &Asker<'_>) -> Reply {
    let subnets = asker.network.subnets.values();
    let external = subnets.filter(|subnet| {
        let network = asker.network.networks.get(&subnet.network);
        network.is_some_and(|network| network.is_external && network.is_visible(asker))
    });
    let rows: Vec<Value> = external
        .map(|subnet| {
            json!({
                "subnet_id": subnet.id,
                "subnet_name": subnet.name,
                "network_id": subnet.network,
                "cidr": subnet.cidr,
                "tenant_id": asker.project,
                "project_id": asker.project,
            })
        })
        .collect();
    Reply::ok(&json!({"floatingip_pools": rows}))
}
