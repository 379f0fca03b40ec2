//! An answer beside its recording.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::cloud::Answer;
use crate::form::{Forms, Local};
use crate::script::{Ask, Service};
use crate::shape::{Columns, Reader, Shape};

/// The headers that matter, as a recording names them.
const HEADERS: [&str; 8] = [
    "content-type",
    "openstack-api-version",
    "vary",
    "location",
    "www-authenticate",
    "retry-after",
    "allow",
    "x-openstack-nova-api-version",
];
/// Those of which only the presence is recorded.
const PRESENT: [&str; 3] = [
    "x-openstack-request-id",
    "x-compute-request-id",
    "x-subject-token",
];
/// What may be the marker of the page behind a row.
const MARKERS: [&str; 5] = ["id", "uuid", "name", "request_id", "keypair"];

/// A recorded exchange, and what is known of its group.
pub(crate) struct Recorded<'a> {
    pub(crate) service: &'a Service,
    pub(crate) ask: &'a Ask,
    pub(crate) told: &'a Value,
    pub(crate) group: &'a Shape,
    pub(crate) columns: &'a Columns<'a>,
    pub(crate) forms: &'a Forms,
}

impl Recorded<'_> {
    /// How an answer differs, a line each. `every` is what holds of every row.
    pub(crate) fn differences(
        &self,
        answer: &Answer,
        local: &Local,
        every: &Map<String, Value>,
    ) -> Vec<String> {
        let status = self.told["status"].as_u64().unwrap_or_default();
        if status != u64::from(answer.status) {
            return vec![format!("answers {}, recorded {status}", answer.status)];
        }
        let mut found = self.headers(answer, local);
        let body = answer.json();
        match (self.told.get("json"), self.told.get("text"), body) {
            (Some(told), _, Some(body)) if status >= 400 => {
                self.same(told, &body, "", local, &mut found);
            }
            (Some(told), _, Some(body)) => self.body(told, &body, local, every, &mut found),
            (Some(_), ..) => found.push("the body is not JSON".to_owned()),
            (None, Some(told), _) => {
                let told = Value::String(told.as_str().unwrap_or_default().to_owned());
                let body = Value::String(answer.text.clone());
                self.same(&told, &body, "", local, &mut found);
            }
            (None, None, _) if answer.text.is_empty() => {}
            (None, None, _) => found.push("has a body, recorded none".to_owned()),
        }
        found
    }

    fn headers(&self, answer: &Answer, local: &Local) -> Vec<String> {
        let mut found = Vec::new();
        let recorded = Local::recorded(&self.service.followers);
        let local = &local.of_headers();
        for name in HEADERS {
            let told = self.told["headers"][name].as_str();
            let seen = answer.headers.get_all(name).iter();
            let seen: Vec<&str> = seen.filter_map(|it| it.to_str().ok()).collect();
            let seen = (!seen.is_empty()).then(|| seen.join(", "));
            let read = |text: &str, local: &Local| match name {
                "location" => self.forms.of(text, local),
                _ => self.forms.canonical(text, local),
            };
            let told = told.map(|text| read(text, &recorded));
            let seen = seen.map(|text| read(&text, local));
            if told != seen {
                let name_of = |it: Option<String>| it.unwrap_or_else(|| "absent".to_owned());
                found.push(format!(
                    "header {name} is {}, recorded {}",
                    name_of(seen),
                    name_of(told)
                ));
            }
        }
        for name in PRESENT {
            let is_told = self.told["headers"].get(name).is_some();
            if is_told != answer.headers.contains_key(name) {
                let how = if is_told {
                    "is missing"
                } else {
                    "is in no recording"
                };
                found.push(format!("header {name} {how}"));
            }
        }
        found
    }

    /// Errors are compared word by word.
    fn same(&self, told: &Value, seen: &Value, path: &str, local: &Local, found: &mut Vec<String>) {
        let at = if path.is_empty() { "the body" } else { path };
        match (told, seen) {
            (Value::Object(told), Value::Object(seen)) => {
                for (key, value) in told {
                    let path = format!("{path}.{key}");
                    let path = path.trim_start_matches('.');
                    match seen.get(key) {
                        Some(seen) => self.same(value, seen, path, local, found),
                        None => found.push(format!("{path} is missing")),
                    }
                }
                let others = seen.keys().filter(|key| !told.contains_key(*key));
                found.extend(others.map(|key| format!("{path}.{key} is in no recording")));
            }
            (Value::Array(told), Value::Array(seen)) if told.len() == seen.len() => {
                for (told, seen) in told.iter().zip(seen) {
                    self.same(told, seen, path, local, found);
                }
            }
            (Value::String(told), Value::String(seen)) => {
                let recorded = Local::recorded(&self.service.followers);
                let told = self.forms.canonical(told, &recorded);
                let seen = self.forms.canonical(seen, local);
                let is_same = match told.strip_suffix('…') {
                    Some(told) => seen.starts_with(told),
                    None => told == seen,
                };
                if !is_same {
                    found.push(format!("{at} is {seen:?}, recorded {told:?}"));
                }
            }
            _ if told == seen => {}
            _ => found.push(format!("{at} is {seen}, recorded {told}")),
        }
    }

    fn body(
        &self,
        told: &Value,
        body: &Value,
        local: &Local,
        every: &Map<String, Value>,
        found: &mut Vec<String>,
    ) {
        if self.ask.is_free {
            return;
        }
        let reader = Reader {
            forms: self.forms,
            local,
            maps: &self.service.maps,
        };
        let mut seen = Shape::default();
        seen.add(body, "", &reader);
        self.group.differences(&seen, "", self.columns, found);
        let (Some((key, told_rows)), Some((_, rows))) = (rows(told), rows(body)) else {
            return;
        };
        let length = self.length(key, told_rows);
        if !self.ask.has_any_rows {
            self.count(length, rows.len(), found);
        }
        // Whether there is another page depends on how many rows the cloud has.
        let is_full = |length: usize| self.limit() == Some(length);
        let is_alike = is_full(length) == is_full(rows.len());
        let (told_links, seen_links) = (links(told, self.ask), links(body, self.ask));
        if is_alike && (length > 0 || self.ask.is_empty) && told_links != seen_links {
            found.push(format!("links to {seen_links:?}, recorded {told_links:?}"));
        }
        if let Some(marker) = next_marker(body) {
            let is_last = rows.last().is_none_or(|row| is_marker(row, &marker));
            if !is_last {
                found.push("the next page's marker is not the last row".to_owned());
            }
        }
        if let Some(key) = &self.ask.sorted
            && let Some(pair) = unsorted(rows, key)
        {
            found.push(format!("not sorted by {key}: {pair}"));
        }
        for (key, wanted) in every {
            if let Some(row) = rows.iter().find(|row| row[key] != *wanted) {
                found.push(format!(
                    "{key} is {} in a row, all should have {wanted}",
                    row[key]
                ));
            }
        }
    }

    /// How many rows there were before the recording was cut.
    pub(crate) fn length(&self, key: &str, rows: &[Value]) -> usize {
        let cut = self.told["rows"][key]
            .as_u64()
            .and_then(|it| it.try_into().ok());
        cut.unwrap_or(rows.len())
    }

    fn limit(&self) -> Option<usize> {
        let limit = self.ask.parameter("limit")?.parse().ok();
        limit.filter(|limit| *limit > 0)
    }

    fn count(&self, told: usize, seen: usize, found: &mut Vec<String>) {
        let limit = self
            .ask
            .parameter("limit")
            .and_then(|it| it.parse::<usize>().ok());
        match limit {
            Some(limit) if told <= limit && seen > limit => {
                found.push(format!("{seen} rows for a limit of {limit}"));
            }
            Some(limit) if told == limit && seen < limit => {
                found.push(format!("only {seen} rows for a limit of {limit}"));
            }
            _ if told > 0 && seen == 0 => found.push(format!("no rows, recorded {told}")),
            _ if self.ask.is_empty && seen > 0 => found.push(format!("{seen} rows, recorded none")),
            _ => {}
        }
    }
}

