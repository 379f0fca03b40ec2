//! What is done to security groups and their rules.

use async_graphql::{Context, ID, InputObject, Object};
use futures_util::join;

use super::{EtherType, RuleDirection, SecurityGroup, SecurityGroupRule};
use crate::cloud::network::{
    self, NewSecurityGroup, NewSecurityGroupRule, SECURITY_GROUPS, SecurityGroupChange,
};
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, DryRun, Outcome, UserError, carry_out, named, now, paid,
    payload, refer,
};
use crate::graph::network::affected::{self, gathered, unseen};
use crate::graph::network::port::PortsOfSecurityGroup;
use crate::graph::network::project_for;
use crate::graph::noun::{ById, Noun};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;
use crate::{Error, Result};

payload! {
    /// What became of a mutation of a security group.
    SecurityGroupPayload {
        /// The security group as it is now; null when it is not there any longer, or was never
        /// made.
        security_group: SecurityGroup,
    }
}

/// What became of a mutation of a security group's rule.
#[derive(async_graphql::SimpleObject)]
pub struct SecurityGroupRulePayload {
    /// The rule, as long as it is there.
    rule: Option<SecurityGroupRule>,
    /// The security group as it is now.
    security_group: Option<SecurityGroup>,
    /// Why it was not done, or did not come to a good end; empty when all is well.
    user_errors: Vec<UserError>,
    /// What would be done; only when that was asked.
    dry_run: Option<DryRun>,
}

/// A security group, and a rule of it.
struct Ruled {
    rule: Option<SecurityGroupRule>,
    group: Option<SecurityGroup>,
}

impl From<Outcome<Ruled>> for SecurityGroupRulePayload {
    fn from(outcome: Outcome<Ruled>) -> Self {
        let (rule, security_group) = match outcome.now {
            Some(Ruled { rule, group }) => (rule, group),
            None => (None, None),
        };
        Self {
            rule,
            security_group,
            user_errors: outcome.user_errors,
            dry_run: outcome.dry_run,
        }
    }
}

/// A security group to be made. It lets everything out, until its rules for that are removed, and
/// nothing in.
#[derive(InputObject)]
pub struct SecurityGroupCreateInput {
    /// The name.
    name: String,
    /// Free text.
    description: Option<String>,
    /// Whether answers to what was let through pass by themselves; they do unless given.
    is_stateful: Option<bool>,
    /// The project it is for; the credential's own unless given. Administrators only.
    project: Option<Ref>,
}

/// A rule to be added: something that is to be let through.
#[derive(InputObject)]
pub struct SecurityGroupRuleInput {
    /// Which way.
    #[graphql(default_with = "RuleDirection::Ingress")]
    direction: RuleDirection,
    /// Which IP version; that of the range of the peers, or else IPv4, unless given.
    ethertype: Option<EtherType>,
    /// The protocol: `tcp`, `udp`, `icmp`, a number; all unless given.
    protocol: Option<String>,
    /// The lowest port; the type for ICMP; all unless given.
    port_range_min: Option<i32>,
    /// The highest port, the lowest one unless given; the code for ICMP, all unless given.
    port_range_max: Option<i32>,
    /// The peers, as a range like `10.0.0.0/24`; all unless they are given so or otherwise.
    remote_ip_prefix: Option<String>,
    /// The peers, as the ports of this security group.
    remote_group: Option<Ref>,
    /// Free text.
    description: Option<String>,
}

/// What is done to security groups.
#[derive(Default)]
pub struct SecurityGroupMutation;

