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

use serde::{Deserialize, Deserializer};

pub use agent::{AGENTS, Agent};
pub use floating_ip::{FLOATING_IPS, FloatingIp, NewFloatingIp, PortDetails, PortForwarding};
pub use network::{IP_AVAILABILITIES, IpAvailability, NETWORKS, Network, SubnetIpAvailability};
pub use port::{AddressPair, FixedIp, PORTS, Port};
pub use quota::{Limit, NetworkQuota};
pub use router::{ExternalGateway, ROUTERS, Router};
pub use security_group::{SECURITY_GROUPS, SecurityGroup, SecurityGroupRule};
pub use subnet::{AllocationPool, Route, SUBNETS, Subnet};

/// Rows of a page. Without a `limit` Neutron would send everything at once.
const PAGE: u32 = 2000;

/// A text; an empty one is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// A list; null is an empty one.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
