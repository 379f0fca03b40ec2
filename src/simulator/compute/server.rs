//! Servers: lists and single ones.

pub(super) mod act;
pub(super) mod address;
pub(super) mod attach;
mod create;
mod delete;
mod disk;
mod embedded;
mod filter;
mod lock;
mod order;
mod rebuild;
mod resize;
mod shelve;
mod status;
mod tag;
pub(super) mod view;
mod volume_image;
mod wiring;

use std::cmp::Ordering;

use serde::Serialize;
use uuid::Uuid;

use self::filter::Asked;
use self::order::Order;
use self::view::{Shown, View};
use super::link::{Link, links};
use super::paging::{Page, cut, unknown_marker};
use super::query::{Kind, Names, STRICT};
use super::{Subject, bad_request};
use crate::reply::{Answer, Reply};
use crate::world::compute::Server;
use crate::world::id;

/// What a query for servers may say.
const QUERY: Names = Names {
    names: &[
        ("user_id", Kind::Any),
        ("project_id", Kind::Any),
        ("tenant_id", Kind::Any),
        ("launch_index", Kind::Any),
        ("image_ref", Kind::Any),
        ("image", Kind::Any),
        ("kernel_id", Kind::Pattern),
        ("ramdisk_id", Kind::Pattern),
        ("hostname", Kind::Pattern),
        ("key_name", Kind::Pattern),
        ("power_state", Kind::Pattern),
        ("vm_state", Kind::Any),
        ("task_state", Kind::Any),
        ("host", Kind::Any),
        ("node", Kind::Pattern),
        ("flavor", Kind::Pattern),
        ("reservation_id", Kind::Pattern),
        ("launched_at", Kind::Pattern),
        ("terminated_at", Kind::Pattern),
        ("availability_zone", Kind::Pattern),
        ("name", Kind::Pattern),
        ("display_name", Kind::Pattern),
        ("description", Kind::Pattern),
        ("display_description", Kind::Pattern),
        ("locked_by", Kind::Pattern),
        ("uuid", Kind::Any),
        ("root_device_name", Kind::Pattern),
        ("config_drive", Kind::Pattern),
        ("access_ip_v4", Kind::Pattern),
        ("access_ip_v6", Kind::Pattern),
        ("auto_disk_config", Kind::Pattern),
        ("progress", Kind::Pattern),
        ("sort_key", Kind::OneOf(&order::KEYS)),
        ("sort_dir", Kind::Any),
        ("all_tenants", Kind::Any),
        ("soft_deleted", Kind::Any),
        ("deleted", Kind::Any),
        ("status", Kind::Any),
        ("changes-since", Kind::Time),
        ("ip", Kind::Pattern),
        ("ip6", Kind::Pattern),
        ("created_at", Kind::Pattern),
        ("block_device_mapping", Kind::Any),
        ("services", Kind::Any),
        ("metadata", Kind::Any),
        ("system_metadata", Kind::Any),
        ("info_cache", Kind::Any),
        ("security_groups", Kind::Any),
        ("pci_devices", Kind::Any),
        ("limit", Kind::Number),
        ("marker", Kind::Any),
        ("tags", Kind::Pattern),
        ("tags-any", Kind::Pattern),
        ("not-tags", Kind::Pattern),
        ("not-tags-any", Kind::Pattern),
        ("changes-before", Kind::Time),
        ("locked", Kind::Any),
    ],
    once: false,
    closed_from: STRICT,
};

#[derive(Serialize)]
struct Brief<'a> {
    id: Uuid,
    name: &'a str,
    links: [Link; 2],
}

#[derive(Serialize)]
struct List<T> {
    servers: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers_links: Option<[Link; 1]>,
}

impl<'a> Subject<'a> {
    pub(super) fn servers(&self, is_detail: bool) -> Answer {
        let rule = if is_detail { "detail" } else { "index" };
        if !self.token.has_role("reader") {
            self.may(&format!("os_compute_api:servers:{rule}"))?;
        }
        self.check_servers_query()?;
        let Some(asked) = Asked::of(self, rule)? else {
            return Ok(Reply::ok(&List::<Brief<'_>> {
                servers: Vec::new(),
                servers_links: None,
            }));
        };
        let order = Order::of(self)?;
        let page = self.servers_page(&asked, &order)?;
        let path = if is_detail {
            "servers/detail"
        } else {
            "servers"
        };
        let last = page.rows.last().filter(|_| page.is_full);
        let servers_links = last.map(|last| self.next_link(path, QUERY, &last.id.to_string()));
        let (own, bookmark) = self.link_roots("servers");
        if !is_detail {
            let rows = page.rows.iter().map(|row| Brief {
                id: row.id,
                name: &row.name,
                links: links(&own, &bookmark, &row.id.to_string()),
            });
            return Ok(Reply::ok(&List {
                servers: rows.collect(),
                servers_links,
            }));
        }
        let shown = Shown::of(self);
        let rows = page.rows.iter().map(|row| View::of(&shown, row, false));
        Ok(Reply::ok(&List {
            servers: rows.collect(),
            servers_links,
        }))
    }

    pub(super) fn server(&self, id: &str) -> Answer {
        #[derive(Serialize)]
        struct One<'a> {
            server: View<'a>,
        }
        let row = self.server_of(id, "os_compute_api:servers:show")?;
        let shown = Shown::of(self);
        Ok(Reply::ok(&One {
            server: View::of(&shown, row, true),
        }))
    }

    fn check_servers_query(&self) -> Result<(), Reply> {
        let mut unknown = self.unknown(QUERY);
        // What begins so is refused later, in other words.
        unknown.retain(|name| !name.starts_with("'_"));
        if self.version.is(QUERY.closed_from) && !unknown.is_empty() {
            let verb = if unknown.len() == 1 { "does" } else { "do" };
            return Err(bad_request(&format!(
                "{} {verb} not match any of the regexes: '^_'",
                unknown.join(", ")
            )));
        }
        self.check_values(QUERY)
    }

    /// The servers that are asked for, in order, from behind the marker on.
    fn servers_page(&self, asked: &Asked<'_>, order: &Order) -> Result<Page<&'a Server>, Reply> {
        let limit = self.limit();
        let servers = &self.compute().servers;
        let mut kept: Vec<&Server> = match self.marker() {
            None => servers
                .values()
                .filter(|row| asked.has(self, row))
                .collect(),
            Some(marker) => {
                // It need not be among those that are asked for.
                let last = id::read_uuid(marker).and_then(|id| servers.get(&id));
                let last = last.ok_or_else(|| unknown_marker(marker))?;
                servers
                    .values()
                    .filter(|row| order.compare(row, last) == Ordering::Greater)
                    .filter(|row| asked.has(self, row))
                    .collect()
            }
        };
        let compare = |one: &&Server, other: &&Server| order.compare(one, other);
        if order.is_newest_first() {
            // Nearly how they lie there: sorting is cheap then.
            kept.reverse();
        } else if kept.len() > limit {
            // What is on later pages need not be sorted for this one.
            kept.select_nth_unstable_by(limit, compare);
            kept.truncate(limit);
        }
        kept.sort_by(compare);
        Ok(cut(kept, limit))
    }
}
