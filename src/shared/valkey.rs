//! The store: one connection that mends itself, a bound on how long anything takes, and a circuit
//! that stays open for a while after a failure, so that a store that hangs is waited for once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hmac, rand};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult, Script, cmd};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout};

use super::{Name, Snapshot, Turn};
use crate::config::{RateLimit, SharedSettings};
use crate::{Error, Result, measure};

/// How long the store may take; then it is done without.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the store is not asked after it failed.
const OPEN_FOR: Duration = Duration::from_secs(1);
/// How long a replica may ask alone. One that dies meanwhile holds the others up for that long.
const TURN: Duration = Duration::from_secs(2);
/// How often it is looked whether another replica has asked.
const LOOK_PAUSE: Duration = Duration::from_millis(10);
/// Larger answers are not shared: they would take longer than the patience.
const LARGEST: usize = 4 * 1024 * 1024;
/// How long it is remembered that something was changed: longer than anything is kept.
const CHANGE_LIFE: Duration = Duration::from_hours(24);
/// Where changes are told.
const CHANGES: &str = "mcp-openstack-ops:changes";
/// The bytes of a nonce, which stand in front of what is sealed.
const NONCE: usize = 12;

/// Gives up a turn, if it still is ours.
const RELEASE: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// Takes a place within a rate, or says after how many microseconds there is one: the moment at which
/// all that was taken is made up for moves on by a pause each time, and may be a period ahead.
const TAKE: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local pause, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + pause
if due - now > period then return due - now - period end
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return 0";

/// The store that replicas share.
pub struct Shared {
    client: Client,
    manager: ConnectionManager,
    /// Until when the store is not asked, in milliseconds since the start.
    open_until: AtomicU64,
    start: Instant,
    secret: hmac::Key,
    names: hmac::Key,
    seal: RandomizedNonceKey,
    release: Script,
    take: Script,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shared")
    }
}

/// A turn to ask, given up when it is dropped.
#[derive(Debug)]
pub struct Lock {
    shared: Arc<Shared>,
    name: String,
    token: String,
}

