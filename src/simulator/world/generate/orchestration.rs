//! Stacks, each of which owns what there is already.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Maker, Tenant};
use crate::world::orchestration::{Event, Output, Resource, Stack};

/// Servers for each stack.
const SERVERS_PER_STACK: usize = 40;

impl Maker<'_> {
    /// One for each forty servers, one for each of the first projects at least; the first of them
    /// failed.
    pub(super) fn stacks(&mut self) {
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
        let owned: Vec<(Uuid, Vec<Uuid>)> = servers
            .skip(round * 2)
            .take(2)
            .map(|server| (server.id, server.ports.clone()))
            .collect();
        let has_failed = place.is_multiple_of(8);
        let created = self.past(300);
        let id = self.id();
        let mut resources = Vec::new();
        for (number, (server, ports)) in owned.iter().enumerate() {
            let server_name = format!("server_{number}");
            if let Some(port) = ports.first() {
                let name = format!("port_{number}");
                let mut resource = resource(&name, "OS::Neutron::Port", port.to_string(), created);
                resource.required_by = vec![server_name.clone()];
                resources.push(resource);
            }
            resources.push(resource(
                &server_name,
                "OS::Nova::Server",
                server.to_string(),
                created,
            ));
        }
        resources.push(resource(
            "token",
            "OS::Heat::RandomString",
            format!("stack-{place}-token"),
            created,
        ));
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
            tags: if place.is_multiple_of(3) {
                vec!["production".to_owned()]
            } else {
                Vec::new()
            },
            timeout_mins: Some(60),
            is_rollback_disabled: true,
            parameters: BTreeMap::from([("flavor".to_owned(), "m1.small".to_owned())]),
            outputs: outputs(&owned),
            template: template(&resources),
            resources,
            events,
        };
        self.region.orchestration.stacks.insert(id, stack);
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
    }
}

fn outputs(owned: &[(Uuid, Vec<Uuid>)]) -> Vec<Output> {
    let ids: Vec<String> = owned.iter().map(|(server, _)| server.to_string()).collect();
    vec![
        Output {
            key: "servers".to_owned(),
            description: "The servers".to_owned(),
            value: json!(ids),
        },
        Output {
            key: "count".to_owned(),
            description: "No description given".to_owned(),
            value: json!(ids.len()),
        },
    ]
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
        "parameters": {"flavor": {"type": "string", "default": "m1.small"}},
        "resources": named.collect::<serde_json::Map<_, _>>(),
        "outputs": {"count": {"value": resources.len()}},
    })
}
