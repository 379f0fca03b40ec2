//! Who a request comes from, and what its credentials carry.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Who a request comes from. Cheap to clone; nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub identity: Identity,
    /// What its credentials carry. What may be done at all is decided elsewhere.
    pub scopes: Scopes,
    /// The names of the cloud entries that answer it, its default first; all that are configured,
    /// in their order, when absent.
    pub clouds: Option<Arc<[String]>>,
    /// When its credentials end; whoever is served for longer than a request has to look at it.
    pub expires: Option<SystemTime>,
}

/// Who somebody is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The process that started this one, over stdio.
    Local,
    /// Somebody over HTTP, with authentication switched off.
    Anonymous,
    /// The holder of the shared secret.
    Secret,
    /// Whom a signed token was given to.
    Token {
        /// Who gave it, when it says so.
        issuer: Option<Arc<str>>,
        /// To whom.
        subject: Arc<str>,
    },
}

/// What credentials carry; none when nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// May ask.
    pub read: bool,
    /// May change, where the operator lets anybody change anything.
    pub write: bool,
}

impl Scopes {
    /// Everything there is.
    pub const ALL: Self = Self {
        read: true,
        write: true,
    };
}

impl Caller {
    /// The process that started this one.
    #[must_use]
    pub const fn local() -> Self {
        Self::unrestricted(Identity::Local)
    }

    /// Somebody who was not asked who it is.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self::unrestricted(Identity::Anonymous)
    }

    /// The holder of the shared secret.
    #[must_use]
    pub const fn secret() -> Self {
        Self::unrestricted(Identity::Secret)
    }

    /// Somebody whom nobody looked at: a door that was left without its layer stays shut.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            scopes: Scopes::default(),
            clouds: Some(Arc::default()),
            ..Self::anonymous()
        }
    }

    const fn unrestricted(identity: Identity) -> Self {
        Self {
            identity,
            scopes: Scopes::ALL,
            clouds: None,
            expires: None,
        }
    }
}

/// The name for logs and the audit: `local`, `anonymous`, `secret`, `jwt:<subject>`.
impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.identity {
            Identity::Local => formatter.write_str("local"),
            Identity::Anonymous => formatter.write_str("anonymous"),
            Identity::Secret => formatter.write_str("secret"),
            Identity::Token { subject, .. } => write!(formatter, "jwt:{subject}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name() {
        let token = Caller {
            identity: Identity::Token {
                issuer: Some("https://issuer.example".into()),
                subject: "alice".into(),
            },
            ..Caller::unknown()
        };
        let callers = [
            Caller::local(),
            Caller::anonymous(),
            Caller::secret(),
            token,
        ];
        let names = callers.map(|caller| caller.to_string());
        assert_eq!(names, ["local", "anonymous", "secret", "jwt:alice"]);
    }
}
