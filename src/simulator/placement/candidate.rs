//! Allocation candidates: where something would fit.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Subject;
use super::filter::Wanted;
use super::provider::Provider;
use crate::reply::{Answer, Reply};

/// What begins the names that go with a group of resources.
const OF_A_GROUP: [(&str, u32); 4] = [
    ("resources", 10),
    ("required", 17),
    ("member_of", 21),
    ("in_tree", 31),
];

impl<'a> Subject<'a> {
    pub(super) fn candidates(&self) -> Answer {
        self.since(10)?;
        self.may("allocation_candidates:list")?;
        let groups = self.groups()?;
        let limit = self.candidates_limit()?;
        let mut requests = Vec::new();
        let mut summaries = Map::new();
        for provider in self.all_providers() {
            // All groups of a request from one provider: there are no trees.
            if !groups.iter().all(|(_, wanted)| wanted.has(&provider)) {
                continue;
            }
            if requests.len() == limit {
                break;
            }
            requests.push(self.request_view(&provider, &groups));
            let id = provider.row.id.to_string();
            summaries.insert(id, self.summary_view(&provider, &groups));
        }
        self.ok(&json!({"allocation_requests": requests, "provider_summaries": summaries}))
    }

    /// What is asked for, by the suffix that its names have.
    fn groups(&self) -> Result<Vec<(String, Wanted<'a>)>, Reply> {
        let mut suffixes = BTreeSet::new();
        let mut unknown = Vec::new();
        let plain = [
            ("limit", 16),
            ("group_policy", 25),
            ("root_required", 35),
            ("same_subtree", 36),
        ];
        for (name, _) in self.call.query.pairs() {
            let mut names = OF_A_GROUP.iter().filter(|(_, since)| self.is(*since));
            let suffix = names.find_map(|(start, _)| name.strip_prefix(start));
            match suffix {
                Some("") => {
                    suffixes.insert("");
                }
                Some(suffix) if self.is(25) && is_suffix(suffix, self.is(33)) => {
                    suffixes.insert(suffix);
                }
                _ if plain
                    .iter()
                    .any(|(is, since)| *is == name && self.is(*since)) => {}
                _ => unknown.push(name),
            }
        }
        if !unknown.is_empty() {
            let pairs = self.call.query.pairs().map(|(name, _)| name);
            let known: Vec<&str> = pairs.filter(|name| !unknown.contains(name)).collect();
            self.check(&known, "")?;
        }
        let has_resources = |suffix: &str| self.call.query.has(&format!("resources{suffix}"));
        if !suffixes.iter().any(|suffix| has_resources(suffix)) {
            let reason = "There must be at least one resources or resources[$S] parameter.";
            return Err(self.bad_request_of("placement.query.missing_value", reason));
        }
        let several = suffixes.iter().filter(|suffix| !suffix.is_empty()).count() > 1;
        if several && !self.call.query.has("group_policy") {
            return Err(self.bad_request(
                "The \"group_policy\" parameter is required when specifying more than one \
                 \"resources{N}\" parameter.",
            ));
        }
        let groups = suffixes.into_iter().map(|suffix| {
            let wanted = self.wanted(suffix, "")?;
            Ok((suffix.to_owned(), wanted))
        });
        groups.collect()
    }

    fn candidates_limit(&self) -> Result<usize, Reply> {
        let Some(text) = self.call.query.get("limit") else {
            return Ok(usize::MAX);
        };
        let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
        match text.parse() {
            Ok(limit) if is_number && !text.starts_with('0') => Ok(limit),
            _ => Err(self.bad_request(&format!(
                "Invalid query string parameters: '{text}' does not match '^[1-9][0-9]*$'  Failed \
                 validating 'pattern' in schema['properties']['limit']:     {{'type': \
                 ['integer', 'string'],      'pattern': '^[1-9][0-9]*$',      'minimum': 1,      \
                 'minLength': 1}}  On instance['limit']:     '{text}'"
            ))),
        }
    }

    fn request_view(&self, provider: &Provider<'_>, groups: &[(String, Wanted<'_>)]) -> Value {
        let id = provider.row.id.to_string();
        let mut amounts: Map<String, Value> = Map::new();
        for (class, amount) in groups.iter().flat_map(|(_, wanted)| &wanted.resources) {
            let sum = amounts.get(*class).and_then(Value::as_i64);
            amounts.insert((*class).to_owned(), json!(sum.unwrap_or_default() + amount));
        }
        if !self.is(12) {
            return json!({"allocations": [{
                "resource_provider": {"uuid": id},
                "resources": amounts,
            }]});
        }
        let mut view = json!({"allocations": {&id: {"resources": amounts}}});
        if self.is(34) {
            let mappings = groups.iter();
            let mappings = mappings.map(|(suffix, _)| (suffix.clone(), json!([id])));
            view["mappings"] = Value::Object(mappings.collect());
        }
        view
    }

    fn summary_view(&self, provider: &Provider<'_>, groups: &[(String, Wanted<'_>)]) -> Value {
        let is_asked_for = |class: &str| {
            let mut resources = groups.iter().flat_map(|(_, wanted)| &wanted.resources);
            resources.any(|(is, _)| *is == class)
        };
        let inventories = provider.inventories();
        let rows = inventories
            .iter()
            .filter(|row| self.is(27) || is_asked_for(row.class));
        let rows = rows.map(|row| {
            let view = json!({"capacity": row.capacity(), "used": row.used});
            (row.class.to_owned(), view)
        });
        let mut view = json!({"resources": rows.collect::<Map<_, _>>()});
        if self.is(17) {
            view["traits"] = json!(provider.row.traits);
        }
        if self.is(29) {
            view["parent_provider_uuid"] = Value::Null;
            view["root_provider_uuid"] = json!(provider.row.id);
        }
        view
    }
}

/// A number once, more lately.
fn is_suffix(text: &str, may_be_a_word: bool) -> bool {
    if may_be_a_word {
        let mut letters = text.bytes();
        return letters.all(|letter| letter.is_ascii_alphanumeric() || b"_-".contains(&letter));
    }
    !text.starts_with('0') && text.bytes().all(|digit| digit.is_ascii_digit())
}