#[Object]
impl SecurityGroupMutation {
    /// Makes a security group. `POST /security-groups`.
    async fn security_group_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The security group to make.")] input: SecurityGroupCreateInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SecurityGroupPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let project_id = project_for(&scope, input.project.as_ref()).await?;
            let would = format!("make a security group `{}`", input.name);
            let new = NewSecurityGroup {
                project_id,
                rest: SecurityGroupChange {
                    name: Some(input.name),
                    description: input.description,
                    stateful: input.is_stateful,
                },
            };
            let sent = async move {
                let (id, _) = scope.cloud().create_security_group(&new).await?;
                Ok(Done::well(now::<SecurityGroup>(&scope, &id).await))
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Renames a security group, describes it anew, or makes it stateful or not, which Neutron
    /// refuses while ports use it. `PUT /security-groups/{id}`.
    async fn security_group_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The security group.")] security_group: Ref,
        #[graphql(desc = "The new name; the old one is kept unless given.")] name: Option<String>,
        #[graphql(desc = "The new free text; the old one is kept unless given.")]
        description: Option<String>,
        #[graphql(
            desc = "Whether answers to what was let through pass by themselves; as before unless \
                    given."
        )]
        is_stateful: Option<bool>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SecurityGroupPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let field = ["securityGroup"];
            let row = refer::<SecurityGroup>(&scope, &field, &security_group).await?;
            let change = SecurityGroupChange {
                name,
                description,
                stateful: is_stateful,
            };
            if change == SecurityGroupChange::default() {
                let message = "Give `name`, `description` or `isStateful`: what is to be changed";
                return Err(Blamed::input(&["name"], message));
            }
            let mut affects = Vec::new();
            if is_stateful.is_some() && is_stateful != row.stateful {
                let effect = "is filtered by it: Neutron refuses this as long as any is";
                affects = gathered(&scope, [("Port", ports(&scope, &row, effect).await)]);
            }
            let would = format!("change {}", subject(&row));
            let now_row = SecurityGroup::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                cloud.update_security_group(&row.id, &change).await?;
                Ok(Done::well(now::<SecurityGroup>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a security group; Neutron refuses that while ports use it. Rules of other groups
    /// that refer to it are deleted with it: a dry run lists them. `DELETE /security-groups/{id}`.
    async fn security_group_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The security group.")] security_group: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SecurityGroupPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let field = ["securityGroup"];
            let row = refer::<SecurityGroup>(&scope, &field, &security_group).await?;
            let effect = "is filtered by it: Neutron refuses to delete it";
            let (ports, rules, others) = join!(
                ports(&scope, &row, effect),
                referring(&scope, &row),
                unseen(
                    &scope,
                    "SecurityGroupRule",
                    row.project_id.as_deref(),
                    row.shared
                ),
            );
            let found = [
                ("Port", ports),
                ("SecurityGroupRule", rules),
                ("SecurityGroupRule", others),
            ];
            let affects = gathered(&scope, found);
            let count = row.security_group_rules.len();
            let would = format!("delete {} with its {count} rules", subject(&row));
            let now = SecurityGroup::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_security_group(&row.id).await?;
                Ok(Done::well(None))
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Lets a security group let something more through: to all ports that it is put on, at once.
    /// `POST /security-group-rules`.
    async fn security_group_add_rule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The security group.")] security_group: Ref,
        #[graphql(desc = "The rule to add.")] rule: SecurityGroupRuleInput,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SecurityGroupRulePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let field = ["securityGroup"];
            let row = refer::<SecurityGroup>(&scope, &field, &security_group).await?;
            let remote_group_id = match &rule.remote_group {
                Some(group) => {
                    let field = ["rule", "remoteGroup"];
                    let group = refer::<SecurityGroup>(&scope, &field, group).await?;
                    Some(group.id.clone())
                }
                None => None,
            };
            let new = rule.resolved(row.id.clone(), remote_group_id)?;
            let would = format!(
                "let {} let through {}",
                subject(&row),
                words(&Passing::of_new(&new))
            );
            let effect = "is filtered by it, and lets that through then";
            let affects = gathered(&scope, [("Port", ports(&scope, &row, effect).await)]);
            let now_row = Ruled {
                rule: None,
                group: Some(SecurityGroup::new(&scope, &row)),
            };
            let sent = async move {
                let cloud = scope.cloud();
                let (id, _) = cloud.create_security_group_rule(&new).await?;
                let group = now::<SecurityGroup>(&scope, &row.id).await;
                let rule = group.as_ref().and_then(|group| group.rule(&id));
                Ok(Done::well(Some(Ruled { rule, group })))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Takes a rule from its security group: what it let through does not pass any longer, unless
    /// another rule lets it. `DELETE /security-group-rules/{id}`.
    async fn security_group_remove_rule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The rule, by its id: see `securityGroup.rules`.")] rule: ID,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<SecurityGroupRulePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let found = scope.cloud().get_security_group_rule(&rule).await;
            let found = found.map_err(|error| Blamed::at(&["rule"], error))?;
            let Some(found) = found else {
                let error = Error::NotFound {
                    kind: "Security group rule",
                    reference: rule.to_string(),
                    list: "securityGroups",
                };
                return Err(Blamed::at(&["rule"], error));
            };
            let group = match &found.security_group_id {
                Some(id) => scope.load::<ById<SecurityGroup>>(id.clone()).await?,
                None => None,
            };
            let of = match &group {
                Some(group) => subject(group),
                None => "its security group".to_owned(),
            };
            let passing = words(&Passing::of_row(&found));
            let would = format!(
                "let {of} not let through {passing} any longer (rule {})",
                rule.as_str()
            );
            let affects = match &group {
                Some(group) => {
                    let effect = "is filtered by the group, and does not let that through then";
                    gathered(&scope, [("Port", ports(&scope, group, effect).await)])
                }
                None => vec![Affected::unknown(
                    "Port",
                    "cannot be told: the group is unseen",
                )],
            };
            let now_row = Ruled {
                rule: Some(SecurityGroupRule::new(&scope, &found)),
                group: group.as_ref().map(|row| SecurityGroup::new(&scope, row)),
            };
            let sent = async move {
                scope.cloud().delete_security_group_rule(&found.id).await?;
                let group = match &found.security_group_id {
                    Some(id) => now::<SecurityGroup>(&scope, id).await,
                    None => None,
                };
                Ok(Done::well(Some(Ruled { rule: None, group })))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn subject(row: &network::SecurityGroup) -> String {
    named("security group", row.name.as_deref(), &row.id)
}

impl SecurityGroup {
    /// Its rule with an id.
    fn rule(&self, id: &str) -> Option<SecurityGroupRule> {
        let mut rules = self.row.security_group_rules.iter();
        let found = rules.find(|rule| rule.id == id)?;
        Some(SecurityGroupRule::new(&self.scope, found))
    }
}

/// The ports that a group is put on.
async fn ports(scope: &Scope, row: &network::SecurityGroup, effect: &str) -> Result<Vec<Affected>> {
    let found = scope.load::<PortsOfSecurityGroup>(row.id.clone()).await?;
    let mut affected: Vec<Affected> = found
        .iter()
        .flatten()
        .map(|port| affected::port(port, format!("{}, {effect}", affected::plugged(port))))
        .collect();
    affected.extend(unseen(scope, "Port", row.project_id.as_deref(), row.shared).await?);
    Ok(affected)
}

/// The rules of other groups whose peers are the ports of a group.
async fn referring(scope: &Scope, row: &network::SecurityGroup) -> Result<Vec<Affected>> {
    let groups = scope.cloud().list(SECURITY_GROUPS, &[]).await?;
    let others = groups.iter().filter(|group| group.id != row.id);
    let rules = others.flat_map(|group| {
        let rules = group.security_group_rules.iter();
        let referring =
            rules.filter(|rule| rule.remote_group_id.as_deref() == Some(row.id.as_str()));
        referring.map(|rule| {
            let effect = format!("of {} refers to it, and is deleted with it", subject(group));
            Affected::new("SecurityGroupRule", &rule.id, None, effect)
        })
    });
    Ok(rules.collect())
}

impl SecurityGroupRuleInput {
    /// The rule as Neutron wants it.
    fn resolved(
        self,
        security_group_id: String,
        remote_group_id: Option<String>,
    ) -> Result<NewSecurityGroupRule, Blamed> {
        let unknown = |field: &'static str| {
            Blamed::input(&["rule", field], "`UNKNOWN` is nothing that could be set")
        };
        let is_v6 = self
            .remote_ip_prefix
            .iter()
            .any(|range| range.contains(':'));
        let derived = if is_v6 {
            EtherType::Ipv6
        } else {
            EtherType::Ipv4
        };
        let ethertype = self.ethertype.unwrap_or(derived);
        if self.remote_ip_prefix.is_some() && remote_group_id.is_some() {
            let message = "Give `remoteIpPrefix` or `remoteGroup`, not both";
            return Err(Blamed::input(&["rule", "remoteGroup"], message));
        }
        // Of ICMP these are the type and the code.
        let is_icmp = match self.protocol.as_deref().map(str::to_lowercase).as_deref() {
            Some("1" | "58") => true,
            Some(name) => name.contains("icmp"),
            None => false,
        };
        let highest = self.port_range_max;
        Ok(NewSecurityGroupRule {
            security_group_id,
            direction: self.direction.wire().ok_or_else(|| unknown("direction"))?,
            ethertype: ethertype.wire().ok_or_else(|| unknown("ethertype"))?,
            protocol: self.protocol,
            port_range_min: self.port_range_min,
            port_range_max: if is_icmp {
                highest
            } else {
                highest.or(self.port_range_min)
            },
            remote_ip_prefix: self.remote_ip_prefix,
            remote_group_id,
            description: self.description,
        })
    }
}

/// What a rule lets through.
struct Passing<'a> {
    direction: &'a str,
    ethertype: &'a str,
    protocol: Option<&'a str>,
    ports: (Option<i32>, Option<i32>),
    peers: Option<&'a str>,
}

impl<'a> Passing<'a> {
    fn of_new(rule: &'a NewSecurityGroupRule) -> Self {
        let peers = rule.remote_ip_prefix.as_deref();
        Self {
            direction: rule.direction,
            ethertype: rule.ethertype,
            protocol: rule.protocol.as_deref(),
            ports: (rule.port_range_min, rule.port_range_max),
            peers: peers.or(rule.remote_group_id.as_deref()),
        }
    }

    fn of_row(rule: &'a network::SecurityGroupRule) -> Self {
        let peers = rule.remote_ip_prefix.as_deref();
        let peers = peers.or(rule.remote_group_id.as_deref());
        Self {
            direction: &rule.direction,
            ethertype: &rule.ethertype,
            protocol: rule.protocol.as_deref(),
            ports: (rule.port_range_min, rule.port_range_max),
            peers: peers.or(rule.remote_address_group_id.as_deref()),
        }
    }
}

/// What a rule lets through, in words.
fn words(passing: &Passing<'_>) -> String {
    let protocol = passing.protocol.unwrap_or("any protocol");
    let ports = match passing.ports {
        (None, None) => String::new(),
        (Some(one), Some(other)) if one == other => format!(" {one}"),
        (Some(one), Some(other)) => format!(" {one}-{other}"),
        (Some(one), None) | (None, Some(one)) => format!(" {one}"),
    };
    let way = if passing.direction == "egress" {
        "out to"
    } else {
        "in from"
    };
    let peers = passing.peers.unwrap_or("anywhere");
    format!("{protocol}{ports} ({}) {way} {peers}", passing.ethertype)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(
        protocol: Option<&str>,
        min: Option<i32>,
        prefix: Option<&str>,
    ) -> NewSecurityGroupRule {
        let input = SecurityGroupRuleInput {
            direction: RuleDirection::Ingress,
            ethertype: None,
            protocol: protocol.map(str::to_owned),
            port_range_min: min,
            port_range_max: None,
            remote_ip_prefix: prefix.map(str::to_owned),
            remote_group: None,
            description: None,
        };
        input.resolved("g".to_owned(), None).unwrap()
    }

    #[test]
    fn one_port_is_a_range_and_an_icmp_type_is_not() {
        assert_eq!(rule(Some("tcp"), Some(22), None).port_range_max, Some(22));
        assert_eq!(rule(Some("icmp"), Some(8), None).port_range_max, None);
        assert_eq!(rule(Some("ipv6-icmp"), Some(8), None).port_range_max, None);
        assert_eq!(rule(Some("1"), Some(8), None).port_range_max, None);
    }

    #[test]
    fn the_range_of_the_peers_tells_the_version() {
        assert_eq!(rule(None, None, None).ethertype, "IPv4");
        assert_eq!(rule(None, None, Some("10.0.0.0/8")).ethertype, "IPv4");
        assert_eq!(rule(None, None, Some("fd00::/8")).ethertype, "IPv6");
    }

    #[test]
    fn a_rule_in_words() {
        let rule = rule(Some("tcp"), Some(22), Some("10.0.0.0/8"));
        assert_eq!(
            words(&Passing::of_new(&rule)),
            "tcp 22 (IPv4) in from 10.0.0.0/8"
        );
    }
}
