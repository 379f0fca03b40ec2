//! Glance v2.

mod filter;
mod info;
mod listing;
mod member;
mod write;

use std::collections::BTreeMap;

use http::header::{LOCATION, WWW_AUTHENTICATE};
use http::{HeaderName, Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use self::write::Writer;
use crate::call::Call;
use crate::clock::{Written, zulu};
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::id::read_uuid;
use crate::world::image::{Image, Images};
use crate::world::{Key, World};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
/// Letters that a caller's own request id may have.
const LONGEST_ID: usize = 64;
/// Where the data of all images is.
const STORE: &str = "rbd";

/// The minor versions of the API, in the order in which they are told.
const VERSIONS: [(&str, &str); 16] = [
    ("v2.15", "SUPPORTED"),
    ("v2.13", "SUPPORTED"),
    ("v2.12", "SUPPORTED"),
    ("v2.11", "SUPPORTED"),
    ("v2.10", "SUPPORTED"),
    ("v2.9", "SUPPORTED"),
    ("v2.8", "SUPPORTED"),
    ("v2.17", "CURRENT"),
    ("v2.7", "SUPPORTED"),
    ("v2.6", "SUPPORTED"),
    ("v2.5", "SUPPORTED"),
    ("v2.4", "SUPPORTED"),
    ("v2.3", "SUPPORTED"),
    ("v2.2", "SUPPORTED"),
    ("v2.1", "SUPPORTED"),
    ("v2.0", "SUPPORTED"),
];

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    let segments = call.segments();
    let Some((token, path)) = enter(call, &segments)? else {
        return Ok(versions(call, &segments));
    };
    let subject = Subject {
        images: &world.regions[call.region].image,
        call,
        token,
    };
    named(call, subject.answer(path))
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    let segments = call.segments();
    let Some((token, path)) = enter(call, &segments)? else {
        return Ok(versions(call, &segments));
    };
    let mut writer = Writer { world, call, token };
    named(call, writer.answer(path))
}

/// Who calls, and the path behind the version; nobody and nothing where no version is named.
fn enter<'a>(
    call: &'a Call,
    segments: &'a [&'a str],
) -> Result<Option<(&'a Token, &'a [&'a str])>, Reply> {
    let [version, path @ ..] = segments else {
        return Ok(None);
    };
    if *version != "v2" && !VERSIONS.iter().any(|(known, _)| known == version) {
        return Ok(None);
    }
    let token = call.caller.as_deref().ok_or_else(|| unauthorized(call))?;
    if call
        .header(REQUEST_ID.as_str())
        .is_some_and(|id| id.len() > LONGEST_ID)
    {
        return Err(broken(call));
    }
    Ok(Some((token, path)))
}

/// With the id of the request: the caller's own, where it gave one.
fn named(call: &Call, answer: Answer) -> Answer {
    let id = match call.header(REQUEST_ID.as_str()) {
        Some(id) if id.starts_with("req-") => id.to_owned(),
        Some(id) if !id.is_empty() => format!("req-{id}"),
        _ => call.request_id.clone(),
    };
    answer
        .map(|reply| reply.with(REQUEST_ID, &id))
        .map_err(|refusal| refusal.with(REQUEST_ID, &id))
}

fn versions(call: &Call, segments: &[&str]) -> Reply {
    let href = format!("{}/v2/", call.root);
    let rows: serde_json::Value = VERSIONS
        .iter()
        .map(|(id, status)| {
            json!({"id": id, "status": status, "links": [{"rel": "self", "href": href}]})
        })
        .collect();
    let status = if segments.first() == Some(&"versions") {
        StatusCode::OK
    } else {
        StatusCode::MULTIPLE_CHOICES
    };
    Reply::json(status, &json!({"versions": rows}))
}

/// The methods of a path; none where no route leads.
fn methods(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        ["images"] | ["tasks"] | ["images", _, "members"] => "GET, POST",
        ["images", id] if !id.is_empty() => "GET, PATCH, DELETE",
        ["images", _, "members", _] => "GET, PUT, DELETE",
        ["images", _, "file"] => "GET, PUT",
        ["images", _, "stage"] => "PUT",
        ["images", _, "tags", _] => "PUT, DELETE",
        ["images", _, "import"]
        | ["images", _, "locations"]
        | ["images", _, "actions", "deactivate" | "reactivate"] => "POST",
        ["stores", _, _] => "DELETE",
        ["tasks", id] if !id.is_empty() => "GET, DELETE",
        ["images", _, "tasks"]
        | ["info", "import" | "stores" | "usage"]
        | ["info", "stores", "detail"]
        | ["metadefs", "resource_types"] => "GET",
        ["schemas", name] if info::schema(name).is_some() => "GET",
        ["metadefs", "namespaces"] => "GET, POST",
        ["cache"] => "GET, DELETE",
        _ => return None,
    })
}

/// Whose question is answered, and from what.
struct Subject<'a> {
    images: &'a Images,
    call: &'a Call,
    token: &'a Token,
}

