//! Sessions: requests one after the other, because each changes what the next one finds.
//!
//! A file of `tests/recorded/sessions` has the `service` that is asked unless a step names another
//! one, the `steps`, and in `finally` what removes all that was made, the last first. A step is a
//! line `[who] [service] METHOD path [@microversion]`, or a map with that line as `ask` and any of
//! `body` (a text is sent as it is), `headers`, and `as`: what the answer is about has this name
//! from then on, as a lookup's row has, and `{name.request-id}` is the id of the request. A map
//! with `until` asks again until what `is` says holds: of the paths in the answer, or of the
//! status when it is a number. `free` are columns that are not compared in this session, `own`
//! (of a step or of the session) those of which only the shape is.
//!
//! Beside what is compared of any answer are the values: all that is no id, no time, no address.
//! Where the simulation's time passes by hand, it passes while something is waited for.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use openstack_simulator::Simulator;
use serde_json::{Map, Value, json};

use crate::cloud::{Answer, Cloud, is_chosen};
use crate::compare::Recorded;
use crate::form::{Forms, Local, Name};
use crate::script::{Ask, Script, Service, pick, strings};
use crate::shape::{Columns, Reader, Shape};
use crate::{Findings, Recording};

/// What differences of sessions are listed under: this and the session's name.
pub(crate) const PREFIX: &str = "session/";

/// How often a wait looks, and what passes in between.
const LOOKS: u32 = 360;
const PAUSE: Duration = Duration::from_millis(500);

/// A file of `tests/recorded/sessions` with its recording.
pub(crate) struct Session<'a> {
    pub(crate) name: String,
    script: &'a Script,
    steps: Vec<Step>,
    finally: Vec<Request>,
    free: Vec<String>,
    own: Vec<String>,
    recorded: Vec<Value>,
}

enum Step {
    Take {
        request: Request,
        save: Option<String>,
    },
    Wait {
        request: Request,
        wanted: Value,
    },
}

struct Request {
    service: String,
    ask: Ask,
    own: Vec<String>,
}

/// All of them whose names begin so, by name.
pub(crate) fn all<'a>(script: &'a Script, folder: &Path, only: &str) -> Vec<Session<'a>> {
    let files = std::fs::read_dir(folder).expect("the sessions");
    let paths = files.map(|file| file.expect("a session").path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect();
    paths.sort();
    let name = |path: &Path| {
        let name = path.file_stem().and_then(|name| name.to_str());
        format!("{PREFIX}{}", name.expect("a name"))
    };
    paths
        .iter()
        .filter(|path| name(path).starts_with(only))
        .map(|path| Session::read(script, path, name(path)))
        .collect()
}

impl<'a> Session<'a> {
    fn read(script: &'a Script, path: &Path, name: String) -> Self {
        let text = std::fs::read_to_string(path).expect("a session");
        let told: Value = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let service = told["service"].as_str().expect("service");
        let request = |line: &Value| Request::read(script, service, line);
        let steps = told["steps"].as_array().expect("steps").iter();
        let steps = steps.map(|step| match step.get("until") {
            Some(line) => Step::Wait {
                request: request(line),
                wanted: step["is"].clone(),
            },
            None => Step::Take {
                request: request(step),
                save: step["as"].as_str().map(str::to_owned),
            },
        });
        let finally = told["finally"].as_array().into_iter().flatten();
        let recorded = std::fs::read_to_string(path.with_extension("json"))
            .unwrap_or_else(|error| panic!("{}: {error}: record it", path.display()));
        Self {
            name,
            script,
            steps: steps.collect(),
            finally: finally.map(request).collect(),
            free: told.get("free").map(strings).unwrap_or_default(),
            own: told.get("own").map(strings).unwrap_or_default(),
            recorded: serde_json::from_str(&recorded).expect("a recording"),
        }
    }

