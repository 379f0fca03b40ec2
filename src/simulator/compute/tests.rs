//! What is asked of a whole cloud.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::reply::Reply;
use crate::service::Service;
use crate::world::World;
use crate::{Options, Pace, identity};

struct Cloud {
    world: World,
}

impl Cloud {
    fn new() -> Self {
        let options = Options {
            servers: 120,
            pace: Pace::ByHand,
            ..Options::default()
        };
        Self {
            world: World::new(&options),
        }
    }

    fn call(&self, method: Method, service: Service, path: &str, body: &Value) -> Call {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Call {
            method,
            service,
            region: 0,
            origin: "http://cloud".to_owned(),
            root: "http://cloud/compute".to_owned(),
            path: path.split('/').map(str::to_owned).collect(),
            query: Query::parse(query),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
            now: self.world.now(),
            request_id: "req-1".to_owned(),
            caller: None,
        }
    }

    /// The status and the body of what is answered to `admin`, `member` or `reader`.
    fn get(&mut self, who: &str, path: &str, version: &str) -> (u16, Value) {
        let project = if who == "admin" { "admin" } else { "project-1" };
        let password = json!({"user": {
            "name": who, "domain": {"id": "default"}, "password": "simulated",
        }});
        let scope = json!({"project": {"name": project, "domain": {"id": "default"}}});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": password},
            "scope": scope,
        }});
        let login = self.call(Method::POST, Service::Identity, "v3/auth/tokens", &body);
        let reply = identity::write(&mut self.world, &login).unwrap();
        let subject = reply.headers.iter();
        let mut subject = subject.filter(|(name, _)| name == "x-subject-token");
        let token = subject.next().unwrap().1.to_str().unwrap().to_owned();
        let mut call = self.call(Method::GET, Service::Compute, path, &Value::Null);
        call.path.insert(0, "v2.1".to_owned());
        call.caller = self.world.valid_token(&token);
        let version = format!("compute {version}").parse().unwrap();
        call.headers.insert("openstack-api-version", version);
        let reply: Reply = super::read(&self.world, &call).unwrap_or_else(|refusal| refusal);
        let body = serde_json::from_slice(&reply.body).unwrap_or_default();
        (reply.status.as_u16(), body)
    }

    fn ids(&mut self, who: &str, path: &str) -> Vec<String> {
        let (status, body) = self.get(who, path, "2.100");
        assert_eq!(status, 200, "{path}: {body}");
        let rows = body["servers"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn pages_have_each_server_once_in_any_order() {
    let mut cloud = Cloud::new();
    for sort in [
        "",
        "&sort_key=display_name&sort_dir=asc",
        "&sort_key=host",
        "&sort_key=vm_state&sort_key=uuid&sort_dir=asc&sort_dir=desc",
    ] {
        let whole = cloud.ids("admin", &format!("servers?all_tenants=1{sort}"));
        assert_eq!(whole.len(), 120);
        let mut walked: Vec<String> = Vec::new();
        loop {
            let marker = walked
                .last()
                .map_or(String::new(), |id| format!("&marker={id}"));
            let path = format!("servers?all_tenants=1&limit=50{sort}{marker}");
            let page = cloud.ids("admin", &path);
            if page.is_empty() {
                break;
            }
            walked.extend(page);
        }
        assert_eq!(walked, whole, "{sort}");
        let different: BTreeSet<&String> = walked.iter().collect();
        assert_eq!(different.len(), 120);
    }
}

#[test]
fn a_next_link_repeats_the_query_in_order() {
    let mut cloud = Cloud::new();
    let path = "servers/detail?limit=1&all_tenants=1&name=e%20?";
    let (_, body) = cloud.get("admin", path, "2.100");
    let next = body["servers_links"][0]["href"].as_str().unwrap();
    let id = body["servers"][0]["id"].as_str().unwrap();
    assert_eq!(
        next,
        format!(
            "http://cloud/compute/v2.1/servers/detail?all_tenants=1&limit=1&name=e+%3F&marker={id}"
        )
    );
}

#[test]
fn others_filters_are_left_out_unless_they_are_unknown() {
    let mut cloud = Cloud::new();
    let own = cloud.ids("member", "servers");
    assert_eq!(cloud.ids("member", "servers?host=bogus"), own);
    assert_eq!(cloud.ids("reader", "servers?uuid=bogus"), own);
    assert!(
        cloud
            .ids("admin", "servers?all_tenants=1&host=bogus")
            .is_empty()
    );
    assert_eq!(cloud.get("member", "servers?bogus=1", "2.100").0, 400);
    assert_eq!(cloud.get("member", "servers?bogus=1", "2.74").0, 200);
    assert_eq!(cloud.get("member", "servers?all_tenants=1", "2.100").0, 403);
    assert_eq!(cloud.get("member", "servers?sort_key=host", "2.100").0, 403);
    assert_eq!(cloud.get("admin", "servers?metadata=1", "2.100").0, 400);
    assert_eq!(
        cloud.ids("admin", "servers?all_tenants=1&name=a|b").len(),
        1
    );
}

#[test]
fn a_list_leaves_out_the_fault_of_what_was_never_placed() {
    let mut cloud = Cloud::new();
    let path = "servers/detail?all_tenants=1&status=ERROR";
    let (_, body) = cloud.get("admin", path, "2.100");
    let rows = body["servers"].as_array().unwrap();
    let is_placed = |row: &&Value| !row["OS-EXT-SRV-ATTR:host"].is_null();
    let (placed, never): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(is_placed);
    assert!(!placed.is_empty() && !never.is_empty());
    assert!(placed.iter().all(|row| row["fault"]["code"] == 500));
    assert!(never.iter().all(|row| row.get("fault").is_none()));
    let path = format!("servers/{}", never[0]["id"].as_str().unwrap());
    let (_, body) = cloud.get("admin", &path, "2.100");
    assert!(body["server"]["fault"]["details"].is_string());
}

#[test]
fn fields_come_with_their_microversion_and_role() {
    let mut cloud = Cloud::new();
    let mut has = |who: &str, version: &str, field: &str| {
        let (_, body) = cloud.get(who, "servers/detail?limit=1", version);
        body["servers"][0].get(field).is_some()
    };
    for (field, version) in [
        ("OS-EXT-SRV-ATTR:user_data", 3),
        ("locked", 9),
        ("host_status", 16),
        ("description", 19),
        ("tags", 26),
        ("trusted_image_certificates", 63),
        ("locked_reason", 73),
        ("pinned_availability_zone", 96),
        ("scheduler_hints", 100),
    ] {
        assert!(has("admin", &format!("2.{version}"), field), "{field}");
        assert!(
            !has("admin", &format!("2.{}", version - 1), field),
            "{field}"
        );
    }
    assert!(!has("member", "2.100", "host_status"));
    assert!(!has("member", "2.100", "OS-EXT-SRV-ATTR:host"));
    assert!(has("member", "2.90", "OS-EXT-SRV-ATTR:hostname"));
    assert!(!has("member", "2.89", "OS-EXT-SRV-ATTR:hostname"));
    let (_, old) = cloud.get("admin", "servers/detail?limit=1", "2.46");
    assert!(old["servers"][0]["flavor"]["id"].is_string());
    let (_, new) = cloud.get("admin", "servers/detail?limit=1", "2.47");
    assert!(new["servers"][0]["flavor"]["original_name"].is_string());
}

#[test]
fn hypervisors_have_capacities_until_they_do_not() {
    let mut cloud = Cloud::new();
    let (_, old) = cloud.get("admin", "os-hypervisors/detail", "2.87");
    let (_, new) = cloud.get("admin", "os-hypervisors/detail", "2.88");
    let (old, new) = (&old["hypervisors"][0], &new["hypervisors"][0]);
    assert!(old["vcpus"].is_number() && old.get("uptime").is_none());
    assert!(new.get("vcpus").is_none() && new["uptime"].is_string());
    assert_eq!(cloud.get("member", "os-hypervisors", "2.87").0, 403);
    let path = "os-hypervisors?hypervisor_hostname_pattern=bogus";
    assert_eq!(cloud.get("admin", path, "2.87").0, 404);
}
