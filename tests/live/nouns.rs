//! Every list of the graph beside what the service says: a noun is a table of fields.
//!
//! What moves by itself (heartbeats, usage of a running cloud) is left out, or compared by a
//! scenario of its own.

use std::slice;

use serde_json::{Value, json};

use crate::Scenario;
use crate::compare::As::{
    Before, Behind, Filled, Flag, HeatProject, Joined, Number, Same, Set, Text, Time, Word,
};
use crate::compare::{Field, Noun};
use crate::harness::{Live, shared_and_own_names};

const ID: Field = ("id", "/id", Text);

/// The table of a noun, and the scenario that runs it.
macro_rules! nouns {
    ($($list:ident = $truth:literal by $id:expr, [$($field:expr),* $(,)?];)*) => {
        $(#[expect(non_upper_case_globals, reason = "named as in the graph")]
        pub(crate) const $list: Noun = Noun {
            list: stringify!($list), truth: $truth, id: $id, fields: &[$($field),*],
        };)*

        /// One scenario for each noun, and those below.
        pub(crate) fn scenarios() -> Vec<(&'static str, Scenario)> {
            vec![
                $((concat!("noun::", stringify!($list)), |live: &Live| $list.compare(live)),)*
                ("noun::hidden_images", hidden_images),
                ("noun::one_by_id_and_by_name", one_by_id_and_by_name),
                ("noun::an_ambiguous_name_lists_the_candidates", ambiguous_name),
                ("noun::first_and_after_walk_the_whole_list", pages),
            ]
        }
    };
}

