//! Neutron's agents.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Maker;
use crate::world::Shared;
use crate::world::network::Agent;

impl Maker<'_> {
    /// The agents of the hypervisors and of two network nodes. The agents of a host that fell
    /// silent did so too.
    pub(in crate::world::generate) fn network_agents(&mut self) {
        let services = self.region.compute.services.values();
        let hosts: Vec<_> = services
            .filter(|service| service.binary == "nova-compute")
            .map(|service| (service.host.clone(), service.silent_since))
            .collect();
        for (host, silent_since) in hosts {
            self.agent(
                "Open vSwitch agent",
                "neutron-openvswitch-agent",
                &host,
                silent_since,
            );
        }
        for number in 1..=2 {
            let host = Shared::from(format!("network-{number}"));
            for (kind, binary) in [
                ("Open vSwitch agent", "neutron-openvswitch-agent"),
                ("L3 agent", "neutron-l3-agent"),
                ("DHCP agent", "neutron-dhcp-agent"),
                ("Metadata agent", "neutron-metadata-agent"),
            ] {
                self.agent(kind, binary, &host, None);
            }
        }
    }

    fn agent(
        &mut self,
        agent_type: &'static str,
        binary: &'static str,
        host: &Shared,
        silent_since: Option<DateTime<Utc>>,
    ) {
        let id = self.id();
        let (topic, has_zone, configurations) = match agent_type {
            "L3 agent" => (
                "l3_agent",
                true,
                json!({
                    "agent_mode": "legacy", "ex_gw_ports": 1, "extensions": [], "floating_ips": 0,
                    "handle_internal_only_routers": true, "interface_driver": "openvswitch",
                    "interfaces": 1, "log_agent_heartbeats": false, "routers": 1,
                }),
            ),
            "DHCP agent" => (
                "dhcp_agent",
                true,
                json!({
                    "dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq", "dhcp_lease_duration": 86400,
                    "log_agent_heartbeats": false, "networks": 1, "ports": 1, "subnets": 1,
                }),
            ),
            "Metadata agent" => (
                "N/A",
                false,
                json!({
                    "log_agent_heartbeats": false, "metadata_proxy_socket": "/var/lib/neutron/metadata_proxy",
                    "nova_metadata_host": "127.0.0.1", "nova_metadata_port": 8775,
                }),
            ),
            _ => (
                "N/A",
                false,
                json!({
                    "bridge_mappings": {"physnet1": "br-ex"}, "datapath_type": "system", "devices": 0,
                    "integration_bridge": "br-int", "l2_population": false, "ovs_hybrid_plug": false,
                    "tunnel_types": ["vxlan"], "tunneling_ip": "10.0.0.1",
                }),
            ),
        };
        let started = self.past(90);
        let agent = Agent {
            id,
            agent_type,
            binary,
            topic,
            host: host.clone(),
            zone: has_zone.then(|| self.zone(0)),
            is_up: true,
            started,
            created: started,
            silent_since,
            configurations,
            description: None,
        };
        self.region.network.agents.insert(id, agent);
    }
}
