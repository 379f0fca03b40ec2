//! One entry of `clouds.yaml` made into the keys of one cloud for each of its regions.

use std::collections::BTreeMap;

use super::fields::{Fields, Source};
use super::files::CloudFiles;
use super::tree::Tree;
use crate::{Error, Result};

/// The keys that say who asks. They belong into `auth` and are found beside it too.
const AUTH_KEYS: &[&str] = &[
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
    "auth_token",
    "auth_url",
    "default_domain",
    "default_domain_id",
    "default_domain_name",
    "domain_id",
    "domain_name",
    "password",
    "project_domain_id",
    "project_domain_name",
    "project_id",
    "project_name",
    "system_scope",
    "tenant_id",
    "tenant_name",
    "token",
    "user_domain_id",
    "user_domain_name",
    "user_id",
    "username",
];

/// The other keys that are read.
const ENTRY_KEYS: &[&str] = &[
    "auth_type",
    "cacert",
    "cert",
    "endpoint_type",
    "identity_api_version",
    "insecure",
    "interface",
    "key",
    "region_name",
    "verify",
];

/// Keys that other clients know and that mean nothing here.
const FOREIGN_KEYS: &[&str] = &[
    "api_timeout",
    "auth",
    "cloud",
    "disable_vendor_agent",
    "floating_ip_source",
    "force_ipv4",
    "image_format",
    "message",
    "networks",
    "private",
    "profile",
    "regions",
    "requires_floating_ip",
    "secgroup_source",
    "status",
    "timeout",
    "vendor_hook",
];

const FOREIGN_ENDINGS: &[&str] = &[
    "_api_version",
    "_default_microversion",
    "_endpoint_override",
    "_max_version",
    "_min_version",
    "_service_name",
    "_service_type",
];

/// One region of an entry.
pub(super) struct Described {
    /// The cloud's name: the entry's, and the region's when there are several.
    pub(super) name: String,
    /// What is said about it.
    pub(super) fields: Fields,
}

/// Makes the keys; those nobody knows are added to `unknown`.
///
/// # Errors
/// When the entry has not the shape of one, or names a profile that is not there.
pub(super) fn expand(
    name: &str,
    entry: &Tree,
    files: &CloudFiles,
    unknown: &mut Vec<String>,
) -> Result<Vec<Described>> {
    let place = files.entry_place(name);
    let profile = ["profile", "cloud"]
        .into_iter()
        .find_map(|key| match entry.get(key) {
            Some(Tree::Scalar(profile)) => Some(profile),
            _ => None,
        });
    let entry = match profile {
        Some(profile) => files.profile(profile, name)?.clone().merged(entry.clone()),
        None => entry.clone(),
    };
    let regions = regions(&entry, &place)?;
    let mut described = Vec::new();
    for (region, values) in &regions {
        let entry = entry.clone().merged(values.clone());
        let mut fields = fields(name, &entry, &place, unknown)?;
        fields.insert("region_name", region.clone(), None);
        let name = match regions.len() {
            1 => name.to_owned(),
            _ => format!("{name}/{region}"),
        };
        described.push(Described { name, fields });
    }
    if described.is_empty() {
        let fields = fields(name, &entry, &place, unknown)?;
        let name = name.to_owned();
        described.push(Described { name, fields });
    }
    Ok(described)
}

/// The regions of an entry with what each says differently; `region_name` picks the first.
fn regions(entry: &Tree, place: &str) -> Result<Vec<(String, Tree)>> {
    let list = match entry.get("regions") {
        None | Some(Tree::Null) => return Ok(Vec::new()),
        Some(Tree::List(list)) => list,
        Some(_) => return Err(not_a("regions", place, "a list of names")),
    };
    let mut regions: Vec<(String, Tree)> = Vec::new();
    for region in list {
        let (name, values) = match (region, region.get("name")) {
            (Tree::Scalar(name), _) => (name, Tree::Null),
            (Tree::Map(map), Some(Tree::Scalar(name))) => {
                (name, map.get("values").cloned().unwrap_or(Tree::Null))
            }
            _ => {
                return Err(not_a(
                    "regions",
                    place,
                    "a list of names, or of {name, values}",
                ));
            }
        };
        if regions.iter().any(|(existing, _)| existing == name) {
            return Err(Error::Configuration(format!(
                "`regions` of {place} has `{name}` twice; remove one"
            )));
        }
        regions.push((name.clone(), values));
    }
    if let Some(Tree::Scalar(first)) = entry.get("region_name") {
        let Some(index) = regions.iter().position(|(name, _)| name == first) else {
            return Err(Error::Configuration(format!(
                "`region_name` of {place} is `{first}`, which is not among its `regions`; add it \
                 there or remove one of the keys"
            )));
        };
        regions[..=index].rotate_right(1);
    }
    Ok(regions)
}

fn fields(name: &str, entry: &Tree, place: &str, unknown: &mut Vec<String>) -> Result<Fields> {
    let nothing = BTreeMap::new();
    let map = match entry {
        Tree::Map(map) => map,
        Tree::Null => &nothing,
        _ => {
            return Err(Error::Configuration(format!(
                "{place} is not a mapping; write its `auth` and the rest below it"
            )));
        }
    };
    let auth = match map.get("auth") {
        Some(Tree::Map(auth)) => auth,
        None | Some(Tree::Null) => &nothing,
        Some(_) => return Err(not_a("auth", place, "a mapping")),
    };
    let mut fields = Fields::new(Source::File(place.to_owned()));
    for (written, value) in map {
        let key = written.replace('-', "_");
        let is_foreign = FOREIGN_KEYS.contains(&key.as_str())
            || FOREIGN_ENDINGS.iter().any(|ending| key.ends_with(ending));
        if AUTH_KEYS.contains(&key.as_str())
            || ENTRY_KEYS.contains(&key.as_str())
            || key.ends_with("_endpoint_override")
        {
            insert(&mut fields, &key, written, value, place)?;
        } else if !is_foreign {
            unknown.push(format!("`{name}.{written}`"));
        }
    }
    for (written, value) in auth {
        let key = written.replace('-', "_");
        if AUTH_KEYS.contains(&key.as_str()) {
            insert(&mut fields, &key, &format!("auth.{written}"), value, place)?;
        } else {
            unknown.push(format!("`{name}.auth.{written}`"));
        }
    }
    Ok(fields)
}

fn insert(fields: &mut Fields, key: &str, written: &str, value: &Tree, place: &str) -> Result<()> {
    match value {
        Tree::Scalar(text) => {
            let label = format!("`{written}` of {place}");
            fields.insert(key, text.clone(), Some(label));
            Ok(())
        }
        Tree::Null => Ok(()),
        Tree::List(_) | Tree::Map(_) => Err(not_a(written, place, "a single value")),
    }
}

fn not_a(key: &str, place: &str, expected: &str) -> Error {
    Error::Configuration(format!("`{key}` of {place} is not {expected}"))
}
