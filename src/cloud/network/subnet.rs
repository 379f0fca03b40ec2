//! Subnets: `GET /subnets`.

use serde::Deserialize;

use super::{PAGE, list, text};
use crate::cloud::Service;
use crate::cloud::collection::{Collection, Paging, Row};

/// All subnets.
pub const SUBNETS: &Collection<Subnet> = &Collection {
    item: Some(("/subnets", "subnet")),
    paging: Paging::Marker(PAGE),
    ..Collection::new(Service::Network, "/subnets", "subnets")
};

/// A subnet as Neutron lists it.
#[derive(Debug, Deserialize)]
pub struct Subnet {
    /// Neutron's id.
    pub id: String,
    /// Chosen by users; not unique.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// The network it is of.
    #[serde(default, deserialize_with = "text")]
    pub network_id: Option<String>,
    /// The project it belongs to.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    /// 4 or 6.
    pub ip_version: Option<i32>,
    /// Its range.
    #[serde(default, deserialize_with = "text")]
    pub cidr: Option<String>,
    /// The gateway's address.
    #[serde(default, deserialize_with = "text")]
    pub gateway_ip: Option<String>,
    /// Whether addresses are told by DHCP.
    pub enable_dhcp: Option<bool>,
    /// What addresses are given out of.
    #[serde(default, deserialize_with = "list")]
    pub allocation_pools: Vec<AllocationPool>,
    /// Name servers that guests are told.
    #[serde(default, deserialize_with = "list")]
    pub dns_nameservers: Vec<String>,
    /// Routes that guests are told.
    #[serde(default, deserialize_with = "list")]
    pub host_routes: Vec<Route>,
    /// How guests get IPv6 addresses.
    #[serde(default, deserialize_with = "text")]
    pub ipv6_address_mode: Option<String>,
    /// Who announces the IPv6 router.
    #[serde(default, deserialize_with = "text")]
    pub ipv6_ra_mode: Option<String>,
    /// The pool its range was cut from.
    #[serde(default, deserialize_with = "text")]
    pub subnetpool_id: Option<String>,
    /// The segment it is bound to.
    #[serde(default, deserialize_with = "text")]
    pub segment_id: Option<String>,
    /// Device owners that may use it; empty for all.
    #[serde(default, deserialize_with = "list")]
    pub service_types: Vec<String>,
    /// What users tagged.
    #[serde(default, deserialize_with = "list")]
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Row for Subnet {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A range of addresses.
#[derive(Debug, Deserialize)]
pub struct AllocationPool {
    /// The first.
    pub start: String,
    /// The last.
    pub end: String,
}

/// A route.
#[derive(Debug, Deserialize)]
pub struct Route {
    /// Where to, as a range.
    pub destination: String,
    /// By which address.
    pub nexthop: String,
}
