//! Glance: images and whom they are shared with.

mod write;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use write::{ImageChange, ImageTask, NewImage, OWN_NAMES};

use super::collection::{Collection, Paging, Row, escape};
use super::{Cloud, Keep, Parameter, Service};
use crate::Result;
use crate::cloud::Text;

/// All images but hidden ones, which Glance lists only by themselves: `os_hidden=true`.
///
/// Without `visibility` it leaves out the community's images of others, without `limit` all but
/// 25.
pub const IMAGES: &Collection<Image> = &Collection {
    item: Some(("/images", "")),
    paging: Paging::Marker(1000),
    always: &[("visibility", "all")],
    ..Collection::new(Service::Image, "/images", "images")
};

/// Ids in a call: 37 bytes each.
const IDS_IN_A_CALL: usize = 150;

/// An image as Glance lists it. Its locations are never read: they may hold credentials.
#[derive(Debug, Deserialize)]
pub struct Image {
    /// Glance's id.
    pub id: Text,
    /// Chosen by users; not unique.
    pub name: Option<Text>,
    /// `active`, `queued`, …
    #[serde(default)]
    pub status: Text,
    /// `public`, `private`, `shared` or `community`.
    #[serde(default)]
    pub visibility: Text,
    /// Size of the data, in bytes; none before there are any.
    pub size: Option<i64>,
    /// Size as a disk, in bytes.
    pub virtual_size: Option<i64>,
    /// `qcow2`, `raw`, …
    pub disk_format: Option<Text>,
    /// `bare`, …
    pub container_format: Option<Text>,
    /// Least root disk, in GiB.
    pub min_disk: Option<i64>,
    /// Least memory, in MiB.
    pub min_ram: Option<i64>,
    /// The project it belongs to.
    pub owner: Option<Text>,
    /// Whether it cannot be deleted.
    pub protected: Option<bool>,
    /// Whether lists leave it out.
    pub os_hidden: Option<bool>,
    /// MD5 of the data.
    pub checksum: Option<Text>,
    /// The algorithm of the better hash.
    pub os_hash_algo: Option<Text>,
    /// The better hash.
    pub os_hash_value: Option<Text>,
    /// What users tagged.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Where the data are, by name and separated by commas; with several stores only.
    pub stores: Option<Text>,
    /// When it was made.
    pub created_at: Option<Text>,
    /// When it was last changed.
    pub updated_at: Option<Text>,
    /// What else was set, which stands beside the rest.
    #[serde(flatten, deserialize_with = "properties")]
    pub properties: BTreeMap<String, Value>,
}

impl Row for Image {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Image {
    /// A custom property, if it is a text that says something.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        let text = self.properties.get(name)?.as_str()?;
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Keys of an image that are neither its own nor custom: links, and where the data are, with
/// whatever credential that takes.
const NO_PROPERTIES: [&str; 5] = ["direct_url", "file", "locations", "schema", "self"];

fn properties<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Value>, D::Error> {
    let mut properties = BTreeMap::<String, Value>::deserialize(deserializer)?;
    properties.retain(|name, value| !NO_PROPERTIES.contains(&name.as_str()) && !value.is_null());
    Ok(properties)
}

/// A project that an image is shared with.
#[derive(Debug, Deserialize)]
pub struct ImageMember {
    /// The project.
    pub member_id: Text,
    /// The image.
    pub image_id: Text,
    /// `pending`, `accepted` or `rejected`.
    #[serde(default)]
    pub status: Text,
    /// When it was shared.
    pub created_at: Option<Text>,
    /// When the project last answered.
    pub updated_at: Option<Text>,
}

impl Cloud {
    /// Images by their ids: hidden ones and those whose sharing nobody accepted, too.
    pub async fn list_images_by_ids(&self, ids: &[String]) -> Result<HashMap<String, Arc<Image>>> {
        let mut found = self.listed_images(ids, "false").await?;
        let missed: Vec<String> = ids
            .iter()
            .filter(|id| !found.contains_key(*id))
            .cloned()
            .collect();
        if !missed.is_empty() {
            found.extend(self.listed_images(&missed, "true").await?);
        }
        Ok(found)
    }

    async fn listed_images(
        &self,
        ids: &[String],
        hidden: &str,
    ) -> Result<HashMap<String, Arc<Image>>> {
        let fetch = |ids: &[String]| -> BoxFuture<'_, _> {
            let filter: [Parameter; 3] = [
                ("id".into(), format!("in:{}", ids.join(","))),
                ("os_hidden".into(), hidden.to_owned()),
                ("member_status".into(), "all".to_owned()),
            ];
            Box::pin(async move { self.list(IMAGES, &filter).await })
        };
        let lists = self.in_chunks(Service::Image, IDS_IN_A_CALL, ids, fetch);
        let lists = lists.await?;
        let rows = lists.iter().flat_map(|list| list.iter());
        Ok(rows
            .map(|row| (row.id.to_string(), Arc::clone(row)))
            .collect())
    }

    /// Whom an image is shared with; refused unless it is one that is shared.
    pub async fn list_image_members(&self, image: &str) -> Result<Arc<Vec<Arc<ImageMember>>>> {
        let path = format!("/images/{}/members", escape(image));
        self.get_key(Service::Image, &path, "members", &[], None, Keep::Rows)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_what_is_left_without_places_and_links() {
        let body = r#"{"id": "i", "name": null, "status": "queued", "size": null, "tags": [],
            "self": "/v2/images/i", "file": "/v2/images/i/file", "schema": "/v2/schemas/image",
            "direct_url": "swift+https://user:secret@host/i",
            "locations": [{"url": "swift+https://user:secret@host/i", "metadata": {}}],
            "hw_disk_bus": "virtio", "base_image_ref": "", "kernel_id": null}"#;
        let image: Image = serde_json::from_str(body).unwrap();
        let names: Vec<&String> = image.properties.keys().collect();
        assert_eq!(names, ["base_image_ref", "hw_disk_bus"]);
        assert_eq!(image.property("hw_disk_bus"), Some("virtio"));
        assert_eq!(image.property("base_image_ref"), None);
        assert_eq!(image.size, None);
    }
}
