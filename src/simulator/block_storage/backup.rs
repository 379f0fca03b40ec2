//! Backups of volumes.

mod write;

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::field::Field;
use super::listing::{Asked, Column, Page};
use super::literal::Literal;
use super::{Link, Subject, bad_request, boolean, missing};
use crate::clock::{Written, naive};
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::block_storage::Backup;
use crate::world::id::read_uuid;

impl Subject<'_> {
    pub(super) fn backups(&self, is_detailed: bool) -> Answer {
        let mut asked = Asked::read(self, true)?;
        if self.minor >= 37 {
            asked.rename_sort("name", "display_name");
        }
        asked.narrow(self, "backup", &["name", "status", "volume_id"])?;
        asked.rename("name", "display_name");
        let page = self.backup_page(&mut asked)?;
        let key = ("backups", "backups_links");
        Ok(if is_detailed {
            page.reply(
                self,
                key,
                "backups/detail",
                |row| row.id,
                |row| self.backup_view(row),
            )
        } else {
            page.reply(
                self,
                key,
                "backups",
                |row| row.id,
                |row| Brief {
                    id: row.id,
                    name: &row.name,
                    links: self.row_links("backups", row.id),
                },
            )
        })
    }

    fn backup_page(&self, asked: &mut Asked) -> Result<Page<&Backup>, Reply> {
        let everyone = asked.take("all_tenants").unwrap_or_else(|| "0".to_owned());
        let is_everyone = boolean(&everyone).ok_or_else(|| {
            bad_request(&format!("all_tenants must be a boolean, got '{everyone}'."))
        })?;
        let is_all = self.token.is_admin() && is_everyone;
        if !is_all {
            asked.take("project_id");
        }
        let read = |_: &str, value: &str| Ok(Literal::Text(value.to_owned()));
        let Some(tests) = asked.tests(column, read)? else {
            return Ok(Page::empty(asked));
        };
        let mut rows: Vec<&Backup> = self.storage.backups.values().collect();
        if !is_all {
            rows.retain(|row| self.token.project == Some(row.project));
        }
        for (column, test) in &tests {
            rows.retain(|row| test.holds(column(row)));
        }
        let marker = match &asked.marker {
            Some(id) => Some(self.known_backup(id)?),
            None => None,
        };
        asked.page(rows, column, marker)
    }

    pub(super) fn known_backup(&self, id: &str) -> Result<&Backup, Reply> {
        let row = read_uuid(id).and_then(|id| self.storage.backups.get(&id));
        row.filter(|row| self.sees(row.project))
            .ok_or_else(|| missing("Backup", id))
    }

    pub(super) fn backup(&self, id: &str) -> Answer {
        let row = self.known_backup(id)?;
        Ok(Reply::ok(&Single {
            backup: self.backup_view(row),
        }))
    }

    fn backup_view<'a>(&'a self, row: &'a Backup) -> Detail<'a> {
        let is_admin = self.token.is_admin();
        let since = |minor: u16| self.minor >= minor;
        Detail {
            id: row.id,
            status: row.status,
            size: row.size_gib,
            object_count: row.object_count,
            availability_zone: &row.zone,
            container: &row.container,
            created_at: naive(row.created),
            updated_at: (row.updated != row.created).then(|| naive(row.updated)),
            name: &row.name,
            description: row.description.as_deref(),
            fail_reason: row.fail_reason.as_deref(),
            volume_id: row.volume,
            links: self.row_links("backups", row.id),
            is_incremental: row.is_incremental,
            has_dependent_backups: row.has_dependents,
            snapshot_id: row.snapshot,
            data_timestamp: naive(row.created),
            metadata: since(43).then(BTreeMap::new),
            project_id: (is_admin && since(18)).then_some(row.project),
            user_id: (is_admin && since(56)).then_some(row.user),
        }
    }
}

fn column<'w>(name: &str) -> Option<Column<'w, &'w Backup>> {
    Some(match name {
        "id" => |row| Field::Id(row.id),
        "display_name" => |row| Field::Text(&row.name),
        "display_description" => |row| Field::text(row.description.as_deref()),
        "project_id" => |row| Field::Key(row.project),
        "user_id" => |row| Field::Key(row.user),
        "volume_id" => |row| Field::Id(row.volume),
        "snapshot_id" => |row| Field::id(row.snapshot),
        "size" => |row| Field::Number(i64::from(row.size_gib)),
        "object_count" => |row| Field::Number(i64::from(row.object_count)),
        "status" => |row| Field::Text(row.status),
        "container" => |row| Field::Text(&row.container),
        "availability_zone" => |row| Field::Text(&row.zone),
        "fail_reason" => |row| Field::text(row.fail_reason.as_deref()),
        "created_at" | "data_timestamp" => |row| Field::time(row.created),
        "updated_at" => |row| Field::time(row.updated),
        "deleted" => |_| Field::Bool(false),
        "host" | "parent_id" | "temp_volume_id" | "temp_snapshot_id" | "restore_volume_id"
        | "encryption_key_id" | "service" | "service_metadata" | "deleted_at" => |_| Field::Null,
        _ => return None,
    })
}

#[derive(Serialize)]
struct Single<'a> {
    backup: Detail<'a>,
}

#[derive(Serialize)]
struct Brief<'a> {
    id: Uuid,
    name: &'a str,
    links: [Link<'a>; 2],
}

#[derive(Serialize)]
struct Detail<'a> {
    id: Uuid,
    status: &'static str,
    size: u32,
    object_count: u32,
    availability_zone: &'a str,
    container: &'a str,
    created_at: Written,
    updated_at: Option<Written>,
    name: &'a str,
    description: Option<&'a str>,
    fail_reason: Option<&'a str>,
    volume_id: Uuid,
    links: [Link<'a>; 2],
    is_incremental: bool,
    has_dependent_backups: bool,
    snapshot_id: Option<Uuid>,
    data_timestamp: Written,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(
        rename = "os-backup-project-attr:project_id",
        skip_serializing_if = "Option::is_none"
    )]
    project_id: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Key>,
}
