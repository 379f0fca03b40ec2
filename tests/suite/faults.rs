//! Each service fails in each way, under each tool: the answer says so and names the service, the
//! rest of it is what it was, nothing in it is made up, and nothing hangs.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use openstack_simulator::fault::{Fault, Rule};
use openstack_simulator::{Options, Service};
use serde_json::{Value, json};

use crate::simulated::{Simulated, Trial, arguments, facts};

/// How long an operation may take here: some faults are met by waiting.
const DEADLINE: Duration = Duration::from_secs(2);
/// What a call may take beyond that, on a machine that does other things too.
const LONGEST: Duration = Duration::from_secs(20);

/// A refused login is not tried again for some seconds, so that no account is locked: it comes last,
/// or what comes after it would not be met.
const FAULTS: [Fault; 10] = [
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
    Fault::Forbidden,
    Fault::Unauthorized,
];

/// Longer than a refused login is remembered.
const REFUSAL: Duration = Duration::from_secs(4);

async fn cloud() -> Simulated {
    let options = Options {
        servers: 40,
        ..Options::default()
    };
    Simulated::start(Trial {
        options,
        deadline: DEADLINE,
        ..Trial::default()
    })
    .await
}

async fn every_fault_of(service: Service) {
    let cloud = cloud().await;
    let mut healthy = BTreeMap::new();
    for tool in &cloud.tools {
        let result = cloud.call(tool, arguments(tool)).await;
        assert_ne!(result["isError"], true, "{tool}: {result:#}");
        let errors = &result["structuredContent"]["errors"];
        assert!(
            errors.as_array().is_none_or(Vec::is_empty),
            "{tool}: {errors:#}"
        );
        healthy.insert(tool.as_str(), result);
    }
    for fault in FAULTS {
        cloud.simulator.faults().set(vec![Rule {
            discovery: Some(true),
            ..Rule::all_of(service, fault)
        }]);
        let cloud = &cloud;
        let calls = healthy.iter().map(|(tool, well)| async move {
            let context = format!("{tool} while {service:?} is {fault:?}");
            let call = cloud.call(tool, arguments(tool));
            let ill = tokio::time::timeout(LONGEST, call).await;
            let ill = ill.unwrap_or_else(|_| panic!("{context} hangs"));
            check(&context, service, fault, well, &ill);
        });
        join_all(calls).await;
    }
    // It is whole again at once: nothing of the failures was kept.
    cloud.simulator.faults().clear();
    if service == Service::Identity {
        tokio::time::sleep(REFUSAL).await;
    }
    for (tool, well) in &healthy {
        let answer = cloud.call(tool, arguments(tool)).await;
        let (again, _) = facts(&answer["structuredContent"]);
        let (before, _) = facts(&well["structuredContent"]);
        assert_eq!(
            again, before,
            "{tool} after {service:?} came back: {answer:#}"
        );
    }
}

