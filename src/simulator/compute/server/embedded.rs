//! What a server keeps of the image and the flavor that it was made of.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::view::Shown;
use crate::compute::link::Link;
use crate::world::compute::{Flavor, Server};

/// The empty string for a server that boots from a volume.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Image<'a> {
    None(&'static str),
    Some {
        id: Uuid,
        links: [Link; 1],
        #[serde(skip_serializing_if = "Option::is_none")]
        properties: Option<ImageProperties<'a>>,
    },
}

/// What was known of the image when the server was made.
pub(super) struct ImageProperties<'a> {
    id: Uuid,
    min_disk: u32,
    image: Option<&'a crate::world::image::Image>,
}

impl Serialize for ImageProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let min_ram = self.image.map_or(0, |image| image.min_ram_mib);
        if let Some(image) = self.image {
            for (name, value) in &image.properties {
                map.serialize_entry(name, value)?;
            }
            map.serialize_entry("container_format", &image.container_format)?;
            map.serialize_entry("disk_format", &image.disk_format)?;
        }
        map.serialize_entry("min_ram", &min_ram.to_string())?;
        // The flavor's, by then.
        map.serialize_entry("min_disk", &self.min_disk.to_string())?;
        map.serialize_entry("base_image_ref", &self.id)?;
        map.end()
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum FlavorView<'a> {
    Linked {
        id: &'a str,
        links: [Link; 1],
    },
    Embedded {
        vcpus: u32,
        ram: u32,
        disk: u32,
        ephemeral: u32,
        swap: u32,
        original_name: &'a str,
        extra_specs: &'a BTreeMap<String, String>,
    },
}

pub(super) fn image<'a>(shown: &Shown<'a>, row: &Server) -> Image<'a> {
    let Some(id) = row.image else {
        return Image::None("");
    };
    let href = format!("{}{id}", shown.image);
    let rel = "bookmark";
    Image::Some {
        id,
        links: [Link { rel, href }],
        properties: shown.has.v98.then(|| ImageProperties {
            id,
            min_disk: row.flavor.disk_gib,
            image: shown.region.image.images.get(&id),
        }),
    }
}

pub(super) fn flavor<'a>(shown: &Shown<'a>, flavor: &'a Flavor) -> FlavorView<'a> {
    if shown.has.v47 {
        return FlavorView::Embedded {
            vcpus: flavor.vcpus,
            ram: flavor.ram_mib,
            disk: flavor.disk_gib,
            ephemeral: flavor.ephemeral_gib,
            swap: flavor.swap_mib,
            original_name: &flavor.name,
            extra_specs: &flavor.extra_specs,
        };
    }
    let href = format!("{}{}", shown.flavor, flavor.id);
    let rel = "bookmark";
    FlavorView::Linked {
        id: &flavor.id,
        links: [Link { rel, href }],
    }
}
