//! What is done to volumes.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Microversion, Service, Written};

/// 3.42 extends volumes that are attached; the rest is older.
const WRITE: Microversion = Microversion(3, 65);

/// What a volume is told to do: `POST /volumes/{id}/action`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeAct {
    /// Grows to this size, in GiB.
    Extend {
        /// The size.
        size_gib: i64,
    },
    /// Gets another type.
    Retype {
        /// The type's id.
        type_id: String,
        /// Whether its data may be moved for it.
        may_migrate: bool,
    },
    /// A server can boot from it, or not.
    SetBootable {
        /// Whether.
        is_bootable: bool,
    },
}

impl VolumeAct {
    fn body(&self) -> Value {
        match self {
            Self::Extend { size_gib } => json!({"os-extend": {"new_size": size_gib}}),
            Self::Retype {
                type_id,
                may_migrate,
            } => {
                let policy = if *may_migrate { "on-demand" } else { "never" };
                json!({"os-retype": {"new_type": type_id, "migration_policy": policy}})
            }
            Self::SetBootable { is_bootable } => {
                json!({"os-set_bootable": {"bootable": is_bootable}})
            }
        }
    }
}

/// A volume to be made: `POST /volumes`.
#[derive(Clone, Debug, Default)]
pub struct NewVolume {
    /// The display name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The size, in GiB; that of what it is made of unless given.
    pub size_gib: Option<i64>,
    /// What it is made of.
    pub source: Option<VolumeSource>,
    /// Its type's id; the default type unless given.
    pub type_id: Option<String>,
    /// Where it may be attached.
    pub availability_zone: Option<String>,
    /// What is noted of it.
    pub metadata: Vec<(String, String)>,
}

/// What a volume is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeSource {
    /// Of an image, by its id.
    Image(String),
    /// Of a snapshot, by its id.
    Snapshot(String),
    /// Of another volume, by its id.
    Volume(String),
}

impl NewVolume {
    fn body(&self) -> Value {
        let mut volume = Map::new();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                volume.insert(name.to_owned(), value);
            }
        };
        set("name", json!(self.name));
        set("description", json!(self.description));
        set("size", json!(self.size_gib));
        match &self.source {
            Some(VolumeSource::Image(id)) => set("imageRef", json!(id)),
            Some(VolumeSource::Snapshot(id)) => set("snapshot_id", json!(id)),
            Some(VolumeSource::Volume(id)) => set("source_volid", json!(id)),
            None => {}
        }
        set("volume_type", json!(self.type_id));
        set("availability_zone", json!(self.availability_zone));
        if !self.metadata.is_empty() {
            set("metadata", object(&self.metadata));
        }
        json!({ "volume": volume })
    }
}

/// What of the record of a volume, or of a snapshot, is to be changed.
#[derive(Clone, Debug, Default)]
pub struct RecordChange {
    /// The new display name.
    pub name: Option<String>,
    /// The new free text.
    pub description: Option<String>,
    /// All that is to be noted of it; volumes only.
    pub metadata: Option<Vec<(String, String)>>,
}

impl RecordChange {
    pub(super) fn body(&self) -> Value {
        let mut record = Map::new();
        if let Some(name) = &self.name {
            record.insert("name".to_owned(), json!(name));
        }
        if let Some(description) = &self.description {
            record.insert("description".to_owned(), json!(description));
        }
        if let Some(metadata) = &self.metadata {
            record.insert("metadata".to_owned(), object(metadata));
        }
        Value::Object(record)
    }
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
}

impl Cloud {
    /// Makes a volume; answers with its id. `POST /volumes`.
    pub async fn create_volume(&self, volume: &NewVolume) -> Result<(String, Written)> {
        let call = change(Method::POST, "/volumes", Some(volume.body()));
        let written = self.write(call).await?;
        let created: Created = written.read("volume")?;
        Ok((created.id, written))
    }

    /// Tells a volume to do something. `POST /volumes/{id}/action`.
    pub async fn act_on_volume(&self, id: &str, act: &VolumeAct) -> Result<Written> {
        let path = format!("/volumes/{}/action", escape(id));
        self.write(change(Method::POST, &path, Some(act.body())))
            .await
    }

    /// Changes a volume's record. `PUT /volumes/{id}`.
    pub async fn update_volume(&self, id: &str, change_of: &RecordChange) -> Result<Written> {
        let path = format!("/volumes/{}", escape(id));
        let body = json!({"volume": change_of.body()});
        self.write(change(Method::PUT, &path, Some(body))).await
    }

    /// Deletes a volume, with its snapshots when that is wanted. `DELETE /volumes/{id}`.
    pub async fn delete_volume(&self, id: &str, with_snapshots: bool) -> Result<Written> {
        let path = format!("/volumes/{}", escape(id));
        let mut call = change(Method::DELETE, &path, None);
        if with_snapshots {
            call.query = vec![("cascade".into(), "true".to_owned())];
        }
        self.write(call).await
    }
}

/// Notes as the object that Cinder wants.
pub(super) fn object(metadata: &[(String, String)]) -> Value {
    let pairs = metadata.iter();
    Value::Object(
        pairs
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect(),
    )
}

fn change(method: Method, path: &str, body: Option<Value>) -> Call<'_> {
    let mut call = Call::change(Service::BlockStorage, method, path, body);
    call.microversion = Some(WRITE);
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_of_something_says_of_what_and_nothing_that_was_not_given() {
        let volume = NewVolume {
            source: Some(VolumeSource::Snapshot("s".to_owned())),
            ..NewVolume::default()
        };
        assert_eq!(volume.body(), json!({"volume": {"snapshot_id": "s"}}));
        let volume = NewVolume {
            name: Some("data".to_owned()),
            size_gib: Some(2),
            metadata: vec![("k".to_owned(), "v".to_owned())],
            ..NewVolume::default()
        };
        assert_eq!(
            volume.body(),
            json!({"volume": {"name": "data", "size": 2, "metadata": {"k": "v"}}})
        );
    }

    #[test]
    fn data_are_moved_only_where_that_is_allowed() {
        let retype = |may_migrate| VolumeAct::Retype {
            type_id: "t".to_owned(),
            may_migrate,
        };
        assert_eq!(
            retype(false).body()["os-retype"]["migration_policy"],
            "never"
        );
        assert_eq!(
            retype(true).body()["os-retype"]["migration_policy"],
            "on-demand"
        );
    }
}
