//! Resource providers: here each hypervisor is one, and none is beneath another.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Subject, prefix};
use crate::reply::{Answer, Reply};
use crate::world::Shared;
use crate::world::compute::{Hypervisor, Server, Taken};
use crate::world::id::read_uuid;

/// What a query for providers may say, and from which microversion on.
const QUERY: [(&str, u32); 6] = [
    ("name", 0),
    ("uuid", 0),
    ("member_of", 3),
    ("resources", 4),
    ("in_tree", 14),
    ("required", 18),
];

/// What a refusal of a query shows of the names that there are.
fn schema(names: &[&str]) -> String {
    let kinds = names.iter().map(|name| match *name {
        "uuid" | "in_tree" => format!("'{name}': {{'type': 'string', 'format': 'uuid'}}"),
        _ => format!("'{name}': {{'type': 'string'}}"),
    });
    let kinds: Vec<String> = kinds.collect();
    format!(
        "{{'type': 'object',      'properties': {{{}}},      'additionalProperties': False}}",
        kinds.join(",                     ")
    )
}

/// A provider, and what is taken of it.
pub(super) struct Provider<'a> {
    pub(super) row: &'a Hypervisor,
    pub(super) taken: Taken,
}

/// What a provider has of a class.
pub(super) struct Inventory {
    pub(super) class: &'static str,
    total: u32,
    reserved: u32,
    allocation_ratio: f64,
    pub(super) used: u64,
}

impl Inventory {
    /// How much can be given away, with what is.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a multiple of a number of CPUs, MiB or GiB"
    )]
    pub(super) fn capacity(&self) -> i64 {
        (f64::from(self.total - self.reserved.min(self.total)) * self.allocation_ratio) as i64
    }

    fn has_room(&self, amount: i64) -> bool {
        let used = i64::try_from(self.used).unwrap_or(i64::MAX);
        amount <= i64::from(self.total) && used.saturating_add(amount) <= self.capacity()
    }

    fn view(&self) -> Value {
        json!({
            "total": self.total,
            "reserved": self.reserved,
            "min_unit": 1,
            "max_unit": self.total,
            "step_size": 1,
            "allocation_ratio": self.allocation_ratio,
        })
    }
}

impl Provider<'_> {
    pub(super) fn inventories(&self) -> [Inventory; 3] {
        let row = self.row;
        [
            Inventory {
                class: "VCPU",
                total: row.vcpus,
                reserved: 0,
                allocation_ratio: row.cpu_allocation_ratio,
                used: u64::from(self.taken.vcpus),
            },
            Inventory {
                class: "MEMORY_MB",
                total: row.memory_mib,
                reserved: row.reserved_memory_mib,
                allocation_ratio: row.ram_allocation_ratio,
                used: self.taken.ram_mib,
            },
            Inventory {
                class: "DISK_GB",
                total: row.disk_gib,
                reserved: 0,
                allocation_ratio: row.disk_allocation_ratio,
                used: self.taken.disk_gib,
            },
        ]
    }

    pub(super) fn has_room(&self, class: &str, amount: i64) -> bool {
        let inventories = self.inventories();
        let mut inventories = inventories.iter();
        inventories.any(|inventory| inventory.class == class && inventory.has_room(amount))
    }

    /// Counts up with what is given away of it.
    pub(super) fn generation(&self) -> u32 {
        self.taken.servers + 2
    }
}

/// What a server takes, by class: of nothing nothing is said.
pub(super) fn resources(taken: Taken) -> Map<String, Value> {
    let amounts = [
        ("VCPU", u64::from(taken.vcpus)),
        ("MEMORY_MB", taken.ram_mib),
        ("DISK_GB", taken.disk_gib),
    ];
    let amounts = amounts.into_iter().filter(|(_, amount)| *amount > 0);
    amounts
        .map(|(class, amount)| (class.to_owned(), json!(amount)))
        .collect()
}

pub(super) fn taken_by(server: &Server) -> Taken {
    let mut taken = Taken::default();
    taken.add(server);
    taken
}

impl<'a> Subject<'a> {
    pub(super) fn all_providers(&self) -> impl Iterator<Item = Provider<'a>> + use<'a> {
        let taken: BTreeMap<Shared, Taken> = self.region.compute.taken_by_host();
        let rows = self.region.compute.hypervisors.values();
        rows.map(move |row| Provider {
            row,
            taken: taken.get(&row.host).copied().unwrap_or_default(),
        })
    }

