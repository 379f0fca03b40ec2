//! How far the server can be reached, and whether that is safe enough to start.

use super::HttpOptions;
use super::origin::is_loopback;
use crate::{Error, Result};

/// Who can reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Processes of this machine.
    Loopback,
    /// Others, with a token.
    Authenticated,
    /// Others, without a token.
    Open,
}

impl Exposure {
    /// How far these options expose the server.
    #[must_use]
    pub fn of(options: &HttpOptions) -> Self {
        if is_loopback(options.host.trim_matches(['[', ']'])) {
            Self::Loopback
        } else if options.secret.is_some() {
            Self::Authenticated
        } else {
            Self::Open
        }
    }
}

/// Warns loudly when anybody on the network can read the cloud, and refuses when they could
/// change it.
///
/// # Errors
/// When the server would be open beyond loopback, without authentication, with modifications
/// allowed.
pub fn check_exposure(options: &HttpOptions, modifications_allowed: bool) -> Result<()> {
    if Exposure::of(options) != Exposure::Open {
        return Ok(());
    }
    let host = &options.host;
    if modifications_allowed {
        return Err(Error::Configuration(format!(
            "FASTMCP_HOST is `{host}` and ALLOW_MODIFY_OPERATIONS is on, so anybody who reaches \
             this machine could change the cloud; set REMOTE_AUTH_ENABLE=true and \
             REMOTE_SECRET_KEY, or FASTMCP_HOST=127.0.0.1"
        )));
    }
    tracing::warn!(
        host,
        "NO AUTHENTICATION: anybody who reaches this machine can read the cloud with this \
         server's credential; set REMOTE_AUTH_ENABLE=true and REMOTE_SECRET_KEY, or \
         FASTMCP_HOST=127.0.0.1"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(host: &str, secret: Option<&str>) -> HttpOptions {
        HttpOptions {
            host: host.to_owned(),
            port: 8080,
            secret: secret.map(Into::into),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
        }
    }

    #[test]
    fn loopback_is_safe() {
        for host in [
            "127.0.0.1",
            "127.8.9.1",
            "localhost",
            "LocalHost",
            "::1",
            "[::1]",
        ] {
            assert_eq!(
                Exposure::of(&options(host, None)),
                Exposure::Loopback,
                "{host}"
            );
            check_exposure(&options(host, None), true).unwrap();
        }
    }

    #[test]
    fn beyond_loopback_modifications_need_authentication() {
        for host in ["0.0.0.0", "::", "[::]", "192.0.2.1", "ops.example"] {
            assert_eq!(Exposure::of(&options(host, None)), Exposure::Open, "{host}");
            check_exposure(&options(host, None), false).unwrap();
            let error = check_exposure(&options(host, None), true).unwrap_err();
            assert!(error.to_string().contains("REMOTE_AUTH_ENABLE"), "{error}");
            check_exposure(&options(host, Some("x")), true).unwrap();
        }
    }
}
