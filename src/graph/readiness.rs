//! Whether the clouds answer, for people and monitoring.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::Serialize;

use super::Graph;
use crate::Error;
use crate::auth::Caller;
use crate::cloud::{Cloud, Operation, Service};

/// What every cloud of a caller answers.
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
    /// The newest version it offers, or microversion where it has those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
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
    /// Asks every service of every cloud of a caller whether it answers, for a few seconds once.
    pub async fn readiness(&self, caller: &Caller) -> Readiness {
        let mut last = self.inner.readiness.lock().await;
        last.retain(|_, (when, _)| when.elapsed() < HOLDS);
        let time = self.inner.options.request_timeout.min(LONGEST);
        let operation = Arc::new(Operation::new(time));
        let own = self.inner.clouds.of(caller);
        let asked = own.iter().map(|connection| {
            let cloud = Cloud::new(Arc::clone(connection), Arc::clone(&operation));
            let kept = last.get(cloud.name()).map(|(_, kept)| kept.clone());
            async move {
                match kept {
                    Some(kept) => kept,
                    None => CloudReadiness {
                        name: cloud.name().to_owned(),
                        services: services(&cloud).await,
                    },
                }
            }
        });
        let clouds = join_all(asked).await;
        let now = Instant::now();
        for cloud in &clouds {
            let kept = last.entry(cloud.name.clone());
            kept.or_insert_with(|| (now, cloud.clone()));
        }
        Readiness::new(clouds)
    }
}

/// For how long an answer stands.
const HOLDS: Duration = Duration::from_secs(2);
/// A service that takes longer is not ready.
const LONGEST: Duration = Duration::from_secs(10);

async fn services(cloud: &Cloud) -> Vec<ServiceReadiness> {
    if let Err(error) = cloud.token().await {
        return vec![answered(Service::Identity, Some(&error))];
    }
    let asked = Service::ALL.iter().map(|service| async move {
        match cloud.probe(*service).await {
            Ok(endpoint) => {
                let version = endpoint.max_microversion.map(|version| version.to_string());
                Some(ServiceReadiness {
                    version: version.or(endpoint.version),
                    ..answered(*service, None)
                })
            }
            // A cloud without Heat is a whole cloud.
            Err(Error::ServiceAbsent { .. }) if !service.is_essential() => None,
            Err(error) => Some(answered(*service, Some(&error))),
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

fn answered(service: Service, error: Option<&Error>) -> ServiceReadiness {
    ServiceReadiness {
        service: service.service_type().to_owned(),
        ready: error.is_none(),
        version: None,
        reason: error.map(ToString::to_string),
    }
}
