//! What is done to servers: merges the actions, and says what they have in common.

mod affected;
pub mod connections;
pub mod create;
pub mod lifecycle;
pub mod record;

use async_graphql::{InputObject, MergedObject};

use super::{Server, ServerStatus};
use crate::Error;
use crate::cloud::{Service, Written, compute};
use crate::graph::mutation::{Done, Progress, payload, settle};
use crate::graph::scope::Scope;

use self::connections::ServerConnections;
use self::create::ServerCreation;
use self::lifecycle::ServerLifecycle;
use self::record::ServerRecord;

/// Everything that can be done to servers.
#[derive(MergedObject, Default)]
pub struct ServerMutation(
    ServerCreation,
    ServerLifecycle,
    ServerConnections,
    ServerRecord,
);

payload! {
    /// What became of a mutation of a server.
    ServerPayload {
        /// The server as it is now; null when it is not there any longer, or was never made. What
        /// takes time may still be under way: see its `status` and `taskState`.
        server: Server,
    }
}

/// How long to wait for what was done to a server.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct ServerWait {
    /// The state to wait for; the one that the action leads to unless given.
    until: Option<ServerStatus>,
    /// Seconds to wait, from 1 to 3,600. When they are over, the server is told as it is then, and
    /// a user error `STILL_UNDER_WAY` says so.
    #[graphql(default = 120, validator(minimum = 1, maximum = 3600))]
    timeout_seconds: u64,
}

/// What an action leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// The server is in this state, and nothing is under way.
    Status(ServerStatus),
    /// Nothing is under way.
    Quiet,
    /// It is gone.
    Gone,
}

impl Goal {
    fn progress(self, row: Option<&compute::Server>) -> Progress {
        let Some(row) = row else {
            return match self {
                Self::Gone => Progress::Reached,
                Self::Status(_) | Self::Quiet => Progress::Failed("the server is gone".to_owned()),
            };
        };
        let status = ServerStatus::read(&row.status);
        let is_gone = matches!(status, ServerStatus::Deleted | ServerStatus::SoftDeleted);
        match self {
            Self::Gone if is_gone => Progress::Reached,
            _ if row.task_state.is_some() => Progress::GoesOn,
            Self::Status(wanted) if status == wanted => Progress::Reached,
            Self::Quiet if status != ServerStatus::Error => Progress::Reached,
            _ if status == ServerStatus::Error => {
                let fault = row
                    .fault
                    .as_ref()
                    .and_then(|fault| fault.message.as_deref());
                let reason = fault.unwrap_or("Nova gives no reason");
                Progress::Failed(format!("the server is in ERROR: {reason}"))
            }
            _ => Progress::GoesOn,
        }
    }
}

/// How a server is after something was done to it, waited for when that was asked.
async fn finish(
    scope: &Scope,
    id: &str,
    written: &Written,
    wait: Option<ServerWait>,
    goal: Goal,
) -> Done<Server> {
    let goal = wait.and_then(|wait| wait.until).map_or(goal, Goal::Status);
    let seconds = wait.map(|wait| wait.timeout_seconds);
    let mut done = settle::<Server>(scope, id, written, seconds, |row| goal.progress(row)).await;
    // Where the server ends up does not tell what became of the request: Nova's record of it does.
    if let (Some(_), Some(request_id)) = (wait, written.request_id.as_deref())
        && let Some((message, has_reason)) = what_failed(scope, id, request_id).await
        // The server's fault says more than a record without a reason.
        && (has_reason || done.unmet.is_empty())
    {
        done.unmet = vec![Error::Failed {
            service: Service::Compute,
            message,
            request_id: Some(request_id.to_owned()),
        }];
    }
    done
}

/// What of a request failed, when Nova's record of it says that something did, and whether the record
/// says why.
async fn what_failed(scope: &Scope, id: &str, request_id: &str) -> Option<(String, bool)> {
    let scope = scope.renewed();
    let action = scope.cloud().get_server_action(id, request_id).await.ok()?;
    let events = action.events.as_deref().unwrap_or_default();
    let failed = events
        .iter()
        .find(|event| event.result.as_deref() == Some("Error"))?;
    let details = failed.details.as_deref();
    let reason = details.unwrap_or("it gives no reason");
    let message = format!("Nova says that {} failed: {reason}", failed.event);
    Some((message, details.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, task: Option<&str>) -> compute::Server {
        let row = serde_json::json!({"id": "1", "status": status, "OS-EXT-STS:task_state": task});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn a_server_is_there_when_nothing_is_under_way() {
        let goal = Goal::Status(ServerStatus::Active);
        let at = |status, task| goal.progress(Some(&row(status, task)));
        assert_eq!(at("ACTIVE", Some("powering-on")), Progress::GoesOn);
        assert_eq!(at("SHUTOFF", None), Progress::GoesOn);
        assert_eq!(at("ACTIVE", None), Progress::Reached);
        assert!(matches!(at("ERROR", None), Progress::Failed(_)));
        assert!(matches!(goal.progress(None), Progress::Failed(_)));
    }

    #[test]
    fn a_deleted_server_is_gone_or_says_so() {
        let at = |status, task| Goal::Gone.progress(Some(&row(status, task)));
        assert_eq!(Goal::Gone.progress(None), Progress::Reached);
        assert_eq!(at("ACTIVE", Some("deleting")), Progress::GoesOn);
        assert_eq!(at("SOFT_DELETED", None), Progress::Reached);
        assert!(matches!(at("ERROR", None), Progress::Failed(_)));
    }
}
