//! Signed tokens (JWT), checked and turned into a [`Caller`].
//!
//! The token is told what it is, not asked: HS256 is checked with the shared secret and nothing
//! else, every other algorithm with a published key that is meant for it. So a public key never
//! serves as a secret. What a token says of keys itself (`jwk`, `jku`, `x5u`, `x5c`) is not looked
//! at. Issuer, audience and times are compared after the signature: a stranger learns nothing of
//! them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::jwks::Jwks;
use super::{Caller, Identity, Refusal, SCOPE_READ, SCOPE_WRITE, Scopes};
use crate::Result;
use crate::config::BearerSettings;

/// How far clocks may be apart, for expiry and not-before.
const LEEWAY: Duration = Duration::from_secs(30);
/// The longest name of a subject, in characters, as `OpenID` Connect has it.
const MAX_SUBJECT: usize = 255;
/// The kinds of token that say for whom they are made; `typ` may be absent too. A token that was
/// signed for another end (a logout, a proof of possession) says so here (RFC 8725, 3.11).
const KINDS: &[&str] = &["jwt", "at+jwt", "application/at+jwt"];

/// Checks tokens.
pub(super) struct Tokens {
    /// For HS256.
    secret: Option<DecodingKey>,
    /// For everything else.
    published: Option<Jwks>,
    validation: Validation,
    /// The names of the configured cloud entries, the default first.
    clouds: Vec<String>,
}

/// What is read of a token; the rest of its claims is not looked at.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    exp: Option<f64>,
    scope: Option<Words>,
    scp: Option<Words>,
    openstack_cloud: Option<Words>,
}

/// A word or several: issuers write one for the other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}

impl Tokens {
    /// Checks by these settings; `clouds` are the names of the configured entries, the default
    /// first.
    ///
    /// # Errors
    /// When the file with the keys cannot be used.
    pub(super) fn new(settings: &BearerSettings, clouds: Vec<String>) -> Result<Self> {
        let mut required = vec!["exp", "sub"];
        let mut validation = Validation {
            leeway: LEEWAY.as_secs(),
            validate_nbf: true,
            // Without a name of its own the server cannot tell whom a token is for.
            validate_aud: settings.audience.is_some(),
            ..Validation::default()
        };
        if let Some(audience) = &settings.audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        if let Some(issuer) = &settings.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        let published = settings.jwks.as_ref();
        let published = published.map(|source| Jwks::new(source, settings.pace));
        Ok(Self {
            secret: settings.signing_secret().map(key_of),
            published: published.transpose()?,
            validation,
            clouds,
        })
    }

    /// Takes over the published keys that an earlier one had from the same place.
    pub(super) fn go_on_from(&self, earlier: &Self) {
        if let (Some(published), Some(earlier)) = (&self.published, &earlier.published) {
            published.go_on_from(earlier);
        }
    }

    /// Looks for the published keys, so that the first token need not wait for them.
    pub(super) fn warm(&self) {
        if let Some(published) = &self.published {
            drop(published.begin_to_renew());
        }
    }

