//! The catalog and its rows: services, endpoints, regions.

use serde_json::{Value, json};

use super::listing::{Filters, invalid};
use super::{Subject, not_found};
use crate::reply::{Answer, Reply};
use crate::service::region_name;
use crate::world::Key;
use crate::world::identity::{Endpoint, ServiceRow, Target};

impl Subject<'_> {
    pub(super) fn catalog(&self) -> Reply {
        Reply::ok(&json!({
            "catalog": self.token.catalog(self.world, self.call),
            "links": {"self": self.path("/auth/catalog")},
        }))
    }

    pub(super) fn own_system(&self) -> Reply {
        let has_role = self.has_role_on(self.token.user, &Target::System);
        let rows: Value = has_role.then(|| json!({"all": true})).into_iter().collect();
        Reply::ok(&json!({"system": rows, "links": {"self": self.path("/auth/system")}}))
    }

    pub(super) fn services(&self) -> Answer {
        self.may("identity:list_services")?;
        let filters: Filters<ServiceRow> = &[
            ("name", |row| Some(row.name.clone())),
            ("type", |row| Some(row.service_type.clone())),
        ];
        let rows = self.world.identity.services.values();
        Ok(self.list("services", rows, filters, |row| self.service_view(row)))
    }

    pub(super) fn service(&self, id: &str) -> Answer {
        self.may("identity:get_service")?;
        let row = Key::read(id).and_then(|key| self.world.identity.services.get(&key));
        let row = row.ok_or_else(|| not_found("service", id))?;
        Ok(Reply::ok(&json!({"service": self.service_view(row)})))
    }

    pub(super) fn service_view(&self, row: &ServiceRow) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "type": row.service_type,
            "enabled": row.enabled,
            "links": {"self": self.path(&format!("/services/{}", row.id))},
        });
        if let Some(description) = &row.description {
            view["description"] = json!(description);
        }
        view
    }

    pub(super) fn endpoints(&self) -> Answer {
        self.may("identity:list_endpoints")?;
        if let Some(interface) = self.call.query.get("interface")
            && !["admin", "internal", "public"].contains(&interface)
        {
            let wanted = "one of ['admin', 'internal', 'public']";
            return Err(invalid("interface", interface, wanted));
        }
        let filters: Filters<Endpoint> = &[
            ("interface", |row| Some(row.interface.to_owned())),
            ("service_id", |row| Some(row.service.to_string())),
            ("region_id", |row| Some(row.region.clone())),
        ];
        let rows = self.world.identity.endpoints.values();
        Ok(self.list("endpoints", rows, filters, |row| self.endpoint_view(row)))
    }

    pub(super) fn endpoint(&self, id: &str) -> Answer {
        self.may("identity:get_endpoint")?;
        let row = Key::read(id).and_then(|key| self.world.identity.endpoints.get(&key));
        let row = row.ok_or_else(|| not_found("endpoint", id))?;
        Ok(Reply::ok(&json!({"endpoint": self.endpoint_view(row)})))
    }

    pub(super) fn endpoint_view(&self, row: &Endpoint) -> Value {
        json!({
            "id": row.id,
            "interface": row.interface,
            "region_id": row.region,
            "service_id": row.service,
            "url": format!("{}{}", self.call.origin, row.path),
            "enabled": row.enabled,
            "region": row.region,
            "links": {"self": self.path(&format!("/endpoints/{}", row.id))},
        })
    }

    pub(super) fn regions(&self) -> Reply {
        let rows: Vec<Value> = (0..self.world.regions.len())
            .map(|place| self.region_view(&region_name(place)))
            .collect();
        self.collection("regions", &rows, None)
    }

    pub(super) fn region(&self, id: &str) -> Answer {
        let mut names = (0..self.world.regions.len()).map(region_name);
        let name = names
            .find(|name| name == id)
            .ok_or_else(|| not_found("region", id))?;
        Ok(Reply::ok(&json!({"region": self.region_view(&name)})))
    }

    pub(super) fn region_view(&self, name: &str) -> Value {
        json!({
            "id": name,
            "description": "",
            "parent_region_id": null,
            "links": {"self": self.path(&format!("/regions/{name}"))},
        })
    }
}
