//! Host aggregates.

use serde_json::{Value, json};

use super::{Subject, add, bad_request, not_found};
use crate::clock::naive;
use crate::reply::{Answer, Reply};
use crate::world::compute::Aggregate;

impl Subject<'_> {
    pub(super) fn aggregates(&self) -> Answer {
        self.may("os_compute_api:os-aggregates:index")?;
        let rows = self.compute().aggregates.values();
        let rows: Vec<Value> = rows.map(|row| self.aggregate_view(row)).collect();
        Ok(Reply::ok(&json!({"aggregates": rows})))
    }

    pub(super) fn aggregate(&self, id: &str) -> Answer {
        self.may("os_compute_api:os-aggregates:show")?;
        let number: i64 = id
            .parse()
            .map_err(|_| bad_request("Invalid input received: id must be an integer"))?;
        let number = u32::try_from(number).ok();
        let row = number.and_then(|number| self.compute().aggregates.get(&number));
        let row = row.ok_or_else(|| not_found(&format!("Aggregate {id} could not be found.")))?;
        let view = self.aggregate_view(row);
        Ok(Reply::ok(&json!({"aggregate": view})))
    }

    fn aggregate_view(&self, row: &Aggregate) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "hosts": row.hosts,
            "metadata": row.metadata,
            "availability_zone": row.metadata.get("availability_zone"),
            "created_at": naive(row.created),
            "updated_at": null,
            "deleted_at": null,
            "deleted": false,
        });
        add(&mut view, self.version.is(41), "uuid", row.uuid.to_string());
        view
    }
}
