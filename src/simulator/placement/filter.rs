//! What providers are asked for: with room, traits, in aggregates.

use std::collections::HashSet;

use uuid::Uuid;

use super::Subject;
use super::provider::Provider;
use super::vocabulary::{is_class, is_trait};
use crate::call::Query;
use crate::reply::Reply;

/// What a provider has to be.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    pub(super) resources: Vec<(&'a str, i64)>,
    /// One of each.
    traits: Vec<Vec<&'a str>>,
    no_traits: Vec<&'a str>,
    /// The hosts of one of each.
    aggregates: Vec<HashSet<&'a str>>,
    no_aggregates: HashSet<&'a str>,
    tree: Option<Uuid>,
}

impl<'a> Subject<'a> {
    /// Reads what is asked for, of a group of the query's names that end alike.
    pub(super) fn wanted(&self, suffix: &str, trait_problem: &str) -> Result<Wanted<'a>, Reply> {
        let mut wanted = Wanted::default();
        let query: &'a Query = &self.call.query;
        let all = |name: &str| -> Vec<&'a str> {
            let named = query
                .pairs()
                .filter(|(is, _)| is.strip_prefix(name) == Some(suffix));
            named.map(|(_, value)| value).collect()
        };
        if let Some(text) = all("resources").last() {
            wanted.resources = self.resources(text)?;
        }
        let mut required = all("required");
        if !self.is(39) {
            required.drain(..required.len().saturating_sub(1));
        }
        for text in required {
            self.add_traits(&mut wanted, text, trait_problem)?;
        }
        for text in all("member_of") {
            self.add_aggregates(&mut wanted, text)?;
        }
        if let Some(text) = all("in_tree").last() {
            let id = Uuid::parse_str(text).map_err(|_| self.no_uuid("in_tree", text))?;
            wanted.tree = Some(id);
        }
        Ok(wanted)
    }

    pub(super) fn no_uuid(&self, name: &str, text: &str) -> Reply {
        self.bad_request(&format!(
            "Invalid query string parameters: '{text}' is not a 'uuid'  Failed validating \
             'format' in schema['properties']['{name}']:     {{'type': 'string', 'format': \
             'uuid'}}  On instance['{name}']:     '{text}'"
        ))
    }

    fn resources(&self, text: &'a str) -> Result<Vec<(&'a str, i64)>, Reply> {
        let form = "Badly formed resources parameter. Expected resources query string parameter \
                    in form: ?resources=VCPU:2,MEMORY_MB:1024. Got:";
        if text.trim().is_empty() {
            return Err(self.bad_request(&format!("{form} empty string.")));
        }
        let mut resources = Vec::new();
        for part in text.split(',') {
            let Some((name, amount)) = part.split_once(':').filter(|(_, rest)| !rest.contains(':'))
            else {
                return Err(self.bad_request(&format!("{form} {part}.")));
            };
            let number: i64 = amount.trim().parse().map_err(|_| {
                self.bad_request(&format!(
                    "Requested resource {name} expected positive integer amount. Got: {amount}."
                ))
            })?;
            if number < 1 {
                return Err(self.bad_request(&format!(
                    "Requested resource {name} requires amount >= 1. Got: {number}."
                )));
            }
            resources.push((name, number));
        }
        if let Some((name, _)) = resources.iter().find(|(name, _)| !is_class(name)) {
            return Err(self.bad_request(&format!(
                "Invalid resource class in resources parameter: No such resource class {name}."
            )));
        }
        Ok(resources)
    }

    fn add_traits(
        &self,
        wanted: &mut Wanted<'a>,
        text: &'a str,
        problem: &str,
    ) -> Result<(), Reply> {
        let one_of = text.strip_prefix("in:").filter(|_| self.is(39));
        let names: Vec<&str> = one_of.unwrap_or(text).split(',').map(str::trim).collect();
        let plain = names.iter().map(|name| name.trim_start_matches('!'));
        let plain: Vec<&str> = plain.collect();
        if plain.iter().any(|name| name.is_empty()) {
            let form = match one_of {
                Some(_) => "in:HW_CPU_X86_VMX,CUSTOM_MAGIC",
                None if self.is(22) => "HW_CPU_X86_VMX,!CUSTOM_MAGIC",
                None => "HW_CPU_X86_VMX,CUSTOM_MAGIC",
            };
            return Err(self.bad_request(&format!(
                "Invalid query string parameters: Expected 'required' parameter value of the \
                 form: {form}. Got an empty trait in: {text}"
            )));
        }
        let mut unknown: Vec<&str> = plain.into_iter().filter(|name| !is_trait(name)).collect();
        if !unknown.is_empty() {
            unknown.sort_unstable();
            return Err(self.bad_request(&format!(
                "{problem}No such trait(s): {}.",
                unknown.join(", ")
            )));
        }
        if one_of.is_some() {
            wanted.traits.push(names);
            return Ok(());
        }
        for name in names {
            match name.strip_prefix('!') {
                Some(name) => wanted.no_traits.push(name.trim_start_matches('!')),
                None => wanted.traits.push(vec![name]),
            }
        }
        Ok(())
    }

    fn add_aggregates(&self, wanted: &mut Wanted<'a>, text: &'a str) -> Result<(), Reply> {
        let (is_not, ids) = match text.strip_prefix('!') {
            Some(ids) => (true, ids),
            None => (false, text),
        };
        let (several, ids) = match ids.strip_prefix("in:") {
            Some(ids) => (true, ids),
            None => (false, ids),
        };
        if !several && ids.contains(',') {
            return Err(self.bad_request(&format!(
                "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' \
                 keyword using the valid microversion. Got: {text}"
            )));
        }
        let mut hosts = HashSet::new();
        for id in ids.split(',') {
            let id = Uuid::parse_str(id).map_err(|_| {
                self.bad_request(&format!(
                    "Invalid query string parameters: Expected 'member_of' parameter to contain \
                     valid UUID(s). Got: {id}"
                ))
            })?;
            let aggregates = self.region.compute.aggregates.values();
            let named = aggregates.filter(|row| row.uuid == id);
            hosts.extend(named.flat_map(|row| row.hosts.iter().map(|host| &**host)));
        }
        if is_not {
            if !self.is(32) {
                return Err(self.bad_request(
                    "Forbidden member_of parameters are not supported in the specified \
                     microversion",
                ));
            }
            wanted.no_aggregates.extend(hosts);
        } else {
            wanted.aggregates.push(hosts);
        }
        Ok(())
    }
}

impl Wanted<'_> {
    pub(super) fn has(&self, provider: &Provider<'_>) -> bool {
        let row = provider.row;
        let has_trait = |name: &&str| row.traits.contains(name);
        self.tree.is_none_or(|tree| tree == row.id)
            && self.traits.iter().all(|of| of.iter().any(has_trait))
            && !self.no_traits.iter().any(has_trait)
            && self
                .aggregates
                .iter()
                .all(|hosts| hosts.contains(&*row.host))
            && !self.no_aggregates.contains(&*row.host)
            && self
                .resources
                .iter()
                .all(|(class, amount)| provider.has_room(class, *amount))
    }
}
