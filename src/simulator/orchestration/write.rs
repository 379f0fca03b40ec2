//! Stacks made, changed, acted on and taken away.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::LOCATION;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::link::Place;
use super::template::{self, Known};
use super::work::{Work, plan};
use super::{Asker, BAD, bad_method, bad_request, missing, not_allowed, parameter, refusal};
use crate::call::Call;
use crate::clock::zulu;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::orchestration::{Event, Output, Resource, Stack};
use crate::world::{Key, World};

const CONFLICT: &str = "There was a conflict when trying to complete your request.";

pub(super) fn write(world: &mut World, call: &Call) -> Answer {
    let asker = Asker::new(world, call)?;
    let segments = call.segments();
    let ["v1", project, path @ ..] = segments.as_slice() else {
        return Err(webob::not_found(call, ""));
    };
    let own = asker.project.map(|id| id.to_string());
    if !asker.is_admin && own.as_deref() != Some(*project) {
        return Err(super::forbidden());
    }
    let id = |name: &str, id: &str| asker.stack(name, id).map(|stack| stack.id);
    match (&call.method, path) {
        (&Method::POST, ["validate"]) => validate(call),
        (&Method::POST, ["stacks"]) => create(world, call),
        (&Method::POST, ["stacks", "preview"]) => preview(world, call),
        (&Method::PUT, ["stacks", name, stack]) => {
            let id = id(name, stack);
            update(world, call, id, false)
        }
        (&Method::PATCH, ["stacks", name, stack]) => {
            let id = id(name, stack);
            update(world, call, id, true)
        }
        (&Method::DELETE, ["stacks", name, stack]) => {
            let id = id(name, stack);
            may(call, "stacks:delete")?;
            delete(world, call, id?)
        }
        (&Method::POST, ["stacks", name, stack, "actions"]) => {
            let id = id(name, stack)?;
            act(world, call, id)
        }
        // Who knows its name alone is told where it is.
        (&Method::POST, ["stacks", name, "actions"]) => {
            super::stack::lookup(&asker, name, &["actions"])
        }
        (&Method::POST, ["stacks", ..]) => Err(bad_method()),
        _ => {
            super::read_project(&asker, project, path)?;
            Err(bad_method())
        }
    }
}

/// Refuses those who only read.
fn may(call: &Call, rule: &str) -> Result<(), Reply> {
    let token = call.token()?;
    if token.is_admin() || token.has_role("member") {
        return Ok(());
    }
    Err(not_allowed(rule))
}

fn document(call: &Call) -> Result<Value, Reply> {
    let body: Result<Value, _> = serde_json::from_slice(&call.body);
    body.map_err(|error| bad_request(&format!("JSON: {error}")))
}

/// What is to be made.
struct Said {
    template: Value,
    parameters: BTreeMap<String, String>,
    timeout_mins: Option<u32>,
    is_rollback_disabled: Option<bool>,
    tags: Option<Vec<String>>,
}

fn said(body: &Value, before: Option<&Stack>) -> Result<Said, Reply> {
    let timeout_mins = match body.get("timeout_mins").filter(|value| !value.is_null()) {
        None => None,
        Some(value) => {
            let number = match value {
                Value::String(text) => text.parse().ok(),
                value => value.as_u64().and_then(|number| u32::try_from(number).ok()),
            };
            Some(
                number
                    .ok_or_else(|| bad_request("Only integer is acceptable by 'timeout_mins'."))?,
            )
        }
    };
    let is_rollback_disabled = match body.get("disable_rollback") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(is)) => Some(*is),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        Some(_) => return Err(refusal(StatusCode::BAD_REQUEST, BAD, "ValueError", None)),
    };
    let given = body["parameters"].as_object().cloned().unwrap_or_default();
    let environment = match &body["environment"] {
        Value::String(text) => serde_saphyr::from_str(text).unwrap_or_default(),
        value => value.clone(),
    };
    let more = environment["parameters"].as_object().cloned();
    let mut all: Map<String, Value> = more.unwrap_or_default();
    let template = match before {
        // What is not said again stays as it was.
        Some(stack) if body.get("template").is_none() && body.get("template_url").is_none() => {
            stack.template.clone()
        }
        _ => template::read(body)?,
    };
    if let Some(stack) = before {
        for (name, value) in &stack.parameters {
            if template["parameters"].get(name).is_some() {
                all.entry(name.clone()).or_insert_with(|| json!(value));
            }
        }
    }
    all.extend(given);
    template::check(&template)?;
    let parameters = template::parameters(&template, &all)?;
    template::check_resources(&template, &parameters)?;
    let tags = body["tags"].as_str().map(|text| {
        let tags = text.split(',').filter(|tag| !tag.is_empty());
        tags.map(|tag| tag.trim().to_owned()).collect()
    });
    Ok(Said {
        template,
        parameters,
        timeout_mins,
        is_rollback_disabled,
        tags,
    })
}

