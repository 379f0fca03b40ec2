//! What is attached to servers while they are: volumes, ports, security groups; and their consoles.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::Allowed;
use super::disk::attachable;
use crate::compute::query::truth;
use crate::compute::schema::{self, Schemas};
use crate::compute::writer::Writer;
use crate::compute::{bad_request, conflict, done, no_such_resource, not_found};
use crate::reply::{Answer, Reply};
use crate::world::block_storage::Volume;
use crate::world::compute::{Server, VmState};
use crate::world::events::ServerStep;
use crate::world::id::read_uuid;

pub(in crate::compute) static SCHEMAS: Schemas =
    Schemas::new(|| schema::read(include_str!("../schema/part.json")));

const ATTACHING: Duration = Duration::from_secs(2);

/// The states in which volumes come and go.
const WITH_VOLUMES: [VmState; 7] = [
    VmState::Active,
    VmState::Paused,
    VmState::Suspended,
    VmState::Stopped,
    VmState::Resized,
    VmState::Shelved,
    VmState::ShelvedOffloaded,
];

impl Writer<'_> {
    pub(in crate::compute) fn volume_attach(&mut self, id: &str) -> Answer {
        let body = self.body()?;
        SCHEMAS.check("volume", &body, self.version.minor())?;
        let asked = &body["volumeAttachment"];
        let server = self.server_to(id, "os_compute_api:os-volumes-attachments:create")?;
        let device = asked["device"].as_str().map(str::to_owned);
        let device = device.unwrap_or_else(|| next_device(server));
        let server = self.allow(server, &Allowed::of("attach_volume", &WITH_VOLUMES))?;
        let volume = asked["volumeId"].as_str().unwrap_or_default();
        let row = self.volume_to_use(volume)?;
        attachable(row)?;
        let volume = row.id;
        let with_server = match &asked["delete_on_termination"] {
            Value::Bool(is) => *is,
            Value::String(text) => truth(text).unwrap_or_default(),
            _ => false,
        };
        self.reserve(server, volume, device.clone(), "reserved", with_server);
        self.note(server, "attach_volume", Some("compute_attach_volume"));
        self.plan(server, ATTACHING, ServerStep::VolumeAttached(volume));
        let mut view = json!({
            "id": volume, "serverId": server, "volumeId": volume, "device": device,
        });
        if self.version.is(70) {
            view["tag"] = asked["tag"].clone();
        }
        if self.version.is(79) {
            view["delete_on_termination"] = json!(with_server);
        }
        Ok(Reply::ok(&json!({"volumeAttachment": view})))
    }

    pub(in crate::compute) fn volume_detach(&mut self, id: &str, volume: &str) -> Answer {
        let server = self.server_to(id, "os_compute_api:os-volumes-attachments:delete")?;
        let row = self.volume_to_use(volume)?;
        let has = server.volumes.iter().any(|held| held.id == row.id);
        let is_root =
            server.image.is_none() && server.volumes.first().is_some_and(|held| held.id == row.id);
        if !has {
            return Err(not_found(&format!(
                "Instance {id} is not attached to volume {volume}"
            )));
        }
        if is_root {
            return Err(bad_request("Cannot detach a root device volume"));
        }
        let volume = row.id;
        let server = self.allow(server, &Allowed::of("detach_volume", &WITH_VOLUMES))?;
        let now = self.call.now;
        if let Some(row) = self.region_mut().block_storage.volumes.get_mut(&volume) {
            row.status = "detaching";
            row.updated = now;
        }
        self.note(server, "detach_volume", Some("compute_detach_volume"));
        self.plan(server, ATTACHING, ServerStep::VolumeDetached(volume));
        Ok(done(StatusCode::ACCEPTED))
    }

    fn volume_to_use(&self, id: &str) -> Result<&Volume, Reply> {
        let row = read_uuid(id).and_then(|id| self.region().block_storage.volumes.get(&id));
        row.filter(|row| self.token.is_admin() || self.token.project == Some(row.project))
            .ok_or_else(|| not_found(&format!("Volume {id} could not be found.")))
    }

    pub(in crate::compute) fn interface_attach(&mut self, id: &str) -> Answer {
        use VmState::{Active, Paused, Stopped};
        let body = self.body()?;
        SCHEMAS.check("interface", &body, self.version.minor())?;
        let asked = &body["interfaceAttachment"];
        let row = self.server_to(id, "os_compute_api:os-attach-interfaces:create")?;
        let project = row.project;
        let (network, port) = (asked["net_id"].as_str(), asked["port_id"].as_str());
        let address = asked["fixed_ips"][0]["ip_address"].as_str();
        if network.is_some() && port.is_some() {
            return Err(bad_request("Must not input both network_id and port_id"));
        }
        if address.is_some() && network.is_none() {
            return Err(bad_request("Must input network_id when request IP address"));
        }
        let allowed = Allowed::of("attach_interface", &[Active, Paused, Stopped]);
        let server = self.allow(row, &allowed)?;
        // What cannot be found is not found here, though it is a bad request elsewhere.
        let absent = |refusal: Reply| match refusal.status {
            StatusCode::BAD_REQUEST => Reply {
                status: StatusCode::NOT_FOUND,
                body: String::from_utf8_lossy(&refusal.body)
                    .replace("badRequest", "itemNotFound")
                    .replace("400", "404")
                    .into(),
                ..refusal
            },
            _ => refusal,
        };
        let port = match (network, port) {
            (_, Some(port)) => {
                let port = self.free_port(port).map_err(absent)?.id;
                self.take_port(server, port);
                port
            }
            (Some(network), None) => {
                let network = self.network_to_use(network).map_err(absent)?.id;
                let address = address.and_then(|text| text.parse().ok());
                self.plug(server, network, address, project)?
            }
            (None, None) => {
                let own = self.own_network(project)?;
                self.plug(server, own, None, project)?
            }
        };
        self.note(server, "attach_interface", Some("compute_attach_interface"));
        let (now, call, region) = (self.call.now, self.call, self.call.region);
        if let Some(row) = self.server_mut(server) {
            row.end(&call.request_id, None, now);
        }
        self.world.bind_ports(region, server, now);
        self.subject().interface(id, &port.to_string())
    }

    fn plug(
        &mut self,
        server: Uuid,
        network: Uuid,
        address: Option<std::net::IpAddr>,
        project: crate::world::Key,
    ) -> Result<Uuid, Reply> {
        let now = self.call.now;
        let world = &mut *self.world;
        let rows = &mut world.regions[self.call.region].network;
        let group = rows.default_group(&mut world.dice, now, project);
        self.new_port(server, network, address, vec![group], project)
    }

    fn own_network(&self, project: crate::world::Key) -> Result<Uuid, Reply> {
        let rows = self.region().network.networks.values();
        let mut rows = rows.filter(|row| row.standard.project == Some(project));
        let row = rows.next().ok_or_else(|| {
            bad_request("No specific network was requested and none are available for project.")
        })?;
        Ok(row.id)
    }

    pub(in crate::compute) fn interface_detach(&mut self, id: &str, port: &str) -> Answer {
        use VmState::{Active, Paused, Stopped};
        let server = self.server_to(id, "os_compute_api:os-attach-interfaces:delete")?;
        let known = read_uuid(port).filter(|port| server.ports.contains(port));
        let allowed = Allowed::of("detach_interface", &[Active, Paused, Stopped]);
        let server = self.allow(server, &allowed)?;
        self.note(server, "detach_interface", Some("compute_detach_interface"));
        if let Some(port) = known {
            self.plan(server, ATTACHING, ServerStep::InterfaceDetached(port));
            return Ok(done(StatusCode::ACCEPTED));
        }
        // Nobody looks whether it has the port before it is too late to say so.
        let (now, call) = (self.call.now, self.call);
        if let Some(row) = self.server_mut(server) {
            row.end(&call.request_id, Some("Error"), now);
        }
        Ok(done(StatusCode::ACCEPTED))
    }

    /// Adds a security group to all ports of a server, or takes it from them.
    pub(super) fn security_group_do(&mut self, id: &str, asked: &Value, adds: bool) -> Answer {
        let verb = if adds { "add" } else { "remove" };
        let rule = format!("os_compute_api:os-security-groups:{verb}");
        let server = self.server_to(id, &rule)?;
        let (project, ports) = (server.project, server.ports.clone());
        let name = asked["name"].as_str().unwrap_or_default();
        let group = self.security_group(name, project).map_err(|refusal| {
            if refusal.status == StatusCode::CONFLICT {
                return refusal;
            }
            not_found(&format!(
                "Security group {name} is not found for project {project}"
            ))
        })?;
        if ports.is_empty() {
            return Err(not_found(&format!(
                "instance_id {id} could not be found as device id on any ports"
            )));
        }
        let rows = &self.region().network.ports;
        let mut own = ports.iter().filter_map(|port| rows.get(port));
        let has = own.any(|port| port.security_groups.contains(&group));
        if adds && has {
            return Err(bad_request(&format!(
                "Invalid input for security_groups. Reason: Duplicate items in the list: \
                 '{group}'.\nNeutron server returns request_ids: ['{}']",
                self.call.request_id
            )));
        }
        if !adds && !has {
            return Err(not_found(&format!(
                "Security group {name} not associated with the instance {id}"
            )));
        }
        let now = self.call.now;
        for port in ports {
            if let Some(port) = self.region_mut().network.ports.get_mut(&port) {
                port.security_groups.retain(|is| *is != group);
                if adds {
                    port.security_groups.push(group);
                }
                port.standard.touch(now);
            }
        }
        Ok(done(StatusCode::ACCEPTED))
    }

    pub(in crate::compute) fn console(&mut self, id: &str) -> Answer {
        if !self.version.is(6) {
            return Err(no_such_resource());
        }
        let body = self.body()?;
        SCHEMAS.check("console", &body, self.version.minor())?;
        let server = self.server_to(id, "os_compute_api:os-remote-consoles")?;
        if server.host.is_none() {
            return Err(conflict(&format!("Instance {id} is not ready")));
        }
        let asked = &body["remote_console"];
        let (protocol, kind) = (&asked["protocol"], &asked["type"]);
        let (port, page) = match (protocol.as_str(), kind.as_str()) {
            (Some("vnc"), Some("novnc")) => (6080, "vnc_auto.html"),
            (Some("spice"), Some("spice-html5")) => (6082, "spice_auto.html"),
            (Some("serial"), Some("serial")) => (6083, ""),
            (_, kind) => {
                let kind = kind.unwrap_or_default();
                return Err(bad_request(&format!("Invalid console type {kind}")));
            }
        };
        let token = self.world.dice.uuid();
        let url = match page {
            "" => format!("ws://127.0.0.1:{port}/?token={token}"),
            page => format!("http://127.0.0.1:{port}/{page}?path=%3Ftoken%3D{token}"),
        };
        let told = json!({"protocol": protocol, "type": kind, "url": url});
        Ok(Reply::ok(&json!({"remote_console": told})))
    }
}

/// The first letter that no disk has: the first is the system's.
fn next_device(server: &Server) -> String {
    let own_disk = usize::from(server.image.is_some());
    let place = server.volumes.len() + own_disk;
    let letter = u8::try_from(place).unwrap_or_default().min(25) + b'a';
    format!("/dev/vd{}", char::from(letter))
}
