//! A volume as it is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::block_storage::{Link, Subject};
use crate::clock::{Written, naive};
use crate::world::Key;
use crate::world::block_storage::{BlockStorage, Volume};

impl Subject<'_> {
    pub(super) fn volume_view<'a>(&'a self, row: &'a Volume, hosts: &Hosts<'_>) -> Detail<'a> {
        let is_admin = self.token.is_admin();
        let since = |minor: u16| self.minor >= minor;
        let null = |is_there: bool| is_there.then_some(());
        let of_type = self.storage.types.get(&row.volume_type);
        let attached = row.attachments.iter();
        let attached = attached.filter(|attachment| attachment.status == "attached");
        Detail {
            id: row.id,
            status: row.status,
            size: row.size_gib,
            availability_zone: &row.zone,
            created_at: naive(row.created),
            updated_at: (row.updated != row.created).then(|| naive(row.updated)),
            name: row.name.as_deref(),
            description: row.description.as_deref(),
            volume_type: of_type.map(|row| row.name.as_str()),
            snapshot_id: row.snapshot,
            source_volid: row.source,
            metadata: Metadata(row),
            links: self.row_links("volumes", row.id),
            user_id: row.user,
            bootable: if row.is_bootable { "true" } else { "false" },
            encrypted: row.is_encrypted,
            replication_status: (),
            consistencygroup_id: (),
            multiattach: row.is_multiattach,
            attachments: attached
                .map(|attachment| Attached {
                    id: row.id,
                    attachment_id: attachment.id,
                    volume_id: row.id,
                    server_id: attachment.server,
                    host_name: attachment.host.as_deref().filter(|_| is_admin),
                    device: &attachment.device,
                    attached_at: attachment.attached.map(naive),
                })
                .collect(),
            migration_status: null(is_admin),
            group_id: null(since(13)),
            provider_id: null(is_admin && since(21)),
            shared_targets: since(48).then_some(false),
            service_uuid: since(48).then(|| hosts.service(row)),
            cluster_name: null(is_admin && since(61)),
            volume_type_id: since(63).then_some(row.volume_type),
            consumes_quota: since(65).then_some(true),
            host: is_admin.then_some(row.host.as_deref()),
            migration: null(is_admin),
            name_id: null(is_admin),
            tenant_id: row.project,
            volume_image_metadata: Some(&row.image_metadata).filter(|image| !image.is_empty()),
        }
    }
}

/// What its owner says of it, and what the service adds.
struct Metadata<'a>(&'a Volume);

impl Serialize for Metadata<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let is_told = row.is_readonly.is_some();
        let is_attached = row.attachments.iter().any(|one| one.status == "attached");
        let readonly = row
            .is_readonly
            .map(|is| ("readonly", if is { "True" } else { "False" }));
        let mode = (is_told && is_attached).then_some(("attached_mode", "rw"));
        let own = row.metadata.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        serializer.collect_map(own.chain(readonly).chain(mode))
    }
}

/// The services of volumes, by host and back end.
pub(super) struct Hosts<'a> {
    services: BTreeMap<&'a str, Uuid>,
}

impl<'a> Hosts<'a> {
    pub(super) fn of(storage: &'a BlockStorage) -> Self {
        let services = storage.services.iter();
        let services = services.filter(|row| row.binary == "cinder-volume");
        Self {
            services: services.map(|row| (&*row.host, row.id)).collect(),
        }
    }

    fn service(&self, row: &Volume) -> Option<Uuid> {
        let backend = row.host.as_deref()?.split('#').next()?;
        self.services.get(backend).copied()
    }
}

#[derive(Serialize)]
pub(super) struct Single<'a> {
    pub(super) volume: Detail<'a>,
}

#[derive(Serialize)]
pub(super) struct Brief<'a> {
    pub(super) id: Uuid,
    pub(super) name: Option<&'a str>,
    pub(super) links: [Link<'a>; 2],
}

/// A volume in full. What is not for the caller's eyes, or not yet at its microversion, is left
/// out.
#[derive(Serialize)]
pub(super) struct Detail<'a> {
    id: Uuid,
    status: &'static str,
    size: u32,
    availability_zone: &'a str,
    created_at: Written,
    updated_at: Option<Written>,
    name: Option<&'a str>,
    description: Option<&'a str>,
    volume_type: Option<&'a str>,
    snapshot_id: Option<Uuid>,
    source_volid: Option<Uuid>,
    metadata: Metadata<'a>,
    links: [Link<'a>; 2],
    user_id: Key,
    bootable: &'static str,
    encrypted: bool,
    replication_status: (),
    consistencygroup_id: (),
    multiattach: bool,
    attachments: Vec<Attached<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    migration_status: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_targets: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_uuid: Option<Option<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_name: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume_type_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumes_quota: Option<bool>,
    #[serde(
        rename = "os-vol-host-attr:host",
        skip_serializing_if = "Option::is_none"
    )]
    host: Option<Option<&'a str>>,
    #[serde(
        rename = "os-vol-mig-status-attr:migstat",
        skip_serializing_if = "Option::is_none"
    )]
    migration: Option<()>,
    #[serde(
        rename = "os-vol-mig-status-attr:name_id",
        skip_serializing_if = "Option::is_none"
    )]
    name_id: Option<()>,
    #[serde(rename = "os-vol-tenant-attr:tenant_id")]
    tenant_id: Key,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume_image_metadata: Option<&'a BTreeMap<String, String>>,
}

/// An attachment as its volume tells it: by the volume's id, of all.
#[derive(Serialize)]
struct Attached<'a> {
    id: Uuid,
    attachment_id: Uuid,
    volume_id: Uuid,
    server_id: Uuid,
    host_name: Option<&'a str>,
    device: &'a str,
    attached_at: Option<Written>,
}
