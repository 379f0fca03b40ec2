//! Volume quotas: what a project may have, and has.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use futures_util::future::join_all;

use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::block_storage::{QuotaSet, Usage};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::project_or_own;
use crate::graph::quota::Quota;
use crate::graph::scalar::Ref;
use crate::graph::scope::{CloudRef, Scope};

/// What a project may have of Cinder, and has. From `GET /os-quota-sets/PROJECT?usage=true`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VolumeQuota {
    /// The project.
    project_id: ID,
    /// Volumes.
    volumes: Option<Quota>,
    /// Snapshots of volumes.
    snapshots: Option<Quota>,
    /// Volumes and snapshots together, in GiB.
    size_gib: Option<Quota>,
    /// A single volume, in GiB; only the limit counts.
    volume_size_gib: Option<Quota>,
    /// Backups.
    backups: Option<Quota>,
    /// Backups together, in GiB.
    backup_size_gib: Option<Quota>,
    /// Groups of volumes.
    groups: Option<Quota>,
    /// What holds for single types of volumes beside that, by the type's name.
    types: Vec<VolumeTypeQuota>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl VolumeQuota {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project; null when the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, Some(self.project_id.as_str())).await
    }
}

/// What a project may have of one type of volumes, and has.
#[derive(SimpleObject, Clone, Debug, Default, PartialEq)]
pub struct VolumeTypeQuota {
    /// The name of the type.
    type_name: String,
    /// Volumes.
    volumes: Option<Quota>,
    /// Snapshots of volumes.
    snapshots: Option<Quota>,
    /// Volumes and snapshots together, in GiB.
    size_gib: Option<Quota>,
}

impl VolumeQuota {
    /// The node of a project's limits.
    #[must_use]
    pub fn new(scope: &Scope, project_id: &str, set: &QuotaSet) -> Self {
        let quota = |name: &str| set.limits.get(name).map(quota);
        Self {
            project_id: ID::from(project_id),
            volumes: quota("volumes"),
            snapshots: quota("snapshots"),
            size_gib: quota("gigabytes"),
            volume_size_gib: quota("per_volume_gigabytes"),
            backups: quota("backups"),
            backup_size_gib: quota("backup_gigabytes"),
            groups: quota("groups"),
            types: types(&set.limits),
            scope: scope.clone(),
        }
    }
}

fn quota(usage: &Usage) -> Quota {
    Quota::new(usage.limit, usage.in_use, usage.reserved)
}

/// The limits of single types: `volumes_TYPE` and its like.
fn types(limits: &BTreeMap<String, Usage>) -> Vec<VolumeTypeQuota> {
    let mut types: BTreeMap<&str, VolumeTypeQuota> = BTreeMap::new();
    for (name, usage) in limits {
        let Some((resource, type_name)) = name.split_once('_') else {
            continue;
        };
        let known: fn(&mut VolumeTypeQuota) -> &mut Option<Quota> = match resource {
            "volumes" => |of_type| &mut of_type.volumes,
            "snapshots" => |of_type| &mut of_type.snapshots,
            "gigabytes" => |of_type| &mut of_type.size_gib,
            _ => continue,
        };
        let of_type = types.entry(type_name).or_insert_with(|| VolumeTypeQuota {
            type_name: type_name.to_owned(),
            ..VolumeTypeQuota::default()
        });
        *known(of_type) = Some(quota(usage));
    }
    types.into_values().collect()
}

/// The root field of volume quotas.
#[derive(Default)]
pub struct VolumeQuotaQuery(pub CloudRef);

#[Object]
impl VolumeQuotaQuery {
    /// What a project may have of Cinder, and has. Another project's is for administrators.
    async fn volume_quota(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project; the credential's own unless given.")] project: Option<Ref>,
    ) -> Answered<VolumeQuota> {
        let found = async {
            let scope = self.0.scope(context)?;
            let project_id = project_or_own(&scope, project.as_ref()).await?;
            volume_quota_of(&scope, &project_id).await
        };
        answered(found.await)
    }
}

/// The quotas of a project.
pub async fn volume_quota_of(scope: &Scope, project_id: &str) -> Result<Option<VolumeQuota>> {
    let loaded = scope.load::<VolumeQuotaOfProject>(project_id.to_owned());
    let set = loaded.await?.transpose()?;
    Ok(set.map(|set| VolumeQuota::new(scope, project_id, &set)))
}

/// The volume quota of a project, by the project's id: a call for each, each with its own
/// outcome.
pub struct VolumeQuotaOfProject;

impl Plan for VolumeQuotaOfProject {
    type Key = String;
    type Value = Result<Arc<QuotaSet>>;

    async fn load(cloud: Cloud, projects: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let quotas = projects.into_iter().map(|project| {
            let cloud = cloud.clone();
            async move {
                let quota = cloud.get_volume_quota(&project).await;
                (project, quota)
            }
        });
        Ok(join_all(quotas).await.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_types_are_told_from_the_others() {
        let usage = |limit| Usage {
            limit,
            in_use: Some(1),
            reserved: None,
        };
        let limits = [
            ("volumes", 10),
            ("per_volume_gigabytes", -1),
            ("backup_gigabytes", 5),
            ("volumes_fast disk", 2),
            ("gigabytes_fast disk", -1),
            ("snapshots___DEFAULT__", 3),
        ];
        let limits = limits.map(|(name, limit)| (name.to_owned(), usage(limit)));
        let types = types(&limits.into_iter().collect());
        assert_eq!(types.len(), 2);
        assert_eq!(types[0].type_name, "__DEFAULT__");
        assert_eq!(types[1].type_name, "fast disk");
        assert_eq!(types[1].volumes, Some(Quota::new(2, Some(1), None)));
        assert_eq!(types[1].snapshots, None);
    }
}
