//! What is told of a server.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha224};
use uuid::Uuid;

use super::address::{Addresses, GroupName, addresses, security_groups};
use super::embedded::{FlavorView, Image, flavor, image};
use super::status::status;
use crate::clock::{Written, naive, zulu};
use crate::compute::Subject;
use crate::compute::link::{Link, links};
use crate::world::compute::{ComputeService, Fault, Server};
use crate::world::{Key, Region};

/// What a whole list shares.
pub(super) struct Shown<'a> {
    pub(super) region: &'a Region,
    now: DateTime<Utc>,
    pub(super) has: Has,
    /// What links begin with: a server's two, an image's and a flavor's.
    own: String,
    bookmark: String,
    pub(super) image: String,
    pub(super) flavor: String,
    services: HashMap<&'a str, &'a ComputeService>,
    groups: HashMap<Uuid, Uuid>,
}

/// Which fields there are, by role and microversion.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "fields come and go one by one"
)]
pub(super) struct Has {
    /// For admins.
    attributes: bool,
    v3: bool,
    v9: bool,
    v16: bool,
    v19: bool,
    v26: bool,
    pub(super) v47: bool,
    v63: bool,
    v71: bool,
    v73: bool,
    v90: bool,
    v96: bool,
    pub(super) v98: bool,
    v100: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn of(subject: &Subject<'a>) -> Self {
        let is = |minor| subject.version.is(minor);
        let (own, bookmark) = subject.link_roots("servers");
        let compute = &subject.region.compute;
        Self {
            region: subject.region,
            now: subject.call.now,
            has: Has {
                attributes: subject.token.is_admin(),
                v3: is(3),
                v9: is(9),
                v16: is(16),
                v19: is(19),
                v26: is(26),
                v47: is(47),
                v63: is(63),
                v71: is(71),
                v73: is(73),
                v90: is(90),
                v96: is(96),
                v98: is(98),
                v100: is(100),
            },
            own,
            bookmark,
            image: subject.link_roots("images").1,
            flavor: subject.link_roots("flavors").1,
            services: compute.services_by_host(),
            groups: compute.groups_by_server(),
        }
    }

    fn host_status(&self, server: &Server) -> &'static str {
        let host = server.host.as_deref();
        match host.and_then(|host| self.services.get(host)) {
            None => "",
            Some(service) if service.forced_down => "DOWN",
            Some(service) if !service.is_enabled => "MAINTENANCE",
            Some(service) if service.is_up(self.now) => "UP",
            Some(_) => "UNKNOWN",
        }
    }
}

/// An outer none leaves the field out, an inner one is null.
type Maybe<T> = Option<Option<T>>;

#[derive(Serialize)]
pub(super) struct View<'a> {
    id: Uuid,
    name: &'a str,
    status: &'static str,
    tenant_id: Key,
    user_id: Key,
    metadata: &'a BTreeMap<String, String>,
    #[serde(rename = "hostId")]
    host_id: String,
    image: Image<'a>,
    flavor: FlavorView<'a>,
    created: Written,
    updated: Written,
    addresses: Addresses<'a>,
    #[serde(rename = "accessIPv4")]
    access_ipv4: &'static str,
    #[serde(rename = "accessIPv6")]
    access_ipv6: &'static str,
    links: [Link; 2],
    #[serde(rename = "OS-DCF:diskConfig")]
    disk_config: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<FaultView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<u8>,
    #[serde(rename = "OS-EXT-AZ:availability_zone")]
    zone: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned_availability_zone: Maybe<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler_hints: Option<Hints>,
    config_drive: &'static str,
    key_name: Option<&'a str>,
    #[serde(rename = "OS-SRV-USG:launched_at")]
    launched: Option<Written>,
    #[serde(rename = "OS-SRV-USG:terminated_at")]
    terminated: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_groups: Option<Vec<GroupName<'a>>>,
    #[serde(flatten)]
    attributes: Option<Attributes<'a>>,
    #[serde(
        rename = "OS-EXT-SRV-ATTR:hostname",
        skip_serializing_if = "Option::is_none"
    )]
    hostname: Option<&'a str>,
    #[serde(rename = "OS-EXT-STS:task_state")]
    task_state: Option<&'static str>,
    #[serde(rename = "OS-EXT-STS:vm_state")]
    vm_state: &'static str,
    #[serde(rename = "OS-EXT-STS:power_state")]
    power_state: u8,
    #[serde(rename = "os-extended-volumes:volumes_attached")]
    volumes: Vec<Volume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_reason: Maybe<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Maybe<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_image_certificates: Maybe<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_groups: Option<Vec<Uuid>>,
}

#[derive(Serialize)]
struct Hints {
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<[Uuid; 1]>,
}

#[derive(Serialize)]
struct Volume {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_on_termination: Option<bool>,
}

#[derive(Serialize)]
struct FaultView<'a> {
    code: u16,
    created: Written,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    #[serde(rename = "OS-EXT-SRV-ATTR:host")]
    host: Option<&'a str>,
    #[serde(rename = "OS-EXT-SRV-ATTR:instance_name")]
    instance_name: String,
    #[serde(rename = "OS-EXT-SRV-ATTR:hypervisor_hostname")]
    hypervisor_hostname: Option<&'a str>,
    #[serde(flatten)]
    more: Option<MoreAttributes<'a>>,
}

