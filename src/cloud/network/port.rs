//! Ports: `GET /ports`.

use serde::{Deserialize, Serialize};

use super::{PAGE, body, list, text};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::columns::Columns;
use crate::cloud::{Cloud, Parameter, Service, Text, Written};

/// All ports.
///
/// Neutron looks up the binding of each port by itself, which takes it as long as all the rest.
pub const PORTS: &Collection<Port> = &Collection {
    item: Some(("/ports", "port")),
    paging: Paging::Marker(PAGE),
    columns: Columns {
        always: &[
            "id",
            "name",
            "description",
            "status",
            "admin_state_up",
            "mac_address",
            "network_id",
            "project_id",
            "device_id",
            "device_owner",
            "fixed_ips",
            "security_groups",
            "allowed_address_pairs",
            "port_security_enabled",
            "dns_name",
            "qos_policy_id",
            "tags",
            "created_at",
            "updated_at",
        ],
        dear: &[(
            "binding",
            &["binding:host_id", "binding:vnic_type", "binding:vif_type"],
        )],
    },
    ..Collection::new(Service::Network, "/ports", "ports")
};

/// All ports with no more than their ids: a third of the time, a twentieth of the bytes.
const PORT_IDS: &Collection<PortId> = &Collection {
    paging: Paging::Marker(PAGE),
    ..Collection::new(Service::Network, "/ports", "ports")
};

/// A port in the light list.
#[derive(Debug, Deserialize)]
struct PortId {
    id: String,
}

impl Row for PortId {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A port as Neutron lists it. Binding profiles and details are never read.
#[derive(Debug, Deserialize)]
pub struct Port {
    /// Neutron's id.
    pub id: Text,
    /// Chosen by users; most have none.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<Text>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<Text>,
    /// `ACTIVE`, `DOWN`, `BUILD`, …
    #[serde(default)]
    pub status: Text,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// Its MAC address.
    #[serde(default, deserialize_with = "text")]
    pub mac_address: Option<Text>,
    /// The network it is on.
    #[serde(default, deserialize_with = "text")]
    pub network_id: Option<Text>,
    /// The project it belongs to; empty for some that Neutron made.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<Text>,
    /// What it is plugged into; of any service.
    #[serde(default, deserialize_with = "text")]
    pub device_id: Option<Text>,
    /// Of what kind that is: `compute:nova`, `network:router_interface`, …
    #[serde(default, deserialize_with = "text")]
    pub device_owner: Option<Text>,
    /// Its addresses.
    #[serde(default, deserialize_with = "list")]
    pub fixed_ips: Vec<FixedIp>,
    /// Ids of the security groups that filter it.
    #[serde(default, deserialize_with = "list")]
    pub security_groups: Vec<String>,
    /// Further addresses it may send from.
    #[serde(default, deserialize_with = "list")]
    pub allowed_address_pairs: Vec<AddressPair>,
    /// The host it is bound to; administrators only.
    #[serde(rename = "binding:host_id", default, deserialize_with = "text")]
    pub binding_host_id: Option<Text>,
    /// `normal`, `direct`, …
    #[serde(rename = "binding:vnic_type", default, deserialize_with = "text")]
    pub binding_vnic_type: Option<Text>,
    /// `ovs`, `binding_failed`, …; administrators only.
    #[serde(rename = "binding:vif_type", default, deserialize_with = "text")]
    pub binding_vif_type: Option<Text>,
    /// Whether it is filtered.
    pub port_security_enabled: Option<bool>,
    /// Its name in DNS.
    #[serde(default, deserialize_with = "text")]
    pub dns_name: Option<Text>,
    /// The policy on its bandwidth.
    #[serde(default, deserialize_with = "text")]
    pub qos_policy_id: Option<Text>,
    /// What users tagged.
    #[serde(default, deserialize_with = "list")]
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Option<Text>,
    /// When it was last changed.
    pub updated_at: Option<Text>,
}

impl Row for Port {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Port {
    /// The server it is plugged into, virtual or bare metal.
    #[must_use]
    pub fn server_id(&self) -> Option<&str> {
        server_id(self.device_owner.as_deref(), self.device_id.as_deref())
    }

