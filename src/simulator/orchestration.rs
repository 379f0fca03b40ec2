//! Heat v1.

mod event;
mod link;
mod parameter;
mod resource;
mod small;
mod stack;
mod template;
pub(crate) mod work;
mod write;

use http::{Method, StatusCode};
use serde_json::json;

use self::stack::Shown;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::orchestration::{Orchestration, Stack};
use crate::world::{Key, World};

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    match call.segments().as_slice() {
        [] | [""] => Ok(versions(call)),
        // Any other version is answered with those that there are.
        [version, ..] if *version != "v1" && is_version(version) => Ok(versions(call)),
        ["v1", path @ ..] => {
            let asker = Asker::new(world, call)?;
            let [project, path @ ..] = path else {
                return Err(webob::not_found(call, ""));
            };
            read_project(&asker, project, path)
        }
        _ => Err(webob::not_found(call, "")),
    }
}

fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    digits.starts_with(|letter: char| letter.is_ascii_digit())
}

fn read_project(asker: &Asker<'_>, project: &str, path: &[&str]) -> Answer {
    let route = Route::of(path).ok_or_else(|| webob::not_found(asker.call, ""))?;
    // An admin's own project stands for any in the path.
    let own = asker.project.map(|id| id.to_string());
    if !asker.is_admin && own.as_deref() != Some(project) {
        return Err(forbidden());
    }
    match route {
        Route::BuildInfo => Ok(Reply::ok(&json!({
            "api": {"revision": "unknown"}, "engine": {"revision": "unknown"},
        }))),
        Route::Small(path) => small::read(asker, path),
        Route::Stacks => stack::list(asker),
        Route::Details => Ok(stack::details(asker)),
        Route::Lookup { name, below } => stack::lookup(asker, name, below),
        Route::Stack { name, id, below } => {
            let stack = asker.stack(name, id)?;
            of_stack(asker, stack, below)
        }
    }
}

fn of_stack(asker: &Asker<'_>, stack: &Stack, below: &[&str]) -> Answer {
    match below {
        [] => Shown { asker, stack }.show(),
        ["template"] => Ok(Reply::ok(&stack.template)),
        ["environment"] => Ok(parameter::environment(stack)),
        ["files"] => Ok(Reply::ok(&json!({}))),
        ["snapshots"] => Ok(Reply::ok(&json!({"snapshots": []}))),
        ["outputs"] => Ok(stack::outputs(stack)),
        ["outputs", key] => stack::output(stack, key),
        ["resources"] => resource::list(asker, stack),
        ["resources", name] => resource::show(asker, stack, name),
        ["resources", name, "metadata"] => resource::metadata(stack, name),
        ["resources", name, "events"] => event::list(asker, stack, Some(name)),
        ["resources", name, "events", id] => event::show(asker, stack, name, id),
        ["events"] => event::list(asker, stack, None),
        _ => Err(webob::not_found(asker.call, "")),
    }
}

/// What a path behind the project is about.
enum Route<'p> {
    BuildInfo,
    Stacks,
    Details,
    /// A stack by its name or its id alone, and what follows.
    Lookup {
        name: &'p str,
        below: &'p [&'p str],
    },
    Stack {
        name: &'p str,
        id: &'p str,
        below: &'p [&'p str],
    },
    Small(&'p [&'p str]),
}

impl<'p> Route<'p> {
    fn of(path: &'p [&'p str]) -> Option<Self> {
        /// What may follow a stack's name without its id.
        const BELOW: [&str; 6] = [
            "resources",
            "events",
            "template",
            "actions",
            "environment",
            "files",
        ];
        if path.last().is_none_or(|last| last.is_empty()) {
            return None;
        }
        Some(match path {
            ["build_info"] => Self::BuildInfo,
            ["stacks"] => Self::Stacks,
            ["stacks", "detail"] => Self::Details,
            ["stacks", name] => Self::Lookup { name, below: &[] },
            ["stacks", name, below] if BELOW.contains(below) => Self::Lookup {
                name,
                below: &path[2..],
            },
            ["stacks", name, id, below @ ..] => Self::Stack { name, id, below },
            path if small::has(path) => Self::Small(path),
            _ => return None,
        })
    }
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    write::write(world, call)
}

fn bad_method() -> Reply {
    refusal(
        StatusCode::METHOD_NOT_ALLOWED,
        BAD,
        "HTTPMethodNotAllowed",
        Some(BAD),
    )
}

fn versions(call: &Call) -> Reply {
    let href = format!("{}/v1/", call.root);
    Reply::json(
        StatusCode::MULTIPLE_CHOICES,
        &json!({"versions": [{
            "id": "v1.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}],
        }]}),
    )
}

/// Who asks, for what, and where it is looked for.
struct Asker<'w> {
    heat: &'w Orchestration,
    call: &'w Call,
    project: Option<Key>,
    is_admin: bool,
}

impl<'w> Asker<'w> {
    fn new(world: &'w World, call: &'w Call) -> Result<Self, Reply> {
        let token = call.token()?;
        Ok(Self {
            heat: &world.regions[call.region].orchestration,
            call,
            project: token.project,
            is_admin: token.is_admin(),
        })
    }

    /// Whether the caller may know of a stack: one of the project, or any for an admin.
    fn may_see(&self, stack: &Stack) -> bool {
        self.is_admin || Some(stack.project) == self.project
    }

    /// The stack of this id, if that is its name too. One that was deleted can still be looked at.
    fn stack(&self, name: &str, id: &str) -> Result<&'w Stack, Reply> {
        let id = crate::world::id::read_uuid(id);
        let is_read = matches!(self.call.method, Method::GET | Method::HEAD);
        let deleted = || self.heat.deleted.get(&id?).filter(|_| is_read);
        let stack = id.and_then(|id| self.heat.stacks.get(&id));
        let stack = stack.or_else(deleted);
        stack
            .filter(|stack| stack.name == name && self.may_see(stack))
            .ok_or_else(|| unknown("Stack", name))
    }
}

/// How every 400 is explained.
const BAD: &str = "The server could not comply with the request since it is either malformed or \
                   otherwise incorrect.";
const MISSING: &str = "The resource could not be found.";
const DENIED: &str = "Access was denied to this resource.";

fn refusal(status: StatusCode, explanation: &str, kind: &str, message: Option<&str>) -> Reply {
    let mut error = json!({"type": kind, "traceback": null});
    // What might give something away is kept back.
    if let Some(message) = message {
        error["message"] = json!(message);
    }
    Reply::json(
        status,
        &json!({
            "code": status.as_u16(),
            "title": status.canonical_reason(),
            "explanation": explanation,
            "error": error,
        }),
    )
}

fn unknown(kind: &str, name: &str) -> Reply {
    missing(
        "EntityNotFound",
        &format!("The {kind} ({name}) could not be found."),
    )
}

fn missing(kind: &str, message: &str) -> Reply {
    refusal(StatusCode::NOT_FOUND, MISSING, kind, Some(message))
}

fn bad_request(message: &str) -> Reply {
    refusal(
        StatusCode::BAD_REQUEST,
        BAD,
        "HTTPBadRequest",
        Some(message),
    )
}

/// A project in the path that is not the caller's.
fn forbidden() -> Reply {
    refusal(StatusCode::FORBIDDEN, DENIED, "HTTPForbidden", Some(DENIED))
}

/// What the policy does not allow.
fn not_allowed(rule: &str) -> Reply {
    let message = format!("You are not authorized to use {rule}.");
    refusal(StatusCode::FORBIDDEN, DENIED, "Forbidden", Some(&message))
}
