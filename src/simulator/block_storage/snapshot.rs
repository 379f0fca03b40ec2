//! Snapshots of volumes.

mod write;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::field::{Field, Test};
use super::listing::{Asked, Column, Page};
use super::literal::Literal;
use super::{Subject, asked_boolean, boolean, missing};
use crate::clock::{Written, naive};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::block_storage::Snapshot;
use crate::world::id::read_uuid;

impl Subject<'_> {
    pub(super) fn snapshots(&self, is_detailed: bool) -> Answer {
        let mut asked = Asked::read(self, true)?;
        if self.minor < 22 {
            asked.take("metadata");
        }
        let before = ["status", "volume_id", "name", "metadata"];
        asked.narrow(self, "snapshot", &before)?;
        if self.minor >= 30 {
            asked.rename_sort("name", "display_name");
        }
        asked.rename("name", "display_name");
        let page = self.snapshot_page(&mut asked)?;
        let path = if is_detailed {
            "snapshots/detail"
        } else {
            "snapshots"
        };
        Ok(page.reply(
            self,
            ("snapshots", "snapshots_links"),
            path,
            |row| row.id,
            |row| self.snapshot_view(row, is_detailed),
        ))
    }

    fn snapshot_page(&self, asked: &mut Asked) -> Result<Page<&Snapshot>, Reply> {
        let everyone = asked.take("all_tenants");
        let is_everyone = everyone.is_some_and(|text| boolean(&text) == Some(true));
        let is_all = self.token.is_admin() && is_everyone;
        if !is_all {
            asked.take("project_id");
        }
        let quota = asked.take("use_quota");
        let quota = match &quota {
            Some(text) => Some(asked_boolean("use_quota", Some(text))?),
            None => None,
        };
        let metadata = asked.take("metadata").map(|text| Literal::read(&text));
        // Theirs is their volume's.
        let zone = asked.take("availability_zone");
        let host = asked.take("host");
        // No lists here: they are compared as they are written.
        let read = |_: &str, value: &str| Ok(Literal::Text(value.to_owned()));
        let Some(tests) = asked.tests(column, read)? else {
            return Ok(Page::empty(asked));
        };
        let mut rows: Vec<&Snapshot> = self.storage.snapshots.values().collect();
        if !is_all {
            rows.retain(|row| self.token.project == Some(row.project));
        }
        for (column, test) in &tests {
            rows.retain(|row| test.holds(column(row)));
        }
        if quota == Some(false) {
            rows.clear();
        }
        for (wanted, is_zone) in [(zone, true), (host, false)] {
            let Some(wanted) = wanted else { continue };
            let test = Test::exactly(&wanted);
            rows.retain(|row| {
                let volume = self.storage.volumes.get(&row.volume);
                volume.is_some_and(|volume| {
                    test.holds(if is_zone {
                        Field::Text(&volume.zone)
                    } else {
                        Field::text(volume.host.as_deref())
                    })
                })
            });
        }
        if let Some(wanted) = metadata {
            let Some(pairs) = wanted.pairs() else {
                return Ok(Page::empty(asked));
            };
            rows.retain(|row| {
                pairs
                    .iter()
                    .all(|(name, value)| row.metadata.get(name) == Some(value))
            });
        }
        let marker = match &asked.marker {
            Some(id) => Some(self.known_snapshot(id)?),
            None => None,
        };
        asked.page(rows, column, marker)
    }

    pub(super) fn known_snapshot(&self, id: &str) -> Result<&Snapshot, Reply> {
        let row = read_uuid(id).and_then(|id| self.storage.snapshots.get(&id));
        row.filter(|row| self.sees(row.project))
            .ok_or_else(|| missing("Snapshot", id))
    }

    pub(super) fn snapshot(&self, id: &str) -> Answer {
        let row = self.known_snapshot(id)?;
        Ok(Reply::ok(&Single {
            snapshot: self.snapshot_view(row, true),
        }))
    }

    pub(super) fn snapshot_metadata(&self, id: &str) -> Answer {
        let row = self.known_snapshot(id)?;
        Ok(Reply::ok(&json!({"metadata": row.metadata})))
    }

    fn snapshot_view<'a>(&self, row: &'a Snapshot, is_detailed: bool) -> View<'a> {
        let since = |minor: u16| is_detailed && self.minor >= minor;
        View {
            id: row.id,
            created_at: naive(row.created),
            updated_at: (row.updated != row.created).then(|| naive(row.updated)),
            name: row.name.as_deref(),
            description: row.description.as_deref(),
            volume_id: row.volume,
            status: row.status,
            size: row.size_gib,
            metadata: &row.metadata,
            group_snapshot_id: since(14).then_some(()),
            user_id: since(41).then_some(row.user),
            consumes_quota: since(65).then_some(true),
            project_id: is_detailed.then_some(row.project),
            progress: is_detailed.then(|| progress(row)),
        }
    }
}

fn progress(row: &Snapshot) -> &'static str {
    if row.status == "available" {
        "100%"
    } else {
        "0%"
    }
}

fn column<'w>(name: &str) -> Option<Column<'w, &'w Snapshot>> {
    Some(match name {
        "id" => |row| Field::Id(row.id),
        "display_name" => |row| Field::text(row.name.as_deref()),
        "display_description" => |row| Field::text(row.description.as_deref()),
        "project_id" => |row| Field::Key(row.project),
        "user_id" => |row| Field::Key(row.user),
        "volume_id" => |row| Field::Id(row.volume),
        "volume_size" => |row| Field::Number(i64::from(row.size_gib)),
        "status" => |row| Field::Text(row.status),
        "progress" => |row| Field::Text(progress(row)),
        "created_at" => |row| Field::time(row.created),
        "updated_at" => |row| Field::time(row.updated),
        "use_quota" => |_| Field::Bool(true),
        "deleted" => |_| Field::Bool(false),
        "cgsnapshot_id" | "group_snapshot_id" | "deleted_at" | "scheduled_at"
        | "encryption_key_id" | "volume_type_id" | "provider_location" | "provider_id"
        | "provider_auth" => |_| Field::Null,
        _ => return None,
    })
}

#[derive(Serialize)]
struct Single<'a> {
    snapshot: View<'a>,
}

#[derive(Serialize)]
struct View<'a> {
    id: Uuid,
    created_at: Written,
    updated_at: Option<Written>,
    name: Option<&'a str>,
    description: Option<&'a str>,
    volume_id: Uuid,
    status: &'static str,
    size: u32,
    metadata: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_snapshot_id: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumes_quota: Option<bool>,
    #[serde(
        rename = "os-extended-snapshot-attributes:project_id",
        skip_serializing_if = "Option::is_none"
    )]
    project_id: Option<Key>,
    #[serde(
        rename = "os-extended-snapshot-attributes:progress",
        skip_serializing_if = "Option::is_none"
    )]
    progress: Option<&'static str>,
}
