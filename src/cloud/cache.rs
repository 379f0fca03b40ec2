//! What outlives an operation: answers kept for seconds or minutes, shared by operations that
//! are served with the same credential.
//!
//! Every key begins with the identity of the credential the answer was fetched with (cloud entry,
//! region, user, scope, roles), so no caller sees what another credential was told.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use moka::future::Cache;

use crate::Result;

/// How long an answer may serve others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Flavors, types, zones, projects, users, services: minutes.
    Reference,
    /// Rows that come and go: seconds.
    Rows,
    /// Only this operation.
    Never,
}

/// How long each kind of answer is kept, and how much of them.
#[derive(Clone, Copy, Debug)]
pub struct CacheLimits {
    /// For [`Keep::Rows`]; zero keeps nothing.
    pub rows: Duration,
    /// For [`Keep::Reference`]; zero keeps nothing.
    pub reference: Duration,
    /// Bytes of upstream bodies kept in all.
    pub bytes: u64,
}

/// A decoded answer and the size it had on the wire.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) value: Arc<dyn Any + Send + Sync>,
    pub(super) bytes: usize,
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Kept({} bytes)", self.bytes)
    }
}

/// The process's kept answers.
#[derive(Debug)]
pub struct Answers {
    reference: Option<Cache<String, Kept>>,
    rows: Option<Cache<String, Kept>>,
    changes: Mutex<HashMap<String, Arc<AtomicU64>>>,
}

impl Answers {
    /// Empty, with the given limits.
    #[must_use]
    pub fn new(limits: CacheLimits) -> Self {
        let cache = |time: Duration| {
            (!time.is_zero()).then(|| {
                Cache::builder()
                    .max_capacity(limits.bytes)
                    .weigher(|key: &String, kept: &Kept| {
                        u32::try_from(key.len() + kept.bytes).unwrap_or(u32::MAX)
                    })
                    .time_to_live(time)
                    .build()
            })
        };
        Self {
            reference: cache(limits.reference),
            rows: cache(limits.rows),
            changes: Mutex::default(),
        }
    }

    /// How often the cloud behind a URL was changed from here, by whatever credential. It is part
    /// of the keys of what may have changed with it: what was kept before is not found again.
    pub(super) fn changes_at(&self, auth_url: &str) -> Arc<AtomicU64> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(changes.entry(auth_url.to_owned()).or_default())
    }

    /// The answer under `key`, fetched when it is not there. Concurrent misses share one fetch,
    /// and an error is kept for nobody. The flag says whether it was fetched by this call.
    pub(super) async fn get(
        &self,
        keep: Keep,
        key: &str,
        fetch: BoxFuture<'_, Result<Kept>>,
    ) -> Result<(Kept, bool)> {
        let cache = match keep {
            Keep::Reference => self.reference.as_ref(),
            Keep::Rows => self.rows.as_ref(),
            Keep::Never => None,
        };
        let Some(cache) = cache else {
            return Ok((fetch.await?, true));
        };
        let entry = cache.entry_by_ref(key).or_try_insert_with(fetch).await;
        let entry = entry.map_err(|error| (*error).clone())?;
        let fresh = entry.is_fresh();
        Ok((entry.into_value(), fresh))
    }
}