fn name_of(body: &Value) -> Result<&str, Reply> {
    let name = body["stack_name"].as_str().unwrap_or_default();
    if name.is_empty() {
        return Err(bad_request("No stack name specified"));
    }
    Ok(name)
}

fn check_name(name: &str) -> Result<(), Reply> {
    let mut letters = name.chars();
    let is_good = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
        && name.len() <= 255;
    if is_good {
        return Ok(());
    }
    Err(template::failed(&format!(
        "Invalid stack name {name} must contain only alphanumeric or \"_-.\" characters, must \
         start with alpha and must be 255 characters or less."
    )))
}

/// A stack that is not there yet.
fn new_stack(world: &mut World, call: &Call, name: &str, said: Said) -> Result<Stack, Reply> {
    let token = call.token()?;
    let project = token.project.ok_or_else(super::forbidden)?;
    let heat = &world.regions[call.region].orchestration;
    let stacks = heat.stacks.values();
    let mut own = stacks.filter(|stack| stack.project == project);
    let user_project = own.next().map(|stack| stack.user_project);
    let user_project = user_project.unwrap_or_else(|| Key(world.dice.uuid()));
    let id = world.dice.uuid();
    let description = said.template["description"].as_str();
    let mut stack = Stack {
        deleted: None,
        before: None,
        id,
        name: name.to_owned(),
        description: description.unwrap_or("No description").to_owned(),
        project,
        owner: token.user_name.clone(),
        action: "CREATE",
        status: "IN_PROGRESS",
        reason: "Stack CREATE started".to_owned(),
        created: call.now,
        updated: None,
        parent: None,
        user_project,
        tags: said.tags.unwrap_or_default(),
        timeout_mins: said.timeout_mins,
        is_rollback_disabled: said.is_rollback_disabled.unwrap_or(true),
        parameters: said.parameters,
        outputs: Vec::new(),
        template: said.template,
        resources: Vec::new(),
        events: Vec::new(),
    };
    for name in template::ordered(&stack.template) {
        let resource = new_resource(&stack.template, &name, call);
        stack.resources.extend(resource);
    }
    tell_outputs(&mut stack);
    Ok(stack)
}

/// A resource of a template that is not there yet.
pub(super) fn new_resource(template: &Value, name: &str, call: &Call) -> Option<Resource> {
    let needed_by = template::section(template, "resources");
    let needed_by = needed_by.filter(|(_, other)| template::needs(other).contains(name));
    Some(Resource {
        name: name.to_owned(),
        resource_type: template::type_of(&template["resources"][name])?,
        physical_id: String::new(),
        action: "INIT",
        status: "COMPLETE",
        reason: String::new(),
        required_by: needed_by.map(|(name, _)| name.clone()).collect(),
        created: call.now,
        updated: call.now,
        attributes: Value::Null,
    })
}

/// What stands for the things in a stack.
pub(super) fn resolve(stack: &Stack, value: &Value) -> Value {
    let find = |name: &str| stack.resources.iter().find(|row| row.name == name);
    let known = Known {
        parameters: &stack.parameters,
        resource: &|name| match find(name) {
            Some(row) if !row.physical_id.is_empty() => json!(row.physical_id),
            _ => json!(name),
        },
        attribute: &|name, attribute| match find(name) {
            Some(row) if attribute == "id" => json!(row.physical_id),
            Some(row) => row.attributes[attribute].clone(),
            None => Value::Null,
        },
    };
    known.resolve(value)
}

