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

/// The states most servers are in, each with the `vm_state` that Nova makes of it in a filter.
/// Nova's light list tells no state, but it can be narrowed to one of these.
const COMMON: [(ServerStatus, &str); 3] = [
    (ServerStatus::Active, "active"),
    (ServerStatus::Shutoff, "stopped"),
    (ServerStatus::Error, "error"),
];

/// The states of a server that Nova is doing something with. A filter for a common state lets
/// these through too, since it looks at the `vm_state` alone.
const BUSY: [ServerStatus; 7] = [
    ServerStatus::Reboot,
    ServerStatus::HardReboot,
    ServerStatus::Password,
    ServerStatus::Migrating,
    ServerStatus::Resize,
    ServerStatus::RevertResize,
    ServerStatus::Rebuild,
];

/// The other states that last.
const RARE: [ServerStatus; 8] = [
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
    let mut filters: Vec<Vec<Parameter>> = vec![Vec::new()];
    filters.extend(COMMON.map(|(status, _)| in_any_of(&[status])));
    let lists = try_join_all(filters.iter().map(|filter| cloud.list_server_ids(filter)));
    let (busy_filter, rare_filter) = (in_any_of(&BUSY), in_any_of(&RARE));
    let (sizes, busy) = try_join(lists, cloud.list_servers(&busy_filter)).await?;
    let sizes: Vec<usize> = sizes.iter().map(Vec::len).collect();
    let common = COMMON.into_iter().zip(sizes.iter().skip(1).copied());
    let mut counts = BTreeMap::new();
    for ((status, vm_state), size) in common.clone() {
        let is_other = |row: &&Arc<Server>| {
            row.vm_state.as_deref() == Some(vm_state) && ServerStatus::read(&row.status) != status
        };
        counts.insert(
            status,
            size.saturating_sub(busy.iter().filter(is_other).count()),
        );
    }
    let listed: usize = common.map(|(_, size)| size).sum();
    let rare = match sizes.first() {
        Some(all) if *all > listed => cloud.list_servers(&rare_filter).await?,
        _ => Arc::default(),
    };
    let mut seen = HashSet::new();
    for row in busy
        .iter()
        .chain(rare.iter())
        .filter(|row| seen.insert(row.id.as_str()))
    {
        let status = ServerStatus::read(&row.status);
        if !COMMON.iter().any(|(common, _)| *common == status) {
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
