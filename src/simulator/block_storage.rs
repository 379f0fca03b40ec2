//! Cinder v3.

mod attachment;
mod backup;
mod field;
mod listing;
mod literal;
mod metadata;
mod microversion;
mod quota;
mod service;
mod snapshot;
mod volume;
mod volume_type;
mod write;

use http::header::LOCATION;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use self::microversion::{Microversion, NEWEST, dressed};
use crate::call::Call;
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::block_storage::BlockStorage;
use crate::world::{Key, World};

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    match call.segments().as_slice() {
        [] | [""] => {
            let minor = Microversion::of(call)?.minor;
            let body = json!({"versions": [version(call)]});
            Ok(dressed(
                call,
                minor,
                Reply::json(StatusCode::MULTIPLE_CHOICES, &body),
            ))
        }
        ["healthcheck"] => Ok(Reply::ok(&json!({"detailed": false, "reasons": ["OK"]}))),
        ["v3"] => {
            call.token()?;
            Ok(
                Reply::of(StatusCode::FOUND, "text/plain; charset=utf8", [][..].into())
                    .with(LOCATION, &format!("{}/v3/", call.root)),
            )
        }
        ["v3", path @ ..] => read_v3(world, call, path),
        _ => Err(webob::nowhere(call)),
    }
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    write::write(world, call)
}

fn read_v3(world: &World, call: &Call, path: &[&str]) -> Answer {
    let token = call.token()?;
    if call.method == Method::HEAD {
        return Err(webob::nowhere(call));
    }
    let (in_path, path) = without_project(path);
    let microversion = Microversion::of(call);
    let own = token.project.map(|id| id.to_string()).unwrap_or_default();
    let behind = in_path.map_or_else(String::new, |_| format!("/{own}"));
    let subject = Subject {
        storage: &world.regions[call.region].block_storage,
        call,
        token,
        minor: microversion.as_ref().map_or(0, |asked| asked.minor),
        links: format!("{}/v3{behind}", call.root),
        bookmarks: format!("{}{behind}", call.root),
    };
    // Where no route leads, not even the microversion is looked at.
    let Some(answer) = subject.answer(path) else {
        return Err(webob::nowhere(call));
    };
    let minor = microversion?.minor;
    if in_path.is_some_and(|project| project != own) {
        return Err(dressed(call, minor, bad_request("Malformed request url")));
    }
    answer
        .map(|reply| dressed(call, minor, reply))
        .map_err(|refusal| dressed(call, minor, refusal))
}

/// The path behind the project, where it has one: that looks like an id, and is no noun.
fn without_project<'a, 'b>(path: &'b [&'a str]) -> (Option<&'a str>, &'b [&'a str]) {
    match path {
        [first, rest @ ..]
            if !rest.is_empty()
                && !first.is_empty()
                && first
                    .chars()
                    .all(|letter| matches!(letter, '0'..='9' | 'a'..='f' | '-')) =>
        {
            (Some(first), rest)
        }
        _ => (None, path),
    }
}

/// Whose question is answered, and from what.
struct Subject<'a> {
    storage: &'a BlockStorage,
    call: &'a Call,
    token: &'a Token,
    /// Of the microversion, 3 before it.
    minor: u16,
    /// What links begin with, as the caller's own path does.
    links: String,
    /// The same without the version.
    bookmarks: String,
}

