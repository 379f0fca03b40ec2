//! The cloud's health, watched.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::feed::Feed;
use crate::Error;
use crate::graph::failure::{Answered, certain, graphql};
use crate::graph::health::Health;
use crate::graph::scope::EventScopes;

/// Health is looked at so much less often than rows: it takes thirty calls, and heartbeats take
/// a minute to be missed.
const PAUSES: u32 = 3;

/// What can be watched of the cloud as a whole.
#[derive(Default)]
pub(super) struct HealthSubscription;

#[Subscription]
impl HealthSubscription {
    /// How well the cloud is: at once, and whenever a check turns out otherwise than before.
    ///
    /// All who watch the same cloud share one look at it every quarter of a minute. What cannot be
    /// seen for a while is told as an error, once, and watched on.
    async fn health_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cloud to watch; the default one unless given.")] cloud: Option<
            String,
        >,
    ) -> async_graphql::Result<BoxStream<'static, Answered<Health>>> {
        let scopes = EventScopes::of(context, cloud.as_deref());
        let scopes = scopes.map_err(|error| graphql(&error))?;
        let watched = scopes.next();
        let watching = scopes.watching();
        let name = watched.cloud_name();
        let feed = watching.feed::<Health, Health>(&name, |pause| {
            Feed::start(pause * PAUSES, move |_| {
                let scope = watched.later();
                async move { Health::read(&scope).await.map(Arc::new) }
            })
        });
        let feed = feed.map_err(|error: Error| graphql(&error))?;
        let following = (feed.follow(), feed, None::<Arc<Health>>);
        let events = stream::unfold(following, |(mut seen, feed, mut last)| async move {
            loop {
                seen.changed().await.ok()?;
                let (now, failure) = {
                    let seen = seen.borrow_and_update();
                    (seen.value.clone(), seen.failure.clone())
                };
                if let Some(error) = failure {
                    return Some((certain(Err(error)), (seen, feed, last)));
                }
                let is_new = match (&last, &now) {
                    (Some(last), Some(now)) => last.differs(now),
                    (None, now) => now.is_some(),
                    (Some(_), None) => false,
                };
                if let Some(now) = now.filter(|_| is_new) {
                    last = Some(Arc::clone(&now));
                    return Some((certain(Ok(Health::clone(&now))), (seen, feed, last)));
                }
            }
        });
        Ok(events.boxed())
    }
}
