//! Orphans: what belongs to nothing any longer, and costs money or addresses all the same.
//!
//! A finding that something is missing holds only when the list it is missing from was whole:
//! what could not be read is named in `unseen`, and nothing is concluded from it.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use chrono::{TimeDelta, Utc};
use futures_util::join;

use super::block_storage::snapshot::VolumeSnapshot;
use super::block_storage::volume::Volume;
use super::compute::server::Server;
use super::connection::{Connection, Reach};
use super::failure::{Answered, answered, certain};
use super::health::ConcernedResource;
use super::network::floating_ip::FloatingIp;
use super::network::port::Port;
use super::noun::{Noun, Rows, reach_of};
use super::scalar::DateTime;
use super::scope::{CloudRef, Scope};
use crate::cloud::identity::PROJECTS;
use crate::cloud::{block_storage, network};
use crate::{Error, Result};

/// A port of a server that was made or deleted a moment ago may be ahead of Nova's list.
const SETTLED: TimeDelta = TimeDelta::minutes(10);
/// A volume that nobody has attached for so long is likely forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::days(7);

/// The root field of the cloud's orphans.
#[derive(Default)]
pub struct OrphansQuery(pub CloudRef);

#[Object]
impl OrphansQuery {
    /// What belongs to nothing any longer, as far as the credential can see.
    async fn orphans(&self, context: &Context<'_>) -> Answered<Orphans> {
        let asked = async {
            let scope = self.0.scope(context)?;
            scope.token().await?;
            Ok(Orphans::read(&scope).await)
        };
        certain(asked.await)
    }
}

/// What belongs to nothing any longer.
pub struct Orphans {
    scope: Scope,
    reach: Reach,
    floating_ips: Found<network::FloatingIp>,
    ports: Found<network::Port>,
    volumes: Found<block_storage::Volume>,
    unattached_volumes: Found<block_storage::Volume>,
    snapshots: Found<block_storage::Snapshot>,
    of_unknown_projects: Option<Vec<ConcernedResource>>,
    /// What could not be looked at.
    pub unseen: Vec<Unseen>,
}

/// What was found; nothing known where a list it takes could not be read.
type Found<R> = Option<Vec<Arc<R>>>;

/// Something that could not be looked at, so that nothing was concluded from it.
#[derive(SimpleObject, Clone, Debug)]
pub struct Unseen {
    /// The root field that would have listed it, as `servers`.
    what: &'static str,
    /// Why it could not be read.
    pub reason: String,
}

/// What may be orphaned, or shows that something is.
#[Object]
impl Orphans {
    /// Floating IPs that point at no port and forward none: each is an address nobody can use.
    async fn floating_ips(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise.")] first: Option<i32>,
    ) -> Answered<Connection<FloatingIp>> {
        answered(self.nested(self.floating_ips.as_deref(), first))
    }

    /// Ports of servers that do not exist, older than ten minutes.
    async fn ports(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise.")] first: Option<i32>,
    ) -> Answered<Connection<Port>> {
        answered(self.nested(self.ports.as_deref(), first))
    }

    /// Volumes in use by servers that do not exist.
    async fn volumes(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise.")] first: Option<i32>,
    ) -> Answered<Connection<Volume>> {
        answered(self.nested(self.volumes.as_deref(), first))
    }

    /// Volumes that are attached to nothing and have not changed for a week.
    async fn unattached_volumes(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise.")] first: Option<i32>,
    ) -> Answered<Connection<Volume>> {
        answered(self.nested(self.unattached_volumes.as_deref(), first))
    }

    /// Snapshots of volumes that do not exist.
    async fn volume_snapshots(
        &self,
        #[graphql(desc = "How many rows: 50 unless said otherwise.")] first: Option<i32>,
    ) -> Answered<Connection<VolumeSnapshot>> {
        answered(self.nested(self.snapshots.as_deref(), first))
    }

    /// Volumes, snapshots, floating IPs and ports of projects that Keystone does not know; null for who may
    /// not list them all.
    async fn of_unknown_projects(&self) -> Option<&[ConcernedResource]> {
        self.of_unknown_projects.as_deref()
    }

    /// What could not be looked at, so that nothing was concluded from it.
    async fn unseen(&self) -> &[Unseen] {
        &self.unseen
    }
}

