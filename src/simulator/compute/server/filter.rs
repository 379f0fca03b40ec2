//! Which servers are asked for.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use regex::Regex;
use uuid::Uuid;

use super::address::ports;
use super::status::states;
use crate::compute::query::{pattern, truth};
use crate::compute::{Subject, bad_request, forbidden, forbidden_because};
use crate::reply::Reply;
use crate::world::compute::Server;
use crate::world::{Key, id};

/// What anyone may ask by, and from which microversion on; the rest is for admins, and nobody's
/// else request is refused for it: it is left out.
const FOR_ALL: [(&str, u32); 27] = [
    ("reservation_id", 1),
    ("name", 1),
    ("status", 1),
    ("image", 1),
    ("flavor", 1),
    ("ip", 1),
    ("changes-since", 1),
    ("all_tenants", 1),
    ("ip6", 5),
    ("tags", 26),
    ("tags-any", 26),
    ("not-tags", 26),
    ("not-tags-any", 26),
    ("changes-before", 66),
    ("locked", 73),
    ("availability_zone", 83),
    ("config_drive", 83),
    ("key_name", 83),
    ("created_at", 83),
    ("launched_at", 83),
    ("terminated_at", 83),
    ("power_state", 83),
    ("task_state", 83),
    ("vm_state", 83),
    ("progress", 83),
    ("user_id", 83),
    ("hostname", 90),
];
/// What is newer than the rest, for admins too.
const NEWER: [(&str, u32); 6] = [
    ("tags", 26),
    ("tags-any", 26),
    ("not-tags", 26),
    ("not-tags-any", 26),
    ("changes-before", 66),
    ("locked", 73),
];
/// What nobody can ask by, and admins are told so.
const FOR_NONE: [&str; 7] = [
    "block_device_mapping",
    "services",
    "metadata",
    "system_metadata",
    "info_cache",
    "security_groups",
    "pci_devices",
];

