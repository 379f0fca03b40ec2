//! Hypervisors: where servers run, and how much of it is taken.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::paging::unknown_marker;
use super::query::{Kind, Names};
use super::{Subject, bad_request, no_such_resource, not_found};
use crate::reply::{Answer, Reply};
use crate::world::Shared;
use crate::world::compute::{ComputeService, Hypervisor, Server, Taken};
use crate::world::id::read_uuid;

/// The microversion from which ids are UUIDs and names are searched for in the list.
const SEARCHED: u32 = 53;
/// The microversion from which capacities are left to Placement.
const WITHOUT_CAPACITY: u32 = 88;

const QUERY: Names = Names {
    names: &[
        ("limit", Kind::Number),
        ("marker", Kind::Any),
        ("hypervisor_hostname_pattern", Kind::Host),
        ("with_servers", Kind::Bool),
    ],
    once: true,
    closed_from: SEARCHED,
};
const OLD_QUERY: Names = Names {
    names: &[("limit", Kind::Number), ("marker", Kind::Any)],
    once: false,
    closed_from: SEARCHED,
};
const ONE: Names = Names {
    names: &[("with_servers", Kind::Bool)],
    once: true,
    closed_from: SEARCHED,
};

/// What the hypervisors of an answer share.
struct Known<'a> {
    services: HashMap<&'a str, &'a ComputeService>,
    taken: BTreeMap<Shared, Taken>,
    /// How many servers of each host something is being done with.
    busy: HashMap<&'a str, u32>,
    servers: Option<HashMap<&'a str, Vec<&'a Server>>>,
}

