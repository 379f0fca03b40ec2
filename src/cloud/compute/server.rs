//! Servers: `GET /servers/detail`, `GET /servers`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::try_join_all;
use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Microversion, Parameter, Service, Text};

/// Rows of a detail page: Nova takes some 4 ms for each.
const DETAIL_PAGE: u32 = 500;
/// Rows of a block that is fetched beside others.
const DETAIL_BLOCK: usize = 500;

/// All servers with everything.
///
/// 2.100 embeds the flavor (2.47), tags (2.26), the lock's reason (2.73), the pinned zone (2.96)
/// and the image's properties (2.98).
pub const SERVERS: &Collection<Server> = &Collection {
    item: Some(("/servers", "server")),
    microversion: Some(Microversion(2, 100)),
    paging: Paging::Marker(DETAIL_PAGE),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::Compute, "/servers/detail", "servers")
};

/// All servers with no more than their names, at a fifth of the price.
pub const SERVERS_BRIEF: &Collection<ServerBrief> = &Collection {
    microversion: Some(Microversion(2, 100)),
    paging: Paging::Marker(1000),
    everyone: &[("all_tenants", "1")],
    ..Collection::new(Service::Compute, "/servers", "servers")
};

/// A server in the light list.
#[derive(Debug, Deserialize)]
pub struct ServerBrief {
    /// Nova's id.
    pub id: Text,
    /// The display name; not unique.
    #[serde(default)]
    pub name: Text,
}

impl Row for ServerBrief {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The names of servers by their ids.
#[must_use]
pub fn names(servers: &[Arc<ServerBrief>]) -> HashMap<String, String> {
    let servers = servers.iter();
    servers
        .map(|server| (server.id.to_string(), server.name.to_string()))
        .collect()
}

/// A server as Nova lists it. `user_data` is never read.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Server {
    /// Nova's id.
    pub id: Text,
    /// The display name; not unique. Absent in a cell that is down.
    pub name: Option<Text>,
    /// The state as users see it.
    pub status: Text,
    /// The project it belongs to.
    #[serde(rename = "tenant_id")]
    pub project_id: Option<Text>,
    /// Who made it.
    pub user_id: Option<Text>,
    /// Free text.
    pub description: Option<Text>,
    /// The name the guest was given.
    #[serde(rename = "OS-EXT-SRV-ATTR:hostname")]
    pub hostname: Option<Text>,
    /// When it was made.
    pub created: Option<Text>,
    /// When its record was last changed.
    pub updated: Option<Text>,
    /// When it first ran.
    #[serde(rename = "OS-SRV-USG:launched_at")]
    pub launched_at: Option<Text>,
    /// When it was deleted.
    #[serde(rename = "OS-SRV-USG:terminated_at")]
    pub terminated_at: Option<Text>,
    /// The state as Nova sees it.
    #[serde(rename = "OS-EXT-STS:vm_state")]
    pub vm_state: Option<Text>,
    /// What Nova is doing with it.
    #[serde(rename = "OS-EXT-STS:task_state")]
    pub task_state: Option<Text>,
    /// What the hypervisor says: 0 none, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended.
    #[serde(rename = "OS-EXT-STS:power_state")]
    pub power_state: Option<i32>,
    /// Percent of a build or migration.
    pub progress: Option<i32>,
    /// The zone it runs in; empty while it has no host.
    #[serde(rename = "OS-EXT-AZ:availability_zone")]
    pub availability_zone: Option<Text>,
    /// The service host; administrators only.
    #[serde(rename = "OS-EXT-SRV-ATTR:host")]
    pub host: Option<Text>,
    /// The hypervisor's name; administrators only.
    #[serde(rename = "OS-EXT-SRV-ATTR:hypervisor_hostname")]
    pub hypervisor_hostname: Option<Text>,
    /// The hypervisor's name for it; administrators only.
    #[serde(rename = "OS-EXT-SRV-ATTR:instance_name")]
    pub instance_name: Option<Text>,
    /// A hash of project and host: equal for servers of a project on one host.
    #[serde(rename = "hostId")]
    pub host_id: Option<Text>,
    /// Whether the host is up; administrators only.
    pub host_status: Option<Text>,
    /// The flavor as it was when the server was made.
    pub flavor: Option<EmbeddedFlavor>,
    /// The image; an empty string when booted from a volume.
    #[serde(default, deserialize_with = "image_id")]
    pub image: Option<Text>,
    /// The key it was made with.
    pub key_name: Option<Text>,
    /// Addresses by network name, as Nova has cached them.
    #[serde(default)]
    pub addresses: BTreeMap<Text, Vec<Address>>,
    /// Names of the security groups; may repeat.
    #[serde(default)]
    pub security_groups: Vec<GroupName>,
    /// The volumes Nova has attached.
    #[serde(rename = "os-extended-volumes:volumes_attached", default)]
    pub volumes_attached: Vec<AttachedVolume>,
    /// What users noted.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// What users tagged.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether users may act on it.
    pub locked: Option<bool>,
    /// Why not.
    pub locked_reason: Option<Text>,
    /// Whether it has a configuration drive: `True` or empty.
    pub config_drive: Option<Text>,
    /// Why it is in ERROR.
    pub fault: Option<Fault>,
}

