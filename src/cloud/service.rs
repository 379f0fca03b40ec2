//! The OpenStack services the graph speaks to, by their service types.

use std::fmt;

/// A service of an OpenStack cloud, named by its official service type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Every service, in the order in which they are reported.
    pub const ALL: [Self; 7] = [
        Self::Identity,
        Self::Compute,
        Self::Network,
        Self::BlockStorage,
        Self::Image,
        Self::Orchestration,
        Self::Placement,
    ];

    /// The official service type, as errors and bills name it.
    #[must_use]
    pub const fn service_type(self) -> &'static str {
        self.aliases()[0]
    }

    /// The name under which operators know the service.
    #[must_use]
    pub const fn code_name(self) -> &'static str {
        match self {
            Self::Identity => "Keystone",
            Self::Compute => "Nova",
            Self::Network => "Neutron",
            Self::BlockStorage => "Cinder",
            Self::Image => "Glance",
            Self::Orchestration => "Heat",
            Self::Placement => "Placement",
        }
    }

    /// Whether every OpenStack has it.
    #[must_use]
    pub const fn is_essential(self) -> bool {
        matches!(
            self,
            Self::Identity | Self::Compute | Self::Network | Self::Image
        )
    }

    /// The service types a catalog may list the service under, the official one first.
    #[must_use]
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &["identity"],
            Self::Compute => &["compute"],
            Self::Network => &["network"],
            Self::BlockStorage => &["block-storage", "volumev3", "block-store", "volume"],
            Self::Image => &["image"],
            Self::Orchestration => &["orchestration"],
            Self::Placement => &["placement"],
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.service_type())
    }
}
