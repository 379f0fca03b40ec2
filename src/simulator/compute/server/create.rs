//! Servers made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::SCHEMAS;
use super::disk::Disk;
use super::wiring::Wiring;
use crate::compute::query::truth;
use crate::compute::writer::Writer;
use crate::compute::{bad_request, forbidden_because};
use crate::reply::{Answer, Reply};
use crate::world::compute::{Flavor, PowerState, Server, VmState, hostname};
use crate::world::events::ServerStep;
use crate::world::id::read_uuid;
use crate::world::image::Image;
use crate::world::{Key, Shared};

/// When a host is looked for.
const SOON: Duration = Duration::from_millis(700);

/// What was asked for, and found to be there.
struct Order {
    name: String,
    project: Key,
    flavor: Arc<Flavor>,
    image: Option<Uuid>,
    disks: Vec<Disk>,
    wiring: Wiring,
    zone: Option<Shared>,
    group: Option<Uuid>,
    number: u32,
}

impl Writer<'_> {
    pub(in crate::compute) fn server_create(&mut self) -> Answer {
        let body = self.body()?;
        SCHEMAS.check("create", &body, self.version.minor())?;
        let asked = &body["server"];
        let order = self.order(&body)?;
        let password = match asked["adminPass"].as_str() {
            Some(password) => password.to_owned(),
            None => self.world.dice.hex(12),
        };
        let mut first = None;
        for place in 0..order.number {
            let name = if order.number > 1 {
                format!("{}-{}", order.name, place + 1)
            } else {
                order.name.clone()
            };
            let id = self.build(&order, name, asked)?;
            first.get_or_insert(id);
        }
        let Some(id) = first else {
            return Err(bad_request("max_count must be positive"));
        };
        let row = self.region().compute.servers.get(&id);
        if truth(asked["return_reservation_id"].as_str().unwrap_or_default()).unwrap_or(false)
            || asked["return_reservation_id"] == true
        {
            let reservation = row.map(Server::reservation_id);
            let told = json!({"reservation_id": reservation});
            return Ok(Reply::json(StatusCode::ACCEPTED, &told));
        }
        let links = self.subject().links("servers", &id.to_string());
        let own = links.first().map(|link| link.href.clone());
        let groups = asked["security_groups"].as_array();
        let groups: Vec<Value> = match groups.filter(|groups| !groups.is_empty()) {
            Some(groups) => groups
                .iter()
                .map(|group| json!({"name": group["name"]}))
                .collect(),
            None => vec![json!({"name": "default"})],
        };
        let view = json!({
            "id": id,
            "links": links,
            "OS-DCF:diskConfig": asked["OS-DCF:diskConfig"].as_str().unwrap_or("MANUAL"),
            "security_groups": groups,
            "adminPass": password,
        });
        let reply = Reply::json(StatusCode::ACCEPTED, &json!({"server": view}));
        Ok(reply.with(LOCATION, &own.unwrap_or_default()))
    }

    /// What is asked for, in the order in which Nova looks for it.
    fn order(&mut self, body: &Value) -> Result<Order, Reply> {
        let asked = &body["server"];
        let least = count(&asked["min_count"]).unwrap_or(1);
        let number = count(&asked["max_count"]).unwrap_or(least);
        if least > number {
            return Err(bad_request("min_count must be <= max_count"));
        }
        self.may_create()?;
        let Some(project) = self.token.project else {
            return Err(crate::compute::forbidden("os_compute_api:servers:create"));
        };
        if self.version.is(74)
            && ["host", "hypervisor_hostname"]
                .iter()
                .any(|name| asked[*name].is_string())
        {
            self.subject()
                .may("compute:servers:create:requested_destination")?;
        }
        let disks = self.disks(asked)?;
        let image = asked["imageRef"].as_str().filter(|id| !id.is_empty());
        if image.is_none() && disks.iter().all(|disk| !disk.is_root) {
            return Err(bad_request("Missing imageRef attribute"));
        }
        let flavor = self.flavor_to_use(&asked["flavorRef"])?;
        let image = match image {
            Some(id) => Some(self.image_to_use(id)?),
            None => None,
        };
        let zone = self.zone_to_use(asked)?;
        if let Some(image) = image.and_then(|id| self.region().image.images.get(&id)) {
            fits(image, &flavor)?;
        }
        let metadata = asked["metadata"]
            .as_object()
            .map_or(0, serde_json::Map::len);
        let compute = &self.region().compute;
        let limit = compute.quota(project).metadata_items;
        if limit >= 0 && metadata > usize::try_from(limit).unwrap_or_default() {
            return Err(forbidden_because(&format!(
                "Maximum number of metadata items exceeds {limit}"
            )));
        }
        let wiring = self.wiring(asked, project, number)?;
        if let Some(name) = asked["key_name"].as_str() {
            let key = (self.token.user, name.to_owned());
            if !self.region().compute.keypairs.contains_key(&key) {
                return Err(bad_request("Invalid key_name provided."));
            }
        }
        let group = self.group_to_join(body)?;
        let number = self.within_quota(project, &flavor, least, number)?;
        self.check_disks(&disks)?;
        Ok(Order {
            name: asked["name"].as_str().unwrap_or_default().trim().to_owned(),
            project,
            flavor,
            image: image.filter(|_| disks.iter().all(|disk| !disk.is_root)),
            disks,
            wiring,
            zone,
            group,
            number,
        })
    }

    fn may_create(&self) -> Result<(), Reply> {
        if self.token.has_role("member") {
            return Ok(());
        }
        self.subject().may("os_compute_api:servers:create")
    }

    pub(super) fn flavor_to_use(&self, asked: &Value) -> Result<Arc<Flavor>, Reply> {
        let id = crate::python::str(asked);
        let flavor = self.region().compute.flavors.get(&id);
        let flavor = flavor.filter(|row| {
            row.is_public
                || self.token.is_admin()
                || self
                    .token
                    .project
                    .is_some_and(|project| row.access.contains(&project))
        });
        let flavor = flavor.filter(|row| !row.disabled);
        flavor
            .map(Arc::clone)
            .ok_or_else(|| bad_request(&format!("Flavor {id} could not be found.")))
    }

    pub(super) fn image_to_use(&self, id: &str) -> Result<Uuid, Reply> {
        let row = read_uuid(id).and_then(|id| self.region().image.images.get(&id));
        let project = self.token.project;
        let sees = |row: &Image| {
            self.token.is_admin()
                || matches!(row.visibility, "public" | "community")
                || project == Some(row.owner)
                || row
                    .members
                    .iter()
                    .any(|member| Some(member.project) == project)
        };
        let row = row
            .filter(|row| sees(row))
            .ok_or_else(|| bad_request("Can not find requested image"))?;
        if row.status != "active" {
            return Err(bad_request(&format!("Image {id} is not active.")));
        }
        Ok(row.id)
    }

    fn zone_to_use(&self, asked: &Value) -> Result<Option<Shared>, Reply> {
        let Some(zone) = asked["availability_zone"].as_str() else {
            return Ok(None);
        };
        let (zone, forced) = match zone.split_once(':') {
            Some((zone, _)) => (zone, true),
            None => (zone, false),
        };
        if forced {
            self.subject()
                .may("os_compute_api:servers:create:forced_host")?;
        }
        let hypervisors = self.region().compute.hypervisors.values();
        let mut zones = hypervisors.map(|row| &row.zone);
        let zone = zones
            .find(|known| &***known == zone)
            .ok_or_else(|| bad_request("The requested availability zone is not available"))?;
        Ok(Some(Arc::clone(zone)))
    }

    fn group_to_join(&self, body: &Value) -> Result<Option<Uuid>, Reply> {
        let hints = ["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"];
        let mut hints = hints.iter().filter_map(|name| body.get(*name));
        let Some(id) = hints.find_map(|hints| hints["group"].as_str()) else {
            return Ok(None);
        };
        let groups = &self.region().compute.server_groups;
        let row = read_uuid(id).and_then(|id| groups.get(&id));
        let row =
            row.filter(|row| self.token.is_admin() || Some(row.project) == self.token.project);
        let row =
            row.ok_or_else(|| bad_request(&format!("Instance group {id} could not be found.")))?;
        Ok(Some(row.id))
    }

    /// How many servers the quota lets be made: as many as are asked for, or at least the least.
    fn within_quota(
        &self,
        project: Key,
        flavor: &Flavor,
        least: u32,
        most: u32,
    ) -> Result<u32, Reply> {
        let compute = &self.region().compute;
        let (limit, taken) = (compute.quota(project), compute.taken_by_project(project));
        let rows = [
            ("instances", limit.instances, i64::from(taken.servers), 1),
            (
                "cores",
                limit.cores,
                i64::from(taken.vcpus),
                i64::from(flavor.vcpus),
            ),
            (
                "ram",
                limit.ram_mib,
                i64::try_from(taken.ram_mib).unwrap_or(i64::MAX),
                i64::from(flavor.ram_mib),
            ),
        ];
        let allowed = rows
            .iter()
            .filter(|(_, limit, _, each)| *limit >= 0 && *each > 0);
        let allowed = allowed.map(|(_, limit, used, each)| (limit - used).max(0) / each);
        let allowed = allowed.min().unwrap_or(i64::MAX);
        if allowed >= i64::from(least) {
            return Ok(u32::try_from(allowed).unwrap_or(u32::MAX).min(most));
        }
        let least = i64::from(least);
        self.check_quota(
            project,
            &[
                ("instances", least),
                ("cores", i64::from(flavor.vcpus) * least),
                ("ram", i64::from(flavor.ram_mib) * least),
            ],
        )?;
        Ok(most)
    }

    /// Whether a project may have so much more.
    pub(super) fn check_quota(&self, project: Key, more: &[(&str, i64)]) -> Result<(), Reply> {
        let compute = &self.region().compute;
        let (limit, taken) = (compute.quota(project), compute.taken_by_project(project));
        let rows = more.iter().map(|(name, more)| match *name {
            "instances" => (
                "instances",
                *more,
                limit.instances,
                i64::from(taken.servers),
            ),
            "cores" => ("cores", *more, limit.cores, i64::from(taken.vcpus)),
            _ => {
                let used = i64::try_from(taken.ram_mib).unwrap_or(i64::MAX);
                ("ram", *more, limit.ram_mib, used)
            }
        });
        let over = rows.filter(|(_, more, limit, used)| {
            *limit >= 0 && *more > 0 && used.saturating_add(*more) > *limit
        });
        let mut over: Vec<_> = over.collect();
        if over.is_empty() {
            return Ok(());
        }
        over.sort_by_key(|(name, ..)| *name);
        let listed = |of: fn(&(&str, i64, i64, i64)) -> String| {
            let listed: Vec<String> = over.iter().map(of).collect();
            listed.join(", ")
        };
        let names = listed(|row| row.0.to_owned());
        let requested = listed(|row| row.1.to_string());
        let used = listed(|row| row.3.to_string());
        let limits = listed(|row| row.2.to_string());
        Err(forbidden_because(&format!(
            "Quota exceeded for {names}: Requested {requested}, but already used {used} of \
             {limits} {names}"
        )))
    }

    fn build(&mut self, order: &Order, name: String, asked: &Value) -> Result<Uuid, Reply> {
        let now = self.call.now;
        let id = self.world.dice.uuid();
        let text = |name: &str| asked[name].as_str().map(str::to_owned);
        let metadata = asked["metadata"].as_object().into_iter().flatten();
        let metadata: BTreeMap<String, String> = metadata
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let tags = asked["tags"].as_array().into_iter().flatten();
        let mut tags: Vec<String> = tags
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect();
        tags.sort();
        tags.dedup();
        let has_config_drive = match &asked["config_drive"] {
            Value::Bool(is) => *is,
            Value::String(text) => truth(text).unwrap_or_default(),
            _ => false,
        };
        let servers = &self.region().compute.servers;
        let deleted = &self.region().compute.deleted_servers;
        let numbers = servers.values().chain(deleted.values());
        let number = numbers.map(|row| row.number).max().unwrap_or_default() + 1;
        let description = match self.version.is(19) {
            true => text("description"),
            false => Some(name.clone()),
        };
        let own = text("hostname").filter(|_| self.version.is(90));
        let hostname = own.or_else(|| hostname(&name));
        let server = Server {
            id,
            number,
            hostname: hostname.unwrap_or_else(|| format!("Server-{id}")),
            name,
            description,
            project: order.project,
            user: self.token.user,
            vm_state: VmState::Building,
            task_state: Some("scheduling"),
            power_state: PowerState::NoState,
            flavor: Arc::clone(&order.flavor),
            image: order.image,
            host: None,
            zone: order.zone.clone().unwrap_or_else(|| Shared::from("")),
            key_name: text("key_name"),
            created: now,
            updated: now,
            launched: None,
            metadata,
            tags,
            locked: None,
            fault: None,
            has_config_drive,
            user_data: text("user_data"),
            ports: Vec::new(),
            volumes: Vec::new(),
            actions: Vec::new(),
            progress: 0,
            wanted_zone: order.zone.clone(),
            resize: None,
            shelved_image: None,
        };
        self.region_mut().compute.servers.insert(id, server);
        self.wire(id, &order.wiring)?;
        self.add_disks(id, &order.disks);
        if let Some(group) = order.group
            && let Some(group) = self.region_mut().compute.server_groups.get_mut(&group)
        {
            group.members.push(id);
        }
        self.note(id, "create", None);
        self.plan(id, SOON, ServerStep::Schedule);
        Ok(id)
    }
}

/// Whether an image can be used with a flavor.
pub(super) fn fits(image: &Image, flavor: &Flavor) -> Result<(), Reply> {
    const GIB: u64 = 1024 * 1024 * 1024;
    if flavor.ram_mib < image.min_ram_mib {
        return Err(bad_request(
            "Flavor's memory is too small for requested image.",
        ));
    }
    let disk = u64::from(flavor.disk_gib) * GIB;
    let size = image.size_bytes.unwrap_or_default();
    if disk > 0 && size > disk {
        return Err(bad_request(&format!(
            "Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, image \
             is {size} bytes."
        )));
    }
    let least = u64::from(image.min_disk_gib) * GIB;
    if disk > 0 && least > disk {
        return Err(bad_request(&format!(
            "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor \
             disk is {disk} bytes, minimum size is {least} bytes."
        )));
    }
    Ok(())
}

/// A number, or a text that is one.
fn count(asked: &Value) -> Option<u32> {
    match asked {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