/// The list that an answer is about, if it is about one.
pub(crate) fn rows(body: &Value) -> Option<(&str, &[Value])> {
    let fields = body.as_object()?;
    // The lists inside of one thing are not what the answer is about.
    if fields.contains_key("id") {
        return None;
    }
    let mut lists = fields
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_array()?)));
    let (key, rows) = lists.find(|(key, _)| !key.ends_with("links"))?;
    Some((key, rows))
}

/// The links to other pages: what they are to this one, and how their parameters differ from those
/// that were asked with.
fn links(body: &Value, ask: &Ask) -> BTreeSet<String> {
    let (_, asked) = ask.path.split_once('?').unwrap_or_default();
    let asked = names(asked);
    let pages = pages(body).into_iter();
    pages
        .map(|(rel, url)| {
            let (_, linked) = url.split_once('?').unwrap_or_default();
            let linked = names(linked);
            let more: Vec<&str> = linked.difference(&asked).copied().collect();
            let lacking: Vec<&str> = asked.difference(&linked).copied().collect();
            let mut told = rel.to_owned();
            if !more.is_empty() {
                told += &format!(" with {}", more.join(" and "));
            }
            if linked.is_empty() && !asked.is_empty() {
                told += " without the query";
            } else if !lacking.is_empty() {
                told += &format!(" without {}", lacking.join(" and "));
            }
            told
        })
        .collect()
}

