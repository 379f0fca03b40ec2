//! Who is asking: a request's own credentials turned into a [`Caller`].

mod caller;
mod jwks;
mod keys;
#[cfg(test)]
mod tests;
mod token;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use self::token::Tokens;
use crate::Result;
use crate::config::RemoteAuth;

pub use self::caller::{Caller, Identity, Scopes};
pub use self::jwks::published_keys;

/// The scope that lets a token's holder ask.
pub const SCOPE_READ: &str = "openstack:read";
/// The scope that lets it change.
pub const SCOPE_WRITE: &str = "openstack:write";

/// The longest bearer token, in bytes. Those with a list of all of somebody's groups get long.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Why a request was not let in. The text never repeats a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No `Authorization` header came.
    #[error("a bearer token is needed: send `Authorization: Bearer <token>`")]
    Missing,
    /// More than one `Authorization` header came, and proxies differ on which one counts.
    #[error("more than one Authorization header was sent; send one")]
    Duplicate,
    /// The header is not `Bearer` and a token.
    #[error("the Authorization header is not of the form `Bearer <token>`")]
    Malformed,
    /// The token is longer than any that is read.
    #[error("the bearer token has more than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// The token is neither the secret nor signed with a key that is known.
    #[error("the bearer token is not valid")]
    Invalid,
    /// The token's time is over.
    #[error("the bearer token has expired; get a new one")]
    Expired,
    /// The token's time has not come.
    #[error("the bearer token is not valid yet")]
    Immature,
    /// The token is not `JWT_ISSUER`'s.
    #[error("the bearer token is of another issuer")]
    Issuer,
    /// The token is not for `JWT_AUDIENCE`.
    #[error("the bearer token was made for another audience")]
    Audience,
    /// The token lacks a claim, or it cannot be read.
    #[error("the bearer token's claim `{0}` is missing or not of the right form")]
    Claim(&'static str),
    /// The token's claims cannot be read.
    #[error("a claim of the bearer token is not of the right form")]
    Claims,
    /// The token may not read.
    #[error("the bearer token lacks the scope `{SCOPE_READ}`")]
    Scope,
    /// The token names a cloud entry that is not there.
    #[error("the bearer token is for the cloud `{0}`, which is not configured here")]
    Cloud(String),
    /// The token's list of cloud entries is empty.
    #[error("the bearer token is for no cloud: its claim `openstack_cloud` is empty")]
    NoCloud,
    /// The token cannot be checked.
    #[error("the keys that bearer tokens are checked with cannot be had now; try again later")]
    NoKeys,
}

impl Refusal {
    /// The reason in a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::Immature => "immature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Claim(_) | Self::Claims => "claim",
            Self::Scope => "scope",
            Self::Cloud(_) | Self::NoCloud => "cloud",
            Self::NoKeys => "no_keys",
        }
    }
}

/// Turns the headers of a request into a [`Caller`].
pub struct Authenticator {
    /// Without it everybody is [`Identity::Anonymous`].
    bearer: Option<Bearer>,
}

struct Bearer {
    /// The digest of the secret.
    secret: Option<[u8; 32]>,
    tokens: Tokens,
}

impl Authenticator {
    /// Lets in by these settings; `clouds` are the names of the configured entries, the default
    /// first.
    ///
    /// # Errors
    /// When the file with the keys cannot be used.
    pub fn new(auth: &RemoteAuth, clouds: Vec<String>) -> Result<Self> {
        let bearer = match auth {
            RemoteAuth::Off => None,
            RemoteAuth::Bearer(settings) => Some(Bearer {
                secret: settings
                    .secret
                    .as_ref()
                    .map(|secret| digest(secret.expose_secret().as_bytes())),
                tokens: Tokens::new(settings, clouds)?,
            }),
        };
        Ok(Self { bearer })
    }

    /// Takes over what an earlier one had from the same place, until it has looked itself.
    pub fn go_on_from(&self, earlier: &Self) {
        if let (Some(bearer), Some(earlier)) = (&self.bearer, &earlier.bearer) {
            bearer.tokens.go_on_from(&earlier.tokens);
        }
    }

    /// Begins to look for what callers are checked with; needs the runtime.
    pub fn warm(&self) {
        if let Some(bearer) = &self.bearer {
            bearer.tokens.warm();
        }
    }

    /// Who sent these headers.
    ///
    /// # Errors
    /// When authentication is on and the headers do not carry a token that lets its holder read.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let Some(bearer) = &self.bearer else {
            return Ok(Caller::anonymous());
        };
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(Refusal::Missing)?;
        if values.next().is_some() {
            return Err(Refusal::Duplicate);
        }
        let token = bearer_token(value.as_bytes()).ok_or(Refusal::Malformed)?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong);
        }
        if bearer.is_secret(token) {
            return Ok(Caller::secret());
        }
        bearer.tokens.caller(token).await
    }
}

impl Bearer {
    fn is_secret(&self, token: &[u8]) -> bool {
        // Digests are of one length, so that the comparison does not tell the secret's.
        let secret = self.secret.as_ref();
        secret.is_some_and(|secret| bool::from(digest(token).ct_eq(secret)))
    }
}

fn digest(value: &[u8]) -> [u8; 32] {
    Sha256::digest(value).into()
}

fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, token) = value.split_at(space);
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}
