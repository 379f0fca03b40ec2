//! Whatever changes Neutron's rows: the same way for each noun, whose own part is in its file.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::attribute::{Attribute, Body};
use super::quota::Used;
use super::{Asker, bad_request, error, forbidden, quota, router, segments, tag};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::events::Event;
use crate::world::generate::Dice;
use crate::world::network::{Network, Standard};
use crate::world::{Key, World};

/// A thing's id, and whose it is.
pub(super) type Found = Result<(Uuid, Option<Key>), Reply>;

/// How a noun is written.
pub(super) struct Written {
    /// Its collection in the path: `security-groups`.
    pub(super) path: &'static str,
    /// Its member in the body: `security_group`.
    pub(super) member: &'static str,
    pub(super) attributes: &'static [Attribute],
    /// Those that only admins may give, with what counts as not given.
    pub(super) guarded: &'static [(&'static str, Value)],
    /// Finds what the caller may know of; its id and whose it is.
    pub(super) find: fn(&Asker<'_>, &str) -> Found,
    pub(super) show: fn(&Asker<'_>, Uuid) -> Result<Value, Reply>,
    pub(super) create: fn(&mut Pen<'_>, &Body) -> Result<Uuid, Reply>,
    pub(super) update: fn(&mut Pen<'_>, Uuid, &Body) -> Result<(), Reply>,
    pub(super) delete: fn(&mut Pen<'_>, Uuid) -> Result<(), Reply>,
    /// Of what carries a number that counts its changes.
    pub(super) standard: Option<fn(&mut Network, Uuid) -> Option<&mut Standard>>,
}

static NOUNS: [&Written; 7] = [
    &super::network::write::WRITTEN,
    &super::subnet::write::WRITTEN,
    &super::port::write::WRITTEN,
    &super::router::write::WRITTEN,
    &super::floating_ip::write::WRITTEN,
    &super::security_group::write::WRITTEN,
    &super::security_group_rule::write::WRITTEN,
];

/// The noun of this collection in a path.
pub(super) fn noun_of(path: &str) -> Option<&'static Written> {
    NOUNS.iter().find(|written| written.path == path).copied()
}

/// What is alike in how the rows of every table of the world are found and shown.
macro_rules! rows_of {
    ($table:ident, $row:ty) => {
        fn found(
            asker: &crate::network::Asker<'_>,
            id: &str,
        ) -> Result<(uuid::Uuid, Option<crate::world::Key>), crate::reply::Reply> {
            let row: &$row = crate::network::listing::find(asker, id)?;
            Ok((row.id, row.standard.project))
        }

        fn standard(
            network: &mut crate::world::network::Network,
            id: uuid::Uuid,
        ) -> Option<&mut crate::world::network::Standard> {
            network.$table.get_mut(&id).map(|row| &mut row.standard)
        }
    };
}
pub(super) use rows_of;

/// Who writes, and what is written in.
pub(super) struct Pen<'w> {
    pub(super) world: &'w mut World,
    pub(super) call: &'w Call,
    pub(super) project: Option<Key>,
    pub(super) is_admin: bool,
    /// Whether a project's own may be changed.
    is_member: bool,
}

impl<'w> Pen<'w> {
    fn new(world: &'w mut World, call: &'w Call) -> Result<Self, Reply> {
        let token = call.token()?;
        let is_admin = token.project.is_some() && token.is_admin();
        Ok(Self {
            world,
            call,
            project: token.project,
            is_admin,
            is_member: is_admin || token.has_role("member"),
        })
    }

    pub(super) fn network(&self) -> &Network {
        &self.world.regions[self.call.region].network
    }

    pub(super) fn network_mut(&mut self) -> &mut Network {
        &mut self.world.regions[self.call.region].network
    }

    /// The rows, and chance for new ones.
    pub(super) fn parts(&mut self) -> (&mut Network, &mut Dice) {
        let world = &mut *self.world;
        let network = &mut world.regions[self.call.region].network;
        (network, &mut world.dice)
    }

    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            network: self.network(),
            call: self.call,
            project: self.project,
            is_admin: self.is_admin,
            taken: std::cell::OnceCell::new(),
        }
    }

    pub(super) fn new_id(&mut self) -> Uuid {
        self.world.dice.uuid()
    }

    /// Lets something happen in a second, as an agent would do it.
    pub(super) fn soon(&mut self, event: Event) {
        const SOON: Duration = Duration::from_secs(1);
        let due = self.call.now + SOON;
        self.world.events.plan(due, event);
    }

    pub(super) fn may_change(&self, owner: Option<Key>) -> bool {
        self.is_admin || (self.is_member && owner.is_some() && owner == self.project)
    }
}

