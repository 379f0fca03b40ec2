//! From checks to a score: pure, so that the numbers can be argued about in one place.

use async_graphql::{Enum, SimpleObject};

/// Where a cloud stands between 0 and 100, and the checks it comes from.
///
/// Each check that could be made counts with its weight: a pass whole, a warning half, a failure
/// not at all. The score is their share of the weight of what could be made; what could not lowers
/// the confidence instead. A failed critical check keeps the score below 60.
#[derive(SimpleObject, Clone, Debug)]
pub struct Health {
    /// 0 to 100; null when nothing could be checked.
    score: Option<i32>,
    /// HEALTHY from 80, WARNING from 60, CRITICAL below; UNKNOWN when nothing could be checked.
    status: HealthStatus,
    /// The weight of what could be checked, in percent of all checks.
    confidence: i32,
    /// Every check, the failed ones first.
    checks: Vec<HealthCheck>,
}

/// A cloud's health in a word.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    /// A score of 80 or more.
    Healthy,
    /// A score from 60 to 79.
    Warning,
    /// A score below 60.
    Critical,
    /// Nothing could be checked.
    Unknown,
}

/// One thing that was looked at.
#[derive(SimpleObject, Clone, Debug)]
pub struct HealthCheck {
    /// A stable name, as `servers_in_error`.
    pub name: &'static str,
    /// How much it counts.
    pub weight: i32,
    /// Whether its failure alone makes the cloud critical.
    pub is_critical: bool,
    /// How it went.
    pub outcome: HealthOutcome,
    /// What was seen, in words and numbers.
    pub seen: String,
    /// What is concerned, at most 20 of them.
    pub resources: Vec<ConcernedResource>,
    /// How many are concerned in all; null when that could not be seen.
    pub resource_count: Option<i32>,
}

/// How a check went. The order is that of urgency.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthOutcome {
    /// Something is broken.
    Fail,
    /// Something needs attention soon.
    Warn,
    /// It could not be looked at.
    Unknown,
    /// All is well.
    Pass,
}

/// Something a check is about.
#[derive(SimpleObject, Clone, Debug)]
pub struct ConcernedResource {
    /// The type of the graph it is, as `Server`.
    pub kind: &'static str,
    /// Its id; null for what has none.
    pub id: Option<async_graphql::ID>,
    /// Its name, or what stands for one.
    pub name: Option<String>,
    /// What is the matter with it.
    pub detail: Option<String>,
}

/// How many resources a check names.
const NAMED: usize = 20;

impl HealthCheck {
    /// A check that went in some way.
    pub fn new(
        name: &'static str,
        weight: i32,
        outcome: HealthOutcome,
        seen: impl Into<String>,
        resources: Vec<ConcernedResource>,
    ) -> Self {
        let resource_count = i32::try_from(resources.len()).ok();
        let mut resources = resources;
        resources.truncate(NAMED);
        let seen = seen.into();
        Self {
            name,
            weight,
            is_critical: false,
            outcome,
            seen,
            resources,
            resource_count,
        }
    }

    /// A check that could not be made.
    pub fn unknown(name: &'static str, weight: i32, why: impl Into<String>) -> Self {
        let unknown = Self::new(name, weight, HealthOutcome::Unknown, why, Vec::new());
        Self {
            resource_count: None,
            ..unknown
        }
    }

    /// The same check, whose failure alone makes the cloud critical.
    #[must_use]
    pub fn critical(self) -> Self {
        Self {
            is_critical: true,
            ..self
        }
    }
}

impl Health {
    /// Whether any check turned out otherwise; the words of what was seen may change with every look.
    pub(in crate::graph) fn differs(&self, other: &Self) -> bool {
        let outcomes = |health: &Self| -> Vec<_> {
            let checks = health.checks.iter();
            checks
                .map(|check| (check.name, check.outcome, check.resource_count))
                .collect()
        };
        self.score != other.score || outcomes(self) != outcomes(other)
    }

    /// The score of some checks.
    #[must_use]
    pub fn of(mut checks: Vec<HealthCheck>) -> Self {
        let weight = |checks: &mut dyn Iterator<Item = &HealthCheck>| -> i32 {
            checks.map(|check| check.weight).sum()
        };
        let all = weight(&mut checks.iter());
        let made = |check: &&HealthCheck| check.outcome != HealthOutcome::Unknown;
        let known = weight(&mut checks.iter().filter(made));
        let halves: i32 = checks
            .iter()
            .map(|check| match check.outcome {
                HealthOutcome::Pass => 2 * check.weight,
                HealthOutcome::Warn => check.weight,
                HealthOutcome::Fail | HealthOutcome::Unknown => 0,
            })
            .sum();
        let is_critical = checks
            .iter()
            .any(|check| check.is_critical && check.outcome == HealthOutcome::Fail);
        let score = (known > 0).then(|| {
            let score = halves * 100 / (2 * known);
            if is_critical { score.min(59) } else { score }
        });
        let status = match score {
            None => HealthStatus::Unknown,
            Some(80..) => HealthStatus::Healthy,
            Some(60..=79) => HealthStatus::Warning,
            Some(_) => HealthStatus::Critical,
        };
        checks.sort_by_key(|check| (check.outcome, -check.weight));
        let confidence = if all == 0 { 0 } else { known * 100 / all };
        Self {
            score,
            status,
            confidence,
            checks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HealthOutcome::{Fail, Pass, Unknown, Warn};

    fn health(outcomes: &[(i32, HealthOutcome)]) -> Health {
        let checks = outcomes.iter().map(|(weight, outcome)| {
            HealthCheck::new("check", *weight, *outcome, String::new(), Vec::new())
        });
        Health::of(checks.collect())
    }

    #[test]
    fn what_is_unknown_lowers_confidence_and_not_the_score() {
        let health = health(&[(10, Pass), (30, Unknown)]);
        assert_eq!((health.score, health.confidence), (Some(100), 25));
        assert_eq!(health.status, HealthStatus::Healthy);
    }

    #[test]
    fn a_warning_counts_half() {
        assert_eq!(health(&[(10, Pass), (10, Warn)]).score, Some(75));
        assert_eq!(health(&[(10, Pass), (10, Fail)]).score, Some(50));
    }

    #[test]
    fn nothing_seen_is_no_health() {
        let health = health(&[(10, Unknown)]);
        assert_eq!((health.score, health.status), (None, HealthStatus::Unknown));
    }

    #[test]
    fn one_critical_failure_is_enough() {
        let failed = HealthCheck::new("api", 1, Fail, "", Vec::new()).critical();
        let passed = HealthCheck::new("rest", 99, Pass, "", Vec::new());
        let health = Health::of(vec![passed, failed]);
        assert_eq!(
            (health.score, health.status),
            (Some(59), HealthStatus::Critical)
        );
        assert_eq!(health.checks[0].name, "api");
    }
}