impl<'a> Subject<'a> {
    pub(super) fn hypervisors(&self, is_detail: bool) -> Answer {
        let is_searched = self.version.is(SEARCHED);
        if is_searched {
            self.check(QUERY)?;
        } else if self.version.is(33) {
            self.check(OLD_QUERY)?;
        }
        let rule = if is_detail { "list-detail" } else { "list" };
        self.may(&format!("os_compute_api:os-hypervisors:{rule}"))?;
        let query = &self.call.query;
        let pattern = query.get("hypervisor_hostname_pattern");
        let rows: Vec<&Hypervisor> = self.compute().hypervisors.values().collect();
        let known = self.known(is_searched && self.with_servers(), is_detail);
        if let Some(pattern) = pattern.filter(|_| is_searched) {
            if query.has("limit") || query.has("marker") {
                return Err(bad_request(
                    "Paging over hypervisors with the hypervisor_hostname_pattern query \
                     parameter is not supported.",
                ));
            }
            let rows = self.matching(rows, pattern)?;
            let views = rows.iter().map(|row| self.view(row, &known, is_detail));
            return Ok(Reply::ok(
                &json!({"hypervisors": views.collect::<Vec<_>>()}),
            ));
        }
        if !self.version.is(33) {
            let views = rows.iter().map(|row| self.view(row, &known, is_detail));
            return Ok(Reply::ok(
                &json!({"hypervisors": views.collect::<Vec<_>>()}),
            ));
        }
        let is_marker = |row: &&Hypervisor, marker: &str| self.hypervisor_id(row) == marker;
        let page = self.page(rows, is_marker, unknown_marker)?;
        let views = page
            .rows
            .iter()
            .map(|row| self.view(row, &known, is_detail));
        let mut body = json!({"hypervisors": views.collect::<Vec<_>>()});
        if let Some(last) = page.rows.last().filter(|_| page.is_full) {
            let path = if is_detail {
                "os-hypervisors/detail"
            } else {
                "os-hypervisors"
            };
            let id = self.hypervisor_id(last);
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            body["hypervisors_links"] = json!(self.next_link(path, QUERY, &id));
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn hypervisor(&self, id: &str) -> Answer {
        if self.version.is(SEARCHED) {
            self.check(ONE)?;
        }
        self.may("os_compute_api:os-hypervisors:show")?;
        let row = self.hypervisor_of(id)?;
        let known = self.known(self.version.is(SEARCHED) && self.with_servers(), true);
        Ok(Reply::ok(
            &json!({"hypervisor": self.view(row, &known, true)}),
        ))
    }

    pub(super) fn hypervisor_uptime(&self, id: &str) -> Answer {
        if self.version.is(WITHOUT_CAPACITY) {
            return Err(no_such_resource());
        }
        self.may("os_compute_api:os-hypervisors:uptime")?;
        let row = self.hypervisor_of(id)?;
        let mut view = self.view(row, &self.known(false, false), false);
        view["uptime"] = json!(uptime(row, self.call.now));
        Ok(Reply::ok(&json!({"hypervisor": view})))
    }

    /// Those of a name, with the servers there when `what` is `servers`.
    pub(super) fn hypervisor_search(&self, name: &str, what: &str) -> Answer {
        if self.version.is(SEARCHED) {
            return Err(no_such_resource());
        }
        self.may(&format!("os_compute_api:os-hypervisors:{what}"))?;
        let rows = self.compute().hypervisors.values().collect();
        let rows = self.matching(rows, name)?;
        let known = self.known(what == "servers", false);
        let views = rows.iter().map(|row| self.view(row, &known, false));
        Ok(Reply::ok(
            &json!({"hypervisors": views.collect::<Vec<_>>()}),
        ))
    }

    pub(super) fn hypervisor_statistics(&self) -> Answer {
        if self.version.is(WITHOUT_CAPACITY) {
            return Err(no_such_resource());
        }
        self.may("os_compute_api:os-hypervisors:statistics")?;
        let known = self.known(false, true);
        let mut sums = json!({"count": 0});
        for row in self.compute().hypervisors.values() {
            sums["count"] = json!(sums["count"].as_i64().unwrap_or_default() + 1);
            let Value::Object(capacity) = capacity(row, &known) else {
                continue;
            };
            for (name, value) in capacity {
                let sum = sums[&name].as_i64().unwrap_or_default();
                sums[&name] = json!(sum + value.as_i64().unwrap_or_default());
            }
        }
        Ok(Reply::ok(&json!({"hypervisor_statistics": sums})))
    }

    fn with_servers(&self) -> bool {
        let asked = self.call.query.get("with_servers");
        asked.is_some_and(|text| super::query::truth(text).unwrap_or(false))
    }

    fn matching<'b>(
        &self,
        rows: Vec<&'b Hypervisor>,
        pattern: &str,
    ) -> Result<Vec<&'b Hypervisor>, Reply> {
        let wanted = pattern.to_lowercase();
        let mut rows = rows;
        rows.retain(|row| row.host.to_lowercase().contains(&wanted));
        if rows.is_empty() {
            return Err(not_found(&format!(
                "No hypervisor matching '{pattern}' could be found."
            )));
        }
        Ok(rows)
    }

