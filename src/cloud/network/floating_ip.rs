//! Floating IPs: `GET /floatingips`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::port::server_id;
use super::{PAGE, list, text};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Service, Written};

/// All floating IPs.
pub const FLOATING_IPS: &Collection<FloatingIp> = &Collection {
    item: Some(("/floatingips", "floatingip")),
    paging: Paging::Marker(PAGE),
    ..Collection::new(Service::Network, "/floatingips", "floatingips")
};

/// A floating IP as Neutron lists it.
#[derive(Debug, Deserialize)]
pub struct FloatingIp {
    /// Neutron's id.
    pub id: String,
    /// The address by which the world knows it.
    #[serde(default, deserialize_with = "text")]
    pub floating_ip_address: Option<String>,
    /// The external network it is of.
    #[serde(default, deserialize_with = "text")]
    pub floating_network_id: Option<String>,
    /// The address it leads to.
    #[serde(default, deserialize_with = "text")]
    pub fixed_ip_address: Option<String>,
    /// The port it leads to; none when only ports of it are forwarded.
    #[serde(default, deserialize_with = "text")]
    pub port_id: Option<String>,
    /// The router that serves it.
    #[serde(default, deserialize_with = "text")]
    pub router_id: Option<String>,
    /// The project it belongs to.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    /// `ACTIVE`, `DOWN`, `ERROR`.
    #[serde(default)]
    pub status: String,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// What is known of the port; none without a port, or without the extension.
    pub port_details: Option<PortDetails>,
    /// Its ports that are forwarded one by one.
    #[serde(default, deserialize_with = "list")]
    pub port_forwardings: Vec<PortForwarding>,
    /// Its name in DNS.
    #[serde(default, deserialize_with = "text")]
    pub dns_name: Option<String>,
    /// The domain of that name.
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

impl Row for FloatingIp {
    fn id(&self) -> &str {
        &self.id
    }
}

impl FloatingIp {
    /// The server it leads to, as far as the port's details tell.
    #[must_use]
    pub fn server_id(&self) -> Option<&str> {
        let details = self.port_details.as_ref()?;
        server_id(
            details.device_owner.as_deref(),
            details.device_id.as_deref(),
        )
    }

    /// Whether it leads anywhere.
    #[must_use]
    pub fn is_associated(&self) -> bool {
        self.port_id.is_some() || !self.port_forwardings.is_empty()
    }
}

/// The port behind a floating IP.
#[derive(Debug, Deserialize)]
pub struct PortDetails {
    /// Its name.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// The network it is on.
    #[serde(default, deserialize_with = "text")]
    pub network_id: Option<String>,
    /// Its MAC address.
    #[serde(default, deserialize_with = "text")]
    pub mac_address: Option<String>,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// Its state.
    #[serde(default)]
    pub status: String,
    /// What it is plugged into.
    #[serde(default, deserialize_with = "text")]
    pub device_id: Option<String>,
    /// Of what kind that is.
    #[serde(default, deserialize_with = "text")]
    pub device_owner: Option<String>,
}

/// A port of a floating IP that leads to one of a server.
#[derive(Debug, Deserialize)]
pub struct PortForwarding {
    /// Neutron's id.
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    /// `tcp`, `udp`, …
    #[serde(default, deserialize_with = "text")]
    pub protocol: Option<String>,
    /// The port of the floating IP.
    pub external_port: Option<i32>,
    /// The port it leads to.
    pub internal_port: Option<i32>,
    /// The address it leads to.
    #[serde(default, deserialize_with = "text")]
    pub internal_ip_address: Option<String>,
    /// The Neutron port it leads to.
    #[serde(default, deserialize_with = "text")]
    pub internal_port_id: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_is_associated_without_a_port() {
        let body = r#"{"id": "f", "port_id": null, "port_details": null, "port_forwardings":
            [{"protocol": "tcp", "external_port": 22, "internal_port_range": "22:22"}]}"#;
        let forwarded: FloatingIp = serde_json::from_str(body).unwrap();
        assert!(forwarded.is_associated());
        assert_eq!(forwarded.server_id(), None);
        let idle: FloatingIp = serde_json::from_str(r#"{"id": "f", "port_id": null}"#).unwrap();
        assert!(!idle.is_associated());
    }
}

/// A floating IP to be made.
#[derive(Clone, Debug, Default)]
pub struct NewFloatingIp {
    /// The external network.
    pub network_id: String,
    /// The address; any unless given, and given only by administrators.
    pub address: Option<String>,
    /// The port it leads to at once, and the address of it.
    pub port: Option<(String, Option<String>)>,
    /// Free text.
    pub description: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

impl Cloud {
    /// Makes a floating IP; answers with its id. `POST /floatingips`.
    pub async fn create_floating_ip(&self, new: &NewFloatingIp) -> Result<(String, Written)> {
        let mut address = json!({"floating_network_id": new.network_id});
        let mut set = |name: &str, value: Option<&String>| {
            if let Some(value) = value {
                address[name] = json!(value);
            }
        };
        set("floating_ip_address", new.address.as_ref());
        set("description", new.description.as_ref());
        if let Some((port, fixed)) = &new.port {
            set("port_id", Some(port));
            set("fixed_ip_address", fixed.as_ref());
        }
        let body = json!({ "floatingip": address });
        let call = Call::change(Service::Network, Method::POST, "/floatingips", Some(body));
        let written = self.write(call).await?;
        let created: Created = written.read("floatingip")?;
        Ok((created.id, written))
    }

    /// Lets a floating IP lead to an address of a port, or nowhere. `PUT /floatingips/{id}`.
    pub async fn associate_floating_ip(
        &self,
        id: &str,
        to: Option<(&str, Option<&str>)>,
    ) -> Result<Written> {
        let body = match to {
            Some((port, None)) => json!({"port_id": port}),
            Some((port, Some(fixed))) => json!({"port_id": port, "fixed_ip_address": fixed}),
            None => json!({"port_id": null}),
        };
        let path = format!("/floatingips/{}", escape(id));
        let body = json!({ "floatingip": body });
        let call = Call::change(Service::Network, Method::PUT, path, Some(body));
        self.write(call).await
    }

    /// Gives a floating IP back. `DELETE /floatingips/{id}`.
    pub async fn delete_floating_ip(&self, id: &str) -> Result<Written> {
        let path = format!("/floatingips/{}", escape(id));
        let call = Call::change(Service::Network, Method::DELETE, path, None);
        self.write(call).await
    }
}