impl Orphans {
    /// Reads every list it takes, at once.
    pub async fn read(scope: &Scope) -> Self {
        let cloud = scope.cloud();
        let compute = Box::pin(async { Server::ids(cloud, Vec::new()).await });
        let network = Box::pin(async {
            join!(
                FloatingIp::all(cloud, Vec::new()),
                Port::all(cloud, Vec::new())
            )
        });
        let storage = Box::pin(async {
            join!(
                Volume::all(cloud, Vec::new()),
                VolumeSnapshot::all(cloud, Vec::new())
            )
        });
        let identity = Box::pin(known_projects(scope));
        let (servers, (floating_ips, ports), (volumes, snapshots), projects) =
            join!(compute, network, storage, identity);
        let mut unseen = Vec::new();
        let servers: Option<HashSet<String>> = servers
            .and_then(|ids| seen("servers", ids, &mut unseen))
            .map(|ids| ids.iter().cloned().collect());
        let floating_ips = seen("floatingIps", floating_ips, &mut unseen);
        let ports = seen("ports", ports, &mut unseen);
        let volumes = seen("volumes", volumes, &mut unseen);
        let snapshots = seen("volumeSnapshots", snapshots, &mut unseen);
        let projects = seen("projects", projects, &mut unseen).flatten();
        let of_unknown_projects = projects.map(|projects| {
            of_unknown_projects(
                &projects,
                &rows(floating_ips.clone()),
                &rows(ports.clone()),
                &rows(volumes.clone()),
                &rows(snapshots.clone()),
            )
        });
        let reach = reach_of(scope, Reach::AllProjects)
            .await
            .unwrap_or(Reach::Project);
        let volume_ids: Option<HashSet<&str>> = volumes
            .as_ref()
            .map(|rows| rows.iter().map(|volume| volume.id.as_str()).collect());
        Self {
            scope: scope.clone(),
            reach,
            floating_ips: floating_ips
                .as_ref()
                .map(|rows| kept(rows, |it| !it.is_associated())),
            ports: ports
                .as_ref()
                .zip(servers.as_ref())
                .map(|(rows, servers)| kept(rows, |port| is_left_behind(port, servers))),
            volumes: volumes
                .as_ref()
                .zip(servers.as_ref())
                .map(|(rows, servers)| kept(rows, |volume| hangs_on_nothing(volume, servers))),
            unattached_volumes: volumes.as_ref().map(|rows| kept(rows, is_forgotten)),
            snapshots: snapshots.as_ref().zip(volume_ids).map(|(rows, ids)| {
                kept(rows, |snapshot| {
                    snapshot
                        .volume_id
                        .as_deref()
                        .is_some_and(|id| !ids.contains(id))
                })
            }),
            of_unknown_projects,
            unseen,
        }
    }

    /// How many orphans there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.resources().len()
    }

    /// The orphans as a check names them.
    #[must_use]
    pub fn resources(&self) -> Vec<ConcernedResource> {
        let floating_ips = self.floating_ips.iter().flatten().map(|it| {
            let address = it.floating_ip_address.as_deref();
            concerned("FloatingIp", &it.id, address, "points at no port")
        });
        let ports = self.ports.iter().flatten().map(|it| {
            concerned(
                "Port",
                &it.id,
                it.name.as_deref(),
                "its server does not exist",
            )
        });
        let volumes = self.volumes.iter().flatten().map(|it| {
            concerned(
                "Volume",
                &it.id,
                it.name.as_deref(),
                "its server does not exist",
            )
        });
        let unattached = self.unattached_volumes.iter().flatten().map(|it| {
            concerned(
                "Volume",
                &it.id,
                it.name.as_deref(),
                "unattached and unchanged for a week",
            )
        });
        let snapshots = self.snapshots.iter().flatten().map(|it| {
            concerned(
                "VolumeSnapshot",
                &it.id,
                it.name.as_deref(),
                "its volume does not exist",
            )
        });
        let found = volumes
            .chain(ports)
            .chain(snapshots)
            .chain(floating_ips)
            .chain(unattached);
        found
            .chain(self.of_unknown_projects.iter().flatten().cloned())
            .collect()
    }

    fn nested<N: Noun>(
        &self,
        rows: Option<&[Arc<N::Row>]>,
        first: Option<i32>,
    ) -> Result<Option<Connection<N>>> {
        use crate::cloud::collection::Row;
        let Some(rows) = rows else { return Ok(None) };
        let node = |row: &Arc<N::Row>| N::new(&self.scope, row);
        Connection::nested(rows, |row| row.id(), first, self.reach, node).map(Some)
    }
}

