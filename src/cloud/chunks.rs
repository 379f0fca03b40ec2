//! Many ids in one call: as many as the service takes, and whatever stands in front of it.
//!
//! How long a URL may be is up to proxies and web servers that nobody can be asked about. A chunk
//! that is refused as too long is asked for in halves, and what was learned is kept.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{BoxFuture, try_join_all};

use super::Cloud;
use super::service::Service;
use crate::{Error, Result};

/// Fewer ids than this make no long URL: what is refused then is refused for something else.
const NEVER_TOO_LONG: usize = 20;

/// How many ids each service was seen to take in a call, as far as it was seen to refuse any.
#[derive(Debug)]
pub(super) struct ChunkSizes([AtomicUsize; Service::ALL.len()]);

impl Default for ChunkSizes {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicUsize::new(usize::MAX)))
    }
}

impl ChunkSizes {
    fn of(&self, service: Service) -> usize {
        self.0[service as usize].load(Ordering::Relaxed)
    }

    fn learn(&self, service: Service, size: usize) {
        self.0[service as usize].fetch_min(size, Ordering::Relaxed);
    }
}

impl Cloud {
    /// What `fetch` has for chunks of `values`, at most `most` in each. The chunks are asked for in
    /// parallel; the order of the answers is theirs.
    pub(super) async fn in_chunks<'a, T: Send>(
        &'a self,
        service: Service,
        most: usize,
        values: &'a [String],
        fetch: impl Fn(&'a [String]) -> BoxFuture<'a, Result<T>> + Sync,
    ) -> Result<Vec<T>> {
        let size = most.min(self.chunk_sizes().of(service)).max(1);
        let chunks = values.chunks(size);
        let answers = chunks.map(|chunk| self.chunk(service, chunk, &fetch));
        Ok(try_join_all(answers).await?.into_iter().flatten().collect())
    }

    fn chunk<'f, 'a: 'f, T: Send + 'f>(
        &'a self,
        service: Service,
        chunk: &'a [String],
        fetch: &'f (impl Fn(&'a [String]) -> BoxFuture<'a, Result<T>> + Sync),
    ) -> BoxFuture<'f, Result<Vec<T>>> {
        Box::pin(async move {
            match fetch(chunk).await {
                Err(error) if chunk.len() >= NEVER_TOO_LONG && may_be_too_long(&error) => {
                    let half = chunk.len().div_ceil(2);
                    let (one, other) = chunk.split_at(half);
                    // One after the other: what is refused for something else is so in every part.
                    let mut one = self.chunk(service, one, fetch).await?;
                    let other = self.chunk(service, other, fetch).await?;
                    // Only now is it known that it was the length.
                    self.chunk_sizes().learn(service, half);
                    one.extend(other);
                    Ok(one)
                }
                answer => Ok(vec![answer?]),
            }
        })
    }
}

/// Whether a service may have refused a call for the length of its URL. Some say so; others only
/// that the request is bad.
fn may_be_too_long(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 413 | 414 | 431))
}
