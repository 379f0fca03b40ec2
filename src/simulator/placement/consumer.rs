//! Consumers, which are servers here: what each has, and what a project's have together.

use serde_json::{Map, Value, json};

use super::Subject;
use super::provider::{resources, taken_by};
use crate::reply::Answer;
use crate::world::Key;
use crate::world::compute::Taken;
use crate::world::id::read_uuid;

/// What Nova calls its consumers at the microversion that it speaks.
const KIND: &str = "unknown";

/// What a refusal of a query shows of the names that there are.
fn schema(names: &[&str]) -> String {
    let kinds = names.iter().map(|name| {
        let margin = " ".repeat(26 + name.len());
        let pattern = match *name {
            "consumer_type" => format!("'pattern': '^[A-Z0-9_]+$|^all|^unknown$',{margin}"),
            _ => String::new(),
        };
        format!(
            "'{name}': {{'type': 'string',{margin}{pattern}'minLength': 1,{margin}'maxLength': 255}}"
        )
    });
    let kinds: Vec<String> = kinds.collect();
    format!(
        "{{'type': 'object',      'properties': {{{}}},      'required': ['project_id'],      \
         'additionalProperties': False}}",
        kinds.join(",                     ")
    )
}

impl Subject<'_> {
    /// Of one that nobody knows there are none.
    pub(super) fn allocations(&self, consumer: &str) -> Answer {
        self.may("allocations:list")?;
        let server = read_uuid(consumer).and_then(|id| self.region.compute.servers.get(&id));
        let placed = server.and_then(|server| Some((server, server.host.as_deref()?)));
        let placed = placed.and_then(|(server, host)| Some((server, self.provider_on(host)?)));
        let Some((server, provider)) = placed else {
            return self.ok(&json!({"allocations": {}}));
        };
        let mut view = json!({"allocations": {provider.row.id.to_string(): {
            "generation": provider.generation(),
            "resources": resources(taken_by(server)),
        }}});
        if self.is(12) {
            view["project_id"] = json!(server.project);
            view["user_id"] = json!(server.user);
        }
        if self.is(28) {
            view["consumer_generation"] = json!(1);
        }
        if self.is(38) {
            view["consumer_type"] = json!(KIND);
        }
        self.ok(&view)
    }

    pub(super) fn usages(&self) -> Answer {
        self.since(9)?;
        let query = &self.call.query;
        let project = query.get("project_id");
        self.may_of(project.and_then(Key::read), "usages")?;
        let has_kinds = self.is(38);
        let mut names = vec!["project_id", "user_id"];
        if has_kinds {
            names.push("consumer_type");
        }
        let schema = schema(&names);
        self.check(&names, &schema)?;
        let Some(project) = project else {
            let reason = "'project_id' is a required property";
            return Err(self.invalid_query(reason, "required", &schema));
        };
        let user = query.get("user_id");
        let mut taken = Taken::default();
        let servers = self.region.compute.servers.values();
        let servers = servers
            .filter(|server| server.host.is_some())
            .filter(|server| Some(server.project) == Key::read(project))
            .filter(|server| user.is_none_or(|user| Some(server.user) == Key::read(user)));
        for server in servers {
            taken.add(server);
        }
        let mut used = resources(taken);
        if has_kinds {
            let kind = query.get("consumer_type").unwrap_or(KIND);
            let is_known = matches!(kind, "all" | KIND) && !used.is_empty();
            used.insert("consumer_count".to_owned(), json!(taken.servers));
            let kinds = is_known.then(|| (kind.to_owned(), Value::Object(used)));
            used = Map::from_iter(kinds);
        }
        self.ok(&json!({"usages": used}))
    }
}
