//! The command line: a flag for each setting, and the subcommands.

use std::collections::BTreeMap;
use std::fmt;

use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser, Subcommand};

use super::variables;

/// One GraphQL graph in front of an OpenStack cloud, and an MCP server over it.
///
/// Without a subcommand it serves: MCP over stdio, or every door over streamable-http.
///
/// A flag wins over its environment variable, that over a line in `.env` in the working
/// directory, that over clouds.yaml, that over the default. An empty variable is an unset one.
#[derive(Clone, Debug, Parser)]
#[command(name = "mcp-openstack-ops", version)]
pub struct Arguments {
    /// What to do; serve when there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings given as flags.
    #[command(flatten)]
    pub options: Options,
}

/// What to do instead of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Print the GraphQL schema that the configured policy shows.
    Schema {
        /// Print it as an Apollo Federation subgraph.
        #[arg(long)]
        federation: bool,
    },
    /// Validate the configuration, connect, and say what each service answers.
    Check,
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
