//! Every setting with the place it was had from, so that a refusal can name it.
//!
//! Flags and variables meet here under one key; whatever reads them afterwards cannot tell them
//! apart, and so enforces the same thing for both.

use std::collections::BTreeMap;

use super::arguments::Options;
use super::environment::Environment;
use super::{dotenv, variables};
use crate::{Error, Result};

/// The settings that are set or have a default.
pub(super) struct Settings(BTreeMap<&'static str, Setting>);

/// One value.
pub(super) struct Setting {
    /// As it was written.
    pub(super) text: String,
    /// Where it was had from, for messages: `` `--port` ``, `` `FASTMCP_PORT` in .env ``.
    pub(super) label: String,
    is_default: bool,
}

impl Settings {
    /// Flag over environment over `.env` over default.
    pub(super) fn collect(
        options: &Options,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let file = dotenv::read(&environment.directory, warnings)?;
        warn_about_unknown(environment, &file, warnings);
        let settings = variables::all().filter_map(|variable| {
            let given = |text: &str, label: String| Setting {
                text: text.to_owned(),
                label,
                is_default: false,
            };
            let key = variable.key();
            if let Some(text) = options.get(key) {
                return Some((key, given(text, format!("`--{}`", variable.flag))));
            }
            // A setting without a variable is a flag alone.
            if let Some(name) = variable.name {
                if let Some(text) = environment.variables.get(name) {
                    return Some((key, given(text, format!("`{name}`"))));
                }
                if let Some(text) = file.get(name) {
                    return Some((key, given(text, format!("`{name}` in .env"))));
                }
            }
            let text = variable.default?.to_owned();
            let setting = Setting {
                text,
                label: variable.label(),
                is_default: true,
            };
            Some((key, setting))
        });
        Ok(Self(settings.collect()))
    }

    /// A setting that somebody set; a default does not count.
    pub(super) fn given(&self, key: &str) -> Option<&Setting> {
        self.0.get(key).filter(|setting| !setting.is_default)
    }

    /// A setting's value, if it is set, read by `parse`, which says what it expects on failure.
    pub(super) fn optional<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>> {
        let Some(setting) = self.0.get(key) else {
            return Ok(None);
        };
        let is_secret = variables::find(key).is_some_and(variables::Variable::is_secret);
        parse(setting.text.trim())
            .map(Some)
            .map_err(|expected| refuse(&setting.label, &setting.text, is_secret, &expected))
    }

    /// The value of a setting that has a default.
    pub(super) fn required<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        self.optional(key, parse)?
            .ok_or_else(|| Error::Internal(format!("the setting {key} has no default")))
    }

    /// A comma list; empty when the setting is not set.
    pub(super) fn list<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>> {
        let list = self.optional(key, |text| {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            items.map(&parse).collect()
        })?;
        Ok(list.unwrap_or_default())
    }
}

/// The refusal of one value, shown unless it is a secret.
pub(super) fn refuse(label: &str, text: &str, is_secret: bool, expected: &str) -> Error {
    let shown = if is_secret {
        String::new()
    } else {
        format!(" is `{}`, which", text.trim())
    };
    Error::Configuration(format!("{label}{shown} is not {expected}"))
}

/// Reads a switch.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("a switch; use true, 1, yes or on, or false, 0, no or off".to_owned()),
    }
}

fn warn_about_unknown(
    environment: &Environment,
    file: &super::environment::Variables,
    warnings: &mut Vec<String>,
) {
    let mut names: Vec<&str> = environment
        .variables
        .iter()
        .chain(file.iter())
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    let list = |wanted: &dyn Fn(&str) -> bool| {
        let names = names.iter().filter(|name| wanted(name));
        names
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let unknown = list(&|name| name.starts_with("OS_") && variables::find(name).is_none());
    if !unknown.is_empty() {
        warnings.push(format!("unknown variables, ignored: {unknown}"));
    }
}
