//! Console logs: what a server wrote to its console.

use std::collections::HashMap;

use async_graphql::{Context, Object};
use futures_util::future::join_all;

use super::server::Server;
use crate::cloud::Cloud;
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::noun::id_of;
use crate::graph::scalar::Ref;
use crate::graph::scope::{CloudRef, Scope};
use crate::{Error, Result};

/// The root field.
#[derive(Default)]
pub struct ConsoleLogQuery(pub CloudRef);

#[Object]
impl ConsoleLogQuery {
    /// The end of what a server wrote to its console; null when it has none. From the action
    /// `os-getConsoleOutput`, which changes nothing; an error while the server has no host.
    async fn console_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "How many lines from the end.", default = 100)] lines: i32,
    ) -> Answered<String> {
        let read = async {
            let scope = self.0.scope(context)?;
            let server_id = id_of::<Server>(&scope, &server).await?;
            console_log_of(&scope, &server_id, lines).await
        };
        answered(read.await)
    }
}

/// The end of servers' console logs, by server id and number of lines: one call for each.
pub struct ConsoleLogOfServer;

impl Plan for ConsoleLogOfServer {
    type Key = (String, u32);
    type Value = Result<String>;

    async fn load(cloud: Cloud, keys: Vec<Self::Key>) -> Result<HashMap<Self::Key, Self::Value>> {
        let read = keys.into_iter().map(|key| {
            let cloud = &cloud;
            async move {
                let log = match cloud.get_console_log(&key.0, Some(key.1)).await {
                    Err(error) if error.is_not_found() => None,
                    log => log.transpose(),
                };
                Some((key, log?))
            }
        });
        Ok(join_all(read).await.into_iter().flatten().collect())
    }
}

/// The last lines of a server's console; `None` when it has no console.
pub async fn console_log_of(scope: &Scope, server_id: &str, lines: i32) -> Result<Option<String>> {
    let lines = u32::try_from(lines)
        .map_err(|_| Error::BadInput(format!("lines: {lines} is below 0; ask for 0 or more")))?;
    let key = (server_id.to_owned(), lines);
    scope.load::<ConsoleLogOfServer>(key).await?.transpose()
}
