//! From one look at a cloud to the next: what changed.

use std::collections::VecDeque;
use std::sync::Arc;

use async_graphql::{Context, Enum};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::feed::{Feed, Seen};
use super::rows::{self, Snapshot, Watched};
use crate::graph::failure::{Answered, certain, graphql};
use crate::graph::scope::{EventScopes, Scope};
use crate::{Error, Result};

/// What became of something.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there before.
    Created,
    /// It is not as it was.
    Updated,
    /// It is there no longer.
    Deleted,
}

/// One row that changed.
pub(crate) struct RowChange<R> {
    /// What became of it.
    pub kind: ChangeKind,
    /// Its id.
    pub id: String,
    /// How it was.
    pub before: Option<Arc<R>>,
    /// How it is.
    pub after: Option<Arc<R>>,
    /// When that was seen.
    pub at: DateTime<Utc>,
}

/// What changed from one look to another, in the order of the ids.
fn compare<R: PartialEq>(
    before: &Snapshot<R>,
    after: &Snapshot<R>,
    at: DateTime<Utc>,
) -> VecDeque<RowChange<R>> {
    let mut changes = Vec::new();
    for (id, row) in &after.rows {
        let earlier = before.rows.get(id);
        let kind = match earlier {
            None => ChangeKind::Created,
            // Most rows are the very same, and need not be looked into.
            Some(earlier) if Arc::ptr_eq(earlier, row) || earlier == row => continue,
            Some(_) => ChangeKind::Updated,
        };
        changes.push(RowChange {
            kind,
            id: id.clone(),
            before: earlier.cloned(),
            after: Some(Arc::clone(row)),
            at,
        });
    }
    let gone = before.rows.iter();
    let gone = gone.filter(|(id, _)| !after.rows.contains_key(*id));
    changes.extend(gone.map(|(id, row)| RowChange {
        kind: ChangeKind::Deleted,
        id: id.clone(),
        before: Some(Arc::clone(row)),
        after: None,
        at,
    }));
    changes.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    changes.into()
}

struct Following<N: Watched, E> {
    /// Held, since it ends with the last who holds it.
    _feed: Arc<Feed<Snapshot<N::Row>>>,
    seen: watch::Receiver<Seen<Snapshot<N::Row>>>,
    scopes: EventScopes,
    filter: N::Filter,
    event: E,
    last: Option<Arc<Snapshot<N::Row>>>,
    changes: VecDeque<RowChange<N::Row>>,
    /// The events of one look share what they ask for.
    scope: Option<Scope>,
}

/// What changes in a cloud's rows that the filter lets through, as they were or as they are.
/// Each change is made into an event with `event`.
pub(crate) async fn changed_rows<N, T, E>(
    context: &Context<'_>,
    cloud: Option<&str>,
    filter: Option<N::Filter>,
    event: E,
) -> async_graphql::Result<BoxStream<'static, Answered<T>>>
where
    N: Watched,
    T: Send + 'static,
    E: Fn(&Scope, RowChange<N::Row>) -> T + Send + 'static,
{
    let followed = async {
        let scopes = EventScopes::of(context, cloud)?;
        let scope = scopes.next();
        let filter = N::prepare(&scope, filter.unwrap_or_default()).await?;
        let feed = rows::feed::<N>(scopes.watching(), scope.cloud())?;
        Ok(Following::<N, E> {
            seen: feed.follow(),
            _feed: feed,
            scopes,
            filter,
            event,
            last: None,
            changes: VecDeque::new(),
            scope: None,
        })
    };
    let following = followed.await.map_err(|error: Error| graphql(&error))?;
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((certain(event), following))
    });
    Ok(events.boxed())
}

impl<N, T, E> Following<N, E>
where
    N: Watched,
    E: Fn(&Scope, RowChange<N::Row>) -> T,
{
    async fn next(&mut self) -> Option<Result<T>> {
        loop {
            while let Some(change) = self.changes.pop_front() {
                let mut rows = change.before.iter().chain(&change.after);
                if rows.any(|row| N::keeps(&self.filter, row)) {
                    let scope = self.scope.get_or_insert_with(|| self.scopes.next());
                    return Some(Ok((self.event)(scope, change)));
                }
            }
            self.seen.changed().await.ok()?;
            let seen = self.seen.borrow_and_update();
            if let Some(now) = &seen.value {
                let last = self.last.replace(Arc::clone(now));
                if let Some(last) = last {
                    self.changes = compare(&last, now, seen.at);
                }
                self.scope = None;
            }
            if let Some(error) = &seen.failure {
                return Some(Err(error.clone()));
            }
        }
    }
}

/// Declares a noun's subscription: its event, and the field that tells of it.
macro_rules! watched {
    (
        $subscription:ident, $field:ident, $field_name:literal for $noun:ty, $item:ident,
        filter: $filter:ty, $(#[$change_meta:meta])* change: $change:ident,
    ) => {
        $(#[$change_meta])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $change {
            /// What became of it.
            kind: $crate::graph::watch::ChangeKind,
            /// Its id.
            id: async_graphql::ID,
            /// How it is; null when it is there no longer.
            $item: Option<$noun>,
            /// How it was; null when it was not there.
            previous: Option<$noun>,
            /// When the change was seen: a few seconds after it was made.
            seen_at: $crate::graph::scalar::DateTime,
            /// The cloud it is in.
            cloud_name: String,
        }

        /// What can be watched of the noun.
        #[derive(Default)]
        pub struct $subscription;

        #[async_graphql::Subscription]
        impl $subscription {
            $(#[$change_meta])*
            ///
            /// All who watch the same cloud share one look at it every few seconds. What cannot be
            /// seen for a while is told as an error, once, and watched on.
            #[graphql(name = $field_name)]
            async fn $field(
                &self,
                context: &async_graphql::Context<'_>,
                #[graphql(desc = "Only of what matches, before or after the change.")]
                filter: Option<$filter>,
                #[graphql(desc = "The cloud to watch; the default one unless given.")]
                cloud: Option<String>,
            ) -> async_graphql::Result<
                futures_util::stream::BoxStream<
                    'static,
                    $crate::graph::failure::Answered<$change>,
                >,
            > {
                use $crate::graph::noun::Noun;
                $crate::graph::watch::changed_rows::<$noun, _, _>(
                    context,
                    cloud.as_deref(),
                    filter,
                    |scope, change| {
                        let node = |row| <$noun>::new(scope, row);
                        $change {
                            kind: change.kind,
                            id: change.id.into(),
                            $item: change.after.as_ref().map(node),
                            previous: change.before.as_ref().map(node),
                            seen_at: change.at.into(),
                            cloud_name: scope.cloud_name(),
                        }
                    },
                )
                .await
            }
        }
    };
}
pub(crate) use watched;

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(rows: &[(&str, i32)]) -> Snapshot<i32> {
        let rows = rows.iter();
        Snapshot::new(rows.map(|(id, row)| ((*id).to_owned(), Arc::new(*row))))
    }

    #[test]
    fn what_came_changed_and_went_is_told() {
        let before = snapshot(&[("a", 1), ("b", 1), ("c", 1)]);
        let after = snapshot(&[("a", 1), ("c", 2), ("d", 1)]);
        let changes = compare(&before, &after, Utc::now());
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.id.as_str(), change.kind))
            .collect();
        let expected = [
            ("b", ChangeKind::Deleted),
            ("c", ChangeKind::Updated),
            ("d", ChangeKind::Created),
        ];
        assert_eq!(told, expected);
        assert!(compare(&before, &before, Utc::now()).is_empty());
    }
}
