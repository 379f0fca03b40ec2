//! Volume types, what is special about them, and who may use them.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::field::Field;
use super::listing::{Asked, Column, Page};
use super::literal::Literal;
use super::{Subject, bad_request, boolean, fault, missing, not_found};
use crate::reply::{Answer, Reply};
use crate::world::block_storage::VolumeType;
use crate::world::id::read_uuid;

/// What those who are no admins see of the extra specs.
const VISIBLE: [&str; 3] = [
    "RESKEY:availability_zones",
    "multiattach",
    "replication_enabled",
];

/// A type, and its place: they are listed by when they were made.
#[derive(Clone, Copy)]
struct Row<'w> {
    place: usize,
    row: &'w VolumeType,
}

impl Subject<'_> {
    pub(super) fn volume_types(&self) -> Answer {
        let mut asked = Asked::read(self, false)?;
        if self.minor >= 52 {
            asked.narrow(self, "volume_type", &[])?;
        } else if !self.token.is_admin() {
            let only = asked.take("is_public");
            asked.forget();
            if let Some(only) = only {
                asked.set("is_public", only);
            }
        }
        let page = self.type_page(&mut asked)?;
        let view = |row: &Row<'_>| self.type_view(row.row, true);
        let key = ("volume_types", "volume_type_links");
        Ok(page.reply(self, key, "types", |row| row.row.id, view))
    }

    fn type_page(&self, asked: &mut Asked) -> Result<Page<Row<'_>>, Reply> {
        let is_public = match asked.take("is_public") {
            _ if !self.token.is_admin() => Some(true),
            None => Some(true),
            Some(text) if text.eq_ignore_ascii_case("none") => None,
            Some(text) => Some(
                boolean(&text)
                    .ok_or_else(|| bad_request(&format!("Invalid is_public filter [{text}]")))?,
            ),
        };
        let specs = asked
            .take("extra_specs")
            .map(|text| Literal::read(&text).pairs());
        let read = |_: &str, value: &str| Ok(Literal::Text(value.to_owned()));
        let Some(tests) = asked.tests(column, read)? else {
            return Ok(Page::empty(asked));
        };
        let rows = self.storage.types.values().enumerate();
        let rows = rows.map(|(place, row)| Row { place, row });
        let rows = rows.filter(|row| match is_public {
            Some(true) => row.row.is_public || self.has_access(row.row),
            Some(false) => !row.row.is_public,
            None => true,
        });
        let mut rows: Vec<Row<'_>> = rows
            .filter(|row| tests.iter().all(|(column, test)| test.holds(column(*row))))
            .collect();
        if let Some(specs) = specs {
            // It goes through them without having looked whether there are any.
            let pairs = specs.ok_or_else(|| {
                let message = "The server has either erred or is incapable of performing the \
                               requested operation.";
                fault(StatusCode::INTERNAL_SERVER_ERROR, message)
            })?;
            let is_admin = self.token.is_admin();
            rows.retain(|row| {
                pairs.iter().all(|(name, value)| {
                    (is_admin || VISIBLE.contains(&name.as_str()))
                        && row.row.extra_specs.get(name) == Some(value)
                })
            });
        }
        // One that is not known is none.
        let marker = asked.marker.as_deref().and_then(read_uuid);
        let marker = marker.and_then(|id| self.storage.types.get_full(&id));
        let marker = marker.map(|(place, _, row)| Row { place, row });
        asked.page(rows, column, marker)
    }

    fn has_access(&self, row: &VolumeType) -> bool {
        self.token
            .project
            .is_some_and(|project| row.access.contains(&project))
    }

    fn known_type(&self, id: &str) -> Result<&VolumeType, Reply> {
        let row = read_uuid(id).and_then(|id| self.storage.types.get(&id));
        row.filter(|row| row.is_public || self.token.is_admin() || self.has_access(row))
            .ok_or_else(|| missing("Volume type", id))
    }

    pub(super) fn volume_type(&self, id: &str) -> Answer {
        if id == "default" {
            let row = self.storage.types.values().find(|row| row.is_default);
            let row = row.ok_or_else(|| not_found("Default volume type can not be found."))?;
            return Ok(Reply::ok(
                &json!({"volume_type": self.type_view(row, false)}),
            ));
        }
        let row = self.known_type(id)?;
        Ok(Reply::ok(
            &json!({"volume_type": self.type_view(row, true)}),
        ))
    }

    fn type_view(&self, row: &VolumeType, tells_access: bool) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "is_public": row.is_public,
            "description": row.description,
            "extra_specs": self.seen_specs(row),
        });
        if self.token.is_admin() {
            view["qos_specs_id"] = Value::Null;
        }
        if tells_access {
            view["os-volume-type-access:is_public"] = json!(row.is_public);
        }
        view
    }

    fn seen_specs(&self, row: &VolumeType) -> Map<String, Value> {
        let is_admin = self.token.is_admin();
        row.extra_specs
            .iter()
            .filter(|(name, _)| is_admin || VISIBLE.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect()
    }

    pub(super) fn extra_specs(&self, id: &str) -> Answer {
        let specs = self.seen_specs(self.known_type(id)?);
        Ok(Reply::ok(&json!({"extra_specs": specs})))
    }

    pub(super) fn extra_spec(&self, id: &str, name: &str) -> Answer {
        let specs = self.seen_specs(self.known_type(id)?);
        let value = specs.get(name).ok_or_else(|| {
            not_found(&format!(
                "Volume Type {id} has no extra specs with key {name}."
            ))
        })?;
        Ok(Reply::ok(&json!({name: value})))
    }

    pub(super) fn access(&self, id: &str) -> Answer {
        self.admin("volume_extension:volume_type_access:get_all_for_type")?;
        let row = self.known_type(id)?;
        if row.is_public {
            let message = "Access list not available for public volume types.";
            return Err(not_found(message));
        }
        let access = row.access.iter();
        let rows: Value = access
            .map(|project| json!({"volume_type_id": row.id, "project_id": project}))
            .collect();
        Ok(Reply::ok(&json!({"volume_type_access": rows})))
    }

    pub(super) fn encryption(&self, id: &str) -> Answer {
        self.admin("volume_extension:volume_type_encryption:get")?;
        self.known_type(id)?;
        Ok(Reply::ok(&json!({})))
    }
}

fn column<'w>(name: &str) -> Option<Column<'w, Row<'w>>> {
    Some(match name {
        "id" => |row| Field::Id(row.row.id),
        "name" => |row| Field::Text(&row.row.name),
        "description" => |row| Field::text(row.row.description.as_deref()),
        "is_public" => |row| Field::Bool(row.row.is_public),
        "created_at" | "updated_at" => {
            |row| Field::Number(i64::try_from(row.place).unwrap_or_default())
        }
        "deleted" => |_| Field::Bool(false),
        "qos_specs_id" | "deleted_at" => |_| Field::Null,
        _ => return None,
    })
}
