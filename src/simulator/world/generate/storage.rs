//! Volume types, services and pools; volumes, snapshots and backups.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Maker;
use crate::world::block_storage::{
    Attachment, Backup, Pool, Snapshot, Volume, VolumeQuota, VolumeService, VolumeType,
};
use crate::world::compute::AttachedVolume;
use crate::world::{Key, Shared};

const BACKENDS: [&str; 2] = ["ssd", "hdd"];

impl Maker<'_> {
    pub(super) fn volume_types(&mut self) {
        for name in ["ssd", "hdd", "__DEFAULT__"] {
            let id = self.id();
            let extra_specs = if name == "__DEFAULT__" {
                BTreeMap::new()
            } else {
                BTreeMap::from([("volume_backend_name".to_owned(), name.to_owned())])
            };
            let row = VolumeType {
                id,
                name: name.to_owned(),
                description: (name == "__DEFAULT__").then(|| "Default Volume Type".to_owned()),
                is_public: true,
                extra_specs,
                access: Vec::new(),
                is_default: name == "__DEFAULT__",
            };
            self.region.block_storage.types.insert(id, row);
        }
        let id = self.id();
        let row = VolumeType {
            id,
            name: "archive".to_owned(),
            description: Some("Tape, in the end".to_owned()),
            is_public: false,
            extra_specs: BTreeMap::new(),
            access: vec![self.tenants[0].project],
            is_default: false,
        };
        self.region.block_storage.types.insert(id, row);
        self.volume_services();
    }

    fn volume_services(&mut self) {
        let mut hosts = vec![("cinder-scheduler", "controller-1".to_owned())];
        hosts.extend(BACKENDS.map(|backend| ("cinder-volume", format!("storage-1@{backend}"))));
        hosts.push(("cinder-backup", "storage-1".to_owned()));
        for (binary, host) in hosts {
            let service = VolumeService {
                id: self.id(),
                binary,
                host: host.into(),
                zone: self.zone(0),
                is_enabled: true,
                disabled_reason: None,
                silent_since: None,
            };
            self.region.block_storage.services.push(service);
        }
        for backend in BACKENDS {
            self.region.block_storage.pools.push(Pool {
                name: pool_name(backend),
                backend,
                total_gib: 500_000,
                reserved_percentage: 5,
                max_over_subscription_ratio: 20.0,
                storage_protocol: "ceph",
            });
        }
    }

    /// The disks of servers that boot from them, others beside, and some that nobody uses.
    pub(super) fn volumes(&mut self) {
        let servers: Vec<_> = self
            .region
            .compute
            .servers
            .values()
            .filter(|server| server.launched.is_some())
            .map(|server| {
                (
                    server.id,
                    server.project,
                    server.user,
                    server.image.is_none(),
                    server.created,
                    server.host.clone(),
                )
            })
            .collect();
        for (server, project, user, boots_from_volume, created, host) in servers {
            let mut device = b'a';
            if boots_from_volume {
                self.attached(server, project, user, true, device, created, host.as_ref());
                device += 1;
            }
            if self.dice.chance(0.25) {
                self.attached(server, project, user, false, device, created, host.as_ref());
            }
        }
        for tenant in self.tenants {
            let user = tenant.users.first().map_or(tenant.project, |(id, _)| *id);
            for status in ["available", "available", "error"] {
                if self.dice.chance(0.6) || tenant.name == "project-1" {
                    let created = self.past(400);
                    let mut volume = self.volume("", tenant.project, user, created);
                    let name = format!("{}-spare-{}", tenant.name, self.dice.hex(2));
                    volume.name = (status != "error").then_some(name);
                    volume.description =
                        (status == "available").then(|| "kept for later".to_owned());
                    volume.status = status;
                    self.region.block_storage.volumes.insert(volume.id, volume);
                }
            }
        }
        self.orphans();
        self.copies();
        self.volume_quotas();
    }

    fn attached(
        &mut self,
        server: Uuid,
        project: Key,
        user: Key,
        is_root: bool,
        device: u8,
        created: DateTime<Utc>,
        host: Option<&Shared>,
    ) {
        let mut volume = self.volume(if is_root { "" } else { "data" }, project, user, created);
        volume.status = "in-use";
        volume.is_bootable = is_root;
        if !is_root {
            volume.metadata = BTreeMap::from([("purpose".to_owned(), "data".to_owned())]);
        }
        if is_root {
            self.made_from_image(&mut volume);
        }
        volume.attachments.push(Attachment {
            id: self.id(),
            server,
            host: host.cloned(),
            device: format!("/dev/vd{}", char::from(device)),
            status: "attached",
            attached: Some(created + TimeDelta::seconds(5)),
        });
        let delete_on_termination = is_root && self.dice.chance(0.5);
        if let Some(server) = self.region.compute.servers.get_mut(&server) {
            server.volumes.push(AttachedVolume {
                id: volume.id,
                delete_on_termination,
            });
        }
        self.region.block_storage.volumes.insert(volume.id, volume);
    }

    fn made_from_image(&mut self, volume: &mut Volume) {
        let place = self.dice.below(5);
        let Some((_, image)) = self.region.image.images.get_index(place) else {
            return;
        };
        let values = [
            ("image_id", image.id.to_string()),
            ("image_name", image.name.clone().unwrap_or_default()),
            ("checksum", image.checksum.clone().unwrap_or_default()),
            (
                "container_format",
                image.container_format.unwrap_or_default().to_owned(),
            ),
            (
                "disk_format",
                image.disk_format.unwrap_or_default().to_owned(),
            ),
            ("min_disk", image.min_disk_gib.to_string()),
            ("min_ram", image.min_ram_mib.to_string()),
            ("size", image.size_bytes.unwrap_or_default().to_string()),
        ];
        let named = values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        volume.image_metadata = named.collect();
    }

    fn volume(&mut self, name: &str, project: Key, user: Key, created: DateTime<Utc>) -> Volume {
        let place = usize::from(self.dice.chance(0.3));
        let types = &self.region.block_storage.types;
        let volume_type = types
            .get_index(place)
            .map(|(id, _)| *id)
            .unwrap_or_default();
        let id = self.id();
        Volume {
            id,
            name: Some(if name.is_empty() {
                String::new()
            } else {
                format!("{name}-{}", self.dice.hex(4))
            }),
            description: None,
            project,
            user,
            size_gib: *self.dice.pick(&[1, 5, 10, 20, 20, 50, 100, 250]),
            status: "available",
            volume_type,
            zone: self.zone(0),
            host: Some(pool_name(BACKENDS[place])),
            is_bootable: false,
            is_encrypted: false,
            is_multiattach: false,
            snapshot: None,
            source: None,
            metadata: BTreeMap::new(),
            image_metadata: BTreeMap::new(),
            created,
            updated: created + TimeDelta::seconds(7),
            attachments: Vec::new(),
            is_readonly: None,
        }
    }

    /// A volume of a server that is no more, and one that never let go.
    fn orphans(&mut self) {
        let hypervisors = self.region.compute.hypervisors.values();
        let host = hypervisors.map(|row| row.host.clone()).next();
        for status in ["in-use", "detaching"] {
            let tenant = &self.tenants[1];
            let user = tenant.users.first().map_or(tenant.project, |(id, _)| *id);
            let created = self.now - TimeDelta::days(40);
            let mut volume = self.volume("left-behind", tenant.project, user, created);
            volume.status = status;
            let attachment = Attachment {
                id: self.id(),
                server: self.id(),
                host: host.clone(),
                device: "/dev/vdb".to_owned(),
                status: "attached",
                attached: Some(created),
            };
            volume.attachments.push(attachment);
            self.region.block_storage.volumes.insert(volume.id, volume);
        }
    }

    fn copies(&mut self) {
        let volumes: Vec<_> = self
            .region
            .block_storage
            .volumes
            .values()
            .filter(|volume| volume.status != "error")
            .map(|volume| {
                (
                    volume.id,
                    volume.project,
                    volume.user,
                    volume.size_gib,
                    volume.created,
                )
            })
            .collect();
        for (number, (volume, project, user, size_gib, made)) in volumes.into_iter().enumerate() {
            if number < 2 || self.dice.chance(0.2) {
                let created = made + TimeDelta::hours(1);
                let status = if self.dice.chance(0.03) {
                    "error"
                } else {
                    "available"
                };
                let snapshot = Snapshot {
                    id: self.id(),
                    name: Some(format!("nightly-{number:03}")),
                    description: None,
                    project,
                    user,
                    volume,
                    size_gib,
                    status,
                    metadata: BTreeMap::new(),
                    created,
                    updated: created + TimeDelta::seconds(4),
                };
                self.region
                    .block_storage
                    .snapshots
                    .insert(snapshot.id, snapshot);
            }
            if number < 2 || self.dice.chance(0.08) {
                let created = made + TimeDelta::hours(2);
                let has_failed = self.dice.chance(0.05);
                let backup = Backup {
                    id: self.id(),
                    name: format!("weekly-{number:03}"),
                    description: None,
                    project,
                    user,
                    volume,
                    snapshot: None,
                    size_gib,
                    object_count: size_gib,
                    container: "volumebackups".to_owned(),
                    status: if has_failed { "error" } else { "available" },
                    fail_reason: has_failed.then(|| "Connection to swift failed".to_owned()),
                    is_incremental: false,
                    has_dependents: false,
                    zone: self.zone(0),
                    created,
                    updated: created + TimeDelta::seconds(40),
                };
                self.region.block_storage.backups.insert(backup.id, backup);
            }
        }
    }

    /// Enough for what each project has; `gigabytes` of the second is nearly used up.
    fn volume_quotas(&mut self) {
        for (place, tenant) in self.tenants.iter().enumerate() {
            let storage = &self.region.block_storage;
            let own = || {
                storage
                    .volumes
                    .values()
                    .filter(|volume| volume.project == tenant.project)
            };
            let count = i64::try_from(own().count()).unwrap_or_default();
            let gigabytes: i64 = own().map(|volume| i64::from(volume.size_gib)).sum();
            let snapshots = storage
                .snapshots
                .values()
                .filter(|row| row.project == tenant.project);
            let taken: i64 = snapshots.clone().map(|row| i64::from(row.size_gib)).sum();
            let used = gigabytes + taken;
            let room = if place == 1 { used / 20 } else { used };
            let limit = VolumeQuota {
                volumes: (count * 2).max(10),
                snapshots: (i64::try_from(snapshots.count()).unwrap_or_default() * 2).max(10),
                gigabytes: (used + room).max(1000),
                ..VolumeQuota::default()
            };
            self.region
                .block_storage
                .quotas
                .insert(tenant.project, limit);
        }
    }
}

fn pool_name(backend: &str) -> Shared {
    format!("storage-1@{backend}#{backend}").into()
}
