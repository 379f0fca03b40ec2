//! Images.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Maker;
use crate::world::image::{Image, Member};

/// Name, distribution, size in MiB, the disk it needs in GiB, visibility.
const IMAGES: [(&str, &str, u64, u32, &str); 10] = [
    ("cirros-0.6", "cirros", 20, 1, "public"),
    ("ubuntu-24.04", "ubuntu", 570, 4, "public"),
    ("ubuntu-22.04", "ubuntu", 640, 4, "public"),
    ("debian-12", "debian", 410, 3, "public"),
    ("rocky-9", "rocky", 1_020, 10, "public"),
    ("fedora-42", "fedora", 480, 5, "public"),
    ("windows-2022", "windows", 9_400, 40, "public"),
    ("golden-web", "ubuntu", 1_300, 8, "shared"),
    ("golden-web", "ubuntu", 1_280, 8, "private"),
    ("nixos-unstable", "nixos", 900, 6, "community"),
];

impl Maker<'_> {
    /// Makes the images, and says which of them servers may be made from.
    pub(super) fn images(&mut self) -> Vec<Uuid> {
        let mut usable = Vec::new();
        for (name, distribution, mib, disk, visibility) in IMAGES {
            let id = self.image(name, distribution, mib, disk, visibility);
            if matches!(visibility, "public") {
                usable.push(id);
            }
        }
        // An old one: hidden, and still in use.
        let old = self.image("ubuntu-18.04 (end of life)", "ubuntu", 350, 3, "public");
        if let Some(image) = self.region.image.images.get_mut(&old) {
            image.is_hidden = true;
            image.is_protected = true;
        }
        usable.push(old);
        // One whose data never came.
        let empty = self.image("upload-failed", "debian", 0, 0, "private");
        if let Some(image) = self.region.image.images.get_mut(&empty) {
            image.status = "queued";
            image.size_bytes = None;
            image.virtual_size_bytes = None;
            image.checksum = None;
            image.hash = None;
        }
        usable
    }

    fn image(
        &mut self,
        name: &str,
        distribution: &str,
        mib: u64,
        disk: u32,
        visibility: &'static str,
    ) -> Uuid {
        let id = self.id();
        let created = self.past(700);
        let owner = if visibility == "public" { 0 } else { 1 };
        let tenants = self.tenants;
        let members = match (visibility, tenants.get(2)) {
            ("shared", Some(tenant)) => vec![
                Member {
                    project: tenants[0].project,
                    status: "pending",
                    created,
                    updated: created,
                },
                Member {
                    project: tenant.project,
                    status: "accepted",
                    created,
                    updated: created,
                },
            ],
            _ => Vec::new(),
        };
        let properties = BTreeMap::from([
            ("os_distro".to_owned(), distribution.to_owned()),
            ("architecture".to_owned(), "x86_64".to_owned()),
            ("hw_disk_bus".to_owned(), "virtio".to_owned()),
        ]);
        let size = mib * 1024 * 1024 + self.dice.below(1024 * 1024) as u64;
        let image = Image {
            id,
            name: Some(name.to_owned()),
            owner: self.tenants[owner].project,
            status: "active",
            visibility,
            is_hidden: false,
            is_protected: false,
            container_format: Some("bare"),
            disk_format: Some(if distribution == "nixos" {
                "raw"
            } else {
                "qcow2"
            }),
            size_bytes: Some(size),
            virtual_size_bytes: Some(u64::from(disk) * 1024 * 1024 * 1024),
            min_disk_gib: disk,
            min_ram_mib: if distribution == "windows" { 2048 } else { 0 },
            checksum: Some(self.dice.hex(32)),
            hash: Some(self.dice.hex(128)),
            tags: vec![distribution.to_owned()],
            properties,
            created,
            updated: created,
            members,
        };
        self.region.image.images.insert(id, image);
        id
    }
}
