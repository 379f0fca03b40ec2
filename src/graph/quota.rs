//! Quotas: the same line in three services.

use async_graphql::SimpleObject;

/// One limit, and how much of it is taken.
#[derive(SimpleObject, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(shareable)]
pub struct Quota {
    /// The most there may be; null when there is no limit.
    limit: Option<i64>,
    /// How much there is; null when the service did not say.
    used: Option<i64>,
    /// How much is promised to what is being made; null when the service did not say.
    reserved: Option<i64>,
}

impl Quota {
    /// From a service's numbers, where -1 stands for no limit.
    #[must_use]
    pub fn new(limit: i64, used: Option<i64>, reserved: Option<i64>) -> Self {
        Self {
            limit: (limit >= 0).then_some(limit),
            used,
            reserved,
        }
    }

    /// The part that is taken, of 1; null without a limit or a count.
    #[must_use]
    pub fn taken(&self) -> Option<f64> {
        let limit = self.limit.filter(|limit| *limit > 0)?;
        let used = self.used? + self.reserved.unwrap_or(0);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share needs no more than 52 bits"
        )]
        Some(used as f64 / limit as f64)
    }
}
