//! What surrounds the process: its variables and the folders where files are looked for.
//!
//! It is a value, so that a test describes one instead of changing the process's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::variables;
use crate::{Error, Result};

/// The variables and folders that the configuration is read from.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The environment variables.
    pub variables: Variables,
    /// The working directory: where `.env` and the first `clouds.yaml` are looked for.
    pub directory: PathBuf,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// Where the machine's own `clouds.yaml` is, as `/etc/openstack`.
    pub system_directory: PathBuf,
}

/// Environment variables by name. Their values stay out of `Debug`.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The value of a variable; an empty one is unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Every variable that is set, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(_, value)| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let owned = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self(owned.collect())
    }
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// What surrounds this process.
    ///
    /// # Errors
    /// When the working directory is gone, or a variable meant for this server is not UTF-8.
    pub fn of_process() -> Result<Self> {
        let directory = std::env::current_dir().map_err(|error| {
            Error::Configuration(format!(
                "the working directory cannot be found ({error}); start in one that exists"
            ))
        })?;
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    variables.insert(name, value);
                }
                Err(_) if variables::is_ours(&name) => {
                    return Err(Error::Configuration(format!(
                        "`{name}` is not valid UTF-8; set it again in a UTF-8 locale"
                    )));
                }
                Err(_) => {}
            }
        }
        Ok(Self {
            variables: Variables(variables),
            directory,
            home: dirs::home_dir(),
            system_directory: PathBuf::from("/etc/openstack"),
        })
    }

    /// A path as the operator wrote it: `~` is the home, anything relative is in the working
    /// directory.
    #[must_use]
    pub fn path(&self, written: &str) -> PathBuf {
        let below_home = match written {
            "~" => Some(""),
            _ => written.strip_prefix("~/"),
        };
        match (below_home, &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.directory.join(written),
        }
    }

    /// Where openstacksdk looks for `clouds.yaml` and its siblings, first to last.
    #[must_use]
    pub fn cloud_directories(&self) -> Vec<PathBuf> {
        let configured = self
            .variables
            .get("XDG_CONFIG_HOME")
            .map(|folder| Path::new(folder).join("openstack"));
        let usual = self
            .home
            .as_ref()
            .map(|home| home.join(".config").join("openstack"));
        std::iter::once(self.directory.clone())
            .chain(configured)
            .chain(usual)
            .chain(std::iter::once(self.system_directory.clone()))
            .collect()
    }
}
