//! The simulation's own route, `/simulator`: what was asked, what goes wrong, what time it is.
//!
//! | call | what it does |
//! |---|---|
//! | `GET /simulator` | how many of everything there are |
//! | `GET /simulator/requests?after=N&limit=N` | the log, from a number on |
//! | `DELETE /simulator/requests` | forgets it |
//! | `GET`, `PUT`, `DELETE /simulator/faults` | the rules (a list), see [`Rule`] |
//! | `POST /simulator/faults` | adds one rule |
//! | `PUT /simulator/latency` `{"milliseconds": 20}` | holds every answer back |
//! | `POST /simulator/clock` `{"seconds": 60}` | lets time pass |
//! | `POST /simulator/stir` | lets something happen |
//! | `POST /simulator/reset` | everything as at first |

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::Simulator;
use crate::call::Query;
use crate::fault::Rule;
use crate::reply::{Answer, Reply};

/// The first segment of the route.
pub(crate) const PREFIX: &str = "simulator";

/// Requests of the log in one answer, unless a limit says otherwise.
const ENTRIES: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    milliseconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    seconds: u64,
}

pub(crate) fn answer(
    simulator: &Simulator,
    method: &Method,
    path: &[String],
    uri: &Uri,
    body: &Bytes,
) -> Reply {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let query = Query::parse(uri.query().unwrap_or_default());
    let answered = match (method.as_str(), path.as_slice()) {
        ("GET", [] | [""]) => Ok(Reply::ok(&simulator.world().counts())),
        ("GET", ["requests"]) => requests(simulator, &query),
        ("DELETE", ["requests"]) => {
            simulator.log().clear();
            Ok(done())
        }
        ("GET", ["faults"]) => Ok(Reply::ok(&simulator.faults().rules())),
        ("PUT", ["faults"]) => read(body).map(|rules: Vec<Rule>| {
            simulator.faults().set(rules);
            done()
        }),
        ("POST", ["faults"]) => read(body).map(|rule: Rule| {
            simulator.faults().add(rule);
            done()
        }),
        ("DELETE", ["faults"]) => {
            simulator.faults().clear();
            Ok(done())
        }
        ("PUT", ["latency"]) => read(body).map(|latency: Latency| {
            simulator
                .faults()
                .set_latency(Duration::from_millis(latency.milliseconds));
            done()
        }),
        ("POST", ["clock"]) => read(body).map(|step: Step| {
            simulator.step(Duration::from_secs(step.seconds));
            done()
        }),
        ("POST", ["stir"]) => {
            simulator.stir();
            Ok(done())
        }
        ("POST", ["reset"]) => {
            simulator.reset();
            Ok(done())
        }
        _ => Err(refusal(
            StatusCode::NOT_FOUND,
            "there is GET /simulator; GET and DELETE /simulator/requests; GET, PUT, POST and DELETE \
             /simulator/faults; PUT /simulator/latency; POST /simulator/clock, /simulator/stir and \
             /simulator/reset",
        )),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

fn requests(simulator: &Simulator, query: &Query) -> Answer {
    let number = |name: &str, default: u64| match query.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| {
            refusal(
                StatusCode::BAD_REQUEST,
                &format!("{name}={text} is not a number"),
            )
        }),
    };
    let after = number("after", 0)?;
    let limit = number("limit", ENTRIES as u64)?;
    let log = simulator.log();
    let entries = log.after(after, usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Reply::ok(
        &json!({"count": log.count(), "requests": entries}),
    ))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Reply> {
    serde_json::from_slice(body)
        .map_err(|error| refusal(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn done() -> Reply {
    Reply::empty(StatusCode::NO_CONTENT)
}

fn refusal(status: StatusCode, reason: &str) -> Reply {
    Reply::json(status, &json!({"error": reason}))
}
