//! Batched edges: what fifty rows ask for one by one is asked upstream at once.
//!
//! A [`Plan`] says how many keys are had in few calls; [`Loaders`] runs each plan behind a
//! `dataloader` for the length of one GraphQL request. Nothing here outlives the request.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use dataloader::BatchFn;
use dataloader::cached::Loader;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::turn::Turn;
use crate::cloud::Cloud;
use crate::{Error, Result, measure};

/// How many keys are turned into values with few upstream calls.
pub trait Plan: Send + Sync + 'static {
    /// What is asked for.
    type Key: Key;
    /// What is had for it.
    type Value: Clone + Send + Sync + 'static;

    /// The values there are; a key that is left out has none.
    fn load(
        cloud: Cloud,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>>> + Send;
}

/// What a plan can be asked for.
pub trait Key: Clone + Debug + Hash + Ord + Send + Sync + 'static {}

impl<K: Clone + Debug + Hash + Ord + Send + Sync + 'static> Key for K {}

/// Turns without a new key after which a batch is asked for: what a row waits for beside it may
/// take a turn of its own.
const QUIET_TURNS: usize = 3;
/// More keys than this are a second batch.
const LARGEST_BATCH: usize = 20_000;

/// A value of some plan. Plans differ in it and hardly in their keys: a loader that does not know
/// it is compiled for a handful of keys, and not for each of a hundred plans.
#[derive(Clone)]
struct AnyValue(Arc<dyn Any + Send + Sync>);

type Loaded = Result<Option<AnyValue>>;
type LoadAny<K> = fn(Cloud, Vec<K>) -> BoxFuture<'static, Result<HashMap<K, AnyValue>>>;
type Values<K> = HashMap<K, Loaded>;

/// The loader of a plan, and the batch that can still be joined.
///
/// The loader would wait for other keys itself, but a fixed number of turns, and then hand its
/// answers to one row after the other, a turn each: the rows would ask for their own edges in small
/// batches. Here a batch waits for as long as keys come, and all its rows have their answer in the
/// same turn.
struct KeyLoader<K: Key> {
    loader: Loader<K, Loaded, Driver<K>>,
    joining: Arc<Mutex<Joining<K>>>,
}

struct Joining<K: Key> {
    keys: HashSet<K>,
    /// What its first key has started.
    batch: Option<Arc<Batch<K>>>,
}

/// Keys that are asked for together.
///
/// Whoever waits first drives it, and the next one when that one leaves. The others are woken when
/// it is done and not each time it goes on: a thousand rows that are polled in vain cost more than
/// what they wait for.
struct Batch<K: Key> {
    values: OnceCell<Values<K>>,
    work: tokio::sync::Mutex<BoxFuture<'static, Values<K>>>,
}

impl<K: Key> Batch<K> {
    async fn value(&self, key: &K) -> Loaded {
        let work = || async { (&mut *self.work.lock().await).await };
        let values = self.values.get_or_init(work).await;
        let lost = || Err(Error::Internal(format!("the batch with {key:?} was lost")));
        values.get(key).cloned().unwrap_or_else(lost)
    }
}

impl<K: Key> KeyLoader<K> {
    fn new(driver: Driver<K>) -> Self {
        let loader = Loader::new(driver)
            .with_max_batch_size(LARGEST_BATCH)
            .with_yield_count(0);
        let joining = Joining {
            keys: HashSet::new(),
            batch: None,
        };
        Self {
            loader,
            joining: Arc::new(Mutex::new(joining)),
        }
    }

    /// The batch that a key is in now.
    fn join(&self, key: K) -> Arc<Batch<K>> {
        let mut joining = lock(&self.joining);
        joining.keys.insert(key);
        let batch = joining.batch.get_or_insert_with(|| {
            Arc::new(Batch {
                values: OnceCell::new(),
                work: tokio::sync::Mutex::new(self.work()),
            })
        });
        Arc::clone(batch)
    }

    fn work(&self) -> BoxFuture<'static, Values<K>> {
        // Weak: the batch is kept by what it looks into, and an operation that is dropped while it
        // waits would leave both behind for good.
        let (loader, joining) = (self.loader.clone(), Arc::downgrade(&self.joining));
        Box::pin(async move {
            let (mut keys, mut quiet) = (0, 0);
            while quiet < QUIET_TURNS {
                Turn::default().await;
                let now = with(&joining, |joining| joining.keys.len());
                quiet = if now == keys { quiet + 1 } else { 0 };
                keys = now;
            }
            let keys = with(&joining, |joining| {
                joining.batch = None;
                std::mem::take(&mut joining.keys)
            });
            // Every key has an answer, be it an error, so that none is ever not found.
            let values = loader.try_load_many(keys.into_iter().collect()).await;
            values.unwrap_or_default()
        })
    }
}

/// What is found in something that others keep, or nothing when they let go of it.
fn with<T, R: Default>(of: &Weak<Mutex<T>>, find: impl FnOnce(&mut T) -> R) -> R {
    let of = of.upgrade();
    of.map(|of| find(&mut lock(&of))).unwrap_or_default()
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Driver<K> {
    cloud: Cloud,
    load: LoadAny<K>,
}

impl<K: Key> BatchFn<K, Loaded> for Driver<K> {
    fn load(&mut self, keys: &[K]) -> impl Future<Output = HashMap<K, Loaded>> {
        let mut keys = keys.to_vec();
        // They come in no order, and what is asked twice in two orders is not found kept.
        keys.sort_unstable();
        let loading = (self.load)(self.cloud.clone(), keys.clone());
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

fn load_any<P: Plan>(
    cloud: Cloud,
    keys: Vec<P::Key>,
) -> BoxFuture<'static, Result<HashMap<P::Key, AnyValue>>> {
    measure::batch(std::any::type_name::<P>(), keys.len());
    Box::pin(async {
        let values = P::load(cloud, keys).await?.into_iter();
        Ok(values
            .map(|(key, value)| (key, AnyValue(Arc::new(value))))
            .collect())
    })
}

/// The loaders of one cloud for one request, each made when it is first asked.
#[derive(Default)]
pub struct Loaders {
    loaders: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Loaders {
    /// The value for a key, had together with the others that are asked for meanwhile.
    pub async fn load<P: Plan>(&self, cloud: &Cloud, key: P::Key) -> Result<Option<P::Value>> {
        let loader = self.loader(TypeId::of::<P>(), cloud, load_any::<P>)?;
        let Some(value) = load_with(&loader, key).await? else {
            return Ok(None);
        };
        match value.0.downcast_ref::<P::Value>() {
            Some(value) => Ok(Some(value.clone())),
            None => Err(Error::Internal(
                "two kinds of value from one plan".to_owned(),
            )),
        }
    }

    /// The loader of a plan.
    fn loader<K: Key>(
        &self,
        plan: TypeId,
        cloud: &Cloud,
        load: LoadAny<K>,
    ) -> Result<Arc<KeyLoader<K>>> {
        let mut loaders = lock(&self.loaders);
        let loader = loaders.entry(plan).or_insert_with(|| {
            let cloud = cloud.clone();
            let driver = Driver { cloud, load };
            Arc::new(KeyLoader::new(driver))
        });
        Arc::clone(loader)
            .downcast()
            .map_err(|_| Error::Internal("two loaders for one plan".to_owned()))
    }
}

/// Boxed: it is in every edge, and would be part of the type of each.
fn load_with<K: Key>(loader: &KeyLoader<K>, key: K) -> BoxFuture<'_, Loaded> {
    Box::pin(async move { loader.join(key.clone()).value(&key).await })
}
