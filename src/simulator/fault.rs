//! What goes wrong on purpose: rules, asked in their order for every request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Method, StatusCode};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::service::Service;

/// Which requests are spoilt, and how. As JSON `{"service": "compute", "fault": "internal-error"}`
/// or, with more to say, `{"fault": {"slow": {"milliseconds": 50}}, "rate": 0.1}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The service it is about; every one but Keystone when absent, whose tokens all need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The region it is about, by name; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The method it is about; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What the path has to contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What happens.
    pub fault: Fault,
    /// How many requests are let through first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// How many are spoilt then; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Which share of them is spoilt, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// Whether asking for a service's versions is spoilt too. When absent: unless the fault is about
    /// tokens, rights or rates, which versions do without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<bool>,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// A proxy in front answers 503 with a page of its own: the service is down.
    Down,
    /// The answer comes this much later.
    Slow {
        /// How much later.
        milliseconds: u64,
    },
    /// 401, as with a token that was revoked.
    Unauthorized,
    /// 403, as with a policy that says no.
    Forbidden,
    /// 429.
    TooManyRequests {
        /// The seconds in `Retry-After`.
        retry_after: u64,
    },
    /// 500 in the service's own shape.
    InternalError,
    /// 200 with a page of HTML: a captive portal, a login page.
    Html,
    /// 200 with JSON that ends in the middle.
    TruncatedJson,
    /// 200 with JSON that is something else.
    OtherJson,
    /// 414 for what is longer, as of a web server in front of the service.
    LongUri {
        /// The bytes of path and query that are let through.
        bytes: usize,
    },
    /// The connection is cut before anything is done.
    Reset,
    /// What is asked is done, and then the connection is cut instead of an answer.
    Lost,
}

impl Rule {
    /// A rule that spoils everything a service answers.
    #[must_use]
    pub fn all_of(service: Service, fault: Fault) -> Self {
        Self {
            service: Some(service),
            ..Self::everywhere(fault)
        }
    }

