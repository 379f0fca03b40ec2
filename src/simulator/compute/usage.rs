//! What projects used in a time: the hours of their servers.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::{Subject, bad_request};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::compute::Server;

const QUERY: Names = Names {
    names: &[
        ("start", Kind::Any),
        ("end", Kind::Any),
        ("detailed", Kind::Any),
        ("limit", Kind::Number),
        ("marker", Kind::Any),
    ],
    once: false,
    closed_from: STRICT,
};
const ONE: Names = Names {
    names: &[
        ("start", Kind::Any),
        ("end", Kind::Any),
        ("limit", Kind::Number),
        ("marker", Kind::Any),
    ],
    once: false,
    closed_from: STRICT,
};
/// The microversion from which servers come in pages.
const PAGED: u32 = 40;

struct Period {
    start: DateTime<Utc>,
    stop: DateTime<Utc>,
}

#[derive(Default)]
struct Sum {
    servers: Vec<Value>,
    hours: f64,
    vcpu_hours: f64,
    ram_hours: f64,
    disk_hours: f64,
}

impl<'a> Subject<'a> {
    pub(super) fn usages(&self) -> Answer {
        self.check(QUERY)?;
        self.may("os_compute_api:os-simple-tenant-usage:list")?;
        let period = self.period()?;
        let detailed = self.call.query.all("detailed").next() == Some("1");
        let (servers, links) = self.used(&period, None, "os-simple-tenant-usage")?;
        let sums = self.sums(&servers, &period);
        let rows = sums
            .iter()
            .map(|(project, sum)| sum.view(*project, &period, detailed));
        let mut body = json!({"tenant_usages": rows.collect::<Vec<_>>()});
        if let Some(links) = links {
            body["tenant_usages_links"] = links;
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn usage(&self, project: &str) -> Answer {
        self.check(ONE)?;
        let rule = "os_compute_api:os-simple-tenant-usage:show";
        let key = Key::read(project);
        match key {
            Some(key) => self.may_read_of(key, rule)?,
            None => self.may(rule)?,
        }
        let period = self.period()?;
        let path = format!("os-simple-tenant-usage/{project}");
        let (servers, links) = self.used(&period, Some(key), &path)?;
        let sums = self.sums(&servers, &period);
        let first = sums.first();
        let mut body = json!({
            "tenant_usage": first.map_or_else(
                || json!({}),
                |(project, sum)| sum.view(*project, &period, true),
            ),
        });
        if let Some(links) = links {
            body["tenant_usage_links"] = links;
        }
        Ok(Reply::ok(&body))
    }

    fn period(&self) -> Result<Period, Reply> {
        let moment = |name: &str, usual| match self.call.query.all(name).next() {
            None | Some("") => Ok(usual),
            Some(text) => moment(text).ok_or_else(|| {
                bad_request("Invalid datetime string: Datetime is in invalid format")
            }),
        };
        let now = self.call.now;
        let start = moment("start", now)?;
        // Both unsaid, the end is a little later.
        let stop = moment("end", now + TimeDelta::microseconds(1))?;
        if start >= stop {
            return Err(bad_request(
                "Invalid start time. The start time cannot occur after the end time.",
            ));
        }
        let stop = stop.min(now);
        Ok(Period { start, stop })
    }

    /// The servers that there were, by project and id, and the link to more of them.
    fn used(
        &self,
        period: &Period,
        project: Option<Option<Key>>,
        path: &str,
    ) -> Result<(Vec<&'a Server>, Option<Value>), Reply> {
        let rows = self.compute().servers.values();
        let mut rows: Vec<&Server> = rows
            .filter(|row| row.launched.is_some_and(|time| time < period.stop))
            .filter(|row| project.is_none_or(|project| Some(row.project) == project))
            .collect();
        rows.sort_unstable_by_key(|row| (row.project, row.id));
        if !self.version.is(PAGED) {
            return Ok((rows, None));
        }
        if let Some(marker) = self.marker() {
            // It need not be one of them.
            let servers = &self.compute().servers;
            let last = crate::world::id::read_uuid(marker).and_then(|id| servers.get(&id));
            let last =
                last.ok_or_else(|| bad_request(&format!("Marker {marker} could not be found.")))?;
            let behind = (last.project, last.id);
            rows.retain(|row| (row.project, row.id) > behind);
        }
        let page = super::paging::cut(rows, self.limit());
        let last = page.rows.last().filter(|_| page.is_full);
        let links = last.map(|last| json!(self.next_link(path, QUERY, &last.id.to_string())));
        Ok((page.rows, links))
    }

    fn sums(&self, servers: &[&Server], period: &Period) -> IndexMap<Key, Sum> {
        let mut sums: IndexMap<Key, Sum> = IndexMap::new();
        for server in servers {
            let Some(launched) = server.launched else {
                continue;
            };
            let flavor = &server.flavor;
            let disk = flavor.disk_gib + flavor.ephemeral_gib;
            let hours = hours(period.stop - launched.max(period.start));
            let sum = sums.entry(server.project).or_default();
            sum.hours += hours;
            sum.vcpu_hours += hours * f64::from(flavor.vcpus);
            sum.ram_hours += hours * f64::from(flavor.ram_mib);
            sum.disk_hours += hours * f64::from(disk);
            sum.servers.push(json!({
                "instance_id": server.id,
                "name": server.name,
                "hours": hours,
                "tenant_id": server.project,
                "flavor": flavor.name,
                "memory_mb": flavor.ram_mib,
                "local_gb": disk,
                "vcpus": flavor.vcpus,
                "started_at": naive(launched),
                "ended_at": null,
                "state": server.vm_state.word(),
                "uptime": (self.call.now - launched).num_seconds(),
            }));
        }
        sums
    }
}

impl Sum {
    fn view(&self, project: Key, period: &Period, detailed: bool) -> Value {
        let exactly = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        let mut view = json!({
            "tenant_id": project,
            "total_hours": self.hours,
            "total_vcpus_usage": self.vcpu_hours,
            "total_memory_mb_usage": self.ram_hours,
            "total_local_gb_usage": self.disk_hours,
            "start": exactly(period.start),
            "stop": exactly(period.stop),
        });
        super::add(&mut view, detailed, "server_usages", self.servers.clone());
        view
    }
}

fn hours(time: TimeDelta) -> f64 {
    time.as_seconds_f64() / 3600.0
}

/// Only in these ways: without a zone.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let ways = [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
    ];
    let mut times = ways
        .iter()
        .filter_map(|way| NaiveDateTime::parse_from_str(text, way).ok());
    times.next().map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_no_zone() {
        assert!(moment("2026-01-01T00:00:00").is_some());
        assert!(moment("2026-01-01T00:00:00.5").is_some());
        assert!(moment("2026-01-01").is_none());
        assert!(moment("2026-01-01T00:00:00Z").is_none());
    }
}
