//! Changes of an image, by JSON patch.

use http::{HeaderName, StatusCode};
use serde_json::{Map, Value};

use super::Writer;
use crate::python::str;
use crate::reply::{Answer, Reply};
use crate::webob;
use crate::world::Key;
use crate::world::image::Image;

const PATCH: &str = "application/openstack-images-v2.1-json-patch";
const OLD_PATCH: &str = "application/openstack-images-v2.0-json-patch";
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

const READ_ONLY: [&str; 13] = [
    "created_at",
    "updated_at",
    "status",
    "checksum",
    "size",
    "virtual_size",
    "direct_url",
    "self",
    "file",
    "schema",
    "id",
    "os_hash_algo",
    "os_hash_value",
];
const RESERVED: [&str; 3] = ["location", "deleted", "deleted_at"];
/// What an image has in any case.
const BASE: [&str; 10] = [
    "name",
    "visibility",
    "os_hidden",
    "protected",
    "container_format",
    "disk_format",
    "min_disk",
    "min_ram",
    "tags",
    "owner",
];

/// Properties beside those that every image has.
const MOST_PROPERTIES: usize = 128;

struct Change {
    operation: &'static str,
    name: String,
    value: Value,
}

impl Writer<'_> {
    pub(super) fn update(&mut self, id: &str) -> Answer {
        let kind = self.content_type();
        if kind != PATCH && kind != OLD_PATCH {
            let known = format!("{OLD_PATCH}, {PATCH}");
            return Err(self.unsupported().with(ACCEPT_PATCH, &known));
        }
        let is_old = kind == OLD_PATCH;
        let body = self.body()?;
        let Value::Array(asked) = body else {
            return Err(self.bad_request("Request body must be a JSON array of operation objects."));
        };
        let mut changes = Vec::new();
        for asked in &asked {
            changes.push(self.change(asked, is_old)?);
        }
        let id = self.to_change(id, "modify_image")?;
        let now = self.call.now;
        let Some(mut row) = self.images().get(&id).cloned() else {
            return Err(webob::nowhere(self.call));
        };
        for change in &changes {
            self.apply(&mut row, change)?;
        }
        self.check_quota(&row)?;
        row.updated = now;
        self.images().insert(id, row);
        self.shown(id)
    }

    fn change(&self, asked: &Value, is_old: bool) -> Result<Change, Reply> {
        const KNOWN: [&str; 3] = ["add", "remove", "replace"];
        let Some(fields) = asked.as_object() else {
            return Err(self.bad_request("Operations must be JSON objects."));
        };
        let listed = KNOWN.join(", ");
        let (operation, pointer) = if is_old {
            let operation = KNOWN.into_iter().find(|known| fields.contains_key(*known));
            let operation = operation.ok_or_else(|| {
                self.bad_request(
                    "Operation objects must contain exactly one member named \"add\", \"remove\", \
                     or \"replace\".",
                )
            })?;
            (operation, &asked[operation])
        } else {
            let named = asked["op"].as_str().ok_or_else(|| {
                self.bad_request(&format!(
                    "Unable to find `op` in JSON Schema change. It must be one of the following: \
                     {listed}."
                ))
            })?;
            let operation = KNOWN.into_iter().find(|known| *known == named);
            let operation = operation.ok_or_else(|| {
                self.bad_request(&format!(
                    "Invalid operation: `{named}`. It must be one of the following: {listed}."
                ))
            })?;
            (operation, &asked["path"])
        };
        let pointer = pointer
            .as_str()
            .ok_or_else(|| self.bad_request("Unable to find 'path' in JSON Schema change"))?;
        let Some(name) = pointer.strip_prefix('/') else {
            return Err(
                self.bad_request(&format!("Pointer `{pointer}` does not start with \"/\"."))
            );
        };
        if name.contains('/') {
            return Err(self.bad_request(&format!(
                "Invalid JSON pointer for this resource: '{pointer}'"
            )));
        }
        let name = name.replace("~1", "/").replace("~0", "~");
        let value = match (operation, fields.get("value")) {
            ("remove", _) => Value::Null,
            (_, Some(value)) => value.clone(),
            (operation, None) => {
                return Err(self.bad_request(&format!(
                    "Operation \"{operation}\" requires a member named \"value\"."
                )));
            }
        };
        if READ_ONLY.contains(&name.as_str()) {
            return Err(self.forbidden(&format!("Attribute '{name}' is read-only.")));
        }
        if RESERVED.contains(&name.as_str()) || name.starts_with("os_glance") {
            return Err(self.forbidden(&format!("Attribute '{name}' is reserved.")));
        }
        if operation != "remove" {
            let partial = Map::from_iter([(name.clone(), value.clone())]);
            self.check(&partial)?;
        }
        Ok(Change {
            operation,
            name,
            value,
        })
    }

    fn apply(&self, row: &mut Image, change: &Change) -> Result<(), Reply> {
        let Change {
            operation,
            name,
            value,
        } = change;
        let is_base = BASE.contains(&name.as_str());
        let is_there = is_base || row.properties.contains_key(name);
        if *operation == "remove" && is_base {
            return Err(webob::reply(
                self.call,
                StatusCode::FORBIDDEN,
                "Access was denied to this resource.",
                &format!("Property {name} may not be removed."),
            ));
        }
        if *operation != "add" && !is_there {
            return Err(webob::reply(
                self.call,
                StatusCode::CONFLICT,
                "There was a conflict when trying to complete your request.",
                &format!("Property {name} does not exist."),
            ));
        }
        if *operation == "remove" {
            row.properties.remove(name);
            return Ok(());
        }
        if name == "visibility" {
            self.may_be_public(Some(value))?;
        }
        self.set(row, name, value)
    }

    /// Whether an image has as few properties as it may.
    pub(super) fn check_quota(&self, row: &Image) -> Result<(), Reply> {
        let count = row.properties.len();
        if count <= MOST_PROPERTIES {
            return Ok(());
        }
        Err(webob::page(
            self.call,
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!(
                "The limit has been exceeded on the number of allowed image properties. Attempted: \
                 {count}, Maximum: {MOST_PROPERTIES}"
            ),
        ))
    }

    /// Sets what is said of an image, which fits the schema.
    pub(super) fn set(&self, row: &mut Image, name: &str, value: &Value) -> Result<(), Reply> {
        const FORMATS: [&str; 18] = [
            "ami",
            "ari",
            "aki",
            "vhd",
            "vhdx",
            "vmdk",
            "raw",
            "qcow2",
            "vdi",
            "iso",
            "ploop",
            "bare",
            "ovf",
            "ova",
            "docker",
            "compressed",
            "aki",
            "ari",
        ];
        const VISIBILITIES: [&str; 4] = ["community", "public", "private", "shared"];
        let format = || {
            let mut known = FORMATS.into_iter();
            known.find(|known| *value == *known)
        };
        match name {
            "id" => {}
            "name" => row.name = value.as_str().map(str::to_owned),
            "visibility" => {
                let mut known = VISIBILITIES.into_iter();
                if let Some(visibility) = known.find(|known| *value == *known) {
                    row.visibility = visibility;
                }
            }
            "os_hidden" => row.is_hidden = value == true,
            "protected" => row.is_protected = value == true,
            "container_format" => row.container_format = format(),
            "disk_format" => row.disk_format = format(),
            "min_disk" => row.min_disk_gib = self.amount(name, value)?,
            "min_ram" => row.min_ram_mib = self.amount(name, value)?,
            "tags" => {
                let tags = value.as_array().into_iter().flatten();
                row.tags.clear();
                for tag in tags.filter_map(Value::as_str) {
                    if !row.tags.iter().any(|is| is == tag) {
                        row.tags.push(tag.to_owned());
                    }
                }
            }
            "owner" => {
                if let Some(owner) = value.as_str().and_then(Key::read) {
                    if owner != row.owner && !self.token.is_admin() {
                        return Err(
                            self.forbidden("You are not permitted to set the owner of this image.")
                        );
                    }
                    row.owner = owner;
                }
            }
            name => {
                row.properties.insert(name.to_owned(), str(value));
            }
        }
        Ok(())
    }

    fn amount(&self, name: &str, value: &Value) -> Result<u32, Reply> {
        let amount = value.as_u64().and_then(|amount| amount.try_into().ok());
        amount.ok_or_else(|| {
            self.bad_request(&format!(
                "Invalid value '{value}' for parameter '{name}': Cannot be a negative value"
            ))
        })
    }
}
