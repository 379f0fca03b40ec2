//! What runs Cinder: `GET /os-services` and `GET /scheduler-stats/get_pools`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::cloud::Microversion;
use crate::cloud::Service::BlockStorage;
use crate::cloud::collection::{Collection, Row};

/// All of Cinder's processes; administrators only.
///
/// 3.7 brings the cluster. From 3.49 on the answer waits for every volume process.
pub const SERVICES: &Collection<Service> = &Collection {
    microversion: Some(Microversion(3, 48)),
    ..Collection::new(BlockStorage, "/os-services", "services")
};

/// All storage pools, as the scheduler knows them; administrators only.
pub const POOLS: &Collection<Pool> = &Collection {
    always: &[("detail", "true")],
    ..Collection::new(BlockStorage, "/scheduler-stats/get_pools", "pools")
};

/// One of Cinder's processes.
#[derive(Debug, Deserialize)]
#[serde(from = "ListedService")]
pub struct Service {
    /// Made of the binary and the host, since Cinder gives none.
    pub id: String,
    /// What it is: `cinder-volume`, `cinder-scheduler`, `cinder-backup`.
    pub binary: String,
    /// Where it is: a host, or `host@backend`.
    pub host: String,
    /// The availability zone.
    pub zone: Option<String>,
    /// `enabled` or `disabled`.
    pub status: Option<String>,
    /// `up` or `down`.
    pub state: Option<String>,
    /// When it last reported.
    pub updated_at: Option<String>,
    /// Why it is disabled.
    pub disabled_reason: Option<String>,
    /// The cluster it is in.
    pub cluster: Option<String>,
    /// The state of its replication.
    pub replication_status: Option<String>,
    /// The backend it failed over to.
    pub active_backend_id: Option<String>,
    /// Whether its management is frozen after a failover.
    pub frozen: Option<bool>,
}

#[derive(Deserialize)]
struct ListedService {
    binary: String,
    host: String,
    zone: Option<String>,
    status: Option<String>,
    state: Option<String>,
    updated_at: Option<String>,
    disabled_reason: Option<String>,
    cluster: Option<String>,
    replication_status: Option<String>,
    active_backend_id: Option<String>,
    frozen: Option<bool>,
}

impl From<ListedService> for Service {
    fn from(listed: ListedService) -> Self {
        Self {
            id: format!("{}:{}", listed.binary, listed.host),
            binary: listed.binary,
            host: listed.host,
            zone: listed.zone,
            status: listed.status,
            state: listed.state,
            updated_at: listed.updated_at,
            disabled_reason: listed.disabled_reason,
            cluster: listed.cluster,
            replication_status: listed.replication_status,
            active_backend_id: listed.active_backend_id,
            frozen: listed.frozen,
        }
    }
}

impl Row for Service {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A storage pool.
#[derive(Debug, Deserialize)]
pub struct Pool {
    /// `host@backend#pool`, as volumes name it.
    pub name: String,
    /// What it can do, and how full it is.
    #[serde(default)]
    pub capabilities: Capabilities,
}

impl Row for Pool {
    fn id(&self) -> &str {
        &self.name
    }
}

/// What a pool's driver reports. Drivers differ in what they report and how they write it.
#[derive(Debug, Default, Deserialize)]
pub struct Capabilities {
    /// The room there is, in GiB.
    #[serde(default)]
    pub total_capacity_gb: Capacity,
    /// The room that is left, in GiB.
    #[serde(default)]
    pub free_capacity_gb: Capacity,
    /// What was promised to volumes, in GiB.
    #[serde(default)]
    pub provisioned_capacity_gb: Capacity,
    /// What Cinder has made there, in GiB.
    #[serde(default)]
    pub allocated_capacity_gb: Capacity,
    /// The share that is kept free, in percent.
    #[serde(default, deserialize_with = "number")]
    pub reserved_percentage: Option<f64>,
    /// How often the room may be promised; `auto` is left out.
    #[serde(default, deserialize_with = "number")]
    pub max_over_subscription_ratio: Option<f64>,
    /// Whether room is taken as it is written.
    #[serde(default, deserialize_with = "flag")]
    pub thin_provisioning_support: Option<bool>,
    /// Whether room is taken at once.
    #[serde(default, deserialize_with = "flag")]
    pub thick_provisioning_support: Option<bool>,
    /// Whether several servers may have a volume.
    #[serde(default, deserialize_with = "flag")]
    pub multiattach: Option<bool>,
    /// The backend, as types name it.
    #[serde(default, deserialize_with = "text")]
    pub volume_backend_name: Option<String>,
    /// How it is reached; some drivers give several spellings.
    #[serde(default, deserialize_with = "text")]
    pub storage_protocol: Option<String>,
    /// Who made it.
    #[serde(default, deserialize_with = "text")]
    pub vendor_name: Option<String>,
    /// The driver's version.
    #[serde(default, deserialize_with = "text")]
    pub driver_version: Option<String>,
    /// When it was reported.
    #[serde(default, deserialize_with = "text")]
    pub timestamp: Option<String>,
}

/// A capacity in GiB, as drivers write it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Capacity {
    /// So much.
    Gib(f64),
    /// Without end.
    Infinite,
    /// Not told.
    #[default]
    Unknown,
}

impl Capacity {
    /// The number, where there is one.
    #[must_use]
    pub const fn gib(self) -> Option<f64> {
        match self {
            Self::Gib(gib) => Some(gib),
            Self::Infinite | Self::Unknown => None,
        }
    }
}

impl<'de> Deserialize<'de> for Capacity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.as_str() == Some("infinite") {
            return Ok(Self::Infinite);
        }
        Ok(as_number(&value).map_or(Self::Unknown, Self::Gib))
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(as_number(&Value::deserialize(deserializer)?))
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Some(flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    })
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(several) => several
            .iter()
            .find_map(Value::as_str)
            .map(ToOwned::to_owned),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_decodes_however_its_driver_writes() {
        let pool: Pool = serde_json::from_str(
            r##"{"name": "a@b#c", "capabilities": {"total_capacity_gb": "infinite",
                "free_capacity_gb": "unknown", "provisioned_capacity_gb": 12.5,
                "allocated_capacity_gb": "7", "max_over_subscription_ratio": "auto",
                "reserved_percentage": 5, "multiattach": "True",
                "storage_protocol": ["iSCSI", "iscsi"], "vendor_name": ""}}"##,
        )
        .unwrap();
        let told = pool.capabilities;
        assert_eq!(told.total_capacity_gb, Capacity::Infinite);
        assert_eq!(told.free_capacity_gb, Capacity::Unknown);
        assert_eq!(told.provisioned_capacity_gb.gib(), Some(12.5));
        assert_eq!(told.allocated_capacity_gb.gib(), Some(7.0));
        assert_eq!(told.max_over_subscription_ratio, None);
        assert_eq!(told.reserved_percentage, Some(5.0));
        assert_eq!(told.multiattach, Some(true));
        assert_eq!(told.storage_protocol.as_deref(), Some("iSCSI"));
        assert_eq!(told.vendor_name, None);
    }

    #[test]
    fn a_pool_without_capabilities_is_a_pool() {
        let pool: Pool = serde_json::from_str(r#"{"name": "a"}"#).unwrap();
        assert_eq!(pool.capabilities.free_capacity_gb, Capacity::Unknown);
    }
}
