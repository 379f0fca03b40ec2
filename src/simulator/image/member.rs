//! With whom an image is shared.

use serde_json::{Value, json};

use super::Subject;
use crate::clock::zulu;
use crate::reply::{Answer, Reply};
use crate::world::image::{Image, Member};

impl Subject<'_> {
    pub(super) fn members(&self, id: &str) -> Answer {
        let image = self.shared(id)?;
        if image.visibility != "shared" {
            let message = format!(
                "Not allowed to list members for image {id}: Only shared images have members."
            );
            return Err(self.forbidden(&message));
        }
        let rows = image
            .members
            .iter()
            .filter(|row| self.sees_member(image, row));
        let rows: Value = rows.map(|row| view(image, row)).collect();
        Ok(Reply::ok(
            &json!({"members": rows, "schema": "/v2/schemas/members"}),
        ))
    }

    pub(super) fn member(&self, id: &str, member: &str) -> Answer {
        let image = self.shared(id)?;
        if image.visibility != "shared" {
            return Err(self.not_found("Only shared images have members."));
        }
        let mut rows = image.members.iter();
        let row = rows
            .find(|row| row.project.to_string() == member && self.sees_member(image, row))
            .ok_or_else(|| {
                self.not_found(&format!(
                    "{member} not found in the member list of the image {id}."
                ))
            })?;
        Ok(Reply::ok(&view(image, row)))
    }

    pub(super) fn shared(&self, id: &str) -> Result<&Image, Reply> {
        let row = self.found(id);
        row.ok_or_else(|| self.not_found(&format!("Image {id} not found.")))
    }

    /// The owner sees all members; they see themselves.
    fn sees_member(&self, image: &Image, row: &Member) -> bool {
        self.token.is_admin()
            || self.token.project == Some(image.owner)
            || self.token.project == Some(row.project)
    }
}

pub(super) fn view(image: &Image, row: &Member) -> Value {
    json!({
        "member_id": row.project,
        "image_id": image.id,
        "status": row.status,
        "created_at": zulu(row.created),
        "updated_at": zulu(row.updated),
        "schema": "/v2/schemas/member",
    })
}
