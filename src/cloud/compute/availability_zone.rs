//! Availability zones: `GET /os-availability-zone`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Cloud, Microversion, Service};

/// The zones that servers can be put in.
pub const AVAILABILITY_ZONES: &Collection<AvailabilityZone> = &Collection {
    microversion: Some(Microversion(2, 69)),
    ..Collection::new(
        Service::Compute,
        "/os-availability-zone",
        "availabilityZoneInfo",
    )
};

/// The same with their hosts, and with Nova's internal zone; administrators only.
const WITH_HOSTS: &Collection<AvailabilityZone> = &Collection {
    microversion: Some(Microversion(2, 69)),
    ..Collection::new(
        Service::Compute,
        "/os-availability-zone/detail",
        "availabilityZoneInfo",
    )
};

/// A zone as Nova lists it.
#[derive(Debug, Deserialize)]
pub struct AvailabilityZone {
    /// The name, which is all that it has.
    #[serde(rename = "zoneName")]
    pub name: String,
    /// Whether it can be used.
    #[serde(rename = "zoneState")]
    pub state: Option<ZoneState>,
    /// By host and by service binary; administrators only.
    pub hosts: Option<BTreeMap<String, BTreeMap<String, ZoneService>>>,
}

impl Row for AvailabilityZone {
    fn id(&self) -> &str {
        &self.name
    }
}

/// Whether a zone can be used.
#[derive(Debug, Deserialize)]
pub struct ZoneState {
    /// Whether any of its services is enabled.
    pub available: Option<bool>,
}

/// A service on a host of a zone.
#[derive(Debug, Deserialize)]
pub struct ZoneService {
    /// Whether it reports.
    pub available: Option<bool>,
    /// Whether it is enabled.
    pub active: Option<bool>,
    /// When it last reported.
    pub updated_at: Option<String>,
}

impl Cloud {
    /// All zones, with their hosts where the credential may know.
    pub async fn list_availability_zones(&self) -> Result<Arc<Vec<Arc<AvailabilityZone>>>> {
        if self.is_admin().await? {
            self.list(WITH_HOSTS, &[]).await
        } else {
            self.list(AVAILABILITY_ZONES, &[]).await
        }
    }
}
