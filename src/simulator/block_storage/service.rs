//! Services, hosts, zones, pools: what volumes are made by, and where.

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::listing::Asked;
use super::{Subject, asked_boolean, not_found};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::block_storage::{Pool, VolumeService};

const MAKER: &str = "cinder-volume";
/// Seconds between two reports of a service.
const REPORT: i64 = 10;
/// Seconds after which one that did not report is taken for down.
const DOWN: i64 = 60;
const DRIVER_VERSION: &str = "1.3.0";
const VENDOR: &str = "Open Source";

impl Subject<'_> {
    pub(super) fn services(&self) -> Answer {
        self.admin("volume_extension:services:index")?;
        let query = &self.call.query;
        let (host, binary) = (query.get("host"), query.get("binary"));
        let rows = self.storage.services.iter();
        let rows = rows
            .filter(|row| binary.is_none_or(|binary| binary == row.binary))
            .filter(|row| host.is_none_or(|host| is_of_host(row, host)));
        let rows: Vec<Value> = rows.map(|row| self.service_view(row)).collect();
        Ok(Reply::ok(&json!({"services": rows})))
    }

    fn service_view(&self, row: &VolumeService) -> Value {
        let mut view = json!({
            "binary": row.binary,
            "host": row.host,
            "zone": row.zone,
            "status": if row.is_enabled { "enabled" } else { "disabled" },
            "state": if self.is_up(row) { "up" } else { "down" },
            "updated_at": naive(self.reported(row)),
            "disabled_reason": row.disabled_reason,
        });
        if self.minor >= 7 {
            view["cluster"] = Value::Null;
        }
        if row.binary == MAKER {
            if self.minor >= 49 {
                view["backend_state"] = json!("up");
            }
            view["replication_status"] = json!("disabled");
            view["active_backend_id"] = Value::Null;
            view["frozen"] = json!(false);
        }
        view
    }

    /// When it last said that it lives.
    fn reported(&self, row: &VolumeService) -> DateTime<Utc> {
        let now = self.call.now;
        row.silent_since
            .unwrap_or_else(|| now - TimeDelta::seconds(now.timestamp().rem_euclid(REPORT)))
    }

    fn is_up(&self, row: &VolumeService) -> bool {
        self.call.now - self.reported(row) <= TimeDelta::seconds(DOWN)
    }

    pub(super) fn hosts(&self) -> Answer {
        self.admin("volume_extension:hosts")?;
        let zone = self.call.query.get("zone").filter(|zone| !zone.is_empty());
        let rows = self.storage.services.iter();
        let rows = rows
            .filter(|row| row.is_enabled)
            .filter(|row| zone.is_none_or(|zone| zone == &*row.zone));
        let rows: Vec<Value> = rows
            .map(|row| {
                json!({
                    "host_name": row.host,
                    "service": row.binary,
                    "zone": row.zone,
                    "service-status": if self.is_up(row) { "available" } else { "unavailable" },
                    "service-state": "enabled",
                    "last-update": naive(self.reported(row)),
                })
            })
            .collect();
        Ok(Reply::ok(&json!({"hosts": rows})))
    }

    pub(super) fn availability_zones(&self) -> Reply {
        let mut zones: IndexMap<&str, bool> = IndexMap::new();
        let makers = self.storage.services.iter();
        for row in makers.filter(|row| row.binary == MAKER) {
            *zones.entry(&row.zone).or_default() |= row.is_enabled;
        }
        let rows: Vec<Value> = zones
            .iter()
            .map(|(zone, is_there)| json!({"zoneName": zone, "zoneState": {"available": is_there}}))
            .collect();
        Reply::ok(&json!({"availabilityZoneInfo": rows}))
    }

    pub(super) fn pools(&self) -> Answer {
        self.admin("scheduler_extension:scheduler_stats:get_pools")?;
        let is_detailed = asked_boolean("detail", self.call.query.get("detail"))?;
        let mut asked = Asked::read(self, false)?;
        asked.take("detail");
        if self.minor >= 28 {
            asked.narrow(self, "pool", &[])?;
        } else {
            asked.forget();
        }
        let name = asked.take("name");
        let of_type = asked.take("volume_type").filter(|_| self.minor >= 35);
        let backend = of_type.map(|name| {
            let types = &self.storage.types;
            let row = types.values().find(|row| row.name == name);
            row.and_then(|row| row.extra_specs.get("volume_backend_name"))
        });
        let rows = self.storage.pools.iter();
        let rows = rows
            .filter(|row| name.as_deref().is_none_or(|name| name == &*row.name))
            .filter(|row| match backend {
                Some(Some(backend)) => backend == row.backend,
                _ => true,
            });
        let rows: Vec<Value> = rows
            .map(|row| {
                if is_detailed {
                    json!({"name": row.name, "capabilities": self.pool_capabilities(row)})
                } else {
                    json!({"name": row.name})
                }
            })
            .collect();
        Ok(Reply::ok(&json!({"pools": rows})))
    }

    fn pool_capabilities(&self, row: &Pool) -> Value {
        let volumes = self.storage.volumes.values();
        let own = volumes.filter(|volume| volume.host.as_deref() == Some(&*row.name));
        let taken: u64 = own.map(|volume| u64::from(volume.size_gib)).sum();
        let now = self.call.now;
        let reported = now - TimeDelta::seconds(now.timestamp().rem_euclid(REPORT));
        json!({
            "pool_name": row.backend,
            "volume_backend_name": row.backend,
            "backend_state": "up",
            "vendor_name": VENDOR,
            "driver_version": DRIVER_VERSION,
            "storage_protocol": row.storage_protocol,
            "total_capacity_gb": row.total_gib,
            "free_capacity_gb": row.total_gib.saturating_sub(taken),
            "allocated_capacity_gb": taken,
            "provisioned_capacity_gb": taken,
            "reserved_percentage": row.reserved_percentage,
            "max_over_subscription_ratio": row.max_over_subscription_ratio,
            "thin_provisioning_support": true,
            "thick_provisioning_support": false,
            "multiattach": true,
            "QoS_support": true,
            "filter_function": null,
            "goodness_function": null,
            "timestamp": naive(reported),
        })
    }

    pub(super) fn capabilities(&self, host: &str) -> Answer {
        self.admin("volume_extension:capabilities")?;
        let makers = self.storage.services.iter();
        let mut makers = makers.filter(|row| row.binary == MAKER);
        let maker = makers.find(|row| is_of_host(row, host));
        let maker = maker.ok_or_else(|| not_found(&format!("Can't find service: {host}")))?;
        let name = maker.host.split('@').nth(1);
        let pools = self.storage.pools.iter();
        let pool = pools.into_iter().find(|pool| Some(pool.backend) == name);
        let property = |title: &str, description: &str| json!({"title": title, "description": description, "type": "boolean"});
        Ok(Reply::ok(&json!({
            "namespace": format!("OS::Storage::Capabilities::{}", maker.host),
            "vendor_name": VENDOR,
            "volume_backend_name": name,
            "pool_name": null,
            "driver_version": DRIVER_VERSION,
            "storage_protocol": pool.map(|pool| pool.storage_protocol),
            "display_name": null,
            "description": null,
            "visibility": null,
            "replication_targets": [],
            "properties": {
                "thin_provisioning": property("Thin Provisioning", "Sets thin provisioning."),
                "compression": property("Compression", "Enables compression."),
                "qos": property("QoS", "Enables QoS."),
                "replication_enabled": property("Replication", "Enables replication."),
            },
        })))
    }
}

/// Whether it is on a host, or on one of its back ends.
fn is_of_host(row: &VolumeService, host: &str) -> bool {
    let rest = row.host.strip_prefix(host);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}
