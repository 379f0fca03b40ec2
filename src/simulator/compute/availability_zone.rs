//! Availability zones.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Subject;
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::compute::ComputeService;

/// Where Nova's services are that run no servers.
const INTERNAL: &str = "internal";

type Hosts<'a> = BTreeMap<&'a str, Vec<&'a ComputeService>>;

impl<'a> Subject<'a> {
    pub(super) fn availability_zones(&self) -> Answer {
        let (available, others) = self.zones();
        let available = available.into_keys().map(|zone| (zone, true));
        let others = others.into_iter().map(|zone| (zone, false));
        let zones = available
            .chain(others)
            .filter(|(zone, _)| *zone != INTERNAL);
        let zones: Vec<Value> = zones
            .map(|(zone, is_available)| view(zone, is_available, Value::Null))
            .collect();
        Ok(Reply::ok(&json!({"availabilityZoneInfo": zones})))
    }

    pub(super) fn availability_zone_details(&self) -> Answer {
        self.may("os_compute_api:os-availability-zone:detail")?;
        let (available, others) = self.zones();
        let available = available
            .into_iter()
            .map(|(zone, hosts)| view(zone, true, self.hosts_view(&hosts)));
        let others = others
            .into_iter()
            .map(|zone| view(zone, false, Value::Null));
        let zones: Vec<Value> = available.chain(others).collect();
        Ok(Reply::ok(&json!({"availabilityZoneInfo": zones})))
    }

    /// Those with a service that is enabled, with these; and the others.
    fn zones(&self) -> (BTreeMap<&'a str, Hosts<'a>>, BTreeSet<&'a str>) {
        let mut available: BTreeMap<&str, Hosts<'_>> = BTreeMap::new();
        let mut others = BTreeSet::new();
        for row in self.compute().services.values() {
            if row.is_enabled {
                let hosts = available.entry(&row.zone).or_default();
                hosts.entry(&row.host).or_default().push(row);
            } else {
                others.insert(&*row.zone);
            }
        }
        others.retain(|zone| !available.contains_key(zone));
        (available, others)
    }

    fn hosts_view(&self, hosts: &Hosts<'_>) -> Value {
        let now = self.call.now;
        let service = |row: &&ComputeService| {
            let view = json!({
                "available": row.is_up(now),
                "active": row.is_enabled,
                "updated_at": naive(row.last_report(now)),
            });
            (row.binary.to_owned(), view)
        };
        hosts
            .iter()
            .map(|(host, rows)| {
                let services: Value = rows.iter().map(service).collect();
                ((*host).to_owned(), services)
            })
            .collect()
    }
}

fn view(zone: &str, is_available: bool, hosts: Value) -> Value {
    json!({"zoneName": zone, "zoneState": {"available": is_available}, "hosts": hosts})
}
