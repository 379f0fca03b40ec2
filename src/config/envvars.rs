//! The cloud that `OS_*` variables describe.

use std::net::Ipv6Addr;

use super::cloud_entry::CloudEntry;
use super::entry;
use super::environment::Environment;
use super::fields::{Fields, Source};
use super::settings::Settings;
use super::variables::{self, Role};
use crate::{Error, Result};

/// The name of the entry.
pub(super) const NAME: &str = "envvars";

/// Whether the variables say where Keystone is.
pub(super) fn is_described(settings: &Settings) -> bool {
    settings.given("OS_AUTH_URL").is_some() || settings.given("OS_AUTH_HOST").is_some()
}

/// The labels of the credentials that are set.
pub(super) fn credentials(settings: &Settings) -> Vec<String> {
    labels(settings, |role| matches!(role, Role::Credential(_)))
}

/// The labels of everything else about `envvars` that is set.
pub(super) fn others(settings: &Settings) -> Vec<String> {
    labels(settings, |role| {
        matches!(role, Role::Entry(_) | Role::Port(Some(_)))
    })
}

fn labels(settings: &Settings, wanted: impl Fn(Role) -> bool) -> Vec<String> {
    variables::all()
        .filter(|variable| wanted(variable.role))
        .filter_map(|variable| settings.given(variable.key()))
        .map(|setting| setting.label.clone())
        .collect()
}

/// Makes the entry.
pub(super) fn read(
    settings: &Settings,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<CloudEntry> {
    let mut fields = Fields::new(Source::Variables);
    for variable in variables::all() {
        if let Role::Credential(key) | Role::Entry(key) = variable.role
            && let Some(setting) = settings.given(variable.key())
        {
            fields.insert(key, setting.text.clone(), Some(setting.label.clone()));
        }
    }
    locate_keystone(&mut fields, warnings)?;
    if fields.text("region_name").is_none() {
        fields.insert("region_name", "RegionOne".to_owned(), None);
    }
    let mut cloud = entry::build(NAME.to_owned(), fields, environment, warnings)?;
    read_ports(settings, &mut cloud, warnings)?;
    Ok(cloud)
}

/// Makes `auth_url` out of host, port and scheme, unless it is there.
fn locate_keystone(fields: &mut Fields, warnings: &mut Vec<String>) -> Result<()> {
    let parts = ["auth_host", "auth_port", "auth_protocol"];
    if fields.text("auth_url").is_some() {
        let set = parts.into_iter().filter(|key| fields.text(key).is_some());
        let ignored: Vec<String> = set.map(|key| fields.label(key)).collect();
        if !ignored.is_empty() {
            warnings.push(format!(
                "{} says where Keystone is, ignored: {}",
                fields.label("auth_url"),
                ignored.join(", ")
            ));
        }
        return Ok(());
    }
    let scheme = fields.text("auth_protocol").unwrap_or("http").trim();
    if !matches!(scheme, "http" | "https") {
        return Err(fields.refuse("auth_protocol", "a scheme; use http or https"));
    }
    let port = port(fields.text("auth_port").unwrap_or("5000"))
        .map_err(|expected| fields.refuse("auth_port", &expected))?;
    let host = fields.text("auth_host").unwrap_or_default().trim();
    let host = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    };
    if url::Host::parse(&host).is_err() {
        return Err(fields.refuse(
            "auth_host",
            "a host name or address; a whole URL goes into `OS_AUTH_URL`",
        ));
    }
    let label = fields.label("auth_host");
    fields.insert(
        "auth_url",
        format!("{scheme}://{host}:{port}/v3"),
        Some(label),
    );
    Ok(())
}

fn read_ports(
    settings: &Settings,
    cloud: &mut CloudEntry,
    warnings: &mut Vec<String>,
) -> Result<()> {
    for variable in variables::all() {
        let Role::Port(service) = variable.role else {
            continue;
        };
        let (Some(port), Some(service)) = (settings.optional(variable.key(), port)?, service)
        else {
            continue;
        };
        if cloud.endpoint_overrides.contains_key(&service) {
            warnings.push(format!(
                "the URL set for {service} counts, ignored: {}",
                variable.label()
            ));
            continue;
        }
        cloud.ports.insert(service, port);
    }
    Ok(())
}

fn port(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(0) | Err(_) => Err("a port; use a number from 1 to 65535".to_owned()),
        Ok(port) => Ok(port),
    }
}

/// The refusal of variables that describe a cloud in part.
pub(super) fn refuse_incomplete(credentials: &[String]) -> Error {
    Error::Configuration(format!(
        "{} set without `OS_AUTH_URL`, which says where Keystone is; set that, or choose an entry \
         of clouds.yaml with `OS_CLOUD` and unset the others",
        credentials.join(", ")
    ))
}
