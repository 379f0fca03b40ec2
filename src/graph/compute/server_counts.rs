//! How many servers are in which state, without reading all of each.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use futures_util::future::{try_join, try_join_all};

use super::server::ServerStatus;
use crate::Result;
use crate::cloud::Parameter;
use crate::cloud::compute::Server;
use crate::graph::failure::{Answered, certain};
use crate::graph::scope::{CloudRef, Scope};

/// The root field of the counts.
#[derive(Default)]
pub struct ServerCountsQuery(pub CloudRef);

#[Object]
impl ServerCountsQuery {
    /// How many servers are in each state there is one in, the most first.
    async fn server_counts(&self, context: &Context<'_>) -> Answered<Vec<ServerStatusCount>> {
        let counted = async { counts(&self.0.scope(context)?).await };
        certain(counted.await)
    }
}

/// How many servers are in a state.
#[derive(SimpleObject, Debug, PartialEq, Eq)]
pub struct ServerStatusCount {
    /// The state.
    status: ServerStatus,
    /// How many servers are in it.
    count: usize,
}

/// The states most servers are in. Nova's light list tells no state, but it can be narrowed to one
/// of these.
const COMMON: [ServerStatus; 2] = [ServerStatus::Active, ServerStatus::Shutoff];

/// The other states. A filter for a common one lets the busy ones among these through too, since
/// it looks at the `vm_state` alone; ERROR is asked for by itself, as the cloud's health does.
const OTHERS: [ServerStatus; 15] = [
    ServerStatus::Reboot,
    ServerStatus::HardReboot,
    ServerStatus::Password,
    ServerStatus::Migrating,
    ServerStatus::Resize,
    ServerStatus::RevertResize,
    ServerStatus::Rebuild,
    ServerStatus::Build,
    ServerStatus::Paused,
    ServerStatus::Suspended,
    ServerStatus::Rescue,
    ServerStatus::Shelved,
    ServerStatus::ShelvedOffloaded,
    ServerStatus::VerifyResize,
    ServerStatus::SoftDeleted,
];

async fn counts(scope: &Scope) -> Result<Vec<ServerStatusCount>> {
    let cloud = scope.cloud();
    let common = COMMON.map(|status| in_any_of(&[status]));
    let ids = try_join_all(common.iter().map(|filter| cloud.list_server_ids(filter)));
    let (others, in_error) = (in_any_of(&OTHERS), in_any_of(&[ServerStatus::Error]));
    let details = try_join(cloud.list_servers(&others), cloud.list_servers(&in_error));
    let (ids, (others, in_error)) = try_join(ids, details).await?;
    let mut counts = BTreeMap::new();
    for (status, ids) in COMMON.into_iter().zip(&ids) {
        let is_other = |row: &&Arc<Server>| {
            let state = row.vm_state.as_deref();
            state.and_then(ServerStatus::without_task) == Some(status)
                && ServerStatus::read(&row.status) != status
        };
        let busy = others.iter().filter(is_other).count();
        counts.insert(status, ids.len().saturating_sub(busy));
    }
    let mut seen = HashSet::new();
    for row in others
        .iter()
        .chain(in_error.iter())
        .filter(|row| seen.insert(row.id.as_str()))
    {
        let status = ServerStatus::read(&row.status);
        if !COMMON.contains(&status) {
            *counts.entry(status).or_default() += 1;
        }
    }
    let mut counts: Vec<ServerStatusCount> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| ServerStatusCount { status, count })
        .collect();
    counts.sort_by_key(|line| std::cmp::Reverse(line.count));
    Ok(counts)
}

fn in_any_of(statuses: &[ServerStatus]) -> Vec<Parameter> {
    let wire = statuses.iter().filter_map(|status| status.wire());
    wire.map(|status| ("status".into(), status.to_owned()))
        .collect()
}
