//! The words: traits and resource classes.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Subject, prefix};
use crate::reply::{Answer, Reply};

/// The standard traits.
const TRAITS: &str = include_str!("traits.txt");
const CLASSES: [&str; 21] = [
    "VCPU",
    "MEMORY_MB",
    "DISK_GB",
    "PCI_DEVICE",
    "SRIOV_NET_VF",
    "NUMA_SOCKET",
    "NUMA_CORE",
    "NUMA_THREAD",
    "NUMA_MEMORY_MB",
    "IPV4_ADDRESS",
    "VGPU",
    "VGPU_DISPLAY_HEAD",
    "NET_BW_EGR_KILOBIT_PER_SEC",
    "NET_BW_IGR_KILOBIT_PER_SEC",
    "PCPU",
    "MEM_ENCRYPTION_CONTEXT",
    "FPGA",
    "PGPU",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
];

pub(super) fn is_trait(name: &str) -> bool {
    TRAITS.lines().any(|is| is == name)
}

pub(super) fn is_class(name: &str) -> bool {
    CLASSES.contains(&name)
}

impl Subject<'_> {
    pub(super) fn traits(&self) -> Answer {
        self.since(6)?;
        self.may("traits:list")?;
        self.check(&["name", "associated"], "")?;
        let query = &self.call.query;
        let mut rows: Vec<&str> = TRAITS.lines().collect();
        if let Some(text) = query.get("name") {
            match text.split_once(':') {
                Some(("in", names)) => {
                    let names: Vec<&str> = names.split(',').collect();
                    rows.retain(|row| names.contains(row));
                }
                Some(("startswith", start)) => rows.retain(|row| row.starts_with(start)),
                Some(_) => {}
                None => {
                    return Err(self.bad_request(&format!(
                        "Badly formatted name parameter. Expected name query string parameter in \
                         form: ?name=[in|startswith]:[name1,name2|prefix]. Got: \"{text}\""
                    )));
                }
            }
        }
        let associated = query.get("associated").map(str::to_lowercase);
        match associated.as_deref() {
            None => {}
            Some(word @ ("true" | "false")) => {
                let providers = || self.region.compute.hypervisors.values();
                let has = |name: &&str| providers().any(|row| row.traits.contains(name));
                rows.retain(|row| has(row) == (word == "true"));
            }
            Some(_) => {
                return Err(self.bad_request(
                    "The query parameter \"associated\" only accepts \"true\" or \"false\"",
                ));
            }
        }
        self.ok(&json!({"traits": rows}))
    }

    /// Only whether there is such a one.
    pub(super) fn a_trait(&self, name: &str) -> Answer {
        self.since(6)?;
        self.may("traits:show")?;
        if !is_trait(name) {
            let refusal = self.not_found(&format!("No such trait(s): {name}."));
            return Err(self.handled(refusal));
        }
        Ok(self.dated(Reply::empty(StatusCode::NO_CONTENT)))
    }

    pub(super) fn classes(&self) -> Answer {
        self.since(2)?;
        self.may("resource_classes:list")?;
        let rows: Vec<Value> = CLASSES.iter().map(|name| self.class_view(name)).collect();
        self.ok(&json!({"resource_classes": rows}))
    }

    pub(super) fn class(&self, name: &str) -> Answer {
        self.since(2)?;
        self.may("resource_classes:show")?;
        if !is_class(name) {
            return Err(self.not_found(&format!("No such resource class {name}.")));
        }
        self.ok(&self.class_view(name))
    }

    fn class_view(&self, name: &str) -> Value {
        let href = format!("{}/resource_classes/{name}", prefix(self.call));
        json!({"name": name, "links": [{"rel": "self", "href": href}]})
    }
}
