//! From one noun to another, across services: what openstacksdk's lists say when joined by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::Scenario;
use crate::harness::Live;
use crate::person::Who;

pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("edges::of_servers", of_servers),
    ("edges::addresses_of_servers", addresses_of_servers),
    ("edges::from_servers_to_names", from_servers_to_names),
    ("edges::of_networks", of_networks),
    ("edges::of_routers", of_routers),
    ("edges::of_volumes", of_volumes),
    ("edges::of_projects", of_projects),
    ("edges::floating_ips_to_servers", floating_ips_to_servers),
    ("edges::rules_of_security_groups", rules_of_security_groups),
    ("edges::members_of_images", members_of_images),
    ("edges::role_assignments", role_assignments),
    ("edges::actions_of_servers", actions_of_servers),
    ("edges::console_of_a_server", console_of_a_server),
    ("edges::stacks_in_detail", stacks_in_detail),
    (
        "edges::resource_providers_in_detail",
        resource_providers_in_detail,
    ),
    ("edges::quotas", quotas),
];

/// Facts about one thing, each written as text, in no order.
type Facts = BTreeSet<String>;

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn facts<'a>(rows: impl IntoIterator<Item = &'a Value>, pointers: &[&str]) -> Facts {
    let fact = |row: &Value| {
        let words = pointers
            .iter()
            .map(|pointer| word(row.pointer(pointer).unwrap_or(&Value::Null)));
        words.collect::<Vec<_>>().join(" ")
    };
    rows.into_iter().map(fact).collect()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Each row of a list of the graph has just the facts that the wire has for it.
fn each(
    live: &Live,
    list: &str,
    selection: &str,
    found: impl Fn(&Value) -> Facts,
    wanted: impl Fn(&str) -> Facts,
) {
    // Page by page: all rows, each with a thousand of another noun, cost more than a query may.
    let query = format!(
        "query Page($after: String) {{ {list}(first: 100, after: $after) \
         {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let mut after = Value::Null;
    loop {
        let answer = live.graphql(&query, &json!({"after": after}));
        assert!(
            answer.get("errors").is_none(),
            "{query}\n{:#}",
            answer["errors"]
        );
        let page = &answer["data"][list];
        for node in rows(&page["nodes"]) {
            let id = node["id"].as_str().expect("an id");
            assert_eq!(
                found(node),
                wanted(id),
                "{list} {id}: graph left, wire right"
            );
        }
        if page["pageInfo"]["hasNextPage"] != json!(true) {
            return;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// An edge that gives a connection of things with an id.
fn edge<'a>(
    live: &'a Live,
    list: &str,
    edge: &str,
    truth: &str,
    joins: impl Fn(&'a Value, &str) -> bool,
) {
    each(
        live,
        list,
        &format!("id {edge}(first: 1000) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }}"),
        |node| facts(rows(&node[edge]["nodes"]), &["/id"]),
        |id| {
            facts(
                live.rows(truth).iter().filter(|row| joins(row, id)),
                &["/id"],
            )
        },
    );
}

fn of_servers(live: &Live) {
    edge(live, "servers", "ports", "ports", |port, id| {
        port["device_id"] == id
    });
    edge(
        live,
        "servers",
        "floatingIps",
        "floating_ips",
        |address, id| address["port_details"]["device_id"] == id,
    );
    edge(live, "servers", "volumes", "volumes", |volume, id| {
        rows(&volume["attachments"])
            .iter()
            .any(|attachment| attachment["server_id"] == id)
    });
    edge(
        live,
        "servers",
        "securityGroups",
        "security_groups",
        |group, id| {
            let mut ports = live
                .rows("ports")
                .iter()
                .filter(|port| port["device_id"] == id);
            ports.any(|port| rows(&port["security_groups"]).contains(&group["id"]))
        },
    );
}

fn addresses_of_servers(live: &Live) {
    let wanted = |id: &str| {
        let server = live
            .rows("servers")
            .iter()
            .find(|server| server["id"] == id);
        let networks = server.expect("a server")["addresses"]
            .as_object()
            .into_iter()
            .flatten();
        let on = |(network, list): (&String, &Value)| {
            let fact = |address: &Value| format!("{network} {}", word(&address["addr"]));
            rows(list).iter().map(fact).collect::<Vec<_>>()
        };
        networks.flat_map(on).collect()
    };
    let found = |node: &Value| facts(rows(&node["addresses"]), &["/networkName", "/address"]);
    each(
        live,
        "servers",
        "id addresses { networkName address }",
        found,
        wanted,
    );
}

fn from_servers_to_names(live: &Live) {
    // A list of images has no hidden ones, which servers are made of all the same.
    let named = |noun: &str, id: &Value| {
        let hidden = live.rows("hidden_images").iter();
        let mut rows = live.rows(noun).iter().chain(hidden);
        let row = rows.find(|row| row["id"] == *id);
        row.map_or(Value::Null, |row| row["name"].clone())
    };
    let wanted = |id: &str| {
        let server = live
            .rows("servers")
            .iter()
            .find(|server| server["id"] == id)
            .expect("a server");
        // A server keeps the name of a flavor that was deleted since, which leads nowhere.
        let flavor = &server["flavor"]["original_name"];
        let mut flavors = live.rows("flavors").iter();
        let flavor = flavors.find(|row| row["name"] == *flavor);
        let mut names = vec![
            flavor.map_or(Value::Null, |row| row["name"].clone()),
            named("images", image_of(live, server)),
        ];
        names.push(named("projects", &server["tenant_id"]));
        names.push(named("users", &server["user_id"]));
        names
            .iter()
            .enumerate()
            .map(|(place, name)| format!("{place} {}", word(name)))
            .collect()
    };
    let found = |node: &Value| {
        let edges = ["flavor", "image", "project", "user"].iter().enumerate();
        edges
            .map(|(place, edge)| format!("{place} {}", word(&node[*edge]["name"])))
            .collect()
    };
    let selection = "id flavor { name } image { name } project { name } user { name }";
    if !live.truth("refused")["users"].is_null() {
        // Keystone refuses the names to this credential, and the errors would say so.
        return;
    }
    each(live, "servers", selection, found, wanted);
}

/// The id of the image that a server was made of; of its boot volume's where it has no other.
pub(crate) fn image_of<'a>(live: &'a Live, server: &'a Value) -> &'a Value {
    if !server["image"]["id"].is_null() {
        return &server["image"]["id"];
    }
    let is_on = |attachment: &Value| attachment["server_id"] == server["id"];
    let mut volumes = live.rows("volumes").iter();
    let boot = volumes.find(|volume| {
        volume["bootable"] == "true" && rows(&volume["attachments"]).iter().any(is_on)
    });
    boot.map_or(
        &Value::Null,
        |volume| &volume["volume_image_metadata"]["image_id"],
    )
}

fn of_networks(live: &Live) {
    edge(live, "networks", "subnets", "subnets", |subnet, id| {
        subnet["network_id"] == id
    });
    edge(live, "networks", "ports", "ports", |port, id| {
        port["network_id"] == id
    });
}

fn of_routers(live: &Live) {
    edge(live, "routers", "ports", "ports", |port, id| {
        port["device_id"] == id
    });
    edge(
        live,
        "routers",
        "floatingIps",
        "floating_ips",
        |address, id| address["router_id"] == id,
    );
}

fn of_volumes(live: &Live) {
    edge(
        live,
        "volumes",
        "snapshots",
        "volume_snapshots",
        |snapshot, id| snapshot["volume_id"] == id,
    );
    let wanted = |id: &str| {
        let attachments = live.rows("volume_attachments").iter();
        facts(attachments.filter(|row| row["volume_id"] == id), &["/id"])
    };
    let found = |node: &Value| facts(rows(&node["attachments"]), &["/id"]);
    each(live, "volumes", "id attachments { id }", found, wanted);
}

fn of_projects(live: &Live) {
    // What another project has, and shares, is no sight of all that it has: the edge is null to
    // who is no administrator.
    let seen = |id: &str| live.who() == Who::Admin || live.truth("scope")["project_id"] == id;
    edge(live, "projects", "servers", "servers", |server, id| {
        seen(id) && server["tenant_id"] == id
    });
    edge(live, "projects", "networks", "networks", |network, id| {
        seen(id) && network["project_id"] == id
    });
    edge(live, "projects", "volumes", "volumes", |volume, id| {
        seen(id) && volume["os-vol-tenant-attr:tenant_id"] == id
    });
}

fn floating_ips_to_servers(live: &Live) {
    let wanted = |id: &str| {
        let found = live
            .rows("floating_ips")
            .iter()
            .filter(|address| address["id"] == id);
        facts(found, &["/port_details/device_id"])
    };
    let found = |node: &Value| facts([node], &["/server/id"]);
    each(live, "floatingIps", "id server { id }", found, wanted);
}

fn rules_of_security_groups(live: &Live) {
    let wanted = |id: &str| {
        let rules = live.rows("security_group_rules").iter();
        facts(
            rules.filter(|rule| rule["security_group_id"] == id),
            &[
                "/id",
                "/protocol",
                "/port_range_min",
                "/port_range_max",
                "/remote_ip_prefix",
                "/remote_group_id",
            ],
        )
    };
    let found = |node: &Value| {
        facts(
            rows(&node["rules"]["nodes"]),
            &[
                "/id",
                "/protocol",
                "/portRangeMin",
                "/portRangeMax",
                "/remoteIpPrefix",
                "/remoteGroupId",
            ],
        )
    };
    let selection = "id rules(first: 1000) { nodes { id protocol portRangeMin portRangeMax remoteIpPrefix remoteGroupId } }";
    each(live, "securityGroups", selection, found, wanted);
}

fn members_of_images(live: &Live) {
    let wanted = |id: &str| facts(rows(&live.truth("image_members")[id]), &["/member_id"]);
    let found = |node: &Value| facts(rows(&node["members"]["nodes"]), &["/memberId"]);
    each(
        live,
        "images",
        "id members(first: 1000) { nodes { memberId } }",
        found,
        wanted,
    );
}

fn role_assignments(live: &Live) {
    let query = "{ roleAssignments(all: true) { nodes { role { name } user { name } group { name } \
                 project { name } domain { name } } } }";
    let answer = live.graphql(query, &json!({}));
    if live.truth("role_assignments").is_null() {
        // Keystone lists none to this credential, whose own roles are in its token.
        assert!(answer.get("errors").is_none(), "{:#}", answer["errors"]);
        let ours = facts(
            rows(&answer["data"]["roleAssignments"]["nodes"]),
            &["/role/name"],
        );
        let theirs = rows(&live.truth("scope")["roles"]);
        assert_eq!(ours, facts(theirs, &[""]), "graph left, wire right");
        return;
    }
    let ours = facts(
        rows(&answer["data"]["roleAssignments"]["nodes"]),
        &[
            "/role/name",
            "/user/name",
            "/group/name",
            "/project/name",
            "/domain/name",
        ],
    );
    let theirs = facts(
        live.rows("role_assignments"),
        &[
            "/role/name",
            "/user/name",
            "/group/name",
            "/scope/project/name",
            "/scope/domain/name",
        ],
    );
    assert_eq!(ours, theirs, "graph left, wire right");
}

fn actions_of_servers(live: &Live) {
    let known = live
        .truth("server_actions")
        .as_object()
        .expect("actions by server");
    for (id, actions) in known {
        let query = "query Actions($id: Ref!) { server(id: $id) { actions(first: 100) \
                     { nodes { requestId action events { event result } } } } }";
        let answer = live.graphql(query, &json!({"id": id}));
        assert!(answer.get("errors").is_none(), "{:#}", answer["errors"]);
        let ours = rows(&answer["data"]["server"]["actions"]["nodes"]);
        assert_eq!(
            facts(ours, &["/requestId", "/action"]),
            facts(rows(actions), &["/request_id", "/action"]),
            "{id}"
        );
        // Nova's words for a result are the graph's in capitals.
        let steps = |actions: &[Value]| -> Facts {
            let steps = actions.iter().flat_map(|action| rows(&action["events"]));
            let step = |step: &Value| {
                let result = step["result"].as_str().unwrap_or_default().to_uppercase();
                format!("{} {result}", word(&step["event"]))
            };
            steps.map(step).collect()
        };
        assert_eq!(steps(ours), steps(rows(actions)), "{id}");
    }
}

fn console_of_a_server(live: &Live) {
    for (id, output) in live
        .truth("consoles")
        .as_object()
        .expect("consoles by server")
    {
        let query = "query Console($id: Ref!) { server(id: $id) { consoleLog(lines: 20) } }";
        let answer = live.graphql(query, &json!({"id": id}));
        assert_eq!(
            answer["data"]["server"]["consoleLog"], *output,
            "{answer:#}"
        );
    }
}

/// Heat writes an empty id for a resource that was never made, which is null in the graph.
fn resources(known: &Value) -> Facts {
    let fact = |row: &Value| {
        let id = match &row["physical_resource_id"] {
            Value::String(id) if id.is_empty() => &Value::Null,
            id => id,
        };
        format!(
            "{} {} {}",
            word(&row["resource_name"]),
            word(&row["resource_type"]),
            word(id)
        )
    };
    rows(known).iter().map(fact).collect()
}

/// Outputs by key; their values are equal whatever the order of what is in them.
fn outputs<'a>(outputs: &'a Value, key: &str, value: &str) -> BTreeMap<String, &'a Value> {
    let outputs = rows(outputs).iter();
    outputs
        .map(|output| (word(&output[key]), &output[value]))
        .collect()
}

fn stacks_in_detail(live: &Live) {
    for (id, known) in live
        .truth("stack_details")
        .as_object()
        .expect("stacks by id")
    {
        let query = "query Stack($id: Ref!) { stack(id: $id) { name \
                     resources(first: 1000) { nodes { name type physicalResourceId action status } } \
                     outputs { key value } \
                     events(first: 1000) { nodes { id } } template } }";
        let answer = live.graphql(query, &json!({"id": id}));
        assert!(
            answer.get("errors").is_none(),
            "{id}: {:#}",
            answer["errors"]
        );
        let ours = &answer["data"]["stack"];
        assert_eq!(
            facts(
                rows(&ours["resources"]["nodes"]),
                &["/name", "/type", "/physicalResourceId"]
            ),
            resources(&known["resources"]),
            "{id}"
        );
        let states = rows(&ours["resources"]["nodes"])
            .iter()
            .map(|row| format!("{}_{}", word(&row["action"]), word(&row["status"])));
        assert_eq!(
            states.collect::<Facts>(),
            facts(rows(&known["resources"]), &["/resource_status"]),
            "{id}"
        );
        let mut template = known["template"].clone();
        let parameters = template.pointer_mut("/parameters");
        let parameters = parameters.and_then(Value::as_object_mut).into_iter();
        for (_, parameter) in parameters.flatten() {
            // What a template hides is hidden here too, defaults included.
            if parameter["hidden"] == json!(true) && !parameter["default"].is_null() {
                parameter["default"] = json!("******");
            }
        }
        assert_eq!(ours["template"], template, "{id}");
        assert_eq!(
            outputs(&ours["outputs"], "key", "value"),
            outputs(&known["stack"]["outputs"], "output_key", "output_value"),
            "{id}"
        );
        assert_eq!(
            facts(rows(&ours["events"]["nodes"]), &["/id"]),
            facts(rows(&known["events"]), &["/id"])
        );
    }
}

fn resource_providers_in_detail(live: &Live) {
    let details = live.truth("resource_provider_details");
    if live.truth("resource_providers").is_null() {
        return;
    }
    let inventory = |provider: &Value| {
        let classes = provider["inventories"].as_object().into_iter().flatten();
        let fact = |(class, row): (&String, &Value)| {
            format!(
                "{class} {} {} {}",
                row["total"], row["reserved"], row["allocation_ratio"]
            )
        };
        classes.map(fact).collect::<Facts>()
    };
    let found = |node: &Value| {
        facts(
            rows(&node["inventories"]),
            &["/resourceClass", "/total", "/reserved", "/allocationRatio"],
        )
    };
    let selection = "id inventories { resourceClass total reserved allocationRatio }";
    each(live, "resourceProviders", selection, found, |id| {
        inventory(&details[id])
    });

    let found = |node: &Value| facts(rows(&node["usages"]), &["/resourceClass", "/used"]);
    let used = |id: &str| {
        let usages = details[id]["usages"].as_object().into_iter().flatten();
        usages
            .map(|(class, used)| format!("{class} {used}"))
            .collect()
    };
    each(
        live,
        "resourceProviders",
        "id usages { resourceClass used }",
        found,
        used,
    );

    let found = |node: &Value| rows(&node["traits"]).iter().map(word).collect();
    let traits = |id: &str| rows(&details[id]["traits"]).iter().map(word).collect();
    each(live, "resourceProviders", "id traits", found, traits);
}

/// The own project's, and as an admin another's. An unlimited limit is -1 on the wire, null here.
fn quotas(live: &Live) {
    let known = live.truth("quotas").as_object().expect("quotas by project");
    for (project, quota) in known {
        let query = "query Quota($project: Ref!) { \
            computeQuota(project: $project) { servers { used limit } vcpus { used limit } ramMib { used limit } } \
            networkQuota(project: $project) { networks { used limit } ports { used limit } floatingIps { used limit } } \
            volumeQuota(project: $project) { volumes { used limit } snapshots { used limit } sizeGib { used limit } } }";
        let answer = live.graphql(query, &json!({"project": project}));
        assert!(
            answer.get("errors").is_none(),
            "{project}: {:#}",
            answer["errors"]
        );
        for (ours, theirs) in [
            ("/computeQuota/servers", &quota["compute"]["instances"]),
            ("/computeQuota/vcpus", &quota["compute"]["cores"]),
            ("/computeQuota/ramMib", &quota["compute"]["ram"]),
            ("/networkQuota/networks", &quota["network"]["network"]),
            ("/networkQuota/ports", &quota["network"]["port"]),
            ("/networkQuota/floatingIps", &quota["network"]["floatingip"]),
            ("/volumeQuota/volumes", &quota["volume"]["volumes"]),
            ("/volumeQuota/snapshots", &quota["volume"]["snapshots"]),
            ("/volumeQuota/sizeGib", &quota["volume"]["gigabytes"]),
        ] {
            let found = answer["data"].pointer(ours).expect("a quota");
            let used = theirs.get("in_use").or_else(|| theirs.get("used"));
            assert_eq!(Some(&found["used"]), used, "{project} {ours}");
            let limit = if theirs["limit"] == json!(-1) {
                &Value::Null
            } else {
                &theirs["limit"]
            };
            assert_eq!(&found["limit"], limit, "{project} {ours}");
        }
    }
}