    /// The router it is plugged into.
    #[must_use]
    pub fn router_id(&self) -> Option<&str> {
        let owner = self.device_owner.as_deref()?;
        let is_router =
            owner.starts_with("network:router_") || owner.starts_with("network:ha_router_");
        self.device_id.as_deref().filter(|_| is_router)
    }
}

/// The device, if its owner says that it is a server of Nova's.
pub(super) fn server_id<'a>(owner: Option<&str>, device: Option<&'a str>) -> Option<&'a str> {
    let owner = owner?;
    let is_server = owner.starts_with("compute:") || owner.starts_with("baremetal:");
    device.filter(|_| is_server)
}

/// An address of a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FixedIp {
    /// The subnet it is of.
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    pub subnet_id: Option<Text>,
    /// The address.
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    pub ip_address: Option<Text>,
}

/// An address that a port may send from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AddressPair {
    /// The address, or a range.
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    pub ip_address: Option<Text>,
    /// The MAC address.
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    pub mac_address: Option<Text>,
}

/// A port to be made: `POST /ports`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewPort {
    /// The network it is on.
    pub network_id: String,
    /// Its MAC address; any unless given.
    pub mac_address: Option<String>,
    /// `normal`, `direct`, …
    #[serde(rename = "binding:vnic_type")]
    pub vnic_type: Option<String>,
    /// The project it is for; the credential's own unless given.
    pub project_id: Option<String>,
    /// What can be changed later.
    #[serde(flatten)]
    pub rest: PortChange,
}

/// What of a port is to be changed: `PUT /ports/{id}`. A list replaces the one there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortChange {
    /// The name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// Its addresses.
    pub fixed_ips: Option<Vec<FixedIp>>,
    /// Ids of the security groups that filter it.
    pub security_groups: Option<Vec<String>>,
    /// Further addresses it may send from.
    pub allowed_address_pairs: Option<Vec<AddressPair>>,
    /// Whether it is filtered.
    pub port_security_enabled: Option<bool>,
}

impl Cloud {
    /// Makes a port; answers with its id. `POST /ports`.
    pub async fn create_port(&self, new: &NewPort) -> Result<(String, Written)> {
        let body = body("port", new)?;
        self.create_of_network("/ports", "port", body).await
    }

    /// Changes a port. `PUT /ports/{id}`.
    pub async fn update_port(&self, id: &str, change: &PortChange) -> Result<Written> {
        let body = body("port", change)?;
        self.update_of_network("/ports", id, body).await
    }

    /// Deletes a port. `DELETE /ports/{id}`.
    pub async fn delete_port(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/ports", id).await
    }

    /// The ids of all ports the filter lets through, in the order of the list.
    pub async fn list_port_ids(&self, filter: &[Parameter]) -> Result<Vec<String>> {
        // Not in `always`: what is kept of a list is told apart by its path and filter.
        let mut filter = filter.to_vec();
        filter.push(("fields".into(), "id".to_owned()));
        let ports = self.list(PORT_IDS, &filter).await?;
        Ok(ports.iter().map(|port| port.id.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(owner: &str) -> Port {
        let body = serde_json::json!({"id": "p", "device_id": "d", "device_owner": owner});
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn the_owner_says_what_the_device_is() {
        for owner in ["compute:nova", "compute:", "baremetal:none"] {
            assert_eq!(port(owner).server_id(), Some("d"), "{owner}");
            assert_eq!(port(owner).router_id(), None, "{owner}");
        }
        for owner in [
            "network:router_interface",
            "network:router_interface_distributed",
            "network:ha_router_replicated_interface",
            "network:router_gateway",
        ] {
            assert_eq!(port(owner).server_id(), None, "{owner}");
            assert_eq!(port(owner).router_id(), Some("d"), "{owner}");
        }
        for owner in ["", "network:dhcp", "network:floatingip", "Octavia"] {
            assert_eq!(port(owner).server_id(), None, "{owner}");
            assert_eq!(port(owner).router_id(), None, "{owner}");
        }
    }

    #[test]
    fn a_port_with_hidden_and_null_fields_is_read() {
        let body = r#"{"id": "p", "name": "", "status": "DOWN", "fixed_ips": null, "tags": [],
            "device_id": "", "binding:vnic_type": "normal"}"#;
        let port: Port = serde_json::from_str(body).unwrap();
        assert_eq!(port.name, None);
        assert_eq!(port.device_id, None);
        assert_eq!(port.binding_host_id, None);
        assert!(port.fixed_ips.is_empty());
    }
}
