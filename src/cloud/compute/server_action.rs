//! What was done to a server: `GET /servers/{id}/os-instance-actions`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::Result;
use crate::cloud::collection::{Page, escape};
use crate::cloud::{Cloud, Keep, Microversion, Parameter, Service};

/// 2.58 brings pages, 2.62 the events' hosts, 2.84 their details.
const ACTIONS_MICROVERSION: Microversion = Microversion(2, 84);
/// The largest page that Nova gives.
const PAGE: u32 = 1000;

/// An action as Nova lists it.
#[derive(Debug, Deserialize)]
pub struct ServerAction {
    /// What was asked for: `create`, `reboot`, `live-migration`.
    pub action: String,
    /// The server.
    #[serde(rename = "instance_uuid")]
    pub server_id: String,
    /// Nova's request id, which its logs have too.
    pub request_id: String,
    /// Who asked; null for Nova itself.
    pub user_id: Option<String>,
    /// In which project.
    pub project_id: Option<String>,
    /// When it began.
    pub start_time: Option<String>,
    /// When it was last heard of.
    pub updated_at: Option<String>,
    /// `Error` when it failed.
    pub message: Option<String>,
}

/// A step of an action. The traceback is never read.
#[derive(Debug, Deserialize)]
pub struct ServerActionEvent {
    /// The step: `compute__do_build_and_run_instance`.
    pub event: String,
    /// When it began.
    pub start_time: Option<String>,
    /// When it ended.
    pub finish_time: Option<String>,
    /// `Success` or `Error`.
    pub result: Option<String>,
    /// The host it ran on; administrators only.
    pub host: Option<String>,
    /// A hash of project and host.
    #[serde(rename = "hostId")]
    pub host_id: Option<String>,
    /// What went wrong, in words for users.
    pub details: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(rename = "instanceActions")]
    actions: Vec<Arc<ServerAction>>,
    #[serde(default)]
    links: Vec<Value>,
}

/// An action with its steps.
#[derive(Debug, Deserialize)]
pub struct ServerActionDetail {
    /// The action.
    #[serde(flatten)]
    pub action: Arc<ServerAction>,
    /// Its steps, the newest first; null where policy hides them.
    pub events: Option<Vec<Arc<ServerActionEvent>>>,
}

impl Cloud {
    /// The newest `limit` actions of a server, deleted or not, the newest first; after the one
    /// with the request id `marker`.
    pub async fn list_server_actions_page(
        &self,
        server_id: &str,
        marker: Option<&str>,
        limit: u32,
    ) -> Result<Page<ServerAction>> {
        let mut query: Vec<Parameter> = vec![("limit".into(), limit.to_string())];
        if let Some(marker) = marker {
            query.push(("marker".into(), marker.to_owned()));
        }
        let listed: Arc<Listed> = self
            .get_key(
                Service::Compute,
                &format!("/servers/{}/os-instance-actions", escape(server_id)),
                "",
                &query,
                Some(ACTIONS_MICROVERSION),
                Keep::Rows,
            )
            .await?;
        let has_more = listed.links.iter().any(|link| link["rel"] == "next");
        Ok(Page {
            rows: listed.actions.clone(),
            has_more: has_more && !listed.actions.is_empty(),
        })
    }

    /// All actions of a server, deleted or not, the newest first.
    pub async fn list_server_actions(&self, server_id: &str) -> Result<Vec<Arc<ServerAction>>> {
        let mut actions: Vec<Arc<ServerAction>> = Vec::new();
        loop {
            let marker = actions.last().map(|action| action.request_id.clone());
            let page = self
                .list_server_actions_page(server_id, marker.as_deref(), PAGE)
                .await?;
            let goes_on =
                page.has_more && page.rows.last().map(|row| &row.request_id) != marker.as_ref();
            actions.extend(page.rows);
            if !goes_on {
                return Ok(actions);
            }
        }
    }

    /// One action of a server with its steps.
    pub async fn get_server_action(
        &self,
        server_id: &str,
        request_id: &str,
    ) -> Result<Arc<ServerActionDetail>> {
        let path = format!(
            "/servers/{}/os-instance-actions/{}",
            escape(server_id),
            escape(request_id)
        );
        self.get_key(
            Service::Compute,
            &path,
            "instanceAction",
            &[],
            Some(ACTIONS_MICROVERSION),
            Keep::Rows,
        )
        .await
    }
}
