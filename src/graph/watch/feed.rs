//! One thing that is looked at again and again, for all who want to know.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::{Error, Result};

/// Looking takes at most this share of the time: a cloud that takes two seconds to list is left
/// alone for twenty.
const PAUSE_FOR_EACH_LOOK: u32 = 10;

/// What was seen last. Whoever is slow misses what was in between, never how it ended.
#[derive(Debug)]
pub(super) struct Seen<T> {
    /// What it was when it could last be seen; `None` before the first time.
    pub(super) value: Option<Arc<T>>,
    /// When that was.
    pub(super) at: DateTime<Utc>,
    /// Why it cannot be seen now.
    pub(super) failure: Option<Error>,
}

/// A task that looks at something for as long as anybody holds the feed.
pub(super) struct Feed<T> {
    seen: watch::Receiver<Seen<T>>,
    _task: AbortOnDropHandle<()>,
}

impl<T: Send + Sync + 'static> Feed<T> {
    /// Looks with `look`, which is given what it said the last time.
    pub(super) fn start<F>(
        pause: Duration,
        look: impl Fn(Option<Arc<T>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Arc<T>>> + Send,
    {
        let nothing = Seen {
            value: None,
            at: Utc::now(),
            failure: None,
        };
        let (sender, seen) = watch::channel(nothing);
        let looking = async move {
            loop {
                let began = Instant::now();
                let at = Utc::now();
                let before = sender.borrow().value.clone();
                let looked = look(before).await;
                sender.send_if_modified(|seen| match looked {
                    Ok(value) => {
                        *seen = Seen {
                            value: Some(value),
                            at,
                            failure: None,
                        };
                        true
                    }
                    // It is told once that something cannot be seen, and not at every look.
                    Err(error) => seen.failure.replace(error).is_none(),
                });
                sleep(pause.max(began.elapsed() * PAUSE_FOR_EACH_LOOK)).await;
            }
        };
        Self {
            seen,
            _task: AbortOnDropHandle::new(tokio::spawn(looking)),
        }
    }

    /// What is seen from now on.
    pub(super) fn follow(&self) -> watch::Receiver<Seen<T>> {
        self.seen.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn it_looks_while_somebody_holds_it() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let feed = Feed::start(PAUSE, move |_| {
            let look = counted.fetch_add(1, Ordering::Relaxed);
            async move { Ok(Arc::new(look)) }
        });
        let mut seen = feed.follow();
        seen.changed().await.expect("it goes on");
        assert_eq!(seen.borrow_and_update().value.as_deref(), Some(&0));
        seen.changed().await.expect("it goes on");
        assert_eq!(seen.borrow_and_update().value.as_deref(), Some(&1));
        drop(feed);
        sleep(PAUSE * 3).await;
        assert_eq!(looks.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_once_and_keeps_what_was_seen() {
        let looks = AtomicUsize::new(0);
        let feed = Feed::start(PAUSE, move |_| {
            let look = looks.fetch_add(1, Ordering::Relaxed);
            async move {
                match look {
                    1..4 => Err(Error::BadInput("out of order".to_owned())),
                    _ => Ok(Arc::new(look)),
                }
            }
        });
        let mut seen = feed.follow();
        let mut told = Vec::new();
        while told.len() < 3 {
            seen.changed().await.expect("it goes on");
            let seen = seen.borrow_and_update();
            told.push((seen.value.as_deref().copied(), seen.failure.is_some()));
        }
        assert_eq!(told, [(Some(0), false), (Some(0), true), (Some(4), false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_looked_at_less_often() {
        let feed = Feed::start(PAUSE, |_| async {
            sleep(Duration::from_secs(2)).await;
            Ok(Arc::new(()))
        });
        let mut seen = feed.follow();
        seen.changed().await.expect("it goes on");
        let began = Instant::now();
        seen.changed().await.expect("it goes on");
        assert_eq!(began.elapsed(), Duration::from_secs(22));
    }
}
