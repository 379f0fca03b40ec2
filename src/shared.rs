//! What replicas share (`CACHE_URL`), in Valkey or Redis: what services answered, whose turn it is to
//! ask, that something was changed, which confirmations were used, and how much callers asked.
//!
//! It makes things quicker, and is never needed for a right answer: everything here has tens of
//! milliseconds, and where the store is not there the replica does what it would do alone. Values are
//! sealed and names are digests, with keys made of a secret that the replicas have in common: who
//! reads the store learns nothing, and who writes into it is not believed.

#[cfg(not(feature = "redis"))]
#[path = "shared/absent.rs"]
mod store;
#[cfg(feature = "redis")]
#[path = "shared/valkey.rs"]
mod store;

use bytes::Bytes;
use chrono::{DateTime, Utc};

pub use self::store::{Lock, Shared};

/// What a service answered, and when it was asked.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// The body of its answer.
    pub body: Bytes,
}

/// Whose turn it is to ask.
#[derive(Debug)]
pub enum Turn {
    /// Ours; nobody else asks while the lock is held. Without one, others may.
    Ours(Option<Lock>),
    /// Another replica's, which has asked meanwhile.
    Theirs(Snapshot),
}

/// The name of something in the store: a digest that only the replicas can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub(crate) String);
