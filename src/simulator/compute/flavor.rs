//! Flavors.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value, json};

use super::paging::unknown_marker;
use super::query::{Kind, Names, STRICT};
use super::{Subject, add, bad_request, not_found};
use crate::reply::{Answer, Reply};
use crate::world::compute::Flavor;

const QUERY: Names = Names {
    names: &[
        ("limit", Kind::Number),
        ("marker", Kind::Any),
        ("is_public", Kind::Any),
        ("minRam", Kind::Any),
        ("minDisk", Kind::Any),
        (
            "sort_key",
            Kind::OneOf(&[
                "created_at",
                "description",
                "disabled",
                "ephemeral_gb",
                "flavorid",
                "id",
                "is_public",
                "memory_mb",
                "name",
                "root_gb",
                "rxtx_factor",
                "swap",
                "updated_at",
                "vcpu_weight",
                "vcpus",
            ]),
        ),
        ("sort_dir", Kind::OneOf(&["asc", "desc"])),
    ],
    once: false,
    closed_from: STRICT,
};

impl Subject<'_> {
    pub(super) fn flavors(&self, is_detail: bool) -> Answer {
        self.check(QUERY)?;
        let is_public = self.is_public_asked()?;
        let min_ram = self.least("minRam")?;
        let min_disk = self.least("minDisk")?;
        let is_admin = self.token.is_admin();
        let rows = self.compute().flavors.values();
        let mut rows: Vec<&Arc<Flavor>> = rows
            .filter(|row| match is_public {
                None => true,
                Some(true) => row.is_public || self.may_use(row),
                Some(false) => !row.is_public,
            })
            .filter(|row| is_admin || !row.disabled)
            .filter(|row| i64::from(row.ram_mib) >= min_ram && i64::from(row.disk_gib) >= min_disk)
            .collect();
        let query = &self.call.query;
        let key = query.get("sort_key").unwrap_or("flavorid");
        rows.sort_by(|one, other| by_key(key, one, other));
        if query.get("sort_dir") == Some("desc") {
            rows.reverse();
        }
        let page = self.page(rows, |row, marker| row.id == marker, unknown_marker)?;
        let views: Vec<Value> = page
            .rows
            .iter()
            .map(|row| {
                if is_detail {
                    self.flavor_view(row)
                } else {
                    self.brief_flavor(row)
                }
            })
            .collect();
        let mut body = json!({"flavors": views});
        if let Some(last) = page.rows.last().filter(|_| page.is_full) {
            let path = if is_detail {
                "flavors/detail"
            } else {
                "flavors"
            };
            body["flavors_links"] = json!(self.next_link(path, QUERY, &last.id));
        }
        Ok(Reply::ok(&body))
    }

    pub(super) fn flavor(&self, id: &str) -> Answer {
        let row = self.flavor_of(id)?;
        Ok(Reply::ok(&json!({"flavor": self.flavor_view(row)})))
    }

    pub(super) fn extra_specs(&self, id: &str) -> Answer {
        let row = self.flavor_of(id)?;
        Ok(Reply::ok(&json!({"extra_specs": row.extra_specs})))
    }

    pub(super) fn extra_spec(&self, id: &str, key: &str) -> Answer {
        let row = self.flavor_of(id)?;
        let value = row
            .extra_specs
            .get(key)
            .ok_or_else(|| not_found(&format!("Flavor {id} has no extra specs with key {key}.")))?;
        Ok(Reply::ok(&json!({key: value})))
    }

    pub(super) fn flavor_access(&self, id: &str) -> Answer {
        self.may("os_compute_api:os-flavor-access")?;
        let row = self.flavor_of(id)?;
        if row.is_public {
            return Err(not_found("Access list not available for public flavors."));
        }
        let access = row.access.iter();
        let access: Vec<Value> = access
            .map(|project| json!({"flavor_id": row.id, "tenant_id": project}))
            .collect();
        Ok(Reply::ok(&json!({"flavor_access": access})))
    }

    /// Anyone who knows its id may see it.
    fn flavor_of(&self, id: &str) -> Result<&Flavor, Reply> {
        let row = self.compute().flavors.get(id).map(Arc::as_ref);
        row.ok_or_else(|| not_found(&format!("Flavor {id} could not be found.")))
    }

    fn may_use(&self, row: &Flavor) -> bool {
        let own = self.token.project;
        own.is_some_and(|project| row.access.contains(&project))
    }

    /// Which ones are asked for: only admins may choose. None for all.
    fn is_public_asked(&self) -> Result<Option<bool>, Reply> {
        let asked = self.call.query.get("is_public");
        let Some(text) = asked.filter(|_| self.token.is_admin()) else {
            return Ok(Some(true));
        };
        match text.trim().to_lowercase().as_str() {
            "none" => Ok(None),
            "1" | "t" | "true" | "on" | "y" | "yes" => Ok(Some(true)),
            "0" | "f" | "false" | "off" | "n" | "no" => Ok(Some(false)),
            _ => Err(bad_request(&format!("Invalid is_public filter [{text}]"))),
        }
    }

    fn least(&self, name: &str) -> Result<i64, Reply> {
        let Some(text) = self.call.query.get(name) else {
            return Ok(0);
        };
        let number = text.trim().parse();
        number.map_err(|_| bad_request(&format!("Invalid {name} filter [{text}]")))
    }

    fn brief_flavor(&self, row: &Flavor) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "links": self.links("flavors", &row.id),
        });
        let description = row.description.as_deref();
        add(&mut view, self.version.is(55), "description", description);
        view
    }

    fn flavor_view(&self, row: &Flavor) -> Value {
        let mut view = self.brief_flavor(row);
        view["ram"] = json!(row.ram_mib);
        view["disk"] = json!(row.disk_gib);
        view["swap"] = match row.swap_mib {
            0 if !self.version.is(75) => json!(""),
            swap => json!(swap),
        };
        view["OS-FLV-EXT-DATA:ephemeral"] = json!(row.ephemeral_gib);
        view["OS-FLV-DISABLED:disabled"] = json!(row.disabled);
        view["vcpus"] = json!(row.vcpus);
        view["os-flavor-access:is_public"] = json!(row.is_public);
        view["rxtx_factor"] = json!(1.0);
        let extra_specs = json!(row.extra_specs);
        add(&mut view, self.version.is(61), "extra_specs", extra_specs);
        view
    }
}

fn by_key(key: &str, one: &Flavor, other: &Flavor) -> Ordering {
    match key {
        "flavorid" => one.id.cmp(&other.id),
        "name" => one.name.cmp(&other.name),
        "description" => one.description.cmp(&other.description),
        "disabled" => one.disabled.cmp(&other.disabled),
        "ephemeral_gb" => one.ephemeral_gib.cmp(&other.ephemeral_gib),
        "is_public" => one.is_public.cmp(&other.is_public),
        "memory_mb" => one.ram_mib.cmp(&other.ram_mib),
        "root_gb" => one.disk_gib.cmp(&other.disk_gib),
        "swap" => one.swap_mib.cmp(&other.swap_mib),
        "vcpus" => one.vcpus.cmp(&other.vcpus),
        // In the order in which they were made.
        _ => Ordering::Equal,
    }
}
