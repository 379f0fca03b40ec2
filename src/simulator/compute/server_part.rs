//! What is beneath a server: its addresses, ports, volumes, metadata, …

use http::StatusCode;
use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::server::address::{addresses, brief, ports};
use super::{Subject, add, conflict, no_such_resource, not_found};
use crate::reply::{Answer, Reply};
use crate::world::compute::{AttachedVolume, PowerState, Server};
use crate::world::network::{Port, SecurityGroup, SecurityGroupRule};

const SLICE: Names = Names {
    names: &[("limit", Kind::Number), ("offset", Kind::Number)],
    once: false,
    closed_from: STRICT,
};
const MIGRATIONS: Names = Names {
    names: &[
        ("hidden", Kind::Any),
        ("host", Kind::Any),
        ("instance_uuid", Kind::Any),
        ("source_compute", Kind::Any),
        ("status", Kind::Any),
        ("migration_type", Kind::Any),
        ("limit", Kind::Number),
        ("marker", Kind::Any),
        ("changes-since", Kind::Time),
        ("changes-before", Kind::Time),
        ("user_id", Kind::Any),
        ("project_id", Kind::Any),
    ],
    once: true,
    closed_from: 59,
};

impl Subject<'_> {
    /// The answer; none where there is no such path.
    pub(super) fn server_part(&self, id: &str, part: &[&str]) -> Option<Answer> {
        Some(match part {
            ["ips"] => self.server_ips(id),
            ["ips", network] => self.server_ips_of(id, network),
            ["metadata"] => self.server_metadata(id),
            ["metadata", key] => self.server_metadatum(id, key),
            ["tags"] => self.server_tags(id),
            ["tags", tag] => self.server_tag(id, tag),
            ["os-interface"] => self.interfaces(id),
            ["os-interface", port] => self.interface(id, port),
            ["os-volume_attachments"] => self.volume_attachments(id),
            ["os-volume_attachments", volume] => self.volume_attachment(id, volume),
            ["os-security-groups"] => self.server_security_groups(id),
            ["os-instance-actions"] => self.server_actions(id),
            ["os-instance-actions", request] => self.server_action(id, request),
            ["migrations"] => self.server_migrations(id),
            ["migrations", migration] => self.server_migration(id, migration),
            ["diagnostics"] => self.diagnostics(id),
            ["topology"] => self.topology(id),
            ["os-server-password"] => self.server_password(id),
            ["shares"] => self.server_shares(id),
            _ => return None,
        })
    }

    fn server_ips(&self, id: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:ips:index")?;
        let addresses = brief(&self.region.network, row);
        Ok(Reply::ok(&json!({"addresses": addresses})))
    }

    fn server_ips_of(&self, id: &str, network: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:ips:show")?;
        let addresses = brief(&self.region.network, row);
        let found = addresses
            .get(network)
            .ok_or_else(|| not_found("Instance is not a member of specified network"))?;
        Ok(Reply::ok(&json!({network: found})))
    }

    fn server_metadata(&self, id: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:server-metadata:index")?;
        Ok(Reply::ok(&json!({"metadata": row.metadata})))
    }

    fn server_metadatum(&self, id: &str, key: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:server-metadata:show")?;
        let value = row
            .metadata
            .get(key)
            .ok_or_else(|| not_found("Metadata item was not found"))?;
        Ok(Reply::ok(&json!({"meta": {key: value}})))
    }

    fn since(&self, minor: u32) -> Result<(), Reply> {
        if self.version.is(minor) {
            return Ok(());
        }
        Err(no_such_resource())
    }

    fn server_tags(&self, id: &str) -> Answer {
        self.since(26)?;
        let row = self.server_of(id, "os_compute_api:os-server-tags:index")?;
        Ok(Reply::ok(&json!({"tags": row.tags})))
    }

    fn server_tag(&self, id: &str, tag: &str) -> Answer {
        self.since(26)?;
        let row = self.server_of(id, "os_compute_api:os-server-tags:show")?;
        if row.tags.iter().any(|is| is == tag) {
            return Ok(Reply::empty(StatusCode::NO_CONTENT));
        }
        Err(not_found(&format!("Server {id} has no tag '{tag}'")))
    }

    fn interfaces(&self, id: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:os-attach-interfaces:list")?;
        let ports = ports(&self.region.network, row);
        let rows: Vec<Value> = ports.map(|port| self.interface_view(port)).collect();
        Ok(Reply::ok(&json!({"interfaceAttachments": rows})))
    }

    pub(super) fn interface(&self, id: &str, port: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:os-attach-interfaces:show")?;
        let found = ports(&self.region.network, row).find(|row| row.id.to_string() == port);
        let found = found.ok_or_else(|| {
            let ports = &self.region.network.ports;
            let is_one =
                crate::world::id::read_uuid(port).is_some_and(|id| ports.contains_key(&id));
            if is_one {
                not_found(&format!(
                    "Instance {id} does not have a port with id {port}"
                ))
            } else {
                not_found(&format!("Port id {port} could not be found."))
            }
        })?;
        let view = self.interface_view(found);
        Ok(Reply::ok(&json!({"interfaceAttachment": view})))
    }

    fn interface_view(&self, port: &Port) -> Value {
        let fixed = port.fixed_ips.iter();
        let fixed: Vec<Value> = fixed
            .map(|ip| json!({"subnet_id": ip.subnet, "ip_address": ip.address}))
            .collect();
        let mut view = json!({
            "net_id": port.network,
            "port_id": port.id,
            "mac_addr": port.mac,
            "port_state": port.status,
            "fixed_ips": fixed,
        });
        add(&mut view, self.version.is(70), "tag", Value::Null);
        view
    }

    fn volume_attachments(&self, id: &str) -> Answer {
        self.check(SLICE)?;
        let row = self.server_of(id, "os_compute_api:os-volumes-attachments:index")?;
        let rows = self.slice(row.volumes.iter().collect());
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|volume| self.attachment_view(row, volume))
            .collect();
        Ok(Reply::ok(&json!({"volumeAttachments": rows})))
    }

    fn volume_attachment(&self, id: &str, volume: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:os-volumes-attachments:show")?;
        let mut volumes = row.volumes.iter();
        let found = volumes.find(|row| row.id.to_string() == volume);
        let found = found.ok_or_else(|| {
            not_found(&format!("Instance {id} is not attached to volume {volume}"))
        })?;
        let view = self.attachment_view(row, found);
        Ok(Reply::ok(&json!({"volumeAttachment": view})))
    }

    fn attachment_view(&self, server: &Server, volume: &AttachedVolume) -> Value {
        let row = self.region.block_storage.volumes.get(&volume.id);
        let attachments = row.map_or(&[][..], |row| &row.attachments).iter();
        let mut attachments = attachments.rev();
        let attachment = attachments.find(|row| row.server == server.id);
        let mut view = json!({"volumeId": volume.id, "serverId": server.id});
        if let Some(attachment) = attachment {
            view["device"] = json!(attachment.device);
        }
        let is = |minor| self.version.is(minor);
        add(&mut view, !is(89), "id", volume.id.to_string());
        add(&mut view, is(70), "tag", Value::Null);
        let with_server = volume.delete_on_termination;
        add(&mut view, is(79), "delete_on_termination", with_server);
        if is(89) {
            view["attachment_id"] = json!(attachment.map(|attachment| attachment.id));
            view["bdm_uuid"] = json!(volume.mapping(server.id));
        }
        view
    }

    fn server_security_groups(&self, id: &str) -> Answer {
        let row = self.server_of(id, "os_compute_api:os-security-groups:list")?;
        let network = &self.region.network;
        let ids = ports(network, row).flat_map(|port| &port.security_groups);
        let groups = ids.filter_map(|id| network.security_groups.get(id));
        let rows: Vec<Value> = groups.map(|group| self.group_view(group)).collect();
        Ok(Reply::ok(&json!({"security_groups": rows})))
    }

    fn group_view(&self, group: &SecurityGroup) -> Value {
        let rules = group.rules.iter().filter(|rule| rule.is_ingress);
        let rules: Vec<Value> = rules.map(|rule| self.rule_view(group, rule)).collect();
        json!({
            "id": group.id,
            "name": group.name,
            "description": group.standard.description,
            "tenant_id": group.standard.project,
            "rules": rules,
        })
    }

    fn rule_view(&self, group: &SecurityGroup, rule: &SecurityGroupRule) -> Value {
        let groups = &self.region.network.security_groups;
        let remote = rule.remote_group.and_then(|id| groups.get(&id));
        let (from, to) = match (rule.ports, rule.protocol.as_deref()) {
            ((Some(from), to), _) => (json!(from), to.map_or(json!(-1), |to| json!(to))),
            (_, Some("tcp" | "udp")) => (json!(1), json!(65535)),
            (_, Some(_)) => (json!(-1), json!(-1)),
            (_, None) => (Value::Null, Value::Null),
        };
        let anywhere = if rule.is_ipv6 { "::/0" } else { "0.0.0.0/0" };
        let cidr = rule.remote_cidr.as_deref().unwrap_or(anywhere);
        json!({
            "id": rule.id,
            "parent_group_id": group.id,
            "ip_protocol": rule.protocol,
            "from_port": from,
            "to_port": to,
            "group": remote.map_or_else(
                || json!({}),
                |row| json!({"name": row.name, "tenant_id": row.standard.project}),
            ),
            "ip_range": match remote {
                Some(_) => json!({}),
                None => json!({"cidr": cidr}),
            },
        })
    }

    /// Nothing is moved here.
    pub(super) fn migrations(&self) -> Answer {
        self.check(MIGRATIONS)?;
        self.may("os_compute_api:os-migrations:index")?;
        Ok(Reply::ok(&json!({"migrations": []})))
    }

    fn server_migrations(&self, id: &str) -> Answer {
        self.since(23)?;
        self.may("os_compute_api:servers:migrations:index")?;
        self.server_of(id, "os_compute_api:servers:migrations:index")?;
        Ok(Reply::ok(&json!({"migrations": []})))
    }

    fn server_migration(&self, id: &str, migration: &str) -> Answer {
        self.since(23)?;
        self.may("os_compute_api:servers:migrations:show")?;
        self.server_of(id, "os_compute_api:servers:migrations:show")?;
        Err(not_found(&format!(
            "In-progress live migration {migration} is not found for server {id}."
        )))
    }

    /// Counters of a guest that does nothing: what can be known of it without running it.
    fn diagnostics(&self, id: &str) -> Answer {
        self.may("os_compute_api:os-server-diagnostics")?;
        self.since(48)?;
        let row = self.server_of(id, "os_compute_api:os-server-diagnostics")?;
        if row.host.is_none() {
            return Err(conflict(&format!("Instance {id} is not ready")));
        }
        let seconds = row
            .launched
            .map(|time| (self.call.now - time).num_seconds());
        let cpus = (0..row.flavor.vcpus).map(|cpu| json!({"id": cpu, "time": 0, "utilisation": 0}));
        let nics = ports(&self.region.network, row).map(|port| {
            json!({
                "mac_address": port.mac,
                "rx_octets": 0, "rx_errors": 0, "rx_drop": 0, "rx_packets": 0, "rx_rate": 0,
                "tx_octets": 0, "tx_errors": 0, "tx_drop": 0, "tx_packets": 0, "tx_rate": 0,
            })
        });
        let disk = json!({
            "read_bytes": 0, "read_requests": 0, "write_bytes": 0, "write_requests": 0,
            "errors_count": 0,
        });
        let nics: Vec<Value> = nics.collect();
        let state = match row.power_state {
            PowerState::NoState => "pending",
            PowerState::Running => "running",
            PowerState::Paused => "paused",
            PowerState::Shutdown => "shutdown",
            PowerState::Suspended => "suspended",
        };
        Ok(Reply::ok(&json!({
            "state": state,
            "driver": "libvirt",
            "hypervisor": "kvm",
            "hypervisor_os": "linux",
            "uptime": seconds,
            "config_drive": row.has_config_drive,
            "num_cpus": row.flavor.vcpus,
            "num_nics": nics.len(),
            "num_disks": 1 + row.volumes.len(),
            "cpu_details": cpus.collect::<Vec<_>>(),
            "nic_details": nics,
            "disk_details": vec![disk; 1 + row.volumes.len()],
            "memory_details": {"maximum": u64::from(row.flavor.ram_mib) * 1024, "used": 0},
        })))
    }

    fn topology(&self, id: &str) -> Answer {
        self.since(78)?;
        self.server_of(id, "compute:server:topology:index")?;
        Ok(Reply::ok(&json!({"nodes": [], "pagesize_kb": null})))
    }

    fn server_password(&self, id: &str) -> Answer {
        self.server_of(id, "os_compute_api:os-server-password:show")?;
        Ok(Reply::ok(&json!({"password": ""})))
    }

    fn server_shares(&self, id: &str) -> Answer {
        self.since(97)?;
        self.server_of(id, "os_compute_api:os-server-shares:index")?;
        Ok(Reply::ok(&json!({"shares": []})))
    }

    /// The first address of a server, to be shown in its console.
    pub(super) fn first_address(&self, server: &Server) -> String {
        let addresses = addresses(&self.region.network, server);
        let first = addresses.values().flatten().next();
        first.map_or_else(|| "127.0.0.1".to_owned(), |row| row.addr.to_string())
    }
}
