//! Nova 2.1.

mod aggregate;
mod availability_zone;
mod console_log;
mod extension;
mod flavor;
mod hypervisor;
mod keypair;
mod link;
mod microversion;
mod paging;
mod query;
mod quota;
pub(crate) mod schema;
mod server;
mod server_action;
mod server_group;
mod server_part;
mod service;
#[cfg(test)]
mod tests;
mod usage;
mod version;
mod writer;

use http::StatusCode;
use serde_json::{Value, json};

use self::microversion::Microversion;
use self::writer::Writer;
use crate::call::Call;
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::world::compute::{Compute, Server};
use crate::world::{Key, Region, World, id};

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    match call.segments().as_slice() {
        [] | [""] => Ok(version::list(call)),
        ["v2"] | ["v2", ""] => Ok(version::show(call, "v2")),
        ["v2.1"] | ["v2.1", ""] => {
            let version = Microversion::of(call)?;
            if !version.is_supported() {
                return Err(version.told(version.unsupported()));
            }
            Ok(version.told(version::show(call, "v2.1")))
        }
        ["v2" | "v2.1", path @ ..] => {
            let path = path_of(call, path);
            in_version(call, |token, version| {
                let subject = Subject {
                    region: &world.regions[call.region],
                    world,
                    call,
                    token,
                    version,
                };
                subject.read(&path)
            })
        }
        _ => Ok(version::choices(call)),
    }
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    match call.segments().as_slice() {
        ["v2" | "v2.1", path @ ..] => {
            let path = path_of(call, path);
            in_version(call, |token, version| {
                let mut writer = Writer {
                    world,
                    call,
                    token,
                    version,
                };
                writer.write(&path)
            })
        }
        _ => Ok(version::choices(call)),
    }
}

/// The path without the project that may stand before it.
fn path_of<'a>(call: &Call, path: &[&'a str]) -> Vec<&'a str> {
    let path = match (path, &call.caller) {
        ([first, rest @ ..], Some(_)) if is_project(first) => rest,
        _ => path,
    };
    path.to_vec()
}

/// Whether a segment is taken for a project's id.
fn is_project(segment: &str) -> bool {
    let mut letters = segment.bytes();
    !segment.is_empty() && letters.all(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// Answers at the microversion that the request asks for, and says so in the answer's headers.
fn in_version(call: &Call, answer: impl FnOnce(&Token, Microversion) -> Option<Answer>) -> Answer {
    let token = call.token()?;
    let named = Microversion::of(call)?;
    let answered = if named.is_supported() {
        match own_project_in_path(call, token) {
            Ok(()) => answer(token, named).ok_or_else(unknown_path)?,
            Err(refusal) => Err(refusal),
        }
    } else {
        Err(named.unsupported())
    };
    let told = |reply| named.told(reply);
    answered.map(told).map_err(told)
}

fn own_project_in_path(call: &Call, token: &Token) -> Result<(), Reply> {
    let Some(named) = call.path.get(1).filter(|segment| is_project(segment)) else {
        return Ok(());
    };
    let own = token.project.map(|id| id.to_string());
    if own.as_deref() == Some(named) {
        return Ok(());
    }
    Err(bad_request(&format!(
        "Malformed request URL: URL's project_id '{named}' doesn't match Context's \
         project_id '{}'",
        own.as_deref().unwrap_or("None")
    )))
}

/// Whose question is answered, and from what.
struct Subject<'a> {
    world: &'a World,
    region: &'a Region,
    call: &'a Call,
    token: &'a Token,
    version: Microversion,
}

impl<'a> Subject<'a> {
    /// The answer; none where there is no such path.
    fn read(&self, path: &[&str]) -> Option<Answer> {
        Some(match path {
            ["extensions"] => Ok(extension::list()),
            ["extensions", alias] => extension::show(alias),
            ["servers" | "os-volumes_boot"] => self.servers(false),
            ["servers" | "os-volumes_boot", "detail"] => self.servers(true),
            ["servers" | "os-volumes_boot", id] => self.server(id),
            ["servers", id, part @ ..] => return self.server_part(id, part),
            ["flavors"] => self.flavors(false),
            ["flavors", "detail"] => self.flavors(true),
            ["flavors", id] => self.flavor(id),
            ["flavors", id, "os-extra_specs"] => self.extra_specs(id),
            ["flavors", id, "os-extra_specs", key] => self.extra_spec(id, key),
            ["flavors", id, "os-flavor-access"] => self.flavor_access(id),
            ["os-hypervisors"] => self.hypervisors(false),
            ["os-hypervisors", "detail"] => self.hypervisors(true),
            ["os-hypervisors", "statistics"] => self.hypervisor_statistics(),
            ["os-hypervisors", id] => self.hypervisor(id),
            ["os-hypervisors", id, "uptime"] => self.hypervisor_uptime(id),
            ["os-hypervisors", name, "search"] => self.hypervisor_search(name, "search"),
            ["os-hypervisors", name, "servers"] => self.hypervisor_search(name, "servers"),
            ["os-services"] => self.services(),
            ["os-availability-zone"] => self.availability_zones(),
            ["os-availability-zone", "detail"] => self.availability_zone_details(),
            ["os-aggregates"] => self.aggregates(),
            ["os-aggregates", id] => self.aggregate(id),
            ["os-server-groups"] => self.server_groups(),
            ["os-server-groups", id] => self.server_group(id),
            ["os-keypairs"] => self.keypairs(),
            ["os-keypairs", name] => self.keypair(name),
            ["os-quota-sets", project] => self.quota_set(project, "show"),
            ["os-quota-sets", project, "detail"] => self.quota_set(project, "detail"),
            ["os-quota-sets", project, "defaults"] => Ok(self.quota_defaults(project)),
            ["os-quota-class-sets", name] => self.quota_class(name),
            ["limits"] => self.limits(),
            ["os-simple-tenant-usage"] => self.usages(),
            ["os-simple-tenant-usage", project] => self.usage(project),
            ["os-migrations"] => self.migrations(),
            // What newer microversions leave to the other services.
            [
                "images"
                | "os-networks"
                | "os-tenant-networks"
                | "os-floating-ips"
                | "os-floating-ip-pools"
                | "os-fixed-ips"
                | "os-security-groups"
                | "os-volumes"
                | "os-snapshots"
                | "os-baremetal-nodes"
                | "os-hosts",
                ..,
            ] => Err(no_such_resource()),
            _ => return None,
        })
    }

    fn compute(&self) -> &'a Compute {
        &self.region.compute
    }

    /// Whether the caller is an admin.
    fn may(&self, rule: &str) -> Result<(), Reply> {
        if self.token.is_admin() {
            return Ok(());
        }
        Err(forbidden(rule))
    }

    /// Whether the caller may read what is a project's.
    fn may_read_of(&self, project: Key, rule: &str) -> Result<(), Reply> {
        let is_own = self.token.project == Some(project) && self.token.has_role("reader");
        if is_own {
            return Ok(());
        }
        self.may(rule)
    }

    /// The server of this id that the caller may know of, and read.
    fn server_of(&self, id: &str, rule: &str) -> Result<&'a Server, Reply> {
        let row = self.known_server(id)?;
        self.may_read_of(row.project, rule)?;
        Ok(row)
    }

    /// The server of this id that the caller may know of.
    fn known_server(&self, id: &str) -> Result<&'a Server, Reply> {
        let row = id::read_uuid(id).and_then(|id| self.compute().servers.get(&id));
        row.filter(|row| self.token.is_admin() || self.token.project == Some(row.project))
            .ok_or_else(|| not_found(&format!("Instance {id} could not be found.")))
    }
}

