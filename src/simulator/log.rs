//! The requests that came: "two calls, not fifty-one" is an assertion on this.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::service::Service;

/// Requests kept; older ones are forgotten, but counted.
const KEPT: usize = 20_000;

/// One request and how it was answered.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts from 1, without a gap.
    pub number: u64,
    /// When it came, RFC 3339.
    pub time: String,
    /// The service asked.
    pub service: Service,
    /// The region asked.
    pub region: String,
    /// The method.
    pub method: String,
    /// The path behind the service's prefix, with the query as it was sent.
    pub path: String,
    /// The microversion asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microversion: Option<String>,
    /// The name of the user who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The project asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The status answered; absent when the connection was cut instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The length of the body answered.
    pub bytes: usize,
    /// How long it took, with what it was held back for.
    pub milliseconds: f64,
    /// The request id given.
    pub request_id: String,
    /// The request id that came along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_request_id: Option<String>,
    /// The trace that it was said to be a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Whether it was spoilt on purpose.
    pub is_spoilt: bool,
}

/// A log of requests, shared by those who serve and those who look.
#[derive(Debug, Default)]
pub struct Log {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    entries: VecDeque<Entry>,
}

impl Log {
    /// How many requests there were since the log was cleared.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.kept().count
    }

    /// The latest of them, in the order in which they were answered.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.kept().entries.iter().cloned().collect()
    }

    /// Those after a number, at most so many.
    #[must_use]
    pub fn after(&self, number: u64, at_most: usize) -> Vec<Entry> {
        let kept = self.kept();
        let later = kept.entries.iter().filter(|entry| entry.number > number);
        later.take(at_most).cloned().collect()
    }

    /// Forgets all of them and counts from nothing.
    pub fn clear(&self) {
        *self.kept() = Kept::default();
    }

    pub(crate) fn add(&self, mut entry: Entry) {
        let mut kept = self.kept();
        kept.count += 1;
        entry.number = kept.count;
        if kept.entries.len() == KEPT {
            kept.entries.pop_front();
        }
        kept.entries.push_back(entry);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
