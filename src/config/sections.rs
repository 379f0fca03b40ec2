//! The settings of the server itself, a struct for each section.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
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
        let host = self.host.trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// Whether callers over HTTP must show a token.
#[derive(Clone, Debug)]
pub enum RemoteAuth {
    /// Anybody may ask.
    Off,
    /// Those with a bearer token may ask.
    Bearer(BearerSettings),
}

/// Which bearer tokens are taken; the secret, the keys, or both are there.
#[derive(Clone, Debug, Default)]
pub struct BearerSettings {
    /// The token whose holder may ask, and the key of those that are signed with HS256.
    pub secret: Option<SecretString>,
    /// Where the keys are that tokens are signed with.
    pub jwks: Option<JwksSource>,
    /// Whose tokens are taken.
    pub issuer: Option<String>,
    /// For whom they must be.
    pub audience: Option<String>,
    /// How often the keys are looked for; nobody sets it but tests.
    pub pace: JwksPace,
}

/// How often a set of public keys is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwksPace {
    /// No sooner than this after the last time; 10 s by default.
    pub pause: Duration,
    /// Keys older than this are looked for again; 10 min by default.
    pub lifetime: Duration,
}

impl Default for JwksPace {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(10),
            lifetime: Duration::from_mins(10),
        }
    }
}

/// The fewest bytes of a secret that tokens are signed with (RFC 7518, 3.2). Who sees one token can
/// try secrets on it for as long as he likes, which a bearer secret allows nobody.
const MIN_SIGNING_SECRET: usize = 32;

impl BearerSettings {
    /// The secret as a key for signatures, when it is long enough for one.
    #[must_use]
    pub fn signing_secret(&self) -> Option<&SecretString> {
        let secret = self.secret.as_ref();
        secret.filter(|secret| secret.expose_secret().len() >= MIN_SIGNING_SECRET)
    }
}

/// Where a set of public keys is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    /// Fetched.
    Url(Url),
    /// Read.
    File(PathBuf),
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
    /// How much each caller may ask over HTTP; as much as it likes by default.
    pub rate_limit: Option<RateLimit>,
}

/// The store that replicas share. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct SharedSettings {
    /// Where it is; it may hold a password.
    pub url: SecretString,
    /// What the values in it are sealed by.
    pub secret: SecretString,
}

/// So many requests in a time, which may come all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many.
    pub requests: NonZeroU32,
    /// The time in which there are as many again.
    pub period: Duration,
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
    pub(super) fn read(
        settings: &Settings,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        Ok(Self {
            host: settings.required("FASTMCP_HOST", listening_host)?,
            port: settings.required("FASTMCP_PORT", |text| {
                text.parse()
                    .map_err(|_| "a port; use a number from 0 to 65535".to_owned())
            })?,
            auth: RemoteAuth::read(settings, environment, warnings)?,
            allowed_hosts: settings.list("ALLOWED_HOSTS", allowed_host)?,
            allowed_origins: settings.list("ALLOWED_ORIGINS", origin)?,
        })
    }

    /// Refuses what would let strangers change the cloud; warns of what lets them read it.
    pub(super) fn check_exposure(&self, mode: Mode, warnings: &mut Vec<String>) -> Result<()> {
        if self.is_loopback() || matches!(self.auth, RemoteAuth::Bearer(_)) {
            return Ok(());
        }
        let host = &self.host;
        if mode == Mode::Modify {
            return Err(Error::Configuration(format!(
                "`ALLOW_MODIFY_OPERATIONS` (`--allow-modify`) would let anybody who reaches {host} change the cloud; \
                 set `REMOTE_AUTH_ENABLE` and `REMOTE_SECRET_KEY` or `JWT_JWKS`, or `FASTMCP_HOST` to 127.0.0.1"
            )));
        }
        warnings.push(format!(
            "ANYBODY WHO REACHES {host} CAN READ THE CLOUD: authentication is off; set \
             `REMOTE_AUTH_ENABLE` and `REMOTE_SECRET_KEY` or `JWT_JWKS`, or `FASTMCP_HOST` to 127.0.0.1"
        ));
        Ok(())
    }
}

