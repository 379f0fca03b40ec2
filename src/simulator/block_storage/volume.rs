//! Volumes: lists, single ones, what they are in sum.

pub(super) mod action;
mod view;
pub(super) mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::view::{Brief, Hosts, Single};
use super::field::{Field, Test};
use super::listing::{Asked, Column, Page};
use super::literal::Literal;
use super::{Subject, asked_boolean, bad_request, boolean, missing, not_found};
use crate::clock;
use crate::reply::{Answer, Reply};
use crate::world::block_storage::Volume;
use crate::world::id::read_uuid;

/// What the members of a project could filter by before 3.31; all else was forgotten.
const BEFORE: [&str; 10] = [
    "name",
    "status",
    "metadata",
    "glance_metadata",
    "bootable",
    "migration_status",
    "group_id",
    "availability_zone",
    "created_at",
    "updated_at",
];

impl Subject<'_> {
    pub(super) fn volumes(&self, is_detailed: bool) -> Answer {
        let mut asked = Asked::read(self, true)?;
        self.since_filters(&mut asked);
        asked.narrow(self, "volume", &BEFORE)?;
        asked.rename_sort("name", "display_name");
        asked.rename("name", "display_name");
        let page = self.volume_page(&mut asked)?;
        let key = ("volumes", "volumes_links");
        Ok(if is_detailed {
            let hosts = Hosts::of(self.storage);
            page.reply(
                self,
                key,
                "volumes/detail",
                |row| row.id,
                |row| self.volume_view(row, &hosts),
            )
        } else {
            page.reply(
                self,
                key,
                "volumes",
                |row| row.id,
                |row| Brief {
                    id: row.id,
                    name: row.name.as_deref(),
                    links: self.row_links("volumes", row.id),
                },
            )
        })
    }

    /// Forgets what is no filter yet at the caller's microversion.
    fn since_filters(&self, asked: &mut Asked) {
        if self.minor >= 31 {
            return;
        }
        let added = [("glance_metadata", 4), ("group_id", 10)];
        let times = [("created_at", 60), ("updated_at", 60), ("use_quota", 65)];
        for (name, since) in added.into_iter().chain(times) {
            if self.minor < since {
                asked.take(name);
            }
        }
    }

    fn volume_page(&self, asked: &mut Asked) -> Result<Page<&Volume>, Reply> {
        let mut times = Vec::new();
        for name in ["created_at", "updated_at"] {
            let (Some(text), Some(column)) = (asked.take(name), column(name)) else {
                continue;
            };
            // `gt:…,lt:…`, of which one has to hold.
            let spans: Result<Vec<Span>, Reply> = text.split(',').map(Span::read).collect();
            times.push((column, spans?));
        }
        let is_strict = self.minor >= 2;
        let everyone = asked.take("all_tenants");
        let is_everyone = asked_boolean("all_tenants", everyone.as_deref())?;
        let is_all = self.token.is_admin() && is_everyone;
        if everyone.is_some() && self.token.is_admin() && !is_everyone {
            // It stays a filter then, of a column that there is not.
            return Ok(Page::empty(asked));
        }
        if !is_all {
            asked.take("project_id");
        }
        // Which nobody but the service is meant to ask for: volumes on the move there are none.
        asked.take("no_migration_targets");
        let host = asked.take("host");
        let metadata = asked.take("metadata").map(|text| Literal::read(&text));
        let image = asked
            .take("glance_metadata")
            .map(|text| Literal::read(&text));
        let ids = asked.take("id").map(|text| Test::of(Literal::read(&text)));
        let read = |name: &str, value: &str| -> Result<Literal, Reply> {
            match name {
                // Taken as it is written, quotes and all.
                "display_name" => Ok(Literal::Text(value.to_owned())),
                "use_quota" => asked_boolean(name, Some(value)).map(Literal::Bool),
                "bootable" | "multiattach" | "deleted" => match boolean(value) {
                    Some(is) => Ok(Literal::Bool(is)),
                    None if is_strict => Err(bad_request(&format!(
                        "Invalid input received: '{name} = {value}'"
                    ))),
                    None => Ok(Literal::Bool(!value.is_empty())),
                },
                _ => Ok(Literal::read(value)),
            }
        };
        let Some(tests) = asked.tests(column, read)? else {
            return Ok(Page::empty(asked));
        };
        let mut rows: Vec<&Volume> = match &ids {
            Some(ids) => {
                let ids: BTreeSet<Uuid> = ids.ids().collect();
                ids.iter()
                    .filter_map(|id| self.storage.volumes.get(id))
                    .collect()
            }
            None => self.storage.volumes.values().collect(),
        };
        if !is_all {
            rows.retain(|row| self.token.project == Some(row.project));
        }
        for (column, test) in &tests {
            rows.retain(|row| test.holds(column(row)));
        }
        for (column, spans) in times {
            rows.retain(|row| spans.iter().any(|span| span.holds(column(row))));
        }
        if let Some(host) = host.filter(|host| !host.is_empty()) {
            rows.retain(|row| row.host.as_deref().is_some_and(|is| is_on(is, &host)));
        }
        for (wanted, of) in [
            (
                metadata,
                (|row| &row.metadata) as fn(&Volume) -> &BTreeMap<_, _>,
            ),
            (image, |row| &row.image_metadata),
        ] {
            let Some(wanted) = wanted else { continue };
            let Some(pairs) = wanted.pairs() else {
                return Ok(Page::empty(asked));
            };
            rows.retain(|row| {
                pairs
                    .iter()
                    .all(|(name, value)| of(row).get(name) == Some(value))
            });
        }
        // Anyone's will do.
        let marker = match &asked.marker {
            Some(id) => {
                let row = read_uuid(id).and_then(|id| self.storage.volumes.get(&id));
                Some(row.ok_or_else(|| missing("Volume", id))?)
            }
            None => None,
        };
        asked.page(rows, column, marker)
    }

    pub(super) fn known_volume(&self, id: &str) -> Result<&Volume, Reply> {
        let row = read_uuid(id).and_then(|id| self.storage.volumes.get(&id));
        row.filter(|row| self.sees(row.project))
            .ok_or_else(|| missing("Volume", id))
    }

    pub(super) fn volume(&self, id: &str) -> Answer {
        let row = self.known_volume(id)?;
        let hosts = Hosts::of(self.storage);
        Ok(Reply::ok(&Single {
            volume: self.volume_view(row, &hosts),
        }))
    }

    pub(super) fn volume_metadata(&self, id: &str) -> Answer {
        let body = json!({"metadata": self.known_volume(id)?.metadata});
        if self.minor < 15 {
            return Ok(Reply::ok(&body));
        }
        // Answered by itself then, for the sake of the tag, and the kind of content forgotten.
        let body = body.to_string();
        let tag = format!("{:x}", Sha256::digest(&body));
        let reply = Reply::of(
            http::StatusCode::OK,
            "text/html; charset=UTF-8",
            body.into(),
        );
        Ok(reply.with(http::header::ETAG, &format!("\"{}\"", &tag[..32])))
    }

    pub(super) fn volume_metadatum(&self, id: &str, name: &str) -> Answer {
        let value = self.known_volume(id)?.metadata.get(name);
        let value = value
            .ok_or_else(|| not_found(&format!("Volume {id} has no metadata with key {name}.")))?;
        Ok(Reply::ok(&json!({"meta": {name: value}})))
    }

    pub(super) fn volume_encryption(&self, id: &str) -> Answer {
        self.known_volume(id)?;
        Ok(Reply::ok(&json!({"encryption_key_id": null})))
    }

    pub(super) fn summary(&self) -> Answer {
        let is_all = asked_boolean("all_tenants", self.call.query.get("all_tenants"))?;
        let is_all = is_all && self.token.is_admin();
        let rows = self.storage.volumes.values();
        let rows = rows.filter(|row| is_all || self.token.project == Some(row.project));
        let (mut count, mut size) = (0, 0);
        let mut metadata: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for row in rows {
            count += 1;
            size += u64::from(row.size_gib);
            for (name, value) in &row.metadata {
                metadata.entry(name).or_default().insert(value);
            }
        }
        let mut summary = json!({"total_count": count, "total_size": size});
        if self.minor >= 36 {
            summary["metadata"] = json!(metadata);
        }
        Ok(Reply::ok(&json!({"volume-summary": summary})))
    }
}