pub(super) fn tell_outputs(stack: &mut Stack) {
    let outputs = template::section(&stack.template, "outputs");
    let outputs = outputs.map(|(key, output)| Output {
        key: key.clone(),
        description: output["description"]
            .as_str()
            .unwrap_or("No description given")
            .to_owned(),
        value: resolve(stack, &output["value"]),
    });
    stack.outputs = outputs.collect();
}

/// Remembers that something happened to a stack, or to a resource of it.
pub(super) fn tell(world: &mut World, region: usize, id: Uuid, of: Option<&str>) {
    let event = world.dice.uuid();
    let now = world.now();
    let Some(stack) = world.regions[region].orchestration.stacks.get_mut(&id) else {
        return;
    };
    let row = of.and_then(|name| stack.resources.iter().find(|row| row.name == name));
    let event = match row {
        Some(row) => Event {
            id: event,
            time: now,
            resource_name: row.name.clone(),
            physical_id: row.physical_id.clone(),
            action: row.action,
            status: row.status,
            reason: row.reason.clone(),
        },
        None => Event {
            id: event,
            time: now,
            resource_name: stack.name.clone(),
            physical_id: stack.id.to_string(),
            action: stack.action,
            status: stack.status,
            reason: stack.reason.clone(),
        },
    };
    stack.events.push(event);
}

fn create(world: &mut World, call: &Call) -> Answer {
    may(call, "stacks:create")?;
    let body = document(call)?;
    let name = name_of(&body)?;
    if body.get("template").is_none() && body.get("template_url").is_none() {
        return Err(bad_request("No template specified"));
    }
    let text = template::read(&body);
    if text.is_ok() {
        check_name(name)?;
    }
    let said = said(&body, None)?;
    let token = call.token()?;
    let heat = &world.regions[call.region].orchestration;
    let mut stacks = heat.stacks.values();
    if stacks.any(|stack| stack.name == name && Some(stack.project) == token.project) {
        let message = format!("The Stack ({name}) already exists.");
        return Err(refusal(
            StatusCode::CONFLICT,
            CONFLICT,
            "StackExists",
            Some(&message),
        ));
    }
    let stack = new_stack(world, call, name, said)?;
    let id = stack.id;
    let link = Place::of(call, &stack);
    let location = link.to_string();
    let told = json!({"stack": {"id": id, "links": [link.link("self")]}});
    let heat = &mut world.regions[call.region].orchestration;
    heat.stacks.insert(id, stack);
    tell(world, call.region, id, None);
    plan(world, call.region, id, &Arc::clone(token), Work::Create);
    Ok(Reply::json(StatusCode::CREATED, &told).with(LOCATION, &location))
}

/// A stack as it would be.
fn preview(world: &mut World, call: &Call) -> Answer {
    may(call, "stacks:preview")?;
    let body = document(call)?;
    let name = name_of(&body)?;
    let said = said(&body, None)?;
    check_name(name)?;
    let mut stack = new_stack(world, call, name, said)?;
    stack.id = Uuid::nil();
    let nowhere = stack.id.to_string();
    let project = stack.project;
    let owner = &stack.owner;
    let resources = stack.resources.iter().map(|row| {
        let place = |path: String| {
            json!({"tenant": project, "stack_name": name, "stack_id": "None", "path": path})
        };
        let properties = &stack.template["resources"][row.name.as_str()]["properties"];
        json!({
            "updated_time": null,
            "creation_time": null,
            "resource_name": row.name,
            "physical_resource_id": "",
            "resource_action": "INIT",
            "resource_status": "COMPLETE",
            "resource_status_reason": "",
            "resource_type": row.resource_type,
            "resource_identity": place(format!("/resources/{}", row.name)),
            "stack_identity": place(String::new()),
            "stack_name": name,
            "required_by": row.required_by,
            "description": "",
            "metadata": {},
            "attributes": {},
            "properties": resolve(&stack, properties),
        })
    });
    let link = Place::of(call, &stack)
        .to_string()
        .replace(&nowhere, "None");
    let mut parameters = parameter::shown(&stack);
    parameters.insert("OS::stack_id".to_owned(), json!("None"));
    let outputs = stack.outputs.iter();
    let outputs = outputs.map(|output| {
        json!({
            "output_key": output.key,
            "description": output.description,
            "output_value": output.value,
        })
    });
    Ok(Reply::ok(&json!({"stack": {
        "stack_name": name,
        "id": "None",
        "links": [{"href": link, "rel": "self"}],
        "creation_time": zulu(call.now),
        "updated_time": null,
        "deletion_time": null,
        "notification_topics": [],
        "parameters": parameters,
        "description": stack.description,
        "template_description": stack.description,
        "capabilities": [],
        "disable_rollback": stack.is_rollback_disabled,
        "timeout_mins": stack.timeout_mins,
        "stack_owner": owner,
        "parent": null,
        "stack_user_project_id": null,
        "tags": stack.tags,
        "outputs": outputs.collect::<Vec<_>>(),
        "resources": resources.collect::<Vec<_>>(),
    }})))
}