impl<'a> Subject<'a> {
    /// The answer; none where no route leads.
    fn answer(&self, path: &[&str]) -> Option<Answer> {
        if path.len() > 1 && path.contains(&"") {
            return None;
        }
        Some(match path {
            [""] => Ok(Reply::ok(&json!({"versions": [version(self.call)]}))),
            ["volumes"] => self.volumes(false),
            ["volumes", "detail"] => self.volumes(true),
            ["volumes", "summary"] => self.since(12).and_then(|()| self.summary()),
            ["volumes", id] => self.volume(id),
            ["volumes", id, "metadata"] => self.volume_metadata(id),
            ["volumes", id, "metadata", name] => self.volume_metadatum(id, name),
            ["volumes", id, "encryption"] => self.volume_encryption(id),
            ["snapshots"] => self.snapshots(false),
            ["snapshots", "detail"] => self.snapshots(true),
            ["snapshots", id] => self.snapshot(id),
            ["snapshots", id, "metadata"] => self.snapshot_metadata(id),
            ["backups"] => self.backups(false),
            ["backups", "detail"] => self.backups(true),
            ["backups", id] => self.backup(id),
            ["attachments"] => self.since(27).and_then(|()| self.attachments(false)),
            ["attachments", "detail"] => self.since(27).and_then(|()| self.attachments(true)),
            ["attachments", id] => self.since(27).and_then(|()| self.attachment(id)),
            ["types"] => self.volume_types(),
            ["types", id] => self.volume_type(id),
            ["types", id, "extra_specs"] => self.extra_specs(id),
            ["types", id, "extra_specs", name] => self.extra_spec(id, name),
            ["types", id, "os-volume-type-access"] => self.access(id),
            ["types", id, "encryption"] => self.encryption(id),
            ["os-services"] => self.services(),
            ["os-hosts"] => self.hosts(),
            ["os-availability-zone"] => Ok(self.availability_zones()),
            ["scheduler-stats", "get_pools"] => self.pools(),
            ["capabilities", host] => self.capabilities(host),
            ["limits"] => Ok(self.limits()),
            ["os-quota-sets", project] => self.quota_set(project),
            ["os-quota-sets", project, "defaults"] => self.default_quota_set(project),
            ["os-quota-class-sets", class] => self.quota_class_set(class),
            ["resource_filters"] => self.since(33).map(|()| listing::filters_reply(self.call)),
            ["extensions"] => Ok(Reply::of(
                StatusCode::OK,
                "application/json",
                include_str!("block_storage/extensions.json").into(),
            )),
            // Nouns that are there, but cannot be read so.
            [
                "limits" | "os-services" | "os-availability-zone" | "resource_filters",
                _,
            ]
            | ["scheduler-stats" | "workers" | "capabilities" | "os-quota-sets"] => {
                Err(not_found("The resource could not be found."))
            }
            _ => return self.empty(path),
        })
    }

    /// What there is none of here: groups, messages, transfers, clusters, …
    fn empty(&self, path: &[&str]) -> Option<Answer> {
        let (noun, name, key, since) = match path {
            ["groups", ..] => ("Group", "", "groups", 13),
            ["group_snapshots", ..] => ("GroupSnapshot", "", "group_snapshots", 14),
            ["group_types", ..] => ("Group type", "", "group_types", 11),
            ["messages", ..] => ("Message", "", "messages", 3),
            ["volume-transfers", ..] => ("Transfer", "", "transfers", 55),
            ["os-volume-transfer", ..] => ("Transfer", "", "transfers", 0),
            ["consistencygroups", ..] => ("ConsistencyGroup", "", "consistencygroups", 0),
            ["cgsnapshots", ..] => ("CgSnapshot", "", "cgsnapshots", 0),
            ["clusters", ..] => ("Cluster", "clusters:get_all", "clusters", 7),
            ["qos-specs", ..] => (
                "No such QoS spec",
                "volume_extension:qos_specs_manage:get_all",
                "qos_specs",
                0,
            ),
            ["default-types", ..] => ("Default type", "", "default_types", 62),
            _ => return None,
        };
        let answer = || {
            self.since(since)?;
            if !name.is_empty() {
                self.admin(name)?;
            }
            if key == "default_types" && !self.token.is_admin() {
                let message = "You are not authorized to perform this operation.";
                return Err(fault(StatusCode::FORBIDDEN, message));
            }
            match path {
                [_] | [_, "detail"] => Ok(Reply::ok(&Collection::new(key, Vec::<Value>::new()))),
                [_, id, ..] if key == "qos_specs" => Err(not_found(&format!("{noun} {id}."))),
                [_, id, ..] if key == "clusters" => {
                    let id = format!("{{'binary': 'cinder-volume', 'name': '{id}'}}");
                    Err(missing(noun, &id))
                }
                [_, id, ..] => Err(missing(noun, id)),
                [] => Err(not_found("")),
            }
        };
        (path.len() < 3).then(answer)
    }