/// A host, or a back end of one, or a pool of that.
fn is_on(is: &str, wanted: &str) -> bool {
    let Some(rest) = is.strip_prefix(wanted) else {
        return false;
    };
    rest.is_empty()
        || (!wanted.contains('#') && rest.starts_with('#'))
        || (!wanted.contains(['#', '@']) && rest.starts_with('@'))
}

/// A time that is to be before, after or at another.
struct Span {
    operator: &'static str,
    time: i64,
}

impl Span {
    fn read(text: &str) -> Result<Self, Reply> {
        let (operator, time) = text.split_once(':').unwrap_or((text, text));
        let known = ["gt", "gte", "eq", "neq", "lt", "lte"];
        let known = known.into_iter().find(|known| *known == operator);
        let known = known.ok_or_else(|| bad_request(&format!("Invalid {operator} operator")))?;
        let read = clock::read(time);
        let read = read.ok_or_else(|| bad_request(&format!("Invalid {time} value")))?;
        Ok(Self {
            operator: known,
            time: read.timestamp(),
        })
    }

    fn holds(&self, field: Field<'_>) -> bool {
        let Field::Time(is) = field else {
            return false;
        };
        match self.operator {
            "gt" => is > self.time,
            "gte" => is >= self.time,
            "lt" => is < self.time,
            "lte" => is <= self.time,
            "neq" => is != self.time,
            _ => is == self.time,
        }
    }
}

