//! Attachments, also those that their volume does not tell: reserved, attaching, detaching.

mod write;

use serde::Serialize;
use uuid::Uuid;

use super::field::Field;
use super::listing::{Asked, Column, Page};
use super::literal::Literal;
use super::{Subject, not_found};
use crate::clock::{Written, naive};
use crate::reply::{Answer, Reply};
use crate::world::block_storage::{Attachment, Volume};
use crate::world::id::read_uuid;

#[derive(Clone, Copy)]
struct Row<'w> {
    volume: &'w Volume,
    attachment: &'w Attachment,
}

impl Subject<'_> {
    pub(super) fn attachments(&self, is_detailed: bool) -> Answer {
        let mut asked = Asked::read(self, false)?;
        let before = ["volume_id", "status", "instance_id", "attach_status"];
        asked.narrow(self, "attachment", &before)?;
        // That it is there is enough, whatever it says.
        let is_all = self.token.is_admin() && asked.take("all_tenants").is_some();
        if let Some(server) = asked.take("instance_id").filter(|id| !id.is_empty()) {
            asked.set("instance_uuid", server);
        }
        if !is_all {
            let own = self.token.project.map(|id| id.to_string());
            asked.set("project_id", own.unwrap_or_default());
        }
        let page = self.attachment_page(&asked)?;
        let key = ("attachments", "attachments_links");
        Ok(if is_detailed {
            page.reply(
                self,
                key,
                "",
                |row| row.attachment.id,
                |row| self.detail(*row),
            )
        } else {
            page.reply(
                self,
                key,
                "",
                |row| row.attachment.id,
                |row| Brief::of(*row),
            )
        })
    }

    fn attachment_page(&self, asked: &Asked) -> Result<Page<Row<'_>>, Reply> {
        let read = |_: &str, value: &str| Ok(Literal::Text(value.to_owned()));
        let Some(tests) = asked.tests(column, read)? else {
            return Ok(Page::empty(asked));
        };
        let rows = self.attached();
        let rows = rows.filter(|row| tests.iter().all(|(column, test)| test.holds(column(*row))));
        let sorted = |name: &str| column(name).filter(|_| name != "project_id");
        let marker = match &asked.marker {
            Some(id) => Some(self.known_attachment(id)?),
            None => None,
        };
        let mut page = asked.page(rows.collect(), sorted, marker)?;
        // Of all lists this one tells no next page.
        page.has_next = false;
        Ok(page)
    }

    fn attached(&self) -> impl Iterator<Item = Row<'_>> {
        self.storage.volumes.values().flat_map(|volume| {
            let attachments = volume.attachments.iter();
            attachments.map(move |attachment| Row { volume, attachment })
        })
    }

    fn known_attachment(&self, id: &str) -> Result<Row<'_>, Reply> {
        let wanted = read_uuid(id);
        // Whose it is is not looked at: whoever knows the id is shown it.
        let row = self
            .attached()
            .find(|row| Some(row.attachment.id) == wanted);
        row.ok_or_else(|| {
            not_found(&format!(
                "Volume attachment could not be found with filter: attachment_id = {id}."
            ))
        })
    }

    pub(super) fn attachment(&self, id: &str) -> Answer {
        let attachment = self.detail(self.known_attachment(id)?);
        Ok(Reply::ok(&Single { attachment }))
    }
}

fn column<'w>(name: &str) -> Option<Column<'w, Row<'w>>> {
    Some(match name {
        "id" => |row| Field::Id(row.attachment.id),
        "volume_id" => |row| Field::Id(row.volume.id),
        "project_id" => |row| Field::Key(row.volume.project),
        "instance_uuid" => |row| Field::Id(row.attachment.server),
        "attach_status" => |row| Field::Text(row.attachment.status),
        "attached_host" => |row| Field::text(row.attachment.host.as_deref()),
        "mountpoint" => |row| Field::Text(&row.attachment.device),
        "attach_mode" => |row| Field::Text(mode(row)),
        "created_at" | "updated_at" | "attach_time" => |row| {
            let time = row.attachment.attached;
            Field::time(time.unwrap_or(row.volume.updated))
        },
        "deleted" => |_| Field::Bool(false),
        "detach_time" | "deleted_at" | "connector" | "connection_info" => |_| Field::Null,
        _ => return None,
    })
}

/// What was said of writing is taken for a no, even when it was a yes.
fn mode(row: Row<'_>) -> &'static str {
    if row.attachment.attached.is_none() && row.volume.is_readonly.is_some() {
        return "ro";
    }
    "rw"
}

#[derive(Serialize)]
struct Single<'a> {
    attachment: Detail<'a>,
}

#[derive(Serialize)]
struct Brief {
    id: Uuid,
    status: &'static str,
    instance: Uuid,
    volume_id: Uuid,
}

impl Brief {
    fn of(row: Row<'_>) -> Self {
        Self {
            id: row.attachment.id,
            status: row.attachment.status,
            instance: row.attachment.server,
            volume_id: row.volume.id,
        }
    }
}

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    brief: Brief,
    /// A time, or an empty text.
    attached_at: Moment,
    detached_at: &'static str,
    attach_mode: &'static str,
    connection_info: Option<Connection<'a>>,
}

/// How a host reaches the volume: told to those it belongs to.
#[derive(Default, Serialize)]
struct Connection<'a> {
    #[serde(flatten)]
    known: Option<Known<'a>>,
}

#[derive(Serialize)]
struct Known<'a> {
    name: &'a str,
    volume_id: Uuid,
    attachment_id: Uuid,
    driver_volume_type: &'static str,
    access_mode: &'static str,
    encrypted: bool,
    discard: bool,
    qos_specs: (),
    cacheable: bool,
    enforce_multipath: bool,
}

impl Subject<'_> {
    fn detail<'a>(&self, row: Row<'a>) -> Detail<'a> {
        let Row { volume, attachment } = row;
        let known = Known {
            name: pool(volume),
            volume_id: volume.id,
            attachment_id: attachment.id,
            driver_volume_type: "rbd",
            access_mode: "rw",
            encrypted: volume.is_encrypted,
            discard: true,
            qos_specs: (),
            cacheable: false,
            enforce_multipath: false,
        };
        let known =
            Some(known).filter(|_| self.sees(volume.project) && attachment.attached.is_some());
        Detail {
            brief: Brief::of(row),
            attached_at: Moment(attachment.attached.map(naive)),
            detached_at: "",
            attach_mode: mode(row),
            connection_info: Some(Connection { known }),
        }
    }
}

/// The pool that a volume is in.
fn pool(volume: &Volume) -> &str {
    let host = volume.host.as_deref().unwrap_or_default();
    host.split('#').nth(1).unwrap_or_default()
}

struct Moment(Option<Written>);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => time.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }
}
