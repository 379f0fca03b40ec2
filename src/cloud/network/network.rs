//! Networks: `GET /networks`, `GET /network-ip-availabilities`.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{PAGE, body, list, text};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Service, Written};

/// All networks; an administrator's list spans all projects by itself.
pub const NETWORKS: &Collection<Network> = &Collection {
    item: Some(("/networks", "network")),
    paging: Paging::Marker(PAGE),
    ..Collection::new(Service::Network, "/networks", "networks")
};

/// How full networks are; an extension, empty for anyone but administrators.
pub const IP_AVAILABILITIES: &Collection<IpAvailability> = &Collection {
    paging: Paging::Marker(PAGE),
    ..Collection::new(
        Service::Network,
        "/network-ip-availabilities",
        "network_ip_availabilities",
    )
};

/// A network as Neutron lists it.
#[derive(Debug, Deserialize)]
pub struct Network {
    /// Neutron's id.
    pub id: String,
    /// Chosen by users; not unique.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// `ACTIVE`, `DOWN`, …
    #[serde(default)]
    pub status: String,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// Whether every project may use it.
    pub shared: Option<bool>,
    /// Whether it leads out of the cloud.
    #[serde(rename = "router:external")]
    pub external: Option<bool>,
    /// Whether it is the external network that is taken when none is named.
    pub is_default: Option<bool>,
    /// Largest packet, in bytes.
    pub mtu: Option<i64>,
    /// The project it belongs to; empty for some that Neutron made.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    /// Ids of its subnets.
    #[serde(default, deserialize_with = "list")]
    pub subnets: Vec<String>,
    /// Where it is served.
    #[serde(default, deserialize_with = "list")]
    pub availability_zones: Vec<String>,
    /// Where it was wanted.
    #[serde(default, deserialize_with = "list")]
    pub availability_zone_hints: Vec<String>,
    /// `vlan`, `vxlan`, …; administrators only.
    #[serde(rename = "provider:network_type")]
    pub provider_network_type: Option<String>,
    /// The physical network; administrators only.
    #[serde(rename = "provider:physical_network")]
    pub provider_physical_network: Option<String>,
    /// VLAN or tunnel id; administrators only.
    #[serde(rename = "provider:segmentation_id")]
    pub provider_segmentation_id: Option<i64>,
    /// Whether new ports are filtered.
    pub port_security_enabled: Option<bool>,
    /// Whether VLAN tags of guests pass.
    pub vlan_transparent: Option<bool>,
    /// Domain of the ports' names.
    #[serde(default, deserialize_with = "text")]
    pub dns_domain: Option<String>,
    /// The policy on its bandwidth.
    #[serde(default, deserialize_with = "text")]
    pub qos_policy_id: Option<String>,
    /// What users tagged.
    #[serde(default, deserialize_with = "list")]
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Row for Network {
    fn id(&self) -> &str {
        &self.id
    }
}

/// How many addresses of a network are taken.
#[derive(Debug, Deserialize)]
pub struct IpAvailability {
    /// The network.
    pub network_id: String,
    /// Taken addresses.
    pub used_ips: Option<Number>,
    /// Addresses to give out; an IPv6 subnet has more than 64 bits can count.
    pub total_ips: Option<Number>,
    /// The same by subnet.
    #[serde(default, deserialize_with = "list")]
    pub subnet_ip_availability: Vec<SubnetIpAvailability>,
}

impl Row for IpAvailability {
    fn id(&self) -> &str {
        &self.network_id
    }
}

/// How many addresses of a subnet are taken.
#[derive(Clone, Debug, Deserialize)]
pub struct SubnetIpAvailability {
    /// The subnet.
    pub subnet_id: String,
    /// Taken addresses.
    pub used_ips: Option<Number>,
    /// Addresses to give out.
    pub total_ips: Option<Number>,
}

/// A network to be made: `POST /networks`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewNetwork {
    /// Where it is wanted.
    pub availability_zone_hints: Option<Vec<String>>,
    /// The project it is for; the credential's own unless given.
    pub project_id: Option<String>,
    /// `vlan`, `vxlan`, …; administrators only.
    #[serde(rename = "provider:network_type")]
    pub provider_network_type: Option<String>,
    /// The physical network; administrators only.
    #[serde(rename = "provider:physical_network")]
    pub provider_physical_network: Option<String>,
    /// VLAN or tunnel id; administrators only.
    #[serde(rename = "provider:segmentation_id")]
    pub provider_segmentation_id: Option<i64>,
    /// What can be changed later.
    #[serde(flatten)]
    pub rest: NetworkChange,
}

/// What of a network is to be changed: `PUT /networks/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NetworkChange {
    /// The name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// Whether every project may use it; administrators only.
    pub shared: Option<bool>,
    /// Whether it leads out of the cloud; administrators only.
    #[serde(rename = "router:external")]
    pub external: Option<bool>,
    /// Whether it is the external network that is taken when none is named.
    pub is_default: Option<bool>,
    /// Largest packet, in bytes.
    pub mtu: Option<i64>,
    /// Whether new ports are filtered.
    pub port_security_enabled: Option<bool>,
    /// Domain of the ports' names.
    pub dns_domain: Option<String>,
}

impl Cloud {
    /// Makes a network; answers with its id. `POST /networks`.
    pub async fn create_network(&self, new: &NewNetwork) -> Result<(String, Written)> {
        let body = body("network", new)?;
        self.create_of_network("/networks", "network", body).await
    }

    /// Changes a network. `PUT /networks/{id}`.
    pub async fn update_network(&self, id: &str, change: &NetworkChange) -> Result<Written> {
        let body = body("network", change)?;
        self.update_of_network("/networks", id, body).await
    }

    /// Deletes a network, and its subnets with it. `DELETE /networks/{id}`.
    pub async fn delete_network(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/networks", id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_sent() {
        let rest = NetworkChange {
            name: Some("n".to_owned()),
            description: Some(String::new()),
            external: Some(true),
            ..NetworkChange::default()
        };
        let new = NewNetwork {
            provider_segmentation_id: Some(7),
            rest,
            ..NewNetwork::default()
        };
        assert_eq!(
            body("network", &new).unwrap(),
            serde_json::json!({"network": {"name": "n", "description": "", "router:external": true,
                "provider:segmentation_id": 7}})
        );
    }
}
