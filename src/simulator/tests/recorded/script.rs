//! `requests.yaml`: what is asked, of whom and as whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::Regex;
use serde_json::{Map, Value};

/// The askers with a token of their own; `nobody` and `stranger` have none.
pub(crate) const EVERYONE: [&str; 3] = ["admin", "member", "reader"];

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// All of it.
pub(crate) struct Script {
    pub(crate) lookups: BTreeMap<String, Lookup>,
    pub(crate) services: Vec<Service>,
    /// What cannot be recorded, in words.
    pub(crate) unproved: Vec<String>,
}

/// A service and what is asked of it.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) base: String,
    pub(crate) at: Option<String>,
    pub(crate) maps: Maps,
    /// The columns, by noun or of any noun, that are not compared.
    pub(crate) free: Vec<String>,
    /// The columns whose values are each cloud's own: in sessions only their shape is compared.
    pub(crate) own: Vec<String>,
    pub(crate) asks: Vec<Ask>,
    /// How many segments behind a segment of a path are data, at most.
    pub(crate) followers: HashMap<String, usize>,
}

/// The objects whose keys are data: by key or by whole path, with the keys that are not.
#[derive(Default)]
pub(crate) struct Maps(BTreeMap<String, BTreeSet<String>>);

/// One request.
#[derive(Clone, Default)]
pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) who: Vec<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) at: Option<String>,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Map<String, Value>,
    pub(crate) sorted: Option<String>,
    pub(crate) every: Map<String, Value>,
    pub(crate) is_empty: bool,
    pub(crate) has_any_rows: bool,
    pub(crate) is_free: bool,
}

/// How a row is found that a request speaks of.
pub(crate) struct Lookup {
    pub(crate) who: String,
    pub(crate) service: String,
    pub(crate) ask: Ask,
    pub(crate) rows: String,
    pub(crate) of: Option<String>,
    pub(crate) filter: Map<String, Value>,
    pub(crate) nth: usize,
    pub(crate) is_last: bool,
}

impl Script {
    pub(crate) fn read(text: &str) -> Self {
        let mut all: Map<String, Value> = serde_saphyr::from_str(text).expect("requests.yaml");
        let lookups = all.shift_remove("lookups").expect("lookups");
        let unproved = all.shift_remove("unproved").expect("unproved");
        let services = all.iter().map(|(name, it)| Service::read(name, it));
        Self {
            services: services.collect(),
            lookups: object(&lookups)
                .iter()
                .map(|(name, it)| (name.clone(), Lookup::read(name, it)))
                .collect(),
            unproved: strings(&unproved),
        }
    }

    pub(crate) fn service(&self, name: &str) -> &Service {
        let found = self.services.iter().find(|service| service.name == name);
        found.unwrap_or_else(|| panic!("no service is called {name}"))
    }
}

impl Service {
    fn read(name: &str, told: &Value) -> Self {
        let at = told["at"].as_str().map(str::to_owned);
        let asks = object(&told["requests"]).iter();
        let asks: Vec<Ask> = asks
            .map(|(name, line)| Ask::read(name, line, at.as_deref()))
            .collect();
        let mut followers: HashMap<String, usize> = HashMap::new();
        for ask in &asks {
            let mut behind: Option<(&str, usize)> = None;
            for segment in ask.path.split('?').next().unwrap_or_default().split('/') {
                behind = match behind {
                    Some((before, count)) if segment.starts_with('{') => Some((before, count + 1)),
                    _ => Some((segment, 0)),
                };
                if let Some((before, count)) = behind {
                    let known = followers.entry(before.to_owned()).or_default();
                    *known = count.max(*known);
                }
            }
        }
        Self {
            name: name.to_owned(),
            base: told["base"].as_str().expect("base").to_owned(),
            maps: Maps::read(&told["maps"]),
            free: told.get("free").map(strings).unwrap_or_default(),
            own: told.get("own").map(strings).unwrap_or_default(),
            at,
            asks,
            followers,
        }
    }
}

impl Maps {
    fn read(told: &Value) -> Self {
        let maps = told.as_array().into_iter().flatten();
        Self(
            maps.map(|map| match map {
                Value::String(name) => (name.clone(), BTreeSet::new()),
                map => (
                    map["at"].as_str().expect("at").to_owned(),
                    strings(&map["fixed"]).into_iter().collect(),
                ),
            })
            .collect(),
        )
    }