/// One thing that a server has to be.
enum Filter<'a> {
    Project(Option<Key>),
    User(Option<Key>),
    Id(Option<Uuid>),
    Image(Option<Uuid>),
    Flavor(&'a str),
    Host(&'a str),
    States(Vec<&'a str>),
    Tasks(Vec<&'a str>),
    Locked(bool),
    Since(DateTime<Utc>),
    Before(DateTime<Utc>),
    /// Part of an address of a version.
    Address(&'a str),
    AllTags(Vec<&'a str>, bool),
    AnyTag(Vec<&'a str>, bool),
    Matches(fn(&Server) -> Option<Cow<'_, str>>, Arc<Regex>),
}

pub(super) struct Asked<'a> {
    filters: Vec<Filter<'a>>,
}

impl<'a> Asked<'a> {
    /// None where it is known without looking that there are none.
    pub(super) fn of(subject: &Subject<'a>, rule: &str) -> Result<Option<Self>, Reply> {
        let query = &subject.call.query;
        let is_admin = subject.token.is_admin();
        let since = |names: &[(&str, u32)], name: &str| {
            let found = names.iter().find(|(is, _)| *is == name);
            found.map(|(_, since)| subject.version.is(*since))
        };
        let get = |name: &str| {
            let is_known = since(&NEWER, name).unwrap_or(true);
            let may = is_admin || since(&FOR_ALL, name).unwrap_or(false);
            query.get(name).filter(|_| is_known && may)
        };
        if is_admin
            && let Some((name, _)) = query
                .pairs()
                .find(|(name, _)| FOR_NONE.contains(name) || name.starts_with('_'))
        {
            return Err(bad_request(&format!("Invalid filter field: {name}.")));
        }
        let mut filters = Vec::new();
        if query.has("status") {
            let statuses: Vec<&str> = query.all("status").collect();
            let meant = states(&statuses);
            if meant.states.is_empty() {
                return if subject.version.is(38) {
                    Err(bad_request("Invalid status value"))
                } else {
                    Ok(None)
                };
            }
            if meant.states == ["deleted"] {
                if !is_admin {
                    let reason = "Only administrators may list deleted instances";
                    return Err(forbidden_because(reason));
                }
                // Nothing is kept of what was deleted.
                return Ok(None);
            }
            filters.push(Filter::States(meant.states));
            filters.extend(meant.tasks.map(Filter::Tasks));
        } else if let Some(state) = get("vm_state") {
            filters.push(Filter::States(vec![state]));
        }
        if let Some(task) = get("task_state") {
            filters.push(Filter::Tasks(vec![task]));
        }
        let since = get("changes-since").and_then(crate::compute::query::time);
        let before = get("changes-before").and_then(crate::compute::query::time);
        if let (Some(since), Some(before)) = (since, before)
            && before < since
        {
            return Err(bad_request(
                "The value of changes-since must be less than or equal to changes-before.",
            ));
        }
        filters.extend(since.map(Filter::Since));
        filters.extend(before.map(Filter::Before));
        if get("deleted").is_some_and(|text| truth(text).unwrap_or(false)) {
            return Ok(None);
        }
        Self::add_scope(subject, rule, &get, &mut filters)?;
        if let Some(text) = get("locked") {
            filters.push(Filter::Locked(truth(text)?));
        }
        if let Some(flavor) = get("flavor") {
            if !subject.compute().flavors.contains_key(flavor) {
                return Ok(None);
            }
            filters.push(Filter::Flavor(flavor));
        }
        filters.extend(get("user_id").map(|user| Filter::User(Key::read(user))));
        filters.extend(get("uuid").map(|id| Filter::Id(id::read_uuid(id))));
        let image = get("image").or_else(|| get("image_ref"));
        filters.extend(image.map(|id| Filter::Image(id::read_uuid(id))));
        filters.extend(get("host").map(Filter::Host));
        filters.extend(get("ip").or_else(|| get("ip6")).map(Filter::Address));
        let tags = |name| get(name).map(|tags| tags.split(',').collect());
        filters.extend(tags("tags").map(|tags| Filter::AllTags(tags, true)));
        filters.extend(tags("not-tags").map(|tags| Filter::AllTags(tags, false)));
        filters.extend(tags("tags-any").map(|tags| Filter::AnyTag(tags, true)));
        filters.extend(tags("not-tags-any").map(|tags| Filter::AnyTag(tags, false)));
        for (name, value) in TEXTS {
            if let Some(pattern) = get(name).and_then(pattern) {
                filters.push(Filter::Matches(value, Arc::new(pattern)));
            }
        }
        Ok(Some(Self { filters }))
    }

    /// Whose servers they are to be.
    fn add_scope(
        subject: &Subject<'a>,
        rule: &str,
        get: &impl Fn(&str) -> Option<&'a str>,
        filters: &mut Vec<Filter<'a>>,
    ) -> Result<(), Reply> {
        let of_all = match get("all_tenants") {
            // Said without a value it is meant.
            Some("") => true,
            Some(text) => truth(text)?,
            None => false,
        };
        if !of_all {
            filters.push(Filter::Project(subject.token.project));
            return Ok(());
        }
        if !subject.token.is_admin() {
            return Err(forbidden(&format!(
                "os_compute_api:servers:{rule}:get_all_tenants"
            )));
        }
        let project = get("project_id").or_else(|| get("tenant_id"));
        filters.extend(project.map(|id| Filter::Project(Key::read(id))));
        Ok(())
    }

    pub(super) fn has(&self, subject: &Subject<'_>, server: &Server) -> bool {
        self.filters
            .iter()
            .all(|filter| filter.has(subject, server))
    }
}

impl Filter<'_> {
    fn has(&self, subject: &Subject<'_>, server: &Server) -> bool {
        let has_tag = |tag: &&str| server.tags.iter().any(|is| is == tag);
        match self {
            Self::Project(project) => Some(server.project) == *project,
            Self::User(user) => Some(server.user) == *user,
            Self::Id(id) => Some(server.id) == *id,
            Self::Image(image) => image.is_some() && server.image == *image,
            Self::Flavor(flavor) => server.flavor.id == *flavor,
            Self::Host(host) => server.host.as_deref() == Some(*host),
            Self::States(states) => states.contains(&server.vm_state.word()),
            Self::Tasks(tasks) => server.task_state.is_some_and(|task| tasks.contains(&task)),
            Self::Locked(is_locked) => server.locked.is_some() == *is_locked,
            Self::Since(time) => server.updated >= *time,
            Self::Before(time) => server.updated <= *time,
            Self::Address(part) => {
                let mut ports = ports(&subject.region.network, server);
                ports.any(|port| {
                    let mut addresses = port.fixed_ips.iter();
                    addresses.any(|ip| ip.address.to_string().contains(part))
                })
            }
            Self::AllTags(tags, wanted) => tags.iter().all(has_tag) == *wanted,
            Self::AnyTag(tags, wanted) => tags.iter().any(has_tag) == *wanted,
            Self::Matches(value, pattern) => {
                value(server).is_some_and(|value| pattern.is_match(&value))
            }
        }
    }
}

type Text = fn(&Server) -> Option<Cow<'_, str>>;

/// What is asked for by a pattern.
const TEXTS: [(&str, Text); 16] = [
    ("name", |row| Some(row.name.as_str().into())),
    ("display_name", |row| Some(row.name.as_str().into())),
    ("hostname", |row| Some(row.hostname.as_str().into())),
    ("display_description", |row| {
        row.description.as_deref().map(Into::into)
    }),
    ("key_name", |row| row.key_name.as_deref().map(Into::into)),
    ("node", |row| row.host.as_deref().map(Into::into)),
    ("availability_zone", |row| Some(row.zone.as_ref().into())),
    ("power_state", |row| {
        Some((row.power_state as u8).to_string().into())
    }),
    ("progress", |row| Some(row.progress.to_string().into())),
    ("reservation_id", |row| Some(row.reservation_id().into())),
    ("root_device_name", |row| row.root_device().map(Into::into)),
    ("launched_at", |row| row.launched.map(stored)),
    ("created_at", |row| Some(stored(row.created))),
    ("terminated_at", |_| None),
    ("config_drive", |row| {
        Some(if row.has_config_drive { "True" } else { "" }.into())
    }),
    ("locked_by", |row| {
        let lock = row.locked.as_ref()?;
        Some(if lock.by_admin { "admin" } else { "owner" }.into())
    }),
];

/// A time as the database has it.
fn stored(time: DateTime<Utc>) -> Cow<'static, str> {
    time.format("%Y-%m-%d %H:%M:%S").to_string().into()
}
