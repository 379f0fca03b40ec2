//! What a query may say: Nova checks it before it looks.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use regex::{Regex, RegexBuilder};

use super::{Subject, bad_request};
use crate::reply::Reply;

/// What the values of a name have to be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Any,
    Number,
    Time,
    Pattern,
    Host,
    OneOf(&'static [&'static str]),
    Bool,
}

/// The names of a query.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) names: &'static [(&'static str, Kind)],
    /// Whether a name may be said only once.
    pub(super) once: bool,
    /// From which microversion on others are refused, not ignored.
    pub(super) closed_from: u32,
}

/// The microversion from which most queries are read strictly.
pub(super) const STRICT: u32 = 75;

/// The ways of saying yes and no that a schema lists.
const BOOLS: [&str; 20] = [
    "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "False", "FALSE", "false",
    "0", "OFF", "Off", "off", "NO", "No", "no",
];

impl Subject<'_> {
    pub(super) fn check(&self, allowed: Names) -> Result<(), Reply> {
        let unknown = self.unknown(allowed);
        if self.version.is(allowed.closed_from) && !unknown.is_empty() {
            let verb = if unknown.len() == 1 { "was" } else { "were" };
            return Err(bad_request(&format!(
                "Additional properties are not allowed ({} {verb} unexpected)",
                unknown.join(", ")
            )));
        }
        self.check_values(allowed)
    }

    /// The names that are not known, quoted, in order.
    pub(super) fn unknown(&self, allowed: Names) -> Vec<String> {
        let pairs = self.call.query.pairs();
        let mut unknown: Vec<String> = pairs
            .filter(|(name, _)| allowed.names.iter().all(|(known, _)| known != name))
            .map(|(name, _)| format!("'{name}'"))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    pub(super) fn check_values(&self, allowed: Names) -> Result<(), Reply> {
        for (name, kind) in allowed.names {
            let values: Vec<&str> = self.call.query.all(name).collect();
            for value in &values {
                kind.check(value)
                    .map_err(|reason| invalid(name, value, &reason))?;
            }
            if allowed.once && values.len() > 1 {
                let listed = format!("[{}]", quoted(&values));
                return Err(invalid(name, &listed, &format!("{listed} is too long")));
            }
        }
        Ok(())
    }

    /// A time of the query, which was found to be one before.
    pub(super) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.call.query.get(name).and_then(time)
    }
}

fn invalid(name: &str, value: &str, reason: &str) -> Reply {
    bad_request(&format!(
        "Invalid input for query parameters {name}. Value: {value}. {reason}"
    ))
}

impl Kind {
    fn check(self, value: &str) -> Result<(), String> {
        let one_of = |values: &str| Err(format!("'{value}' is not one of [{values}]"));
        match self {
            Self::Number if value.is_empty() => Err("'' should be non-empty".to_owned()),
            Self::Number if !value.bytes().all(|digit| digit.is_ascii_digit()) => {
                Err(format!("'{value}' does not match '^[0-9]*$'"))
            }
            Self::Time if time(value).is_none() => Err(format!("'{value}' is not a 'date-time'")),
            Self::Pattern if pattern(value).is_none() => Err(format!("'{value}' is not a 'regex'")),
            Self::Host if value.is_empty() => Err("'' should be non-empty".to_owned()),
            Self::Host if !value.bytes().all(is_of_a_host) => {
                Err(format!("'{value}' does not match '^[a-zA-Z0-9-._]*$'"))
            }
            Self::OneOf(values) if !values.contains(&value) => one_of(&quoted(values)),
            Self::Bool if !BOOLS.contains(&value) => {
                let (yes, no) = BOOLS.split_at(BOOLS.len() / 2);
                one_of(&format!("True, {}, False, {}", quoted(yes), quoted(no)))
            }
            _ => Ok(()),
        }
    }
}

fn is_of_a_host(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || b"-._".contains(&letter)
}

fn quoted(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    values.join(", ")
}

/// Whether something is wanted, in one of the many ways in which it can be said.
pub(super) fn truth(text: &str) -> Result<bool, Reply> {
    match text.trim().to_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
        _ => Err(bad_request(&format!(
            "Unrecognized value '{text}', acceptable values are: '0', '1', 'f', 'false', 'n', \
             'no', 'off', 'on', 't', 'true', 'y', 'yes'"
        ))),
    }
}

/// A pattern as the database takes it: found anywhere, in either case, and a bar is a bar.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    RegexBuilder::new(&text.replace('|', "\\|"))
        .case_insensitive(true)
        .size_limit(1 << 20)
        .build()
        .ok()
}

/// A time in one of the ways of ISO 8601; one that names no zone is UTC.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    // A plus of an unescaped query is read as a blank.
    let text = text.trim().replacen(' ', "T", 1);
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Some(time.to_utc());
    }
    for way in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"] {
        if let Ok(time) = DateTime::parse_from_str(&text, way) {
            return Some(time.to_utc());
        }
    }
    for way in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(&text, way) {
            return Some(time.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
    day.and_hms_opt(0, 0, 0).map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_several_ways() {
        for text in [
            "2026-01-02T03:04:00Z",
            "2026-01-02T03:04:00",
            "2026-01-02 03:04:00.000000",
            "2026-01-02T04:04:00+01:00",
            "2026-01-02T03:04",
        ] {
            let time = time(text).map(|time| time.to_rfc3339());
            assert_eq!(time.as_deref(), Some("2026-01-02T03:04:00+00:00"), "{text}");
        }
        assert!(time("2026-01-02").is_some());
        assert!(time("bogus").is_none());
    }

    #[test]
    fn patterns_are_found_anywhere_in_either_case() {
        let is_found = |text, name| pattern(text).is_some_and(|pattern| pattern.is_match(name));
        assert!(is_found("EB-1", "web-12") && !is_found("^eb", "web"));
        assert!(is_found("a|b", "a|b.*[c]") && !is_found("a|b", "a"));
        assert!(pattern("[").is_none());
    }

    #[test]
    fn values_are_refused_with_a_reason() {
        let reason = |kind: Kind, value| kind.check(value).err().unwrap_or_default();
        assert_eq!(reason(Kind::Number, "12"), "");
        assert_eq!(reason(Kind::Number, "-1"), "'-1' does not match '^[0-9]*$'");
        assert_eq!(reason(Kind::Number, ""), "'' should be non-empty");
        assert_eq!(reason(Kind::Time, "x"), "'x' is not a 'date-time'");
        assert_eq!(
            reason(Kind::OneOf(&["asc"]), "x"),
            "'x' is not one of ['asc']"
        );
    }
}