    /// Goes through it and compares, as far as it gets.
    pub(crate) async fn play(
        &self,
        cloud: &mut Cloud<'_>,
        simulator: Option<&Simulator>,
        recordings: &HashMap<&str, Recording<'_>>,
        forms: &Forms,
        findings: &mut Findings,
    ) {
        let roots = cloud.roots().iter();
        let roots: Vec<Name> = roots
            .map(|(root, name)| Name::new(root, &format!("http://{name}")))
            .collect();
        let free = |service: &Service| service.free.iter().chain(&self.free).cloned().collect();
        let services = self.script.services.iter();
        let free: HashMap<&str, Vec<String>> = services
            .map(|service| (service.name.as_str(), free(service)))
            .collect();
        let columns = free.iter().map(|(name, free)| {
            let mut columns = Columns::new(free);
            for shape in recordings[name].shapes() {
                columns.add(shape, "");
            }
            (*name, columns)
        });
        let known = Known {
            forms,
            roots: &roots,
            columns: &columns.collect(),
        };
        let mut recorded = self.recorded.iter();
        let mut told_all = true;
        for (place, step) in self.steps.iter().enumerate() {
            let title = format!("{}. {}", place + 1, step.request().line());
            let ended = match step {
                Step::Wait { request, wanted } => {
                    wait(cloud, simulator, request, wanted).await.err()
                }
                Step::Take { request, save } => {
                    let told = recorded.next().unwrap_or(&Value::Null);
                    told_all &= request.is_of(told);
                    if !told_all {
                        findings.add(&self.name, &title, "record again".to_owned());
                        break;
                    }
                    findings.asked += 1;
                    match self.take(cloud, request, told, &known).await {
                        Ok((answer, differences)) => {
                            for difference in differences {
                                findings.add(&self.name, &title, difference);
                            }
                            if told["status"] != answer.status {
                                findings.example(&title, &answer.text);
                            }
                            if let Some(name) = save {
                                cloud.keep(name, captured(&answer));
                            }
                            None
                        }
                        Err(lacking) => Some(format!("there is no {lacking}")),
                    }
                }
            };
            if let Some(reason) = ended {
                findings.add(&self.name, &title, format!("ends here: {reason}"));
                break;
            }
        }
        if told_all && recorded.next().is_some() && findings.is_empty_of(&self.name) {
            findings.add(&self.name, "the end", "record again".to_owned());
        }
        // The simulation is not needed any more.
        if simulator.is_none() {
            for request in self.finally.iter().rev() {
                clean(cloud, request).await;
            }
        }
    }

    async fn take(
        &self,
        cloud: &mut Cloud<'_>,
        request: &Request,
        told: &Value,
        known: &Known<'_>,
    ) -> Result<(Answer, Vec<String>), String> {
        let forms = known.forms;
        let Request { service, ask, own } = request;
        let answer = cloud.send(service, ask, request.who()).await?;
        let service = self.script.service(service);
        let mut names = Vec::new();
        if answer.status >= 400 {
            let text = format!("{}{}", ask.path, ask.body.clone().unwrap_or_default());
            let data = cloud.names(request.who(), &text).await;
            names.extend(data.iter().map(|(value, place)| Name::new(value, place)));
        }
        let local = Local::of_cloud(&service.followers, known.roots, &names);
        let recorded_local = Local::recorded(&service.followers);
        let reader = Reader {
            forms,
            local: &recorded_local,
            maps: &service.maps,
        };
        let mut group = Shape::default();
        if let Some(body) = told.get("json") {
            group.add(body, "", &reader);
        }
        let recorded = Recorded {
            service,
            ask,
            told,
            group: &group,
            columns: &known.columns[service.name.as_str()],
            forms,
        };
        let mut found = recorded.differences(&answer, &local, &Map::new());
        if answer.status < 400
            && told["status"] == answer.status
            && let (Some(told), Some(seen)) = (told.get("json"), answer.json())
        {
            let own = own.iter().chain(&self.own).chain(&service.own);
            let free = service.free.iter().chain(&self.free);
            let own: Vec<&String> = own.chain(free).collect();
            let values = Values {
                own: &own,
                forms,
                recorded: &recorded_local,
                local: &local,
            };
            values.compare(told, &seen, "", &mut found);
        }
        Ok((answer, found))
    }
}

/// What all steps of a session share.
struct Known<'a> {
    forms: &'a Forms,
    roots: &'a [Name],
    columns: &'a HashMap<&'a str, Columns<'a>>,
}

impl Step {
    fn request(&self) -> &Request {
        match self {
            Self::Take { request, .. } | Self::Wait { request, .. } => request,
        }
    }
}

impl Request {
    fn read(script: &Script, service: &str, line: &Value) -> Self {
        let text = line.as_str().or_else(|| line["ask"].as_str());
        let text = text.unwrap_or_else(|| panic!("no request: {line}"));
        let mut services = script.services.iter().map(|service| service.name.as_str());
        let named = services.find(|name| text.split_whitespace().any(|word| word == *name));
        let words = text.split_whitespace().filter(|word| Some(*word) != named);
        let words: Vec<&str> = words.collect();
        let mut line = if line.is_string() {
            json!({})
        } else {
            line.clone()
        };
        line["ask"] = json!(words.join(" "));
        let service = named.unwrap_or(service);
        let at = script.service(service).at.as_deref();
        Self {
            service: service.to_owned(),
            ask: Ask::read(text, &line, at),
            own: line.get("own").map(strings).unwrap_or_default(),
        }
    }

