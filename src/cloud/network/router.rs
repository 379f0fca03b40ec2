//! Routers: `GET /routers`.

use serde::Deserialize;

use super::{FixedIp, PAGE, Route, list, text};
use crate::cloud::Service;
use crate::cloud::collection::{Collection, Paging, Row};

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
