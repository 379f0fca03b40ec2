//! The cloud that is asked: its three askers, and the rows that the lookups find on it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::script::{Ask, EVERYONE, Lookup, Script, pick, variables};

/// A cloud that can be asked as an admin, a member and a reader.
pub(crate) struct Cloud<'a> {
    script: &'a Script,
    http: reqwest::Client,
    askers: HashMap<String, Map<String, Value>>,
    roots: Vec<(String, String)>,
    found: HashMap<String, Value>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }
}

impl<'a> Cloud<'a> {
    /// Logs in as the three entries of a clouds.yaml: `NAME` or `NAME-admin`, `NAME-member` and
    /// `NAME-reader`.
    pub(crate) async fn open(script: &'a Script, clouds_yaml: &str, name: &str) -> Self {
        let clouds: Value = serde_saphyr::from_str(clouds_yaml).expect("a clouds.yaml");
        let mut cloud = Self {
            script,
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .expect("a client"),
            askers: HashMap::new(),
            roots: Vec::new(),
            found: HashMap::new(),
        };
        for who in EVERYONE {
            let mut entry = &clouds["clouds"][format!("{name}-{who}")];
            if entry.is_null() && who == "admin" {
                entry = &clouds["clouds"][name];
            }
            assert!(entry.is_object(), "clouds.yaml has no {name}-{who}");
            cloud.log_in(who, &entry["auth"]).await;
        }
        cloud
    }

    async fn log_in(&mut self, who: &str, auth: &Value) {
        let named = |kind: &str| match auth.get(format!("{kind}_domain_id")) {
            Some(id) => json!({ "id": id }),
            None => json!({ "name": auth[format!("{kind}_domain_name")] }),
        };
        let user = json!({
            "name": auth["username"], "domain": named("user"), "password": auth["password"]
        });
        let project = json!({ "name": auth["project_name"], "domain": named("project") });
        let identity = json!({ "methods": ["password"], "password": { "user": user } });
        let body = json!({ "auth": { "identity": identity, "scope": { "project": project } } });
        let url = auth["auth_url"].as_str().expect("auth_url");
        let url = format!("{}/auth/tokens", url.trim_end_matches('/'));
        let request = self.http.post(url).body(body.to_string());
        let answer = request
            .header("content-type", "application/json")
            .send()
            .await
            .expect("an answer of Keystone");
        assert_eq!(answer.status(), 201, "logging in as {who}");
        let token = answer.headers()["x-subject-token"]
            .to_str()
            .expect("a token")
            .to_owned();
        let body = answer.text().await.expect("a token's body");
        let body: Value = serde_json::from_str(&body).expect("a token's body");
        let told = &body["token"];
        let known = json!({
            "token": token,
            "password": auth["password"],
            "username": told["user"]["name"],
            "user_id": told["user"]["id"],
            "user_domain_name": told["user"]["domain"]["name"],
            "project_name": told["project"]["name"],
            "project_id": told["project"]["id"],
            "project_domain_name": told["project"]["domain"]["name"],
        });
        let known = known.as_object().expect("an object").clone();
        self.askers.insert(who.to_owned(), known);
        if who == "admin" {
            self.roots = roots(&told["catalog"]);
        }
    }

    /// Where each service is: its URL, and the name that stands for it.
    pub(crate) fn roots(&self) -> &[(String, String)] {
        &self.roots
    }

    fn known(&self, who: &str, what: &str) -> Value {
        let asker = self.askers.get(who).unwrap_or(&self.askers["admin"]);
        asker.get(what).cloned().unwrap_or_default()
    }

    /// What stands for `{name.path}`; null when the cloud has none.
    async fn value(&mut self, who: &str, name: &str, path: &str) -> Value {
        if self.askers.contains_key(name) {
            return self.known(name, path);
        }
        if name == "project" || name == "user" {
            return self.known(who, &format!("{name}_id"));
        }
        let row = self.look_up(name).await;
        if !path.is_empty() {
            return pick(&row, path).clone();
        }
        let ids = ["id", "uuid", "name"].into_iter().map(|key| &row[key]);
        ids.into_iter()
            .find(|id| !id.is_null())
            .cloned()
            .unwrap_or_default()
    }

    async fn look_up(&mut self, name: &str) -> Value {
        if let Some(found) = self.found.get(name) {
            return found.clone();
        }
        let lookup = self.script.lookups.get(name);
        let lookup = lookup.unwrap_or_else(|| panic!("no lookup is called {name}"));
        let found = Box::pin(self.find(lookup)).await;
        self.found.insert(name.to_owned(), found.clone());
        found
    }

    async fn find(&mut self, lookup: &Lookup) -> Value {
        let mut ask = lookup.ask.clone();
        if ask.at.is_none() {
            ask.at.clone_from(&self.script.service(&lookup.service).at);
        }
        let Ok(answer) = self.send(&lookup.service, &ask, &lookup.who).await else {
            return Value::Null;
        };
        let body = answer.json().unwrap_or_default();
        let mut filter = lookup.filter.clone();
        for wanted in filter.values_mut() {
            *wanted = self.filled(&lookup.who, wanted).await.unwrap_or_default();
        }
        let rows = body[&lookup.rows].as_array().into_iter().flatten();
        let rows = rows.map(|row| lookup.of.as_ref().map_or(row, |key| &row[key]));
        let mut rows = rows.filter(|row| {
            filter
                .iter()
                .all(|(path, wanted)| is_chosen(pick(row, path), wanted))
        });
        let row = if lookup.is_last {
            rows.next_back()
        } else {
            rows.nth(lookup.nth)
        };
        row.cloned().unwrap_or_default()
    }

