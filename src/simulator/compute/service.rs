//! Nova's own services.

use serde_json::{Value, json};

use super::query::{Kind, Names, STRICT};
use super::{Subject, add};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::compute::ComputeService;

const QUERY: Names = Names {
    names: &[("host", Kind::Any), ("binary", Kind::Any)],
    once: false,
    closed_from: STRICT,
};

impl Subject<'_> {
    pub(super) fn services(&self) -> Answer {
        self.check(QUERY)?;
        self.may("os_compute_api:os-services:list")?;
        let asked = |name: &str| self.call.query.get(name).filter(|text| !text.is_empty());
        let (host, binary) = (asked("host"), asked("binary"));
        let rows = self.compute().services.values();
        let rows = rows
            .filter(|row| host.is_none_or(|host| *row.host == *host))
            .filter(|row| binary.is_none_or(|binary| row.binary == binary));
        let rows: Vec<Value> = rows.map(|row| self.service_view(row)).collect();
        Ok(Reply::ok(&json!({"services": rows})))
    }

    /// A number once, a UUID since.
    pub(super) fn service_id(&self, row: &ComputeService) -> Value {
        if self.version.is(53) {
            return json!(row.id);
        }
        let place = self.compute().services.get_index_of(&row.id);
        json!(place.map_or(0, |place| place + 1))
    }

    fn service_view(&self, row: &ComputeService) -> Value {
        let now = self.call.now;
        let mut view = json!({
            "id": self.service_id(row),
            "binary": row.binary,
            "host": row.host,
            "zone": row.zone,
            "status": if row.is_enabled { "enabled" } else { "disabled" },
            "state": if row.is_up(now) { "up" } else { "down" },
            "updated_at": naive(row.last_report(now)),
            "disabled_reason": row.disabled_reason,
        });
        add(
            &mut view,
            self.version.is(11),
            "forced_down",
            row.forced_down,
        );
        view
    }
}