impl Shared {
    /// Prepares the store; it is looked for when it is needed. It needs the runtime.
    ///
    /// # Errors
    /// When the URL is not one.
    pub fn new(settings: &SharedSettings) -> Result<Arc<Self>> {
        let refuse = |reason: &dyn fmt::Display| {
            Error::Configuration(format!("`CACHE_URL` cannot be used: {reason}"))
        };
        let client = Client::open(settings.url.expose_secret()).map_err(|error| refuse(&error))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE * 4))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config)
            .map_err(|error| refuse(&error))?;
        let secret = settings.secret.expose_secret().as_bytes();
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let no_key = |_| Error::Internal("no key for the shared cache".to_owned());
        Ok(Arc::new(Self {
            client,
            manager,
            open_until: AtomicU64::new(0),
            start: Instant::now(),
            names: hmac::Key::new(hmac::HMAC_SHA256, &derive(&secret, "names")),
            seal: RandomizedNonceKey::new(&AES_256_GCM, &derive(&secret, "values"))
                .map_err(no_key)?,
            secret,
            release: Script::new(RELEASE),
            take: Script::new(TAKE),
        }))
    }

    /// The name of what these words stand for.
    pub(crate) fn name(&self, parts: &[&str]) -> Name {
        let mut context = hmac::Context::with_key(&self.names);
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        let digest = context.sign();
        let mut name = String::from("mcp-openstack-ops:");
        for byte in digest.as_ref() {
            // Writing to a string does not fail.
            let _ = fmt::Write::write_fmt(&mut name, format_args!("{byte:02x}"));
        }
        Name(name)
    }

    /// A key for something else that the replicas have in common.
    pub(crate) fn derived_key(&self, purpose: &str) -> [u8; 32] {
        derive(&self.secret, purpose)
    }

    /// What is kept under a name. What was not sealed by a replica is not there.
    pub(crate) async fn get(&self, name: &Name) -> Option<Snapshot> {
        let sealed: Option<Vec<u8>> = self.ask(cmd("GET").arg(&name.0)).await?;
        let found = sealed.and_then(|sealed| self.open(name, sealed));
        measure::shared(if found.is_some() { "hit" } else { "miss" });
        found
    }

    /// Keeps something under a name.
    pub(crate) async fn put(&self, name: &Name, snapshot: &Snapshot, life: Duration) {
        if snapshot.body.len() > LARGEST || life.is_zero() {
            return;
        }
        let Some(sealed) = self.sealed(name, snapshot) else {
            return;
        };
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let _: Option<()> = self
            .ask(cmd("SET").arg(&name.0).arg(sealed).arg("PX").arg(life))
            .await;
    }

    /// Waits until it is our turn to ask for what is kept under a name, or another has asked.
    pub(crate) async fn turn(self: &Arc<Self>, name: &Name) -> Turn {
        let lock = format!("{}:turn", name.0);
        let token = format!("{:016x}", random());
        let began = Instant::now();
        while began.elapsed() < TURN {
            let life = u64::try_from(TURN.as_millis()).unwrap_or(u64::MAX);
            let mut take = cmd("SET");
            take.arg(&lock).arg(&token).arg("NX").arg("PX").arg(life);
            let taken: Option<Option<String>> = self.ask(&take).await;
            match taken {
                None => return Turn::Ours(None),
                Some(Some(_)) => {
                    let lock = Lock {
                        shared: Arc::clone(self),
                        name: lock,
                        token,
                    };
                    // Another may have asked, and given up its turn, since we looked.
                    return match self.get(name).await {
                        Some(snapshot) => Turn::Theirs(snapshot),
                        None => Turn::Ours(Some(lock)),
                    };
                }
                Some(None) => sleep(LOOK_PAUSE).await,
            }
            if let Some(snapshot) = self.get(name).await {
                return Turn::Theirs(snapshot);
            }
        }
        Turn::Ours(None)
    }

    /// Whether something is used for the first time; `None` when that cannot be known.
    pub(crate) async fn use_once(&self, name: &Name, life: Duration) -> Option<bool> {
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut first = cmd("SET");
        first.arg(&name.0).arg(1).arg("NX").arg("PX").arg(life);
        let first: Option<String> = self.ask(&first).await?;
        Some(first.is_some())
    }

    /// Takes a place within a rate, or says when there is one; `None` when that cannot be known.
    pub(crate) async fn take(&self, name: &Name, limit: RateLimit) -> Option<Result<(), Duration>> {
        let period = u64::try_from(limit.period.as_micros()).unwrap_or(u64::MAX);
        let pause = (period / u64::from(limit.requests.get())).max(1);
        let mut call = self.take.prepare_invoke();
        call.key(&name.0).arg(pause).arg(period);
        let mut connection = self.manager.clone();
        let wait: u64 = self.within(call.invoke_async(&mut connection)).await?;
        Some(match wait {
            0 => Ok(()),
            wait => Err(Duration::from_micros(wait)),
        })
    }

    /// Tells the other replicas that something was changed.
    pub(crate) async fn tell_change(&self, name: &Name, value: u64) {
        let mut told = redis::pipe();
        told.cmd("SET")
            .arg(&name.0)
            .arg(value)
            .arg("PX")
            .arg(u64::try_from(CHANGE_LIFE.as_millis()).unwrap_or(u64::MAX))
            .ignore();
        told.cmd("PUBLISH")
            .arg(CHANGES)
            .arg(format!("{} {value}", name.0))
            .ignore();
        let mut connection = self.manager.clone();
        let _: Option<()> = self.within(told.query_async(&mut connection)).await;
    }

    /// Hears of what other replicas change, until the end. `hears` is told whether it does.
    pub(crate) async fn follow_changes(
        &self,
        names: &[Name],
        heard: impl Fn(&str, u64),
        hears: impl Fn(bool),
    ) {
        loop {
            if let Ok(Ok(mut told)) = timeout(OPEN_FOR, self.client.get_async_pubsub()).await
                && told.subscribe(CHANGES).await.is_ok()
            {
                // What was told before we listened.
                let mut is_known = true;
                for name in names {
                    match self.ask::<Option<u64>>(cmd("GET").arg(&name.0)).await {
                        Some(Some(value)) => heard(&name.0, value),
                        Some(None) => {}
                        None => is_known = false,
                    }
                }
                hears(is_known);
                let mut messages = told.on_message();
                while let Some(message) = messages.next().await {
                    let text: String = message.get_payload().unwrap_or_default();
                    if let Some((name, value)) = text.split_once(' ')
                        && let Ok(value) = value.parse()
                    {
                        heard(name, value);
                    }
                    if !is_known {
                        break;
                    }
                }
            }
            hears(false);
            sleep(OPEN_FOR).await;
        }
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Option<T> {
        let mut connection = self.manager.clone();
        self.within(command.query_async(&mut connection)).await
    }

    /// What the store answers, if it does in time.
    async fn within<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> Option<T> {
        let now = || u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let open_until = self.open_until.load(Ordering::Relaxed);
        if now() < open_until {
            return None;
        }
        let reason = match timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => {
                if open_until > 0 && self.open_until.swap(0, Ordering::Relaxed) > 0 {
                    tracing::info!("the store of CACHE_URL answers again");
                }
                return Some(answer);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {} ms", PATIENCE.as_millis()),
        };
        measure::shared("failed");
        let open_for = u64::try_from(OPEN_FOR.as_millis()).unwrap_or(u64::MAX);
        if self.open_until.swap(now() + open_for, Ordering::Relaxed) == 0 {
            tracing::warn!(
                reason,
                "the store of CACHE_URL cannot be had; each replica goes on alone"
            );
        }
        None
    }

    fn sealed(&self, name: &Name, snapshot: &Snapshot) -> Option<Vec<u8>> {
        let mut text = Vec::with_capacity(snapshot.body.len() + 40);
        text.extend_from_slice(&snapshot.at.timestamp_millis().to_be_bytes());
        text.extend_from_slice(&snapshot.body);
        let nonce = self
            .seal
            .seal_in_place_append_tag(Aad::from(name.0.as_bytes()), &mut text)
            .ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Some(sealed)
    }

    fn open(&self, name: &Name, sealed: Vec<u8>) -> Option<Snapshot> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE>()?;
        let mut text = text.to_vec();
        let text = self
            .seal
            .open_in_place(Nonce::from(nonce), Aad::from(name.0.as_bytes()), &mut text)
            .ok()?;
        let (at, body) = text.split_first_chunk::<8>()?;
        Some(Snapshot {
            at: DateTime::<Utc>::from_timestamp_millis(i64::from_be_bytes(*at))?,
            body: Bytes::copy_from_slice(body),
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let shared = Arc::clone(&self.shared);
        let (name, token) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.token),
        );
        tokio::spawn(async move {
            let mut call = shared.release.prepare_invoke();
            call.key(name).arg(token);
            let mut connection = shared.manager.clone();
            let _: Option<u64> = shared.within(call.invoke_async(&mut connection)).await;
        });
    }
}

