//! One turn of a task: the time in which everything that is ready in it is polled.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use tokio::task::{unconstrained, yield_now};

/// Waits for the end of the task's turn.
///
/// What yields once is over when it is polled again, and in one turn it may be polled by each of
/// fifty rows that share it. This is over when the task has in fact come round.
#[derive(Default)]
pub(super) struct Turn {
    end: Option<Arc<End>>,
}

#[derive(Default)]
struct End {
    has_come: AtomicBool,
    waker: AtomicWaker,
}

impl Wake for End {
    fn wake(self: Arc<Self>) {
        self.has_come.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(end) = &self.end {
            end.waker.register(context.waker());
            return match end.has_come.load(Ordering::Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            };
        }
        let end = Arc::new(End::default());
        end.waker.register(context.waker());
        let waker = Waker::from(Arc::clone(&end));
        // Tokio wakes what yields when it is back from the task.
        let _ = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
        self.end = Some(end);
        Poll::Pending
    }
}

/// A task wakes itself so often in one turn at most, lest it keep a processor for good.
const MOST_ROUNDS: usize = 10_000;

/// Drives a future so that its turns are whole: as long as something in it is ready, it is polled
/// again at once.
///
/// A set of futures goes back to the task when two of them were woken while it polled them, which
/// edges that share a batch are; the turn would be over with most of the rows not yet polled. For
/// the same reason tokio's budget, which ends a turn as well, does not count here.
pub(super) async fn whole<F: Future>(future: F) -> F::Output {
    let mut future = pin!(unconstrained(future));
    let round = Arc::new(End::default());
    let waker = Waker::from(Arc::clone(&round));
    poll_fn(move |context| {
        round.waker.register(context.waker());
        for _ in 0..MOST_ROUNDS {
            round.has_come.store(false, Ordering::Release);
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_ready() || !round.has_come.load(Ordering::Acquire) {
                return polled;
            }
        }
        // Woken already.
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_turn_is_over_when_nothing_is_ready() {
        // More than a set of futures polls in one go, and each wakes itself.
        const ROWS: usize = 100;
        let woken_at_once = || {
            let mut was_polled = false;
            poll_fn(move |context| {
                context.waker().wake_by_ref();
                match std::mem::replace(&mut was_polled, true) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
        };
        let seen = tokio::spawn(whole(async move {
            let polled = std::sync::atomic::AtomicUsize::new(0);
            let rows = join_all((0..ROWS).map(|_| async {
                woken_at_once().await;
                polled.fetch_add(1, Ordering::Relaxed);
            }));
            let first_turn = async {
                Turn::default().await;
                polled.load(Ordering::Relaxed)
            };
            tokio::join!(first_turn, rows).0
        }));
        assert_eq!(seen.await.unwrap(), ROWS);
    }

    #[tokio::test]
    async fn a_turn_is_one_turn_however_many_wait_for_it() {
        let counted = tokio::spawn(async {
            let turn = Turn::default().shared();
            let polled = Arc::new(AtomicBool::new(false));
            let late = {
                let polled = Arc::clone(&polled);
                async move { polled.store(true, Ordering::Relaxed) }
            };
            // The first two poll the turn twice before the third is polled at all.
            let early = || async {
                turn.clone().await;
                polled.load(Ordering::Relaxed)
            };
            let (seen, ()) = tokio::join!(join_all([early(), early()]), late);
            seen
        });
        assert_eq!(counted.await.unwrap(), [true, true]);
    }
}
