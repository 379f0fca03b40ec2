//! Placement 1.39: what there is on the hosts, and who has it.

mod candidate;
mod consumer;
mod filter;
mod provider;
mod vocabulary;

use http::StatusCode;
use http::header::{ALLOW, CACHE_CONTROL, HeaderName, LAST_MODIFIED, VARY};
use serde_json::{Value, json};

use crate::call::Call;
use crate::identity::Token;
use crate::reply::{Answer, Reply};
use crate::world::{Key, Region, World};

const MICROVERSION: HeaderName = HeaderName::from_static("openstack-api-version");
const VARIES: &str = "openstack-api-version";
/// The newest microversion, and the oldest, behind `1.`.
const NEWEST: u32 = 39;
const OLDEST: u32 = 0;

pub(crate) fn read(world: &World, call: &Call) -> Answer {
    let segments = call.segments();
    if matches!(segments.as_slice(), [] | [""]) {
        let version = version(call)?;
        return Ok(root(call)
            .with(VARY, VARIES)
            .with(MICROVERSION, &format!("placement 1.{version}")));
    }
    let subject = Subject::of(world, call)?;
    let answered = subject.read(&segments);
    subject.told(answered)
}

pub(crate) fn write(world: &mut World, call: &Call) -> Answer {
    let subject = Subject::of(world, call)?;
    let answered = Err(match methods(&call.segments()) {
        Some(methods) if !methods.split(", ").any(|known| call.method == *known) => {
            let method = &call.method;
            let explanation = format!("The method {method} is not allowed for this resource. ");
            let reason = "The method specified is not allowed for this resource.";
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let refusal = subject.refusal(status, &explanation, reason);
            subject.handled(refusal).with(ALLOW, methods)
        }
        _ => subject.unknown_path(),
    });
    subject.told(answered)
}

/// What can be done with a path; none where there is no such path.
fn methods(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        ["resource_classes" | "resource_providers"] => "GET, POST",
        ["resource_classes", _] => "GET, PUT, DELETE",
        ["resource_providers", _] => "GET, DELETE, PUT",
        ["resource_providers", _, "inventories"] => "GET, POST, PUT, DELETE",
        ["resource_providers", _, "inventories", _] => "GET, PUT, DELETE",
        ["resource_providers", _, "usages" | "allocations"] => "GET",
        ["resource_providers", _, "aggregates"] => "GET, PUT",
        ["resource_providers", _, "traits"] => "GET, PUT, DELETE",
        ["allocations" | "reshaper"] => "POST",
        ["allocations", _] => "GET, PUT, DELETE",
        ["allocation_candidates" | "traits" | "usages"] => "GET",
        ["traits", _] => "GET, PUT, DELETE",
        _ => return None,
    })
}

fn root(call: &Call) -> Reply {
    Reply::ok(&json!({"versions": [{
        "id": "v1.0",
        "status": "CURRENT",
        "min_version": format!("1.{OLDEST}"),
        "max_version": format!("1.{NEWEST}"),
        "links": [{"rel": "self", "href": prefix(call)}],
    }]}))
}

/// What links begin with: they name no host.
fn prefix(call: &Call) -> &str {
    call.root.strip_prefix(&call.origin).unwrap_or_default()
}

/// Whose question is answered, and from what.
struct Subject<'a> {
    region: &'a Region,
    call: &'a Call,
    token: &'a Token,
    version: u32,
}

impl<'a> Subject<'a> {
    fn of(world: &'a World, call: &'a Call) -> Result<Self, Reply> {
        Ok(Self {
            region: &world.regions[call.region],
            call,
            token: call.token()?,
            version: version(call)?,
        })
    }

