//! Service catalog and discovery: from a service type to the URL its calls begin with.

use serde::Deserialize;
use url::Url;

use super::service::Service;
use super::session::Token;
use crate::config::CloudEntry;
use crate::{Error, Result};

/// A service as the token's catalog lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CatalogService {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    /// The service type, official or an alias.
    #[serde(rename = "type")]
    pub(super) service_type: String,
    #[serde(default)]
    pub(super) endpoints: Vec<CatalogEndpoint>,
}

/// An endpoint as the token's catalog lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CatalogEndpoint {
    pub(super) id: Option<String>,
    pub(super) interface: String,
    pub(super) region: Option<String>,
    pub(super) region_id: Option<String>,
    pub(super) url: String,
}

/// Where a service is, and up to which microversion it goes.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What every path of the service's API is put behind.
    pub base: Url,
    /// The newest microversion it offers, where it has microversions.
    pub max_microversion: Option<Microversion>,
    /// The version of the API, as the service writes it.
    pub version: Option<String>,
}

/// A microversion, as `2.100`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion(pub u16, pub u16);

impl Microversion {
    /// Reads `2.100`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl std::fmt::Display for Microversion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// The URL the catalog has for a service.
pub(super) fn catalog_url(entry: &CloudEntry, token: &Token, service: Service) -> Result<Url> {
    let absent = |reason: String| Error::ServiceAbsent {
        service,
        cloud: entry.name.clone(),
        reason,
    };
    let mut listed = Vec::new();
    for alias in service.aliases() {
        let services = token
            .catalog
            .iter()
            .filter(|known| known.service_type == *alias);
        listed.extend(services.flat_map(|known| &known.endpoints));
    }
    if listed.is_empty() {
        return Err(absent("the catalog does not list it".to_owned()));
    }
    let interface = entry.interface.as_str();
    let fits_region = |endpoint: &&&CatalogEndpoint| match &entry.region {
        None => true,
        Some(region) => {
            endpoint.region_id.as_ref() == Some(region) || endpoint.region.as_ref() == Some(region)
        }
    };
    let endpoint = listed
        .iter()
        .filter(fits_region)
        .find(|known| known.interface == interface);
    let endpoint = endpoint.ok_or_else(|| {
        let region = entry.region.as_deref().unwrap_or("any");
        absent(format!(
            "the catalog has no {interface} endpoint in region {region}"
        ))
    })?;
    Url::parse(&endpoint.url).map_err(|error| {
        absent(format!(
            "the catalog's URL {} is not one: {error}",
            endpoint.url
        ))
    })
}

/// The base of a service's API, made from whatever form of its URL somebody configured: prefixes
/// stay, a trailing project id goes, the version that is missing is added.
pub(super) fn api_base(service: Service, url: &Url, token: &Token) -> Url {
    let project = token.project.as_ref().map(|project| project.id.as_str());
    let mut url = url.clone();
    let mut segments: Vec<String> = segments(&url);
    if let Some(last) = segments.last() {
        let is_project = project.is_some_and(|project| {
            last == project
                || last
                    .strip_prefix("AUTH_")
                    .is_some_and(|rest| rest == project)
        });
        if is_project || last.contains("$(") || last.contains("%(") {
            segments.pop();
        }
    }
    let has_version = segments.last().is_some_and(|last| is_version(last));
    let wanted = match service {
        Service::Identity | Service::BlockStorage => Some("v3"),
        Service::Compute => Some("v2.1"),
        Service::Network => Some("v2.0"),
        Service::Image => Some("v2"),
        Service::Orchestration => Some("v1"),
        Service::Placement => None,
    };
    if let Some(wanted) = wanted {
        if has_version {
            segments.pop();
        }
        segments.push(wanted.to_owned());
    }
    if let (Service::BlockStorage | Service::Orchestration, Some(project)) = (service, project) {
        segments.push(project.to_owned());
    }
    url.set_path(&segments.join("/"));
    url.set_query(None);
    url
}

/// A URL that ends in the given version, whether or not it did before.
pub(super) fn service_url(url: &Url, version: &str) -> Url {
    let mut segments = segments(url);
    if segments.last().is_some_and(|last| is_version(last)) {
        segments.pop();
    }
    segments.push(version.to_owned());
    let mut url = url.clone();
    url.set_path(&segments.join("/"));
    url
}

fn segments(url: &Url) -> Vec<String> {
    url.path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// What a version document says of the version in use.
pub(super) fn newest_version(document: &[u8]) -> Option<(Option<Microversion>, Option<String>)> {
    let document: Document = serde_json::from_slice(document).ok()?;
    let versions = match (document.version, document.versions) {
        (Some(version), _) => vec![version],
        (None, Some(Versions::List(versions) | Versions::Values { values: versions })) => versions,
        (None, None) => return None,
    };
    let newest = versions
        .iter()
        .find(|version| {
            version
                .status
                .as_deref()
                .is_some_and(|it| it.eq_ignore_ascii_case("current"))
        })
        .or_else(|| versions.iter().max_by_key(|version| version.microversion()))?;
    Some((newest.microversion(), newest.id.clone()))
}

#[derive(Deserialize)]
struct Document {
    version: Option<Version>,
    versions: Option<Versions>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Versions {
    List(Vec<Version>),
    Values { values: Vec<Version> },
}

#[derive(Deserialize)]
struct Version {
    id: Option<String>,
    status: Option<String>,
    version: Option<String>,
    max_version: Option<String>,
}

impl Version {
    fn microversion(&self) -> Option<Microversion> {
        let text = self.version.as_deref().or(self.max_version.as_deref())?;
        Microversion::parse(text)
    }
}

#[cfg(test)]
mod tests;
