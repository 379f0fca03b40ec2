//! The settings of the server itself, a struct for each section.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tracing::level_filters::LevelFilter;
use url::Url;

use super::environment::Environment;
use super::settings::{Settings, boolean};
use crate::policy::{Confirm, Mode};
use crate::{Error, Result};

/// The longest duration that a setting may have.
const LONGEST: Duration = Duration::from_hours(24);

/// What is logged, and how; always to stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The least severe level that is logged; INFO by default.
    pub level: LogLevel,
    /// How a line looks; text by default.
    pub format: LogFormat,
}

/// How severe a message must be to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything down to single requests.
    Debug,
    /// What an operator wants to see.
    Info,
    /// What may need attention.
    Warning,
    /// What failed.
    Error,
    /// What ends the server; there is no level of its own for it here, so errors are logged.
    Critical,
}

impl LogLevel {
    /// The level as `tracing` knows it.
    #[must_use]
    pub const fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            Self::Error | Self::Critical => LevelFilter::ERROR,
        }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors: a JSON object a line.
    Json,
}

/// How clients reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// MCP alone, with the process that started this one.
    Stdio,
    /// Every door over HTTP.
    StreamableHttp,
}

/// Where and for whom the server answers over HTTP.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Address or host name to listen on; 127.0.0.1 by default.
    pub host: String,
    /// Port to listen on; 8080 by default, 0 for a free one.
    pub port: u16,
    /// Whether callers must show a token.
    pub auth: RemoteAuth,
    /// Hosts answered to beyond loopback, in lower case, with a port when one was given.
    pub allowed_hosts: Vec<String>,
    /// Origins that may ask beside the server's own, as `https://example.org:8443`.
    pub allowed_origins: Vec<String>,
}

impl HttpSettings {
    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// Whether callers over HTTP must show a token.
#[derive(Clone, Debug)]
pub enum RemoteAuth {
    /// Anybody may ask.
    Off,
    /// Those who know the secret may ask.
    Secret(SecretString),
}

/// Whether the cloud may be changed, and what is asked and written down when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSettings {
    /// Whether anything may be changed; not by default.
    pub mode: Mode,
    /// Whether a tool asks somebody before it destroys; where somebody can be asked by default.
    pub confirm: Confirm,
    /// A file that a line is appended to for every change.
    pub audit_log: Option<PathBuf>,
    /// The folder whose files callers over stdio may make images of.
    pub image_source_dir: Option<PathBuf>,
}

/// How long things may take and how long they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time one operation may take in all; 45 s by default.
    pub request_timeout: Duration,
    /// How long lists of resources are kept; 5 s by default, none keeps nothing.
    pub cache_ttl: Option<Duration>,
    /// How long reference data is kept; 5 min by default, none keeps nothing.
    pub cache_reference_ttl: Option<Duration>,
}

/// Which tools there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolSettings {
    /// A folder of the operator's own documents.
    pub operations: Option<PathBuf>,
    /// The toolsets offered; all when empty.
    pub toolsets: Vec<String>,
    /// The tools offered; all when empty.
    pub allow: Vec<String>,
    /// The tools not offered; stronger than the others.
    pub deny: Vec<String>,
}

impl LogSettings {
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        let level = settings.required("MCP_LOG_LEVEL", |text| {
            match text.to_ascii_uppercase().as_str() {
                "DEBUG" => Ok(LogLevel::Debug),
                "INFO" => Ok(LogLevel::Info),
                "WARNING" => Ok(LogLevel::Warning),
                "ERROR" => Ok(LogLevel::Error),
                "CRITICAL" => Ok(LogLevel::Critical),
                _ => Err("a level; use DEBUG, INFO, WARNING, ERROR or CRITICAL".to_owned()),
            }
        })?;
        let format = settings.required("MCP_LOG_FORMAT", |text| {
            match text.to_ascii_lowercase().as_str() {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("a format; use text or json".to_owned()),
            }
        })?;
        Ok(Self { level, format })
    }
}

impl Transport {
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        settings.required("FASTMCP_TYPE", |text| match text {
            "stdio" => Ok(Self::Stdio),
            "streamable-http" => Ok(Self::StreamableHttp),
            _ => Err("a transport; use stdio or streamable-http".to_owned()),
        })
    }
}

impl HttpSettings {
    pub(super) fn read(settings: &Settings, warnings: &mut Vec<String>) -> Result<Self> {
        Ok(Self {
            host: settings.required("FASTMCP_HOST", listening_host)?,
            port: settings.required("FASTMCP_PORT", |text| {
                text.parse()
                    .map_err(|_| "a port; use a number from 0 to 65535".to_owned())
            })?,
            auth: RemoteAuth::read(settings, warnings)?,
            allowed_hosts: settings.list("ALLOWED_HOSTS", allowed_host)?,
            allowed_origins: settings.list("ALLOWED_ORIGINS", origin)?,
        })
    }

