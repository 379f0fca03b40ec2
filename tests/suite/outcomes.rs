//! Changes while services fail: each is sent at most once, what became of it is told with the
//! service's name, and nothing is made up or hangs.

use std::time::Duration;

use futures_util::future::join_all;
use mcp_openstack_ops::policy::Mode;
use openstack_simulator::fault::{Fault, Rule};
use openstack_simulator::log::Entry;
use openstack_simulator::{Options, Service};
use serde_json::{Value, json};

use crate::simulated::{MEMBER, Simulated, Trial};

/// How long an operation may take here: some faults are met by waiting.
const DEADLINE: Duration = Duration::from_secs(2);
/// What a call may take beyond that, on a machine that does other things too.
const LONGEST: Duration = Duration::from_secs(30);
/// Longer than a refused login is remembered.
const REFUSAL: Duration = Duration::from_secs(4);

/// A refused login is remembered for some seconds, so it comes last.
const FAULTS: [Fault; 11] = [
    Fault::Down,
    Fault::Slow {
        milliseconds: 60_000,
    },
    Fault::TooManyRequests { retry_after: 30 },
    Fault::InternalError,
    Fault::Html,
    Fault::TruncatedJson,
    Fault::OtherJson,
    Fault::Reset,
    Fault::Lost,
    Fault::Forbidden,
    Fault::Unauthorized,
];

/// Something that is made in one call.
#[derive(Clone, Copy)]
struct Deed {
    service: Service,
    /// What it is sent to.
    path: &'static str,
    /// The mutation, with `NAME` for the name.
    mutation: &'static str,
    /// The list in which it is found, by its name.
    list: &'static str,
    /// The tool that does the same, with `NAME` for the name, where one does.
    tool: Option<(&'static str, &'static str)>,
}

const DEEDS: [Deed; 6] = [
    Deed {
        service: Service::Compute,
        path: "/os-keypairs",
        mutation: "keypairCreate(name: \"NAME\") { object: keypair { name } userErrors { code message service } }",
        list: "keypairs",
        tool: Some((
            "manage_keypair",
            r#"{"action": "create", "keypair_name": "NAME"}"#,
        )),
    },
    Deed {
        service: Service::Network,
        path: "/networks",
        mutation: "networkCreate(input: { name: \"NAME\" }) { object: network { id name } userErrors { code message service } }",
        list: "networks",
        tool: None,
    },
    Deed {
        service: Service::Network,
        path: "/security-groups",
        mutation: "securityGroupCreate(input: { name: \"NAME\" }) { object: securityGroup { id name } userErrors { code message service } }",
        list: "securityGroups",
        tool: None,
    },
    Deed {
        service: Service::BlockStorage,
        path: "/volumes",
        mutation: "volumeCreate(input: { name: \"NAME\", sizeGib: 1 }) { object: volume { id name } userErrors { code message service } }",
        list: "volumes",
        tool: Some((
            "manage_volume",
            r#"{"action": "create", "volume_name": "NAME"}"#,
        )),
    },
    Deed {
        service: Service::Image,
        path: "/images",
        mutation: "imageCreate(input: { name: \"NAME\" }) { object: image { id name } userErrors { code message service } }",
        list: "images",
        tool: Some((
            "manage_image",
            r#"{"action": "create", "image_name": "NAME"}"#,
        )),
    },
    Deed {
        service: Service::Orchestration,
        path: "/stacks",
        mutation: "stackCreate(input: { name: \"NAME\", template: \"{heat_template_version: 2018-08-31, resources: {a: {type: OS::Heat::RandomString}}}\" }) { object: stack { id name } userErrors { code message service } }",
        list: "stacks",
        tool: Some((
            "manage_heat_stack",
            r#"{"action": "create", "stack_name": "NAME", "template": "{heat_template_version: 2018-08-31, resources: {a: {type: OS::Heat::RandomString}}}"}"#,
        )),
    },
];

impl Deed {
    async fn mutate(&self, cloud: &Simulated, name: &str) -> Value {
        let query = format!("mutation {{ result: {} }}", self.mutation);
        cloud.graphql(&query.replace("NAME", name)).await
    }

    /// How many of a name there are, as another operation sees it.
    async fn count(&self, cloud: &Simulated, name: &str) -> usize {
        let data = cloud
            .data(&format!(
                "{{ {}(all: true) {{ nodes {{ name }} }} }}",
                self.list
            ))
            .await;
        let rows = data[self.list]["nodes"].as_array().unwrap();
        rows.iter().filter(|row| row["name"] == name).count()
    }
}