    pub(super) fn servers_on<'b>(
        &self,
        row: &'b Hypervisor,
    ) -> impl Iterator<Item = &'a Server> + use<'a, 'b> {
        let servers = self.region.compute.servers.values();
        servers.filter(move |server| server.host.as_deref() == Some(&*row.host))
    }

    pub(super) fn provider_on(&self, host: &str) -> Option<Provider<'a>> {
        let mut rows = self.region.compute.hypervisors.values();
        let row = rows.find(|row| *row.host == *host)?;
        let mut taken = Taken::default();
        for server in self.servers_on(row) {
            taken.add(server);
        }
        Some(Provider { row, taken })
    }

    /// The provider of this id; where there is none, what is said depends on who asked.
    fn provider_of(&self, id: &str, refuse: impl Fn(&str) -> Reply) -> Result<Provider<'a>, Reply> {
        let rows = &self.region.compute.hypervisors;
        let row = read_uuid(id).and_then(|id| rows.get(&id));
        let row =
            row.ok_or_else(|| refuse(&format!("No resource provider with uuid {id} found")))?;
        let mut taken = Taken::default();
        for server in self.servers_on(row) {
            taken.add(server);
        }
        Ok(Provider { row, taken })
    }

    pub(super) fn providers(&self) -> Answer {
        self.may("resource_providers:list")?;
        let names = QUERY.iter().filter(|(_, since)| self.is(*since));
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        self.check(&names, &schema(&names))?;
        let query = &self.call.query;
        let name = query.get("name");
        let id = match query.get("uuid") {
            None => None,
            Some(text) => {
                let id = uuid::Uuid::parse_str(text).map_err(|_| self.no_uuid("uuid", text))?;
                Some(id)
            }
        };
        let wanted = self.wanted("", "Invalid trait(s) in \"required\" parameter: ")?;
        let rows = self
            .all_providers()
            .filter(|provider| name.is_none_or(|name| *provider.row.host == *name))
            .filter(|provider| id.is_none_or(|id| provider.row.id == id))
            .filter(|provider| wanted.has(provider));
        let rows: Vec<Value> = rows.map(|provider| self.provider_view(&provider)).collect();
        self.ok(&json!({"resource_providers": rows}))
    }

    pub(super) fn provider(&self, id: &str) -> Answer {
        self.may("resource_providers:show")?;
        let provider = self.provider_of(id, |reason| self.not_found(reason))?;
        self.ok(&self.provider_view(&provider))
    }

    fn provider_view(&self, provider: &Provider<'_>) -> Value {
        let id = provider.row.id;
        let own = format!("{}/resource_providers/{id}", prefix(self.call));
        let mut links = vec![json!({"rel": "self", "href": own})];
        for (rel, since) in [
            ("inventories", 0),
            ("usages", 0),
            ("aggregates", 1),
            ("traits", 6),
            ("allocations", 11),
        ] {
            if self.is(since) {
                links.push(json!({"rel": rel, "href": format!("{own}/{rel}")}));
            }
        }
        let mut view = json!({
            "uuid": id,
            "name": provider.row.host,
            "generation": provider.generation(),
            "links": links,
        });
        if self.is(14) {
            view["parent_provider_uuid"] = Value::Null;
            view["root_provider_uuid"] = json!(id);
        }
        view
    }

    pub(super) fn inventories(&self, id: &str) -> Answer {
        self.may("resource_providers:inventories:list")?;
        let provider = self.provider_of(id, |reason| {
            self.handled(self.not_found(&format!("{reason} : {reason}")))
        })?;
        let rows = provider
            .inventories()
            .map(|row| (row.class.to_owned(), row.view()));
        self.ok(&json!({
            "resource_provider_generation": provider.generation(),
            "inventories": Map::from_iter(rows),
        }))
    }

    pub(super) fn inventory(&self, id: &str, class: &str) -> Answer {
        self.may("resource_providers:inventories:show")?;
        let provider = self.provider_of(id, |reason| {
            self.handled(self.not_found(&format!(
                "No inventory of class {class} found for {id}: {reason}"
            )))
        })?;
        let inventories = provider.inventories();
        let row = inventories.iter().find(|row| row.class == class);
        let row = row.ok_or_else(|| {
            self.handled(self.not_found(&format!("No inventory of class {class} for {id}")))
        })?;
        let mut view = row.view();
        view["resource_provider_generation"] = json!(provider.generation());
        self.ok(&view)
    }

    fn described(&self, id: &str) -> Result<Provider<'a>, Reply> {
        self.provider_of(id, |reason| {
            self.handled(self.not_found(&format!("{reason}: {reason}")))
        })
    }

    pub(super) fn provider_usages(&self, id: &str) -> Answer {
        self.may("resource_providers:usages")?;
        let provider = self.described(id)?;
        let rows = provider
            .inventories()
            .map(|row| (row.class.to_owned(), json!(row.used)));
        self.ok(&json!({
            "resource_provider_generation": provider.generation(),
            "usages": Map::from_iter(rows),
        }))
    }

    pub(super) fn provider_traits(&self, id: &str) -> Answer {
        self.since(6)?;
        self.may("resource_providers:traits:list")?;
        let provider = self.described(id)?;
        self.ok(&json!({
            "resource_provider_generation": provider.generation(),
            "traits": provider.row.traits,
        }))
    }

    pub(super) fn provider_aggregates(&self, id: &str) -> Answer {
        self.since(1)?;
        self.may("resource_providers:aggregates:list")?;
        let provider = self.provider_of(id, |reason| self.not_found(reason))?;
        let rows = self.region.compute.aggregates.values();
        let rows = rows.filter(|row| row.hosts.contains(&provider.row.host));
        let mut view = json!({"aggregates": rows.map(|row| row.uuid).collect::<Vec<_>>()});
        if self.is(19) {
            view["resource_provider_generation"] = json!(provider.generation());
        }
        self.ok(&view)
    }

    pub(super) fn provider_allocations(&self, id: &str) -> Answer {
        self.may("resource_providers:allocations:list")?;
        let provider = self.provider_of(id, |reason| {
            self.handled(self.not_found(&format!("Resource provider '{id}' not found: {reason}")))
        })?;
        let rows = self.servers_on(provider.row).map(|server| {
            let mut view = json!({"resources": resources(taken_by(server))});
            if self.is(28) {
                view["consumer_generation"] = json!(1);
            }
            (server.id.to_string(), view)
        });
        self.ok(&json!({
            "resource_provider_generation": provider.generation(),
            "allocations": rows.collect::<Map<_, _>>(),
        }))
    }
}