    fn hypervisor_of(&self, id: &str) -> Result<&'a Hypervisor, Reply> {
        let unknown = || not_found(&format!("Hypervisor with ID '{id}' could not be found."));
        let rows = &self.compute().hypervisors;
        if self.version.is(SEARCHED) {
            let id = read_uuid(id).ok_or_else(|| bad_request(&format!("Invalid uuid {id}")))?;
            return rows.get(&id).ok_or_else(unknown);
        }
        let number: usize = id.parse().map_err(|_| unknown())?;
        let place = number.checked_sub(1).ok_or_else(unknown)?;
        rows.get_index(place)
            .map(|(_, row)| row)
            .ok_or_else(unknown)
    }

    /// A number once, a UUID since.
    fn hypervisor_id(&self, row: &Hypervisor) -> Value {
        if self.version.is(SEARCHED) {
            return json!(row.id);
        }
        let place = self.compute().hypervisors.get_index_of(&row.id);
        json!(place.map_or(0, |place| place + 1))
    }

    fn known(&self, with_servers: bool, is_detail: bool) -> Known<'a> {
        let compute = self.compute();
        let has_capacity = is_detail && !self.version.is(WITHOUT_CAPACITY);
        let mut known = Known {
            services: compute.services_by_host(),
            taken: BTreeMap::new(),
            busy: HashMap::new(),
            servers: with_servers.then(HashMap::new),
        };
        if has_capacity {
            known.taken = compute.taken_by_host();
        }
        if !has_capacity && !with_servers {
            return known;
        }
        for server in compute.servers.values() {
            let Some(host) = server.host.as_deref() else {
                continue;
            };
            if server.task_state.is_some() {
                *known.busy.entry(host).or_default() += 1;
            }
            if let Some(servers) = &mut known.servers {
                servers.entry(host).or_default().push(server);
            }
        }
        known
    }

    fn view(&self, row: &Hypervisor, known: &Known<'_>, is_detail: bool) -> Value {
        let service = known.services.get(&*row.host).copied();
        let is_up = service.is_some_and(|service| service.is_up(self.call.now));
        let is_enabled = service.is_some_and(|service| service.is_enabled);
        let mut view = json!({
            "id": self.hypervisor_id(row),
            "hypervisor_hostname": row.host,
            "state": if is_up { "up" } else { "down" },
            "status": if is_enabled { "enabled" } else { "disabled" },
        });
        if is_detail {
            view["hypervisor_type"] = json!("QEMU");
            view["hypervisor_version"] = json!(8_002_002);
            view["host_ip"] = json!(row.address);
            view["service"] = json!({
                "id": service.map(|service| self.service_id(service)),
                "host": row.host,
                "disabled_reason": service.and_then(|row| row.disabled_reason.as_deref()),
            });
            if self.version.is(WITHOUT_CAPACITY) {
                view["uptime"] = json!(uptime(row, self.call.now));
            } else {
                if let (Value::Object(view), Value::Object(capacity)) =
                    (&mut view, capacity(row, known))
                {
                    view.extend(capacity);
                }
                let cpu = cpu_info(row);
                view["cpu_info"] = if self.version.is(28) {
                    cpu
                } else {
                    json!(cpu.to_string())
                };
            }
        }
        if let Some(servers) = &known.servers {
            let servers = servers.get(&*row.host).map_or(&[][..], Vec::as_slice);
            if !servers.is_empty() || self.version.is(75) {
                let servers = servers
                    .iter()
                    .map(|server| json!({"name": server.instance_name(), "uuid": server.id}));
                view["servers"] = servers.collect();
            }
        }
        view
    }
}

fn capacity(row: &Hypervisor, known: &Known<'_>) -> Value {
    let taken = known.taken.get(&row.host).copied().unwrap_or_default();
    let memory_used =
        i64::try_from(taken.ram_mib).unwrap_or_default() + i64::from(row.reserved_memory_mib);
    let disk_used = i64::try_from(taken.disk_gib).unwrap_or_default();
    let free_disk = i64::from(row.disk_gib) - disk_used;
    json!({
        "vcpus": row.vcpus,
        "memory_mb": row.memory_mib,
        "local_gb": row.disk_gib,
        "vcpus_used": taken.vcpus,
        "memory_mb_used": memory_used,
        "local_gb_used": disk_used,
        "free_ram_mb": i64::from(row.memory_mib) - memory_used,
        "free_disk_gb": free_disk,
        "current_workload": known.busy.get(&*row.host).copied().unwrap_or_default(),
        "running_vms": taken.servers,
        "disk_available_least": free_disk,
    })
}

fn cpu_info(row: &Hypervisor) -> Value {
    json!({
        "arch": "x86_64",
        "model": "Cascadelake-Server",
        "vendor": "Intel",
        "topology": {"sockets": 2, "cores": row.vcpus / 4, "threads": 2},
        "features": ["aes", "avx2", "pge", "clflush", "vmx"],
    })
}

/// As the command of this name writes it.
fn uptime(row: &Hypervisor, now: DateTime<Utc>) -> String {
    let up = now - row.booted;
    format!(
        " {} up {} days, {:2}:{:02},  0 users,  load average: 0.52, 0.58, 0.59\n",
        now.format("%H:%M:%S"),
        up.num_days(),
        up.num_hours() % 24,
        up.num_minutes() % 60,
    )
}