/// What was sent to be changed, tokens aside.
fn writes(entries: &[Entry]) -> Vec<&Entry> {
    let writes = entries.iter().filter(|entry| entry.method != "GET");
    writes
        .filter(|entry| entry.service != Service::Identity)
        .collect()
}

async fn cloud() -> Simulated {
    let options = Options {
        servers: 20,
        ..Options::default()
    };
    Simulated::start(Trial {
        options,
        cloud: MEMBER,
        deadline: DEADLINE,
        mode: Mode::Modify,
        ..Trial::default()
    })
    .await
}

/// The connection breaks off after the work was done, or before: nobody knows, it is said so with
/// what it was about, and it is not sent again. Who looks sees which it was.
#[tokio::test]
async fn an_answer_that_is_lost_is_no_reason_to_ask_again() {
    let cloud = cloud().await;
    for (fault, done) in [(Fault::Lost, 1), (Fault::Reset, 0)] {
        for (number, deed) in DEEDS.iter().enumerate() {
            let name = format!("lost-{done}-{number}");
            // Versions are asked for once, in peace.
            deed.count(&cloud, &name).await;
            cloud.simulator.faults().set(vec![Rule {
                method: Some("POST".to_owned()),
                path: Some(deed.path.to_owned()),
                ..Rule::all_of(deed.service, fault)
            }]);
            let (answer, entries) = cloud.asked_during(deed.mutate(&cloud, &name)).await;
            cloud.simulator.faults().clear();
            let result = &answer["data"]["result"];
            assert!(result["object"].is_null(), "{answer:#}");
            let error = &result["userErrors"][0];
            assert_eq!(error["code"], "OUTCOME_UNKNOWN", "{answer:#}");
            assert_eq!(error["service"], deed.service.service_type(), "{answer:#}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("not sent again"), "{message}");
            assert!(message.contains(&format!("`{name}`")), "{message}");
            let sent = writes(&entries);
            assert_eq!(sent.len(), 1, "{name}: {sent:#?}");
            assert!(sent[0].is_spoilt);
            assert_eq!(deed.count(&cloud, &name).await, done, "{name}");
        }
    }
}

/// The same through the tools: the text says it, and `structuredContent` has the code.
#[tokio::test]
async fn a_tool_says_that_an_answer_was_lost() {
    let cloud = cloud().await;
    for (number, deed) in DEEDS.iter().enumerate() {
        let Some((tool, arguments)) = deed.tool else {
            continue;
        };
        let name = format!("lost-tool-{number}");
        let arguments = serde_json::from_str(&arguments.replace("NAME", &name)).unwrap();
        deed.count(&cloud, &name).await;
        cloud.simulator.faults().set(vec![Rule {
            method: Some("POST".to_owned()),
            path: Some(deed.path.to_owned()),
            ..Rule::all_of(deed.service, Fault::Lost)
        }]);
        let (answer, entries) = cloud.asked_during(cloud.call(tool, arguments)).await;
        cloud.simulator.faults().clear();
        assert_eq!(answer["isError"], true, "{tool}: {answer:#}");
        let text = answer["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("OUTCOME_UNKNOWN"), "{tool}: {text}");
        assert!(text.contains(&name), "{tool}: {text}");
        assert_eq!(writes(&entries).len(), 1, "{tool}: {entries:#?}");
        assert_eq!(deed.count(&cloud, &name).await, 1, "{tool}");
    }
}

/// A gateway that gives up, and a deadline that is over, are no better.
#[tokio::test]
async fn what_took_too_long_may_have_been_done() {
    let cloud = cloud().await;
    let deed = DEEDS[1];
    deed.count(&cloud, "late").await;
    let slow = Fault::Slow {
        milliseconds: 60_000,
    };
    cloud.simulator.faults().add(Rule {
        method: Some("POST".to_owned()),
        ..Rule::all_of(deed.service, slow)
    });
    let answer = deed.mutate(&cloud, "late").await;
    cloud.simulator.faults().clear();
    let error = &answer["data"]["result"]["userErrors"][0];
    assert_eq!(error["code"], "OUTCOME_UNKNOWN", "{answer:#}");
    assert_eq!(deed.count(&cloud, "late").await, 1);
}

/// A server is told to stop once, whatever becomes of that.
#[tokio::test]
async fn an_action_is_not_sent_again_either() {
    let cloud = cloud().await;
    let servers = cloud
        .data("{ servers(first: 1, filter: { status: ACTIVE }) { nodes { id } } }")
        .await;
    let id = servers["servers"]["nodes"][0]["id"].as_str().unwrap();
    let stop = format!(
        "mutation {{ serverStop(server: \"{id}\") {{ server {{ id }} userErrors {{ code message }} }} }}"
    );
    for fault in [Fault::Reset, Fault::Lost] {
        cloud.simulator.faults().set(vec![Rule {
            path: Some("/action".to_owned()),
            ..Rule::all_of(Service::Compute, fault)
        }]);
        let (answer, entries) = cloud.asked_during(cloud.graphql(&stop)).await;
        cloud.simulator.faults().clear();
        let error = &answer["data"]["serverStop"]["userErrors"][0];
        assert_eq!(error["code"], "OUTCOME_UNKNOWN", "{fault:?}: {answer:#}");
        assert_eq!(writes(&entries).len(), 1, "{fault:?}: {entries:#?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(id), "{message}");
    }
}

/// One service fails in every way, in all that it does or only where something is changed.
async fn every_fault_of(service: Service) {
    for (number, fault) in FAULTS.into_iter().enumerate() {
        // Each time a new one, lest quotas get full.
        let cloud = cloud().await;
        for deed in &DEEDS {
            deed.count(&cloud, "").await;
        }
        for only_changes in [false, true] {
            cloud.simulator.faults().set(vec![Rule {
                discovery: Some(!only_changes),
                method: only_changes.then(|| "POST".to_owned()),
                ..Rule::all_of(service, fault)
            }]);
            let cloud = &cloud;
            let context = format!("{service:?} is {fault:?}, only changes: {only_changes}");
            let before = cloud.simulator.log().count();
            let deeds = DEEDS.iter().enumerate().map(|(place, deed)| {
                let name = format!("try-{number}-{only_changes}-{place}");
                let context = format!("{name} while {context}");
                async move {
                    let answer = tokio::time::timeout(LONGEST, deed.mutate(cloud, &name)).await;
                    let answer = answer.unwrap_or_else(|_| panic!("{context} hangs"));
                    check(&context, deed, service, &name, &answer);
                    let told = answer["data"]["result"]["object"].is_object();
                    (deed, name, told)
                }
            });
            let done = join_all(deeds).await;
            let entries = cloud.simulator.log().after(before, usize::MAX);
            let sent = writes(&entries);
            for deed in &DEEDS {
                let to = |entry: &&&Entry| {
                    entry.service == deed.service && entry.path.ends_with(deed.path)
                };
                let times = sent.iter().filter(to).count();
                // What was refused for its token was not done, and comes once more with a new one.
                let most = if fault == Fault::Unauthorized { 2 } else { 1 };
                assert!(times <= most, "{context}: {} {times} times", deed.path);
            }
            cloud.simulator.faults().clear();
            let is_refusal = matches!(fault, Fault::Forbidden | Fault::Unauthorized);
            if service == Service::Identity && is_refusal {
                tokio::time::sleep(REFUSAL).await;
            }
            // What was told to be there is there, and nothing twice.
            for (deed, name, told) in done {
                let count = deed.count(cloud, &name).await;
                assert!(count <= 1, "{name} while {context}: {count}");
                assert!(!told || count == 1, "{name} while {context} is made up");
            }
        }
    }
}

fn check(context: &str, deed: &Deed, service: Service, name: &str, answer: &Value) {
    let result = &answer["data"]["result"];
    let object = &result["object"];
    if object.is_object() {
        assert_eq!(object["name"], json!(name), "{context}: {answer:#}");
    }
    let mut errors = result["userErrors"].as_array().into_iter().flatten();
    let mut failed = answer["errors"].as_array().into_iter().flatten();
    let services = errors
        .clone()
        .map(|error| &error["service"])
        .chain(failed.clone().map(|error| &error["extensions"]["service"]));
    let of_service = services.filter(|named| **named == service.service_type());
    if deed.service == service {
        assert!(
            of_service.count() > 0,
            "{context} names no service: {answer:#}"
        );
    } else if service != Service::Identity {
        // Another service's trouble is none of its.
        assert!(object.is_object(), "{context}: {answer:#}");
        assert!(
            errors.next().is_none() && failed.next().is_none(),
            "{context}: {answer:#}"
        );
    }
    let told = answer.to_string();
    for secret in ["gAAAAA", "\"password\""] {
        assert!(!told.contains(secret), "{context} tells a secret: {told}");
    }
}

macro_rules! services {
    ($($name:ident: $service:expr,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            every_fault_of($service).await;
        }
    )*};
}

services! {
    identity_fails: Service::Identity,
    compute_fails: Service::Compute,
    network_fails: Service::Network,
    block_storage_fails: Service::BlockStorage,
    image_fails: Service::Image,
    orchestration_fails: Service::Orchestration,
    placement_fails: Service::Placement,
}
