//! Who is asking: a request's own credentials turned into a [`Caller`].

mod caller;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::caller::{Caller, Identity, Scopes};

/// Why a request was not authenticated. The text never repeats what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No `Authorization` header came.
    #[error("a bearer token is needed: send `Authorization: Bearer <REMOTE_SECRET_KEY>`")]
    Missing,
    /// More than one `Authorization` header came, and proxies differ on which one counts.
    #[error("more than one Authorization header was sent; send one")]
    Duplicate,
    /// The header is not `Bearer` and a token.
    #[error("the Authorization header is not of the form `Bearer <token>`")]
    Malformed,
    /// The token is not the secret.
    #[error("the bearer token is not valid")]
    Invalid,
}

/// Turns the headers of a request into a [`Caller`].
pub struct Authenticator {
    /// The digest of the secret; without one everybody is [`Identity::Anonymous`].
    secret: Option<[u8; 32]>,
}

impl Authenticator {
    /// Lets in who holds the secret, or everybody when there is none.
    #[must_use]
    pub fn new(secret: Option<&SecretString>) -> Self {
        let secret = secret.map(|secret| digest(secret.expose_secret().as_bytes()));
        Self { secret }
    }

    /// Who sent these headers.
    ///
    /// # Errors
    /// When authentication is on and the headers do not carry the secret.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let Some(secret) = &self.secret else {
            return Ok(Caller::anonymous());
        };
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(Refusal::Missing)?;
        if values.next().is_some() {
            return Err(Refusal::Duplicate);
        }
        let token = bearer_token(value.as_bytes()).ok_or(Refusal::Malformed)?;
        // Digests are of one length, so that the comparison does not tell the secret's.
        if bool::from(digest(token).ct_eq(secret)) {
            Ok(Caller::secret())
        } else {
            Err(Refusal::Invalid)
        }
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn authenticate(values: &[&str]) -> Result<Caller, Refusal> {
        let authenticator = Authenticator::new(Some(&SecretString::from("s3cret")));
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        authenticator.authenticate(&headers)
    }

    #[test]
    fn the_holder_of_the_secret_is_known() {
        assert_eq!(authenticate(&["Bearer s3cret"]), Ok(Caller::secret()));
        assert_eq!(authenticate(&["bEARER  s3cret "]), Ok(Caller::secret()));
    }

    #[test]
    fn everybody_else_is_refused() {
        assert_eq!(authenticate(&[]), Err(Refusal::Missing));
        assert_eq!(authenticate(&["Bearer s3cre"]), Err(Refusal::Invalid));
        assert_eq!(authenticate(&["Bearer s3cret1"]), Err(Refusal::Invalid));
        assert_eq!(authenticate(&["Bearer S3CRET"]), Err(Refusal::Invalid));
        for malformed in [
            "",
            "s3cret",
            "Bearer",
            "Bearer ",
            "Basic s3cret",
            "Bearers3cret",
        ] {
            assert_eq!(
                authenticate(&[malformed]),
                Err(Refusal::Malformed),
                "{malformed}"
            );
        }
    }

    #[test]
    fn two_headers_are_refused_even_when_one_is_right() {
        let twice = ["Bearer s3cret", "Bearer s3cret"];
        assert_eq!(authenticate(&twice), Err(Refusal::Duplicate));
    }

    #[test]
    fn without_a_secret_everybody_is_anonymous() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer whatever"));
        let caller = Authenticator::new(None).authenticate(&headers);
        assert_eq!(caller, Ok(Caller::anonymous()));
    }
}