    /// Refuses what came with a later microversion than the caller's.
    fn since(&self, minor: u16) -> Result<(), Reply> {
        if self.minor >= minor {
            return Ok(());
        }
        Err(not_found("The resource could not be found."))
    }

    /// Refuses all but admins.
    fn admin(&self, rule: &str) -> Result<(), Reply> {
        if self.token.is_admin() {
            return Ok(());
        }
        Err(forbidden(rule))
    }

    /// Whether a row of this project is shown to the caller.
    fn sees(&self, project: Key) -> bool {
        self.token.is_admin() || self.token.project == Some(project)
    }

    fn row_links(&'a self, noun: &'static str, id: Uuid) -> [Link<'a>; 2] {
        [("self", &self.links), ("bookmark", &self.bookmarks)].map(|(rel, base)| Link {
            rel,
            href: Href { base, noun, id },
        })
    }
}

/// Where a row is found.
#[derive(Serialize)]
struct Link<'a> {
    rel: &'static str,
    href: Href<'a>,
}

struct Href<'a> {
    base: &'a str,
    noun: &'static str,
    id: Uuid,
}

impl Serialize for Href<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { base, noun, id } = self;
        serializer.collect_str(&format_args!("{base}/{noun}/{id}"))
    }
}

/// Rows under their name.
struct Collection<T> {
    key: &'static str,
    rows: Vec<T>,
    next: Option<(&'static str, String)>,
    count: Option<usize>,
}

impl<T: Serialize> Collection<T> {
    fn new(key: &'static str, rows: Vec<T>) -> Self {
        Self {
            key,
            rows,
            next: None,
            count: None,
        }
    }
}

impl<T: Serialize> Serialize for Collection<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.key, &self.rows)?;
        if let Some((key, href)) = &self.next {
            map.serialize_entry(key, &json!([{"rel": "next", "href": href}]))?;
        }
        if let Some(count) = self.count {
            map.serialize_entry("count", &count)?;
        }
        map.end()
    }
}

fn version(call: &Call) -> Value {
    json!({
        "id": "v3.0",
        "status": "CURRENT",
        "version": format!("3.{NEWEST}"),
        "min_version": "3.0",
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{}/v3/", call.root)},
        ],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.volume+json;version=3",
        }],
    })
}

fn fault(status: StatusCode, message: &str) -> Reply {
    let name = match status {
        StatusCode::BAD_REQUEST => "badRequest",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "itemNotFound",
        StatusCode::CONFLICT => "conflictingRequest",
        _ => "computeFault",
    };
    Reply::json(
        status,
        &json!({name: {"code": status.as_u16(), "message": message}}),
    )
}

fn bad_request(message: &str) -> Reply {
    fault(StatusCode::BAD_REQUEST, message)
}

fn forbidden(rule: &str) -> Reply {
    let message = format!("Policy doesn't allow {rule} to be performed.");
    fault(StatusCode::FORBIDDEN, &message)
}

fn not_found(message: &str) -> Reply {
    fault(StatusCode::NOT_FOUND, message)
}

/// That there is no such row, or none for this caller.
fn missing(noun: &str, id: &str) -> Reply {
    not_found(&format!("{noun} {id} could not be found."))
}

/// Whether a word is yes or no.
fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Some(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// The same of the query; refused when it is neither.
fn asked_boolean(name: &str, value: Option<&str>) -> Result<bool, Reply> {
    let Some(text) = value else {
        return Ok(false);
    };
    boolean(text)
        .ok_or_else(|| bad_request(&format!("Value '{text}' for '{name}' is not a boolean.")))
}

#[cfg(test)]
mod tests {
    use super::without_project;

    #[test]
    fn a_project_may_be_in_the_path() {
        assert_eq!(
            without_project(&["0a-f", "volumes"]),
            (Some("0a-f"), &["volumes"][..])
        );
        assert_eq!(
            without_project(&["volumes", "a"]),
            (None, &["volumes", "a"][..])
        );
        assert_eq!(without_project(&["abc"]), (None, &["abc"][..]));
    }
}
