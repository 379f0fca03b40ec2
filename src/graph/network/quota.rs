//! Network quotas: what a project may have of Neutron.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use futures_util::future::join_all;

use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::network::{self, Limit};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::project_or_own;
use crate::graph::quota::Quota;
use crate::graph::scalar::Ref;
use crate::graph::scope::{CloudRef, Scope};

/// What a project may have of Neutron, and how much of it is taken. From
/// `GET /quotas/{project}/details`. A kind is null when the cloud does not count it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct NetworkQuota {
    /// Keystone's id of the project.
    project_id: ID,
    /// Networks.
    networks: Option<Quota>,
    /// Subnets.
    subnets: Option<Quota>,
    /// Subnet pools.
    subnetpools: Option<Quota>,
    /// Ports.
    ports: Option<Quota>,
    /// Routers.
    routers: Option<Quota>,
    /// Floating IPs.
    floating_ips: Option<Quota>,
    /// Security groups.
    security_groups: Option<Quota>,
    /// Rules of security groups.
    security_group_rules: Option<Quota>,
    /// Role-based access policies: what is shared with other projects.
    rbac_policies: Option<Quota>,
    /// Trunks.
    trunks: Option<Quota>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl NetworkQuota {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, Some(self.project_id.as_str())).await
    }
}

impl NetworkQuota {
    /// The node for a project's quotas.
    #[must_use]
    pub fn new(scope: &Scope, project_id: &str, row: &network::NetworkQuota) -> Self {
        Self {
            project_id: ID::from(project_id),
            networks: row.network.map(quota),
            subnets: row.subnet.map(quota),
            subnetpools: row.subnetpool.map(quota),
            ports: row.port.map(quota),
            routers: row.router.map(quota),
            floating_ips: row.floatingip.map(quota),
            security_groups: row.security_group.map(quota),
            security_group_rules: row.security_group_rule.map(quota),
            rbac_policies: row.rbac_policy.map(quota),
            trunks: row.trunk.map(quota),
            scope: scope.clone(),
        }
    }
}

fn quota(limit: Limit) -> Quota {
    match limit {
        Limit::Detailed {
            limit,
            used,
            reserved,
        } => Quota::new(limit, used, reserved),
        Limit::Plain(limit) => Quota::new(limit, None, None),
    }
}

/// The node for a project, batched; fails by itself when the credential may not know.
pub async fn quota_of(scope: &Scope, project_id: &str) -> Result<Option<NetworkQuota>> {
    let loaded = scope.load::<NetworkQuotaOfProject>(project_id.to_owned());
    let row = loaded.await?.transpose()?;
    Ok(row.map(|row| NetworkQuota::new(scope, project_id, &row)))
}

/// The root field of network quotas.
#[derive(Default)]
pub struct NetworkQuotaQuery(pub CloudRef);

#[Object]
impl NetworkQuotaQuery {
    /// What a project may have of Neutron, and how much of it is taken. Another project's is for
    /// administrators.
    async fn network_quota(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project; the credential's own unless given.")] project: Option<Ref>,
    ) -> Answered<NetworkQuota> {
        let found = async {
            let scope = self.0.scope(context)?;
            let project = project_or_own(&scope, project.as_ref()).await?;
            quota_of(&scope, &project).await
        };
        answered(found.await)
    }
}

/// Network quotas by the id of their project: a call for each, all at a time, each with its own
/// outcome.
pub struct NetworkQuotaOfProject;

impl Plan for NetworkQuotaOfProject {
    type Key = String;
    type Value = Result<Arc<network::NetworkQuota>>;

    async fn load(cloud: Cloud, projects: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let quotas = projects.into_iter().map(|project| {
            let cloud = &cloud;
            async move {
                let quota = cloud.get_network_quota(&project).await;
                (project, quota)
            }
        });
        Ok(join_all(quotas).await.into_iter().collect())
    }
}
