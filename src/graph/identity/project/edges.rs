//! What hangs on a project: who works in it, what belongs to it, how much it may have.

use std::collections::BTreeSet;

use async_graphql::{ComplexObject, Context};
use futures_util::future::try_join_all;

use super::Project;
use crate::graph::block_storage::quota::{VolumeQuota, volume_quota_of};
use crate::graph::block_storage::volume::Volume;
use crate::graph::compute::quota::{ComputeQuota, compute_quota_of};
use crate::graph::compute::server::Server;
use crate::graph::compute::usage::{ProjectUsage, period, usage_of};
use crate::graph::connection::Connection;
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::domain::Domain;
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::role_assignment::{AssignmentsOfProject, Grants, RoleAssignment};
use crate::graph::identity::user::User;
use crate::graph::image::image::Image;
use crate::graph::network::floating_ip::FloatingIp;
use crate::graph::network::network::Network;
use crate::graph::network::quota::{NetworkQuota, quota_of as network_quota_of};
use crate::graph::network::security_group::SecurityGroup;
use crate::graph::noun::{ById, by_maybe_id};
use crate::graph::orchestration::stack::Stack;
use crate::graph::owned::{of_project, sees_into};
use crate::graph::scalar::DateTime;

#[ComplexObject]
impl Project {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The domain it is in; null when the credential may not see it.
    async fn domain(&self, context: &Context<'_>) -> Answered<Domain> {
        told_or_asked(
            context,
            &self.scope,
            self.domain_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The project above it; null when that is its domain, or the credential may not see it.
    async fn parent(&self) -> Answered<Self> {
        if self.parent_id == self.domain_id {
            return None;
        }
        answered(by_maybe_id(&self.scope, self.parent_id.as_ref().map(|id| id.as_str())).await)
    }

    /// Who has which role in it. For a credential that may not list assignments, its own.
    async fn role_assignments(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
        #[graphql(
            desc = "What it comes to: with what groups, inheritance and implied roles give, and without system roles.",
            default = false
        )]
        effective: bool,
    ) -> Answered<Connection<RoleAssignment>> {
        let key = (self.id.to_string(), Grants::of(effective));
        let found = async {
            let rows = self.scope.load::<AssignmentsOfProject>(key).await?;
            RoleAssignment::nested(&self.scope, &rows.unwrap_or_default(), first).await
        };
        certain(found.await)
    }

    /// The users who have a role in it, by themselves, through a group or by inheritance. For a
    /// credential that may not list assignments, its own.
    async fn users(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<User>> {
        let key = (self.id.to_string(), Grants::Effective);
        let found = async {
            let assignments = self.scope.load::<AssignmentsOfProject>(key).await?;
            let assignments = assignments.unwrap_or_default();
            let users = assignments.iter().filter_map(|row| row.user.as_ref());
            let ids: BTreeSet<String> = users.map(|user| user.id.clone()).collect();
            let loading = ids.into_iter().map(|id| self.scope.load::<ById<User>>(id));
            let rows: Vec<_> = try_join_all(loading).await?.into_iter().flatten().collect();
            User::nested(&self.scope, &rows, first).await
        };
        certain(found.await)
    }

    /// Its servers. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn servers(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Server>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// Its volumes. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn volumes(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Volume>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// Its networks, not those that others share with it. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn networks(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Network>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// Its floating IPs. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn floating_ips(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<FloatingIp>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// Its security groups. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn security_groups(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<SecurityGroup>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// Its images, not those that it may use. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn images(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Image>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// Its stacks, not those within others. Null for another project than the credential's own unless
    /// it is an administrator's.
    async fn stacks(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Stack>> {
        answered(of_project(&self.scope, &self.id, first).await)
    }

    /// How much of Nova it may have, and has. A call for each project. Null for
    /// another project than the credential's own unless it is an administrator's.
    async fn compute_quota(&self, context: &Context<'_>) -> Answered<ComputeQuota> {
        let found = async {
            if !sees_into(&self.scope, &self.id).await? {
                return Ok(None);
            }
            compute_quota_of(context, &self.scope, &self.id).await
        };
        answered(found.await)
    }

    /// How much of Neutron it may have, and has. A call for each project. Null for
    /// another project than the credential's own unless it is an administrator's.
    async fn network_quota(&self) -> Answered<NetworkQuota> {
        let found = async {
            if !sees_into(&self.scope, &self.id).await? {
                return Ok(None);
            }
            network_quota_of(&self.scope, &self.id).await
        };
        answered(found.await)
    }

    /// How much of Cinder it may have, and has. A call for each project. Null for
    /// another project than the credential's own unless it is an administrator's.
    async fn volume_quota(&self) -> Answered<VolumeQuota> {
        let found = async {
            if !sees_into(&self.scope, &self.id).await? {
                return Ok(None);
            }
            volume_quota_of(&self.scope, &self.id).await
        };
        answered(found.await)
    }

    /// What its servers, deleted ones too, used between two times. A call for each project. Null
    /// when it had none in that time, and for another project than the credential's own unless
    /// it is an administrator's.
    async fn usage(
        &self,
        #[graphql(desc = "From when: midnight (UTC) 28 days before the end unless given.")]
        start: Option<DateTime>,
        #[graphql(desc = "Until when: now unless given.")] end: Option<DateTime>,
    ) -> Answered<ProjectUsage> {
        let found = async {
            let period = period(start, end)?;
            if !sees_into(&self.scope, &self.id).await? {
                return Ok(None);
            }
            usage_of(&self.scope, &self.id, period).await
        };
        answered(found.await)
    }
}
