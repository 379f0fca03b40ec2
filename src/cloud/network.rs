//! Neutron: networks, subnets, ports, routers, floating IPs, security groups, agents, quotas.
//!
//! Neutron leaves out the fields that a caller may not see, so that most are optional here, and
//! writes an empty string for many a thing that is not there.

mod agent;
mod floating_ip;
#[expect(
    clippy::module_inception,
    reason = "the noun has the name of its service"
)]
mod network;
mod port;
mod quota;
mod router;
mod security_group;
mod subnet;

use http::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::collection::escape;
use super::request::Call;
use super::{Cloud, Service, Written};
use crate::{Error, Result};

pub use agent::{AGENTS, Agent};
pub use floating_ip::{FLOATING_IPS, FloatingIp, NewFloatingIp, PortDetails, PortForwarding};
pub use network::{
    IP_AVAILABILITIES, IpAvailability, NETWORKS, Network, NetworkChange, NewNetwork,
    SubnetIpAvailability,
};
pub use port::{AddressPair, FixedIp, NewPort, PORTS, Port, PortChange};
pub use quota::{Limit, NetworkQuota};
pub use router::{
    ExternalGateway, Gateway, NewRouter, ROUTERS, Router, RouterChange, RouterInterface,
};
pub use security_group::{
    NewSecurityGroup, NewSecurityGroupRule, SECURITY_GROUPS, SecurityGroup, SecurityGroupChange,
    SecurityGroupRule,
};
pub use subnet::{AllocationPool, NewSubnet, Route, SUBNETS, Subnet, SubnetChange};

/// Rows of a page. Without a `limit` Neutron would send everything at once.
const PAGE: u32 = 2000;

/// A text; an empty one is none.
fn text<'de, D: Deserializer<'de>, T: Deserialize<'de> + AsRef<str>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<T>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.as_ref().is_empty()))
}

/// A list; null is an empty one.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A body of those fields that are set. What is to be emptied is an empty text or list, but where
/// Neutron wants a null: that is put in by who knows.
fn body(key: &str, fields: &impl Serialize) -> Result<Value> {
    let fields = serde_json::to_value(fields);
    let mut fields = fields.map_err(|error| Error::Internal(format!("no body: {error}")))?;
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(json!({ key: fields }))
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

impl Cloud {
    /// Makes something; answers with its id.
    async fn create_of_network(
        &self,
        path: &'static str,
        key: &'static str,
        body: Value,
    ) -> Result<(String, Written)> {
        let call = Call::change(Service::Network, Method::POST, path, Some(body));
        let written = self.write(call).await?;
        let created: Created = written.read(key)?;
        Ok((created.id, written))
    }

    async fn update_of_network(&self, path: &str, id: &str, body: Value) -> Result<Written> {
        let path = format!("{path}/{}", escape(id));
        let call = Call::change(Service::Network, Method::PUT, path, Some(body));
        self.write(call).await
    }

    async fn delete_of_network(&self, path: &str, id: &str) -> Result<Written> {
        let path = format!("{path}/{}", escape(id));
        let call = Call::change(Service::Network, Method::DELETE, path, None);
        self.write(call).await
    }
}
