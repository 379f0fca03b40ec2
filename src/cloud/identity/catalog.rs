//! Where services are: `GET /regions`, `GET /services`, `GET /endpoints`; for credentials that
//! may not list them, the same from the token's catalog.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use super::present;
use crate::Result;
use crate::cloud::catalog::{CatalogEndpoint, CatalogService};
use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Cloud, Keep, Parameter, Service};

/// All regions.
pub const REGIONS: &Collection<Region> = &Collection {
    item: Some(("/regions", "region")),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/regions", "regions")
};

/// All services, disabled ones too.
pub const SERVICES: &Collection<CatalogedService> = &Collection {
    item: Some(("/services", "service")),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/services", "services")
};

/// All endpoints, disabled ones too.
pub const ENDPOINTS: &Collection<Endpoint> = &Collection {
    item: Some(("/endpoints", "endpoint")),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/endpoints", "endpoints")
};

/// A region as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct Region {
    /// Its name, which is its id.
    pub id: String,
    /// Free text.
    pub description: Option<String>,
    /// The region it is in.
    pub parent_region_id: Option<String>,
}

/// A service as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct CatalogedService {
    /// Keystone's id.
    pub id: String,
    /// What kind of service it is.
    #[serde(rename = "type", default)]
    pub service_type: String,
    /// What it is called.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether catalogs list it.
    pub enabled: Option<bool>,
}

/// An endpoint as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct Endpoint {
    /// Keystone's id.
    pub id: String,
    /// Whose it is.
    #[serde(default)]
    pub service_id: String,
    /// Where it is.
    pub region_id: Option<String>,
    /// For whom it is: `public`, `internal` or `admin`.
    #[serde(default)]
    pub interface: String,
    /// Where it answers; may hold a placeholder for the project's id.
    #[serde(default)]
    pub url: String,
    /// Whether catalogs list it.
    pub enabled: Option<bool>,
}

impl Row for Region {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Row for CatalogedService {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Row for Endpoint {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Cloud {
    /// The regions; everyone may list them, unless the cloud's policy says otherwise.
    pub async fn list_regions(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<Region>>>> {
        match self.list(REGIONS, query).await {
            Err(error) if error.is_forbidden() => {}
            other => return other,
        }
        Ok(Arc::new(regions(&self.token().await?.catalog)))
    }

    /// The services that the credential may list; else those of its catalog.
    pub async fn list_services(
        &self,
        query: &[Parameter],
    ) -> Result<Arc<Vec<Arc<CatalogedService>>>> {
        let own = async { Ok(Arc::new(services(&self.token().await?.catalog))) };
        self.list_or(SERVICES, query, own).await
    }

    /// The endpoints that the credential may list; else those of its catalog.
    pub async fn list_endpoints(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<Endpoint>>>> {
        let own = async { Ok(Arc::new(endpoints(&self.token().await?.catalog))) };
        self.list_or(ENDPOINTS, query, own).await
    }
}

fn region_of(endpoint: &CatalogEndpoint) -> Option<String> {
    present(endpoint.region_id.clone()).or_else(|| present(endpoint.region.clone()))
}

fn regions(catalog: &[CatalogService]) -> Vec<Arc<Region>> {
    let endpoints = catalog.iter().flat_map(|service| &service.endpoints);
    let names: BTreeSet<String> = endpoints.filter_map(region_of).collect();
    let regions = names.into_iter().map(|id| {
        Arc::new(Region {
            id,
            description: None,
            parent_region_id: None,
        })
    });
    regions.collect()
}

fn services(catalog: &[CatalogService]) -> Vec<Arc<CatalogedService>> {
    let services = catalog.iter().filter_map(|service| {
        Some(Arc::new(CatalogedService {
            id: service.id.clone()?,
            service_type: service.service_type.clone(),
            name: service.name.clone(),
            description: None,
            // A catalog leaves out what is disabled.
            enabled: Some(true),
        }))
    });
    services.collect()
}

fn endpoints(catalog: &[CatalogService]) -> Vec<Arc<Endpoint>> {
    let mut endpoints = Vec::new();
    for service in catalog {
        let rows = service.endpoints.iter().filter_map(|endpoint| {
            Some(Arc::new(Endpoint {
                id: endpoint.id.clone()?,
                service_id: service.id.clone()?,
                region_id: region_of(endpoint),
                interface: endpoint.interface.clone(),
                url: endpoint.url.clone(),
                enabled: Some(true),
            }))
        });
        endpoints.extend(rows);
    }
    endpoints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalog_tells_of_services_endpoints_and_regions() {
        let catalog: Vec<CatalogService> = serde_json::from_str(
            r#"[{"id": "s", "type": "compute", "name": "nova", "endpoints": [
                {"id": "e1", "interface": "public", "region_id": "One", "region": "One", "url": "http://c:8774"},
                {"id": "e2", "interface": "admin", "region": "Two", "url": "http://i:8774"}]},
               {"id": "t", "type": "image", "name": "glance", "endpoints": []}]"#,
        )
        .unwrap();
        let names: Vec<_> = regions(&catalog).iter().map(|row| row.id.clone()).collect();
        assert_eq!(names, ["One", "Two"]);
        assert_eq!(services(&catalog).len(), 2);
        let endpoints = endpoints(&catalog);
        assert_eq!(endpoints[1].region_id.as_deref(), Some("Two"));
        assert_eq!(endpoints[1].service_id, "s");
    }
}