/// What a template is about.
fn validate(call: &Call) -> Answer {
    let body = document(call)?;
    let template = template::read(&body)?;
    template::check(&template)?;
    for (_, resource) in template::section(&template, "resources") {
        if template::type_of(resource).is_none() {
            let name = crate::python::str(&resource["type"]);
            let message = format!("The Resource Type ({name}) could not be found.");
            return Err(bad_request(&message));
        }
    }
    let mut parameters = Map::new();
    for (name, schema) in template::section(&template, "parameters") {
        let kind = match schema["type"].as_str() {
            Some("number") => "Number",
            Some("boolean") => "Boolean",
            Some("comma_delimited_list") => "CommaDelimitedList",
            Some("json") => "Json",
            _ => "String",
        };
        let text = |field: &str, usual: &str| json!(schema[field].as_str().unwrap_or(usual));
        let mut view = json!({
            "Type": kind,
            "Description": text("description", ""),
            "NoEcho": if schema["hidden"] == true { "true" } else { "false" },
            "Label": text("label", name),
        });
        if let Some(default) = schema.get("default") {
            view["Default"] = default.clone();
        }
        parameters.insert(name.clone(), view);
    }
    let description = template["description"].as_str();
    Ok(Reply::ok(&json!({
        "Description": description.unwrap_or("No description"),
        "Parameters": parameters,
        "Environment": {
            "resource_registry": {"resources": {}},
            "parameters": {},
            "parameter_defaults": {},
            "event_sinks": [],
        },
    })))
}

fn stack_mut(world: &mut World, region: usize, id: Uuid) -> Result<&mut Stack, Reply> {
    let stack = world.regions[region].orchestration.stacks.get_mut(&id);
    stack.ok_or_else(|| missing("EntityNotFound", "The Stack could not be found."))
}

/// Refuses to begin something while something else goes on.
fn check_idle(stack: &Stack) -> Result<(), Reply> {
    if stack.status != "IN_PROGRESS" {
        return Ok(());
    }
    let message = format!(
        "Stack {} already has an action ({}) in progress.",
        stack.name, stack.action
    );
    Err(refusal(
        StatusCode::CONFLICT,
        CONFLICT,
        "ActionInProgress",
        Some(&message),
    ))
}

fn begin(world: &mut World, call: &Call, id: Uuid, action: &'static str) -> Result<(), Reply> {
    let stack = stack_mut(world, call.region, id)?;
    stack.action = action;
    stack.status = "IN_PROGRESS";
    stack.reason = format!("Stack {action} started");
    tell(world, call.region, id, None);
    Ok(())
}

fn update(world: &mut World, call: &Call, id: Result<Uuid, Reply>, keeps: bool) -> Answer {
    may(
        call,
        if keeps {
            "stacks:update_patch"
        } else {
            "stacks:update"
        },
    )?;
    let body = document(call)?;
    if !keeps && body.get("template").is_none() && body.get("template_url").is_none() {
        return Err(bad_request("No template specified"));
    }
    let id = id?;
    let stack = stack_mut(world, call.region, id)?;
    // An update takes over from what is under way.
    let said = said(&body, keeps.then_some(&*stack))?;
    if let Some(timeout) = said.timeout_mins {
        stack.timeout_mins = Some(timeout);
    }
    if let Some(is) = said.is_rollback_disabled {
        stack.is_rollback_disabled = is;
    }
    if let Some(tags) = said.tags {
        stack.tags = tags;
    }
    replace(stack, call, said.template, said.parameters);
    stack.updated = Some(call.now);
    begin(world, call, id, "UPDATE")?;
    let token = Arc::clone(call.token()?);
    plan(world, call.region, id, &token, Work::Update);
    Ok(accepted(call))
}

