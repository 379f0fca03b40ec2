//! Stacks.

use serde_json::{Value, json};

use crate::Scenario;
use crate::world::{World, text};

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("stacks::by_tool", stacks),
    ("stacks::by_mutation", by_mutation),
    ("stacks::an_update_is_cancelled", an_update_is_cancelled),
];

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
    // Heat tells of a deleted stack by its id for as long as it keeps the record.
    world.gone_or("orchestration", &made.path, |body| {
        body["stack"]["stack_status"] == "DELETE_COMPLETE"
    });
}

/// A template whose update takes seconds.
const SLOW: &str = "heat_template_version: 2018-08-31\\n\
    parameters:\\n  value: {type: string, default: before}\\n\
    resources:\\n  slow:\\n    type: OS::Heat::TestResource\\n    \
    properties: {value: {get_param: value}, action_wait_secs: {update: 4}}\\n";

fn status_is(wanted: &str) -> impl Fn(&Value) -> bool {
    move |body| body["stack"]["stack_status"] == wanted
}

fn by_mutation(world: &World) {
    let name = world.new_name("stack");
    let text_of = |length: u32| template(length).replace('\n', "\\n");
    let (wait, select) = ("wait: { timeoutSeconds: 60 }", "stack { id action status }");
    let created = world.mutate(
        &format!(
            "stackCreate(input: {{ name: \"{name}\", template: \"{}\", tags: [\"writes\"] }}, {wait})",
            text_of(8)
        ),
        select,
    );
    assert_eq!(created["stack"]["status"], "COMPLETE", "{created:#}");
    let id = text(&created, "/stack/id");
    let made = world.made("orchestration", format!("/stacks/{name}/{id}"));
    world.mutate(
        &format!(
            "stackUpdate(stack: \"{name}\", input: {{ template: \"{}\" }}, {wait})",
            text_of(12)
        ),
        select,
    );
    let seen = world.look("orchestration", &made.path);
    assert!(status_is("UPDATE_COMPLETE")(&seen), "{seen:#}");
    assert_eq!(seen["stack"]["parameters"]["length"], "12", "{seen:#}");
    world.mutate(
        &format!("stackDelete(stack: \"{id}\", {wait})"),
        "stack { id }",
    );
    world.gone_or("orchestration", &made.path, status_is("DELETE_COMPLETE"));
}

fn an_update_is_cancelled(world: &World) {
    let name = world.new_name("slow");
    let (wait, select) = ("wait: { timeoutSeconds: 60 }", "stack { id action status }");
    let created = world.mutate(
        &format!("stackCreate(input: {{ name: \"{name}\", template: \"{SLOW}\" }}, {wait})"),
        select,
    );
    let id = text(&created, "/stack/id");
    let made = world.made("orchestration", format!("/stacks/{name}/{id}"));
    // There is nothing to cancel yet, and Heat says so.
    let cancel = format!("stackCancelUpdate(stack: \"{name}\", {wait})");
    let (code, message) = world.refusal(&cancel);
    assert_eq!(code, "BAD_REQUEST", "{message}");
    assert!(message.contains("CREATE_COMPLETE"), "{message}");
    let update =
        format!("stackUpdate(stack: \"{name}\", input: {{ parameters: {{ value: \"after\" }} }})");
    world.mutate(&update, select);
    world.mutate(&cancel, select);
    let seen = world.see(
        "orchestration",
        &made.path,
        "back",
        status_is("ROLLBACK_COMPLETE"),
    );
    let value = &seen["stack"]["parameters"]["value"];
    assert_eq!(value, "before", "{seen:#}");
    // While one is under way another takes over. Without going back it is left where it was.
    world.mutate(&update, select);
    world.mutate(&update, select);
    world.mutate(
        &format!("stackCancelUpdate(stack: \"{name}\", rollback: false)"),
        select,
    );
    world.see("orchestration", &made.path, "left", |body| {
        let status = body["stack"]["stack_status"].as_str();
        status.is_some_and(|status| status.starts_with("UPDATE_") && !status.ends_with("PROGRESS"))
    });
}