impl Row for Server {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A server's flavor, as embedded since 2.47.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct EmbeddedFlavor {
    /// The flavor's name when the server was made.
    pub original_name: Option<Text>,
    /// The flavor's id, before 2.47.
    pub id: Option<Text>,
    /// Virtual CPUs.
    pub vcpus: Option<i64>,
    /// Memory, in MiB.
    pub ram: Option<i64>,
    /// Root disk, in GiB.
    pub disk: Option<i64>,
    /// Ephemeral disk, in GiB.
    pub ephemeral: Option<i64>,
    /// Swap, in MiB.
    pub swap: Option<i64>,
}

/// One address of a server.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// The address.
    pub addr: Text,
    /// 4 or 6.
    pub version: i32,
    /// `fixed` or `floating`.
    #[serde(rename = "OS-EXT-IPS:type")]
    pub kind: Option<Text>,
    /// The port's MAC address.
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr")]
    pub mac_address: Option<Text>,
}

/// A security group by name.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct GroupName {
    /// The name.
    pub name: Text,
}

/// A volume as Nova has it attached.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct AttachedVolume {
    /// Cinder's id.
    pub id: Text,
    /// Whether it goes with the server.
    pub delete_on_termination: Option<bool>,
}

/// What went wrong with a server. The traceback is never read.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// As HTTP would say it.
    pub code: Option<i32>,
    /// When.
    pub created: Option<Text>,
    /// In Nova's words.
    pub message: Option<Text>,
}

fn image_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Image {
        Id { id: Text },
        Other(serde::de::IgnoredAny),
    }
    Ok(match Option::<Image>::deserialize(deserializer)? {
        Some(Image::Id { id }) => Some(id),
        Some(Image::Other(_)) | None => None,
    })
}

impl Cloud {
    /// The ids of all servers the filter lets through, newest first: the light list.
    pub async fn list_server_ids(&self, filter: &[Parameter]) -> Result<Vec<String>> {
        let brief = self.list(SERVERS_BRIEF, filter).await?;
        Ok(brief.iter().map(|server| server.id.to_string()).collect())
    }

    /// The names of all servers by their ids: the light list.
    pub async fn list_server_names(&self) -> Result<HashMap<String, String>> {
        let brief = self.list(SERVERS_BRIEF, &[]).await?;
        Ok(names(&brief))
    }

    /// The servers that changed since a time, deleted ones among them.
    pub async fn list_servers_changed_since(
        &self,
        time: DateTime<Utc>,
    ) -> Result<Arc<Vec<Arc<Server>>>> {
        let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.list(SERVERS, &[("changes-since".into(), time)]).await
    }

    /// All servers the filter lets through. Beyond one page the ids are had first, cheaply, and
    /// the pages then in parallel.
    pub async fn list_servers(&self, filter: &[Parameter]) -> Result<Arc<Vec<Arc<Server>>>> {
        let first = self.list_page(SERVERS, filter, None, DETAIL_PAGE).await?;
        if !first.has_more {
            return Ok(Arc::new(first.rows.clone()));
        }
        let mut seen: HashSet<Text> = first.rows.iter().map(|row| row.id.clone()).collect();
        let last = first.rows.last().map(|row| row.id.clone());
        let rest = self
            .list_after(SERVERS_BRIEF, filter, last.as_deref())
            .await?;
        let blocks = rest
            .chunks(DETAIL_BLOCK)
            .enumerate()
            .map(|(number, block)| {
                let before = (number * DETAIL_BLOCK).checked_sub(1);
                let before = before.and_then(|place| rest.get(place));
                let marker = before.map(|row| row.id.clone()).or_else(|| last.clone());
                let limit = u32::try_from(block.len()).unwrap_or(DETAIL_PAGE);
                async move {
                    self.list_page(SERVERS, filter, marker.as_deref(), limit)
                        .await
                }
            });
        let blocks = try_join_all(blocks).await?;
        let mut rows = first.rows.clone();
        let later = blocks.iter().flat_map(|block| &block.rows);
        rows.extend(later.filter(|row| seen.insert(row.id.clone())).cloned());
        Ok(Arc::new(rows))
    }
}