impl RemoteAuth {
    fn read(
        settings: &Settings,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let is_enabled = settings.required("REMOTE_AUTH_ENABLE", boolean)?;
        let bearer = BearerSettings::read(settings, environment)?;
        if is_enabled {
            bearer.check(warnings)?;
            return Ok(Self::Bearer(bearer));
        }
        let keys = [
            "REMOTE_SECRET_KEY",
            "JWT_JWKS",
            "JWT_ISSUER",
            "JWT_AUDIENCE",
        ];
        let labels = keys.iter().filter_map(|key| settings.given(key));
        let labels: Vec<_> = labels.map(|setting| setting.label.as_str()).collect();
        if !labels.is_empty() {
            warnings.push(format!(
                "no effect: authentication is off; set `REMOTE_AUTH_ENABLE`: {}",
                labels.join(", ")
            ));
        }
        Ok(Self::Off)
    }
}

impl BearerSettings {
    fn read(settings: &Settings, environment: &Environment) -> Result<Self> {
        let secret = settings.given("REMOTE_SECRET_KEY");
        let secret = secret.filter(|key| !key.text.trim().is_empty());
        let name = |text: &str| match text {
            "" => Err("a name; leave it out to compare with none".to_owned()),
            name => Ok(name.to_owned()),
        };
        Ok(Self {
            secret: secret.map(|key| SecretString::from(key.text.clone())),
            jwks: settings.optional("JWT_JWKS", |text| jwks_source(text, environment))?,
            issuer: settings.optional("JWT_ISSUER", name)?,
            audience: settings.optional("JWT_AUDIENCE", name)?,
            pace: JwksPace::default(),
        })
    }

    /// Refuses what would let nobody in, or the wrong ones; warns of what lets in more than was
    /// perhaps meant.
    fn check(&self, warnings: &mut Vec<String>) -> Result<()> {
        let refuse = |reason: &str| Err(Error::Configuration(reason.to_owned()));
        if self.secret.is_none() && self.jwks.is_none() {
            return refuse(
                "`REMOTE_AUTH_ENABLE` (`--auth-enable`) asks for a bearer token but there is \
                 nothing to check it with; set `REMOTE_SECRET_KEY` (`--secret-key`) or `JWT_JWKS` \
                 (`--jwt-jwks`)",
            );
        }
        if self.jwks.is_some() && self.audience.is_none() {
            return refuse(
                "`JWT_JWKS` (`--jwt-jwks`) needs `JWT_AUDIENCE` (`--jwt-audience`): the same keys \
                 sign tokens for other services, and without an audience each of these would be \
                 let in here with the tokens that its users gave it",
            );
        }
        if self.jwks.is_some() && self.issuer.is_none() {
            warnings.push(
                "`JWT_ISSUER` (`--jwt-issuer`) is not set: whoever the keys of `JWT_JWKS` sign \
                 for is let in, whatever issuer a token names"
                    .to_owned(),
            );
        }
        if let Some(JwksSource::Url(url)) = &self.jwks
            && url.scheme() == "http"
            && !is_loopback_url(url)
        {
            warnings.push(
                "`JWT_JWKS` is fetched over http: who can change the answer on its way can sign \
                 tokens; use https"
                    .to_owned(),
            );
        }
        if self.secret.is_none() || self.signing_secret().is_some() {
            return Ok(());
        }
        let weak = format!(
            "`REMOTE_SECRET_KEY` (`--secret-key`) has fewer than {MIN_SIGNING_SECRET} bytes; \
             `openssl rand -hex 32` makes one that is long enough"
        );
        let means_tokens = self.issuer.is_some() || self.audience.is_some();
        if means_tokens && self.jwks.is_none() {
            return Err(Error::Configuration(format!(
                "`JWT_ISSUER` and `JWT_AUDIENCE` speak of signed tokens, and none could be \
                 checked: there is no `JWT_JWKS`, and {weak}"
            )));
        }
        warnings.push(format!(
            "{weak}: it is taken as a bearer token, but no token (JWT) that is signed with it"
        ));
        Ok(())
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
            rate_limit: settings.optional("RATE_LIMIT", rate_limit)?.flatten(),
        })
    }
}

