//! Routers: `GET /routers`.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{FixedIp, PAGE, Route, body, list, text};
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Service, Written};

/// All routers.
pub const ROUTERS: &Collection<Router> = &Collection {
    item: Some(("/routers", "router")),
    paging: Paging::Marker(PAGE),
    ..Collection::new(Service::Network, "/routers", "routers")
};

/// A router as Neutron lists it.
#[derive(Debug, Deserialize)]
pub struct Router {
    /// Neutron's id.
    pub id: String,
    /// Chosen by users; not unique.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// `ACTIVE`, `ALLOCATING`, `ERROR`, …
    #[serde(default)]
    pub status: String,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// The project it belongs to.
    #[serde(default, deserialize_with = "text")]
    pub project_id: Option<String>,
    /// How it leads out of the cloud.
    pub external_gateway_info: Option<ExternalGateway>,
    /// Its extra routes.
    #[serde(default, deserialize_with = "list")]
    pub routes: Vec<Route>,
    /// Whether it runs on every host; administrators only.
    pub distributed: Option<bool>,
    /// Whether it has standbys; administrators only.
    pub ha: Option<bool>,
    /// Where it is served.
    #[serde(default, deserialize_with = "list")]
    pub availability_zones: Vec<String>,
    /// Where it was wanted.
    #[serde(default, deserialize_with = "list")]
    pub availability_zone_hints: Vec<String>,
    /// The kind of router.
    #[serde(default, deserialize_with = "text")]
    pub flavor_id: Option<String>,
    /// What users tagged.
    #[serde(default, deserialize_with = "list")]
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Row for Router {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A router's way out.
#[derive(Debug, Deserialize)]
pub struct ExternalGateway {
    /// The external network.
    #[serde(default, deserialize_with = "text")]
    pub network_id: Option<String>,
    /// Whether addresses of guests are translated.
    pub enable_snat: Option<bool>,
    /// The router's addresses there.
    #[serde(default, deserialize_with = "list")]
    pub external_fixed_ips: Vec<FixedIp>,
}

/// A router to be made: `POST /routers`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewRouter {
    /// Whether it runs on every host; administrators only.
    pub distributed: Option<bool>,
    /// Whether it has standbys; administrators only.
    pub ha: Option<bool>,
    /// Where it is wanted.
    pub availability_zone_hints: Option<Vec<String>>,
    /// The project it is for; the credential's own unless given.
    pub project_id: Option<String>,
    /// What can be changed later.
    #[serde(flatten)]
    pub rest: RouterChange,
}

/// What of a router is to be changed: `PUT /routers/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RouterChange {
    /// The name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether it is switched on.
    pub admin_state_up: Option<bool>,
    /// How it leads out of the cloud.
    #[serde(rename = "external_gateway_info")]
    pub gateway: Option<Gateway>,
    /// Its extra routes; they replace those there are.
    pub routes: Option<Vec<Route>>,
}

/// How a router is to lead out of the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Gateway {
    /// By an external network.
    By {
        /// The network.
        network_id: String,
        /// Whether addresses of guests are translated; administrators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        enable_snat: Option<bool>,
        /// The router's addresses there; any unless given.
        #[serde(skip_serializing_if = "Option::is_none")]
        external_fixed_ips: Option<Vec<FixedIp>>,
    },
    /// Not at all: `{}`.
    None {},
}

/// By what a router joins a subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouterInterface {
    /// By the subnet: Neutron makes a port with its gateway's address.
    SubnetId(String),
    /// By a port that is there.
    PortId(String),
}

impl Cloud {
    /// Makes a router; answers with its id. `POST /routers`.
    pub async fn create_router(&self, new: &NewRouter) -> Result<(String, Written)> {
        let body = body("router", new)?;
        self.create_of_network("/routers", "router", body).await
    }

    /// Changes a router. `PUT /routers/{id}`.
    pub async fn update_router(&self, id: &str, change: &RouterChange) -> Result<Written> {
        let body = body("router", change)?;
        self.update_of_network("/routers", id, body).await
    }

    /// Deletes a router. `DELETE /routers/{id}`.
    pub async fn delete_router(&self, id: &str) -> Result<Written> {
        self.delete_of_network("/routers", id).await
    }

    /// Joins a subnet to a router. `PUT /routers/{id}/add_router_interface`.
    pub async fn add_router_interface(&self, id: &str, by: &RouterInterface) -> Result<Written> {
        let path = format!("/routers/{}/add_router_interface", escape(id));
        let call = Call::change(Service::Network, Method::PUT, path, Some(json!(by)));
        self.write(call).await
    }

    /// Parts a subnet from a router; the port is deleted.
    /// `PUT /routers/{id}/remove_router_interface`.
    pub async fn remove_router_interface(&self, id: &str, by: &RouterInterface) -> Result<Written> {
        let path = format!("/routers/{}/remove_router_interface", escape(id));
        let call = Call::change(Service::Network, Method::PUT, path, Some(json!(by)));
        self.write(call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_kept_set_or_cleared() {
        let sent = |gateway| {
            let change = RouterChange {
                gateway,
                ..RouterChange::default()
            };
            body("router", &change).unwrap()["router"].take()
        };
        assert_eq!(sent(None), json!({}));
        assert_eq!(
            sent(Some(Gateway::None {})),
            json!({"external_gateway_info": {}})
        );
        let by = Gateway::By {
            network_id: "n".to_owned(),
            enable_snat: None,
            external_fixed_ips: None,
        };
        assert_eq!(
            sent(Some(by)),
            json!({"external_gateway_info": {"network_id": "n"}})
        );
    }

    #[test]
    fn an_interface_is_named_by_its_subnet_or_port() {
        let subnet = RouterInterface::SubnetId("s".to_owned());
        assert_eq!(json!(subnet), json!({"subnet_id": "s"}));
        let port = RouterInterface::PortId("p".to_owned());
        assert_eq!(json!(port), json!({"port_id": "p"}));
    }
}
