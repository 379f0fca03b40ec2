//! Stacks: lists, single ones, their outputs.

use std::cmp::Ordering;

use http::StatusCode;
use http::header::LOCATION;
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::link::{Link, Place};
use super::{Asker, BAD, missing, not_allowed, parameter, refusal, unknown};
use crate::call::Query;
use crate::clock::{Written, zulu};
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::Key;
use crate::world::id::read_uuid;
use crate::world::orchestration::{Output, Stack};

#[derive(Serialize)]
struct Row<'w> {
    id: Uuid,
    links: [Link<'w>; 1],
    /// For admins, where it is a list that can be narrowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Key>,
    stack_name: &'w str,
    description: &'static str,
    stack_status: String,
    stack_status_reason: &'w str,
    creation_time: Written,
    updated_time: Option<Written>,
    deletion_time: Option<Written>,
    stack_owner: &'w str,
    parent: Option<Uuid>,
    stack_user_project_id: Key,
    tags: Option<&'w [String]>,
}

impl<'w> Row<'w> {
    fn new(asker: &Asker<'w>, stack: &'w Stack, has_project: bool) -> Self {
        Self {
            id: stack.id,
            links: [Place::of(asker.call, stack).link("self")],
            project: has_project.then_some(stack.project),
            stack_name: &stack.name,
            // It is in the template, which a list does not look into.
            description: "",
            stack_status: format!("{}_{}", stack.action, stack.status),
            stack_status_reason: &stack.reason,
            creation_time: zulu(stack.created),
            updated_time: stack.updated.map(zulu),
            deletion_time: None,
            stack_owner: &stack.owner,
            parent: stack.parent,
            stack_user_project_id: stack.user_project,
            tags: (!stack.tags.is_empty()).then_some(stack.tags.as_slice()),
        }
    }
}

#[derive(Serialize)]
struct List<'w> {
    stacks: Vec<Row<'w>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

pub(super) fn list(asker: &Asker<'_>) -> Answer {
    let query = &asker.call.query;
    if parameter::flag(query, "global_tenant")? == Some(true) {
        return Err(not_allowed("stacks:global_index"));
    }
    for name in ["show_deleted", "show_hidden"] {
        parameter::flag(query, name)?;
    }
    let is_nested = parameter::flag(query, "show_nested")? == Some(true);
    let limit = parameter::number(query, "limit")?;
    let is_counted = parameter::flag(query, "with_count")? == Some(true);
    let order = Order::read(query)?;
    let stacks = asker.heat.stacks.values();
    let mut stacks: Vec<&Stack> = stacks
        .filter(|stack| asker.may_see(stack) && (is_nested || stack.parent.is_none()))
        .filter(|stack| is_wanted(query, stack))
        .collect();
    let count = is_counted.then_some(stacks.len());
    stacks.sort_by(|one, other| order.compare(one, other));
    // A marker that is not there is passed over.
    let marker = query.get("marker").and_then(read_uuid);
    if let Some(marker) = marker.and_then(|id| asker.heat.stacks.get(&id)) {
        let place =
            stacks.partition_point(|stack| order.compare(stack, marker) != Ordering::Greater);
        stacks.drain(..place);
    }
    stacks.truncate(limit.unwrap_or(usize::MAX));
    let links = match stacks.last() {
        Some(last) if limit == Some(stacks.len()) => {
            let query = query.with("marker", &last.id.to_string());
            let path = asker.call.path.join("/");
            let href = format!("{}/{path}?{query}", asker.call.root);
            Some(json!([{"rel": "next", "href": href}]))
        }
        _ => None,
    };
    let stacks = stacks.into_iter();
    Ok(Reply::ok(&List {
        stacks: stacks
            .map(|stack| Row::new(asker, stack, asker.is_admin))
            .collect(),
        links,
        count,
    }))
}

/// All of them, unasked.
pub(super) fn details(asker: &Asker<'_>) -> Reply {
    let stacks = asker.heat.stacks.values();
    let mut stacks: Vec<&Stack> = stacks
        .filter(|stack| asker.may_see(stack) && stack.parent.is_none())
        .collect();
    stacks.sort_by_key(|stack| std::cmp::Reverse((stack.created, stack.id)));
    let stacks = stacks.into_iter();
    Reply::ok(&List {
        stacks: stacks.map(|stack| Row::new(asker, stack, false)).collect(),
        links: None,
        count: None,
    })
}

fn is_wanted(query: &Query, stack: &Stack) -> bool {
    let whole = format!("{}_{}", stack.action, stack.status);
    let project = stack.project.to_string();
    let parent = stack.parent.map(|id| id.to_string()).unwrap_or_default();
    let is_status = |name| {
        parameter::allows(query, name, stack.status) || parameter::allows(query, name, &whole)
    };
    let lists = |name: &'static str| {
        let text = query.get(name).filter(|text| !text.is_empty());
        text.map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>())
    };
    let has = |tag: &String| stack.tags.contains(tag);
    parameter::allows(query, "id", &stack.id.to_string())
        && ["name", "stack_name"]
            .iter()
            .all(|name| parameter::allows(query, name, &stack.name))
        && is_status("status")
        && is_status("stack_status")
        && ["action", "stack_action"]
            .iter()
            .all(|name| parameter::allows(query, name, stack.action))
        && ["username", "stack_owner"]
            .iter()
            .all(|name| parameter::allows(query, name, &stack.owner))
        && parameter::allows(query, "tenant", &project)
        && ["owner_id", "parent"]
            .iter()
            .all(|name| parameter::allows(query, name, &parent))
        && lists("tags").is_none_or(|tags| tags.iter().all(has))
        && lists("tags_any").is_none_or(|tags| tags.iter().any(has))
        && lists("not_tags").is_none_or(|tags| !tags.iter().all(has))
        && lists("not_tags_any").is_none_or(|tags| !tags.iter().any(has))
}

