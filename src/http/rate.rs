//! How much each caller may ask in a time (`RATE_LIMIT`): a caller is a token's subject, the holder
//! of the secret, or, where nobody says who it is, the address of the other end.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use super::problem::Problem;
use crate::auth::{Caller, Identity};
use crate::config::RateLimit;
use crate::measure;
use crate::shared::Shared;

/// The address of the other end of the connection that a request came over.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAddress(pub(super) SocketAddr);

/// Counts what callers ask. What it knows of them outlives a reload that leaves the limit.
pub struct Limiter {
    limit: RateLimit,
    callers: DefaultKeyedRateLimiter<Key>,
    /// Where replicas count together.
    shared: Option<Arc<Shared>>,
    clock: DefaultClock,
    /// Checks since callers were last forgotten that have been quiet.
    checks: AtomicU32,
}

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The holder of the secret.
    Secret,
    /// Whom a token was given to.
    Token {
        /// By whom.
        issuer: Option<Arc<str>>,
        /// To whom.
        subject: Arc<str>,
    },
    /// Somebody at an address; of IPv6 the network, since a machine has as many as it likes.
    Address(IpAddr),
    /// Somebody of whom nothing is known.
    Unknown,
}

/// How many checks it takes until callers are forgotten that have been quiet.
const CHECKS_BETWEEN: u32 = 10_000;

/// A request that came too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    limit: RateLimit,
    /// When there is room for one more.
    pub(super) wait: Duration,
}

impl Limiter {
    /// With nothing counted yet; where there is a store, together with other replicas.
    #[must_use]
    pub fn new(limit: RateLimit, shared: Option<Arc<Shared>>) -> Self {
        // The least time between two is a nanosecond.
        let pause = (limit.period / limit.requests.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(pause).unwrap_or(Quota::per_second(NonZeroU32::MAX));
        Self {
            limit,
            callers: RateLimiter::keyed(quota.allow_burst(limit.requests)),
            shared,
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// The limit.
    #[must_use]
    pub const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Counts a request, unless there is no room for it.
    pub(super) async fn check(&self, key: &Key) -> Result<(), TooMany> {
        if let Some(shared) = &self.shared {
            let name = shared.name(&["rate", &self.limit.to_string(), &format!("{key:?}")]);
            if let Some(taken) = shared.take(&name, self.limit).await {
                return taken.map_err(|wait| self.too_many(wait));
            }
        }
        self.check_alone(key)
    }

    fn check_alone(&self, key: &Key) -> Result<(), TooMany> {
        if self.checks.fetch_add(1, Ordering::Relaxed) >= CHECKS_BETWEEN {
            self.checks.store(0, Ordering::Relaxed);
            self.callers.retain_recent();
        }
        let checked = self.callers.check_key(key);
        checked.map_err(|until| self.too_many(until.wait_time_from(self.clock.now())))
    }

    fn too_many(&self, wait: Duration) -> TooMany {
        measure::shed(measure::Excess::Rate);
        TooMany {
            limit: self.limit,
            wait,
        }
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Limiter({})", self.limit)
    }
}

impl Key {
    /// Of somebody who says who it is, or who asks from an address.
    pub(super) fn of(caller: Option<&Caller>, peer: Option<PeerAddress>) -> Self {
        match caller.map(|caller| &caller.identity) {
            Some(Identity::Secret) => Self::Secret,
            Some(Identity::Token { issuer, subject }) => Self::Token {
                issuer: issuer.clone(),
                subject: Arc::clone(subject),
            },
            Some(Identity::Local | Identity::Anonymous) | None => match peer {
                Some(PeerAddress(peer)) => Self::Address(network(peer.ip().to_canonical())),
                None => Self::Unknown,
            },
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

impl TooMany {
    /// Whole seconds after which to come back.
    pub(super) fn seconds(&self) -> u64 {
        let seconds = self.wait.as_secs();
        seconds + u64::from(self.wait > Duration::from_secs(seconds))
    }
}

impl fmt::Display for TooMany {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "this server takes {} requests of each caller (RATE_LIMIT); try again in {} s",
            self.limit,
            self.seconds()
        )
    }
}

impl IntoResponse for TooMany {
    fn into_response(self) -> Response {
        let problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            self.to_string(),
        );
        let mut response = problem.into_response();
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(self.seconds()));
        response
    }
}

/// Lets a request through while its caller has room. What needs no token is not counted, and of a
/// socket each operation is.
pub(super) async fn limit(
    State(limiter): State<Arc<Limiter>>,
    request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>();
    let peer = request.extensions().get().copied();
    let is_socket = request.uri().path() == "/graphql/ws";
    let key = caller.filter(|_| !is_socket);
    let key = key.map(|caller| Key::of(Some(caller), peer));
    if let Some(key) = key
        && let Err(too_many) = limiter.check(&key).await
    {
        return too_many.into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests: u32, period: Duration) -> Limiter {
        let requests = NonZeroU32::new(requests).unwrap();
        Limiter::new(RateLimit { requests, period }, None)
    }

    #[test]
    fn each_caller_has_room_for_so_many() {
        let limiter = limiter(3, Duration::from_mins(1));
        let token = |subject: &str| Key::Token {
            issuer: None,
            subject: subject.into(),
        };
        for key in [Key::Secret, token("alice"), token("bob")] {
            for _ in 0..3 {
                assert_eq!(limiter.check_alone(&key), Ok(()));
            }
            let too_many = limiter.check_alone(&key).unwrap_err();
            assert!((1..=20).contains(&too_many.seconds()), "{too_many}");
            assert!(too_many.to_string().contains("3/1m"), "{too_many}");
        }
    }

    #[test]
    fn who_says_nothing_is_known_by_its_network() {
        let at = |address: &str| {
            let address = SocketAddr::new(address.parse().unwrap(), 1);
            Key::of(Some(&Caller::anonymous()), Some(PeerAddress(address)))
        };
        assert_eq!(at("fd00::1"), at("fd00::2"));
        assert_ne!(at("fd00::1"), at("fd00:0:0:1::1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_eq!(Key::of(Some(&Caller::secret()), None), Key::Secret);
    }
}
