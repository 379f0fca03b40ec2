//! What is done to floating IPs.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use futures_util::join;

use super::{FloatingIp, FloatingIpsOfPort};
use crate::cloud::Written;
use crate::cloud::network::{self, NETWORKS, NewFloatingIp};
use crate::graph::compute::server::Server;
use crate::graph::compute::server::mutation::connections::port_for;
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, carry_out, named, now, paid, payload, refer,
};
use crate::graph::network::affected::{self, gathered};
use crate::graph::network::network::Network;
use crate::graph::network::port::Port;
use crate::graph::network::project_for;
use crate::graph::noun::{ById, Noun};
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;
use crate::{Error, Result};

payload! {
    /// What became of a mutation of a floating IP.
    FloatingIpPayload {
        /// The floating IP as it is now; null when it is not there any longer, or was never made.
        /// What serves it may take seconds to follow: see its `status`.
        floating_ip: FloatingIp,
    }
}

/// A floating IP to be made.
#[derive(InputObject, Default)]
pub struct FloatingIpCreateInput {
    /// The external network that it is to be of. Unless given, the only one there is, or the one
    /// that is the default of several.
    network: Option<Ref>,
    /// The address; any that is free unless given. Administrators only, in most clouds.
    floating_ip_address: Option<String>,
    /// The server that it leads to at once.
    server: Option<Ref>,
    /// The port that it leads to at once, instead of a server.
    port: Option<Ref>,
    /// The address of the server or the port that it leads to. Unless given, the first IPv4 one
    /// of a server, and the only one of a port.
    fixed_ip_address: Option<String>,
    /// Free text.
    description: Option<String>,
    /// The project it is for; the credential's own unless given. Administrators only.
    project: Option<Ref>,
}

/// What is done to floating IPs.
#[derive(Default)]
pub struct FloatingIpMutation;

