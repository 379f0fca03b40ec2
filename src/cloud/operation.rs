//! One operation's share of the cloud: its deadline, its request id and its bill.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::cache::Kept;
use super::service::Service;
use crate::Result;

/// What one GraphQL operation, or one MCP call, may take and has taken so far.
#[derive(Debug)]
pub struct Operation {
    /// When every upstream call of the operation has to be over.
    deadline: Mutex<Instant>,
    /// Whether nothing will do that others were told earlier.
    pub(super) is_fresh: bool,
    /// What was asked, in the caller's words; `None` when that says nothing of what is needed.
    words: Option<String>,
    /// Sent to every service, so that their logs can be joined.
    pub(super) global_request_id: String,
    bill: [Line; Service::ALL.len()],
    /// OpenStack's ids for what was sent to be changed.
    written: Mutex<Vec<String>>,
    answers: Mutex<HashMap<String, Arc<OnceCell<Result<Kept>>>>>,
    /// When the oldest of the rows that it was told were asked for.
    oldest: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Debug, Default)]
struct Line {
    calls: AtomicU64,
    cached: AtomicU64,
    bytes: AtomicU64,
    microseconds: AtomicU64,
}

/// What an operation asked of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// Requests that were sent, repeated ones included.
    pub calls: u64,
    /// Answers that were had from a cache instead.
    pub cached: u64,
    /// Bytes of the answers' bodies.
    pub bytes: u64,
    /// Milliseconds spent waiting, summed over parallel calls.
    pub milliseconds: u64,
}

impl Operation {
    /// An operation that has `time` from now.
    #[must_use]
    pub fn new(time: Duration) -> Self {
        Self {
            deadline: Mutex::new(Instant::now() + time),
            is_fresh: false,
            words: None,
            global_request_id: format!("req-{}", uuid::Uuid::new_v4()),
            bill: Default::default(),
            written: Mutex::default(),
            answers: Mutex::default(),
            oldest: Mutex::default(),
        }
    }

    /// The same, which asks for what it needs, though it was kept for others.
    #[must_use]
    pub fn fresh(time: Duration) -> Self {
        Self {
            is_fresh: true,
            ..Self::new(time)
        }
    }

    /// The same, which needs nothing that a document and its variables do not name.
    #[must_use]
    pub fn naming(self, words: String) -> Self {
        Self {
            words: Some(words),
            ..self
        }
    }

    /// The same for what is asked again in its place.
    pub(super) fn fresh_like(other: &Self, time: Duration) -> Self {
        Self {
            words: other.words.clone(),
            ..Self::fresh(time)
        }
    }

    /// Whether what goes by a word may be needed.
    pub(super) fn may_need(&self, word: &str) -> bool {
        self.words.as_ref().is_none_or(|words| words.contains(word))
    }

    /// When every upstream call of the operation has to be over.
    pub(super) fn deadline(&self) -> Instant {
        *lock(&self.deadline)
    }

    /// Gives the operation at least this time from now: what was waited for is told afterwards.
    pub fn extend(&self, time: Duration) {
        let mut deadline = lock(&self.deadline);
        *deadline = (*deadline).max(Instant::now() + time);
    }

    pub(super) fn has_written(&self, request_id: &str) {
        lock(&self.written).push(request_id.to_owned());
    }

    /// OpenStack's ids for what was sent to be changed since this was last asked.
    #[must_use]
    pub fn take_written(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.written))
    }

    pub(super) fn was_told(&self, at: DateTime<Utc>) {
        let mut oldest = lock(&self.oldest);
        *oldest = Some(oldest.map_or(at, |oldest| oldest.min(at)));
    }

    /// As of when it was told: the time of the oldest of the rows it is made of; `None` without any.
    #[must_use]
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        *lock(&self.oldest)
    }

    /// What each service was asked, leaving out those that were not.
    #[must_use]
    pub fn bill(&self) -> Vec<(Service, Charge)> {
        let charges = Service::ALL.iter().zip(&self.bill);
        charges
            .map(|(service, line)| (*service, line.charge()))
            .filter(|(_, charge)| charge.calls + charge.cached > 0)
            .collect()
    }

    pub(super) fn charge_call(&self, service: Service, bytes: usize, time: Duration) {
        let line = &self.bill[service as usize];
        line.calls.fetch_add(1, Ordering::Relaxed);
        line.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        line.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    pub(super) fn charge_cached(&self, service: Service) {
        self.bill[service as usize]
            .cached
            .fetch_add(1, Ordering::Relaxed);
    }

    /// The place where the answer under `key` is, or will be, kept for this operation.
    pub(super) fn answer(&self, key: &str) -> Arc<OnceCell<Result<Kept>>> {
        let mut answers = lock(&self.answers);
        if let Some(cell) = answers.get(key) {
            return Arc::clone(cell);
        }
        Arc::clone(answers.entry(key.to_owned()).or_default())
    }
}

impl Operation {
    /// The answers had so far whose key has a beginning and, after it, a part.
    pub(super) fn answers(&self, beginning: &str, part: &str) -> Vec<Kept> {
        let answers = lock(&self.answers);
        let fits = |key: &str| {
            let rest = key.strip_prefix(beginning);
            rest.is_some_and(|rest| rest.contains(part))
        };
        let had = answers.iter().filter(|(key, _)| fits(key));
        had.filter_map(|(_, cell)| cell.get()?.as_ref().ok().cloned())
            .collect()
    }

    /// Whether there is an answer under `key`, be it an error.
    pub(super) fn has_answer(&self, key: &str) -> bool {
        let answers = lock(&self.answers);
        answers.get(key).is_some_and(|cell| cell.initialized())
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    fn charge(&self) -> Charge {
        Charge {
            calls: self.calls.load(Ordering::Relaxed),
            cached: self.cached.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            milliseconds: self.microseconds.load(Ordering::Relaxed) / 1000,
        }
    }
}
