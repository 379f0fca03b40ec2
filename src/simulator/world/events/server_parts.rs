//! What happens to what servers use: their ports, volumes and images.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::world::World;
use crate::world::image::Image;

impl World {
    /// Binds a server's ports to the host that it is on, or to none.
    pub(crate) fn bind_ports(&mut self, region: usize, server: Uuid, at: DateTime<Utc>) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        let Some(server) = region.compute.servers.get(&server) else {
            return;
        };
        let zone = format!("compute:{}", server.zone);
        for id in &server.ports {
            let Some(port) = region.network.ports.get_mut(id) else {
                continue;
            };
            let is_on = server.host.is_some();
            let status = if is_on { "ACTIVE" } else { "DOWN" };
            if port.host == server.host && port.status == status {
                continue;
            }
            port.host.clone_from(&server.host);
            port.status = status;
            port.vif_type = if is_on { "ovs" } else { "unbound" };
            if is_on {
                port.device_owner = zone.as_str().into();
            }
            port.standard.revision += 1;
            port.standard.updated = at;
        }
    }

    /// A port that was a server's is its owner's again, or gone when it was made for the server.
    pub(super) fn port_is_free(&mut self, region: usize, id: Uuid, at: DateTime<Utc>) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        let network = &mut region.network;
        let was_made_for_it = region.compute.own_ports.shift_remove(&id);
        if was_made_for_it {
            let floating_ips = network.floating_ips_by_port.remove(&id);
            for floating_ip in floating_ips.unwrap_or_default() {
                if let Some(row) = network.floating_ips.get_mut(&floating_ip) {
                    row.port = None;
                    row.fixed_address = None;
                    row.router = None;
                    row.status = "DOWN";
                    row.standard.revision += 1;
                    row.standard.updated = at;
                }
            }
            network.ports.shift_remove(&id);
            return;
        }
        if let Some(port) = network.ports.get_mut(&id) {
            port.device_id.clear();
            port.dns_name.clear();
            port.device_owner = Arc::from("");
            port.host = None;
            port.vif_type = "unbound";
            port.status = "DOWN";
            port.standard.revision += 1;
            port.standard.updated = at;
        }
    }

    pub(super) fn volume_is_attached(
        &mut self,
        region: usize,
        server: Uuid,
        volume: Uuid,
        at: DateTime<Utc>,
    ) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        let host = region.compute.servers.get(&server);
        let host = host.and_then(|server| server.host.clone());
        let Some(volume) = region.block_storage.volumes.get_mut(&volume) else {
            return;
        };
        volume.status = "in-use";
        volume.updated = at;
        let mut attachments = volume.attachments.iter_mut();
        if let Some(attachment) = attachments.find(|row| row.server == server) {
            attachment.status = "attached";
            attachment.host = host;
            attachment.attached = Some(at);
        }
    }

    pub(super) fn volume_is_detached(
        &mut self,
        region: usize,
        server: Uuid,
        volume: Uuid,
        at: DateTime<Utc>,
    ) {
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        let Some(volume) = region.block_storage.volumes.get_mut(&volume) else {
            return;
        };
        volume.attachments.retain(|row| row.server != server);
        if volume.attachments.is_empty() {
            volume.status = "available";
        }
        volume.updated = at;
    }

    /// The volumes of a server that could not be built are free again.
    pub(super) fn free_volumes(&mut self, region: usize, server: Uuid, at: DateTime<Utc>) {
        let row = self.server_mut(region, server);
        let volumes = row.map(|row| row.volumes.iter().map(|volume| volume.id));
        let volumes: Vec<Uuid> = volumes.into_iter().flatten().collect();
        for volume in volumes {
            self.volume_is_detached(region, server, volume, at);
        }
    }

    pub(super) fn image_is_there(&mut self, region: usize, image: Uuid, at: DateTime<Utc>) {
        /// What a snapshot of a small disk takes.
        const SIZE: u64 = 512 * 1024 * 1024;
        let (checksum, hash) = (self.dice.hex(32), self.dice.hex(128));
        let Some(region) = self.regions.get_mut(region) else {
            return;
        };
        if let Some(row) = region.image.images.get_mut(&image) {
            row.data_came(SIZE, checksum, hash, at);
        }
    }

    /// An image that was to be fetched is there, or waits for its data again.
    pub(super) fn image_fetched(
        &mut self,
        region: usize,
        image: Uuid,
        can_be_had: bool,
        at: DateTime<Utc>,
    ) {
        if can_be_had {
            return self.image_is_there(region, image, at);
        }
        let region = self.regions.get_mut(region);
        let row = region.and_then(|region| region.image.images.get_mut(&image));
        if let Some(row) = row.filter(|row| row.status == "importing") {
            row.status = "queued";
            row.size_bytes = None;
            row.updated = at;
        }
    }

    /// A server is gone, and with it what was made for it.
    pub(super) fn server_is_gone(&mut self, region: usize, id: Uuid, at: DateTime<Utc>) {
        let Some(here) = self.regions.get_mut(region) else {
            return;
        };
        let Some(mut server) = here.compute.servers.shift_remove(&id) else {
            return;
        };
        server.updated = at;
        for group in here.compute.server_groups.values_mut() {
            group.members.retain(|member| *member != id);
        }
        if let Some(image) = server.shelved_image {
            here.image.images.shift_remove(&image);
        }
        let (ports, volumes) = (server.ports.clone(), std::mem::take(&mut server.volumes));
        // Its actions can be read still.
        here.compute.deleted_servers.insert(id, server);
        for port in ports {
            self.port_is_free(region, port, at);
        }
        for volume in volumes {
            self.volume_is_detached(region, id, volume.id, at);
            if volume.delete_on_termination
                && let Some(here) = self.regions.get_mut(region)
            {
                here.block_storage.volumes.shift_remove(&volume.id);
            }
        }
    }
}

impl Image {
    /// The data of an image came.
    pub(crate) fn data_came(
        &mut self,
        size: u64,
        checksum: String,
        hash: String,
        at: DateTime<Utc>,
    ) {
        self.status = "active";
        self.size_bytes = Some(size);
        self.virtual_size_bytes = Some(size);
        self.checksum = Some(checksum);
        self.hash = Some(hash);
        self.updated = at;
    }
}