fn names(query: &str) -> BTreeSet<&str> {
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    names.filter(|name| !name.is_empty()).collect()
}

fn pages(body: &Value) -> Vec<(&str, &str)> {
    let mut pages = Vec::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::Array(rows) if key.ends_with("links") => {
                let links = rows.iter();
                pages.extend(
                    links.filter_map(|it| Some((it["rel"].as_str()?, it["href"].as_str()?))),
                );
            }
            Value::Object(links) if key == "links" => {
                let links = links.iter();
                pages.extend(links.filter_map(|(rel, url)| Some((rel.as_str(), url.as_str()?))));
            }
            Value::String(url) if key == "next" || key == "first" => pages.push((key, url)),
            _ => {}
        }
    }
    pages
}

fn next_marker(body: &Value) -> Option<String> {
    let pages = pages(body);
    let (_, next) = pages.iter().find(|(rel, _)| *rel == "next")?;
    let (_, query) = next.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, marker) = pairs.find(|(name, _)| *name == "marker")?;
    Some(marker.replace("%3A", ":").replace("%20", " "))
}

fn is_marker(row: &Value, marker: &str) -> bool {
    MARKERS
        .iter()
        .any(|key| row[*key] == marker || row[*key]["name"] == marker)
        || row["server_usages"].as_array().is_some_and(|servers| {
            servers
                .last()
                .is_some_and(|server| server["instance_id"] == marker)
        })
}

/// The first two rows that are in the wrong order.
fn unsorted(rows: &[Value], key: &str) -> Option<String> {
    let (key, descends) = key
        .strip_prefix('-')
        .map_or((key, false), |key| (key, true));
    let pairs = rows.windows(2).map(|pair| (&pair[0][key], &pair[1][key]));
    let mut wrong = pairs.filter(|(before, after)| {
        let (low, high) = if descends {
            (after, before)
        } else {
            (before, after)
        };
        match (low, high) {
            (Value::Number(low), Value::Number(high)) => low.as_f64() > high.as_f64(),
            // Databases do not tell cases apart, and have orders of their own beyond ASCII.
            (Value::String(low), Value::String(high)) if low.is_ascii() && high.is_ascii() => {
                low.to_uppercase() > high.to_uppercase()
            }
            _ => false,
        }
    });
    wrong
        .next()
        .map(|(before, after)| format!("{before} before {after}"))
}
