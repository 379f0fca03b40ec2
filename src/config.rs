//! The configuration: flag over environment over `.env` over `clouds.yaml` over default.
//!
//! [`Config::load`] reads all of it once, at start, and refuses what cannot be by the name of the
//! variable, flag or file. What is merely of no effect is said in [`Config::warnings`].

mod arguments;
mod cloud_entry;
mod clouds;
mod dotenv;
mod entry;
mod environment;
mod envvars;
mod expand;
mod fields;
mod files;
mod sections;
mod settings;
mod tree;
mod variables;

pub use arguments::{Arguments, Command, Options, Simulated};
pub use cloud_entry::{
    ApplicationCredentialRef, Auth, CloudEntry, DomainRef, Interface, Named, Scope, Tls,
};
pub use environment::{Environment, Variables};
pub use sections::{
    BearerSettings, ChangeSettings, HttpSettings, JwksPace, JwksSource, Limits, LogFormat,
    LogLevel, LogSettings, RateLimit, RemoteAuth, SharedSettings, ToolSettings, Transport,
};

use self::settings::Settings;
use crate::Result;

/// Where a simulated cloud listens when no flag says where: not where the server would, nor where
/// a Keystone does.
const SIMULATION_PORT: u16 = 5001;

/// Everything the server was told. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is logged, and how.
    pub log: LogSettings,
    /// How clients reach the server.
    pub transport: Transport,
    /// Where and for whom it answers over HTTP.
    pub http: HttpSettings,
    /// Whether the cloud may be changed, and what is asked and written down when it is.
    pub changes: ChangeSettings,
    /// How long things may take and how long they are kept.
    pub limits: Limits,
    /// What is shared with other replicas.
    pub shared: Option<SharedSettings>,
    /// Which tools there are.
    pub tools: ToolSettings,
    /// The clouds, the default first. Empty for the commands that need none of those configured.
    pub clouds: Vec<CloudEntry>,
    /// What was set to no effect, for the log, each once.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`Error::Configuration`](crate::Error::Configuration), naming what is wrong and the way out.
    pub fn load(arguments: &Arguments, environment: &Environment) -> Result<Self> {
        let mut warnings = Vec::new();
        let settings = Settings::collect(&arguments.options, environment, &mut warnings)?;
        let transport = match arguments.command {
            Some(Command::Demo(_) | Command::Simulate { .. }) => Transport::StreamableHttp,
            _ => Transport::read(&settings)?,
        };
        let mut http = HttpSettings::read(&settings, environment, &mut warnings)?;
        let is_simulation = matches!(arguments.command, Some(Command::Simulate { .. }));
        if is_simulation && arguments.options.get("FASTMCP_PORT").is_none() {
            http.port = SIMULATION_PORT;
        }
        let changes = ChangeSettings::read(&settings, environment)?;
        let needs_clouds = matches!(arguments.command, None | Some(Command::Check));
        let serves = needs_clouds || matches!(arguments.command, Some(Command::Demo(_)));
        if transport == Transport::StreamableHttp && serves {
            http.check_exposure(changes.mode, &mut warnings)?;
        }
        Ok(Self {
            log: LogSettings::read(&settings)?,
            transport,
            http,
            changes,
            limits: Limits::read(&settings)?,
            shared: SharedSettings::read(&settings)?,
            tools: ToolSettings::read(&settings, environment)?,
            clouds: if needs_clouds {
                clouds::read(&settings, environment, &mut warnings)?
            } else {
                Vec::new()
            },
            warnings,
        })
    }
}

/// The clouds that the text of a clouds.yaml describes, the one named `default` first.
///
/// # Errors
/// [`Error::Configuration`](crate::Error::Configuration) when it does not describe that one.
pub fn clouds_in(text: &str, default: &str, environment: &Environment) -> Result<Vec<CloudEntry>> {
    clouds::of_text(text, default, environment)
}

#[cfg(test)]
mod tests;
