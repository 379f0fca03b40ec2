//! Host aggregates: `GET /os-aggregates`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::Result;
use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Microversion, Service};

/// All host aggregates; administrators only.
///
/// 2.41 brings the UUID, which Placement knows them by. They are few and always listed whole.
pub const HOST_AGGREGATES: &Collection<HostAggregate> = &Collection {
    microversion: Some(Microversion(2, 41)),
    ..Collection::new(Service::Compute, "/os-aggregates", "aggregates")
};

/// A host aggregate as Nova lists it.
#[derive(Debug, Deserialize)]
pub struct HostAggregate {
    /// Nova's id: a number.
    #[serde(deserialize_with = "number")]
    pub id: String,
    /// Placement's id.
    pub uuid: Option<String>,
    /// Unique.
    pub name: String,
    /// The zone that its hosts are in, if it makes one.
    pub availability_zone: Option<String>,
    /// Hosts of compute services.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What the scheduler matches with flavors.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Row for HostAggregate {
    fn id(&self) -> &str {
        &self.id
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(i64::deserialize(deserializer)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_ids() {
        let text = r#"{"id": 12, "name": "ssd", "availability_zone": null}"#;
        let row: HostAggregate = serde_json::from_str(text).unwrap();
        assert_eq!(row.id(), "12");
        assert!(row.hosts.is_empty());
    }
}
