//! What Heat's engines do: resource by resource they ask the other services for what a template
//! says, as whoever wrote it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use super::write::{resolve, tell, tell_outputs};
use crate::call::{Call, Query};
use crate::identity::Token;
use crate::python::str as shown;
use crate::reply::Answer;
use crate::service::Service;
use crate::world::World;
use crate::world::events::Event;
use crate::world::orchestration::{Resource, Stack};
use crate::{block_storage, compute, network};

/// What is being done with a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Create,
    Update,
    /// Back to what was before an update.
    Rollback,
    Delete,
    Act,
}

/// How often what is in use is asked to go.
const PATIENCE: u32 = 60;
const PAUSE: Duration = Duration::from_millis(250);

pub(super) fn plan(world: &mut World, region: usize, stack: Uuid, caller: &Arc<Token>, work: Work) {
    again(world, region, stack, caller, work, 0);
}

fn again(
    world: &mut World,
    region: usize,
    stack: Uuid,
    caller: &Arc<Token>,
    work: Work,
    tries: u32,
) {
    let due = world.now() + PAUSE;
    let event = Event::StackWork {
        region,
        stack,
        caller: Arc::clone(caller),
        work,
        tries,
    };
    world.events.plan(due, event);
}

/// Goes on after what took its time.
fn later(world: &mut World, hand: &Hand, work: Work, pause: Duration) {
    let due = world.now() + pause;
    let event = Event::StackWork {
        region: hand.region,
        stack: hand.stack,
        caller: Arc::clone(&hand.caller),
        work,
        tries: 0,
    };
    world.events.plan(due, event);
}

/// Does the next bit of work on a stack.
pub(crate) fn go_on(
    world: &mut World,
    region: usize,
    id: Uuid,
    caller: &Arc<Token>,
    work: Work,
    tries: u32,
) {
    let hand = Hand {
        region,
        stack: id,
        caller: Arc::clone(caller),
    };
    let Some(stack) = hand.stack(world) else {
        return;
    };
    // Something else was begun meanwhile.
    let is_outdated = match work {
        Work::Create => stack.action != "CREATE",
        Work::Update => stack.action != "UPDATE",
        Work::Rollback => stack.action != "ROLLBACK",
        Work::Delete => stack.action != "DELETE",
        Work::Act => ["CREATE", "UPDATE", "DELETE", "ROLLBACK"].contains(&stack.action),
    };
    // Or it was ended.
    if is_outdated || stack.status != "IN_PROGRESS" {
        return;
    }
    if work == Work::Act {
        hand.finish(world);
        return;
    }
    if work == Work::Delete {
        match hand.take_next(world, |_| true) {
            Next::Nothing => hand.gone(world),
            Next::Done => again(world, region, id, caller, work, 0),
            Next::Refused if tries < PATIENCE => {
                again(world, region, id, caller, work, tries + 1);
            }
            Next::Refused => hand.fail(world, "Resource DELETE failed: it is in use"),
        }
        return;
    }
    match hand.make_next(world) {
        Ok(Some(pause)) => later(world, &hand, work, pause),
        Ok(None) => {
            let is_left = |stack: &Stack, row: &Resource| {
                stack.template["resources"].get(row.name.as_str()).is_none()
            };
            let left: Vec<String> = hand
                .stack(world)
                .into_iter()
                .flat_map(|stack| stack.resources.iter().filter(|row| is_left(stack, row)))
                .map(|row| row.name.clone())
                .collect();
            match hand.take_next(world, |row| left.contains(&row.name)) {
                Next::Nothing => hand.finish(world),
                Next::Refused if tries >= PATIENCE => hand.finish(world),
                next => {
                    let tries = if matches!(next, Next::Done) {
                        0
                    } else {
                        tries + 1
                    };
                    again(world, region, id, caller, work, tries);
                }
            }
        }
        Err(reason) => hand.fail(world, &reason),
    }
}

/// How a thing's end went.
enum Next {
    Nothing,
    Done,
    Refused,
}

/// Who works on which stack.
struct Hand {
    region: usize,
    stack: Uuid,
    caller: Arc<Token>,
}

