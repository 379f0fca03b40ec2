//! What is had of many servers at once beside their rows.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::Server;
use crate::Result;
use crate::cloud::compute::SERVERS_BRIEF;
use crate::cloud::{Cloud, compute};
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::noun::Noun;
use crate::graph::scope::Scope;

/// The names of servers, for nouns that need no more of them. One or two are shown, more are
/// looked up in Nova's light list, which costs a fifth of the rows; lists that will need them
/// start its first page ahead.
pub struct NameOfServer;

impl NameOfServer {
    /// Starts the first page of the names.
    pub fn start(scope: &Scope) {
        scope.start::<Self, _>(SERVERS_BRIEF, Vec::new());
    }
}

impl Plan for NameOfServer {
    type Key = String;
    type Value = String;

    async fn load(cloud: Cloud, ids: Vec<String>) -> Result<HashMap<String, String>> {
        if let Some(page) = cloud.asked_first_page(SERVERS_BRIEF, &[]).await? {
            let names = compute::names(&page.rows);
            if !page.has_more || ids.iter().all(|id| names.contains_key(id)) {
                return Ok(names);
            }
        }
        if ids.len() > 2 {
            return cloud.list_server_names().await;
        }
        let shown = ids.iter().map(|id| Server::show(&cloud, id));
        let rows = try_join_all(shown).await?.into_iter().flatten();
        Ok(rows
            .filter_map(|row| Some((row.id.to_string(), row.name.as_ref()?.to_string())))
            .collect())
    }
}

/// The name of a server; `None` when there is no such server, or the credential may not see it.
pub async fn name_of(scope: &Scope, id: Option<&str>) -> Answered<String> {
    let found = async {
        let Some(id) = id else { return Ok(None) };
        scope.load::<NameOfServer>(id.to_owned()).await
    };
    answered(found.await)
}

/// The faults of servers that never got to a host. Nova keeps these apart (in cell 0), and leaves
/// their faults out of its lists: a call for each.
pub(super) struct FaultOfServer;

impl Plan for FaultOfServer {
    type Key = String;
    type Value = Arc<compute::Server>;

    async fn load(cloud: Cloud, ids: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let shown = ids.iter().map(|id| Server::show(&cloud, id));
        let rows = try_join_all(shown).await?.into_iter().flatten();
        Ok(rows.map(|row| (row.id.to_string(), row)).collect())
    }
}
