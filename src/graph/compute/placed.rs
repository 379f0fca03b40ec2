//! Where servers are: the edges from hosts, zones, flavors and images to the servers they hold.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;

use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::compute::Server;
use crate::graph::loader::Plan;
use crate::graph::noun::grouped;

/// Up to so many hosts are asked about one by one; more of them are looked up in the whole list.
const HOSTS_ASKED_SINGLY: usize = 5;

/// Servers by the host of their compute service; none for who is no administrator, whom Nova
/// does not tell where servers are.
///
/// A host of bare metal has several hypervisors: `hypervisor_hostname` tells their servers apart.
pub struct ServersOnHost;

impl Plan for ServersOnHost {
    type Key = String;
    type Value = Vec<Arc<Server>>;

    async fn load(cloud: Cloud, hosts: Vec<String>) -> Result<HashMap<String, Vec<Arc<Server>>>> {
        // For anyone else Nova drops the filter and answers every server of the project.
        if !cloud.is_admin().await? {
            return Ok(HashMap::new());
        }
        let servers = listed_by(&cloud, "host", &hosts, HOSTS_ASKED_SINGLY).await?;
        let groups = grouped(servers, |server| server.host.as_deref());
        Ok(with_empty(groups, hosts))
    }
}

/// Servers by the name of their availability zone.
pub struct ServersInZone;

impl Plan for ServersInZone {
    type Key = String;
    type Value = Vec<Arc<Server>>;

    async fn load(cloud: Cloud, zones: Vec<String>) -> Result<HashMap<String, Vec<Arc<Server>>>> {
        let servers = cloud.list_servers(&[]).await?;
        let groups = grouped(servers.iter().cloned(), |server| {
            server.availability_zone.as_deref()
        });
        Ok(with_empty(groups, zones))
    }
}

/// Servers by the name of the flavor they were made with, which is all that they remember of it.
pub struct ServersByFlavorName;

impl Plan for ServersByFlavorName {
    type Key = String;
    type Value = Vec<Arc<Server>>;

    async fn load(cloud: Cloud, names: Vec<String>) -> Result<HashMap<String, Vec<Arc<Server>>>> {
        let servers = cloud.list_servers(&[]).await?;
        let groups = grouped(servers.iter().cloned(), |server| {
            server.flavor.as_ref()?.original_name.as_deref()
        });
        Ok(with_empty(groups, names))
    }
}

/// Up to so many images are asked about one by one; more of them are looked up in the whole list.
const IMAGES_ASKED_SINGLY: usize = 5;

/// Servers by the id of the image that they run from; those booted from a volume have none.
pub struct ServersOfImage;

impl Plan for ServersOfImage {
    type Key = String;
    type Value = Vec<Arc<Server>>;

    async fn load(cloud: Cloud, images: Vec<String>) -> Result<HashMap<String, Vec<Arc<Server>>>> {
        let servers = listed_by(&cloud, "image", &images, IMAGES_ASKED_SINGLY).await?;
        let groups = grouped(servers, |server| server.image.as_deref());
        Ok(with_empty(groups, images))
    }
}

/// Servers of which Nova compares a property with one of `values`: asked for one by one while
/// there are no more than `most` of them, else all servers.
async fn listed_by(
    cloud: &Cloud,
    parameter: &'static str,
    values: &[String],
    most: usize,
) -> Result<Vec<Arc<Server>>> {
    if values.len() > most {
        return Ok(cloud.list_servers(&[]).await?.to_vec());
    }
    let asked = values.iter().map(|value| async move {
        let filter = [(parameter.into(), value.clone())];
        cloud.list_servers(&filter).await
    });
    let lists = try_join_all(asked).await?;
    Ok(lists.iter().flat_map(|list| list.iter().cloned()).collect())
}

/// A group for each key: one that nothing belongs to is empty, not unknown.
pub(super) fn with_empty<R>(
    mut groups: HashMap<String, Vec<Arc<R>>>,
    keys: Vec<String>,
) -> HashMap<String, Vec<Arc<R>>> {
    let full = keys.into_iter().map(|key| {
        let group = groups.remove(&key).unwrap_or_default();
        (key, group)
    });
    full.collect()
}