    /// A value with its variables replaced; the first that this cloud has nothing for is an error.
    pub(crate) async fn filled(&mut self, who: &str, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => {
                let filled = Box::pin(self.filled_text(who, text, str::to_owned)).await?;
                Value::String(filled)
            }
            Value::Array(rows) => {
                let mut filled = Vec::new();
                for row in rows {
                    filled.push(Box::pin(self.filled(who, row)).await?);
                }
                Value::Array(filled)
            }
            Value::Object(fields) => {
                let mut filled = Map::new();
                for (key, value) in fields {
                    filled.insert(key.clone(), Box::pin(self.filled(who, value)).await?);
                }
                Value::Object(filled)
            }
            plain => plain.clone(),
        })
    }

    async fn filled_text(
        &mut self,
        who: &str,
        text: &str,
        quote: fn(&str) -> String,
    ) -> Result<String, String> {
        let mut filled = String::new();
        let mut end = 0;
        for found in variables().captures_iter(text) {
            let whole = found.get(0).expect("a match");
            let value = self
                .value(who, &found[1], found[2].trim_start_matches('.'))
                .await;
            if value.is_null() {
                return Err(whole.as_str().to_owned());
            }
            filled += &text[end..whole.start()];
            filled += &quote(&plain(&value));
            end = whole.end();
        }
        filled += &text[end..];
        Ok(filled)
    }

    /// Gives something a name that later requests may say.
    pub(crate) fn keep(&mut self, name: &str, row: Value) {
        self.found.insert(name.to_owned(), row);
    }

    /// What of a request's text is data, and where it stood.
    pub(crate) async fn names(&mut self, who: &str, text: &str) -> Vec<(String, String)> {
        let mut names = Vec::new();
        for found in variables().captures_iter(text) {
            let value = self
                .value(who, &found[1], found[2].trim_start_matches('.'))
                .await;
            names.push((plain(&value), found[0].to_owned()));
        }
        names
    }

    /// Asks; an error is the variable that this cloud has nothing for.
    pub(crate) async fn send(
        &mut self,
        service: &str,
        ask: &Ask,
        who: &str,
    ) -> Result<Answer, String> {
        let base = self.script.service(service).base.clone();
        let root = self.roots.iter().find(|(_, name)| name == service);
        let root = root.ok_or_else(|| format!("{{{service}}}"))?.0.clone();
        let path = match ask.path.strip_prefix("root:") {
            Some(path) => path.to_owned(),
            None => base + &ask.path,
        };
        let path = Box::pin(self.filled_text(who, &path, quote)).await?;
        let method = ask.method.parse().expect("a method");
        let mut headers = reqwest::header::HeaderMap::new();
        let mut set = |name: &str, value: &str| {
            let name: reqwest::header::HeaderName = name.parse().expect("a header's name");
            headers.insert(name, value.parse().expect("a header"));
        };
        set("accept", "application/json");
        match who {
            "nobody" => {}
            "stranger" => set("x-auth-token", "nobody-issued-this"),
            who => set("x-auth-token", &plain(&self.known(who, "token"))),
        }
        if let Some(at) = &ask.at {
            let code = if service == "block-storage" {
                "volume"
            } else {
                service
            };
            set("openstack-api-version", &format!("{code} {at}"));
        }
        let mut request = self.http.request(method, root + &path);
        match &ask.body {
            Some(Value::String(text)) => request = request.body(text.clone()),
            Some(body) => {
                set("content-type", "application/json");
                request = request.body(self.filled(who, body).await?.to_string());
            }
            None => {}
        }
        let extra = self
            .filled(who, &Value::Object(ask.headers.clone()))
            .await?;
        for (name, value) in extra.as_object().expect("an object") {
            set(name, &plain(value));
        }
        let answer = request.headers(headers).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", ask.line()));
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.expect("a body"),
        })
    }
}

fn roots(catalog: &Value) -> Vec<(String, String)> {
    let version = regex::Regex::new(r"/v\d+(\.\d+)?(/[0-9a-f]{32})?/?$").expect("a pattern");
    let mut roots: Vec<(String, String)> = Vec::new();
    for service in catalog.as_array().into_iter().flatten() {
        let endpoints = service["endpoints"].as_array().into_iter().flatten();
        let mut public = endpoints.filter(|it| it["interface"] == "public");
        let url = public.next().and_then(|it| it["url"].as_str());
        if let (Some(url), Some(kind)) = (url, service["type"].as_str()) {
            let root = version.replace(url, "").trim_end_matches('/').to_owned();
            roots.push((root, kind.to_owned()));
        }
    }
    // The longest first: one may be the beginning of another.
    roots.sort_by_key(|(root, _)| std::cmp::Reverse(root.len()));
    roots
}

pub(crate) fn is_chosen(value: &Value, wanted: &Value) -> bool {
    let is_something = match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::String(text) => !text.is_empty(),
        Value::Array(rows) => !rows.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
    };
    match wanted.as_str() {
        Some("*") => is_something,
        Some(text) if text.starts_with('!') => value.as_str() != Some(&text[1..]),
        _ => value == wanted,
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            quoted += &format!("%{byte:02X}");
        }
    }
    quoted
}
