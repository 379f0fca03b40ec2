//! Keystone v3.

mod assignments;
mod rows;
mod tokens;

use http::{Method, StatusCode};
use serde_json::json;

pub(crate) use self::tokens::Token;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::World;

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    match call.segments().as_slice() {
        [] | [""] => Ok(Reply::json(
            StatusCode::MULTIPLE_CHOICES,
            &json!({"versions": {"values": [version(call)]}}),
        )
        .with(http::header::LOCATION, &format!("{}/v3/", call.root))),
        ["v3"] | ["v3", ""] => Ok(Reply::ok(&json!({"version": version(call)}))),
        ["v3", path @ ..] => read_v3(world, call, path),
        _ => Err(unknown_path()),
    }
}

fn read_v3(world: &World, call: &Call, path: &[&str]) -> Answer {
    let token = call.caller.as_ref().ok_or_else(unauthorized)?;
    let subject = Subject { world, call, token };
    match path {
        ["auth", "tokens"] => tokens::validate(world, call),
        ["auth", "catalog"] => Ok(Reply::ok(&json!({
            "catalog": token.catalog(world, call),
            "links": {"self": format!("{}/v3/auth/catalog", call.root)},
        }))),
        ["auth", "projects"] => Ok(subject.own_projects(token.user, "/auth/projects")),
        ["auth", "domains"] => Ok(subject.own_domains()),
        ["domains"] => subject.domains(),
        ["domains", id] => subject.domain(id),
        ["projects"] => subject.projects(),
        ["projects", id] => subject.project(id),
        ["users"] => subject.users(),
        ["users", id] => subject.user(id),
        ["users", id, "groups"] => subject.groups_of(id),
        ["users", id, "projects"] => subject.projects_of(id),
        ["users", id, "application_credentials"] => subject.application_credentials(id),
        ["groups"] => subject.groups(),
        ["groups", id] => subject.group(id),
        ["groups", id, "users"] => subject.users_of(id),
        ["roles"] => subject.roles(),
        ["roles", id] => subject.role(id),
        ["role_assignments"] => assignments::list(world, call, token),
        ["services"] => subject.services(),
        ["services", id] => subject.service(id),
        ["endpoints"] => subject.endpoints(),
        ["endpoints", id] => subject.endpoint(id),
        ["regions"] => Ok(subject.regions()),
        ["regions", id] => subject.region(id),
        _ => Err(unknown_path()),
    }
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    match (&call.method, call.segments().as_slice()) {
        (&Method::POST, ["v3", "auth", "tokens"]) => tokens::issue(world, call),
        (&Method::DELETE, ["v3", "auth", "tokens"]) => tokens::revoke(world, call),
        (_, ["v3", ..]) if call.caller.is_none() => Err(unauthorized()),
        _ => Err(refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method Not Allowed",
            "The method is not allowed for the requested URL.",
        )),
    }
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

fn unknown_path() -> Reply {
    refusal(
        StatusCode::NOT_FOUND,
        "Not Found",
        "The requested URL was not found on the server. If you entered the URL manually please \
         check your spelling and try again.",
    )
}
