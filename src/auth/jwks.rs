//! The published keys of an issuer: had from a URL or a file, and had again when they change.
//!
//! A key id that is not known is reason to look again, but anybody can make one up: so the source
//! is asked by one at a time, and no more often than the pace says. Keys that were had long ago
//! are looked for again too, so that one which was withdrawn does not stay. When the source fails,
//! the last keys stay.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use reqwest::header::ACCEPT;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::keys::KeySet;
use crate::cloud::connection_reason;
use crate::config::{JwksPace, JwksSource};
use crate::{Error, Result};

/// How long the source may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest set, in bytes: hundreds of keys.
const MAX_BYTES: usize = 256 * 1024;

/// How many keys a source has now.
///
/// # Errors
/// In words, why they cannot be had.
pub async fn published_keys(source: &JwksSource) -> Result<usize, String> {
    let source = Source::of(source).map_err(|error| error.to_string())?;
    let text = source.read().await?;
    KeySet::read(&text).map(|keys| keys.count())
}

/// The keys, and where they come from. Cheap to clone.
#[derive(Clone)]
pub(super) struct Jwks {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    pace: JwksPace,
    kept: ArcSwapOption<Kept>,
    /// When the source was last asked; held while it is.
    asked: Mutex<Option<Instant>>,
}

enum Source {
    Url { url: Url, client: reqwest::Client },
    File(PathBuf),
}

struct Kept {
    keys: Arc<KeySet>,
    since: Instant,
}

impl Jwks {
    /// The keys of a source. A file is read at once; a URL is asked when [`Jwks::renew`] is called.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub(super) fn new(source: &JwksSource, pace: JwksPace) -> Result<Self> {
        let source = Source::of(source)?;
        let kept = match &source {
            Source::Url { .. } => None,
            Source::File(path) => {
                let keys = read_file(path)
                    .and_then(|text| KeySet::read(&text))
                    .map_err(|reason| {
                        Error::Configuration(format!("JWT_JWKS `{}`: {reason}", path.display()))
                    })?;
                Some(Arc::new(Kept::now(keys)))
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                source,
                pace,
                kept: ArcSwapOption::new(kept),
                asked: Mutex::default(),
            }),
        })
    }

    /// Takes over the keys that an earlier one had from the same source, if there are none yet.
    pub(super) fn go_on_from(&self, earlier: &Self) {
        if self.inner.source == earlier.inner.source && self.inner.kept.load().is_none() {
            self.inner.kept.store(earlier.inner.kept.load_full());
        }
    }

    /// The keys as they were last had; newer ones are looked for meanwhile when these are old.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        let kept = self.inner.kept.load();
        let kept = kept.as_ref()?;
        if kept.since.elapsed() > self.inner.pace.lifetime {
            self.begin_to_renew();
        }
        Some(Arc::clone(&kept.keys))
    }

    /// Looks for newer keys, unless somebody just did, and answers with what there is then.
    pub(super) async fn renew(&self) -> Option<Arc<KeySet>> {
        // What happens when the task fails is the same as when the source does.
        drop(self.begin_to_renew().await);
        self.keys()
    }

    /// Looks for newer keys in a task of its own: who asks may leave, and so might keep everybody
    /// from them.
    pub(super) fn begin_to_renew(&self) -> tokio::task::JoinHandle<()> {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move { inner.renew().await })
    }
}

impl Inner {
    async fn renew(&self) {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < self.pace.pause) {
            return;
        }
        let read = self.source.read().await;
        *asked = Some(Instant::now());
        match read.and_then(|text| KeySet::read(&text)) {
            Ok(keys) => self.kept.store(Some(Arc::new(Kept::now(keys)))),
            Err(reason) => tracing::warn!(
                source = %self.source,
                reason,
                has_earlier_keys = self.kept.load().is_some(),
                "the keys of JWT_JWKS cannot be had"
            ),
        }
    }
}

impl Kept {
    fn now(keys: KeySet) -> Self {
        Self {
            keys: Arc::new(keys),
            since: Instant::now(),
        }
    }
}

impl Source {
    fn of(source: &JwksSource) -> Result<Self> {
        Ok(match source {
            JwksSource::Url(url) => Self::Url {
                url: url.clone(),
                client: client()?,
            },
            JwksSource::File(path) => Self::File(path.clone()),
        })
    }

    async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Url { url, client } => fetch(client, url.clone()).await,
            Self::File(path) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || read_file(&path))
                    .await
                    .unwrap_or_else(|error| Err(error.to_string()))
            }
        }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Url { url, .. }, Self::Url { url: other, .. }) => url == other,
            (Self::File(path), Self::File(other)) => path == other,
            _ => false,
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url { url, .. } => url.fmt(formatter),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

fn client() -> Result<reqwest::Client> {
    // Whoever is redirected to is not whom the operator named.
    reqwest::Client::builder()
        .timeout(FETCH_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .build()
        .map_err(|error| Error::Configuration(format!("JWT_JWKS: TLS settings: {error}")))
}

async fn fetch(client: &reqwest::Client, url: Url) -> Result<Vec<u8>, String> {
    let asked = client
        .get(url)
        .header(ACCEPT, "application/json, */*;q=0.5");
    let mut response = asked
        .send()
        .await
        .map_err(|error| connection_reason(&error))?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("it answered {status}"));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| connection_reason(&error))?
    {
        if text.len() + chunk.len() > MAX_BYTES {
            return Err(too_large());
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let bound = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    file.take(bound.saturating_add(1))
        .read_to_end(&mut text)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if text.len() > MAX_BYTES {
        return Err(too_large());
    }
    Ok(text)
}

fn too_large() -> String {
    format!("it has more than {MAX_BYTES} bytes")
}