/// The columns of the database's table, those that are empty here too.
fn column<'w>(name: &str) -> Option<Column<'w, &'w Volume>> {
    Some(match name {
        "id" => |row| Field::Id(row.id),
        "display_name" => |row| Field::text(row.name.as_deref()),
        "display_description" => |row| Field::text(row.description.as_deref()),
        "project_id" => |row| Field::Key(row.project),
        "user_id" => |row| Field::Key(row.user),
        "size" => |row| Field::Number(i64::from(row.size_gib)),
        "status" => |row| Field::Text(row.status),
        "attach_status" => |row| {
            let is_attached = row.attachments.iter().any(|row| row.status == "attached");
            Field::Text(if is_attached { "attached" } else { "detached" })
        },
        "volume_type_id" => |row| Field::Id(row.volume_type),
        "availability_zone" => |row| Field::Text(&row.zone),
        "host" => |row| Field::text(row.host.as_deref()),
        "bootable" => |row| Field::Bool(row.is_bootable),
        "multiattach" => |row| Field::Bool(row.is_multiattach),
        "use_quota" => |_| Field::Bool(true),
        "shared_targets" | "deleted" => |_| Field::Bool(false),
        "snapshot_id" => |row| Field::id(row.snapshot),
        "source_volid" => |row| Field::id(row.source),
        "created_at" => |row| Field::time(row.created),
        "updated_at" => |row| Field::time(row.updated),
        "launched_at" | "scheduled_at" => |row| Field::time(row.created),
        "ec2_id"
        | "cluster_name"
        | "migration_status"
        | "terminated_at"
        | "deleted_at"
        | "provider_location"
        | "provider_auth"
        | "provider_geometry"
        | "provider_id"
        | "encryption_key_id"
        | "consistencygroup_id"
        | "group_id"
        | "replication_status"
        | "replication_extended_status"
        | "replication_driver_data"
        | "previous_status"
        | "service_uuid"
        | "_name_id" => |_| Field::Null,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::is_on;

    #[test]
    fn hosts_have_back_ends_and_those_have_pools() {
        assert!(is_on("storage-1@ssd#ssd", "storage-1"));
        assert!(is_on("storage-1@ssd#ssd", "storage-1@ssd"));
        assert!(is_on("storage-1@ssd#ssd", "storage-1@ssd#ssd"));
        assert!(!is_on("storage-1@ssd#ssd", "storage"));
        assert!(!is_on("storage-1@ssd#ssd", "storage-1@s"));
    }
}
