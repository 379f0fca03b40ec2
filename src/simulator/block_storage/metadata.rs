//! Metadata of volumes and snapshots, changed.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::write::{Noun, Writer};
use super::{bad_request, not_found};
use crate::reply::{Answer, Reply};
use crate::world::id::read_uuid;

impl Writer<'_> {
    fn metadata_of(
        &mut self,
        noun: Noun,
        id: &str,
    ) -> Result<&mut BTreeMap<String, String>, Reply> {
        // Who may not see it finds nothing to change.
        match noun {
            Noun::Volume => self.subject().known_volume(id).map(|_| ())?,
            Noun::Snapshot => self.subject().known_snapshot(id).map(|_| ())?,
        }
        let storage = self.storage_mut();
        let found = read_uuid(id).and_then(|id| match noun {
            Noun::Volume => storage.volumes.get_mut(&id).map(|row| &mut row.metadata),
            Noun::Snapshot => storage.snapshots.get_mut(&id).map(|row| &mut row.metadata),
        });
        found.ok_or_else(|| not_found("The resource could not be found."))
    }

    pub(super) fn metadata(&mut self, noun: Noun, id: &str, replaces: bool) -> Answer {
        let body = self.body("metadata")?;
        let given = pairs(&body["metadata"]);
        let metadata = self.metadata_of(noun, id)?;
        if replaces {
            metadata.clear();
        }
        metadata.extend(given);
        Ok(Reply::ok(&json!({"metadata": metadata})))
    }

    pub(super) fn metadatum(&mut self, noun: Noun, id: &str, key: &str) -> Answer {
        let body = self.body("meta")?;
        let given = pairs(&body["meta"]);
        if !given.contains_key(key) {
            return Err(bad_request("Request body and URI mismatch"));
        }
        let metadata = self.metadata_of(noun, id)?;
        metadata.extend(given);
        Ok(Reply::ok(&json!({"meta": body["meta"]})))
    }

    pub(super) fn metadatum_delete(&mut self, noun: Noun, id: &str, key: &str) -> Answer {
        let metadata = self.metadata_of(noun, id)?;
        if metadata.remove(key).is_none() {
            let noun = match noun {
                Noun::Volume => "Volume",
                Noun::Snapshot => "Snapshot",
            };
            return Err(not_found(&format!(
                "{noun} {id} has no metadata with key {key}."
            )));
        }
        Ok(Reply::of(
            StatusCode::OK,
            "text/html; charset=UTF-8",
            [][..].into(),
        ))
    }
}

/// The pairs of an object of texts.
pub(super) fn pairs(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}
