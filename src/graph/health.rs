//! Health: is the cloud well, and if not, what exactly is broken?

mod checks;
mod score;
mod sources;

use async_graphql::{Context, Object};

pub use score::{ConcernedResource, Health, HealthCheck, HealthOutcome, HealthStatus};

use super::failure::{Answered, certain};
use super::scope::{CloudRef, Scope};
use crate::Result;
use sources::Sources;

/// The root field of the cloud's health.
#[derive(Default)]
pub struct HealthQuery(pub CloudRef);

#[Object]
impl HealthQuery {
    /// How well the cloud is, from checks that each say what was seen and what is concerned. What
    /// could not be read is UNKNOWN: it lowers the confidence and counts neither way.
    async fn health(&self, context: &Context<'_>) -> Answered<Health> {
        let asked = async {
            let scope = self.0.scope(context)?;
            Health::read(&scope).await
        };
        certain(asked.await)
    }
}

impl Health {
    /// How well a cloud is now.
    pub(super) async fn read(scope: &Scope) -> Result<Self> {
        // Without a token nothing can be seen, and there is nothing to score.
        scope.token().await?;
        let sources = Sources::read(scope).await;
        Ok(Self::of(checks::all(&sources)))
    }
}
