//! The bill: what an operation asked of the cloud, for `extensions.upstream`.

use async_graphql::indexmap::IndexMap;
use async_graphql::{ScalarType, Value};

use super::scalar::DateTime;
use crate::cloud::{Charge, Operation};

/// What the operation asked of the cloud, in all and by service.
pub(super) fn of(operation: &Operation) -> Value {
    let lines = operation.bill();
    let mut all = Charge::default();
    let mut services = IndexMap::new();
    for (service, charge) in lines {
        all.calls += charge.calls;
        all.cached += charge.cached;
        all.bytes += charge.bytes;
        all.milliseconds += charge.milliseconds;
        services.insert(
            async_graphql::Name::new(service.service_type()),
            charged(charge),
        );
    }
    let mut bill = charged(all);
    if let Value::Object(bill) = &mut bill {
        if let Some(time) = operation.as_of() {
            let name = async_graphql::Name::new("asOf");
            bill.insert(name, DateTime(time).to_value());
        }
        bill.insert(
            async_graphql::Name::new("services"),
            Value::Object(services),
        );
    }
    bill
}

fn charged(charge: Charge) -> Value {
    let figures = [
        ("calls", charge.calls),
        ("cached", charge.cached),
        ("bytes", charge.bytes),
        ("milliseconds", charge.milliseconds),
    ];
    let named = figures.map(|(name, figure)| (async_graphql::Name::new(name), Value::from(figure)));
    Value::Object(named.into_iter().collect())
}