#[derive(Serialize)]
struct MoreAttributes<'a> {
    #[serde(rename = "OS-EXT-SRV-ATTR:reservation_id")]
    reservation_id: String,
    #[serde(rename = "OS-EXT-SRV-ATTR:launch_index")]
    launch_index: u32,
    #[serde(rename = "OS-EXT-SRV-ATTR:hostname")]
    hostname: &'a str,
    #[serde(rename = "OS-EXT-SRV-ATTR:kernel_id")]
    kernel_id: &'static str,
    #[serde(rename = "OS-EXT-SRV-ATTR:ramdisk_id")]
    ramdisk_id: &'static str,
    #[serde(rename = "OS-EXT-SRV-ATTR:root_device_name")]
    root_device_name: Option<&'static str>,
    #[serde(rename = "OS-EXT-SRV-ATTR:user_data")]
    user_data: Option<&'a str>,
}

impl<'a> View<'a> {
    /// One row of a list, or a server that was asked for alone.
    pub(super) fn of(shown: &Shown<'a>, row: &'a Server, is_alone: bool) -> Self {
        let Shown { region, has, .. } = shown;
        let status = status(row);
        let id = row.id.to_string();
        let has_progress = matches!(
            status,
            "ACTIVE" | "BUILD" | "REBUILD" | "RESIZE" | "VERIFY_RESIZE" | "MIGRATING"
        );
        // A list does not look where the faults of those are that never got to a host.
        let has_fault = status == "ERROR" && (is_alone || !row.was_never_placed());
        let fault = row.fault.as_ref().filter(|_| has_fault);
        let group = shown.groups.get(&row.id).copied();
        Self {
            id: row.id,
            name: &row.name,
            status,
            tenant_id: row.project,
            user_id: row.user,
            metadata: &row.metadata,
            host_id: host_id(row.host.as_deref(), row.project),
            image: image(shown, row),
            flavor: flavor(shown, &row.flavor),
            created: zulu(row.created),
            updated: zulu(row.updated),
            addresses: addresses(&region.network, row),
            access_ipv4: "",
            access_ipv6: "",
            links: links(&shown.own, &shown.bookmark, &id),
            disk_config: "MANUAL",
            fault: fault.map(|fault| fault_view(fault, has.attributes)),
            progress: has_progress.then_some(row.progress),
            zone: if row.was_never_placed() {
                ""
            } else {
                &row.zone
            },
            pinned_availability_zone: has.v96.then_some(None),
            scheduler_hints: has.v100.then_some(Hints {
                group: group.map(|group| [group]),
            }),
            config_drive: if row.has_config_drive { "True" } else { "" },
            key_name: row.key_name.as_deref(),
            launched: row.launched.map(naive),
            terminated: None,
            security_groups: security_groups(&region.network, row),
            attributes: has.attributes.then(|| attributes(row, has.v3)),
            hostname: (has.v90 && !has.attributes).then_some(row.hostname.as_str()),
            task_state: row.task_state,
            vm_state: row.vm_state.word(),
            power_state: row.power_state as u8,
            volumes: volumes(row, has.v3),
            host_status: (has.v16 && has.attributes).then(|| shown.host_status(row)),
            locked: has.v9.then_some(row.locked.is_some()),
            locked_reason: has
                .v73
                .then_some(row.locked.as_ref().and_then(|lock| lock.reason.as_deref())),
            description: has.v19.then_some(row.description.as_deref()),
            tags: has.v26.then_some(&row.tags),
            trusted_image_certificates: has.v63.then_some(None),
            server_groups: (has.v71 && is_alone).then(|| group.into_iter().collect()),
        }
    }
}

fn attributes(row: &Server, has_more: bool) -> Attributes<'_> {
    Attributes {
        host: row.host.as_deref(),
        instance_name: row.instance_name(),
        hypervisor_hostname: row.host.as_deref(),
        more: has_more.then(|| MoreAttributes {
            reservation_id: row.reservation_id(),
            launch_index: 0,
            hostname: &row.hostname,
            kernel_id: "",
            ramdisk_id: "",
            root_device_name: row.root_device(),
            user_data: row.user_data.as_deref(),
        }),
    }
}

fn volumes(row: &Server, has_more: bool) -> Vec<Volume> {
    let volumes = row.volumes.iter().map(|volume| Volume {
        id: volume.id,
        delete_on_termination: has_more.then_some(volume.delete_on_termination),
    });
    volumes.collect()
}

fn fault_view(fault: &Fault, is_admin: bool) -> FaultView<'_> {
    let details = fault.details.as_deref();
    FaultView {
        code: fault.code,
        created: zulu(fault.created),
        message: &fault.message,
        details: details.filter(|_| is_admin || fault.code != 500),
    }
}

/// Which host it is without its name: the same for the servers of one project on it.
pub(in crate::compute) fn host_id(host: Option<&str>, project: Key) -> String {
    let Some(host) = host else {
        return String::new();
    };
    let mut hash = Sha224::new();
    hash.update(project.to_string());
    hash.update(host);
    let mut text = String::with_capacity(56);
    for byte in hash.finalize() {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text
}
