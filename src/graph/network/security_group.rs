//! Security groups and their rules: what may reach a port.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};

pub use self::mutation::SecurityGroupMutation;
use super::port::{Port, PortsOfSecurityGroup};
use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::network::{self, SECURITY_GROUPS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::narrowing::{FilterQuery, among, is, resolve_project};
use crate::graph::noun::{
    Noun, Pushed, by_maybe_id, by_repeated_id, contains, nested_by, reach_of, root_fields, unset_or,
};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::Scope;

/// A security group: rules for what may pass the ports it is put on. From
/// `GET /security-groups`.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SecurityGroup {
    /// Neutron's id.
    id: ID,
    /// The name; not unique: every project has a `default`.
    name: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Keystone's id of the project it belongs to.
    project_id: Option<ID>,
    /// Whether answers to what was let through pass by themselves; null where Neutron does not
    /// say, and then they do.
    is_stateful: Option<bool>,
    /// Whether projects beside its own may use it; null where Neutron does not say.
    is_shared: Option<bool>,
    /// What users tagged.
    tags: Vec<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    row: Arc<network::SecurityGroup>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl SecurityGroup {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project it belongs to; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// What it lets through. What no rule names does not pass.
    async fn rules(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<SecurityGroupRule>> {
        let listed = async {
            let reach = reach_of(&self.scope, Reach::AllProjects).await?;
            let rules = &self.row.security_group_rules;
            let node =
                |rule: &Arc<network::SecurityGroupRule>| SecurityGroupRule::new(&self.scope, rule);
            Connection::nested(rules, |rule| &rule.id, first, reach, node)
        };
        certain(listed.await)
    }

    /// The ports it is put on, as far as the credential may see them.
    async fn ports(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
    ) -> Answered<Connection<Port>> {
        nested_by::<PortsOfSecurityGroup, Port>(&self.scope, &self.id, first).await
    }
}

/// A rule of a security group: something that it lets through.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SecurityGroupRule {
    /// Neutron's id.
    id: ID,
    /// Neutron's id of the group it is of.
    security_group_id: Option<ID>,
    /// Keystone's id of the project it belongs to.
    project_id: Option<ID>,
    /// Which way.
    direction: RuleDirection,
    /// Which IP version.
    ethertype: EtherType,
    /// The protocol: `tcp`, `udp`, `icmp`, a number; null for all.
    protocol: Option<String>,
    /// The lowest port; the type for ICMP; null for all.
    port_range_min: Option<i32>,
    /// The highest port; the code for ICMP; null for all.
    port_range_max: Option<i32>,
    /// The range of the peers, as `10.0.0.0/24`; null when something else says who they are, or
    /// when all are let through.
    remote_ip_prefix: Option<String>,
    /// Neutron's id of the security group whose ports are the peers.
    remote_group_id: Option<ID>,
    /// Neutron's id of the group of addresses that are the peers.
    remote_address_group_id: Option<ID>,
    /// Free text.
    description: Option<String>,
    /// When it was made.
    created_at: Option<DateTime>,
    /// When it was last changed.
    updated_at: Option<DateTime>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl SecurityGroupRule {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The security group whose ports are the peers; null when something else says who they are,
    /// or when the credential may not see it.
    async fn remote_group(&self) -> Answered<SecurityGroup> {
        let id = self.remote_group_id.as_ref().map(|id| id.as_str());
        answered(by_maybe_id(&self.scope, id).await)
    }
}

impl SecurityGroupRule {
    fn new(scope: &Scope, row: &network::SecurityGroupRule) -> Self {
        Self {
            id: ID::from(&row.id),
            security_group_id: row.security_group_id.as_ref().map(ID::from),
            project_id: row.project_id.as_ref().map(ID::from),
            direction: RuleDirection::read(&row.direction),
            ethertype: EtherType::read(&row.ethertype),
            protocol: row.protocol.clone(),
            port_range_min: row.port_range_min,
            port_range_max: row.port_range_max,
            remote_ip_prefix: row.remote_ip_prefix.clone(),
            remote_group_id: row.remote_group_id.as_ref().map(ID::from),
            remote_address_group_id: row.remote_address_group_id.as_ref().map(ID::from),
            description: row.description.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            scope: scope.clone(),
        }
    }
}

impl Node for SecurityGroupRule {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

open_enum! {
    /// Which way a rule lets through.
    RuleDirection {
        /// To the port.
        Ingress = "ingress",
        /// From the port.
        Egress = "egress",
    }
}

open_enum! {
    /// Which IP version a rule is for.
    EtherType {
        /// IPv4.
        Ipv4 = "IPv4",
        /// IPv6.
        Ipv6 = "IPv6",
    }
}

/// Which security groups.
#[derive(InputObject, Default)]
pub struct SecurityGroupFilter {
    /// With one of these ids.
    ids: Option<Vec<ID>>,
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Of this project.
    project: Option<Ref>,
}

/// What security groups can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SecurityGroupOrderField {
    /// The name.
    Name,
    /// When they were made.
    CreatedAt,
}

impl Node for SecurityGroup {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

impl Noun for SecurityGroup {
    type Row = network::SecurityGroup;
    type Filter = SecurityGroupFilter;
    type Order = SecurityGroupOrderField;

    const KIND: &'static str = "Security group";
    const LIST: &'static str = "securityGroups";
    const COLLECTION: &'static Collection<network::SecurityGroup> = SECURITY_GROUPS;

    fn new(scope: &Scope, row: &Arc<network::SecurityGroup>) -> Self {
        Self {
            id: ID::from(&row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            project_id: row.project_id.as_ref().map(ID::from),
            is_stateful: row.stateful,
            is_shared: row.shared,
            tags: row.tags.clone(),
            created_at: DateTime::maybe(row.created_at.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            row: Arc::clone(row),
            scope: scope.clone(),
        }
    }

    fn name(row: &network::SecurityGroup) -> Option<&str> {
        row.name.as_deref()
    }

    fn project(row: &network::SecurityGroup) -> Option<&str> {
        row.project_id.as_deref()
    }

    async fn prepare(
        scope: &Scope,
        mut filter: SecurityGroupFilter,
    ) -> Result<SecurityGroupFilter> {
        resolve_project(scope, &mut filter.project).await?;
        Ok(filter)
    }

    fn keeps(filter: &SecurityGroupFilter, row: &network::SecurityGroup) -> bool {
        unset_or(filter.ids.as_ref(), |ids| among(ids, &row.id))
            && unset_or(filter.names.as_ref(), |names| {
                row.name.as_ref().is_some_and(|name| names.contains(name))
            })
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(row.name.as_deref(), part)
            })
            && unset_or(filter.project.as_ref(), |project| {
                is(project, row.project_id.as_deref())
            })
    }

    fn compare(
        order: SecurityGroupOrderField,
        one: &network::SecurityGroup,
        other: &network::SecurityGroup,
    ) -> Ordering {
        match order {
            SecurityGroupOrderField::Name => one.name.cmp(&other.name),
            SecurityGroupOrderField::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }

    fn push(filter: &SecurityGroupFilter) -> Pushed {
        FilterQuery::new()
            .any("id", filter.ids.as_ref())
            .any("name", filter.names.as_ref())
            .rest(filter.names.is_some())
            .rest(filter.name_contains.is_some())
            .of("project_id", filter.project.as_ref())
            .pushed()
    }

    fn push_name(name: &str) -> Vec<Parameter> {
        vec![("name".into(), name.to_owned())]
    }

    async fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<network::SecurityGroup>>> {
        by_repeated_id::<Self>(cloud, ids).await
    }
}

root_fields! {
    SecurityGroupQuery for SecurityGroup,
    /// One security group.
    one: security_group,
    /// The security groups that the credential can see.
    many: security_groups,
    filter: SecurityGroupFilter, order: SecurityGroupOrderField
}
