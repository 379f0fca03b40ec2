//! Quotas of compute: how much a project may have.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use futures_util::future::join_all;

use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::compute::{QuotaLine, QuotaSet};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::project_or_own;
use crate::graph::quota::Quota;
use crate::graph::scalar::Ref;
use crate::graph::scope::{CloudRef, Scope};

/// How much of compute a project may have, and has. From `GET /os-quota-sets/{project}/detail`
/// (2.57); of the credential's own, unless `reserved` is selected, from `GET /limits`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ComputeQuota {
    /// The project.
    project_id: ID,
    /// Servers.
    servers: Option<Quota>,
    /// Virtual CPUs.
    vcpus: Option<Quota>,
    /// Memory, in MiB.
    ram_mib: Option<Quota>,
    /// Server groups.
    server_groups: Option<Quota>,
    /// Servers of one group; Nova does not say how many there are.
    servers_per_group: Option<Quota>,
    /// Keypairs of one user; Nova does not say how many there are.
    keypairs_per_user: Option<Quota>,
    /// Metadata keys of one server; Nova does not say how many there are.
    metadata_items_per_server: Option<Quota>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl ComputeQuota {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, Some(self.project_id.as_str())).await
    }
}

impl ComputeQuota {
    fn new(scope: &Scope, project_id: &str, set: &QuotaSet) -> Self {
        Self {
            project_id: ID::from(project_id),
            servers: set.instances.map(counted),
            vcpus: set.cores.map(counted),
            ram_mib: set.ram.map(counted),
            server_groups: set.server_groups.map(counted),
            servers_per_group: set.server_group_members.map(uncounted),
            keypairs_per_user: set.key_pairs.map(uncounted),
            metadata_items_per_server: set.metadata_items.map(uncounted),
            scope: scope.clone(),
        }
    }
}

fn counted(line: QuotaLine) -> Quota {
    Quota::new(line.limit, line.in_use, line.reserved)
}

/// Nova writes 0 for what it counts by server, group or user, and not by project.
fn uncounted(line: QuotaLine) -> Quota {
    Quota::new(line.limit, None, None)
}

/// The root field.
#[derive(Default)]
pub struct ComputeQuotaQuery(pub CloudRef);

#[Object]
impl ComputeQuotaQuery {
    /// How much of compute a project may have, and has. Another project's is for administrators.
    async fn compute_quota(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project; the credential's own unless given.")] project: Option<Ref>,
    ) -> Answered<ComputeQuota> {
        let found = async {
            let scope = self.0.scope(context)?;
            let project = project_or_own(&scope, project.as_ref()).await?;
            compute_quota_of(context, &scope, &project).await
        };
        answered(found.await)
    }
}

/// Quotas by project id: one call for each. Of other projects only for administrators.
pub struct ComputeQuotaOfProject;

impl Plan for ComputeQuotaOfProject {
    type Key = String;
    type Value = Result<Arc<QuotaSet>>;

    async fn load(cloud: Cloud, projects: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let shown = projects.into_iter().map(|project| {
            let cloud = &cloud;
            async move {
                let set = cloud.get_compute_quota(&project).await;
                (project, set)
            }
        });
        Ok(join_all(shown).await.into_iter().collect())
    }
}

/// The quotas of a project.
pub async fn compute_quota_of(
    context: &Context<'_>,
    scope: &Scope,
    project_id: &str,
) -> Result<Option<ComputeQuota>> {
    let token = scope.token().await?;
    let own = token.project.as_ref();
    if own.is_some_and(|own| own.id == project_id) && !selects_reserved(context) {
        let set = scope.cloud().get_own_compute_quota().await?;
        return Ok(Some(ComputeQuota::new(scope, project_id, &set)));
    }
    let loaded = scope.load::<ComputeQuotaOfProject>(project_id.to_owned());
    let set = loaded.await?.transpose()?;
    Ok(set.map(|set| ComputeQuota::new(scope, project_id, &set)))
}

/// Whether what is promised is selected of any quota: limits do not tell it.
fn selects_reserved(context: &Context<'_>) -> bool {
    let field = context.field();
    let mut quotas = field.selection_set();
    quotas.any(|quota| {
        let mut lines = quota.selection_set();
        lines.any(|line| line.name() == "reserved")
    })
}
