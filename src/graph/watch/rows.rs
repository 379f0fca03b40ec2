//! Rows that are watched: all of a noun that a credential can see.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Watching;
use super::feed::Feed;
use crate::Result;
use crate::cloud::collection::Row;
use crate::cloud::{Cloud, Operation};
use crate::graph::noun::Noun;

/// All rows of a noun, as they were seen at one time.
pub(super) struct Snapshot<R> {
    /// The rows by their ids.
    pub rows: HashMap<String, Arc<R>>,
    /// When they were last listed, and not only what changed of them.
    listed: Instant,
}

/// What one look may take.
const LOOK: Duration = Duration::from_secs(120);
/// How long it goes on with what a service says has changed, before all is listed again: not
/// everything that is told of a row counts as a change of it.
const RELIST: Duration = Duration::from_secs(300);

/// A noun that can be watched.
pub trait Watched: Noun<Row: PartialEq> + 'static {
    /// The rows that changed since an earlier look, and those that are gone as `None`. Where the
    /// service cannot tell, that is `None` as a whole.
    fn since(
        _cloud: &Cloud,
        _before: &HashMap<String, Arc<Self::Row>>,
    ) -> impl Future<Output = Option<Result<Changed<Self::Row>>>> + Send {
        async { None }
    }
}

/// What became of some rows, by their ids; `None` is gone.
pub type Changed<R> = HashMap<String, Option<Arc<R>>>;

impl<R> Snapshot<R> {
    /// Rows that were all listed now.
    pub(super) fn new(rows: impl IntoIterator<Item = (String, Arc<R>)>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            listed: Instant::now(),
        }
    }

    fn with(&self, changed: Changed<R>) -> Self {
        let mut rows = self.rows.clone();
        for (id, row) in changed {
            match row {
                Some(row) => rows.insert(id, row),
                None => rows.remove(&id),
            };
        }
        Self {
            rows,
            listed: self.listed,
        }
    }
}

/// The feed of a noun's rows in a cloud.
pub(super) fn feed<N: Watched>(
    watching: &Watching,
    cloud: &Cloud,
) -> Result<Arc<Feed<Snapshot<N::Row>>>> {
    watching.feed::<N, _>(cloud.name(), |pause| {
        let cloud = cloud.clone();
        Feed::start(pause, move |before| {
            let cloud = cloud.again(Arc::new(Operation::fresh(LOOK)));
            async move { look::<N>(&cloud, before).await }
        })
    })
}

async fn look<N: Watched>(
    cloud: &Cloud,
    before: Option<Arc<Snapshot<N::Row>>>,
) -> Result<Arc<Snapshot<N::Row>>> {
    if let Some(before) = before.filter(|before| before.listed.elapsed() < RELIST)
        && let Some(changed) = N::since(cloud, &before.rows).await
    {
        let changed = changed?;
        return Ok(match changed.is_empty() {
            true => before,
            false => Arc::new(before.with(changed)),
        });
    }
    let rows = N::all(cloud, Vec::new()).await?;
    let rows = rows
        .iter()
        .map(|row| (row.id().to_owned(), Arc::clone(row)));
    Ok(Arc::new(Snapshot::new(rows)))
}
