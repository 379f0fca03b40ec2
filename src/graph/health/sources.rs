//! What the checks look at, all asked for at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::join;

use crate::Result;
use crate::cloud::{block_storage, compute, network, orchestration};
use crate::graph::capacity::Capacity;
use crate::graph::cloud::{Api, apis};
use crate::graph::noun::{Noun, Rows};
use crate::graph::orphans::Orphans;
use crate::graph::scope::Scope;
use crate::graph::{
    block_storage as volumes_graph, compute as compute_graph, network as network_graph,
    orchestration as stacks_graph,
};

/// Every list with its own outcome.
pub(super) struct Sources {
    pub(super) apis: Vec<Api>,
    /// Whether the credential is an administrator's, as far as that is known.
    pub(super) is_admin: bool,
    pub(super) compute_services: Result<Rows<compute::ComputeService>>,
    pub(super) hypervisors: Result<Rows<compute::Hypervisor>>,
    pub(super) servers_in_error: Result<Rows<compute::Server>>,
    pub(super) agents: Result<Rows<network::Agent>>,
    pub(super) routers: Result<Rows<network::Router>>,
    pub(super) volume_services: Result<Rows<block_storage::Service>>,
    pub(super) volumes: Result<Rows<block_storage::Volume>>,
    pub(super) stacks: Result<Rows<orchestration::Stack>>,
    pub(super) capacity: Result<Capacity>,
    pub(super) quotas: Vec<(&'static str, Result<BTreeMap<String, Usage>>)>,
    pub(super) orphans: Orphans,
}

/// A limit and how much of it is taken; a limit below zero is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) limit: i64,
    pub(super) taken: i64,
}

impl Sources {
    pub(super) async fn read(scope: &Scope) -> Self {
        let cloud = scope.cloud();
        let in_error = vec![("status".into(), "ERROR".to_owned())];
        // Boxed in groups: together they would be one very deep type.
        let of_compute = Box::pin(async {
            join!(
                compute_graph::service::ComputeService::all(cloud, Vec::new()),
                compute_graph::hypervisor::Hypervisor::all(cloud, Vec::new()),
                compute_graph::server::Server::all(cloud, in_error),
            )
        });
        let of_network = Box::pin(async {
            join!(
                network_graph::agent::NetworkAgent::all(cloud, Vec::new()),
                network_graph::router::Router::all(cloud, Vec::new()),
            )
        });
        let of_others = Box::pin(async {
            join!(
                volumes_graph::service::VolumeService::all(cloud, Vec::new()),
                volumes_graph::volume::Volume::all(cloud, Vec::new()),
                stacks_graph::stack::Stack::all(cloud, Vec::new()),
            )
        });
        let whole = Box::pin(async {
            join!(
                apis(scope),
                Capacity::of(scope),
                quotas(scope),
                Orphans::read(scope)
            )
        });
        let (compute, network, others, whole) = join!(of_compute, of_network, of_others, whole);
        let (compute_services, hypervisors, servers_in_error) = compute;
        let (agents, routers) = network;
        let (volume_services, volumes, stacks) = others;
        let (apis, capacity, quotas, orphans) = whole;
        let is_admin = cloud.is_admin().await.unwrap_or(false);
        Self {
            is_admin,
            apis,
            compute_services,
            hypervisors,
            servers_in_error,
            agents,
            routers,
            volume_services,
            volumes,
            stacks,
            capacity,
            quotas,
            orphans,
        }
    }
}

type Quotas = Result<BTreeMap<String, Usage>>;

/// The quotas of the credential's own project; none without one.
async fn quotas(scope: &Scope) -> Vec<(&'static str, Quotas)> {
    let project = match scope.token().await {
        Ok(token) => token.project.as_ref().map(|project| project.id.clone()),
        Err(_) => None,
    };
    let Some(project) = project else {
        return Vec::new();
    };
    let cloud = scope.cloud();
    let (compute, volumes, network) = join!(
        cloud.get_compute_quota(&project),
        cloud.get_volume_quota(&project),
        cloud.get_network_quota(&project),
    );
    vec![
        ("compute", compute.map(|quota| of_compute(&quota))),
        ("block-storage", volumes.map(|quota| of_volumes(&quota))),
        ("network", network.map(|quota| of_network(&quota))),
    ]
}

fn of_compute(quota: &Arc<compute::QuotaSet>) -> BTreeMap<String, Usage> {
    let lines = [
        ("instances", quota.instances),
        ("cores", quota.cores),
        ("ram", quota.ram),
    ];
    let usages = lines.into_iter().filter_map(|(name, line)| {
        let line = line?;
        let taken = line.in_use? + line.reserved.unwrap_or(0);
        Some((
            name.to_owned(),
            Usage {
                limit: line.limit,
                taken,
            },
        ))
    });
    usages.collect()
}

fn of_volumes(quota: &Arc<block_storage::QuotaSet>) -> BTreeMap<String, Usage> {
    let usages = quota.limits.iter().filter_map(|(name, line)| {
        let taken = line.in_use? + line.reserved.unwrap_or(0);
        Some((
            name.clone(),
            Usage {
                limit: line.limit,
                taken,
            },
        ))
    });
    usages.collect()
}

fn of_network(quota: &Arc<network::NetworkQuota>) -> BTreeMap<String, Usage> {
    let lines = [
        ("networks", quota.network),
        ("subnets", quota.subnet),
        ("ports", quota.port),
        ("routers", quota.router),
        ("floating IPs", quota.floatingip),
        ("security groups", quota.security_group),
        ("security group rules", quota.security_group_rule),
    ];
    let usages = lines.into_iter().filter_map(|(name, line)| match line? {
        network::Limit::Detailed {
            limit,
            used,
            reserved,
        } => {
            let taken = used? + reserved.unwrap_or(0);
            Some((name.to_owned(), Usage { limit, taken }))
        }
        network::Limit::Plain(_) => None,
    });
    usages.collect()
}
