//! Batched edges: what fifty rows ask for one by one is asked upstream at once.
//!
//! A [`Plan`] says how many keys are had in few calls; [`Loaders`] runs each plan behind a
//! `dataloader` for the length of one GraphQL request. Nothing here outlives the request.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use dataloader::BatchFn;
use dataloader::cached::Loader;
use futures_util::future::BoxFuture;

use crate::cloud::Cloud;
use crate::{Error, Result};

/// How many keys are turned into values with few upstream calls.
pub trait Plan: Send + Sync + 'static {
    /// What is asked for.
    type Key: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// What is had for it.
    type Value: Clone + Send + Sync + 'static;

    /// The values there are; a key that is left out has none.
    fn load(
        cloud: Cloud,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>>> + Send;
}

/// More keys than this are a second batch.
const LARGEST_BATCH: usize = 20_000;
/// How often a batch is asked for again that was lost with the field that drove it.
const ATTEMPTS: usize = 4;

type Loaded<P> = Result<Option<<P as Plan>::Value>>;
type PlanLoader<P> = Loader<<P as Plan>::Key, Loaded<P>, Driver<P>>;

struct Driver<P> {
    cloud: Cloud,
    plan: std::marker::PhantomData<P>,
}

impl<P: Plan> BatchFn<P::Key, Loaded<P>> for Driver<P> {
    fn load(&mut self, keys: &[P::Key]) -> impl Future<Output = HashMap<P::Key, Loaded<P>>> {
        let keys = keys.to_vec();
        // Boxed, lest every plan's whole depth be part of the type of every edge.
        let loading: BoxFuture<'static, _> = Box::pin(P::load(self.cloud.clone(), keys.clone()));
        async move {
            match loading.await {
                Ok(mut values) => keys
                    .into_iter()
                    .map(|key| {
                        let value = values.remove(&key);
                        (key, Ok(value))
                    })
                    .collect(),
                Err(error) => keys
                    .into_iter()
                    .map(|key| (key, Err(error.clone())))
                    .collect(),
            }
        }
    }
}

/// The loaders of one cloud for one request, each made when it is first asked.
#[derive(Default)]
pub struct Loaders {
    loaders: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Loaders {
    /// The value for a key, had together with the others that are asked for meanwhile.
    pub async fn load<P: Plan>(&self, cloud: &Cloud, key: P::Key) -> Result<Option<P::Value>> {
        let loader = self.loader::<P>(cloud)?;
        for _ in 0..ATTEMPTS {
            // Every key of a batch gets an answer, so a missing one means that the field that
            // drove the batch was dropped: ask again.
            if let Ok(loaded) = loader.try_load(key.clone()).await {
                return loaded;
            }
        }
        Err(Error::Internal(format!(
            "the batch with {key:?} was lost {ATTEMPTS} times"
        )))
    }

    fn loader<P: Plan>(&self, cloud: &Cloud) -> Result<Arc<PlanLoader<P>>> {
        let mut loaders = self.loaders.lock().unwrap_or_else(PoisonError::into_inner);
        let loader = loaders.entry(TypeId::of::<P>()).or_insert_with(|| {
            let driver = Driver::<P> {
                cloud: cloud.clone(),
                plan: std::marker::PhantomData,
            };
            Arc::new(PlanLoader::<P>::new(driver).with_max_batch_size(LARGEST_BATCH))
        });
        Arc::clone(loader)
            .downcast()
            .map_err(|_| Error::Internal("two loaders for one plan".to_owned()))
    }
}
