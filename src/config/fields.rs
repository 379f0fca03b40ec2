//! The keys of one entry, whether they come from `clouds.yaml` or from `OS_*` variables.

use std::collections::BTreeMap;

use super::settings;
use super::variables::{self, Role};
use crate::{Error, Result};

/// One entry's values by the keys that `clouds.yaml` has for them. It holds secrets, so it has no
/// `Debug`.
#[derive(Clone)]
pub(super) struct Fields {
    source: Source,
    values: BTreeMap<String, Field>,
}

/// Where an entry is described.
#[derive(Clone)]
pub(super) enum Source {
    /// In variables or flags.
    Variables,
    /// In `clouds.yaml`; the text names the entry and the file.
    File(String),
}

#[derive(Clone)]
struct Field {
    text: String,
    label: Option<String>,
}

impl Fields {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            values: BTreeMap::new(),
        }
    }

    /// Sets a key; `label` names it in messages when the key itself would not.
    pub(super) fn insert(&mut self, key: &str, text: String, label: Option<String>) {
        self.values.insert(key.to_owned(), Field { text, label });
    }

    /// Lets an older word stand for a key.
    ///
    /// # Errors
    /// When both are there and differ.
    pub(super) fn adopt(&mut self, older: &str, key: &str) -> Result<()> {
        let Some(field) = self.values.get(older) else {
            return Ok(());
        };
        match self.text(key) {
            Some(text) if text != field.text => Err(Error::Configuration(format!(
                "{} and {} differ; remove the first",
                self.label(older),
                self.label(key)
            ))),
            Some(_) => Ok(()),
            None => {
                let label = self.label(older);
                let text = field.text.clone();
                self.insert(key, text, Some(label));
                Ok(())
            }
        }
    }

    /// A value; an empty one is none.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .map(|field| field.text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Where a key is, or would be, set.
    pub(super) fn label(&self, key: &str) -> String {
        if let Some(label) = self.values.get(key).and_then(|field| field.label.clone()) {
            return label;
        }
        match &self.source {
            Source::File(place) => format!("`{key}` of {place}"),
            Source::Variables => variables::all()
                .find(|variable| {
                    matches!(variable.role, Role::Credential(name) | Role::Entry(name) if name == key)
                })
                .map_or_else(|| format!("`{key}`"), variables::Variable::label),
        }
    }

    /// A value that has to be there; `why` says what for.
    pub(super) fn needed(&self, key: &str, why: &str) -> Result<&str> {
        self.text(key)
            .ok_or_else(|| Error::Configuration(format!("{} is missing: {why}", self.label(key))))
    }

    /// The refusal of a value, which is shown; not for secrets.
    pub(super) fn refuse(&self, key: &str, expected: &str) -> Error {
        let text = self.text(key).unwrap_or_default();
        // A URL may carry a password.
        settings::refuse(&self.label(key), text, text.contains('@'), expected)
    }

    /// A switch.
    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        settings::boolean(text.trim())
            .map(Some)
            .map_err(|expected| self.refuse(key, &expected))
    }
}