impl SharedSettings {
    pub(super) fn read(settings: &Settings) -> Result<Option<Self>> {
        let Some(url) = settings.optional("CACHE_URL", store_url)? else {
            return Ok(None);
        };
        if !cfg!(feature = "redis") {
            return Err(Error::Configuration(
                "`CACHE_URL` needs a build with the feature `redis` (`cargo build --features \
                 redis`), and this is none; leave it out"
                    .to_owned(),
            ));
        }
        let given = |key| settings.given(key).map(|setting| setting.text.trim());
        let secret = given("CACHE_SECRET_KEY").or_else(|| given("REMOTE_SECRET_KEY"));
        let secret = secret.filter(|secret| secret.len() >= MIN_SIGNING_SECRET);
        let Some(secret) = secret else {
            return Err(Error::Configuration(format!(
                "`CACHE_URL` needs a secret that all replicas have, to seal what they share: set \
                 `CACHE_SECRET_KEY`, or `REMOTE_SECRET_KEY`, to {MIN_SIGNING_SECRET} bytes or \
                 more; `openssl rand -hex 32` makes one"
            )));
        };
        Ok(Some(Self {
            url: SecretString::from(url),
            secret: SecretString::from(secret),
        }))
    }
}

fn store_url(text: &str) -> Result<String, String> {
    let is_url = Url::parse(text).is_ok_and(|url| {
        let has_host = url.scheme() == "redis" && url.has_host();
        has_host || matches!(url.scheme(), "unix" | "redis+unix")
    });
    if is_url {
        Ok(text.to_owned())
    } else {
        Err(
            "the URL of a Valkey or Redis; use redis://valkey:6379 or unix:///run/valkey.sock"
                .to_owned(),
        )
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

/// Reads `100/1m`, or `10/s` for `10/1s`.
fn rate_limit(text: &str) -> Result<Option<RateLimit>, String> {
    let expected =
        || "a number of requests in a time; use 100/1m or 10/s, or 0 for no limit".to_owned();
    if text == "0" {
        return Ok(None);
    }
    let (requests, period) = text.split_once('/').ok_or_else(expected)?;
    let requests = requests.trim().parse().map_err(|_| expected())?;
    let period = match period.trim() {
        unit if unit.starts_with(|first: char| first.is_ascii_alphabetic()) => format!("1{unit}"),
        period => period.to_owned(),
    };
    let period = duration(&period).map_err(|_| expected())?;
    if period.is_zero() {
        return Err(expected());
    }
    Ok(Some(RateLimit { requests, period }))
}

impl std::fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let period = humantime::format_duration(self.period);
        write!(formatter, "{}/{period}", self.requests)
    }
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

fn jwks_source(text: &str, environment: &Environment) -> Result<JwksSource, String> {
    let expected = "a URL or a file with a JSON Web Key Set; use \
                    https://issuer.example/jwks.json or a path that exists";
    if !text.contains("://") {
        let path = environment.path(text);
        return if path.is_file() {
            Ok(JwksSource::File(path))
        } else {
            Err(expected.to_owned())
        };
    }
    let url = Url::parse(text).map_err(|_| expected.to_owned())?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none();
    if is_plain {
        Ok(JwksSource::Url(url))
    } else {
        Err(expected.to_owned())
    }
}

fn is_loopback_url(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
