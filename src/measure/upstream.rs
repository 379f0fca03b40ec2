//! What is counted of a cloud: the requests it was sent, what was kept of its answers, its tokens.

use std::time::{Duration, Instant};

use metrics::{Counter, Histogram, SharedString, counter, histogram};

use crate::Error;
use crate::cloud::Service;

pub(super) const REQUESTS: &str = "openstack_ops_upstream_requests_total";
pub(super) const SECONDS: &str = "openstack_ops_upstream_request_duration_seconds";
pub(super) const QUEUE: &str = "openstack_ops_upstream_queue_seconds";
pub(super) const CACHE: &str = "openstack_ops_cache_answers_total";
pub(super) const LOGINS: &str = "openstack_ops_logins_total";

/// The meters of a cloud, a set for each service, looked up once.
#[derive(Debug)]
pub struct Meters {
    services: [ServiceMeters; Service::ALL.len()],
    cloud: SharedString,
}

/// The meters of a service of a cloud.
#[derive(Debug)]
pub struct ServiceMeters {
    queue: Histogram,
    duration: Histogram,
    sent: [Counter; Sent::ALL.len()],
    kept: [Counter; Kept::ALL.len()],
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A status of 200 and on, or a version document's 300.
    Success,
    /// 300 and on.
    Redirection,
    /// 400 and on.
    ClientError,
    /// 500 and on.
    ServerError,
    /// No answer came in time.
    Timeout,
    /// There was nothing to connect to.
    Connect,
    /// The connection broke off.
    Broken,
    /// Nobody waited for the answer.
    Cancelled,
}

impl Sent {
    const ALL: [Self; 8] = [
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
        Self::Timeout,
        Self::Connect,
        Self::Broken,
        Self::Cancelled,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
        }
    }

    /// What a failed request says.
    #[must_use]
    pub fn of_error(error: &Error, was_sent: bool) -> Self {
        match error {
            Error::Upstream(upstream) => match upstream.status {
                0..300 => Self::Success,
                300..400 => Self::Redirection,
                400..500 => Self::ClientError,
                _ => Self::ServerError,
            },
            Error::Timeout { .. } => Self::Timeout,
            Error::Unreachable { .. } if !was_sent => Self::Connect,
            _ => Self::Broken,
        }
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was kept.
    Hit,
    /// It was kept for longer than it should be, and is asked for again.
    Stale,
    /// The service was asked.
    Miss,
}

impl Kept {
    const ALL: [Self; 3] = [Self::Hit, Self::Stale, Self::Miss];

    const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Miss => "miss",
        }
    }
}

/// Why a token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// There was none.
    First,
    /// The last one ends soon.
    Expiring,
    /// A service refused the last one.
    Refused,
}

impl Meters {
    /// Those of the cloud of this name.
    #[must_use]
    pub fn of(cloud: &str) -> Self {
        let cloud = SharedString::from(cloud.to_owned());
        Self {
            services: Service::ALL.map(|service| ServiceMeters::of(&cloud, service)),
            cloud,
        }
    }

    /// Those of a service.
    #[must_use]
    pub const fn service(&self, service: Service) -> &ServiceMeters {
        &self.services[service as usize]
    }

    /// Keystone was asked for a token.
    pub fn logged_in(&self, why: Login, succeeded: bool) {
        let reason = match why {
            Login::First => "first",
            Login::Expiring => "expiring",
            Login::Refused => "refused",
        };
        let outcome = if succeeded { "ok" } else { "failed" };
        counter!(LOGINS, "cloud" => self.cloud.clone(), "reason" => reason, "outcome" => outcome)
            .increment(1);
    }
}

impl ServiceMeters {
    fn of(cloud: &SharedString, service: Service) -> Self {
        let (cloud, service) = (|| cloud.clone(), service.service_type());
        Self {
            queue: histogram!(QUEUE, "cloud" => cloud(), "service" => service),
            duration: histogram!(SECONDS, "cloud" => cloud(), "service" => service),
            sent: Sent::ALL.map(|outcome| {
                counter!(REQUESTS, "cloud" => cloud(), "service" => service, "outcome" => outcome.name())
            }),
            kept: Kept::ALL.map(|outcome| {
                counter!(CACHE, "cloud" => cloud(), "service" => service, "outcome" => outcome.name())
            }),
        }
    }

    /// A request waited for its turn.
    pub fn waited(&self, time: Duration) {
        self.queue.record(time);
    }

    /// An answer was had.
    pub fn had(&self, kept: Kept) {
        self.kept[kept as usize].increment(1);
    }

    /// A request is sent now.
    #[must_use]
    pub fn sending(&self) -> Pending<'_> {
        Pending {
            meters: self,
            began: Instant::now(),
            outcome: Sent::Cancelled,
        }
    }
}

/// A request that was sent; it counts as cancelled when it is dropped.
#[derive(Debug)]
pub struct Pending<'a> {
    meters: &'a ServiceMeters,
    began: Instant,
    outcome: Sent,
}

impl Pending<'_> {
    /// It has ended like this; answers with the time it took.
    pub fn finish(mut self, outcome: Sent) -> Duration {
        self.outcome = outcome;
        self.began.elapsed()
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.meters.sent[self.outcome as usize].increment(1);
        self.meters.duration.record(self.began.elapsed());
    }
}
