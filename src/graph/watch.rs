//! Watching: what changes in a cloud, told as it is seen.
//!
//! OpenStack tells nobody, so somebody has to look. A `Feed` looks for all who watch the same
//! thing with the same credential, however many they are, and only while there are any.

mod changes;
mod feed;
mod health;
mod rows;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_graphql::MergedSubscription;

pub use changes::ChangeKind;
pub(super) use changes::{changed_rows, watched};
use feed::Feed;
pub use rows::{Changed, Watched};

use super::block_storage::volume::VolumeSubscription;
use super::compute::server::ServerSubscription;
use super::orchestration::stack::StackSubscription;
use crate::{Error, Result};
use health::HealthSubscription;

/// What can be watched.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    ServerSubscription,
    VolumeSubscription,
    StackSubscription,
    HealthSubscription,
);

/// Everything that is watched in this process.
pub struct Watching {
    /// The pause between two looks at the same thing, at least.
    pause: Duration,
    feeds: Mutex<HashMap<(TypeId, String), Weak<dyn Any + Send + Sync>>>,
}

impl Watching {
    pub(super) fn new(pause: Duration) -> Self {
        Self {
            pause,
            feeds: Mutex::default(),
        }
    }

    /// The feed of `K` in a cloud: the one there is, or a new one. A cloud's name stands for its
    /// credential, since an entry has one.
    fn feed<K: 'static, T: Send + Sync + 'static>(
        &self,
        cloud: &str,
        start: impl FnOnce(Duration) -> Feed<T>,
    ) -> Result<Arc<Feed<T>>> {
        let key = (TypeId::of::<K>(), cloud.to_owned());
        let mut feeds = self.feeds();
        feeds.retain(|_, feed| feed.strong_count() > 0);
        if let Some(feed) = feeds.get(&key).and_then(Weak::upgrade) {
            let two_kinds = |_| Error::Internal("two feeds of one kind".to_owned());
            return feed.downcast().map_err(two_kinds);
        }
        let feed = Arc::new(start(self.pause));
        let any: Arc<dyn Any + Send + Sync> = Arc::clone(&feed) as _;
        feeds.insert(key, Arc::downgrade(&any));
        Ok(feed)
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<(TypeId, String), Weak<dyn Any + Send + Sync>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
