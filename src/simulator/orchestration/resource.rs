//! Resources of stacks, and of the stacks within them.

use serde_json::{Value, json};

use super::link::Place;
use super::{Asker, bad_request, missing, parameter};
use crate::clock::zulu;
use crate::reply::{Answer, Reply};
use crate::world::id::read_uuid;
use crate::world::orchestration::{Resource, Stack};

/// What a list is narrowed by.
const FILTERS: [&str; 6] = [
    "type",
    "status",
    "name",
    "action",
    "id",
    "physical_resource_id",
];

pub(super) fn list(asker: &Asker<'_>, stack: &Stack) -> Answer {
    let query = &asker.call.query;
    let mut invalid: Vec<String> = Vec::new();
    for (name, _) in query.pairs() {
        let is_known = FILTERS.contains(&name) || ["nested_depth", "with_detail"].contains(&name);
        if !is_known {
            invalid.push(format!("'{name}'"));
        }
    }
    if !invalid.is_empty() {
        let message = format!("Invalid filter parameters [{}]", invalid.join(", "));
        return Err(bad_request(&message));
    }
    let depth = parameter::number(query, "nested_depth")?.unwrap_or(0);
    let is_detailed = parameter::flag(query, "with_detail")? == Some(true);
    let mut rows = Vec::new();
    for (stack, resource) in tree(asker, stack, depth) {
        let values = [
            ("type", resource.resource_type),
            ("status", resource.status),
            ("name", resource.name.as_str()),
            ("action", resource.action),
            ("physical_resource_id", resource.physical_id.as_str()),
        ];
        let is_wanted = values
            .iter()
            .all(|(name, value)| parameter::allows(query, name, value));
        if is_wanted {
            rows.push(view(asker, stack, resource, is_detailed));
        }
    }
    Ok(Reply::ok(&json!({"resources": rows})))
}

/// The resources of a stack, then those of the stacks among them, so many levels deep.
fn tree<'w>(asker: &Asker<'w>, stack: &'w Stack, depth: usize) -> Vec<(&'w Stack, &'w Resource)> {
    let mut found = Vec::new();
    for stack in family(asker, stack, depth) {
        found.extend(stack.resources.iter().map(|resource| (stack, resource)));
    }
    found
}

/// A stack and those within it, so many levels deep.
pub(super) fn family<'w>(asker: &Asker<'w>, stack: &'w Stack, depth: usize) -> Vec<&'w Stack> {
    let mut family = vec![stack];
    let mut level = vec![stack];
    for _ in 0..depth {
        let inner: Vec<&Stack> = level
            .iter()
            .flat_map(|stack| &stack.resources)
            .filter_map(|resource| nested(asker, resource))
            .collect();
        if inner.is_empty() {
            break;
        }
        family.extend(&inner);
        level = inner;
    }
    family
}

/// The stack that a resource is.
fn nested<'w>(asker: &Asker<'w>, resource: &Resource) -> Option<&'w Stack> {
    let id = read_uuid(&resource.physical_id)?;
    let stack = asker.heat.stacks.get(&id)?;
    stack.parent.is_some().then_some(stack)
}

fn view(asker: &Asker<'_>, stack: &Stack, resource: &Resource, is_detailed: bool) -> Value {
    let place = Place::of(asker.call, stack);
    let own = place.below(&format!("resources/{}", resource.name));
    let mut links = vec![own.link("self"), place.link("stack")];
    if let Some(nested) = nested(asker, resource) {
        links.push(Place::of(asker.call, nested).link("nested"));
    }
    let mut view = json!({
        "resource_name": resource.name,
        "logical_resource_id": resource.name,
        "physical_resource_id": resource.physical_id,
        "resource_type": resource.resource_type,
        "resource_status": format!("{}_{}", resource.action, resource.status),
        "resource_status_reason": resource.reason,
        "creation_time": zulu(resource.created),
        "updated_time": zulu(resource.updated),
        "required_by": resource.required_by,
        "links": links,
    });
    if let Some(parent) = parent_resource(asker, stack) {
        view["parent_resource"] = json!(parent);
    }
    if is_detailed {
        view["description"] = json!("");
        view["attributes"] = attributes(resource);
    }
    view
}

/// The resource of the outer stack that a stack is.
fn parent_resource<'w>(asker: &Asker<'w>, stack: &Stack) -> Option<&'w str> {
    let parent = asker.heat.stacks.get(&stack.parent?)?;
    let mut resources = parent.resources.iter();
    let resource = resources.find(|resource| read_uuid(&resource.physical_id) == Some(stack.id))?;
    Some(&resource.name)
}

/// What the service that has it tells of it: its id, here.
fn attributes(resource: &Resource) -> Value {
    match resource.resource_type {
        _ if !resource.attributes.is_null() => resource.attributes.clone(),
        "OS::Heat::RandomString" => json!({"value": resource.physical_id}),
        _ if resource.physical_id.is_empty() => Value::Null,
        _ => json!({"id": resource.physical_id}),
    }
}

pub(super) fn show(asker: &Asker<'_>, stack: &Stack, name: &str) -> Answer {
    let resource = known(stack, name)?;
    let view = view(asker, stack, resource, true);
    Ok(Reply::ok(&json!({"resource": view})))
}

pub(super) fn metadata(stack: &Stack, name: &str) -> Answer {
    known(stack, name)?;
    Ok(Reply::ok(&json!({"metadata": {}})))
}

fn known<'a>(stack: &'a Stack, name: &str) -> Result<&'a Resource, Reply> {
    let resource = stack.resources.iter().find(|row| row.name == name);
    resource.ok_or_else(|| {
        let stack = &stack.name;
        let message = format!("The Resource ({name}) could not be found in Stack {stack}.");
        missing("ResourceNotFound", &message)
    })
}