    fn who(&self) -> &str {
        self.ask.who.first().map_or("admin", String::as_str)
    }

    fn line(&self) -> String {
        format!("{} {} {}", self.who(), self.service, self.ask.line())
    }

    fn is_of(&self, told: &Value) -> bool {
        told["request"] == self.ask.line()
            && told["who"] == self.who()
            && told["service"] == self.service
    }
}

async fn wait(
    cloud: &mut Cloud<'_>,
    simulator: Option<&Simulator>,
    request: &Request,
    wanted: &Value,
) -> Result<(), String> {
    let wanted = cloud.filled(request.who(), wanted).await?;
    let mut last = String::new();
    for _ in 0..LOOKS {
        let answer = cloud
            .send(&request.service, &request.ask, request.who())
            .await?;
        if is_fulfilled(&answer, &wanted) {
            return Ok(());
        }
        last = format!("{} {}", answer.status, answer.text);
        match simulator {
            Some(simulator) => simulator.step(PAUSE),
            None => tokio::time::sleep(PAUSE).await,
        }
    }
    Err(format!("{wanted} never comes: {last}"))
}

fn is_fulfilled(answer: &Answer, wanted: &Value) -> bool {
    if let Some(status) = wanted.as_u64() {
        return u64::from(answer.status) == status;
    }
    let body = answer.json().unwrap_or_default();
    let mut wanted = wanted.as_object().expect("is").iter();
    answer.status < 400 && wanted.all(|(path, value)| is_chosen(pick(&body, path), value))
}

/// Removes something of a real cloud; what is gone already is no matter.
async fn clean(cloud: &mut Cloud<'_>, request: &Request) {
    for _ in 0..LOOKS {
        let answer = cloud
            .send(&request.service, &request.ask, request.who())
            .await;
        if request.ask.method != "DELETE" || !answer.is_ok_and(|answer| answer.status < 400) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The one thing that an answer is about, and the request's id.
fn captured(answer: &Answer) -> Value {
    let body = answer.json().unwrap_or_default();
    let fields = body.as_object().cloned().unwrap_or_default();
    let mut row = match fields.values().next() {
        Some(Value::Object(row)) if fields.len() == 1 => row.clone(),
        _ => fields,
    };
    let id = answer.headers.get("x-openstack-request-id");
    let id = id.and_then(|id| id.to_str().ok());
    row.insert("request-id".to_owned(), json!(id));
    Value::Object(row)
}

/// Compares values that no cloud chooses.
struct Values<'a> {
    own: &'a [&'a String],
    forms: &'a Forms,
    recorded: &'a Local<'a>,
    local: &'a Local<'a>,
}

impl Values<'_> {
    fn compare(&self, told: &Value, seen: &Value, path: &str, found: &mut Vec<String>) {
        match (told, seen) {
            (Value::Object(told), Value::Object(seen)) => {
                for (key, told) in told {
                    let path = if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    };
                    // What is missing was told with the shape.
                    if let Some(seen) = seen.get(key).filter(|_| !self.is_own(&path)) {
                        self.compare(told, seen, &path, found);
                    }
                }
            }
            (Value::Array(told), Value::Array(seen)) if told.len() == seen.len() => {
                for (told, seen) in told.iter().zip(seen) {
                    self.compare(told, seen, path, found);
                }
            }
            (Value::Array(told), Value::Array(seen)) => {
                found.push(format!(
                    "{path} are {}, recorded {}",
                    seen.len(),
                    told.len()
                ));
            }
            (Value::String(told), Value::String(seen)) => {
                let told = self.meant(told, self.recorded);
                let seen = self.meant(seen, self.local);
                let is_same = match told.strip_suffix('…') {
                    Some(told) => seen.starts_with(told),
                    None => told == seen,
                };
                if !is_same && told != "removed" {
                    found.push(format!("{path} is {seen:?}, recorded {told:?}"));
                }
            }
            _ if told == seen => {}
            _ => found.push(format!("{path} is {seen}, recorded {told}")),
        }
    }

    /// A text; its form alone when that has a name.
    fn meant(&self, text: &str, local: &Local<'_>) -> String {
        let form = self.forms.of(text, local);
        match form.as_str() {
            "text" | "digits" | "true or false" => self.forms.canonical(text, local),
            _ => form,
        }
    }

    fn is_own(&self, path: &str) -> bool {
        self.own.iter().any(|own| {
            path.strip_suffix(own.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }
}