/// A key of its own for each purpose.
fn derive(secret: &hmac::Key, purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    let purpose = format!("mcp-openstack-ops shared {purpose}");
    let digest = hmac::sign(secret, purpose.as_bytes());
    // Both have 32 bytes.
    key.copy_from_slice(digest.as_ref());
    key
}

/// A number that nobody else comes upon.
fn random() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness there is no TLS either, and so no cloud.
    let _ = rand::fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn shared(secret: &str) -> Arc<Shared> {
        let settings = SharedSettings {
            url: SecretString::from("redis://127.0.0.1:9"),
            secret: SecretString::from(secret),
        };
        Shared::new(&settings).unwrap()
    }

    #[tokio::test]
    async fn what_was_not_sealed_under_this_name_by_a_replica_is_not_believed() {
        let (one, other, stranger) = (shared("secret"), shared("secret"), shared("another"));
        let name = one.name(&["a", "b"]);
        assert_eq!(name, other.name(&["a", "b"]));
        assert_ne!(name, one.name(&["ab", ""]));
        assert_ne!(name, stranger.name(&["a", "b"]));
        let snapshot = Snapshot {
            at: DateTime::from_timestamp_millis(1_700_000_000_123).unwrap(),
            body: Bytes::from_static(b"{\"servers\": []}"),
        };
        let sealed = one.sealed(&name, &snapshot).unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"servers"));
        let opened = other.open(&name, sealed.clone()).unwrap();
        assert_eq!((opened.at, opened.body), (snapshot.at, snapshot.body));
        assert!(stranger.open(&name, sealed.clone()).is_none());
        assert!(one.open(&one.name(&["c"]), sealed.clone()).is_none());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(other.open(&name, changed).is_none(), "{place}");
        }
        assert!(other.open(&name, Vec::new()).is_none());
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_costs_no_time_after_the_first() {
        let shared = shared("secret");
        let name = shared.name(&["x"]);
        assert!(shared.get(&name).await.is_none());
        let began = Instant::now();
        for _ in 0..1000 {
            assert!(shared.get(&name).await.is_none());
            assert_eq!(shared.use_once(&name, TURN).await, None);
        }
        assert!(matches!(shared.turn(&name).await, Turn::Ours(None)));
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    }
}
