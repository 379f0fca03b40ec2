//! Subnets: `GET /subnets`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PAGE, body, list, text};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Service, Written};

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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AllocationPool {
    /// The first.
    pub start: String,
    /// The last.
    pub end: String,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Route {
    /// Where to, as a range.
    pub destination: String,
    /// By which address.
    pub nexthop: String,
}

/// A subnet to be made: `POST /subnets`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewSubnet {
    /// The network it is of.
    pub network_id: String,
    /// 4 or 6.
    pub ip_version: i32,
    /// Its range.
    pub cidr: String,
    /// The project it is for; the credential's own unless given.
    pub project_id: Option<String>,
    /// How guests get IPv6 addresses.
    pub ipv6_address_mode: Option<String>,
    /// Who announces the IPv6 router.
    pub ipv6_ra_mode: Option<String>,
    /// What can be changed later.
    #[serde(flatten)]
    pub rest: SubnetChange,
}

/// What of a subnet is to be changed: `PUT /subnets/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SubnetChange {
    /// The name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The gateway's address.
    pub gateway_ip: Option<String>,
    /// It has no gateway.
    #[serde(skip)]
    pub has_no_gateway: bool,
    /// Whether addresses are told by DHCP.
    pub enable_dhcp: Option<bool>,
    /// What addresses are given out of.
    pub allocation_pools: Option<Vec<AllocationPool>>,
    /// Name servers that guests are told.
    pub dns_nameservers: Option<Vec<String>>,
    /// Routes that guests are told.
    pub host_routes: Option<Vec<Route>>,
}

impl SubnetChange {
    /// The body, with a null for the gateway that is not to be: without one Neutron would take
    /// the first address of the range.
    fn within(&self, mut body: Value) -> Value {
        if self.has_no_gateway {
            body["subnet"]["gateway_ip"] = Value::Null;
        }
        body
    }
}

impl Cloud {
    /// Makes a subnet; answers with its id. `POST /subnets`.
    pub async fn create_subnet(&self, new: &NewSubnet) -> Result<(String, Written)> {
        let body = new.rest.within(body("subnet", new)?);
        self.create_of_network("/subnets", "subnet", body).await
    }

    /// Changes a subnet. `PUT /subnets/{id}`.
    pub async fn update_subnet(&self, id: &str, change: &SubnetChange) -> Result<Written> {
        let body = change.within(body("subnet", change)?);
        self.update_of_network("/subnets", id, body).await
    }

    /// Deletes a subnet. `DELETE /subnets/{id}`.
    pub async fn delete_subnet(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/subnets", id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_is_not_to_be_is_null() {
        let sent = |has_no_gateway, gateway: Option<&str>| {
            let change = SubnetChange {
                gateway_ip: gateway.map(str::to_owned),
                has_no_gateway,
                ..SubnetChange::default()
            };
            change.within(body("subnet", &change).unwrap())
        };
        let subnet = |fields: Value| serde_json::json!({ "subnet": fields });
        assert_eq!(sent(false, None), subnet(serde_json::json!({})));
        assert_eq!(
            sent(true, None),
            subnet(serde_json::json!({"gateway_ip": null}))
        );
        assert_eq!(
            sent(false, Some("10.0.0.1")),
            subnet(serde_json::json!({"gateway_ip": "10.0.0.1"}))
        );
    }
}