fn check(context: &str, service: Service, fault: Fault, well: &Value, ill: &Value) {
    let told = ill.to_string();
    for secret in ["gAAAAA", "\"simulated\",\"password\""] {
        assert!(!told.contains(secret), "{context} tells a secret: {told}");
    }
    let (known, counts) = facts(&well["structuredContent"]);
    let (ids, now) = facts(&ill["structuredContent"]);
    for id in &ids {
        assert!(known.contains(id), "{context} makes up {id}: {told}");
    }
    let name = service.service_type();
    let asked = well["_meta"]["upstream"]["services"][name]["calls"].as_u64();
    // Every service is asked for with a token.
    let asks = service == Service::Identity || asked.is_some_and(|calls| calls > 0);
    let is_error = ill["isError"] == true;
    let errors = ill["structuredContent"]["errors"].as_array();
    let errors = errors.map_or(0, Vec::len);
    if !asks {
        assert!(!is_error && errors == 0, "{context} is not asked: {told}");
    }
    // A token that was had before goes on serving those who ask Keystone for nothing else.
    let needs = asked.is_some_and(|calls| calls > 0);
    if !needs {
        return;
    }
    // Who is refused the lists of all may be answered from what is its own.
    if fault == Fault::Forbidden {
        return;
    }
    for (path, count) in &now {
        if let Some(before) = counts.get(path)
            && !path.contains("checks")
        {
            assert_eq!(before, count, "{context} counts {path} another way: {told}");
        }
    }
    assert!(told.contains(name), "{context} names no service: {told}");
    // Health tells it as a check that failed, the status of services as one that is not there.
    let words = ["\"UNKNOWN\"", "\"FAIL\"", "\"isAvailable\":false"];
    let says = is_error || errors > 0 || words.iter().any(|word| told.contains(word));
    assert!(says, "{context} says nothing: {told}");
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

#[tokio::test]
async fn a_token_that_is_refused_once_is_had_anew() {
    let cloud = cloud().await;
    let query = "{ servers(first: 3) { nodes { id } } }";
    cloud.data(query).await;
    let once = Rule {
        times: Some(1),
        ..Rule::all_of(Service::Compute, Fault::Unauthorized)
    };
    cloud.simulator.faults().add(once);
    let before = cloud.simulator.log().count();
    cloud.data(query).await;
    let later = cloud.simulator.log().after(before, 100);
    let logins = later
        .iter()
        .filter(|entry| entry.path.ends_with("/auth/tokens"));
    assert_eq!(logins.count(), 1);
}

#[tokio::test]
async fn a_token_is_had_anew_before_it_expires() {
    let options = Options {
        servers: 10,
        token_lifetime: Duration::from_secs(3600),
        ..Options::default()
    };
    let cloud = Simulated::start(Trial {
        options,
        ..Trial::default()
    })
    .await;
    let query = "{ servers(first: 3) { nodes { id } } }";
    cloud.data(query).await;
    // The cloud's time runs ahead: to it the token has expired, and it says 401.
    cloud.simulator.step(Duration::from_secs(2 * 3600));
    cloud.data(query).await;
}

#[tokio::test]
async fn an_answer_that_fails_now_and_then_is_asked_for_again() {
    let cloud = cloud().await;
    let twice = Rule {
        times: Some(1),
        ..Rule::all_of(Service::Compute, Fault::Down)
    };
    cloud.simulator.faults().add(twice);
    let answer = cloud
        .graphql("{ servers(first: 3) { nodes { id } } }")
        .await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
}

#[tokio::test]
async fn an_error_names_service_operation_status_and_request() {
    let cloud = cloud().await;
    // Versions are asked for once, and fail in their own way.
    cloud.data("{ servers { nodes { id } } }").await;
    let rule = Rule::all_of(Service::Compute, Fault::InternalError);
    cloud.simulator.faults().add(rule);
    let query = "{ servers { nodes { id } } networks { nodes { id } } cloud { name } }";
    let answer = cloud.graphql(query).await;
    assert_eq!(answer["data"]["servers"], Value::Null);
    assert_ne!(answer["data"]["networks"], Value::Null);
    assert_eq!(answer["data"]["cloud"]["name"], "simulated");
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert_eq!(errors[0]["path"], json!(["servers"]));
    let extensions = &errors[0]["extensions"];
    assert_eq!(extensions["code"], "UPSTREAM_ERROR");
    assert_eq!(extensions["service"], "compute");
    assert_eq!(extensions["operation"], "GET /servers/detail");
    assert_eq!(extensions["status"], 500);
    let request = extensions["requestId"].as_str().unwrap_or_default();
    assert!(request.starts_with("req-"), "{answer:#}");
    let message = errors[0]["message"].as_str().unwrap();
    assert!(message.contains("the database is gone"), "{message}");
}

#[tokio::test]
async fn equal_errors_of_many_rows_are_one() {
    let cloud = cloud().await;
    let rule = Rule::all_of(Service::Image, Fault::InternalError);
    cloud.simulator.faults().add(rule);
    let answer = cloud
        .graphql("{ servers(first: 20) { nodes { id image { name } } } }")
        .await;
    assert_eq!(
        answer["data"]["servers"]["nodes"].as_array().map(Vec::len),
        Some(20)
    );
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert!(
        errors[0]["extensions"]["count"].as_u64() > Some(1),
        "{answer:#}"
    );
}

#[tokio::test]
async fn orphans_that_could_not_be_looked_for_are_not_none() {
    let cloud = cloud().await;
    cloud
        .simulator
        .faults()
        .add(Rule::everywhere(Fault::InternalError));
    let query = "{ orphans { floatingIps { totalCount } ports { totalCount } volumes { totalCount }
        unattachedVolumes { totalCount } volumeSnapshots { totalCount }
        unseen { what } } }";
    let answer = cloud.graphql(query).await;
    let orphans = answer["data"]["orphans"].as_object().unwrap();
    for (name, value) in orphans.iter().filter(|(name, _)| *name != "unseen") {
        assert!(value.is_null(), "{name}: {value}");
    }
    assert!(
        !orphans["unseen"].as_array().unwrap().is_empty(),
        "{answer:#}"
    );
}