    /// Refuses what would let strangers change the cloud; warns of what lets them read it.
    pub(super) fn check_exposure(&self, mode: Mode, warnings: &mut Vec<String>) -> Result<()> {
        if self.is_loopback() || matches!(self.auth, RemoteAuth::Secret(_)) {
            return Ok(());
        }
        let host = &self.host;
        if mode == Mode::Modify {
            return Err(Error::Configuration(format!(
                "`ALLOW_MODIFY_OPERATIONS` (`--allow-modify`) would let anybody who reaches {host} change the cloud; \
                 set `REMOTE_AUTH_ENABLE` and `REMOTE_SECRET_KEY`, or `FASTMCP_HOST` to 127.0.0.1"
            )));
        }
        warnings.push(format!(
            "ANYBODY WHO REACHES {host} CAN READ THE CLOUD: authentication is off; set \
             `REMOTE_AUTH_ENABLE` and `REMOTE_SECRET_KEY`, or `FASTMCP_HOST` to 127.0.0.1"
        ));
        Ok(())
    }
}

impl RemoteAuth {
    fn read(settings: &Settings, warnings: &mut Vec<String>) -> Result<Self> {
        let is_enabled = settings.required("REMOTE_AUTH_ENABLE", boolean)?;
        let key = settings.given("REMOTE_SECRET_KEY");
        match (is_enabled, key) {
            (true, Some(key)) if !key.text.trim().is_empty() => {
                Ok(Self::Secret(SecretString::from(key.text.clone())))
            }
            (true, _) => Err(Error::Configuration(
                "`REMOTE_AUTH_ENABLE` (`--auth-enable`) asks for a bearer token but there is none \
                 to compare with; set `REMOTE_SECRET_KEY` (`--secret-key`)"
                    .to_owned(),
            )),
            (false, Some(key)) => {
                warnings.push(format!(
                    "{} has no effect: authentication is off; set `REMOTE_AUTH_ENABLE`",
                    key.label
                ));
                Ok(Self::Off)
            }
            (false, None) => Ok(Self::Off),
        }
    }
}

impl ChangeSettings {
    pub(super) fn read(settings: &Settings, environment: &Environment) -> Result<Self> {
        let is_allowed = settings.required("ALLOW_MODIFY_OPERATIONS", boolean)?;
        Ok(Self {
            mode: if is_allowed {
                Mode::Modify
            } else {
                Mode::ReadOnly
            },
            confirm: settings.required("CONFIRM_DESTRUCTIVE", |text| match text {
                "when-possible" => Ok(Confirm::WhenPossible),
                "always" => Ok(Confirm::Always),
                "never" => Ok(Confirm::Never),
                _ => Err("one of when-possible, always and never".to_owned()),
            })?,
            audit_log: settings.optional("AUDIT_LOG", |text| Ok(environment.path(text)))?,
            image_source_dir: settings.optional("IMAGE_SOURCE_DIR", |text| {
                let folder = environment.path(text);
                if folder.is_dir() {
                    Ok(folder)
                } else {
                    Err("a folder that is there".to_owned())
                }
            })?,
        })
    }
}

impl Limits {
    pub(super) fn read(settings: &Settings) -> Result<Self> {
        let lifetime = |key| -> Result<Option<Duration>> {
            let lifetime = settings.required(key, duration)?;
            Ok((!lifetime.is_zero()).then_some(lifetime))
        };
        Ok(Self {
            request_timeout: settings.required("REQUEST_TIMEOUT", |text| {
                let timeout = duration(text)?;
                if timeout.is_zero() {
                    return Err("a time in which anything can be answered; use 45s".to_owned());
                }
                Ok(timeout)
            })?,
            cache_ttl: lifetime("CACHE_TTL")?,
            cache_reference_ttl: lifetime("CACHE_REFERENCE_TTL")?,
        })
    }
}

impl ToolSettings {
    pub(super) fn read(settings: &Settings, environment: &Environment) -> Result<Self> {
        let name = |text: &str| Ok(text.to_owned());
        Ok(Self {
            operations: settings.optional("operations", |text| {
                let folder = environment.path(text);
                if folder.is_dir() {
                    Ok(folder)
                } else {
                    Err("a folder that exists".to_owned())
                }
            })?,
            toolsets: settings.list("toolsets", name)?,
            allow: settings.list("allow-tools", name)?,
            deny: settings.list("deny-tools", name)?,
        })
    }
}

/// Reads `45s`, `1m 30s`, or a plain number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text)
            .map_err(|_| "a duration; use 45s, 5m or a number of seconds".to_owned())?,
    };
    if duration > LONGEST {
        return Err("a duration of 24h or less".to_owned());
    }
    Ok(duration)
}

fn listening_host(text: &str) -> Result<String, String> {
    let is_host = text.parse::<IpAddr>().is_ok() || url::Host::parse(text).is_ok();
    if is_host {
        Ok(text.to_owned())
    } else {
        Err("an address or host name; use 127.0.0.1 or 0.0.0.0, with the port apart".to_owned())
    }
}

fn allowed_host(text: &str) -> Result<String, String> {
    let is_host = Url::parse(&format!("http://{text}/")).is_ok_and(|url| {
        url.path() == "/" && url.username().is_empty() && url.password().is_none()
    });
    if is_host && !text.contains(['*', '?', '#']) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a list of host names; name each one, as ops.example.org,10.0.0.5:8080".to_owned())
    }
}

fn origin(text: &str) -> Result<String, String> {
    let expected = "a list of origins; name each one, as https://ops.example.org";
    let url = Url::parse(text).map_err(|_| expected.to_owned())?;
    let is_origin = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !text.contains('*');
    if is_origin {
        Ok(url.origin().ascii_serialization())
    } else {
        Err(expected.to_owned())
    }
}
