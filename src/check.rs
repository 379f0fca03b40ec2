//! `check`: does the configuration lead to a cloud that answers?

use std::fmt;

use crate::auth::Caller;
use crate::config::Config;
use crate::graph::Readiness;
use crate::{Result, serve};

/// What was found.
#[derive(Debug)]
pub struct Report {
    readiness: Readiness,
    tools: Vec<String>,
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
        tools,
    })
}

impl Report {
    /// Whether every service of every cloud answered.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.readiness.ready
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
