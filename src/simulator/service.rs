//! The services, and where each is found under the one address.

use serde::{Deserialize, Serialize};

/// A service of the cloud, by its service type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Keystone.
    Identity,
    /// Nova.
    Compute,
    /// Neutron.
    Network,
    /// Cinder.
    BlockStorage,
    /// Glance.
    Image,
    /// Heat.
    Orchestration,
    /// Placement.
    Placement,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Identity,
        Self::Compute,
        Self::Network,
        Self::BlockStorage,
        Self::Image,
        Self::Orchestration,
        Self::Placement,
    ];

    /// Its type, as the catalog has it.
    #[must_use]
    pub fn service_type(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Compute => "compute",
            Self::Network => "network",
            Self::BlockStorage => "block-storage",
            Self::Image => "image",
            Self::Orchestration => "orchestration",
            Self::Placement => "placement",
        }
    }

    /// Its name, as the catalog has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "keystone",
            Self::Compute => "nova",
            Self::Network => "neutron",
            Self::BlockStorage => "cinder",
            Self::Image => "glance",
            Self::Orchestration => "heat",
            Self::Placement => "placement",
        }
    }

    /// What follows its root in the catalog's URL.
    pub(crate) fn endpoint_path(self) -> &'static str {
        match self {
            Self::Identity => "/v3",
            Self::Compute => "/v2.1",
            Self::Network | Self::Image | Self::Placement => "",
            Self::BlockStorage => "/v3/%(project_id)s",
            Self::Orchestration => "/v1/%(tenant_id)s",
        }
    }

    /// The service that a path's first segment names.
    pub(crate) fn at(segment: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|service| service.service_type() == segment)
    }
}

/// The name of a region, by its place.
pub(crate) fn region_name(place: usize) -> String {
    const NAMES: [&str; 10] = [
        "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
    ];
    match NAMES.get(place) {
        Some(name) => format!("Region{name}"),
        None => format!("Region{}", place + 1),
    }
}
