//! Reads that replicas share: what another has asked for a moment ago is not asked again, and of
//! several that want to ask for the same, one does.
//!
//! It is what came over the wire that is shared, under the credential that it was asked with, the
//! number of the last change, and the whole of the question.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};

use super::Cloud;
use super::cache::Keep;
use super::request::{Answer, Call};
use crate::Result;
use crate::shared::{Snapshot, Turn};

/// When the oldest of some answers was asked for.
#[derive(Clone, Debug)]
pub(super) struct Oldest(Arc<AtomicI64>);

impl Oldest {
    fn note(&self, at: DateTime<Utc>) {
        self.0.fetch_min(at.timestamp_millis(), Ordering::Relaxed);
    }

    /// That, or a time before it.
    pub(super) fn or(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let oldest = DateTime::from_timestamp_millis(self.0.load(Ordering::Relaxed));
        oldest.map_or(at, |oldest| oldest.min(at))
    }
}

impl Cloud {
    /// The same cloud, which notes how old what other replicas had is, where any is shared.
    pub(super) fn noting_the_oldest(self) -> (Self, Option<Oldest>) {
        if self.connection.answers.shared(Keep::Reference).is_none()
            && self.connection.answers.shared(Keep::Rows).is_none()
        {
            return (self, None);
        }
        let oldest = Oldest(Arc::new(AtomicI64::new(i64::MAX)));
        let noting = Self {
            oldest: Some(oldest.clone()),
            ..self
        };
        (noting, Some(oldest))
    }

    /// Sends a read, unless another replica has done so lately.
    pub(super) async fn read(&self, call: &Call<'_>, keep: Keep) -> Result<Answer> {
        let Some((store, life)) = self.connection.answers.shared(keep) else {
            return self.send(call).await;
        };
        let identity = self.answers_of(call.service, keep).await?;
        let name = store.name(&[&identity, &call.question()]);
        let takes_shared =
            !self.is_fresh && (!self.operation.is_fresh || self.operation.is_renewal);
        // Held until the answer is in the store.
        let _turn = if takes_shared {
            if let Some(snapshot) = store.get(&name).await {
                return Ok(self.told_by_another(call, snapshot));
            }
            match store.turn(&name).await {
                Turn::Theirs(snapshot) => return Ok(self.told_by_another(call, snapshot)),
                Turn::Ours(turn) => turn,
            }
        } else {
            None
        };
        let at = Utc::now();
        let answer = self.send(call).await?;
        let snapshot = Snapshot {
            at,
            body: answer.body.clone(),
        };
        store.put(&name, &snapshot, life).await;
        Ok(answer)
    }

    fn told_by_another(&self, call: &Call<'_>, snapshot: Snapshot) -> Answer {
        self.operation.charge_cached(call.service);
        if let Some(oldest) = &self.oldest {
            oldest.note(snapshot.at);
        }
        Answer {
            status: StatusCode::OK.as_u16(),
            headers: HeaderMap::new(),
            body: snapshot.body,
            request_id: None,
        }
    }
}
