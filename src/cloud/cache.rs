//! What outlives an operation: answers kept for seconds or minutes, shared by operations that
//! are served with the same credential.
//!
//! Every key begins with the identity of the credential the answer was fetched with (cloud entry,
//! Keystone, region, user, scope, roles), so no caller sees what another credential was told.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use moka::future::Cache;
use tokio_util::task::AbortOnDropHandle;

use crate::Result;
use crate::shared::{Name, Shared};

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

/// A decoded answer, the size it had on the wire, and when it was asked for.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) value: Arc<dyn Any + Send + Sync>,
    pub(super) bytes: usize,
    pub(super) at: DateTime<Utc>,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It was asked for now.
    Fetched,
    /// It was kept.
    Kept,
    /// It was kept for longer than it should be: it still serves, and is asked for again meanwhile.
    Stale,
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Kept({} bytes)", self.bytes)
    }
}

/// Rows still serve for so many times the time they are kept, while they are asked for again. Who
/// looks every few seconds then never waits, and is told how old what is seen is.
const STALE_FOR: u32 = 2;

/// The process's kept answers.
#[derive(Debug)]
pub struct Answers {
    reference: Option<Store>,
    rows: Option<Store>,
    renewing: Mutex<HashSet<String>>,
    changes: Mutex<HashMap<String, Arc<AtomicU64>>>,
    sharing: Option<Sharing>,
}

/// What is shared with other replicas.
#[derive(Debug)]
struct Sharing {
    store: Arc<Shared>,
    /// Whether it is heard when another replica changes something.
    hears: Arc<AtomicBool>,
    _listening: AbortOnDropHandle<()>,
}

impl Answers {
    /// Empty, with the given limits.
    #[must_use]
    pub fn new(limits: CacheLimits) -> Self {
        let store = |time: Duration, serves: u32| {
            (!time.is_zero()).then(|| Store {
                cache: Cache::builder()
                    .max_capacity(limits.bytes)
                    .weigher(|key: &String, kept: &Kept| {
                        u32::try_from(key.len() + kept.bytes).unwrap_or(u32::MAX)
                    })
                    .time_to_live(time * serves)
                    .build(),
                time,
            })
        };
        Self {
            reference: store(limits.reference, 1),
            rows: store(limits.rows, STALE_FOR),
            renewing: Mutex::default(),
            changes: Mutex::default(),
            sharing: None,
        }
    }

    /// The same, which shares what it has with other replicas, about the clouds behind these URLs; it
    /// begins to listen to them, so it needs the runtime.
    #[must_use]
    pub fn sharing<'a>(
        mut self,
        store: &Arc<Shared>,
        auth_urls: impl Iterator<Item = &'a str>,
    ) -> Self {
        let changes: Vec<(Name, Arc<AtomicU64>)> = auth_urls
            .map(|url| (store.name(&["changes", url]), self.changes_at(url)))
            .collect();
        let hears = Arc::new(AtomicBool::new(false));
        let (listener, hearing) = (Arc::clone(store), Arc::clone(&hears));
        let listening = tokio::spawn(async move {
            let names: Vec<Name> = changes.iter().map(|(name, _)| name.clone()).collect();
            let heard = |name: &str, value| {
                for (_, changes) in changes.iter().filter(|(known, _)| known.0 == name) {
                    changes.store(value, Ordering::Release);
                }
            };
            let hears = |does| hearing.store(does, Ordering::Release);
            listener.follow_changes(&names, heard, hears).await;
        });
        self.sharing = Some(Sharing {
            store: Arc::clone(store),
            hears,
            _listening: AbortOnDropHandle::new(listening),
        });
        self
    }

    /// Counts a change of the cloud behind a URL, and tells the other replicas.
    pub(super) async fn changed(&self, auth_url: &str, changes: &AtomicU64) {
        let Some(sharing) = &self.sharing else {
            changes.fetch_add(1, Ordering::AcqRel);
            return;
        };
        // Counters of two replicas could come to the same number by different changes.
        let value = uuid::Uuid::new_v4().as_u64_pair().0;
        changes.store(value, Ordering::Release);
        let name = sharing.store.name(&["changes", auth_url]);
        sharing.store.tell_change(&name, value).await;
    }

    /// Where answers are shared, and for how long, if they are: rows only while it is heard when
    /// another replica changes something.
    pub(super) fn shared(&self, keep: Keep) -> Option<(&Arc<Shared>, Duration)> {
        let sharing = self.sharing.as_ref()?;
        let life = self.store(keep)?.time;
        let is_safe = keep == Keep::Reference || sharing.hears.load(Ordering::Acquire);
        is_safe.then_some((&sharing.store, life))
    }

    fn store(&self, keep: Keep) -> Option<&Store> {
        match keep {
            Keep::Reference => self.reference.as_ref(),
            Keep::Rows => self.rows.as_ref(),
            Keep::Never => None,
        }
    }

    /// How often the cloud behind a URL was changed from here, by whatever credential. It is part
    /// of the keys of what may have changed with it: what was kept before is not found again.
    pub(super) fn changes_at(&self, auth_url: &str) -> Arc<AtomicU64> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(changes.entry(auth_url.to_owned()).or_default())
    }

    /// The answer under `key`, fetched when it is not there. Concurrent misses share one fetch,
    /// and an error is kept for nobody.
    pub(super) async fn get(
        &self,
        keep: Keep,
        key: &str,
        fetch: BoxFuture<'_, Result<Kept>>,
    ) -> Result<(Kept, Found)> {
        let Some(Store { cache, time }) = self.store(keep) else {
            return Ok((fetch.await?, Found::Fetched));
        };
        // What another replica had was not new when it came here.
        if self.sharing.is_some()
            && let Some(kept) = cache.get(key).await
            && age(&kept) > *time * STALE_FOR
        {
            cache.invalidate(key).await;
        }
        let entry = cache.entry_by_ref(key).or_try_insert_with(fetch).await;
        let entry = entry.map_err(|error| (*error).clone())?;
        let was_fetched = entry.is_fresh();
        let kept = entry.into_value();
        let found = match was_fetched {
            true => Found::Fetched,
            false if age(&kept) > *time => Found::Stale,
            false => Found::Kept,
        };
        Ok((kept, found))
    }

    /// Keeps an answer in the place of the one that was kept under `key`.
    pub(super) async fn put(&self, keep: Keep, key: String, kept: Kept) {
        if let Some(store) = self.store(keep) {
            store.cache.insert(key, kept).await;
        }
    }

    /// Takes it on to ask for an answer again; `None` when somebody has.
    pub(super) fn renew(self: &Arc<Self>, key: &str) -> Option<Renewal> {
        let mut renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        renewing.insert(key.to_owned()).then(|| Renewal {
            answers: Arc::clone(self),
            key: key.to_owned(),
        })
    }
}

fn age(kept: &Kept) -> Duration {
    (Utc::now() - kept.at).to_std().unwrap_or_default()
}

/// Answers of one kind.
#[derive(Debug)]
struct Store {
    cache: Cache<String, Kept>,
    /// How long they are kept.
    time: Duration,
}

/// An answer that is asked for again, by whoever holds this.
pub(super) struct Renewal {
    answers: Arc<Answers>,
    key: String,
}

impl Renewal {
    /// Keeps the new answer.
    pub(super) async fn done(self, keep: Keep, kept: Kept) {
        self.answers.put(keep, self.key.clone(), kept).await;
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        let renewing = self.answers.renewing.lock();
        renewing
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}