/// Gives a stack another template and other parameters, and notes what is to be made and changed.
fn replace(stack: &mut Stack, call: &Call, template: Value, parameters: BTreeMap<String, String>) {
    let old: Vec<(String, Value)> = stack
        .resources
        .iter()
        .map(|row| {
            let properties = &stack.template["resources"][row.name.as_str()]["properties"];
            (row.name.clone(), resolve(stack, properties))
        })
        .collect();
    let template = std::mem::replace(&mut stack.template, template);
    let parameters = std::mem::replace(&mut stack.parameters, parameters);
    stack.before = Some((template, parameters));
    let description = stack.template["description"].as_str();
    stack.description = description.unwrap_or("No description").to_owned();
    for name in template::ordered(&stack.template) {
        let known = stack.resources.iter().position(|row| row.name == name);
        match known {
            None => {
                let resource = new_resource(&stack.template, &name, call);
                stack.resources.extend(resource);
            }
            Some(place) => {
                let properties = &stack.template["resources"][name.as_str()]["properties"];
                let new = resolve(stack, properties);
                let is_new = old
                    .iter()
                    .any(|(one, before)| *one == name && *before != new);
                if let Some(row) = stack.resources.get_mut(place).filter(|_| is_new) {
                    row.action = "UPDATE";
                    row.status = "IN_PROGRESS";
                    "state changed".clone_into(&mut row.reason);
                }
            }
        }
    }
}

fn accepted(call: &Call) -> Reply {
    webob::page(
        call,
        StatusCode::ACCEPTED,
        "The request is accepted for processing.",
    )
}

fn delete(world: &mut World, call: &Call, id: Uuid) -> Answer {
    begin(world, call, id, "DELETE")?;
    let token = Arc::clone(call.token()?);
    plan(world, call.region, id, &token, Work::Delete);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn act(world: &mut World, call: &Call, id: Uuid) -> Answer {
    let body = document(call)?;
    let keys: Vec<&str> = body
        .as_object()
        .map(|body| body.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let action = match keys.as_slice() {
        [] => return Err(bad_request("No action specified")),
        [action] => *action,
        _ => return Err(bad_request("Multiple actions specified")),
    };
    let stack = stack_mut(world, call.region, id)?;
    let begun = match action {
        "check" => "CHECK",
        "suspend" => "SUSPEND",
        "resume" => "RESUME",
        "cancel_update" | "cancel_without_rollback" => {
            let state = format!("{}_{}", stack.action, stack.status);
            if state != "UPDATE_IN_PROGRESS" {
                let message = format!("Cancelling update when stack is {state} is not supported.");
                return Err(refusal(
                    StatusCode::BAD_REQUEST,
                    BAD,
                    "NotSupported",
                    Some(&message),
                ));
            }
            return cancel(world, call, id, action == "cancel_update");
        }
        action => {
            return Err(bad_request(&format!("Invalid action {action} specified")));
        }
    };
    check_idle(stack)?;
    begin(world, call, id, begun)?;
    let token = Arc::clone(call.token()?);
    plan(world, call.region, id, &token, Work::Act);
    Ok(Reply::ok(&Value::Null))
}

/// Ends an update, and goes back to what was before it when that is wanted.
fn cancel(world: &mut World, call: &Call, id: Uuid, goes_back: bool) -> Answer {
    let stack = stack_mut(world, call.region, id)?;
    if !goes_back {
        stack.status = "FAILED";
        "Stack UPDATE cancelled".clone_into(&mut stack.reason);
        tell(world, call.region, id, None);
        return Ok(Reply::ok(&Value::Null));
    }
    if let Some((template, parameters)) = stack.before.take() {
        replace(stack, call, template, parameters);
    }
    begin(world, call, id, "ROLLBACK")?;
    let token = Arc::clone(call.token()?);
    plan(world, call.region, id, &token, Work::Rollback);
    Ok(Reply::ok(&Value::Null))
}
