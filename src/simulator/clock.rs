//! What time it is in the cloud.

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::Serialize;

/// Whether time passes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It passes as it does outside.
    #[default]
    ByClock,
    /// It stands still but for [`Simulator::step`](crate::Simulator::step): a test need not sleep.
    ByHand,
}

/// A clock, which starts with the time outside.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    pace: Pace,
    start: DateTime<Utc>,
    started: Instant,
    stepped: Duration,
}

impl Clock {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            start: Utc::now(),
            started: Instant::now(),
            stepped: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let passed = match self.pace {
            Pace::ByClock => self.started.elapsed() + self.stepped,
            Pace::ByHand => self.stepped,
        };
        self.start + TimeDelta::from_std(passed).unwrap_or_default()
    }

    pub(crate) fn step(&mut self, by: Duration) {
        self.stepped += by;
    }
}

/// A time in one of the ways in which services write it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    time: DateTime<Utc>,
    way: &'static str,
}

impl Written {
    pub(crate) fn text(self) -> String {
        self.time.format(self.way).to_string()
    }
}

impl Serialize for Written {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.time.format(self.way))
    }
}

/// `2026-01-31T12:00:00Z`: Nova's servers, Neutron, Glance, Heat.
pub(crate) fn zulu(time: DateTime<Utc>) -> Written {
    Written {
        time,
        way: "%Y-%m-%dT%H:%M:%SZ",
    }
}

/// `2026-01-31T12:00:00.000000`: Nova's other rows, Cinder. Databases keep no fractions.
pub(crate) fn naive(time: DateTime<Utc>) -> Written {
    Written {
        time,
        way: "%Y-%m-%dT%H:%M:%S.000000",
    }
}

/// `2026-01-31T12:00:00.000000Z`: Keystone's tokens.
pub(crate) fn zulu_with_fraction(time: DateTime<Utc>) -> Written {
    Written {
        time,
        way: "%Y-%m-%dT%H:%M:%S.000000Z",
    }
}

/// `2026-01-31 12:00:00`: Neutron's agents.
pub(crate) fn spaced(time: DateTime<Utc>) -> Written {
    Written {
        time,
        way: "%Y-%m-%d %H:%M:%S",
    }
}

/// Reads a time in one of the ways in which callers write it; without a zone it is UTC.
pub(crate) fn read(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let time = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.fZ",
        "%Y-%m-%d %H:%M:%S%.f",
    ]
    .into_iter()
    .find_map(|way| NaiveDateTime::parse_from_str(text, way).ok());
    let date = || {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        date.and_hms_opt(0, 0, 0)
    };
    Some(time.or_else(date)?.and_utc())
}