impl Subject<'_> {
    fn answer(&self, path: &[&str]) -> Answer {
        if path.is_empty() {
            let location = format!("{}/v2/", self.call.root);
            let reply = Reply::of(StatusCode::FOUND, "text/plain; charset=utf8", [][..].into());
            return Ok(reply.with(LOCATION, &location));
        }
        let Some(allowed) = methods(path) else {
            return Err(webob::nowhere(self.call));
        };
        if self.call.method == Method::HEAD || !allowed.starts_with("GET") {
            return Err(webob::not_allowed(self.call, allowed));
        }
        match path {
            ["images"] => self.list(),
            ["images", id] => Ok(Reply::ok(&View::of(self.known(id)?))),
            ["images", id, "tasks"] => {
                self.known(id)?;
                Ok(Reply::ok(&json!({"tasks": []})))
            }
            // There is no data here.
            ["images", id, "file"] => {
                self.known(id)?;
                Ok(Reply::empty(StatusCode::NO_CONTENT))
            }
            ["images", id, "members"] => self.members(id),
            ["images", id, "members", member] => self.member(id, member),
            _ => self.info(path),
        }
    }

    /// Whether the caller may look at an image, hidden or not.
    fn sees(&self, image: &Image) -> bool {
        self.token.is_admin()
            || matches!(image.visibility, "public" | "community")
            || self.token.project.is_some_and(|project| {
                image.owner == project
                    || (image.visibility == "shared"
                        && image.members.iter().any(|row| row.project == project))
            })
    }

    fn known(&self, id: &str) -> Result<&Image, Reply> {
        let row = self.found(id);
        row.ok_or_else(|| self.not_found(&format!("No image found with ID {id}")))
    }

    fn found(&self, id: &str) -> Option<&Image> {
        let row = read_uuid(id).and_then(|id| self.images.images.get(&id));
        row.filter(|row| self.sees(row))
    }

    fn admin(&self, rule: &str) -> Result<(), Reply> {
        if self.token.is_admin() {
            return Ok(());
        }
        let message = format!("You are not authorized to complete {rule} action.");
        Err(self.forbidden(&message))
    }

    fn bad_request(&self, message: &str) -> Reply {
        webob::page(self.call, StatusCode::BAD_REQUEST, message)
    }

    fn forbidden(&self, message: &str) -> Reply {
        webob::page(self.call, StatusCode::FORBIDDEN, message)
    }

    fn not_found(&self, message: &str) -> Reply {
        webob::page(self.call, StatusCode::NOT_FOUND, message)
    }
}

fn unauthorized(call: &Call) -> Reply {
    let message = "This server could not verify that you are authorized to access the document you \
                   requested. Either you supplied the wrong credentials (e.g., bad password), or \
                   your browser does not understand how to supply the credentials required.";
    webob::page(call, StatusCode::UNAUTHORIZED, message).with(
        WWW_AUTHENTICATE,
        &format!("Keystone uri=\"{}/identity\"", call.origin),
    )
}

fn broken(call: &Call) -> Reply {
    let message =
        "The server has either erred or is incapable of performing the requested operation.";
    webob::page(call, StatusCode::INTERNAL_SERVER_ERROR, message)
}

/// An image as it is shown.
#[derive(Serialize)]
struct View<'a> {
    /// Beside the named fields.
    #[serde(flatten)]
    properties: &'a BTreeMap<String, String>,
    name: Option<&'a str>,
    disk_format: Option<&'a str>,
    container_format: Option<&'a str>,
    visibility: &'a str,
    size: Option<u64>,
    virtual_size: Option<u64>,
    status: &'a str,
    checksum: Option<&'a str>,
    protected: bool,
    min_ram: u32,
    min_disk: u32,
    owner: Key,
    os_hidden: bool,
    os_hash_algo: Option<&'static str>,
    os_hash_value: Option<&'a str>,
    id: Uuid,
    created_at: Written,
    updated_at: Written,
    tags: &'a [String],
    #[serde(rename = "self")]
    own: Path,
    file: Path,
    schema: &'static str,
    /// Not there before there is data.
    #[serde(skip_serializing_if = "Option::is_none")]
    stores: Option<&'static str>,
}

impl<'a> View<'a> {
    fn of(row: &'a Image) -> Self {
        Self {
            properties: &row.properties,
            name: row.name.as_deref(),
            disk_format: row.disk_format,
            container_format: row.container_format,
            visibility: row.visibility,
            size: row.size_bytes,
            virtual_size: row.virtual_size_bytes,
            status: row.status,
            checksum: row.checksum.as_deref(),
            protected: row.is_protected,
            min_ram: row.min_ram_mib,
            min_disk: row.min_disk_gib,
            owner: row.owner,
            os_hidden: row.is_hidden,
            os_hash_algo: row.hash.as_ref().map(|_| "sha512"),
            os_hash_value: row.hash.as_deref(),
            id: row.id,
            created_at: zulu(row.created),
            updated_at: zulu(row.updated),
            tags: &row.tags,
            own: Path {
                id: row.id,
                behind: "",
            },
            file: Path {
                id: row.id,
                behind: "/file",
            },
            schema: "/v2/schemas/image",
            stores: (row.status == "active").then_some(STORE),
        }
    }
}

/// Where an image is found: without the host, and without what stands before the service.
struct Path {
    id: Uuid,
    behind: &'static str,
}

impl Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, behind } = self;
        serializer.collect_str(&format_args!("/v2/images/{id}{behind}"))
    }
}
