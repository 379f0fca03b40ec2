//! Floating IPs: `GET /floatingips`.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::port::server_id;
use super::{PAGE, body, list, text};
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Service, Text, Written};
use crate::{Error, Result};

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
    pub id: Text,
    /// The address by which the world knows it.
    #[serde(default, deserialize_with = "text")]
    pub floating_ip_address: Option<Text>,
    /// The external network it is of.
    #[serde(default, deserialize_with = "text")]
    pub floating_network_id: Option<Text>,
    /// The address it leads to.
    #[serde(default, deserialize_with = "text")]
    pub fixed_ip_address: Option<Text>,
    /// The port it leads to; none when only ports of it are forwarded.
    #[serde(default, deserialize_with = "text")]
    pub port_id: Option<Text>,
    /// The router that serves it.
    #[serde(default, deserialize_with = "text")]
    pub router_id: Option<Text>,
    /// The project it belongs to.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<Text>,
    /// `ACTIVE`, `DOWN`, `ERROR`.
    #[serde(default)]
    pub status: Text,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<Text>,
    /// What is known of the port; none without a port, or without the extension.
    pub port_details: Option<PortDetails>,
    /// Its ports that are forwarded one by one.
    #[serde(default, deserialize_with = "list")]
    pub port_forwardings: Vec<PortForwarding>,
    /// Its name in DNS.
    #[serde(default, deserialize_with = "text")]
    pub dns_name: Option<Text>,
    /// The domain of that name.
    #[serde(default, deserialize_with = "text")]
    pub dns_domain: Option<Text>,
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
    /// Counts its changes; none without the extension.
    pub revision_number: Option<i64>,
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
    pub name: Option<Text>,
    /// The network it is on.
    #[serde(default, deserialize_with = "text")]
    pub network_id: Option<Text>,
    /// Its MAC address.
    #[serde(default, deserialize_with = "text")]
    pub mac_address: Option<Text>,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// Its state.
    #[serde(default)]
    pub status: Text,
    /// What it is plugged into.
    #[serde(default, deserialize_with = "text")]
    pub device_id: Option<Text>,
    /// Of what kind that is.
    #[serde(default, deserialize_with = "text")]
    pub device_owner: Option<Text>,
}

/// A port of a floating IP that leads to one of a server.
#[derive(Debug, Deserialize)]
pub struct PortForwarding {
    /// Neutron's id.
    #[serde(default, deserialize_with = "text")]
    pub id: Option<Text>,
    /// `tcp`, `udp`, …
    #[serde(default, deserialize_with = "text")]
    pub protocol: Option<Text>,
    /// The port of the floating IP.
    pub external_port: Option<i32>,
    /// The port it leads to.
    pub internal_port: Option<i32>,
    /// The address it leads to.
    #[serde(default, deserialize_with = "text")]
    pub internal_ip_address: Option<Text>,
    /// The Neutron port it leads to.
    #[serde(default, deserialize_with = "text")]
    pub internal_port_id: Option<Text>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<Text>,
}

/// A floating IP to be made: `POST /floatingips`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewFloatingIp {
    /// The external network.
    #[serde(rename = "floating_network_id")]
    pub network_id: String,
    /// The address; any unless given, and given only by administrators.
    #[serde(rename = "floating_ip_address")]
    pub address: Option<String>,
    /// The port it leads to at once.
    pub port_id: Option<String>,
    /// The address of that port; the only one it has unless given.
    #[serde(rename = "fixed_ip_address")]
    pub fixed_address: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The project it is for; the credential's own unless given.
    pub project_id: Option<String>,
}

impl Cloud {
    /// Makes a floating IP; answers with its id. `POST /floatingips`.
    pub async fn create_floating_ip(&self, new: &NewFloatingIp) -> Result<(String, Written)> {
        let body = body("floatingip", new)?;
        self.create_of_network("/floatingips", "floatingip", body)
            .await
    }

    /// Lets a floating IP lead to an address of a port, or nowhere; but not when it leads
    /// elsewhere by now than `known` says. `PUT /floatingips/{id}`, with the revision where
    /// Neutron counts them.
    pub async fn associate_floating_ip(
        &self,
        known: &FloatingIp,
        to: Option<(&str, Option<&str>)>,
    ) -> Result<Written> {
        let refused = self.associate_at(known, known.revision_number, to).await;
        let refused = match refused {
            Err(Error::Upstream(refused)) if refused.status == 412 => refused,
            done => return done,
        };
        // It was changed, and not by this. That may have been no more than its status, or what is
        // known of it is some seconds old.
        let found = self.show(FLOATING_IPS, &known.id).await?;
        match found {
            Some(found) if found.port_id == known.port_id => {
                self.associate_at(&found, found.revision_number, to).await
            }
            found => {
                let now = match found.map(|found| found.port_id.clone()) {
                    None => "is gone".to_owned(),
                    Some(None) => "leads nowhere".to_owned(),
                    Some(Some(port)) => format!("leads to port {port}"),
                };
                let mut refused = refused;
                let said = &refused.message;
                refused.message = format!("somebody else changed it, and now it {now} ({said})");
                Err(Error::Upstream(refused))
            }
        }
    }

    async fn associate_at(
        &self,
        known: &FloatingIp,
        revision: Option<i64>,
        to: Option<(&str, Option<&str>)>,
    ) -> Result<Written> {
        let body = match to {
            Some((port, None)) => json!({"port_id": port}),
            Some((port, Some(fixed))) => json!({"port_id": port, "fixed_ip_address": fixed}),
            None => json!({"port_id": null}),
        };
        let path = format!("/floatingips/{}", escape(&known.id));
        let body = json!({ "floatingip": body });
        let mut call = Call::change(Service::Network, Method::PUT, path, Some(body));
        call.revision = revision;
        self.write(call).await
    }

    /// Gives a floating IP back. `DELETE /floatingips/{id}`.
    pub async fn delete_floating_ip(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/floatingips", id).await
    }
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
