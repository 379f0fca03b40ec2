//! The command line: a flag for each setting, and the subcommands.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser, Subcommand};

use super::variables;

/// One GraphQL graph in front of an OpenStack cloud, and an MCP server over it.
///
/// Without a subcommand it serves: MCP over stdio, or every door over streamable-http.
///
/// A flag wins over its environment variable, that over a line in `.env` in the working
/// directory, that over clouds.yaml, that over the default. An empty variable is an unset one.
#[derive(Clone, Debug, Parser)]
#[command(name = "mcp-openstack-ops", version = crate::VERSION)]
pub struct Arguments {
    /// What to do; serve when there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings given as flags.
    #[command(flatten)]
    pub options: Options,
}

/// What to do instead of serving.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve every door over a cloud that is simulated inside the process: no cloud, no
    /// configuration. The flags and variables of serving and of policy hold; those that describe a
    /// cloud do not.
    Demo(Simulated),
    /// Simulate a cloud and nothing else, for `openstack` and other clients, on --host and --port
    /// (5001 by default). The clouds.yaml to use is written to --clouds-yaml, or printed.
    Simulate {
        /// What the cloud is made of.
        #[command(flatten)]
        cloud: Simulated,
        /// Where to write the clouds.yaml to use; an existing file is replaced.
        #[arg(long, value_name = "FILE")]
        clouds_yaml: Option<PathBuf>,
    },
    /// Print the GraphQL schema that the configured policy shows.
    Schema {
        /// Print it as an Apollo Federation subgraph.
        #[arg(long)]
        federation: bool,
    },
    /// Validate the configuration, connect, and say what each service answers.
    Check,
    /// Ask the server of this configuration for /healthz: exit status 0 when it is there, 1 when it
    /// is not. For the health checks of containers.
    Health,
    /// Print what makes a shell complete the command line.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What a simulated cloud is made of.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Servers in each region.
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = up_to(100_000))]
    pub servers: u32,
    /// Hypervisors in each region; as many as the servers need when not given.
    #[arg(long, value_name = "N", value_parser = up_to(10_000))]
    pub hypervisors: Option<u32>,
    /// Projects; one for each 50 servers, and three at least, when not given.
    #[arg(long, value_name = "N", value_parser = up_to(10_000))]
    pub projects: Option<u32>,
    /// Regions.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = up_to(10).range(1..))]
    pub regions: u32,
    /// The number the cloud is made from: the same one makes the same cloud.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How long each upstream answer is held back, as `20ms`.
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = humantime::parse_duration)]
    pub latency: Duration,
    /// A file with what goes wrong, as JSON: `[{"service": "image", "fault": "down"}]`. The same
    /// can be put to /simulator/faults while it runs.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

fn up_to(most: i64) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(..=most)
}

/// The settings given as flags, by the key of the setting. Their values stay out of `Debug`.
#[derive(Clone, Default)]
pub struct Options(BTreeMap<&'static str, String>);

impl Options {
    /// What a flag was given; an empty value is an unset one.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Args for Options {
    fn augment_args(command: clap::Command) -> clap::Command {
        let arguments = variables::SECTIONS
            .iter()
            .flat_map(|(heading, variables)| variables.iter().map(|each| argument(heading, each)));
        command.args(arguments)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for variable in variables::all() {
            if let Some(value) = matches.get_one::<String>(variable.key()) {
                self.0.insert(variable.key(), value.clone());
            }
        }
        Ok(())
    }
}

fn argument(heading: &'static str, variable: &'static variables::Variable) -> Arg {
    let mut help = variable.help.to_owned();
    if let Some(default) = variable.default {
        help.push_str(&format!(" [default: {default}]"));
    }
    if let Some(name) = variable.name {
        help.push_str(&format!(" [env: {name}]"));
    }
    let argument = Arg::new(variable.key())
        .long(variable.flag)
        .help_heading(heading)
        .help(help)
        .global(true)
        .hide_short_help(!matches!(
            variable.role,
            variables::Role::Server | variables::Role::Selection
        ));
    match variable.value {
        Some(value) => argument.value_name(value),
        None => argument
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
    }
}
