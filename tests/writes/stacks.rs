//! Stacks.

use serde_json::json;

use crate::Scenario;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[("stacks::by_tool", stacks)];

/// A template that needs no other service.
fn template(length: u32) -> String {
    format!(
        "heat_template_version: 2018-08-31\n\
         parameters:\n  length: {{type: number, default: {length}}}\n\
         resources:\n  secret:\n    type: OS::Heat::RandomString\n    \
         properties: {{length: {{get_param: length}}}}\n\
         outputs:\n  length: {{value: {{get_param: length}}}}\n"
    )
}

fn stacks(world: &World) {
    let name = world.new_name("stack");
    let act = |action: &str, more: serde_json::Value| {
        let mut arguments = json!({"stack_name": name, "action": action});
        for (key, value) in more.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        arguments
    };
    // A template that cannot be is refused in Heat's words, and nothing is left behind.
    let broken = json!({"template": "heat_template_version: 2018-08-31\nresources: {a: {type: OS::No::Such}}\n"});
    let said = world.refused("manage_heat_stack", &act("create", broken));
    assert!(said.contains("OS::No::Such"), "{said}");
    let created = world.tool(
        "manage_heat_stack",
        &act("create", json!({"template": template(8)})),
    );
    let id = text(&created, "/stack/id");
    let path = format!("/stacks/{name}/{id}");
    let made = world.made("orchestration", path.clone());
    world.see("orchestration", &path, "complete", |body| {
        body["stack"]["stack_status"] == "CREATE_COMPLETE"
    });
    world.tool(
        "manage_heat_stack",
        &act(
            "update",
            json!({"template": template(8), "parameters": {"length": 9}}),
        ),
    );
    world.see("orchestration", &path, "updated", |body| {
        body["stack"]["stack_status"] == "UPDATE_COMPLETE"
            && body["stack"]["parameters"]["length"] == "9"
    });
    let plan = world.tool(
        "manage_heat_stack",
        &act("delete", json!({"dry_run": true})),
    );
    assert!(plan.to_string().contains("secret"), "{plan:#}");
    for (mutation, wanted) in [
        ("stackCheck", "CHECK_COMPLETE"),
        ("stackSuspend", "SUSPEND_COMPLETE"),
        ("stackResume", "RESUME_COMPLETE"),
    ] {
        world.mutate(
            &format!("{mutation}(stack: \"{name}\", wait: {{ timeoutSeconds: 60 }})"),
            "stack { id action status }",
        );
        world.see("orchestration", &path, wanted, |body| {
            body["stack"]["stack_status"] == wanted
        });
    }
    world.tool("manage_heat_stack", &act("delete", json!({})));
    world.see("orchestration", &made.path, "gone", |body| {
        body["stack"]["stack_status"] == "DELETE_COMPLETE"
    });
}