impl Hand {
    fn stack<'w>(&self, world: &'w mut World) -> Option<&'w mut Stack> {
        let region = world.regions.get_mut(self.region)?;
        region.orchestration.stacks.get_mut(&self.stack)
    }

    /// Asks another service.
    fn ask(
        &self,
        world: &mut World,
        method: Method,
        to: Service,
        path: &str,
        body: &Value,
    ) -> Answer {
        let project = self.caller.project.map(|id| id.to_string());
        let path = path.replace("{project}", &project.unwrap_or_default());
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let call = Call {
            method,
            service: to,
            region: self.region,
            origin: String::new(),
            root: String::new(),
            path: path.split('/').map(str::to_owned).collect(),
            query: Query::default(),
            headers: HeaderMap::new(),
            body,
            request_id: format!("req-{}", Uuid::new_v4()),
            now: world.now(),
            caller: Some(Arc::clone(&self.caller)),
        };
        match to {
            Service::Network => network::write(world, &call),
            Service::BlockStorage => block_storage::write(world, &call),
            _ => compute::write(world, &call),
        }
    }

    fn set(
        &self,
        world: &mut World,
        name: &str,
        action: &'static str,
        status: &'static str,
        reason: &str,
    ) {
        let now = world.now();
        if let Some(stack) = self.stack(world)
            && let Some(row) = stack.resources.iter_mut().find(|row| row.name == name)
        {
            row.action = action;
            row.status = status;
            reason.clone_into(&mut row.reason);
            row.updated = now;
        }
        tell(world, self.region, self.stack, Some(name));
    }

    /// Makes, or changes, the next resource; how long that takes, if there was one.
    fn make_next(&self, world: &mut World) -> Result<Option<Duration>, String> {
        let Some(stack) = self.stack(world) else {
            return Ok(None);
        };
        let mut rows = stack.resources.iter();
        let next = rows.find(|row| {
            row.action == "INIT" || (row.action == "UPDATE" && row.status == "IN_PROGRESS")
        });
        let Some(next) = next else {
            return Ok(None);
        };
        let (name, kind, is_new) = (next.name.clone(), next.resource_type, next.action == "INIT");
        let properties = &stack.template["resources"][name.as_str()]["properties"];
        let properties = resolve(stack, properties);
        let (id, stack_name) = (next.physical_id.clone(), stack.name.clone());
        let action = if is_new { "CREATE" } else { "UPDATE" };
        self.set(world, &name, action, "IN_PROGRESS", "state changed");
        let made = if is_new {
            self.make(world, kind, &stack_name, &name, &properties)
        } else {
            self.change(world, kind, &id, &properties)
        };
        match made {
            Ok((id, attributes)) => {
                if let Some(stack) = self.stack(world)
                    && let Some(row) = stack.resources.iter_mut().find(|row| row.name == name)
                    && is_new
                {
                    row.physical_id = id;
                    row.attributes = attributes;
                }
                self.set(world, &name, action, "COMPLETE", "state changed");
                // It is there to be waited for.
                let seconds = &properties["action_wait_secs"][action.to_lowercase()];
                let seconds = number(seconds).filter(|_| kind == "OS::Heat::TestResource");
                Ok(Some(seconds.map_or(PAUSE, Duration::from_secs)))
            }
            Err(message) => {
                let reason = format!("{kind}: resources.{name}: {message}");
                self.set(world, &name, action, "FAILED", &reason);
                Err(format!("Resource {action} failed: {reason}"))
            }
        }
    }

    /// Makes what a resource is; its id there, and what is known of it.
    fn make(
        &self,
        world: &mut World,
        kind: &str,
        stack: &str,
        name: &str,
        properties: &Value,
    ) -> Result<(String, Value), String> {
        let usual_name = format!("{stack}-{name}-{}", world.dice.hex(12));
        let mut body = properties.as_object().cloned().unwrap_or_default();
        body.remove("value_specs");
        let mut rename = |from: &str, to: &str| {
            if let Some(value) = body.remove(from) {
                body.entry(to).or_insert(value);
            }
        };
        match kind {
            "OS::Heat::RandomString" => {
                let length = number(&properties["length"]).unwrap_or(32);
                let value = world
                    .dice
                    .hex(usize::try_from(length).unwrap_or(32).min(512));
                return Ok((usual_name, json!({"value": value})));
            }
            "OS::Heat::Value" => {
                return Ok((usual_name, json!({"value": properties["value"]})));
            }
            "OS::Neutron::Subnet" => {
                rename("network", "network_id");
                body.entry("ip_version").or_insert(json!(4));
            }
            "OS::Neutron::Port" => {
                rename("network", "network_id");
                for ip in body
                    .get_mut("fixed_ips")
                    .and_then(Value::as_array_mut)
                    .into_iter()
                    .flatten()
                {
                    if let Some(ip) = ip.as_object_mut()
                        && let Some(subnet) = ip.remove("subnet")
                    {
                        ip.insert("subnet_id".to_owned(), subnet);
                    }
                }
            }
            "OS::Neutron::FloatingIP" => rename("floating_network", "floating_network_id"),
            "OS::Neutron::Router" => {
                if let Some(Value::Object(info)) = body.get_mut("external_gateway_info")
                    && let Some(network) = info.remove("network")
                {
                    info.insert("network_id".to_owned(), network);
                }
            }
            "OS::Cinder::Volume" => {
                rename("image", "imageRef");
                body.remove("read_only");
            }
            "OS::Nova::Server" => {
                rename("image", "imageRef");
                rename("flavor", "flavorRef");
                for nic in body
                    .get_mut("networks")
                    .and_then(Value::as_array_mut)
                    .into_iter()
                    .flatten()
                {
                    if let Some(nic) = nic.as_object_mut()
                        && let Some(network) = nic.remove("network")
                    {
                        nic.insert("uuid".to_owned(), network);
                    }
                }
            }
            "OS::Neutron::RouterInterface" => return self.connect(world, properties),
            _ => {}
        }
        let Some((service, path, member)) = place_of(kind) else {
            // What it would be there nobody can look at.
            let id = if kind.starts_with("OS::Heat::") {
                usual_name
            } else {
                world.dice.uuid().to_string()
            };
            return Ok((id, Value::Null));
        };
        if kind != "OS::Neutron::FloatingIP" {
            body.entry("name").or_insert(json!(usual_name));
        }
        self.name_ids(world, &mut body);
        let asked = self.ask(world, Method::POST, service, path, &json!({member: body}));
        match asked {
            Ok(reply) => {
                let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
                let told = &told[member];
                Ok((shown(&told["id"]), told.clone()))
            }
            // A service that does not make them yet.
            Err(reply)
                if kind == "OS::Nova::Server" && [404, 405].contains(&reply.status.as_u16()) =>
            {
                Ok((world.dice.uuid().to_string(), Value::Null))
            }
            Err(reply) => Err(said(&reply.body)),
        }
    }

    /// What is named by its name gets its id.
    fn name_ids(&self, world: &World, body: &mut serde_json::Map<String, Value>) {
        let Some(region) = world.regions.get(self.region) else {
            return;
        };
        let networks = || region.network.networks.values();
        for (key, value) in body.iter_mut() {
            let Some(text) = value.as_str() else { continue };
            let found = match key.as_str() {
                "network_id" | "floating_network_id" => networks()
                    .find(|row| row.name == text)
                    .map(|row| row.id.to_string()),
                "flavorRef" => {
                    let mut flavors = region.compute.flavors.values();
                    flavors
                        .find(|row| row.name == text)
                        .map(|row| row.id.clone())
                }
                "imageRef" => {
                    let mut images = region.image.images.values();
                    let image = images.find(|row| row.name.as_deref() == Some(text));
                    image.map(|row| row.id.to_string())
                }
                _ => None,
            };
            if let Some(found) = found {
                *value = json!(found);
            }
        }
        if let Some(Value::Object(info)) = body.get_mut("external_gateway_info") {
            let name = info.get("network_id").and_then(Value::as_str);
            let found = name.and_then(|name| networks().find(|row| row.name == name));
            if let Some(found) = found {
                info.insert("network_id".to_owned(), json!(found.id));
            }
        }
    }

    fn connect(&self, world: &mut World, properties: &Value) -> Result<(String, Value), String> {
        let of = |name: &str| {
            let old = format!("{name}_id");
            properties
                .get(name)
                .or_else(|| properties.get(&old))
                .map(shown)
        };
        let router = of("router").unwrap_or_default();
        let (key, value) = match (of("subnet"), of("port")) {
            (Some(subnet), _) => ("subnet_id", subnet),
            (None, port) => ("port_id", port.unwrap_or_default()),
        };
        let path = format!("v2.0/routers/{router}/add_router_interface");
        let asked = self.ask(
            world,
            Method::PUT,
            Service::Network,
            &path,
            &json!({key: value}),
        );
        match asked {
            Ok(_) => Ok((format!("{router}:{key}={value}"), Value::Null)),
            Err(reply) => Err(said(&reply.body)),
        }
    }

    /// Changes what can be changed of it as it is.
    fn change(
        &self,
        world: &mut World,
        kind: &str,
        id: &str,
        properties: &Value,
    ) -> Result<(String, Value), String> {
        let kept = Ok((id.to_owned(), Value::Null));
        let Some((service, path, member)) = place_of(kind) else {
            return kept;
        };
        if kind == "OS::Cinder::Volume" {
            let path = format!("{path}/{id}/action");
            let size = number(&properties["size"]).unwrap_or_default();
            let asked = self.ask(
                world,
                Method::POST,
                service,
                &path,
                &json!({"os-extend": {"new_size": size}}),
            );
            return match asked {
                Err(reply) if reply.status.as_u16() == 413 => Err(said(&reply.body)),
                _ => kept,
            };
        }
        if let Some(name) = properties.get("name") {
            let path = format!("{path}/{id}");
            let body = json!({member: {"name": name}});
            let asked = self.ask(world, Method::PUT, service, &path, &body);
            if let Err(reply) = asked {
                return Err(said(&reply.body));
            }
        }
        kept
    }

    /// Takes away the last of those that are to go.
    fn take_next(&self, world: &mut World, is_to_go: impl Fn(&Resource) -> bool) -> Next {
        let Some(stack) = self.stack(world) else {
            return Next::Nothing;
        };
        let row = stack.resources.iter().rev().find(|row| is_to_go(row));
        let Some(row) = row else {
            return Next::Nothing;
        };
        let (name, kind, id) = (row.name.clone(), row.resource_type, row.physical_id.clone());
        if row.action != "DELETE" {
            self.set(world, &name, "DELETE", "IN_PROGRESS", "state changed");
        }
        let asked = if let Some((router, side)) = id
            .split_once(':')
            .filter(|_| kind == "OS::Neutron::RouterInterface")
        {
            let (key, value) = side.split_once('=').unwrap_or_default();
            let path = format!("v2.0/routers/{router}/remove_router_interface");
            let body = json!({key: value});
            Some(self.ask(world, Method::PUT, Service::Network, &path, &body))
        } else {
            place_of(kind)
                .filter(|_| !id.is_empty())
                .map(|(service, path, _)| {
                    let path = format!("{path}/{id}");
                    self.ask(world, Method::DELETE, service, &path, &Value::Null)
                })
        };
        if let Some(Err(reply)) = asked
            && [400, 409].contains(&reply.status.as_u16())
        {
            return Next::Refused;
        }
        self.set(world, &name, "DELETE", "COMPLETE", "state changed");
        if let Some(stack) = self.stack(world) {
            stack.resources.retain(|row| row.name != name);
        }
        Next::Done
    }

    fn finish(&self, world: &mut World) {
        if let Some(stack) = self.stack(world) {
            stack.status = "COMPLETE";
            stack.before = None;
            stack.reason = format!("Stack {} completed successfully", stack.action);
            if stack.action == "CHECK" {
                stack.reason += ". 'CHECK' not fully supported (see resources)";
            }
            if ["CHECK", "SUSPEND", "RESUME"].contains(&stack.action) {
                let action = stack.action;
                for row in &mut stack.resources {
                    row.action = action;
                    row.status = "COMPLETE";
                }
            }
            tell_outputs(stack);
        }
        tell(world, self.region, self.stack, None);
    }

    fn fail(&self, world: &mut World, reason: &str) {
        if let Some(stack) = self.stack(world) {
            stack.status = "FAILED";
            reason.clone_into(&mut stack.reason);
        }
        tell(world, self.region, self.stack, None);
    }

    fn gone(&self, world: &mut World) {
        let now = world.now();
        if let Some(stack) = self.stack(world) {
            stack.status = "COMPLETE";
            "Stack DELETE completed successfully".clone_into(&mut stack.reason);
            stack.deleted = Some(now);
            stack.template["resources"] = json!({});
        }
        tell(world, self.region, self.stack, None);
        if let Some(region) = world.regions.get_mut(self.region)
            && let Some(stack) = region.orchestration.stacks.shift_remove(&self.stack)
        {
            region.orchestration.deleted.insert(self.stack, stack);
        }
    }
}

/// Where a kind of resource is made: the service, the path, and its name in a body.
fn place_of(kind: &str) -> Option<(Service, &'static str, &'static str)> {
    Some(match kind {
        "OS::Neutron::Net" => (Service::Network, "v2.0/networks", "network"),
        "OS::Neutron::Subnet" => (Service::Network, "v2.0/subnets", "subnet"),
        "OS::Neutron::Port" => (Service::Network, "v2.0/ports", "port"),
        "OS::Neutron::Router" => (Service::Network, "v2.0/routers", "router"),
        "OS::Neutron::FloatingIP" => (Service::Network, "v2.0/floatingips", "floatingip"),
        "OS::Neutron::SecurityGroup" => {
            (Service::Network, "v2.0/security-groups", "security_group")
        }
        "OS::Cinder::Volume" => (Service::BlockStorage, "v3/{project}/volumes", "volume"),
        "OS::Nova::Server" => (Service::Compute, "v2.1/servers", "server"),
        _ => return None,
    })
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}

/// The words of a service's refusal.
fn said(body: &Bytes) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut inner = body.as_object().into_iter().flatten();
    let message = inner.find_map(|(_, error)| error["message"].as_str());
    message.unwrap_or("Unknown error").to_owned()
}
