//! Waiting for what takes a service its time.
//!
//! Whoever waits in the same cloud for things of the same kind shares one question a round: fifty
//! servers that start are one call every few seconds, and not fifty.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Done, now};
use crate::cloud::{Cloud, Operation, Written};
use crate::graph::noun::Noun;
use crate::graph::scope::Scope;
use crate::{Error, Result};

/// How long a round is open to others.
const GATHERING: Duration = Duration::from_millis(200);
/// The pause before the first round, and the longest one later.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// What one round may take.
const ROUND: Duration = Duration::from_secs(30);
/// Rounds in a row that may fail before it is given up.
const FAILURES: usize = 5;

/// What the rows of a round are.
type Found<R> = Arc<Result<HashMap<String, Arc<R>>>>;

/// Everything that is waited for in this process.
#[derive(Default)]
pub struct Waiting {
    rounds: Mutex<HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>>,
}

/// Whether what is waited for has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not yet.
    GoesOn,
    /// It has.
    Reached,
    /// It will not, for this reason.
    Failed(String),
}

struct Rounds<N: Noun> {
    open: Arc<Mutex<Open<N::Row>>>,
}

/// The round that can still be joined.
struct Open<R> {
    ids: HashSet<String>,
    since: Option<DateTime<Utc>>,
    found: Option<Shared<BoxFuture<'static, Found<R>>>>,
}

/// Looks at an item until it is as it should be, at most for some time. Answers with the row as it
/// was seen last, `None` when it is gone.
pub async fn wait_for<N: Noun + 'static>(
    scope: &Scope,
    id: &str,
    time: Duration,
    check: impl Fn(Option<&N::Row>) -> Progress + Send + Sync,
) -> Result<(Option<Arc<N::Row>>, Progress)> {
    let rounds = scope.waiting().rounds::<N>(scope.cloud().name())?;
    let since = Utc::now();
    let deadline = Instant::now() + time;
    let mut failures = 0;
    // With jitter, lest everybody asks at once.
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(PAUSES.0)
        .with_max_delay(PAUSES.1)
        .with_factor(1.5)
        .with_jitter()
        .without_max_times()
        .build();
    loop {
        let pause = pauses.next().unwrap_or(PAUSES.1);
        sleep_until((Instant::now() + pause).min(deadline)).await;
        let found = rounds.join(scope.cloud(), id, since).await;
        let progress = match found.as_ref() {
            Ok(rows) => {
                failures = 0;
                let row = rows.get(id);
                let progress = check(row.map(AsRef::as_ref));
                if progress != Progress::GoesOn {
                    return Ok((row.cloned(), progress));
                }
                progress
            }
            Err(error) if error.retryable() && failures < FAILURES => {
                failures += 1;
                Progress::GoesOn
            }
            Err(error) => return Err(error.clone()),
        };
        if Instant::now() >= deadline {
            let row = found.as_ref().as_ref().ok().and_then(|rows| rows.get(id));
            return Ok((row.cloned(), progress));
        }
    }
}

/// How something is after a service accepted to change it, looked at until it is as it should be
/// when the caller wants to wait for that. That it did not get there, or that nobody can tell, does
/// not undo the change: it is told beside it.
pub async fn settle<N: Noun + 'static>(
    scope: &Scope,
    id: &str,
    written: &Written,
    seconds: Option<u64>,
    check: impl Fn(Option<&N::Row>) -> Progress + Send + Sync,
) -> Done<N> {
    let Some(seconds) = seconds else {
        return Done::well(now::<N>(scope, id).await);
    };
    let time = Duration::from_secs(seconds);
    let unmet = match wait_for::<N>(scope, id, time, check).await {
        Ok((_, Progress::Reached)) => None,
        Ok((_, Progress::GoesOn)) => Some(Error::StillUnderWay(format!(
            "after {seconds} seconds it is still under way; look at the status of {} {id}",
            N::KIND
        ))),
        Ok((_, Progress::Failed(message))) => Some(Error::Failed {
            service: written.service(),
            // What is left behind is named.
            message: format!("{} {id}: {}", N::KIND, message.trim_end()),
            request_id: written.request_id.clone(),
        }),
        Err(error) => Some(Error::StillUnderWay(format!(
            "it was accepted, and what became of {} {id} cannot be told: {error}",
            N::KIND
        ))),
    };
    Done {
        now: now::<N>(scope, id).await,
        unmet: unmet.into_iter().collect(),
    }
}

impl Waiting {
    fn rounds<N: Noun + 'static>(&self, cloud: &str) -> Result<Arc<Rounds<N>>> {
        let mut rounds = lock(&self.rounds);
        let place = (TypeId::of::<N>(), cloud.to_owned());
        let found = rounds.entry(place).or_insert_with(|| {
            let open = Arc::new(Mutex::new(Open {
                ids: HashSet::new(),
                since: None,
                found: None,
            }));
            Arc::new(Rounds::<N> { open })
        });
        Arc::clone(found)
            .downcast()
            .map_err(|_| Error::Internal("two nouns wait in one place".to_owned()))
    }
}

impl<N: Noun + 'static> Rounds<N> {
    async fn join(&self, cloud: &Cloud, id: &str, since: DateTime<Utc>) -> Found<N::Row> {
        let found = {
            let mut open = lock(&self.open);
            open.ids.insert(id.to_owned());
            open.since = Some(open.since.map_or(since, |other| other.min(since)));
            let weak = Arc::downgrade(&self.open);
            let cloud = cloud.again(Arc::new(Operation::fresh(ROUND)));
            let ask = || round::<N>(cloud, weak).boxed().shared();
            open.found.get_or_insert_with(ask).clone()
        };
        found.await
    }
}

async fn round<N: Noun>(cloud: Cloud, open: Weak<Mutex<Open<N::Row>>>) -> Found<N::Row> {
    sleep(GATHERING).await;
    let taken = open.upgrade().map(|open| {
        let mut open = lock(&open);
        open.found = None;
        (std::mem::take(&mut open.ids), open.since.take())
    });
    let (ids, since) = taken.unwrap_or_default();
    let ids = ids.into_iter().collect();
    Arc::new(N::changed(&cloud, ids, since.unwrap_or_else(Utc::now)).await)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
