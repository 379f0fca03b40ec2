//! `check`: does the configuration lead to a cloud that answers?

use std::fmt;

use crate::auth::{Caller, published_keys};
use crate::config::{BearerSettings, Config, JwksSource, RemoteAuth};
use crate::graph::Readiness;
use crate::{Result, serve};

/// What was found.
#[derive(Debug)]
pub struct Report {
    readiness: Readiness,
    /// The keys that tokens are checked with, where there are to be any.
    keys: Option<Keys>,
    tools: Vec<String>,
}

/// Where the keys of `JWT_JWKS` are, and how many there are, or why they cannot be had.
#[derive(Debug)]
struct Keys {
    source: String,
    found: Result<usize, String>,
}

/// Connects to every configured cloud and asks each of its services.
///
/// # Errors
/// When something of the configuration cannot be used.
pub async fn check(config: &Config) -> Result<Report> {
    let graph = serve::graph(config)?;
    let tools = serve::tools(config, &graph)?;
    let tools = tools.names().map(str::to_owned).collect();
    Ok(Report {
        readiness: graph.readiness(&Caller::local()).await,
        keys: keys(&config.http.auth).await,
        tools,
    })
}

async fn keys(auth: &RemoteAuth) -> Option<Keys> {
    let RemoteAuth::Bearer(BearerSettings {
        jwks: Some(source), ..
    }) = auth
    else {
        return None;
    };
    Some(Keys {
        found: published_keys(source).await,
        source: match source {
            JwksSource::Url(url) => url.to_string(),
            JwksSource::File(path) => path.display().to_string(),
        },
    })
}

impl Report {
    /// Whether every service of every cloud answered, and tokens can be checked.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let has_keys = self.keys.as_ref().is_none_or(|keys| keys.found.is_ok());
        self.readiness.ready && has_keys
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cloud in &self.readiness.clouds {
            writeln!(formatter, "cloud {}", cloud.name)?;
            for service in &cloud.services {
                let outcome = service.reason.as_deref().unwrap_or("answers");
                let version = service.version.as_deref().unwrap_or_default();
                writeln!(
                    formatter,
                    "  {:<14} {version:<8} {outcome}",
                    service.service
                )?;
            }
        }
        if let Some(Keys { source, found }) = &self.keys {
            match found {
                Ok(count) => writeln!(formatter, "JWT_JWKS {source}: {count} keys")?,
                Err(reason) => writeln!(formatter, "JWT_JWKS {source}: no keys: {reason}")?,
            }
        }
        writeln!(
            formatter,
            "{} tools: {}",
            self.tools.len(),
            self.tools.join(", ")
        )?;
        let outcome = if self.is_well() {
            "all is well"
        } else {
            "not all is well"
        };
        writeln!(formatter, "{outcome}")
    }
}
