//! What is done to images.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cloud::collection::escape;
use crate::cloud::request::{Call, Upload};
use crate::cloud::{Cloud, Keep, Service, Written};
use crate::{Error, Result};

/// What an upload may take, whatever the operation has for the rest.
const UPLOAD: Duration = Duration::from_secs(3600);
/// The only form of changes that Glance takes.
const PATCH: &str = "application/openstack-images-v2.1-json-patch";

/// Names of an image's own; no custom property has one of these.
pub const OWN_NAMES: &[&str] = &[
    "checksum",
    "container_format",
    "created_at",
    "direct_url",
    "disk_format",
    "file",
    "id",
    "locations",
    "min_disk",
    "min_ram",
    "name",
    "os_hash_algo",
    "os_hash_value",
    "os_hidden",
    "owner",
    "protected",
    "schema",
    "self",
    "size",
    "status",
    "stores",
    "tags",
    "updated_at",
    "virtual_size",
    "visibility",
];

/// An image's record to be made: `POST /images`.
#[derive(Clone, Debug, Default)]
pub struct NewImage {
    /// The name.
    pub name: String,
    /// What the data are: `qcow2`.
    pub disk_format: String,
    /// What they are packed in: `bare`.
    pub container_format: String,
    /// Who may see it; Glance decides unless given.
    pub visibility: Option<&'static str>,
    /// Least root disk, in GiB.
    pub min_disk_gib: Option<i64>,
    /// Least memory, in MiB.
    pub min_ram_mib: Option<i64>,
    /// Whether it cannot be deleted.
    pub is_protected: Option<bool>,
    /// Whether lists leave it out.
    pub is_hidden: Option<bool>,
    /// Tags.
    pub tags: Vec<String>,
    /// Custom properties.
    pub properties: Vec<(String, String)>,
}

impl NewImage {
    fn body(&self) -> Value {
        let properties = self.properties.iter();
        let mut image: Map<String, Value> = properties
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                image.insert(name.to_owned(), value);
            }
        };
        set("name", json!(self.name));
        set("disk_format", json!(self.disk_format));
        set("container_format", json!(self.container_format));
        set("visibility", json!(self.visibility));
        set("min_disk", json!(self.min_disk_gib));
        set("min_ram", json!(self.min_ram_mib));
        set("protected", json!(self.is_protected));
        set("os_hidden", json!(self.is_hidden));
        if !self.tags.is_empty() {
            set("tags", json!(self.tags));
        }
        Value::Object(image)
    }
}

/// What of an image is to be changed: `PATCH /images/{id}`.
#[derive(Clone, Debug, Default)]
pub struct ImageChange {
    /// The new name.
    pub name: Option<String>,
    /// Who may see it from now on.
    pub visibility: Option<&'static str>,
    /// Least root disk, in GiB.
    pub min_disk_gib: Option<i64>,
    /// Least memory, in MiB.
    pub min_ram_mib: Option<i64>,
    /// Whether it cannot be deleted.
    pub is_protected: Option<bool>,
    /// Whether lists leave it out.
    pub is_hidden: Option<bool>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
    /// Custom properties that it gets, and whether it has them already.
    pub properties: Vec<(String, String, bool)>,
    /// Custom properties that it loses.
    pub removed: Vec<String>,
}

impl ImageChange {
    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations().is_empty()
    }

    fn operations(&self) -> Vec<Value> {
        let mut operations = Vec::new();
        let mut operate = |op: &str, name: &str, value: Value| {
            if !value.is_null() {
                let path = pointer(name);
                operations.push(json!({"op": op, "path": path, "value": value}));
            }
        };
        operate("replace", "name", json!(self.name));
        operate("replace", "visibility", json!(self.visibility));
        operate("replace", "min_disk", json!(self.min_disk_gib));
        operate("replace", "min_ram", json!(self.min_ram_mib));
        operate("replace", "protected", json!(self.is_protected));
        operate("replace", "os_hidden", json!(self.is_hidden));
        operate("replace", "tags", json!(self.tags));
        for (name, value, is_there) in &self.properties {
            let op = if *is_there { "replace" } else { "add" };
            operate(op, name, json!(value));
        }
        let removed = self.removed.iter();
        let removed = removed.map(|name| json!({"op": "remove", "path": pointer(name)}));
        operations.extend(removed);
        operations
    }
}

/// A name as JSON Pointer writes it.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// What came of an import.
#[derive(Debug, Deserialize)]
pub struct ImageTask {
    /// `failure` when it went wrong.
    #[serde(default)]
    pub status: String,
    /// Why.
    pub message: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
}