pub(super) fn write(world: &mut World, call: &Call) -> Answer {
    let mut pen = Pen::new(world, call)?;
    let segments = segments(call);
    let ["v2.0", path @ ..] = segments.as_slice() else {
        return Err(not_allowed());
    };
    let path = match path {
        [path @ .., ""] if !path.is_empty() => path,
        path => path,
    };
    if let ["quotas", project] = path {
        return quota::write(&mut pen, project);
    }
    if let [noun, id, "tags", tag @ ..] = path
        && let Some(noun) = noun_of(noun)
    {
        return tag::write(&mut pen, noun, id, tag);
    }
    if let ["routers", id, action] = path
        && call.method == Method::PUT
        && let Some(answer) = router::interface::act(&mut pen, id, action)
    {
        return answer;
    }
    let noun = path.first().and_then(|first| noun_of(first));
    match (noun, &call.method, path) {
        (Some(noun), &Method::POST, [_]) => create(&mut pen, noun),
        (Some(noun), &Method::PUT, [_, id]) => change(&mut pen, noun, id),
        (Some(noun), &Method::DELETE, [_, id]) => delete(&mut pen, noun, id),
        // A collection cannot be changed, which shows as a thing without an id.
        (Some(noun), &Method::PUT | &Method::DELETE, [_]) => {
            (noun.find)(&pen.asker(), "None")?;
            Err(not_allowed())
        }
        _ => {
            // What cannot even be read is not there.
            super::read_v2(&pen.asker(), path)?;
            Err(not_allowed())
        }
    }
}

fn not_allowed() -> Reply {
    error(
        StatusCode::METHOD_NOT_ALLOWED,
        "HTTPMethodNotAllowed",
        "The server could not comply with the request since it is either malformed or otherwise \
         incorrect.",
    )
}

/// What a body holds, of which there may be none.
fn document(call: &Call) -> Result<Option<Map<String, Value>>, Reply> {
    if call.body.is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(document)) => Ok(Some(document)),
        _ => Err(bad_request("Body contains invalid data")),
    }
}

/// What is said of the one thing, or of each of several.
struct Said {
    bodies: Vec<Body>,
    is_bulk: bool,
}

fn said(pen: &Pen<'_>, noun: &Written, is_create: bool) -> Result<Said, Reply> {
    let member = noun.member;
    let absent = || bad_request(&format!("Unable to find '{member}' in request body"));
    let mut document = document(pen.call)?.ok_or_else(absent)?;
    let asker = pen.asker();
    let read = |value: Value| match value {
        Value::Object(given) => Body::read(&asker, given, noun.attributes, is_create),
        Value::Null => Err(absent()),
        _ => Err(bad_request(&format!(
            "Object '{member}' contains invalid data"
        ))),
    };
    let Some(items) = document.remove(&format!("{member}s")) else {
        let value = document.remove(member).ok_or_else(absent)?;
        return Ok(Said {
            bodies: vec![read(value)?],
            is_bulk: false,
        });
    };
    if !is_create {
        return Err(bad_request("Bulk operation not supported"));
    }
    let Value::Array(items) = items else {
        return Err(bad_request("Body contains invalid data"));
    };
    if items.is_empty() {
        return Err(bad_request("Resources required"));
    }
    let bodies = items.into_iter().map(|mut item| {
        let inner = item.as_object_mut().and_then(|item| item.remove(member));
        read(inner.unwrap_or(item))
    });
    Ok(Said {
        bodies: bodies.collect::<Result<_, _>>()?,
        is_bulk: true,
    })
}

/// Refuses what only admins may say, or may be done by those who only read.
fn check_policy(
    pen: &Pen<'_>,
    noun: &Written,
    action: &str,
    may: bool,
    body: Option<&Body>,
) -> Result<(), Reply> {
    let is_create = action == "create";
    let rule = format!("{action}_{}", noun.member);
    let guarded = noun.guarded.iter().filter(|(name, unset)| {
        let value = body.and_then(|body| body.value(name));
        value.is_some_and(|value| !is_create || value != unset)
    });
    let guarded: Vec<String> = guarded
        // Who makes a port chooses its card's address.
        .filter(|(name, _)| !is_create || *name != "mac_address")
        .map(|(name, _)| format!("rule:{rule}:{name}"))
        .collect();
    if pen.is_admin || (may && guarded.is_empty()) {
        return Ok(());
    }
    if guarded.is_empty() {
        return Err(forbidden(&rule));
    }
    let message = format!(
        "(rule:{rule} and {}) is disallowed by policy",
        guarded.join(" and ")
    );
    Err(error(
        StatusCode::FORBIDDEN,
        "PolicyNotAuthorized",
        &message,
    ))
}