nouns! {
    servers = "servers" by ID, [
        ("name", "/name", Same),
        ("status", "/status", Word),
        ("vmState", "/OS-EXT-STS:vm_state", Same),
        ("taskState", "/OS-EXT-STS:task_state", Same),
        ("host", "/OS-EXT-SRV-ATTR:host", Same),
        ("hypervisorHostname", "/OS-EXT-SRV-ATTR:hypervisor_hostname", Same),
        ("availabilityZone", "/OS-EXT-AZ:availability_zone", Filled),
        ("flavorName", "/flavor/original_name", Same),
        ("vcpus", "/flavor/vcpus", Same),
        ("ramMib", "/flavor/ram", Same),
        ("diskGib", "/flavor/disk", Same),
        ("imageId", "/image/id", Same),
        ("keyName", "/key_name", Same),
        ("metadata", "/metadata", Same),
        ("tags", "/tags", Set),
        ("isLocked", "/locked", Same),
        ("lockedReason", "/locked_reason", Same),
        ("description", "/description", Same),
        ("createdAt", "/created", Time),
        ("updatedAt", "/updated", Time),
        ("launchedAt", "/OS-SRV-USG:launched_at", Time),
        ("projectId", "/tenant_id", Same),
        ("userId", "/user_id", Same),
        ("fault.message", "/fault/message", Same),
        ("fault.code", "/fault/code", Same),
    ];
    flavors = "flavors" by ID, [
        ("name", "/name", Same),
        ("vcpus", "/vcpus", Same),
        ("ramMib", "/ram", Same),
        ("diskGib", "/disk", Same),
        ("ephemeralGib", "/OS-FLV-EXT-DATA:ephemeral", Same),
        ("swapMib", "/swap", Same),
        ("isPublic", "/os-flavor-access:is_public", Same),
        ("description", "/description", Same),
        ("extraSpecs", "/extra_specs", Same),
    ];
    hypervisors = "hypervisors" by ID, [
        ("name", "/hypervisor_hostname", Same),
        ("state", "/state", Word),
        ("status", "/status", Word),
        ("type", "/hypervisor_type", Same),
        ("hostIp", "/host_ip", Same),
        ("runningServers", "/running_vms", Same),
    ];
    computeServices = "compute_services" by ID, [
        ("binary", "/binary", Same),
        ("host", "/host", Same),
        ("status", "/status", Word),
        ("state", "/state", Word),
        ("availabilityZoneName", "/zone", Same),
        ("disabledReason", "/disabled_reason", Same),
        ("isForcedDown", "/forced_down", Same),
    ];
    availabilityZones = "availability_zones" by ("name", "/zoneName", Same), [
        ("isAvailable", "/zoneState/available", Same),
    ];
    hostAggregates = "aggregates" by ID, [
        ("name", "/name", Same),
        ("availabilityZoneName", "/availability_zone", Same),
        ("hosts", "/hosts", Set),
        ("metadata", "/metadata", Same),
    ];
    serverGroups = "server_groups" by ID, [
        ("name", "/name", Same),
        ("policy", "/policy", Word),
        ("memberIds", "/members", Set),
        ("projectId", "/project_id", Same),
    ];
    keypairs = "keypairs" by ("name", "/name", Same), [
        ("type", "/type", Word),
        ("fingerprint", "/fingerprint", Same),
        ("publicKey", "/public_key", Same),
    ];
    networks = "networks" by ID, [
        ("name", "/name", Same),
        ("status", "/status", Word),
        ("isAdminStateUp", "/admin_state_up", Same),
        ("isShared", "/shared", Same),
        ("isExternal", "/router:external", Same),
        ("mtu", "/mtu", Same),
        ("isPortSecurityEnabled", "/port_security_enabled", Same),
        ("providerNetworkType", "/provider:network_type", Same),
        ("providerPhysicalNetwork", "/provider:physical_network", Same),
        ("providerSegmentationId", "/provider:segmentation_id", Same),
        ("subnetIds", "/subnets", Set),
        ("projectId", "/project_id", Same),
        ("createdAt", "/created_at", Time),
    ];
    subnets = "subnets" by ID, [
        ("name", "/name", Same),
        ("cidr", "/cidr", Same),
        ("ipVersion", "/ip_version", Same),
        ("gatewayIp", "/gateway_ip", Same),
        ("isDhcpEnabled", "/enable_dhcp", Same),
        ("dnsNameservers", "/dns_nameservers", Same),
        ("networkId", "/network_id", Same),
        ("projectId", "/project_id", Same),
    ];
    ports = "ports" by ID, [
        ("name", "/name", Filled),
        ("status", "/status", Word),
        ("isAdminStateUp", "/admin_state_up", Same),
        ("macAddress", "/mac_address", Same),
        ("deviceId", "/device_id", Filled),
        ("deviceOwner", "/device_owner", Filled),
        ("bindingHostId", "/binding:host_id", Filled),
        ("networkId", "/network_id", Same),
        ("securityGroupIds", "/security_groups", Set),
        ("projectId", "/project_id", Filled),
    ];
    routers = "routers" by ID, [
        ("name", "/name", Same),
        ("status", "/status", Word),
        ("isAdminStateUp", "/admin_state_up", Same),
        ("externalGateway.networkId", "/external_gateway_info/network_id", Same),
        ("projectId", "/project_id", Same),
    ];
    floatingIps = "floating_ips" by ID, [
        ("floatingIpAddress", "/floating_ip_address", Same),
        ("fixedIpAddress", "/fixed_ip_address", Same),
        ("status", "/status", Word),
        ("portId", "/port_id", Same),
        ("routerId", "/router_id", Same),
        ("floatingNetworkId", "/floating_network_id", Same),
        ("projectId", "/project_id", Same),
        ("description", "/description", Filled),
    ];
    securityGroups = "security_groups" by ID, [
        ("name", "/name", Same),
        ("description", "/description", Filled),
        ("projectId", "/project_id", Same),
    ];
    networkAgents = "network_agents" by ID, [
        ("binary", "/binary", Same),
        ("host", "/host", Same),
        ("agentType", "/agent_type", Same),
        ("isAlive", "/alive", Same),
        ("isAdminStateUp", "/admin_state_up", Same),
        ("availabilityZone", "/availability_zone", Same),
    ];
    volumes = "volumes" by ID, [
        ("name", "/name", Filled),
        ("description", "/description", Filled),
        ("status", "/status", Word),
        ("sizeGib", "/size", Same),
        ("typeName", "/volume_type", Same),
        ("isBootable", "/bootable", Flag),
        ("isEncrypted", "/encrypted", Same),
        ("isMultiattach", "/multiattach", Same),
        ("availabilityZone", "/availability_zone", Same),
        ("metadata", "/metadata", Same),
        ("host", "/os-vol-host-attr:host", Same),
        ("projectId", "/os-vol-tenant-attr:tenant_id", Same),
        ("userId", "/user_id", Same),
        ("createdAt", "/created_at", Time),
    ];
    volumeAttachments = "volume_attachments" by ID, [
        ("status", "/status", Word),
        ("volumeId", "/volume_id", Same),
        ("serverId", "/instance", Same),
    ];
    volumeSnapshots = "volume_snapshots" by ID, [
        ("name", "/name", Filled),
        ("status", "/status", Word),
        ("sizeGib", "/size", Same),
        ("volumeId", "/volume_id", Same),
        ("projectId", "/os-extended-snapshot-attributes:project_id", Same),
        ("createdAt", "/created_at", Time),
    ];
    volumeBackups = "volume_backups" by ID, [];
    volumeTypes = "volume_types" by ID, [
        ("name", "/name", Same),
        ("description", "/description", Filled),
        ("isPublic", "/is_public", Same),
        ("extraSpecs", "/extra_specs", Same),
    ];
    volumeServices = "volume_services" by ("id", "/binary:/host", Joined), [
        ("host", "/host", Same),
        ("binary", "/binary", Same),
        ("status", "/status", Word),
        ("state", "/state", Word),
        ("zone", "/zone", Same),
        ("disabledReason", "/disabled_reason", Filled),
    ];
    storagePools = "storage_pools" by ("name", "/name", Same), [
        ("totalCapacityGib", "/capabilities/total_capacity_gb", Number),
        ("backendName", "/capabilities/volume_backend_name", Same),
    ];
    images = "images" by ID, [
        ("name", "/name", Same),
        ("status", "/status", Word),
        ("visibility", "/visibility", Word),
        ("isHidden", "/os_hidden", Same),
        ("isProtected", "/protected", Same),
        ("sizeBytes", "/size", Same),
        ("diskFormat", "/disk_format", Same),
        ("containerFormat", "/container_format", Same),
        ("minDiskGib", "/min_disk", Same),
        ("minRamMib", "/min_ram", Same),
        ("checksum", "/checksum", Same),
        ("tags", "/tags", Set),
        ("projectId", "/owner", Same),
        ("createdAt", "/created_at", Time),
    ];
    users = "users" by ID, [
        ("name", "/name", Same),
        ("email", "/email", Same),
        ("isEnabled", "/enabled", Same),
        ("description", "/description", Filled),
        ("domainId", "/domain_id", Same),
        ("defaultProjectId", "/default_project_id", Same),
    ];
    groups = "groups" by ID, [
        ("name", "/name", Same),
        ("description", "/description", Filled),
        ("domainId", "/domain_id", Same),
    ];
    projects = "projects" by ID, [
        ("name", "/name", Same),
        ("description", "/description", Same),
        ("isEnabled", "/enabled", Same),
        ("domainId", "/domain_id", Same),
        ("parentId", "/parent_id", Same),
        ("tags", "/tags", Set),
    ];
    domains = "domains" by ID, [
        ("name", "/name", Same),
        ("isEnabled", "/enabled", Same),
        ("description", "/description", Same),
    ];
    roles = "roles" by ID, [
        ("name", "/name", Same),
        ("domainId", "/domain_id", Same),
    ];
    regions = "regions" by ID, [
        ("parentRegionId", "/parent_region_id", Same),
    ];
    services = "services" by ID, [
        ("name", "/name", Same),
        ("type", "/type", Same),
        ("isEnabled", "/enabled", Same),
    ];
    endpoints = "endpoints" by ID, [
        ("interface", "/interface", Word),
        ("url", "/url", Same),
        ("regionId", "/region_id", Same),
        ("serviceId", "/service_id", Same),
        ("isEnabled", "/enabled", Same),
    ];
    stacks = "stacks" by ID, [
        ("name", "/stack_name", Same),
        ("action", "/stack_status", Before),
        ("status", "/stack_status", Behind),
        ("statusReason", "/stack_status_reason", Same),
        ("description", "/description", Filled),
        ("createdAt", "/creation_time", Time),
        ("projectId", "/links/0/href", HeatProject),
    ];
    resourceProviders = "resource_providers" by ("id", "/uuid", Same), [
        ("name", "/name", Same),
        ("generation", "/generation", Same),
    ];
}

