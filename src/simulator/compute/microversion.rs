//! Which of its interfaces Nova is asked to speak.

use std::fmt;

use http::StatusCode;
use http::header::{HeaderName, VARY};

use super::{bad_request, fault};
use crate::call::Call;
use crate::reply::Reply;

const HEADER: HeaderName = HeaderName::from_static("openstack-api-version");
const OLD_HEADER: HeaderName = HeaderName::from_static("x-openstack-nova-api-version");

/// The number behind `2.`; what is not 2 is only told back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Microversion {
    major: u32,
    minor: u32,
}

/// 2025.1's.
pub(super) const NEWEST: u32 = 100;
const OLDEST: u32 = 1;

impl Microversion {
    /// What the request asks for: the oldest when it does not say.
    pub(super) fn of(call: &Call) -> Result<Self, Reply> {
        let oldest = Self {
            major: 2,
            minor: OLDEST,
        };
        if call.path.first().is_some_and(|root| root == "v2") {
            return Ok(oldest);
        }
        let named = call.header("openstack-api-version").and_then(|header| {
            // One header may speak to several services.
            header.split(',').rev().find_map(|part| {
                let (service, version) = part.trim().split_once(' ')?;
                service
                    .eq_ignore_ascii_case("compute")
                    .then(|| version.trim())
            })
        });
        match named.or_else(|| call.header("x-openstack-nova-api-version")) {
            None => Ok(oldest),
            Some("latest") => Ok(Self {
                major: 2,
                minor: NEWEST,
            }),
            Some(text) => Self::parse(text).ok_or_else(|| {
                bad_request(&format!(
                    "API Version String {text} is of invalid format. Must be of format \
                     MajorNum.MinorNum."
                ))
            }),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number = |text: &str, may_be_zero: bool| {
            let is_plain = text.bytes().all(|digit| digit.is_ascii_digit());
            let starts_with_zero = text.starts_with('0') && !(may_be_zero && text == "0");
            (is_plain && !starts_with_zero)
                .then(|| text.parse().ok())
                .flatten()
        };
        Some(Self {
            major: number(major, false)?,
            minor: number(minor, true)?,
        })
    }

    pub(super) fn is_supported(self) -> bool {
        self.major == 2 && (OLDEST..=NEWEST).contains(&self.minor)
    }

    pub(super) fn unsupported(self) -> Reply {
        fault(
            StatusCode::NOT_ACCEPTABLE,
            "computeFault",
            &format!(
                "Version {self} is not supported by the API. Minimum is 2.{OLDEST} and maximum \
                 is 2.{NEWEST}."
            ),
        )
    }

    /// An answer with the headers that say which one it is at.
    pub(super) fn told(self, reply: Reply) -> Reply {
        let version = self.to_string();
        reply
            .with(HEADER, &format!("compute {version}"))
            .with(OLD_HEADER, &version)
            .with(VARY, "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
    }

    /// The number behind `2.`.
    pub(super) fn minor(self) -> u32 {
        self.minor
    }

    /// Whether it is this one or a newer one.
    pub(super) fn is(self, minor: u32) -> bool {
        self.minor >= minor
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_two_numbers() {
        let parse = |text| Microversion::parse(text).map(|version| version.to_string());
        assert_eq!(parse("2.100").as_deref(), Some("2.100"));
        assert_eq!(parse("2.0").as_deref(), Some("2.0"));
        for text in ["2", "2.", "2.x", "two", "02.1", "2.01", "-2.1", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn has_an_oldest_and_a_newest() {
        let is_supported = |text| Microversion::parse(text).is_some_and(Microversion::is_supported);
        assert!(is_supported("2.1") && is_supported("2.100"));
        assert!(!is_supported("2.0") && !is_supported("2.101") && !is_supported("1.1"));
    }
}
