//! Images made, changed, filled, shared, switched off and deleted.

mod change;
mod check;
mod data;

use http::header::{CONTENT_TYPE, LOCATION};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Subject, View, member, methods};
use crate::call::Call;
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::id::read_uuid;
use crate::world::image::{Image, Member};
use crate::world::{Key, World};

const HTML: &str = "text/html; charset=UTF-8";

/// Whose change is made, and to what.
pub(super) struct Writer<'a> {
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) token: &'a Token,
}

impl Writer<'_> {
    pub(super) fn answer(&mut self, path: &[&str]) -> Answer {
        match (&self.call.method, path) {
            (&Method::POST, ["images"]) => self.create(),
            (&Method::PATCH, ["images", id]) => self.update(id),
            (&Method::DELETE, ["images", id]) => self.delete(id),
            (&Method::PUT, ["images", id, "file"]) => self.upload(id),
            (&Method::PUT, ["images", id, "stage"]) => self.stage(id),
            (&Method::POST, ["images", id, "import"]) => self.import(id),
            (
                &Method::POST,
                [
                    "images",
                    id,
                    "actions",
                    action @ ("deactivate" | "reactivate"),
                ],
            ) => self.switch(id, action),
            (&Method::POST, ["images", id, "members"]) => self.member_add(id),
            (&Method::PUT, ["images", id, "members", member]) => self.member_update(id, member),
            (&Method::DELETE, ["images", id, "members", member]) => self.member_delete(id, member),
            (&Method::PUT, ["images", id, "tags", tag]) => self.tag(id, tag, true),
            (&Method::DELETE, ["images", id, "tags", tag]) => self.tag(id, tag, false),
            _ => Err(match methods(path) {
                Some(allowed) => webob::not_allowed(self.call, allowed),
                None => webob::nowhere(self.call),
            }),
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            images: &self.world.regions[self.call.region].image,
            call: self.call,
            token: self.token,
        }
    }

    fn images(&mut self) -> &mut crate::world::Table<Image> {
        &mut self.world.regions[self.call.region].image.images
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        webob::page(self.call, status, message)
    }

    fn bad_request(&self, message: &str) -> Reply {
        self.refuse(StatusCode::BAD_REQUEST, message)
    }

    fn forbidden(&self, message: &str) -> Reply {
        self.refuse(StatusCode::FORBIDDEN, message)
    }

    fn unauthorized(&self, rule: &str) -> Reply {
        self.forbidden(&format!(
            "You are not authorized to complete {rule} action."
        ))
    }

    fn conflict(&self, message: &str) -> Reply {
        self.refuse(StatusCode::CONFLICT, message)
    }

    /// The body as JSON.
    fn body(&self) -> Result<Value, Reply> {
        if self.call.body.is_empty() {
            return Err(self.bad_request("Body expected in request."));
        }
        serde_json::from_slice(&self.call.body)
            .map_err(|_| self.bad_request("Malformed JSON in request body."))
    }

    /// The media type of the body, without its parameters.
    fn content_type(&self) -> &str {
        let kind = self.call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim()
    }

    fn unsupported(&self) -> Reply {
        let kind = self.content_type();
        let body = format!(
            "The request media type {kind} is not supported by this server.\n<br /><br />\n"
        );
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let title = status.canonical_reason().unwrap_or_default();
        let code = format!("{} {title}", status.as_u16());
        Reply::json(
            status,
            &json!({"message": body, "code": code, "title": title}),
        )
    }

    /// The image of this id, when the caller may change it.
    fn to_change(&self, id: &str, rule: &str) -> Result<Uuid, Reply> {
        let subject = self.subject();
        let row = subject.known(id)?;
        self.may(row, rule)?;
        Ok(row.id)
    }

    fn may(&self, row: &Image, rule: &str) -> Result<(), Reply> {
        let is_own = self.token.project == Some(row.owner) && self.token.has_role("member");
        if self.token.is_admin() || is_own {
            return Ok(());
        }
        Err(self.unauthorized(rule))
    }

    fn shown(&mut self, id: Uuid) -> Answer {
        match self.images().get(&id) {
            Some(row) => Ok(Reply::ok(&View::of(row))),
            None => Err(webob::nowhere(self.call)),
        }
    }

    fn done(&self) -> Reply {
        Reply::of(StatusCode::NO_CONTENT, HTML, [][..].into())
    }

    fn create(&mut self) -> Answer {
        let body = self.body()?;
        let Value::Object(asked) = body else {
            return Err(self.bad_request("Malformed JSON in request body."));
        };
        self.allow(&asked)?;
        self.check(&asked)?;
        if !self.token.has_role("member") && !self.token.is_admin() {
            return Err(self.unauthorized("add_image"));
        }
        self.may_be_public(asked.get("visibility"))?;
        for name in ["size", "status", "checksum", "created_at", "updated_at"] {
            if asked.contains_key(name) {
                return Err(self.forbidden(&format!("Attribute '{name}' is read-only.")));
            }
        }
        let own = self.token.project.unwrap_or(self.token.user);
        let owner = asked.get("owner").and_then(Value::as_str);
        let owner = owner.and_then(Key::read).unwrap_or(own);
        if owner != own && !self.token.is_admin() {
            return Err(self.forbidden(&format!(
                "You are not permitted to create images owned by '{owner}'."
            )));
        }
        let id = match asked.get("id").and_then(Value::as_str).and_then(read_uuid) {
            Some(id) => id,
            None => self.world.dice.uuid(),
        };
        if self.images().contains_key(&id) {
            return Err(self.conflict(&format!("Image ID {id} already exists!")));
        }
        let now = self.call.now;
        let mut image = Image {
            id,
            name: None,
            owner,
            status: "queued",
            visibility: "shared",
            is_hidden: false,
            is_protected: false,
            container_format: None,
            disk_format: None,
            size_bytes: None,
            virtual_size_bytes: None,
            min_disk_gib: 0,
            min_ram_mib: 0,
            checksum: None,
            hash: None,
            tags: Vec::new(),
            properties: std::collections::BTreeMap::new(),
            created: now,
            updated: now,
            members: Vec::new(),
        };
        for (name, value) in &asked {
            self.set(&mut image, name, value)?;
        }
        self.check_quota(&image)?;
        let location = format!("{}/v2/images/{id}", self.call.root);
        let reply = Reply::json(StatusCode::CREATED, &View::of(&image));
        self.images().insert(id, image);
        Ok(reply.with(LOCATION, &location))
    }

    fn may_be_public(&self, visibility: Option<&Value>) -> Result<(), Reply> {
        match visibility.and_then(Value::as_str) {
            Some("public") if !self.token.is_admin() => Err(self.unauthorized("publicize_image")),
            _ => Ok(()),
        }
    }

    fn delete(&mut self, id: &str) -> Answer {
        let subject = self.subject();
        let row = subject.found(id).ok_or_else(|| {
            let message = format!("Failed to find image {id} to delete");
            self.refuse(StatusCode::NOT_FOUND, &message)
        })?;
        self.may(row, "delete_image")?;
        let id = row.id;
        if row.is_protected {
            return Err(self.forbidden(&format!("Image {id} is protected and cannot be deleted.")));
        }
        self.images().shift_remove(&id);
        Ok(self.done())
    }

    /// Keeps people from an image's data, or lets them have it again.
    fn switch(&mut self, id: &str, action: &str) -> Answer {
        let id = self.to_change(id, action)?;
        let (from, to) = match action {
            "deactivate" => ("active", "deactivated"),
            _ => ("deactivated", "active"),
        };
        let now = self.call.now;
        let Some(row) = self.images().get_mut(&id) else {
            return Err(webob::nowhere(self.call));
        };
        if row.status == from {
            row.status = to;
            row.updated = now;
        } else if row.status != to {
            let message = format!("Not allowed to {action} image in status '{}'", row.status);
            return Err(self.forbidden(&message));
        }
        Ok(self.done())
    }

    fn tag(&mut self, id: &str, tag: &str, is_set: bool) -> Answer {
        let id = self.to_change(id, "modify_image")?;
        let now = self.call.now;
        let mut was_there = false;
        if let Some(row) = self.images().get_mut(&id) {
            was_there = row.tags.iter().any(|is| is == tag);
            row.tags.retain(|is| is != tag);
            if is_set {
                row.tags.push(tag.to_owned());
            }
            row.updated = now;
        }
        if !was_there && !is_set {
            return Err(webob::nowhere(self.call));
        }
        Ok(self.done())
    }

    fn member_add(&mut self, id: &str) -> Answer {
        let body = self.body()?;
        let Some(member) = body.get("member").and_then(Value::as_str) else {
            return Err(self.bad_request("Member to be added not specified"));
        };
        let subject = self.subject();
        let row = subject.shared(id)?;
        self.may(row, "add_member")?;
        if row.visibility != "shared" {
            return Err(self.forbidden(&format!("Not allowed to create members for image {id}.")));
        }
        let Some(project) = Key::read(member) else {
            return Err(self.bad_request(&format!("Invalid member {member}")));
        };
        if row.members.iter().any(|row| row.project == project) {
            return Err(self.conflict(&format!("Member {member} is duplicated for image {id}")));
        }
        let (id, now) = (row.id, self.call.now);
        let Some(row) = self.images().get_mut(&id) else {
            return Err(webob::nowhere(self.call));
        };
        row.members.push(Member {
            project,
            status: "pending",
            created: now,
            updated: now,
        });
        self.member_shown(id, project)
    }

    fn member_shown(&mut self, id: Uuid, project: Key) -> Answer {
        let image = self.images().get(&id);
        let shown = image.and_then(|image| {
            let mut members = image.members.iter();
            let row = members.find(|row| row.project == project)?;
            Some(member::view(image, row))
        });
        match shown {
            Some(shown) => Ok(Reply::ok(&shown)),
            None => Err(webob::nowhere(self.call)),
        }
    }

    /// A member says whether it wants an image.
    fn member_update(&mut self, id: &str, member: &str) -> Answer {
        let body = self.body()?;
        let status = body.get("status").and_then(Value::as_str);
        let Some(status) = status else {
            return Err(self.bad_request("Status not specified"));
        };
        let subject = self.subject();
        let row = subject.shared(id)?;
        let (id, project) = (row.id, Key::read(member));
        let has = row.members.iter().any(|row| Some(row.project) == project);
        let Some(project) = project.filter(|_| has) else {
            return Err(self.unknown_member(id, member));
        };
        let is_own = self.token.project == Some(project) && self.token.has_role("member");
        if !is_own && !self.token.is_admin() {
            return Err(self.unauthorized("modify_member"));
        }
        const KNOWN: [&str; 3] = ["pending", "accepted", "rejected"];
        let Some(status) = KNOWN.into_iter().find(|known| *known == status) else {
            return Err(self.bad_request(
                "Incorrect request: Status must be \"pending\", \"accepted\" or \"rejected\".",
            ));
        };
        let now = self.call.now;
        let image = self.images().get_mut(&id);
        let mut members = image.into_iter().flat_map(|image| &mut image.members);
        if let Some(row) = members.find(|row| row.project == project) {
            row.status = status;
            row.updated = now;
        }
        self.member_shown(id, project)
    }

    fn member_delete(&mut self, id: &str, member: &str) -> Answer {
        let subject = self.subject();
        let row = subject.shared(id)?;
        self.may(row, "delete_member")?;
        let (id, project) = (row.id, Key::read(member));
        let has = row.members.iter().any(|row| Some(row.project) == project);
        if !has {
            return Err(self.unknown_member(id, member));
        }
        if let Some(row) = self.images().get_mut(&id) {
            row.members.retain(|row| Some(row.project) != project);
        }
        Ok(Reply::empty(StatusCode::NO_CONTENT))
    }

    fn unknown_member(&self, id: Uuid, member: &str) -> Reply {
        let message = format!("{member} not found in the member list of the image {id}.");
        self.refuse(StatusCode::NOT_FOUND, &message)
    }
}

/// What may not be said of an image that is made.
const DISALLOWED: [&str; 5] = ["direct_url", "self", "file", "schema", "stores"];

impl Writer<'_> {
    fn allow(&self, asked: &Map<String, Value>) -> Result<(), Reply> {
        let found = DISALLOWED.iter().find(|name| asked.contains_key(**name));
        match found {
            Some(name) => Err(self.forbidden(&format!("Attribute '{name}' is read-only."))),
            None => Ok(()),
        }
    }
}