    /// Whom a token was given to.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(super) async fn caller(&self, token: &[u8]) -> Result<Caller, Refusal> {
        let header = header(token)?;
        let claims = match header.alg.family() {
            AlgorithmFamily::Hmac if header.alg == Algorithm::HS256 => {
                self.verify(token, header.alg, self.secret.iter())
            }
            AlgorithmFamily::Hmac => Err(Refusal::Invalid),
            AlgorithmFamily::Rsa | AlgorithmFamily::Ec | AlgorithmFamily::Ed => {
                self.verify_published(token, &header).await
            }
        }?;
        self.caller_of(claims)
    }

    /// Checks with the published keys, and with newer ones when it may be that they are needed.
    async fn verify_published(&self, token: &[u8], header: &Header) -> Result<Claims, Refusal> {
        let published = self.published.as_ref().ok_or(Refusal::Invalid)?;
        let id = header.kid.as_deref();
        if let Some(keys) = published.keys() {
            let verified = self.verify(token, header.alg, keys.fitting(id, header.alg));
            let is_known = id.is_some_and(|id| keys.has(id));
            if is_known || !matches!(verified, Err(Refusal::Invalid)) {
                return verified;
            }
        }
        let keys = published.renew().await.ok_or(Refusal::NoKeys)?;
        self.verify(token, header.alg, keys.fitting(id, header.alg))
    }

    /// The claims, if one of these keys signed them and they hold.
    fn verify<'a>(
        &self,
        token: &[u8],
        algorithm: Algorithm,
        keys: impl Iterator<Item = &'a DecodingKey>,
    ) -> Result<Claims, Refusal> {
        let mut validation = self.validation.clone();
        validation.algorithms = vec![algorithm];
        for key in keys {
            match jsonwebtoken::decode::<Claims>(token, key, &validation) {
                Ok(decoded) => return Ok(decoded.claims),
                Err(error) => match refusal(error.kind()) {
                    // Another key may have signed.
                    Refusal::Invalid => {}
                    refusal => return Err(refusal),
                },
            }
        }
        Err(Refusal::Invalid)
    }

    fn caller_of(&self, claims: Claims) -> Result<Caller, Refusal> {
        let subject = claims.sub.filter(|subject| is_printable(subject));
        let subject = subject.ok_or(Refusal::Claim("sub"))?;
        let expires = claims.exp.and_then(end).ok_or(Refusal::Claim("exp"))?;
        let scopes = [claims.scope, claims.scp];
        let granted = scopes.iter().flatten().flat_map(Words::as_slice);
        let scopes = scopes_of(granted.flat_map(|words| words.split_ascii_whitespace()));
        if !scopes.read {
            return Err(Refusal::Scope);
        }
        Ok(Caller {
            identity: Identity::Token {
                issuer: claims.iss.map(Into::into),
                subject: subject.into(),
            },
            scopes,
            clouds: Some(self.clouds_of(claims.openstack_cloud.as_ref())?.into()),
            expires: Some(expires),
        })
    }

    /// The cloud entries that a claim names, or the default one without a claim.
    fn clouds_of(&self, claim: Option<&Words>) -> Result<Vec<String>, Refusal> {
        let Some(claim) = claim else {
            return Ok(self.clouds.iter().take(1).cloned().collect());
        };
        let mut named = Vec::new();
        for name in claim.as_slice() {
            if !self.clouds.contains(name) {
                return Err(Refusal::Cloud(name.escape_debug().to_string()));
            }
            if !named.contains(name) {
                named.push(name.clone());
            }
        }
        if named.is_empty() {
            return Err(Refusal::NoCloud);
        }
        Ok(named)
    }
}

/// The header of a token of a kind that is taken at all.
fn header(token: &[u8]) -> Result<Header, Refusal> {
    // `none` and other algorithms that nobody knows are not read.
    let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid)?;
    let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
    let is_kind_known = kind.is_none_or(|kind| KINDS.contains(&kind.as_str()));
    // Whoever says that something is critical must be understood, and nothing is here.
    let is_plain = header.crit.is_none() && header.enc.is_none() && header.zip.is_none();
    if is_kind_known && is_plain {
        Ok(header)
    } else {
        Err(Refusal::Invalid)
    }
}

fn refusal(error: &ErrorKind) -> Refusal {
    match error {
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::Immature,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            let mut known = ["exp", "nbf", "sub", "iss", "aud"].into_iter();
            known
                .find(|known| *known == claim)
                .map_or(Refusal::Claims, Refusal::Claim)
        }
        ErrorKind::Json(_) => Refusal::Claims,
        _ => Refusal::Invalid,
    }
}

fn key_of(secret: &SecretString) -> DecodingKey {
    DecodingKey::from_secret(secret.expose_secret().as_bytes())
}

/// When a token ends, with the leeway that it was taken with.
fn end(expiry: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(expiry).ok()?;
    UNIX_EPOCH.checked_add(since)?.checked_add(LEEWAY)
}

fn scopes_of<'a>(words: impl Iterator<Item = &'a str>) -> Scopes {
    let mut scopes = Scopes::default();
    for word in words {
        scopes.read |= word == SCOPE_READ;
        scopes.write |= word == SCOPE_WRITE;
    }
    scopes
}

/// Whether a name can stand in a line of the log and mean nothing else there.
fn is_printable(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().count() <= MAX_SUBJECT
        && !name.chars().any(char::is_control)
}
