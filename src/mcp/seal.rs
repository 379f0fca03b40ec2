//! What a client carries for this server from one call to the next: nobody can read or change it,
//! it expires, and it is good for one use.
//!
//! The key is made at start and never leaves the process, so what another process sealed is refused;
//! unless replicas share a store, and with it the key and what was used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::Instant;

use crate::shared::Shared;

/// A digest: of what a sealed text is bound to, and of what it carries.
pub(crate) type Digest = [u8; 32];

/// The bytes of a nonce, which stand in front of what is sealed.
const NONCE: usize = 12;
/// The bytes of the number that makes a sealed text the only one of its kind.
const SERIAL: usize = 16;
/// The bytes of the moment at which it expires.
const EXPIRY: usize = 8;

/// Seals and opens.
pub(crate) struct Seal {
    key: RandomizedNonceKey,
    start: Instant,
    /// What was opened already and when it expires, in milliseconds.
    used: Mutex<HashMap<[u8; SERIAL], u64>>,
    /// Where replicas say what they opened.
    shared: Option<Arc<Shared>>,
}

/// Why a text was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It was not sealed here, or for something else.
    Forged,
    /// Its time is over.
    Expired,
    /// It was opened before.
    Used,
    /// Another replica may have opened it, and cannot be asked.
    Unsure,
}

impl Seal {
    /// With a key of its own; `None` where there is no randomness.
    pub(crate) fn new() -> Option<Self> {
        let mut key: Digest = [0; 32];
        rand::fill(&mut key).ok()?;
        Some(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, &key).ok()?,
            start: Instant::now(),
            used: Mutex::default(),
            shared: None,
        })
    }

    /// With the key that replicas have in common.
    pub(crate) fn sharing(shared: Arc<Shared>) -> Option<Self> {
        let key = shared.derived_key("confirmations");
        Some(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, &key).ok()?,
            start: Instant::now(),
            used: Mutex::default(),
            shared: Some(shared),
        })
    }

    /// Milliseconds of a clock that all who may open share.
    fn now(&self) -> Option<u64> {
        let time = match self.shared {
            None => self.start.elapsed(),
            Some(_) => SystemTime::now().duration_since(UNIX_EPOCH).ok()?,
        };
        u64::try_from(time.as_millis()).ok()
    }

    /// Seals something, to be opened only in the same context, for some time.
    pub(crate) fn seal(
        &self,
        content: &Digest,
        context: &Digest,
        life: Duration,
    ) -> Option<String> {
        let mut body = vec![0; SERIAL];
        rand::fill(&mut body).ok()?;
        let expiry = self
            .now()?
            .checked_add(u64::try_from(life.as_millis()).ok()?)?;
        body.extend_from_slice(&expiry.to_be_bytes());
        body.extend_from_slice(content);
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(context), &mut body)
            .ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend_from_slice(&body);
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed in this context; once.
    ///
    /// # Errors
    /// When it was not, or not lately, or was opened before.
    pub(crate) async fn open(&self, sealed: &str, context: &Digest) -> Result<Digest, Broken> {
        let (serial, expiry, content) = self.read(sealed, context).ok_or(Broken::Forged)?;
        let now = self.now().ok_or(Broken::Forged)?;
        let left = expiry.checked_sub(now).filter(|left| *left > 0);
        let left = left.ok_or(Broken::Expired)?;
        if let Some(shared) = &self.shared {
            let name = shared.name(&["confirmation", &URL_SAFE_NO_PAD.encode(serial)]);
            let first = shared.use_once(&name, Duration::from_millis(left)).await;
            return match first {
                Some(true) => Ok(content),
                Some(false) => Err(Broken::Used),
                None => Err(Broken::Unsure),
            };
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, expiry| *expiry > now);
        match used.insert(serial, expiry) {
            None => Ok(content),
            Some(_) => Err(Broken::Used),
        }
    }

    fn read(&self, sealed: &str, context: &Digest) -> Option<([u8; SERIAL], u64, Digest)> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
        let mut body = body.to_vec();
        let body = self
            .key
            .open_in_place(Nonce::from(nonce), Aad::from(context), &mut body)
            .ok()?;
        let (serial, rest) = body.split_first_chunk::<SERIAL>()?;
        let (expiry, content) = rest.split_first_chunk::<EXPIRY>()?;
        let expiry = u64::from_be_bytes(*expiry);
        let content = content.get(..32)?.try_into().ok()?;
        Some((*serial, expiry, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_sealed_text_is_opened_once_where_and_while_it_is_good() {
        let seal = Seal::new().unwrap();
        let sealed = seal.seal(&[1; 32], &[2; 32], LIFE).unwrap();
        assert_eq!(seal.open(&sealed, &[3; 32]).await, Err(Broken::Forged));
        assert_eq!(seal.open(&sealed, &[2; 32]).await, Ok([1; 32]));
        assert_eq!(seal.open(&sealed, &[2; 32]).await, Err(Broken::Used));
        let sealed = seal.seal(&[1; 32], &[2; 32], LIFE).unwrap();
        tokio::time::advance(LIFE).await;
        assert_eq!(seal.open(&sealed, &[2; 32]).await, Err(Broken::Expired));
        assert_eq!(
            Seal::new().unwrap().open(&sealed, &[2; 32]).await,
            Err(Broken::Forged)
        );
    }

    #[tokio::test]
    async fn what_was_changed_is_refused() {
        let seal = Seal::new().unwrap();
        let sealed = seal.seal(&[1; 32], &[2; 32], LIFE).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(seal.open(&changed, &[2; 32]).await, Err(Broken::Forged));
        }
        for text in ["", "x", "AAAA", "not base64!"] {
            assert_eq!(seal.open(text, &[2; 32]).await, Err(Broken::Forged));
        }
        assert_eq!(seal.open(&sealed, &[2; 32]).await, Ok([1; 32]));
    }
}
