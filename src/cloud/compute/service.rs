//! Compute services: `GET /os-services`.

use serde::Deserialize;

use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Microversion, Service};

/// All services of Nova that report to its database; administrators only.
///
/// 2.53 brings UUIDs, 2.69 rows for cells that are down.
pub const COMPUTE_SERVICES: &Collection<ComputeService> = &Collection {
    microversion: Some(Microversion(2, 69)),
    ..Collection::new(Service::Compute, "/os-services", "services")
};

/// A service as Nova lists it.
#[derive(Debug, Deserialize)]
#[serde(from = "Listed")]
pub struct ComputeService {
    /// Nova's id; `binary@host` where a cell that is down hides it.
    pub id: String,
    /// What runs: `nova-compute`, `nova-scheduler`.
    pub binary: String,
    /// Where.
    pub host: String,
    /// The zone of its host.
    pub zone: Option<String>,
    /// `enabled`, `disabled`, or `UNKNOWN` in a cell that is down.
    pub status: Option<String>,
    /// `up` or `down`, by its last report.
    pub state: Option<String>,
    /// When it last reported.
    pub updated_at: Option<String>,
    /// Why it was disabled.
    pub disabled_reason: Option<String>,
    /// Whether an administrator declared it down.
    pub forced_down: Option<bool>,
}

impl Row for ComputeService {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Deserialize)]
struct Listed {
    id: Option<String>,
    binary: String,
    host: String,
    zone: Option<String>,
    status: Option<String>,
    state: Option<String>,
    updated_at: Option<String>,
    disabled_reason: Option<String>,
    forced_down: Option<bool>,
}

impl From<Listed> for ComputeService {
    fn from(listed: Listed) -> Self {
        let id = listed
            .id
            .unwrap_or_else(|| format!("{}@{}", listed.binary, listed.host));
        Self {
            id,
            binary: listed.binary,
            host: listed.host,
            zone: listed.zone,
            status: listed.status,
            state: listed.state,
            updated_at: listed.updated_at,
            disabled_reason: listed.disabled_reason,
            forced_down: listed.forced_down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_a_cell_that_is_down_are_told_apart() {
        let text = r#"{"binary": "nova-compute", "host": "compute-9", "status": "UNKNOWN"}"#;
        let row: ComputeService = serde_json::from_str(text).unwrap();
        assert_eq!(row.id, "nova-compute@compute-9");
        assert_eq!(row.state, None);
    }
}
