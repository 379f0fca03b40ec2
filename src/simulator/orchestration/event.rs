//! What happened to stacks and their resources.

use serde_json::{Value, json};
use uuid::Uuid;

use super::link::Place;
use super::resource::family;
use super::stack::ascending;
use super::{Asker, missing, parameter};
use crate::clock::zulu;
use crate::reply::{Answer, Reply};
use crate::world::id::read_uuid;
use crate::world::orchestration::{Event, Stack};

/// Events of a stack, or of one of its resources.
pub(super) fn list(asker: &Asker<'_>, stack: &Stack, resource: Option<&str>) -> Answer {
    let query = &asker.call.query;
    let limit = parameter::number(query, "limit")?;
    let depth = parameter::number(query, "nested_depth")?.unwrap_or(0);
    let has_key = query.all("sort_keys").any(|key| key == "event_time");
    let direction = query.get("sort_dir").filter(|text| !text.is_empty());
    let is_ascending = ascending(direction, has_key)?;
    let mut events = Vec::new();
    // Those of the stacks within are looked for in the caller's project, the stack's own too.
    let is_foreign = depth > 0 && Some(stack.project) != asker.project;
    for stack in family(asker, stack, depth) {
        if !is_foreign {
            events.extend(numbered(stack));
        }
    }
    events.retain(|row| {
        let event = row.event;
        let kind = type_of(row.stack, event);
        resource.is_none_or(|name| event.resource_name == name)
            && parameter::allows(query, "resource_name", &event.resource_name)
            && parameter::allows(query, "resource_status", event.status)
            && parameter::allows(query, "resource_action", event.action)
            && parameter::allows(query, "resource_type", kind)
    });
    events.sort_by_key(|row| (row.event.time, row.number));
    if !is_ascending {
        events.reverse();
    }
    // A marker that is not there is passed over.
    let marker = query.get("marker").and_then(read_uuid);
    let place = events.iter().position(|row| Some(row.event.id) == marker);
    if let Some(place) = place {
        events.drain(..=place);
    }
    events.truncate(limit.unwrap_or(usize::MAX));
    if let (Some(name), true) = (resource, events.is_empty()) {
        let message = format!("No events found for resource {name}");
        return Err(missing("HTTPNotFound", &message));
    }
    let root = (depth > 0).then_some(stack);
    let rows: Vec<Value> = events.iter().map(|row| view(asker, row, root)).collect();
    Ok(Reply::ok(&json!({"events": rows})))
}

/// An event, and its place among those of its stack.
struct Row<'w> {
    stack: &'w Stack,
    event: &'w Event,
    number: usize,
}

fn numbered(stack: &Stack) -> impl Iterator<Item = Row<'_>> {
    let events = stack.events.iter().enumerate();
    events.map(move |(number, event)| Row {
        stack,
        event,
        number,
    })
}

/// The type of what an event happened to.
fn type_of(stack: &Stack, event: &Event) -> &'static str {
    let mut resources = stack.resources.iter();
    let resource = resources.find(|resource| resource.name == event.resource_name);
    resource.map_or("OS::Heat::Stack", |resource| resource.resource_type)
}

fn view(asker: &Asker<'_>, row: &Row<'_>, root: Option<&Stack>) -> Value {
    let Row { stack, event, .. } = row;
    let place = Place::of(asker.call, stack);
    let resource = place.below(&format!("resources/{}", event.resource_name));
    let own = resource.below(&format!("events/{}", event.id));
    let mut links = vec![
        own.link("self"),
        resource.link("resource"),
        place.link("stack"),
    ];
    if let Some(root) = root {
        links.push(Place::of(asker.call, root).link("root_stack"));
    }
    json!({
        "id": event.id,
        "links": links,
        "event_time": zulu(event.time),
        "logical_resource_id": event.resource_name,
        "resource_name": event.resource_name,
        "physical_resource_id": event.physical_id,
        "resource_status": format!("{}_{}", event.action, event.status),
        "resource_status_reason": event.reason,
    })
}

pub(super) fn show(asker: &Asker<'_>, stack: &Stack, name: &str, id: &str) -> Answer {
    let wanted: Option<Uuid> = read_uuid(id);
    let mut events = numbered(stack);
    let row = events
        .find(|row| Some(row.event.id) == wanted && row.event.resource_name == name)
        .ok_or_else(|| missing("HTTPNotFound", &format!("No event {id} found")))?;
    let mut view = view(asker, &row, None);
    view["resource_type"] = json!(type_of(stack, row.event));
    view["resource_properties"] = stack.template["resources"][name]["properties"]
        .as_object()
        .map_or_else(|| json!({}), |properties| json!(properties));
    Ok(Reply::ok(&json!({"event": view})))
}