    fn read(&self, path: &[&str]) -> Answer {
        match path {
            ["resource_providers"] => self.providers(),
            ["resource_providers", id] => self.provider(id),
            ["resource_providers", id, "inventories"] => self.inventories(id),
            ["resource_providers", id, "inventories", class] => self.inventory(id, class),
            ["resource_providers", id, "usages"] => self.provider_usages(id),
            ["resource_providers", id, "traits"] => self.provider_traits(id),
            ["resource_providers", id, "aggregates"] => self.provider_aggregates(id),
            ["resource_providers", id, "allocations"] => self.provider_allocations(id),
            ["allocations", consumer] => self.allocations(consumer),
            ["allocation_candidates"] => self.candidates(),
            ["usages"] => self.usages(),
            ["traits"] => self.traits(),
            ["traits", name] => self.a_trait(name),
            ["resource_classes"] => self.classes(),
            ["resource_classes", name] => self.class(name),
            path => match methods(path) {
                Some(methods) => {
                    let explanation = "The method GET is not allowed for this resource. ";
                    let reason = "The method specified is not allowed for this resource.";
                    let status = StatusCode::METHOD_NOT_ALLOWED;
                    let refusal = self.refusal(status, explanation, reason);
                    Err(self.handled(refusal).with(ALLOW, methods))
                }
                None => Err(self.unknown_path()),
            },
        }
    }

    /// Whether it is this microversion or a newer one.
    fn is(&self, minor: u32) -> bool {
        self.version >= minor
    }

    /// The answer with the microversion that it is at.
    fn told(&self, answered: Answer) -> Answer {
        let version = format!("placement 1.{}", self.version);
        let told = |reply: Reply| reply.with(MICROVERSION, &version);
        answered.map(told).map_err(told)
    }

    /// An answer that got as far as to depend on the microversion: others do not say so.
    fn handled(&self, reply: Reply) -> Reply {
        reply.with(VARY, VARIES)
    }

    fn ok(&self, body: &Value) -> Answer {
        Ok(self.dated(Reply::ok(body)))
    }

    fn dated(&self, reply: Reply) -> Reply {
        let reply = self.handled(reply);
        if !self.is(15) {
            return reply;
        }
        let now = self.call.now.format("%a, %d %b %Y %H:%M:%S GMT");
        reply
            .with(LAST_MODIFIED, &now.to_string())
            .with(CACHE_CONTROL, "no-cache")
    }

    fn may(&self, rule: &str) -> Result<(), Reply> {
        if self.token.is_admin() || self.token.has_role("service") {
            return Ok(());
        }
        Err(self.refusal(
            StatusCode::FORBIDDEN,
            "Access was denied to this resource.",
            &format!("Policy does not allow placement:{rule} to be performed.  "),
        ))
    }

    /// The same, or that it is about the caller's project.
    fn may_of(&self, project: Option<Key>, rule: &str) -> Result<(), Reply> {
        let is_own = project.is_some() && project == self.token.project;
        if is_own && self.token.has_role("reader") {
            return Ok(());
        }
        self.may(rule)
    }

    fn since(&self, minor: u32) -> Result<(), Reply> {
        if self.is(minor) {
            return Ok(());
        }
        Err(self.handled(self.unknown_path()))
    }

    fn refusal(&self, status: StatusCode, explanation: &str, reason: &str) -> Reply {
        let code = self.is(23).then_some(UNDEFINED);
        error(self.call, status, explanation, reason, code)
    }

    fn bad_request(&self, reason: &str) -> Reply {
        self.bad_request_of(UNDEFINED, reason)
    }

    fn bad_request_of(&self, code: &str, reason: &str) -> Reply {
        let code = self.is(23).then_some(code);
        let reason = format!("{reason}  ");
        let status = StatusCode::BAD_REQUEST;
        self.handled(error(self.call, status, MALFORMED, &reason, code))
    }

    fn not_found(&self, reason: &str) -> Reply {
        let status = StatusCode::NOT_FOUND;
        self.refusal(status, NOT_FOUND, &format!("{reason}  "))
    }

    fn unknown_path(&self) -> Reply {
        self.refusal(StatusCode::NOT_FOUND, NOT_FOUND, "  ")
    }

