//! `clouds.yaml`, `secure.yaml` and `clouds-public.yaml`, found where openstacksdk finds them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::settings::Settings;
use super::tree::Tree;
use crate::{Error, Result};

/// What the files say.
pub(super) struct CloudFiles {
    /// The file that messages name.
    pub(super) place: String,
    /// The entries, secrets merged in.
    pub(super) clouds: BTreeMap<String, Tree>,
    profiles: BTreeMap<String, Tree>,
}

impl CloudFiles {
    /// Reads the files; without any there are no entries.
    pub(super) fn read(
        settings: &Settings,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let mut read = |variable, stem| {
            let named = settings.given(variable);
            match named {
                Some(setting) => read_named(&setting.label, &environment.path(&setting.text)),
                None => read_first(environment, stem, warnings),
            }
        };
        let plain = read("OS_CLIENT_CONFIG_FILE", "clouds")?;
        let secure = read("OS_CLIENT_SECURE_FILE", "secure")?;
        let public = read("OS_CLIENT_VENDOR_FILE", "clouds-public")?;
        let place = plain.as_ref().or(secure.as_ref()).map_or_else(
            || "clouds.yaml".to_owned(),
            |file| format!("`{}`", file.path.display()),
        );
        let mut clouds = Tree::Map(BTreeMap::new());
        for file in [plain, secure].into_iter().flatten() {
            clouds = clouds.merged(Tree::Map(file.entries("clouds")?));
        }
        let profiles = match public {
            Some(file) => file.entries("public-clouds")?,
            None => BTreeMap::new(),
        };
        let clouds = match clouds {
            Tree::Map(clouds) => clouds,
            _ => BTreeMap::new(),
        };
        Ok(Self {
            place,
            clouds,
            profiles,
        })
    }

    /// What a text says that is in no file.
    pub(super) fn of_text(text: &str) -> Result<Self> {
        let path = Path::new("clouds.yaml");
        Ok(Self {
            place: path.display().to_string(),
            clouds: parse(path, text)?.entries("clouds")?,
            profiles: BTreeMap::new(),
        })
    }

    /// How messages name an entry.
    pub(super) fn entry_place(&self, name: &str) -> String {
        format!("cloud `{name}` in {}", self.place)
    }

    /// The shared description that an entry builds upon.
    pub(super) fn profile(&self, profile: &str, entry: &str) -> Result<&Tree> {
        self.profiles.get(profile).ok_or_else(|| {
            Error::Configuration(format!(
                "profile `{profile}` of {} is in no clouds-public.yaml; describe it there under \
                 `public-clouds`, or write its `auth_url` into the entry",
                self.entry_place(entry)
            ))
        })
    }
}

struct File {
    path: PathBuf,
    tree: Tree,
}

impl File {
    /// The mapping under a top-level key.
    fn entries(self, key: &str) -> Result<BTreeMap<String, Tree>> {
        let refuse = |what: &str| {
            Err(Error::Configuration(format!(
                "`{}`: {what} is not a mapping",
                self.path.display()
            )))
        };
        let Tree::Map(mut document) = self.tree else {
            return match self.tree {
                Tree::Null => Ok(BTreeMap::new()),
                _ => refuse("the document"),
            };
        };
        match document.remove(key) {
            Some(Tree::Map(entries)) => Ok(entries),
            None | Some(Tree::Null) => Ok(BTreeMap::new()),
            Some(_) => refuse(&format!("`{key}`")),
        }
    }
}

fn read_named(label: &str, path: &Path) -> Result<Option<File>> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text).map(Some),
        Err(error) => Err(Error::Configuration(format!(
            "{label}: `{}` cannot be read ({error})",
            path.display()
        ))),
    }
}

fn read_first(
    environment: &Environment,
    stem: &str,
    warnings: &mut Vec<String>,
) -> Result<Option<File>> {
    for directory in environment.cloud_directories() {
        for ending in ["yaml", "yml", "json"] {
            let path = directory.join(format!("{stem}.{ending}"));
            match std::fs::read_to_string(&path) {
                Ok(text) => return parse(&path, &text).map(Some),
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    // As openstacksdk: it may be somebody else's, and the next one ours.
                    warnings.push(format!("`{}` is left out: {error}", path.display()));
                }
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    return Err(Error::Configuration(format!(
                        "`{}` is not UTF-8; save it as UTF-8",
                        path.display()
                    )));
                }
                Err(_) => {}
            }
        }
    }
    Ok(None)
}

fn parse(path: &Path, text: &str) -> Result<File> {
    let tree = Tree::parse(text).map_err(|reason| {
        Error::Configuration(format!("`{}` is not valid: {reason}", path.display()))
    })?;
    Ok(File {
        path: path.to_owned(),
        tree,
    })
}