impl<'a> Subject<'a> {
    /// The server of this id that the caller may change.
    fn server_to(&self, id: &str, rule: &str) -> Result<&'a Server, Reply> {
        let row = self.known_server(id)?;
        let is_own = self.token.project == Some(row.project) && self.token.has_role("member");
        if !is_own {
            self.may(rule)?;
        }
        Ok(row)
    }
}

fn fault(status: StatusCode, name: &str, message: &str) -> Reply {
    let body = json!({name: {"code": status.as_u16(), "message": message}});
    let text = serde_json::to_vec(&body).unwrap_or_default();
    Reply::of(status, "application/json; charset=UTF-8", text.into())
}

/// An answer without a body, which has a type in spite of that.
fn done(status: StatusCode) -> Reply {
    Reply::of(status, "application/json", [][..].into())
}

fn bad_request(message: &str) -> Reply {
    fault(StatusCode::BAD_REQUEST, "badRequest", message)
}

fn forbidden_because(message: &str) -> Reply {
    fault(StatusCode::FORBIDDEN, "forbidden", message)
}

fn forbidden(rule: &str) -> Reply {
    forbidden_because(&format!("Policy doesn't allow {rule} to be performed."))
}

fn not_found(message: &str) -> Reply {
    fault(StatusCode::NOT_FOUND, "itemNotFound", message)
}

fn conflict(message: &str) -> Reply {
    fault(StatusCode::CONFLICT, "conflictingRequest", message)
}

/// Of a path that there is, but not at this microversion.
fn no_such_resource() -> Reply {
    not_found("The resource could not be found.")
}

/// Of a path, or of a method on one, that there is not.
fn unknown_path() -> Reply {
    Reply::json(
        StatusCode::NOT_FOUND,
        &json!({
            "message": "The resource could not be found.<br /><br />\n\n\n",
            "code": "404 Not Found",
            "title": "Not Found",
        }),
    )
}

/// An object with one more field, where a microversion has it.
fn add(row: &mut Value, has: bool, name: &str, value: impl Into<Value>) {
    if has {
        row[name] = value.into();
    }
}