    /// A rule that spoils everything but Keystone's answers.
    #[must_use]
    pub fn everywhere(fault: Fault) -> Self {
        Self {
            service: None,
            region: None,
            method: None,
            path: None,
            fault,
            after: 0,
            times: None,
            rate: always(),
            discovery: None,
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn always() -> f64 {
    1.0
}

/// What a request is to the rules.
pub(crate) struct Subject<'a> {
    pub(crate) service: Service,
    pub(crate) region: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    /// The bytes of path and query.
    pub(crate) length: usize,
    pub(crate) is_discovery: bool,
}

/// The rules in force, and how long every answer is held back.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rules: Vec<Active>,
    latency: Duration,
    dice: ChaCha8Rng,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    /// How many requests it was about so far.
    seen: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = ChaCha8Rng::seed_from_u64(seed);
        let state = State {
            rules: Vec::new(),
            latency: Duration::ZERO,
            dice,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Adds a rule behind those there are.
    pub fn add(&self, rule: Rule) {
        self.state().rules.push(Active { rule, seen: 0 });
    }

    /// Puts these rules in the place of those there are.
    pub fn set(&self, rules: Vec<Rule>) {
        let active = rules.into_iter().map(|rule| Active { rule, seen: 0 });
        self.state().rules = active.collect();
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.state().rules.clear();
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.state()
            .rules
            .iter()
            .map(|active| active.rule.clone())
            .collect()
    }

    /// Holds every answer back.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// How long every answer is held back.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.state().latency
    }

    /// The fault that a request meets: the first whose rule is about it and due.
    pub(crate) fn meet(&self, subject: &Subject<'_>) -> Option<Fault> {
        let mut state = self.state();
        let State { rules, dice, .. } = &mut *state;
        for active in rules
            .iter_mut()
            .filter(|active| active.rule.is_about(subject))
        {
            active.seen += 1;
            let rule = &active.rule;
            let is_due = active.seen > rule.after
                && rule
                    .times
                    .is_none_or(|times| active.seen <= rule.after + times);
            if is_due && (rule.rate >= 1.0 || dice.random::<f64>() < rule.rate) {
                return Some(rule.fault);
            }
        }
        None
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn is_about(&self, subject: &Subject<'_>) -> bool {
        let service = match self.service {
            Some(service) => service == subject.service,
            None => subject.service != Service::Identity,
        };
        service
            && self.fault.is_met_by(subject)
            && (!subject.is_discovery || self.discovery.unwrap_or(self.fault.is_of_the_service()))
            && self
                .region
                .as_ref()
                .is_none_or(|region| region == subject.region)
            && self
                .method
                .as_ref()
                .is_none_or(|method| subject.method.as_str() == method)
            && self
                .path
                .as_ref()
                .is_none_or(|path| subject.path.contains(path.as_str()))
    }
}

impl Fault {
    fn is_met_by(self, subject: &Subject<'_>) -> bool {
        match self {
            Self::LongUri { bytes } => subject.length > bytes,
            _ => true,
        }
    }

    /// Whether it is the service that fails, and not what the caller may.
    fn is_of_the_service(self) -> bool {
        !matches!(
            self,
            Self::Unauthorized | Self::Forbidden | Self::TooManyRequests { .. }
        )
    }

    /// The answer in place of the service's; none where that is only late, or where there is no
    /// answer at all.
    pub(crate) fn reply(self, service: Service) -> Option<Reply> {
        let page = |status, text: &'static str| {
            Reply::of(status, "text/html", Bytes::from_static(text.as_bytes()))
        };
        match self {
            Self::Slow { .. } | Self::Reset | Self::Lost => None,
            Self::Down => Some(page(
                StatusCode::SERVICE_UNAVAILABLE,
                "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle \
                 this request.\n</body></html>\n",
            )),
            Self::LongUri { .. } => Some(page(
                StatusCode::URI_TOO_LONG,
                "<html><head><title>414 Request-URI Too Long</title></head><body>\
                 <h1>Request-URI Too Long</h1></body></html>\n",
            )),
            Self::Unauthorized => Some(Reply::json(
                StatusCode::UNAUTHORIZED,
                &json!({"error": {"code": 401, "title": "Unauthorized", "message":
                    "The request you have made requires authentication."}}),
            )),
            Self::Forbidden => Some(refusal(
                service,
                StatusCode::FORBIDDEN,
                "forbidden",
                "Policy doesn't allow this to be performed.",
            )),
            Self::TooManyRequests { retry_after } => Some(
                refusal(
                    service,
                    StatusCode::TOO_MANY_REQUESTS,
                    "overLimit",
                    "This request was rate-limited.",
                )
                .with(RETRY_AFTER, &retry_after.to_string()),
            ),
            Self::InternalError => Some(refusal(
                service,
                StatusCode::INTERNAL_SERVER_ERROR,
                "computeFault",
                "Unexpected API Error: the database is gone.",
            )),
            Self::Html => Some(page(
                StatusCode::OK,
                "<html><body><h1>It works!</h1></body></html>\n",
            )),
            Self::TruncatedJson => Some(Reply::of(
                StatusCode::OK,
                "application/json",
                Bytes::from_static(br#"{"servers": [{"id": "1", "name": "half"#),
            )),
            Self::OtherJson => Some(Reply::ok(&json!({"hello": ["world"]}))),
        }
    }
}

/// A refusal in the shape in which the service would refuse.
fn refusal(service: Service, status: StatusCode, kind: &str, message: &str) -> Reply {
    let code = status.as_u16();
    let title = status.canonical_reason().unwrap_or_default();
    let body: Value = match service {
        Service::Identity => json!({"error": {"code": code, "title": title, "message": message}}),
        Service::Compute | Service::BlockStorage => {
            json!({kind: {"code": code, "message": message}})
        }
        Service::Network => {
            json!({"NeutronError": {"type": title.replace(' ', ""), "message": message, "detail": ""}})
        }
        Service::Image => {
            let page = format!(
                "<html>\n <head>\n  <title>{code} {title}</title>\n </head>\n <body>\n  \
                 <h1>{code} {title}</h1>\n  {message}<br /><br />\n\n\n </body>\n</html>"
            );
            return Reply::of(status, "text/html; charset=UTF-8", page.into());
        }
        Service::Orchestration => json!({
            "code": code, "title": title, "explanation": message,
            "error": {"type": title.replace(' ', ""), "message": message, "traceback": null},
        }),
        Service::Placement => json!({"errors": [{
            "status": code, "title": title, "detail": message,
            "code": "placement.undefined_code", "request_id": "req-simulated",
        }]}),
    };
    Reply::json(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(service: Service) -> Subject<'static> {
        Subject {
            service,
            region: "RegionOne",
            method: &Method::GET,
            path: "/servers",
            length: 8,
            is_discovery: false,
        }
    }

    #[test]
    fn a_rule_lets_some_through_and_then_spoils_some() {
        let faults = Faults::new(1);
        faults.add(Rule {
            after: 2,
            times: Some(1),
            ..Rule::all_of(Service::Compute, Fault::Reset)
        });
        let met: Vec<bool> = (0..4)
            .map(|_| faults.meet(&subject(Service::Compute)).is_some())
            .collect();
        assert_eq!(met, [false, false, true, false]);
        assert_eq!(faults.meet(&subject(Service::Network)), None);
    }

    #[test]
    fn a_rate_spoils_its_share() {
        let faults = Faults::new(1);
        faults.add(Rule {
            rate: 0.25,
            ..Rule::everywhere(Fault::InternalError)
        });
        let met = (0..1000)
            .filter(|_| faults.meet(&subject(Service::Image)).is_some())
            .count();
        assert!((200..300).contains(&met), "{met}");
        assert_eq!(faults.meet(&subject(Service::Identity)), None);
    }

    #[test]
    fn a_rule_is_read_from_json() {
        let rule: Rule = serde_json::from_value(json!({
            "service": "block-storage", "fault": {"slow": {"milliseconds": 50}}, "rate": 0.5,
        }))
        .unwrap();
        assert_eq!(rule.fault, Fault::Slow { milliseconds: 50 });
        let again: Rule = serde_json::from_value(serde_json::to_value(&rule).unwrap()).unwrap();
        assert_eq!(again, rule);
    }
}
