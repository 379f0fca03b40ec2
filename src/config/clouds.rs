//! Which clouds there are, and which of them is the default.

use super::cloud_entry::CloudEntry;
use super::environment::Environment;
use super::expand::{Described, expand};
use super::files::CloudFiles;
use super::settings::Settings;
use super::{entry, envvars};
use crate::{Error, Result};

/// Every cloud that can be used, the default first.
///
/// # Errors
/// When there is no default, or several could be it, or it cannot be used. Any other cloud that
/// cannot be used is left out with a warning.
pub(super) fn read(
    settings: &Settings,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Vec<CloudEntry>> {
    let files = CloudFiles::read(settings, environment, warnings)?;
    let choice = choose(settings, &files, warnings)?;
    let variables = match choice {
        Choice::Variables => Some(envvars::read(settings, environment, warnings)?),
        Choice::Entry { .. } => None,
    };
    all(choice, variables, &files, environment, warnings)
}

/// Every cloud that a text describes.
///
/// # Errors
/// When the text does not describe the default, or something that cannot be used.
pub(super) fn of_text(
    text: &str,
    default: &str,
    environment: &Environment,
) -> Result<Vec<CloudEntry>> {
    let files = CloudFiles::of_text(text)?;
    let choice = Choice::Entry {
        entry: default.to_owned(),
        cloud: default.to_owned(),
    };
    let mut warnings = Vec::new();
    let clouds = all(choice, None, &files, environment, &mut warnings)?;
    match warnings.into_iter().next() {
        None if !clouds.is_empty() => Ok(clouds),
        None => Err(Error::Configuration(format!("it describes no `{default}`"))),
        Some(warning) => Err(Error::Configuration(warning)),
    }
}

fn all(
    choice: Choice,
    variables: Option<CloudEntry>,
    files: &CloudFiles,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Vec<CloudEntry>> {
    let mut unknown = Vec::new();
    let mut clouds: Vec<CloudEntry> = variables.into_iter().collect();
    let default_entry = match choice {
        Choice::Variables => None,
        Choice::Entry { entry, cloud } => {
            let described = describe(&entry, files, &mut unknown)?;
            let described = first(described, &cloud, files)?;
            add_default(described, environment, &mut clouds, warnings)?;
            Some(entry)
        }
    };
    for name in files.clouds.keys() {
        if default_entry.as_ref() == Some(name) {
            continue;
        }
        match describe(name, files, &mut unknown) {
            Ok(described) => add_usable(described, environment, &mut clouds, warnings),
            Err(error) => warnings.push(format!("cloud `{name}` is left out: {error}")),
        }
    }
    if !unknown.is_empty() {
        unknown.sort_unstable();
        unknown.dedup();
        warnings.push(format!(
            "unknown keys in {}, ignored: {}",
            files.place,
            unknown.join(", ")
        ));
    }
    refuse_same_names(&clouds, files)?;
    Ok(clouds)
}

enum Choice {
    /// The cloud that the variables describe.
    Variables,
    /// An entry of clouds.yaml, and the cloud of it that is meant.
    Entry { entry: String, cloud: String },
}

fn choose(settings: &Settings, files: &CloudFiles, warnings: &mut Vec<String>) -> Result<Choice> {
    let is_described = envvars::is_described(settings);
    if is_described && files.clouds.contains_key(envvars::NAME) {
        return Err(Error::Configuration(format!(
            "{} has the name that the cloud of the OS_* variables has; rename the entry, or unset \
             `OS_AUTH_URL` and `OS_AUTH_HOST`",
            files.entry_place(envvars::NAME)
        )));
    }
    if let Some(wanted) = settings.given("OS_CLOUD")
        && !(is_described && wanted.text == envvars::NAME)
    {
        return choose_named(&wanted.text, &wanted.label, settings, files, warnings);
    }
    if is_described {
        return Ok(Choice::Variables);
    }
    let credentials = envvars::credentials(settings);
    if !credentials.is_empty() {
        return Err(envvars::refuse_incomplete(&credentials));
    }
    warn_of_unused(settings, warnings);
    let mut names = files.clouds.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(Choice::Entry {
            entry: only.clone(),
            cloud: only.clone(),
        }),
        (None, _) => Err(Error::Configuration(
            "no cloud is configured; set `OS_AUTH_URL`, `OS_USERNAME`, `OS_PASSWORD` and \
             `OS_PROJECT_NAME`, or describe one in ./clouds.yaml or \
             ~/.config/openstack/clouds.yaml"
                .to_owned(),
        )),
        _ => Err(Error::Configuration(format!(
            "{} describes several clouds; choose the default with `OS_CLOUD` (`--os-cloud`): {}",
            files.place,
            names_of(files)
        ))),
    }
}

fn choose_named(
    wanted: &str,
    label: &str,
    settings: &Settings,
    files: &CloudFiles,
    warnings: &mut Vec<String>,
) -> Result<Choice> {
    let credentials = envvars::credentials(settings);
    if !credentials.is_empty() {
        return Err(Error::Configuration(format!(
            "{label} chooses an entry of clouds.yaml, which is used whole; unset {}, or unset \
             {label}",
            credentials.join(", ")
        )));
    }
    warn_of_unused(settings, warnings);
    let is_meant = |name: &&String| {
        let rest = wanted.strip_prefix(name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // The longest, as an entry's own name may hold a slash.
    let entry = files
        .clouds
        .keys()
        .filter(is_meant)
        .max_by_key(|name| name.len());
    match entry {
        Some(entry) => Ok(Choice::Entry {
            entry: entry.clone(),
            cloud: wanted.to_owned(),
        }),
        None if files.clouds.is_empty() => Err(Error::Configuration(format!(
            "{label} is `{wanted}`, but no clouds.yaml describes a cloud; write one in \
             ~/.config/openstack or name it with `OS_CLIENT_CONFIG_FILE`"
        ))),
        None => Err(Error::Configuration(format!(
            "{label} is `{wanted}`, which {} does not describe; it has {}",
            files.place,
            names_of(files)
        ))),
    }
}

fn warn_of_unused(settings: &Settings, warnings: &mut Vec<String>) {
    let unused = envvars::others(settings);
    if !unused.is_empty() {
        warnings.push(format!(
            "an entry of clouds.yaml is used whole (a region of it as OS_CLOUD=name/region), \
             ignored: {}",
            unused.join(", ")
        ));
    }
}

fn names_of(files: &CloudFiles) -> String {
    let names = files.clouds.keys().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}

fn describe(name: &str, files: &CloudFiles, unknown: &mut Vec<String>) -> Result<Vec<Described>> {
    match files.clouds.get(name) {
        Some(tree) => expand(name, tree, files, unknown),
        None => Ok(Vec::new()),
    }
}

/// Brings the cloud that is meant to the front; an entry's own name means its first region.
fn first(mut described: Vec<Described>, cloud: &str, files: &CloudFiles) -> Result<Vec<Described>> {
    if let Some(index) = described.iter().position(|each| each.name == cloud) {
        described[..=index].rotate_right(1);
        return Ok(described);
    }
    if files.clouds.contains_key(cloud) {
        return Ok(described);
    }
    let names: Vec<String> = described
        .iter()
        .map(|each| format!("`{}`", each.name))
        .collect();
    Err(Error::Configuration(format!(
        "`OS_CLOUD` is `{cloud}`, which {} does not describe; it has {}",
        files.place,
        names.join(", ")
    )))
}

fn add_default(
    described: Vec<Described>,
    environment: &Environment,
    clouds: &mut Vec<CloudEntry>,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let mut described = described.into_iter();
    if let Some(default) = described.next() {
        let cloud = entry::build(default.name, default.fields, environment, warnings)?;
        clouds.push(cloud);
    }
    add_usable(described.collect(), environment, clouds, warnings);
    Ok(())
}

fn add_usable(
    described: Vec<Described>,
    environment: &Environment,
    clouds: &mut Vec<CloudEntry>,
    warnings: &mut Vec<String>,
) {
    for Described { name, fields } in described {
        match entry::build(name.clone(), fields, environment, warnings) {
            Ok(cloud) => clouds.push(cloud),
            Err(error) => warnings.push(format!("cloud `{name}` is left out: {error}")),
        }
    }
}

fn refuse_same_names(clouds: &[CloudEntry], files: &CloudFiles) -> Result<()> {
    let mut names: Vec<&str> = clouds.iter().map(|cloud| cloud.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::Configuration(format!(
            "two clouds in {} would be named `{}`; rename one of the entries",
            files.place, pair[0]
        ))),
        None => Ok(()),
    }
}