    /// What a key of the object at `path` is called in a shape: `*` when it is data.
    pub(crate) fn named<'a>(&self, path: &str, key: &'a str) -> &'a str {
        let last = path.rsplit('.').next().unwrap_or_default();
        let fixed = self.0.get(path).or_else(|| self.0.get(last));
        match fixed {
            Some(fixed) if !fixed.contains(key) => "*",
            _ => key,
        }
    }
}

impl Ask {
    pub(crate) fn read(name: &str, line: &Value, at: Option<&str>) -> Self {
        let text = line.as_str().or_else(|| line["ask"].as_str());
        let mut words: Vec<&str> = text.expect("ask").split_whitespace().collect();
        let mut at = at;
        if let Some(version) = words.last().and_then(|word| word.strip_prefix('@')) {
            at = (version != "none").then_some(version);
            words.pop();
        }
        let path = words.pop().expect("a path");
        let method = words.pop().expect("a method");
        assert!(
            METHODS.contains(&method) && words.len() < 2,
            "{name}: {line}"
        );
        let who = match words.pop() {
            None => vec!["admin"],
            Some("all") => EVERYONE.to_vec(),
            Some(some) => some.split(',').collect(),
        };
        Self {
            name: name.to_owned(),
            who: who.into_iter().map(str::to_owned).collect(),
            method: method.to_owned(),
            path: path.to_owned(),
            at: at.map(str::to_owned),
            body: line.get("body").cloned(),
            headers: optional(line.get("headers")),
            sorted: line["sorted"].as_str().map(str::to_owned),
            every: optional(line.get("every")),
            is_empty: line["empty"] == true,
            has_any_rows: line["any"] == true,
            is_free: line["free"] == true,
        }
    }

    /// How a recording names the exchange with one asker.
    pub(crate) fn title(&self, who: &str) -> String {
        format!("{} ({who})", self.name)
    }

    /// The request as a recording tells it.
    pub(crate) fn line(&self) -> String {
        let at = self.at.as_ref().map(|at| format!(" @{at}"));
        format!("{} {}{}", self.method, self.path, at.unwrap_or_default())
    }

    /// Answers of one group are of one shape.
    pub(crate) fn group(&self, who: &str) -> String {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let fields = query.split('&').filter(|it| it.starts_with("fields="));
        let fields: Vec<&str> = fields.collect();
        let at = self.at.as_deref().unwrap_or_default();
        let path = variables().replace_all(path, "{}");
        format!("{who} {} {path}?{} @{at}", self.method, fields.join("&"))
    }

    /// The value of a parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

impl Lookup {
    fn read(name: &str, told: &Value) -> Self {
        let find = told["find"].as_str().expect("find");
        let at = find.split_whitespace().find(|word| word.starts_with('@'));
        let words = find
            .split_whitespace()
            .filter(|word| !word.starts_with('@'));
        let words: Vec<&str> = words.collect();
        let [who @ .., service, path, rows] = words.as_slice() else {
            panic!("{name}: {find}");
        };
        Self {
            who: who.first().copied().unwrap_or("admin").to_owned(),
            service: (*service).to_owned(),
            ask: Ask {
                name: name.to_owned(),
                method: "GET".to_owned(),
                path: (*path).to_owned(),
                at: at.map(|at| at[1..].to_owned()),
                ..Ask::default()
            },
            rows: (*rows).to_owned(),
            of: told["of"].as_str().map(str::to_owned),
            filter: optional(told.get("where")),
            nth: told["nth"]
                .as_u64()
                .unwrap_or_default()
                .try_into()
                .expect("nth"),
            is_last: told["last"].as_bool().unwrap_or_default(),
        }
    }
}

/// `{server}` and `{server.name}` in a text.
pub(crate) fn variables() -> Regex {
    Regex::new(r"\{([a-z][a-z0-9-]*)((?:\.[^.{}]+)*)\}").expect("a pattern")
}

/// The value at a dotted path.
pub(crate) fn pick<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, step| match value {
        Value::Array(rows) => step
            .parse::<usize>()
            .ok()
            .and_then(|index| rows.get(index))
            .unwrap_or(&Value::Null),
        value => value.get(step).unwrap_or(&Value::Null),
    })
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn optional(value: Option<&Value>) -> Map<String, Value> {
    value.map(|it| object(it).clone()).unwrap_or_default()
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    let rows = value.as_array().expect("a list");
    rows.iter()
        .map(|row| row.as_str().expect("a text").to_owned())
        .collect()
}
