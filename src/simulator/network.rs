//! Neutron v2.0.
//!
//! Who asks decides twice: which rows there are ([`Row::is_visible`](listing::Row::is_visible)),
//! and which of their fields, as each [`Row::view`](listing::Row::view) says.

mod agent;
mod attribute;
mod cell;
mod extension;
mod filter;
mod floating_ip;
mod ip_availability;
mod listing;
#[expect(
    clippy::module_inception,
    reason = "the noun has the name of its service"
)]
mod network;
mod picked;
mod port;
mod quota;
mod router;
mod security_group;
mod security_group_rule;
mod small;
mod subnet;
mod tag;
mod write;

use std::cell::OnceCell;
use std::collections::HashMap;

use http::StatusCode;
use serde::{Serialize, Serializer};
use serde_json::json;
use uuid::Uuid;

use self::ip_availability::Availability;
use self::listing::{list, show};
use self::security_group_rule::Rule;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::network::{
    FloatingIp, Network, NetworkRow, Port, Router, SecurityGroup, Standard, Subnet,
};
use crate::world::{Key, World};

/// The domain of ports' names.
const DNS_DOMAIN: &str = "cloud.example.";

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    match segments(call).as_slice() {
        [] | [""] => Ok(Reply::ok(&json!({"versions": [{
            "id": "v2.0",
            "status": "CURRENT",
            "links": [{"rel": "self", "href": format!("{}/v2.0/", call.root)}],
        }]}))),
        ["v2.0", path @ ..] => {
            let asker = Asker::new(world, call)?;
            // A slash at the end of a path makes no difference, but for the version's own.
            match path {
                [] => Err(unknown_path()),
                [path @ .., ""] if !path.is_empty() => read_v2(&asker, path),
                path => read_v2(&asker, path),
            }
        }
        _ => Err(Reply::json(
            StatusCode::NOT_FOUND,
            &json!({"code": 404, "description": null, "title": "Not Found"}),
        )),
    }
}

fn read_v2(asker: &Asker<'_>, path: &[&str]) -> Answer {
    match path {
        [""] => Ok(collections(asker.call)),
        ["extensions"] => Ok(extension::list()),
        ["extensions", alias] => extension::show(asker.call, alias),
        ["networks"] => list::<&NetworkRow>(asker),
        ["networks", id] => show::<&NetworkRow>(asker, id),
        ["networks", id, "dhcp-agents"] => agent::of_network(asker, id),
        ["network-ip-availabilities"] => list::<Availability<'_>>(asker),
        ["network-ip-availabilities", id] => show::<Availability<'_>>(asker, id),
        ["subnets"] => list::<&Subnet>(asker),
        ["subnets", id] => show::<&Subnet>(asker, id),
        ["ports"] => list::<&Port>(asker),
        ["ports", id] => show::<&Port>(asker, id),
        ["routers"] => list::<&Router>(asker),
        ["routers", id] => show::<&Router>(asker, id),
        ["routers", id, "l3-agents"] => agent::of_router(asker, id),
        ["floatingips"] => list::<&FloatingIp>(asker),
        ["floatingips", id] => show::<&FloatingIp>(asker, id),
        ["floatingips", id, "port_forwardings"] => floating_ip::forwardings(asker, id),
        ["floatingip_pools"] => Ok(floating_ip::pools(asker)),
        ["security-groups"] => list::<&SecurityGroup>(asker),
        ["security-groups", id] => security_group::show(asker, id),
        ["security-group-rules"] => list::<Rule<'_>>(asker),
        ["security-group-rules", id] => show::<Rule<'_>>(asker, id),
        ["default-security-group-rules"] => security_group_rule::defaults(asker),
        ["agents"] => agent::list(asker),
        ["agents", id] => agent::show(asker, id),
        ["agents", id, "l3-routers"] => agent::routers(asker, id),
        ["agents", id, "dhcp-networks"] => agent::networks(asker, id),
        ["availability_zones"] => agent::zones(asker),
        ["quotas", path @ ..] => quota::read(asker, path),
        [_, _, "tags", ..] if tag::is_of(path) => tag::read(asker, path),
        path => small::read(asker, path),
    }
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    write::write(world, call)
}

/// The segments of the path, without the `.json` that may follow any of them.
fn segments(call: &Call) -> Vec<&str> {
    let mut segments = call.segments();
    if let Some(last) = segments.last_mut() {
        *last = last.strip_suffix(".json").unwrap_or(last);
    }
    segments
}

fn collections(call: &Call) -> Reply {
    let core = [
        ("network", "networks"),
        ("subnet", "subnets"),
        ("subnetpool", "subnetpools"),
        ("port", "ports"),
    ];
    let rows: Vec<_> = core
        .iter()
        .map(|(name, collection)| {
            let href = format!("{}/v2.0/{collection}", call.root);
            json!({
                "name": name, "collection": collection, "links": [{"rel": "self", "href": href}],
            })
        })
        .collect();
    Reply::ok(&json!({"resources": rows}))
}

/// Who asks, for what, and where it is looked for.
struct Asker<'w> {
    network: &'w Network,
    call: &'w Call,
    project: Option<Key>,
    /// An admin by a project's token: no other scope has rights here.
    is_admin: bool,
    /// How many addresses are taken of each subnet, counted when it is asked for.
    taken: OnceCell<HashMap<Uuid, u64>>,
}

impl<'w> Asker<'w> {
    fn new(world: &'w World, call: &'w Call) -> Result<Self, Reply> {
        let token = call.token()?;
        Ok(Self {
            network: &world.regions[call.region].network,
            call,
            project: token.project,
            is_admin: token.project.is_some() && token.is_admin(),
            taken: OnceCell::new(),
        })
    }

    /// Whether a project's things are the caller's, or anyone's are.
    fn may_see(&self, standard: &Standard) -> bool {
        self.is_admin || self.owns(standard)
    }

    fn owns(&self, standard: &Standard) -> bool {
        self.project.is_some() && standard.project == self.project
    }

    /// Refuses what only admins may do; the rule's name is in the message.
    fn must_be_admin(&self, rule: &str) -> Result<(), Reply> {
        if self.is_admin {
            return Ok(());
        }
        Err(forbidden(rule))
    }
}

/// A project's id; of what belongs to none it is an empty text.
struct Owner(Option<Key>);

impl Owner {
    fn of(standard: &Standard) -> Self {
        Self(standard.project)
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(project) => project.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }
}

/// What is not there in this cloud, but has a place in the answers.
type Absent = Option<()>;

fn error(status: StatusCode, kind: &str, message: &str) -> Reply {
    let error = json!({"type": kind, "message": message, "detail": ""});
    Reply::json(status, &json!({"NeutronError": error}))
}

fn forbidden(rule: &str) -> Reply {
    let message = format!("rule:{rule} is disallowed by policy");
    error(StatusCode::FORBIDDEN, "PolicyNotAuthorized", &message)
}

fn invalid(message: &str) -> Reply {
    let message = format!("Invalid input for operation: {message}");
    error(StatusCode::BAD_REQUEST, "InvalidInput", &message)
}

fn bad_request(message: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "HTTPBadRequest", message)
}

/// What is not there at all, or not for the caller.
fn unknown_path() -> Reply {
    error(
        StatusCode::NOT_FOUND,
        "HTTPNotFound",
        "The resource could not be found.",
    )
}

fn failure() -> Reply {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "HTTPInternalServerError",
        "Request Failed: internal server error while processing your request.",
    )
}