    /// Refuses names of the query that are not known. `schema` is what the refusal shows of those
    /// that are.
    fn check(&self, known: &[&str], schema: &str) -> Result<(), Reply> {
        let pairs = self.call.query.pairs();
        let mut unknown: Vec<String> = pairs
            .filter(|(name, _)| !known.contains(name))
            .map(|(name, _)| format!("'{name}'"))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let verb = if unknown.len() == 1 { "was" } else { "were" };
        let reason = format!(
            "Additional properties are not allowed ({} {verb} unexpected)",
            unknown.join(", ")
        );
        Err(self.invalid_query(&reason, "additionalProperties", schema))
    }

    fn invalid_query(&self, reason: &str, keyword: &str, schema: &str) -> Reply {
        let pairs = self.call.query.pairs();
        let pairs = pairs.map(|(name, value)| format!("'{name}': '{value}'"));
        let shown = if schema.is_empty() {
            String::new()
        } else {
            format!(
                "  Failed validating '{keyword}' in schema:     {schema}  On instance:     {{{}}}",
                pairs.collect::<Vec<_>>().join(", ")
            )
        };
        self.bad_request(&format!("Invalid query string parameters: {reason}{shown}"))
    }
}

/// The code of a refusal that has none of its own.
const UNDEFINED: &str = "placement.undefined_code";
const MALFORMED: &str = "The server could not comply with the request since it is either malformed or otherwise \
     incorrect.";
const NOT_FOUND: &str = "The resource could not be found.";

fn error(
    call: &Call,
    status: StatusCode,
    explanation: &str,
    reason: &str,
    code: Option<&str>,
) -> Reply {
    let mut row = json!({
        "status": status.as_u16(),
        "title": status.canonical_reason(),
        "detail": format!("{explanation}\n\n {reason}"),
        "request_id": call.request_id,
    });
    if let Some(code) = code {
        row["code"] = json!(code);
    }
    Reply::json(status, &json!({"errors": [row]}))
}

/// What follows `1.` in the microversion that the request asks for: the oldest when it does not
/// say.
fn version(call: &Call) -> Result<u32, Reply> {
    let named = call.header("openstack-api-version").and_then(|header| {
        header.split(',').rev().find_map(|part| {
            let (service, version) = part.trim().split_once(' ')?;
            (service == "placement").then(|| version.trim())
        })
    });
    let Some(text) = named else {
        return Ok(OLDEST);
    };
    if text == "latest" {
        return Ok(NEWEST);
    }
    match parse(text) {
        Ok((1, minor)) if minor <= NEWEST => Ok(minor),
        Ok(_) => {
            let status = StatusCode::NOT_ACCEPTABLE;
            let code = status.as_u16();
            let body = json!({"errors": [{
                "status": code,
                "title": "Not Acceptable",
                "detail": format!(
                    "The resource could not be generated that was acceptable to your browser \
                     (content of type application/json. \n\n Invalid microversion: Unacceptable \
                     version header: {text}"
                ),
                "max_version": format!("1.{NEWEST}"),
                "min_version": format!("1.{OLDEST}"),
                "request_id": call.request_id,
            }]});
            Err(Reply::json(status, &body))
        }
        Err(reason) => {
            let reason =
                format!("Invalid microversion: invalid version string: {text}; {reason}  ");
            let status = StatusCode::BAD_REQUEST;
            Err(error(call, status, MALFORMED, &reason, None))
        }
    }
}

/// Both numbers of a version, or why it has none, in Python's words.
fn parse(text: &str) -> Result<(u32, u32), String> {
    let parts: Vec<&str> = text.split('.').collect();
    let [major, minor] = parts.as_slice() else {
        let (amount, how) = match parts.len() {
            1 => ("not enough", " (expected 2, got 1)"),
            _ => ("too many", " (expected 2)"),
        };
        return Err(format!("{amount} values to unpack{how}"));
    };
    let number = |text: &str| {
        text.trim()
            .parse()
            .map_err(|_| format!("invalid literal for int() with base 10: '{text}'"))
    };
    Ok((number(major)?, number(minor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_two_numbers() {
        assert_eq!(parse("1.39"), Ok((1, 39)));
        assert_eq!(
            parse("1.x"),
            Err("invalid literal for int() with base 10: 'x'".to_owned())
        );
        assert!(parse("1").is_err() && parse("1.2.3").is_err());
    }
}
