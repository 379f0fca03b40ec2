//! Hypervisors: `GET /os-hypervisors/detail`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Microversion, Service, Text};

/// All hypervisors with their figures; administrators only.
///
/// 2.53 brings UUIDs, which Placement knows them by. Never 2.88 or later: it takes the figures
/// away, and asks every host for its uptime over RPC.
pub const HYPERVISORS: &Collection<Hypervisor> = &Collection {
    item: Some(("/os-hypervisors", "hypervisor")),
    microversion: Some(Microversion(2, 87)),
    paging: Paging::Marker(1000),
    ..Collection::new(Service::Compute, "/os-hypervisors/detail", "hypervisors")
};

/// A hypervisor as Nova lists it.
#[derive(Debug, Deserialize)]
pub struct Hypervisor {
    /// Nova's id, and that of its resource provider.
    pub id: Text,
    /// Its name.
    #[serde(rename = "hypervisor_hostname")]
    pub name: Text,
    /// `up` or `down`.
    pub state: Option<Text>,
    /// `enabled` or `disabled`.
    pub status: Option<Text>,
    /// The driver's kind: `QEMU`, `VMware vCenter Server`, `ironic`.
    #[serde(rename = "hypervisor_type")]
    pub kind: Option<Text>,
    /// Its version as one number: 8002001 for 8.2.1.
    #[serde(rename = "hypervisor_version")]
    pub version: Option<i64>,
    /// The host's address.
    pub host_ip: Option<Text>,
    /// The service that drives it.
    pub service: Option<HypervisorService>,
    /// Processors, without overcommitment.
    pub vcpus: Option<i64>,
    /// Virtual CPUs given to servers.
    pub vcpus_used: Option<i64>,
    /// Memory, in MiB, without overcommitment.
    pub memory_mb: Option<i64>,
    /// Memory given to servers and reserved for the host, in MiB.
    pub memory_mb_used: Option<i64>,
    /// Memory not given away, in MiB; below zero when overcommitted.
    pub free_ram_mb: Option<i64>,
    /// Disk, in GiB.
    pub local_gb: Option<i64>,
    /// Disk given to servers, in GiB.
    pub local_gb_used: Option<i64>,
    /// Disk not given away, in GiB; below zero when overcommitted.
    pub free_disk_gb: Option<i64>,
    /// Disk that is left if every image grows to its full size, in GiB.
    pub disk_available_least: Option<i64>,
    /// Servers on it.
    pub running_vms: Option<i64>,
    /// Builds, resizes and the like under way.
    pub current_workload: Option<i64>,
    /// Its processors.
    #[serde(default, deserialize_with = "cpu_info")]
    pub cpu_info: CpuInfo,
}

impl Row for Hypervisor {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Hypervisor {
    /// The host of the service that drives it.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.service.as_ref()?.host.as_deref()
    }

    /// The id of the service that drives it.
    #[must_use]
    pub fn service_id(&self) -> Option<&str> {
        self.service.as_ref()?.id.as_deref()
    }
}

/// The service that drives a hypervisor.
#[derive(Debug, Deserialize)]
pub struct HypervisorService {
    /// Nova's id.
    #[serde(default, deserialize_with = "uuid_or_number")]
    pub id: Option<Text>,
    /// The host it runs on.
    pub host: Option<Text>,
    /// Why it was disabled.
    pub disabled_reason: Option<Text>,
}

/// What a hypervisor says of its processors.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CpuInfo {
    /// `x86_64`.
    pub arch: Option<Text>,
    /// The model by libvirt's name.
    pub model: Option<Text>,
    /// Who made it.
    pub vendor: Option<Text>,
}

/// An object since 2.28; text that holds JSON, or nothing, with drivers that do not tell.
fn cpu_info<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CpuInfo, D::Error> {
    let value = match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        value => value,
    };
    Ok(serde_json::from_value(value).unwrap_or_default())
}

fn uuid_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_processors_are_no_reason_to_lose_the_row() {
        for (cpu_info, model) in [
            (r#"{"model": "Nehalem", "features": []}"#, Some("Nehalem")),
            (r#""{\"model\": \"Nehalem\"}""#, Some("Nehalem")),
            (r#""""#, None),
            ("null", None),
            ("{}", None),
        ] {
            let text = format!(
                r#"{{"id": "1", "hypervisor_hostname": "compute-1", "cpu_info": {cpu_info}}}"#
            );
            let row: Hypervisor = serde_json::from_str(&text).unwrap();
            assert_eq!(row.cpu_info.model.as_deref(), model, "{cpu_info}");
        }
    }

    #[test]
    fn a_row_without_figures_is_read() {
        let text = r#"{"id": "1", "hypervisor_hostname": "a", "service": {"id": 7, "host": "h"}}"#;
        let row: Hypervisor = serde_json::from_str(text).unwrap();
        assert_eq!(row.service_id(), Some("7"));
        assert_eq!(row.host(), Some("h"));
        assert_eq!(row.vcpus, None);
    }
}