fn create(pen: &mut Pen<'_>, noun: &Written) -> Answer {
    let Said { bodies, is_bulk } = said(pen, noun, true)?;
    for body in &bodies {
        check_network(pen, noun, body)?;
    }
    if let Some(body) = bodies.first() {
        check_quota(pen, noun.member, body.project, bodies.len())?;
    }
    for body in &bodies {
        let may = pen.is_member && body.project.is_some();
        check_policy(pen, noun, "create", may, Some(body))?;
    }
    let mut made = Vec::new();
    for body in &bodies {
        match (noun.create)(pen, body) {
            Ok(id) => made.push(id),
            Err(refusal) => {
                // All or nothing.
                for id in made {
                    (noun.delete)(pen, id)?;
                }
                return Err(refusal);
            }
        }
    }
    let asker = pen.asker();
    let shown = made.into_iter().map(|id| (noun.show)(&asker, id));
    let mut shown: Vec<Value> = shown.collect::<Result<_, _>>()?;
    let body = if is_bulk {
        json!({format!("{}s", noun.member): shown})
    } else {
        json!({noun.member: shown.pop()})
    };
    Ok(Reply::json(StatusCode::CREATED, &body))
}

/// Ports and subnets are made on networks of one's own, or shared ones.
fn check_network(pen: &Pen<'_>, noun: &Written, body: &Body) -> Result<(), Reply> {
    if pen.is_admin || !["port", "subnet"].contains(&noun.member) {
        return Ok(());
    }
    let asker = pen.asker();
    let id = body.text("network_id").unwrap_or_default();
    let row: &crate::world::network::NetworkRow = super::listing::find(&asker, id)?;
    if row.is_shared || row.standard.project == body.project {
        return Ok(());
    }
    let project = body.project.map(|id| id.to_string()).unwrap_or_default();
    let message = format!(
        "Tenant {project} not allowed to create {} on this network",
        noun.member
    );
    Err(error(StatusCode::FORBIDDEN, "HTTPForbidden", &message))
}

/// Refuses what is more than a project may have.
pub(super) fn check_quota(
    pen: &Pen<'_>,
    name: &str,
    project: Option<Key>,
    more: usize,
) -> Result<(), Reply> {
    let Some(project) = project else {
        return Ok(());
    };
    let limits = quota::limits(&pen.network().quota(project));
    let limit = limits.get(name).and_then(Value::as_i64).unwrap_or(-1);
    let asker = pen.asker();
    let used = Used {
        asker: &asker,
        project: Some(project),
    };
    let needed = i64::try_from(used.of(name) + more).unwrap_or(i64::MAX);
    if limit < 0 || needed <= limit {
        return Ok(());
    }
    let message = format!("Quota exceeded for resources: ['{name}'].");
    Err(error(StatusCode::CONFLICT, "OverQuota", &message))
}

fn change(pen: &mut Pen<'_>, noun: &Written, id: &str) -> Answer {
    let said = said(pen, noun, false)?;
    let (id, owner) = (noun.find)(&pen.asker(), id)?;
    let body = said.bodies.first().ok_or_else(super::failure)?;
    check_policy(pen, noun, "update", pen.may_change(owner), Some(body))?;
    check_revision(pen, noun, id)?;
    (noun.update)(pen, id, body)?;
    let now = pen.call.now;
    if let Some(standard) = noun.standard
        && let Some(standard) = standard(pen.network_mut(), id)
    {
        standard.touch(now);
    }
    let shown = (noun.show)(&pen.asker(), id)?;
    Ok(Reply::ok(&json!({noun.member: shown})))
}

fn delete(pen: &mut Pen<'_>, noun: &Written, id: &str) -> Answer {
    let (id, owner) = (noun.find)(&pen.asker(), id)?;
    check_policy(pen, noun, "delete", pen.may_change(owner), None)?;
    if !pen.call.body.is_empty() {
        return Err(bad_request("Request body is not supported in DELETE."));
    }
    check_revision(pen, noun, id)?;
    (noun.delete)(pen, id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Refuses a change of what has changed since the caller saw it, where it says so.
fn check_revision(pen: &mut Pen<'_>, noun: &Written, id: Uuid) -> Result<(), Reply> {
    let expected = pen.call.header("if-match").and_then(|text| {
        let text = text.trim().trim_matches('"');
        text.strip_prefix("revision_number=")?.parse::<u32>().ok()
    });
    let standard = noun.standard.and_then(|of| of(pen.network_mut(), id));
    let (Some(expected), Some(standard)) = (expected, standard) else {
        return Ok(());
    };
    let current = standard.revision;
    if expected == current {
        return Ok(());
    }
    let message = format!("Constrained to {expected}, but current revision is {current}");
    Err(error(
        StatusCode::PRECONDITION_FAILED,
        "RevisionNumberConstraintFailed",
        &message,
    ))
}

pub(super) fn conflict(kind: &str, message: &str) -> Reply {
    error(StatusCode::CONFLICT, kind, message)
}

/// What is wrong with what is asked of a noun, as most of Neutron's own checks say it.
pub(super) fn bad_noun(noun: &str, message: &str) -> Reply {
    let message = format!("Bad {noun} request: {message}.");
    error(StatusCode::BAD_REQUEST, "BadRequest", &message)
}