/// Hidden images are in no list but one of hidden images.
fn hidden_images(live: &Live) {
    let query = format!(
        "{{ images(all: true, filter: {{ isHidden: true }}) {{ nodes {} }} }}",
        images.selection()
    );
    let answer = live.graphql(&query, &json!({}));
    assert!(answer.get("errors").is_none(), "{:#}", answer["errors"]);
    let nodes = answer["data"]["images"]["nodes"].as_array().expect("nodes");
    images.rows(live.rows("hidden_images"), nodes);
}

/// A list, its single field, and the oracle's noun, for nouns that have an id and a name.
const SINGLES: [(Noun, &str); 8] = [
    (servers, "server"),
    (flavors, "flavor"),
    (networks, "network"),
    (routers, "router"),
    (volumes, "volume"),
    (images, "image"),
    (projects, "project"),
    (stacks, "stack"),
];

/// Each single field finds the first and the last row, by id and, where it is the only one of
/// that name, by name.
fn one_by_id_and_by_name(live: &Live) {
    for (noun, single) in SINGLES {
        let rows = live.rows(noun.truth);
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            continue;
        };
        for row in [first, last] {
            let id = row["id"].as_str().expect("an id");
            let name = noun.fields[0].1;
            let named = row
                .pointer(name)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let alone = rows
                .iter()
                .filter(|other| other.pointer(name) == row.pointer(name));
            let mut references = vec![id];
            if !named.is_empty() && alone.count() == 1 {
                references.push(named);
            }
            for reference in references {
                let query = format!(
                    "query One($id: Ref!) {{ {single}(id: $id) {} }}",
                    noun.selection()
                );
                let answer = live.graphql(&query, &json!({"id": reference}));
                assert!(
                    answer.get("errors").is_none(),
                    "{single} {reference}: {answer:#}"
                );
                noun.rows(
                    slice::from_ref(row),
                    slice::from_ref(&answer["data"][single]),
                );
            }
        }
    }
}

