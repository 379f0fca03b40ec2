//! The order of servers, and with it what lies behind a marker.

use std::cmp::Ordering;

use crate::compute::{Subject, bad_request, forbidden_because};
use crate::reply::Reply;
use crate::world::compute::Server;

/// What servers can be sorted by.
pub(super) const KEYS: [&str; 30] = [
    "locked",
    "availability_zone",
    "progress",
    "host",
    "vm_state",
    "task_state",
    "instance_type_id",
    "ramdisk_id",
    "uuid",
    "auto_disk_config",
    "node",
    "display_description",
    "created_at",
    "access_ip_v4",
    "launch_index",
    "power_state",
    "launched_at",
    "updated_at",
    "terminated_at",
    "access_ip_v6",
    "config_drive",
    "hostname",
    "display_name",
    "image_ref",
    "locked_by",
    "kernel_id",
    "project_id",
    "root_device_name",
    "key_name",
    "user_id",
];
/// What only admins may sort by.
const OF_ADMINS: [&str; 2] = ["host", "node"];

pub(super) struct Order {
    keys: Vec<(String, bool)>,
}

impl Order {
    /// Refuses what Nova refuses: but for the keys, which the check of the query has seen.
    pub(super) fn of(subject: &Subject<'_>) -> Result<Self, Reply> {
        let query = &subject.call.query;
        let mut keys: Vec<&str> = query.all("sort_key").map(str::trim).collect();
        let directions: Vec<&str> = query.all("sort_dir").map(str::trim).collect();
        let of_admins = keys.iter().find(|key| OF_ADMINS.contains(key));
        if let Some(key) = of_admins.filter(|_| !subject.token.is_admin()) {
            return Err(forbidden_because(&format!(
                "Only administrators can sort servers by {key}"
            )));
        }
        if keys.is_empty() {
            keys.push("created_at");
        }
        let refused = |reason: &str| Err(bad_request(&format!("Invalid input received: {reason}")));
        if !directions
            .iter()
            .all(|word| matches!(*word, "asc" | "desc"))
        {
            return refused("Unknown sort direction, must be 'desc' or 'asc'");
        }
        if directions.len() > keys.len() {
            return refused("Sort direction size exceeds sort key size");
        }
        // Those that have no direction go the way of the first.
        let usual = directions.first().copied().unwrap_or("desc");
        let directions = directions.iter().copied().chain(std::iter::repeat(usual));
        let mut keys: Vec<(String, bool)> = keys
            .into_iter()
            .zip(directions)
            .map(|(key, direction)| (key.to_owned(), direction == "desc"))
            .collect();
        if keys.iter().all(|(key, _)| key != "uuid") {
            keys.push(("uuid".to_owned(), false));
        }
        Ok(Self { keys })
    }

    pub(super) fn is_newest_first(&self) -> bool {
        matches!(self.keys.first(), Some((key, true)) if key == "created_at")
    }

    pub(super) fn compare(&self, one: &Server, other: &Server) -> Ordering {
        for (key, is_descending) in &self.keys {
            let order = by_key(key, one, other);
            if order != Ordering::Equal {
                return if *is_descending {
                    order.reverse()
                } else {
                    order
                };
            }
        }
        Ordering::Equal
    }
}

fn lowercase(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// What has no value comes first.
fn by_key(key: &str, one: &Server, other: &Server) -> Ordering {
    match key {
        "created_at" => one.created.timestamp().cmp(&other.created.timestamp()),
        "uuid" => one.id.cmp(&other.id),
        "updated_at" => one.updated.timestamp().cmp(&other.updated.timestamp()),
        "launched_at" => {
            let launched = |row: &Server| row.launched.map(|time| time.timestamp());
            launched(one).cmp(&launched(other))
        }
        // Databases do not tell capitals apart.
        "display_name" => lowercase(&one.name).cmp(lowercase(&other.name)),
        "hostname" => one.hostname.cmp(&other.hostname),
        "display_description" => one.description.cmp(&other.description),
        "project_id" => one.project.cmp(&other.project),
        "user_id" => one.user.cmp(&other.user),
        "vm_state" => one.vm_state.word().cmp(other.vm_state.word()),
        "task_state" => one.task_state.cmp(&other.task_state),
        "power_state" => (one.power_state as u8).cmp(&(other.power_state as u8)),
        "host" | "node" => one.host.cmp(&other.host),
        "availability_zone" => one.zone.cmp(&other.zone),
        "key_name" => one.key_name.cmp(&other.key_name),
        "image_ref" => one.image.cmp(&other.image),
        "instance_type_id" => one.flavor.id.cmp(&other.flavor.id),
        "progress" => one.progress.cmp(&other.progress),
        "config_drive" => one.has_config_drive.cmp(&other.has_config_drive),
        "locked" | "locked_by" => one.locked.is_some().cmp(&other.locked.is_some()),
        "root_device_name" => one.root_device().cmp(&other.root_device()),
        // The same for all.
        _ => Ordering::Equal,
    }
}
