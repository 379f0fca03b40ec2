//! Which microversion is asked for, and the headers that tell which one answered.

use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderName, StatusCode};

use super::{bad_request, fault};
use crate::call::Call;
use crate::reply::Reply;

/// The newest microversion is 3.71.
pub(super) const NEWEST: u16 = 71;
const MICROVERSION: HeaderName = HeaderName::from_static("openstack-api-version");
/// An id that all services inherited from Nova.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-compute-request-id");

/// What a caller asks for: 3 and this.
pub(super) struct Microversion {
    pub(super) minor: u16,
}

impl Microversion {
    pub(super) fn of(call: &Call) -> Result<Self, Reply> {
        let Some(text) = call.header("openstack-api-version") else {
            return Ok(Self { minor: 0 });
        };
        let asked = text.split(',').find(|part| part.contains("volume"));
        let asked = asked.and_then(|part| part.split_whitespace().nth(1));
        let Some(asked) = asked else {
            return Err(undressed(
                call,
                bad_request(
                    "The server could not comply with the request since it is either malformed or \
                     otherwise incorrect.",
                ),
            ));
        };
        if asked == "latest" {
            return Ok(Self { minor: NEWEST });
        }
        let Some((major, minor)) = numbers(asked) else {
            let message = format!(
                "API Version String {asked} is of invalid format. Must be of format \
                 MajorNum.MinorNum."
            );
            return Err(undressed(call, bad_request(&message)));
        };
        if major == 3 && minor <= NEWEST {
            return Ok(Self { minor });
        }
        let message = format!(
            "Version {asked} is not supported by the API. Minimum is 3.0 and maximum is \
             3.{NEWEST}."
        );
        let refusal = fault(StatusCode::NOT_ACCEPTABLE, &message);
        Err(if major == 3 {
            dressed(call, minor, refusal)
        } else {
            undressed(call, refusal)
        })
    }
}

/// Both numbers of a microversion, written without leading zeros.
fn numbers(text: &str) -> Option<(u16, u16)> {
    let (major, minor) = text.split_once('.')?;
    let number = |text: &str, least: u16| {
        let number: u16 = text.parse().ok()?;
        (number >= least && number.to_string() == text).then_some(number)
    };
    Some((number(major, 1)?, number(minor, 0)?))
}

/// With the headers of an answer that a controller gave.
pub(super) fn dressed(call: &Call, minor: u16, reply: Reply) -> Reply {
    let is_json = reply
        .headers
        .iter()
        .any(|(name, value)| name == CONTENT_TYPE && value == "application/json");
    let reply = if is_json {
        undressed(call, reply)
    } else {
        reply
    };
    reply
        .with(MICROVERSION, &format!("volume 3.{minor}"))
        .with(VARY, "OpenStack-API-Version")
}

fn undressed(call: &Call, reply: Reply) -> Reply {
    reply.with(REQUEST_ID, &call.request_id)
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn microversions_are_two_numbers() {
        assert_eq!(numbers("3.70"), Some((3, 70)));
        assert_eq!(numbers("3.0"), Some((3, 0)));
        for text in ["3", "3.x", "3.07", "0.1", "3.", ".1", "3.1.1"] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }
}
