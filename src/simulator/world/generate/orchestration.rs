//! Stacks, each of which owns what there is already.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Maker, Tenant};
use crate::world::Shared;
use crate::world::orchestration::{Engine, Event, Output, Resource, Stack};

/// Servers for each stack.
const SERVERS_PER_STACK: usize = 40;

impl Maker<'_> {
    /// One for each forty servers, one for each of the first projects at least; the third of them
    /// failed.
    pub(super) fn stacks(&mut self) {
        let engine = Engine {
            id: self.id(),
            engine: self.id(),
            host: Shared::from("controller-1"),
            started: self.past(90),
        };
        self.region.orchestration.engines.insert(engine.id, engine);
        let tenants = self.tenants;
        let number = self.region.compute.servers.len() / SERVERS_PER_STACK;
        for place in 0..number.max(3) {
            let tenant = &tenants[place % tenants.len()];
            let round = place / tenants.len();
            self.stack(tenant, place, round);
        }
    }

    fn stack(&mut self, tenant: &Tenant, place: usize, round: usize) {
        let servers = self.region.compute.servers.values();
        let servers =
            servers.filter(|server| server.project == tenant.project && server.host.is_some());
        let owned: Vec<Owned> = servers
            .skip(round * 2)
            .take(2)
            .map(|server| Owned {
                server: server.id,
                port: server.ports.first().copied(),
                volume: server.volumes.first().map(|volume| volume.id),
            })
            .collect();
        let has_failed = place % 8 == 2;
        let created = self.past(300);
        let id = self.id();
        let mut resources = Vec::new();
        for (number, owned) in owned.iter().enumerate() {
            resources.extend(owned.resources(number, created));
        }
        resources.push(resource(
            "token",
            "OS::Heat::RandomString",
            format!("stack-{place}-token"),
            created,
        ));
        // Every fourth has a stack within it.
        let inner = place.is_multiple_of(4).then(|| self.id());
        if let Some(inner) = inner {
            let kind = "OS::Heat::ResourceGroup";
            resources.push(resource("group", kind, inner.to_string(), created));
        }
        let mut reason = "Stack CREATE completed successfully".to_owned();
        if has_failed {
            let mut failed = resource("volume", "OS::Cinder::Volume", String::new(), created);
            failed.status = "FAILED";
            failed.reason =
                "ResourceInError: resources.volume: Went to status error due to \"Unknown\""
                    .to_owned();
            reason = format!("Resource CREATE failed: {}", failed.reason);
            resources.push(failed);
        }
        let status = if has_failed { "FAILED" } else { "COMPLETE" };
        let name = format!("{}-stack-{}", tenant.name, round + 1);
        let events = self.events(&name, id, &resources, status, &reason, created);
        let owner = tenant
            .users
            .first()
            .map_or("admin", |(_, name)| name.as_str());
        let stack = Stack {
            deleted: None,
            before: None,
            id,
            name,
            description: "Servers with their ports".to_owned(),
            project: tenant.project,
            owner: owner.to_owned(),
            action: "CREATE",
            status,
            reason,
            created,
            updated: None,
            parent: None,
            user_project: tenant.stack_users,
            tags: if place.is_multiple_of(3) || has_failed {
                vec!["production".to_owned()]
            } else {
                Vec::new()
            },
            timeout_mins: Some(60),
            is_rollback_disabled: true,
            parameters: BTreeMap::from([
                ("flavor".to_owned(), "m1.small".to_owned()),
                ("size".to_owned(), owned.len().to_string()),
                ("token".to_owned(), format!("hidden-{place}")),
            ]),
            outputs: if has_failed {
                Vec::new()
            } else {
                outputs(&owned)
            },
            template: template(&resources),
            resources,
            events,
        };
        let inner = inner.map(|inner| self.inner_stack(&stack, inner));
        let stacks = &mut self.region.orchestration.stacks;
        stacks.insert(id, stack);
        stacks.extend(inner.map(|inner| (inner.id, inner)));
    }

    /// The stack that a group of resources is.
    fn inner_stack(&mut self, outer: &Stack, id: Uuid) -> Stack {
        let name = format!("{}-group-{}", outer.name, self.dice.hex(12));
        let created = outer.created + TimeDelta::seconds(2);
        let value = self.dice.hex(32);
        let resources = vec![resource("0", "OS::Heat::RandomString", value, created)];
        let reason = "Stack CREATE completed successfully";
        Stack {
            deleted: None,
            before: None,
            id,
            description: "No description".to_owned(),
            project: outer.project,
            owner: outer.owner.clone(),
            action: "CREATE",
            status: "COMPLETE",
            reason: reason.to_owned(),
            created,
            updated: None,
            parent: Some(outer.id),
            user_project: outer.user_project,
            tags: Vec::new(),
            timeout_mins: outer.timeout_mins,
            is_rollback_disabled: outer.is_rollback_disabled,
            parameters: BTreeMap::new(),
            outputs: Vec::new(),
            template: json!({
                "heat_template_version": "2015-04-30",
                "resources": {"0": {"type": "OS::Heat::RandomString"}},
            }),
            events: self.events(&name, id, &resources, "COMPLETE", reason, created),
            resources,
            name,
        }
    }

    fn events(
        &mut self,
        name: &str,
        stack: Uuid,
        resources: &[Resource],
        status: &'static str,
        reason: &str,
        created: DateTime<Utc>,
    ) -> Vec<Event> {
        let mut events = vec![Event {
            id: self.id(),
            time: created,
            resource_name: name.to_owned(),
            physical_id: stack.to_string(),
            action: "CREATE",
            status: "IN_PROGRESS",
            reason: "Stack CREATE started".to_owned(),
        }];
        for resource in resources {
            for status in ["IN_PROGRESS", resource.status] {
                events.push(Event {
                    id: self.id(),
                    time: created + TimeDelta::seconds(1),
                    resource_name: resource.name.clone(),
                    physical_id: resource.physical_id.clone(),
                    action: "CREATE",
                    status,
                    reason: resource.reason.clone(),
                });
            }
        }
        events.push(Event {
            id: self.id(),
            time: created + TimeDelta::seconds(12),
            resource_name: name.to_owned(),
            physical_id: stack.to_string(),
            action: "CREATE",
            status,
            reason: reason.to_owned(),
        });
        events
    }
}