fn concerned(kind: &'static str, id: &str, name: Option<&str>, detail: &str) -> ConcernedResource {
    ConcernedResource {
        kind,
        id: Some(id.into()),
        name: name.map(str::to_owned),
        detail: Some(detail.to_owned()),
    }
}

/// What was read, or nothing and a note why.
fn seen<T>(what: &'static str, read: Result<T>, unseen: &mut Vec<Unseen>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        // Where there is no such service there are no orphans of it.
        Err(Error::ServiceAbsent { service, .. }) if !service.is_essential() => None,
        Err(error) => {
            unseen.push(Unseen {
                what,
                reason: error.to_string(),
            });
            None
        }
    }
}

fn rows<R>(rows: Option<Rows<R>>) -> Rows<R> {
    rows.unwrap_or_default()
}

fn kept<R>(rows: &Rows<R>, keeps: impl Fn(&R) -> bool) -> Vec<Arc<R>> {
    rows.iter().filter(|row| keeps(row)).cloned().collect()
}

/// The ids of all projects; `None` for who may not list them all. That list alone tells who is
/// unknown: where Keystone refuses it, the caller's own projects are no answer.
async fn known_projects(scope: &Scope) -> Result<Option<HashSet<String>>> {
    if !scope.cloud().is_admin().await? {
        return Ok(None);
    }
    let projects = scope.cloud().list(PROJECTS, &[]).await?;
    Ok(Some(
        projects
            .iter()
            .map(|project| project.id.to_string())
            .collect(),
    ))
}

fn of_unknown_projects(
    projects: &HashSet<String>,
    floating_ips: &Rows<network::FloatingIp>,
    ports: &Rows<network::Port>,
    volumes: &Rows<block_storage::Volume>,
    snapshots: &Rows<block_storage::Snapshot>,
) -> Vec<ConcernedResource> {
    let unknown =
        |project: Option<&str>| project.is_some_and(|id| !id.is_empty() && !projects.contains(id));
    let why = "its project does not exist";
    let mut found = Vec::new();
    for it in volumes
        .iter()
        .filter(|it| unknown(it.project_id.as_deref()))
    {
        found.push(concerned("Volume", &it.id, it.name.as_deref(), why));
    }
    for it in snapshots
        .iter()
        .filter(|it| unknown(it.project_id.as_deref()))
    {
        found.push(concerned("VolumeSnapshot", &it.id, it.name.as_deref(), why));
    }
    for it in floating_ips
        .iter()
        .filter(|it| unknown(it.project_id.as_deref()))
    {
        found.push(concerned(
            "FloatingIp",
            &it.id,
            it.floating_ip_address.as_deref(),
            why,
        ));
    }
    for it in ports.iter().filter(|it| unknown(it.project_id.as_deref())) {
        found.push(concerned("Port", &it.id, it.name.as_deref(), why));
    }
    found
}

fn is_older(time: Option<&str>, age: TimeDelta) -> bool {
    DateTime::maybe(time).is_some_and(|time| Utc::now() - time.0 > age)
}

/// Only a server's port can be left behind: one without an owner may be somebody's virtual IP.
fn is_left_behind(port: &network::Port, servers: &HashSet<String>) -> bool {
    port.server_id().is_some_and(|id| !servers.contains(id))
        && is_older(port.created_at.as_deref(), SETTLED)
}

fn hangs_on_nothing(volume: &block_storage::Volume, servers: &HashSet<String>) -> bool {
    let is_on_nothing = |id: Option<&str>| id.is_some_and(|id| !servers.contains(id));
    !volume.attachments.is_empty()
        && volume
            .attachments
            .iter()
            .all(|attached| is_on_nothing(attached.server_id.as_deref()))
        && is_older(volume.updated_at.as_deref(), SETTLED)
}

fn is_forgotten(volume: &block_storage::Volume) -> bool {
    let last = volume
        .updated_at
        .as_deref()
        .or(volume.created_at.as_deref());
    volume.status == "available" && is_older(last, FORGOTTEN)
}