#[Object]
impl FloatingIpMutation {
    /// Takes a floating IP from an external network, and may let it lead to a server or a port at
    /// once. `POST /floatingips`.
    async fn floating_ip_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The floating IP to make; any of the external network unless given.")]
        input: Option<FloatingIpCreateInput>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<FloatingIpPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let input = input.unwrap_or_default();
            let network = external(&scope, input.network.as_ref()).await?;
            let fixed = input.fixed_ip_address.as_deref();
            let aim = Aim::maybe(&scope, input.server.as_ref(), input.port.as_ref(), fixed);
            let aim = aim.await.map_err(|blamed| blamed.within("input"))?;
            let project_id = project_for(&scope, input.project.as_ref()).await?;
            let mut would = format!(
                "take {} from {}",
                match &input.floating_ip_address {
                    Some(address) => format!("the floating IP {address}"),
                    None => "a floating IP".to_owned(),
                },
                named("network", network.name.as_deref(), &network.id),
            );
            let mut affects = Vec::new();
            if let Some(aim) = &aim {
                would = format!("{would}, and let it lead to {}", aim.words);
                affects = gathered(&scope, [("FloatingIp", aim.taken(&scope, None).await)]);
            }
            let (port_id, fixed_address) = aim.map(|aim| (aim.port_id, aim.fixed)).unzip();
            let new = NewFloatingIp {
                network_id: network.id.clone(),
                address: input.floating_ip_address,
                port_id,
                fixed_address: fixed_address.flatten(),
                description: input.description,
                project_id,
            };
            let sent = async move {
                let (id, _) = scope.cloud().create_floating_ip(&new).await?;
                Ok(Done::well(now::<FloatingIp>(&scope, &id).await))
            };
            Ok(Deed::new(would, None, sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Gives a floating IP back; what it led to cannot be reached by it any longer, and the
    /// address may be given to anybody. `DELETE /floatingips/{id}`.
    async fn floating_ip_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The floating IP, by id or address.")] floating_ip: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<FloatingIpPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<FloatingIp>(&scope, &["floatingIp"], &floating_ip).await?;
            let affects = led_to(&scope, &row, "cannot be reached by it any longer").await;
            let would = format!("give back {}", subject(&row));
            let now = FloatingIp::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_floating_ip(&row.id).await?;
                Ok(Done::well(None))
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Lets a floating IP lead to a server or a port. Wherever it led before, it does not any
    /// longer: a dry run says where that is, and when somebody else changes that meanwhile,
    /// nothing is done and a user error `CONFLICT` says so. `PUT /floatingips/{id}`.
    async fn floating_ip_associate(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The floating IP, by id or address.")] floating_ip: Ref,
        #[graphql(desc = "The server it is to lead to.")] server: Option<Ref>,
        #[graphql(desc = "The port it is to lead to, instead of a server.")] port: Option<Ref>,
        #[graphql(
            desc = "The address of the server or the port; the first IPv4 one of a server, and the \
                    only one of a port, unless given."
        )]
        fixed_ip_address: Option<String>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<FloatingIpPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<FloatingIp>(&scope, &["floatingIp"], &floating_ip).await?;
            let fixed = fixed_ip_address.as_deref();
            let aim = Aim::maybe(&scope, server.as_ref(), port.as_ref(), fixed).await?;
            let Some(aim) = aim else {
                let message = "Give `server` or `port`: where it is to lead";
                return Err(Blamed::input(&["server"], message));
            };
            let would = format!("let {} lead to {}", subject(&row), aim.words);
            let taken = aim.taken(&scope, Some(&row)).await;
            let mut affects = gathered(&scope, [("FloatingIp", taken)]);
            if row.port_id.as_deref() == Some(&*aim.port_id) {
                affects.push(affected::floating_ip(&row, "leads to that port already"));
            } else {
                let effect = "is what the floating IP leads to now, and will not any longer";
                affects.extend(led_to(&scope, &row, effect).await);
            }
            let now_row = FloatingIp::new(&scope, &row);
            let sent = async move {
                let to = (aim.port_id.as_str(), aim.fixed.as_deref());
                let led = scope.cloud().associate_floating_ip(&row, Some(to)).await;
                after(&scope, &row.id, led).await
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Lets a floating IP lead nowhere. It is kept, and paid for. `PUT /floatingips/{id}`.
    async fn floating_ip_disassociate(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The floating IP, by id or address.")] floating_ip: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<FloatingIpPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<FloatingIp>(&scope, &["floatingIp"], &floating_ip).await?;
            if row.port_id.is_none() {
                let message = "The floating IP does not lead to a port";
                return Err(Blamed::input(&["floatingIp"], message));
            }
            let affects = led_to(&scope, &row, "cannot be reached by it any longer").await;
            let would = format!("let {} lead nowhere", subject(&row));
            let now_row = FloatingIp::new(&scope, &row);
            let sent = async move {
                let led = scope.cloud().associate_floating_ip(&row, None).await;
                after(&scope, &row.id, led).await
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn subject(row: &network::FloatingIp) -> String {
    named("floating IP", row.floating_ip_address.as_deref(), &row.id)
}

/// How a floating IP is after it was to lead elsewhere: also when it was not done since somebody
/// else changed it, so that the caller sees to what.
async fn after(scope: &Scope, id: &str, led: Result<Written>) -> Result<Done<FloatingIp>> {
    let refused = match led {
        Ok(_) => None,
        Err(error) if error.code() == "CONFLICT" => Some(error),
        Err(error) => return Err(error),
    };
    Ok(Done {
        now: now::<FloatingIp>(scope, id).await,
        unmet: refused.into_iter().collect(),
    })
}

/// The external network that is meant.
async fn external(scope: &Scope, reference: Option<&Ref>) -> Result<Arc<network::Network>, Blamed> {
    let field = ["input", "network"];
    if let Some(reference) = reference {
        return refer::<Network>(scope, &field, reference).await;
    }
    let filter = [("router:external".into(), "True".to_owned())];
    let found = scope.cloud().list(NETWORKS, &filter).await?;
    only_external(&found).map_err(|error| Blamed::at(&field, error))
}

/// The only external network there is, or the default one.
fn only_external(found: &[Arc<network::Network>]) -> Result<Arc<network::Network>> {
    let external = || {
        found
            .iter()
            .filter(|network| network.external == Some(true))
    };
    let default = external().find(|network| network.is_default == Some(true));
    let mut all = external();
    match (default, all.next(), all.next()) {
        (Some(network), ..) | (None, Some(network), None) => Ok(Arc::clone(network)),
        (None, None, _) => Err(Error::BadInput(
            "There is no external network that this credential can see".to_owned(),
        )),
        (None, Some(_), Some(_)) => {
            let named = external().map(|row| named("network", row.name.as_deref(), &row.id));
            let named: Vec<String> = named.collect();
            Err(Error::BadInput(format!(
                "There are several external networks; name one: {}",
                named.join(", ")
            )))
        }
    }
}

/// Where a floating IP is to lead.
struct Aim {
    port_id: String,
    fixed: Option<String>,
    words: String,
}

impl Aim {
    /// Where it is to lead, if anywhere: to a server or to a port, not both.
    async fn maybe(
        scope: &Scope,
        server: Option<&Ref>,
        port: Option<&Ref>,
        fixed: Option<&str>,
    ) -> Result<Option<Self>, Blamed> {
        match (server, port) {
            (None, None) if fixed.is_some() => {
                let message = "Give `server` or `port`: whose address it is";
                Err(Blamed::input(&["fixedIpAddress"], message))
            }
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                let message = "Give `server` or `port`, one of them";
                Err(Blamed::input(&["server"], message))
            }
            (Some(server), None) => {
                let row = refer::<Server>(scope, &["server"], server).await?;
                let (port_id, fixed) = port_for(scope, &row, fixed).await?;
                let server = named("server", row.name.as_deref(), &row.id);
                Ok(Some(Self {
                    words: format!("{server} at {fixed}"),
                    port_id,
                    fixed: Some(fixed),
                }))
            }
            (None, Some(port)) => {
                let row = refer::<Port>(scope, &["port"], port).await?;
                let port = named("port", row.name.as_deref(), &row.id);
                Ok(Some(Self {
                    words: match fixed {
                        Some(fixed) => format!("{port} at {fixed}"),
                        None => port,
                    },
                    port_id: row.id.to_string(),
                    fixed: fixed.map(str::to_owned),
                }))
            }
        }
    }

    /// The other floating IPs that lead to the same port: Neutron lets one lead to an address.
    async fn taken(
        &self,
        scope: &Scope,
        except: Option<&network::FloatingIp>,
    ) -> Result<Vec<Affected>> {
        let found = scope
            .load::<FloatingIpsOfPort>(self.port_id.clone())
            .await?;
        let found = found.unwrap_or_default();
        let others = found
            .iter()
            .filter(|found| except.is_none_or(|row| row.id != found.id));
        let affected = others.map(|found| {
            let fixed = found.fixed_ip_address.as_deref().unwrap_or("an address");
            let effect = if self.fixed.is_none()
                || found.fixed_ip_address.as_deref() == self.fixed.as_deref()
            {
                format!("leads to {fixed} of that port already: Neutron refuses a second one")
            } else {
                format!("leads to {fixed} of that port, and goes on to")
            };
            affected::floating_ip(found, effect)
        });
        Ok(affected.collect())
    }
}

/// What a floating IP leads to: its port, the server behind it, and forwarded ports.
async fn led_to(scope: &Scope, row: &network::FloatingIp, effect: &str) -> Vec<Affected> {
    let port = async {
        let Some(id) = &row.port_id else {
            return Ok(Vec::new());
        };
        let port = scope.load::<ById<Port>>(id.to_string()).await?;
        let name = port.as_ref().and_then(|port| port.name.as_deref());
        Ok(vec![Affected::new("Port", id, name, effect)])
    };
    let server = async {
        let id = match (row.server_id(), &row.port_id) {
            (Some(id), _) => Some(id.to_owned()),
            (None, Some(port)) => {
                let port = scope.load::<ById<Port>>(port.to_string()).await?;
                port.and_then(|port| port.server_id().map(str::to_owned))
            }
            (None, None) => None,
        };
        let Some(id) = id else {
            return Ok(Vec::new());
        };
        let server = scope.load::<ById<Server>>(id.clone()).await?;
        let name = server.as_ref().and_then(|server| server.name.as_deref());
        Ok(vec![Affected::new("Server", &id, name, effect)])
    };
    let (port, server) = join!(port, server);
    let forwarded = row.port_forwardings.iter().map(|forwarding| {
        let inside = forwarding.internal_ip_address.as_deref();
        let effect = format!("is forwarded by it: {effect}");
        match &forwarding.internal_port_id {
            Some(id) => Affected::new("Port", id, inside, effect),
            None => Affected::unknown("Port", effect),
        }
    });
    let forwarded = Ok(forwarded.collect());
    gathered(
        scope,
        [("Port", port), ("Server", server), ("Port", forwarded)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(id: &str, is_default: bool) -> Arc<network::Network> {
        let body = serde_json::json!({"id": id, "name": id, "router:external": true,
            "is_default": is_default});
        Arc::new(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn the_only_external_network_is_taken_or_the_default_one() {
        let id = |found: &[_]| only_external(found).map(|network| network.id.clone());
        assert_eq!(id(&[network("a", false)]).unwrap(), "a");
        assert_eq!(id(&[network("a", false), network("b", true)]).unwrap(), "b");
        assert!(id(&[]).is_err());
        let several = id(&[network("a", false), network("b", false)]).unwrap_err();
        assert!(several.to_string().contains("`a` (a), network `b` (b)"));
    }
}