impl Cloud {
    /// Makes an image without data; answers with its id. `POST /images`.
    pub async fn create_image(&self, image: &NewImage) -> Result<(String, Written)> {
        let call = change(Method::POST, "/images", Some(image.body()));
        let written = self.write(call).await?;
        let id = written.read("id")?;
        Ok((id, written))
    }

    /// Lets Glance fetch an image's data. `POST /images/{id}/import`, method `web-download`.
    pub async fn import_image(&self, id: &str, url: &str) -> Result<Written> {
        let path = format!("/images/{}/import", escape(id));
        let body = json!({"method": {"name": "web-download", "uri": url}});
        self.write(change(Method::POST, &path, Some(body))).await
    }

    /// What became of an image's imports. `GET /images/{id}/tasks`.
    pub async fn list_image_tasks(&self, id: &str) -> Result<Arc<Vec<ImageTask>>> {
        let path = format!("/images/{}/tasks", escape(id));
        self.get_key(Service::Image, &path, "tasks", &[], None, Keep::Never)
            .await
    }

    /// Writes a file's bytes as an image's data, piece by piece. `PUT /images/{id}/file`.
    pub async fn upload_image(&self, id: &str, file: File, size_bytes: u64) -> Result<Written> {
        let path = format!("/images/{}/file", escape(id));
        let mut call = change(Method::PUT, &path, None);
        call.content_type = "application/octet-stream";
        call.upload = Some(Upload::new(file, size_bytes));
        self.operation().extend(UPLOAD);
        self.write(call).await.map_err(explained)
    }

    /// Changes an image's record. `PATCH /images/{id}`.
    pub async fn update_image(&self, id: &str, of: &ImageChange) -> Result<Written> {
        let path = format!("/images/{}", escape(id));
        let body = Value::Array(of.operations());
        let mut call = change(Method::PATCH, &path, Some(body));
        call.content_type = PATCH;
        self.write(call).await
    }

    /// Deletes an image. `DELETE /images/{id}`.
    pub async fn delete_image(&self, id: &str) -> Result<Written> {
        let path = format!("/images/{}", escape(id));
        self.write(change(Method::DELETE, &path, None)).await
    }

    /// Shares an image with a project. `POST /images/{id}/members`.
    pub async fn add_image_member(&self, id: &str, project_id: &str) -> Result<Written> {
        let path = format!("/images/{}/members", escape(id));
        let body = json!({"member": project_id});
        self.write(change(Method::POST, &path, Some(body))).await
    }

    /// Shares an image with a project no longer. `DELETE /images/{id}/members/{project}`.
    pub async fn remove_image_member(&self, id: &str, project_id: &str) -> Result<Written> {
        let path = format!("/images/{}/members/{}", escape(id), escape(project_id));
        self.write(change(Method::DELETE, &path, None)).await
    }
}

/// Since 2025.1 Glance looks at the data, and its words for what it does not like are those for a
/// wrong type of body.
fn explained(mut error: Error) -> Error {
    if let Error::Upstream(upstream) = &mut error
        && upstream.status == 415
    {
        upstream
            .message
            .push_str(" (Glance answers so when the data are not of the image's disk format)");
    }
    error
}

fn change(method: Method, path: &str, body: Option<Value>) -> Call<'_> {
    Call::change(Service::Image, method, path, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visibility_is_written_only_when_it_is_given() {
        let mut image = NewImage {
            name: "cirros".to_owned(),
            disk_format: "qcow2".to_owned(),
            container_format: "bare".to_owned(),
            ..NewImage::default()
        };
        assert_eq!(
            image.body(),
            json!({"name": "cirros", "disk_format": "qcow2", "container_format": "bare"})
        );
        image.visibility = Some("public");
        assert_eq!(image.body()["visibility"], "public");
    }

    #[test]
    fn a_change_is_a_patch_of_what_was_given() {
        let change = ImageChange {
            name: Some("new".to_owned()),
            properties: vec![
                ("os_distro".to_owned(), "debian".to_owned(), true),
                ("a/b".to_owned(), "c".to_owned(), false),
            ],
            removed: vec!["old~".to_owned()],
            ..ImageChange::default()
        };
        assert_eq!(
            Value::Array(change.operations()),
            json!([
                {"op": "replace", "path": "/name", "value": "new"},
                {"op": "replace", "path": "/os_distro", "value": "debian"},
                {"op": "add", "path": "/a~1b", "value": "c"},
                {"op": "remove", "path": "/old~0"},
            ])
        );
        assert!(ImageChange::default().is_empty());
    }
}