/// Several servers of one name, or, where there are none, one of its own.
fn ambiguous_name(live: &Live) {
    let (shared, own) = shared_and_own_names(live.rows("servers"));
    let name = shared.unwrap_or(own);
    let twins: Vec<&str> = live
        .rows("servers")
        .iter()
        .filter(|server| server["name"] == name)
        .filter_map(|server| server["id"].as_str())
        .collect();
    let query = "query One($name: String!) { server(id: $name) { id } }";
    let answer = live.graphql(query, &json!({"name": name}));
    if let [only] = twins[..] {
        assert_eq!(answer["data"]["server"]["id"], only);
        return;
    }
    assert!(answer["data"]["server"].is_null(), "{answer:#}");
    let message = answer["errors"][0]["message"].as_str().expect("an error");
    for id in twins {
        assert!(
            message.contains(id),
            "{id} is not among the candidates: {message}"
        );
    }
}

/// 40 at a time, as many pages as it takes: every server once.
fn pages(live: &Live) {
    let query = "query Page($after: String) { servers(first: 40, after: $after) \
                 { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let answer = live.graphql(query, &json!({"after": after}));
        assert!(answer.get("errors").is_none(), "{:#}", answer["errors"]);
        let page = &answer["data"]["servers"];
        let nodes = page["nodes"].as_array().expect("nodes");
        seen.extend(nodes.iter().map(|node| node["id"].to_string()));
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        assert_eq!(nodes.len(), 40, "a page in the middle is full");
        after = page["pageInfo"]["endCursor"].clone();
    }
    seen.sort();
    let mut theirs: Vec<String> = live
        .rows("servers")
        .iter()
        .map(|server| server["id"].to_string())
        .collect();
    theirs.sort();
    assert_eq!(seen, theirs);
}