/// How a list is ordered: the newest first, unless a key is given, and by id among equals.
struct Order<'q> {
    keys: Vec<&'q str>,
    is_ascending: bool,
}

impl<'q> Order<'q> {
    fn read(query: &'q Query) -> Result<Self, Reply> {
        const KEYS: [&str; 4] = [
            "stack_name",
            "stack_status",
            "creation_time",
            "updated_time",
        ];
        // Keys that are unknown are passed over, these short ones too: only the long ones are
        // the API's.
        let keys = query.all("sort_keys").filter(|key| KEYS.contains(key));
        let mut keys: Vec<&str> = keys.collect();
        let direction = query.get("sort_dir").filter(|text| !text.is_empty());
        let is_ascending = ascending(direction, !keys.is_empty())?;
        if keys.is_empty() {
            keys.push("creation_time");
        }
        Ok(Self { keys, is_ascending })
    }

    fn compare(&self, one: &Stack, other: &Stack) -> Ordering {
        let folded = |text: &str| text.to_uppercase();
        let by_keys = self.keys.iter().map(|key| match *key {
            "stack_name" => folded(&one.name).cmp(&folded(&other.name)),
            "stack_status" => one.status.cmp(other.status),
            "updated_time" => one.updated.cmp(&other.updated),
            _ => one.created.cmp(&other.created),
        });
        let order = by_keys
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| one.id.cmp(&other.id));
        if self.is_ascending {
            order
        } else {
            order.reverse()
        }
    }
}

/// Whether a direction is upwards, as it is where only a key is given.
pub(super) fn ascending(direction: Option<&str>, has_key: bool) -> Result<bool, Reply> {
    match direction {
        Some("asc") => Ok(true),
        Some("desc") => Ok(false),
        None => Ok(has_key),
        Some(_) => Err(refusal(StatusCode::BAD_REQUEST, BAD, "ValueError", None)),
    }
}

/// Where the stack of a name, or of an id, is.
pub(super) fn lookup(asker: &Asker<'_>, name: &str, below: &[&str]) -> Answer {
    let by_id = read_uuid(name).and_then(|id| {
        let heat = asker.heat;
        heat.stacks.get(&id).or_else(|| heat.deleted.get(&id))
    });
    let by_id = by_id.filter(|stack| asker.may_see(stack));
    let stacks = asker.heat.stacks.values();
    // Names are the own project's, for admins too.
    let mut by_name =
        stacks.filter(|stack| stack.name == name && Some(stack.project) == asker.project);
    let stack = by_id.or_else(|| by_name.next());
    let stack = stack.ok_or_else(|| unknown("Stack", name))?;
    let mut place = Place::of(asker.call, stack);
    if !below.is_empty() {
        place = place.below(&below.join("/"));
    }
    let mut location = place.to_string();
    if asker.call.query.pairs().next().is_some() {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(asker.call.query.pairs());
        location = format!("{location}?{}", query.finish());
    }
    let explanation = format!(
        "The resource was found at <a href=\"{location}\">{location}</a>;\nyou should be \
         redirected automatically."
    );
    let reply = webob::plain(asker.call, StatusCode::FOUND, &explanation);
    Err(reply.with(LOCATION, &location))
}

/// A stack by itself.
pub(super) struct Shown<'a, 'w> {
    pub(super) asker: &'a Asker<'w>,
    pub(super) stack: &'a Stack,
}

impl Shown<'_, '_> {
    pub(super) fn show(&self) -> Answer {
        let resolves = parameter::flag(&self.asker.call.query, "resolve_outputs")?;
        let stack = self.stack;
        let mut view = json!({
            "id": stack.id,
            "stack_name": stack.name,
            "links": [Place::of(self.asker.call, stack).link("self")],
            "creation_time": zulu(stack.created),
            "updated_time": stack.updated.map(zulu),
            "deletion_time": stack.deleted.map(zulu),
            "notification_topics": [],
            "parameters": parameter::shown(stack),
            "description": stack.description,
            "template_description": stack.description,
            "capabilities": [],
            "disable_rollback": stack.is_rollback_disabled,
            "timeout_mins": stack.timeout_mins,
            "stack_owner": stack.owner,
            "parent": stack.parent,
            "stack_user_project_id": stack.user_project,
            "tags": stack.tags,
            "stack_status": format!("{}_{}", stack.action, stack.status),
            "stack_status_reason": stack.reason,
        });
        // What is gone has none.
        if resolves != Some(false) && stack.deleted.is_none() {
            let outputs: Vec<Value> = stack.outputs.iter().map(resolved).collect();
            view["outputs"] = json!(outputs);
        }
        Ok(Reply::ok(&json!({"stack": view})))
    }
}

fn resolved(output: &Output) -> Value {
    json!({
        "output_key": output.key,
        "description": output.description,
        "output_value": output.value,
    })
}

pub(super) fn outputs(stack: &Stack) -> Reply {
    let rows = stack.outputs.iter();
    let rows =
        rows.map(|output| json!({"output_key": output.key, "description": output.description}));
    Reply::ok(&json!({"outputs": rows.collect::<Vec<_>>()}))
}

pub(super) fn output(stack: &Stack, key: &str) -> Answer {
    let output = stack.outputs.iter().find(|output| output.key == key);
    let output = output.ok_or_else(|| {
        missing(
            "NotFound",
            &format!("Specified output key {key} not found."),
        )
    })?;
    Ok(Reply::ok(&json!({"output": resolved(output)})))
}
