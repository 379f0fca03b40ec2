//! Keystone v3.

mod assignments;
mod catalog;
mod domain;
mod group;
mod listing;
mod project;
mod role;
mod tokens;
mod user;

use bytes::Bytes;
use http::header::{ALLOW, LOCATION, VARY, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::json;

pub(crate) use self::tokens::Token;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::World;

/// What is answered at a path under `/v3`; its second segment is the id that it is about, if any.
type Route = fn(&Subject<'_>, &str) -> Answer;

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    finished(call, read_any(world, call))
}

fn read_any(world: &World, call: &Call) -> Answer {
    match call.segments().as_slice() {
        [] | [""] => Ok(Reply::json(
            StatusCode::MULTIPLE_CHOICES,
            &json!({"versions": {"values": [version(call)]}}),
        )
        .with(LOCATION, &format!("{}/v3/", call.root))),
        ["v3"] | ["v3", ""] => Ok(Reply::ok(&json!({"version": version(call)}))),
        ["v3", path @ ..] => {
            // What leads nowhere is found out before who calls.
            let route = route(path).ok_or_else(unknown_path)?;
            let token = call.caller.as_ref().ok_or_else(unauthorized)?;
            let subject = Subject { world, call, token };
            route(&subject, path.get(1).copied().unwrap_or_default())
        }
        _ => Err(unknown_path()),
    }
}

fn route(path: &[&str]) -> Option<Route> {
    Some(match path {
        ["auth", "tokens"] => |it, _| tokens::validate(it.world, it.call, it.token),
        ["auth", "catalog"] => |it, _| Ok(it.catalog()),
        ["auth", "projects"] => |it, _| Ok(it.own_projects(it.token.user)),
        ["auth", "domains"] => |it, _| Ok(it.own_domains()),
        ["auth", "system"] => |it, _| Ok(it.own_system()),
        ["domains"] => |it, _| it.domains(),
        ["domains", _] => |it, id| it.domain(id),
        ["projects"] => |it, _| it.projects(),
        ["projects", _] => |it, id| it.project(id),
        ["users"] => |it, _| it.users(),
        ["users", _] => |it, id| it.user(id),
        ["users", _, "groups"] => |it, id| it.groups_of(id),
        ["users", _, "projects"] => |it, id| it.projects_of(id),
        ["users", _, "application_credentials"] => |it, id| it.application_credentials(id),
        ["users", _, "application_credentials", _] => |it, id| it.application_credential(id),
        ["groups"] => |it, _| it.groups(),
        ["groups", _] => |it, id| it.group(id),
        ["groups", _, "users"] => |it, id| it.users_of(id),
        ["roles"] => |it, _| it.roles(),
        ["roles", _] => |it, id| it.role(id),
        ["role_assignments"] => |it, _| it.role_assignments(),
        ["role_inferences"] => |it, _| it.role_inferences(),
        ["services"] => |it, _| it.services(),
        ["services", _] => |it, id| it.service(id),
        ["endpoints"] => |it, _| it.endpoints(),
        ["endpoints", _] => |it, id| it.endpoint(id),
        ["regions"] => |it, _| Ok(it.regions()),
        ["regions", _] => |it, id| it.region(id),
        // Of these there are none.
        ["credentials"] => |it, _| Ok(it.collection("credentials", &[], None)),
        ["registered_limits"] => |it, _| Ok(it.collection("registered_limits", &[], None)),
        ["limits"] => |it, _| Ok(it.collection("limits", &[], None)),
        _ => return None,
    })
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    let answer = match (&call.method, call.segments().as_slice()) {
        (&Method::POST, ["v3", "auth", "tokens"]) => tokens::issue(world, call),
        (&Method::DELETE, ["v3", "auth", "tokens"]) => tokens::revoke(world, call),
        (_, ["v3", "auth", "tokens"]) => Err(not_allowed("POST, HEAD, DELETE, GET, OPTIONS")),
        (_, [] | [""] | ["v3"] | ["v3", ""]) => Err(not_allowed("GET, HEAD, OPTIONS")),
        (_, ["v3", path @ ..]) if route(path).is_some() => {
            let caller = call.caller.as_ref().ok_or_else(unauthorized);
            caller.and(Err(not_allowed("GET, HEAD, OPTIONS")))
        }
        _ => Err(unknown_path()),
    };
    finished(call, answer)
}

/// What all answers have: those who did not say who they are learn where to.
fn finished(call: &Call, answer: Answer) -> Answer {
    let reply = answer.unwrap_or_else(|refusal| refusal);
    if is_crash(&reply) {
        return Err(reply);
    }
    let reply = reply.with(VARY, "X-Auth-Token");
    if reply.status != StatusCode::UNAUTHORIZED {
        return Ok(reply);
    }
    let realm = format!("Keystone uri=\"{}/v3\"", call.root);
    Err(reply.with(WWW_AUTHENTICATE, &realm))
}

/// Whose question is answered, and from what.
struct Subject<'a> {
    world: &'a World,
    call: &'a Call,
    token: &'a Token,
}

fn version(call: &Call) -> serde_json::Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", call.root)}],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.identity-v3+json",
        }],
    })
}

fn refusal(status: StatusCode, title: &str, message: &str) -> Reply {
    let code = status.as_u16();
    Reply::json(
        status,
        &json!({"error": {"code": code, "message": message, "title": title}}),
    )
}

fn unauthorized() -> Reply {
    refusal(
        StatusCode::UNAUTHORIZED,
        "Unauthorized",
        "The request you have made requires authentication.",
    )
}

fn forbidden(rule: &str) -> Reply {
    let message = format!("You are not authorized to perform the requested action: {rule}.");
    refusal(StatusCode::FORBIDDEN, "Forbidden", &message)
}

fn not_found(kind: &str, id: &str) -> Reply {
    refusal(
        StatusCode::NOT_FOUND,
        "Not Found",
        &format!("Could not find {kind}: {id}."),
    )
}

fn bad_request(message: &str) -> Reply {
    refusal(StatusCode::BAD_REQUEST, "Bad Request", message)
}

const HTML: &str = "text/html; charset=utf-8";
const CRASH: &str = "<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  \
                     <body>\n    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n";

/// The page for what no route leads to.
fn unknown_path() -> Reply {
    let text = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not \
                Found</h1>\n<p>The requested URL was not found on the server. If you entered the \
                URL manually please check your spelling and try again.</p>\n";
    Reply::of(
        StatusCode::NOT_FOUND,
        HTML,
        Bytes::from_static(text.as_bytes()),
    )
}

fn not_allowed(allowed: &str) -> Reply {
    let message = "The method is not allowed for the requested URL.";
    let body = json!({"message": message});
    Reply::json(StatusCode::METHOD_NOT_ALLOWED, &body).with(ALLOW, allowed)
}

/// What the web server says where Keystone breaks down.
fn crash() -> Reply {
    let text = Bytes::from_static(CRASH.as_bytes());
    Reply::of(StatusCode::INTERNAL_SERVER_ERROR, "text/html", text)
}

/// Whether an answer is not Keystone's own: then it lacks what Keystone puts on each of its own.
pub(crate) fn is_crash(reply: &Reply) -> bool {
    reply.body == CRASH.as_bytes()
}
