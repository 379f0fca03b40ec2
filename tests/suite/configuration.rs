//! What the documentation lists is what there is: docs/configuration.md is made of the command line
//! that the program takes, and checked in.

use std::fmt::Write;
use std::path::Path;

use clap::CommandFactory;
use mcp_openstack_ops::config::Arguments;

use crate::checked_in;

const INTRODUCTION: &str = "\
# Configuration

Made of the program's own table of settings; `mcp-openstack-ops --help` prints the same. A test compares the two.

A flag wins over its environment variable, that over a line in `.env` in the working directory, that over
`clouds.yaml`, that over the default. An empty variable is an unset one. What cannot be used is refused at start, by
name; of `OS_*` variables that nothing here knows, the log tells once. A switch is on with `true`, `1`, `yes` or `on`;
its flag needs no value.
";

/// A setting, as the help has it.
struct Setting {
    variable: String,
    flag: String,
    default: String,
    meaning: String,
}

impl Setting {
    fn of(argument: &clap::Arg) -> Self {
        let help = argument.get_help().unwrap().to_string();
        let (meaning, variable) = without_note(&help, "env");
        let (meaning, default) = without_note(&meaning, "default");
        let value = argument.get_value_names().unwrap_or_default();
        let value: Vec<&str> = value.iter().map(|name| name.as_str()).collect();
        let flag = argument.get_long().unwrap();
        let flag = match value.as_slice() {
            [] | ["BOOL"] => format!("`--{flag}`"),
            [value, ..] => format!("`--{flag} {value}`"),
        };
        Self {
            variable: variable.map(|name| format!("`{name}`")).unwrap_or_default(),
            flag: flag.replace('|', "\\|"),
            default: default.unwrap_or_default(),
            meaning: meaning.replace('|', "\\|"),
        }
    }
}

/// A help without the note `[name: …]` that it ends with, and what the note says.
fn without_note(help: &str, name: &str) -> (String, Option<String>) {
    let note = format!(" [{name}: ");
    match help.split_once(&note) {
        Some((text, rest)) => {
            let (value, after) = rest.split_once(']').unwrap();
            (format!("{text}{after}"), Some(value.to_owned()))
        }
        None => (help.to_owned(), None),
    }
}

fn settings() -> String {
    let command = Arguments::command();
    let mut headings: Vec<&str> = Vec::new();
    let arguments = || command.get_arguments().filter(|each| !each.is_hide_set());
    for heading in arguments().filter_map(clap::Arg::get_help_heading) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    let mut text = INTRODUCTION.to_owned();
    for heading in headings {
        writeln!(text, "\n## {heading}\n").unwrap();
        text.push_str("| variable | flag | default | |\n|---|---|---|---|\n");
        let own = arguments().filter(|each| each.get_help_heading() == Some(heading));
        for setting in own.map(Setting::of) {
            let Setting {
                variable,
                flag,
                default,
                meaning,
            } = setting;
            writeln!(text, "| {variable} | {flag} | {default} | {meaning} |").unwrap();
        }
    }
    text
}

/// The subcommands, each with its own arguments.
fn subcommands() -> String {
    let mut text = "\n## Subcommands\n\nWithout one it serves.\n".to_owned();
    for command in Arguments::command().get_subcommands() {
        let about = command.get_about().unwrap().to_string();
        writeln!(text, "\n### {}\n\n{about}.", command.get_name()).unwrap();
        let own: Vec<_> = command.get_arguments().collect();
        if !own.is_empty() {
            text.push_str("\n| argument | default | |\n|---|---|---|\n");
        }
        for argument in own {
            let names = argument.get_value_names().unwrap_or_default();
            let value = names.first().map(|name| name.as_str()).unwrap_or_default();
            let shown = match argument.get_long() {
                Some(flag) if argument.get_action().takes_values() => format!("--{flag} {value}"),
                Some(flag) => format!("--{flag}"),
                None => value.to_owned(),
            };
            let defaults = argument.get_default_values().iter();
            let default: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
            let is_switch = !argument.get_action().takes_values();
            let default = if is_switch {
                String::new()
            } else {
                default.join(", ")
            };
            let help = argument.get_help().unwrap().to_string();
            writeln!(text, "| `{shown}` | {default} | {help} |").unwrap();
        }
    }
    text
}

#[test]
fn the_documented_settings_are_the_programs() {
    checked_in::compare("docs/configuration.md", &(settings() + &subcommands()));
}

/// Every tool has its place in docs/tools.md, and nothing else has one.
#[test]
fn the_documented_tools_are_the_tools() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(root.join("docs/tools.md")).unwrap();
    // As `### manage_volume, manage_snapshot`, or with a remark in brackets.
    let headings = written.lines().filter_map(|line| line.strip_prefix("### "));
    let names = headings.flat_map(|heading| heading.split(" (").next().unwrap().split(", "));
    let mut documented: Vec<&str> = names.collect();
    documented.sort_unstable();
    let documents = std::fs::read_dir(root.join("schema/operations")).unwrap();
    let mut tools: Vec<String> = documents
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".graphql").map(str::to_owned))
        .collect();
    tools.sort_unstable();
    assert_eq!(documented, tools);
}