fn resource(
    name: &str,
    resource_type: &'static str,
    physical_id: String,
    created: DateTime<Utc>,
) -> Resource {
    Resource {
        name: name.to_owned(),
        resource_type,
        physical_id,
        action: "CREATE",
        status: "COMPLETE",
        reason: "state changed".to_owned(),
        required_by: Vec::new(),
        created,
        updated: created,
        attributes: serde_json::Value::Null,
    }
}

/// What a stack takes for its own.
struct Owned {
    server: Uuid,
    port: Option<Uuid>,
    volume: Option<Uuid>,
}

impl Owned {
    fn resources(&self, number: usize, created: DateTime<Utc>) -> Vec<Resource> {
        let named = |name: &str| match number {
            0 => name.to_owned(),
            number => format!("{name}_{number}"),
        };
        let named_server = named("server");
        let id = self.server.to_string();
        let mut server = resource(&named_server, "OS::Nova::Server", id, created);
        let mut resources = Vec::new();
        if let Some(port) = self.port {
            let id = port.to_string();
            let mut port = resource(&named("port"), "OS::Neutron::Port", id, created);
            port.required_by = vec![named_server];
            resources.push(port);
        }
        if let Some(volume) = self.volume {
            let name = named("attachment");
            server.required_by = vec![name.clone()];
            let kind = "OS::Cinder::VolumeAttachment";
            resources.push(resource(&name, kind, volume.to_string(), created));
        }
        resources.push(server);
        resources
    }
}

fn outputs(owned: &[Owned]) -> Vec<Output> {
    let output = |key: &str, description: &str, value| Output {
        key: key.to_owned(),
        description: description.to_owned(),
        value,
    };
    let ids: Vec<String> = owned.iter().map(|owned| owned.server.to_string()).collect();
    let mut outputs = Vec::new();
    if let Some(first) = ids.first() {
        outputs.push(output("server_id", "The first server", json!(first)));
    }
    outputs.push(output("servers", "The servers", json!(ids)));
    let undescribed = "No description given";
    outputs.push(output("count", undescribed, json!(ids.len())));
    outputs
}

fn template(resources: &[Resource]) -> Value {
    let named = resources.iter().map(|resource| {
        (
            resource.name.clone(),
            json!({"type": resource.resource_type, "properties": {}}),
        )
    });
    json!({
        "heat_template_version": "2021-04-16",
        "description": "Servers with their ports",
        "parameters": {
            "flavor": {"type": "string", "default": "m1.small"},
            "size": {"type": "number"},
            "token": {"type": "string", "hidden": true, "default": "none"},
        },
        "resources": named.collect::<serde_json::Map<_, _>>(),
        "outputs": {"count": {"value": resources.len()}},
    })
}
