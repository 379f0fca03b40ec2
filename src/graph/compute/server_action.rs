//! Server actions: what was done to a server, by whom, and how it went.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use futures_util::future::join_all;

use super::server::Server;
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::collection::Page;
use crate::cloud::compute;
use crate::graph::connection::{Connection, Node, PageArguments, Reach, Total};
use crate::graph::failure::{Answered, answered};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::identity::user::User;
use crate::graph::loader::Plan;
use crate::graph::noun::{by_id, id_of, reach_of, unset_or};
use crate::graph::scalar::{DateTime, Ref, open_enum};
use crate::graph::scope::{CloudRef, Scope};

/// What was done to a server. From `GET /servers/{id}/os-instance-actions` (2.84); Nova keeps
/// them for deleted servers too, until these are purged.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ServerAction {
    /// The id of the request that asked for it, which Nova's logs have too.
    request_id: ID,
    /// What was asked for, in Nova's words: `create`, `reboot`, `live-migration`.
    action: String,
    /// The server.
    server_id: ID,
    /// Who asked; null when Nova itself did.
    user_id: Option<ID>,
    /// The project that it was asked in.
    project_id: Option<ID>,
    /// When it began.
    started_at: Option<DateTime>,
    /// When it was last heard of.
    updated_at: Option<DateTime>,
    /// What Nova noted: `Error` when it failed, else null.
    message: Option<String>,
    /// Whether Nova noted that it failed. False while it is under way.
    has_failed: bool,
    #[graphql(skip)]
    scope: Scope,
}

/// A step of a server's action. From `GET /servers/{id}/os-instance-actions/{request_id}` (2.84).
#[derive(SimpleObject)]
pub struct ServerActionEvent {
    /// The step, in Nova's words: `compute__do_build_and_run_instance`.
    event: String,
    /// When it began.
    started_at: Option<DateTime>,
    /// When it ended; null while it is under way.
    finished_at: Option<DateTime>,
    /// How it went; null while it is under way.
    result: Option<ServerActionResult>,
    /// The host it ran on; null unless the credential is an administrator's.
    host: Option<String>,
    /// A hash of project and host: equal for steps of a project on one host.
    host_id: Option<String>,
    /// What went wrong, in words for users; null when nothing did.
    details: Option<String>,
}

#[ComplexObject]
impl ServerAction {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project that it was asked in; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(
            context,
            &self.scope,
            self.project_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// Who asked; null when Nova itself did, they were deleted, or the credential may not see them.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        told_or_asked(
            context,
            &self.scope,
            self.user_id.as_ref().map(|id| id.as_str()),
        )
        .await
    }

    /// The server; null when it is gone.
    async fn server(&self) -> Answered<Server> {
        answered(by_id(&self.scope, &self.server_id).await)
    }

    /// Its steps, the newest first; null where policy hides them. One call for each action.
    async fn events(&self) -> Answered<Vec<ServerActionEvent>> {
        let found = async {
            let key = (self.server_id.0.clone(), self.request_id.0.clone());
            let Some(detail) = self.scope.load::<EventsOfAction>(key).await? else {
                return Ok(None);
            };
            let detail = detail?;
            let events = detail.events.as_ref();
            Ok(events.map(|events| events.iter().map(|row| event(row)).collect()))
        };
        answered(found.await)
    }
}

open_enum! {
    /// How a step of an action went.
    ServerActionResult {
        /// Well.
        Success = "Success",
        /// It failed.
        Error = "Error",
    }
}

/// Which actions of a server.
#[derive(InputObject, Default)]
pub struct ServerActionFilter {
    /// Of this kind, in Nova's words, as `reboot`.
    action: Option<String>,
    /// Asked for by the user with this id.
    user_id: Option<ID>,
    /// Noted as failed, or not.
    has_failed: Option<bool>,
    /// Begun at this time or later.
    since: Option<DateTime>,
}

impl ServerActionFilter {
    fn keeps(&self, row: &compute::ServerAction) -> bool {
        unset_or(self.action.as_ref(), |action| *action == row.action)
            && unset_or(self.user_id.as_ref(), |user| {
                row.user_id.as_ref() == Some(&user.0)
            })
            && unset_or(self.has_failed.as_ref(), |failed| {
                has_failed(row) == *failed
            })
            && unset_or(self.since.as_ref(), |since| {
                DateTime::maybe(row.start_time.as_deref()).is_some_and(|start| start >= *since)
            })
    }
}

impl Node for ServerAction {
    fn cursor_id(&self) -> &str {
        &self.request_id
    }
}

impl ServerAction {
    fn new(scope: &Scope, row: &compute::ServerAction) -> Self {
        Self {
            request_id: ID::from(&row.request_id),
            action: row.action.clone(),
            server_id: ID::from(&row.server_id),
            user_id: row.user_id.as_deref().map(ID::from),
            project_id: row.project_id.as_deref().map(ID::from),
            started_at: DateTime::maybe(row.start_time.as_deref()),
            updated_at: DateTime::maybe(row.updated_at.as_deref()),
            message: row.message.clone(),
            has_failed: has_failed(row),
            scope: scope.clone(),
        }
    }
}

fn has_failed(row: &compute::ServerAction) -> bool {
    row.message.as_deref() == Some("Error")
}

fn event(row: &compute::ServerActionEvent) -> ServerActionEvent {
    ServerActionEvent {
        event: row.event.clone(),
        started_at: DateTime::maybe(row.start_time.as_deref()),
        finished_at: DateTime::maybe(row.finish_time.as_deref()),
        result: row.result.as_deref().map(ServerActionResult::read),
        host: row.host.clone(),
        host_id: row.host_id.clone(),
        details: row.details.clone(),
    }
}

/// The root fields of the noun.
#[derive(Default)]
pub struct ServerActionQuery(pub CloudRef);

#[Object]
impl ServerActionQuery {
    /// One action of a server.
    async fn server_action(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server, also by the id of a deleted one.")] server: Ref,
        #[graphql(desc = "The id of the request that asked for it.")] request_id: ID,
    ) -> Answered<ServerAction> {
        let found = async {
            let scope = self.0.scope(context)?;
            let key = (server_id(&scope, &server).await?, request_id.0);
            let detail = scope.load::<EventsOfAction>(key).await?.transpose()?;
            Ok(detail.map(|detail| ServerAction::new(&scope, &detail.action)))
        };
        answered(found.await)
    }

    /// What was done to a server, the newest first; null when there never was such a server, or
    /// it was purged.
    async fn server_actions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server, also by the id of a deleted one.")] server: Ref,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
        #[graphql(desc = "The cursor to go on after, from `pageInfo.endCursor`.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many rows to skip, for \"51 to 100\".")] offset: Option<i32>,
        #[graphql(desc = "Every row, at its price.", default = false)] all: bool,
        #[graphql(desc = "Only the rows that match.")] filter: Option<ServerActionFilter>,
    ) -> Answered<Connection<ServerAction>> {
        let arguments = PageArguments {
            first,
            after,
            offset,
            all,
        };
        let listed = async {
            let slice = arguments.checked()?;
            let scope = self.0.scope(context)?;
            let reach = reach_of(&scope, Reach::AllProjects).await?;
            let server_id = server_id(&scope, &server).await?;
            let mut rows = match scope.cloud().list_server_actions(&server_id).await {
                Err(error) if error.is_not_found() => return Ok(None),
                rows => rows?,
            };
            if let Some(filter) = &filter {
                rows.retain(|row| filter.keeps(row));
            }
            Ok(Some(Connection::cut(
                &rows,
                |row| &row.request_id,
                &slice,
                reach,
                |row| ServerAction::new(&scope, row),
            )))
        };
        answered(listed.await)
    }
}

/// The id of a server that may have been deleted: Nova still tells what was done to it.
pub(super) async fn server_id(scope: &Scope, server: &Ref) -> Result<String> {
    if uuid::Uuid::try_parse(&server.0).is_ok() {
        return Ok(server.0.clone());
    }
    id_of::<Server>(scope, server).await
}

/// The newest actions of servers, by server id and how many, the newest first: one call for each
/// server, since Nova lists no others.
pub struct ActionsOfServer;

impl Plan for ActionsOfServer {
    type Key = (String, u32);
    type Value = Result<Arc<Page<compute::ServerAction>>>;

    async fn load(cloud: Cloud, keys: Vec<Self::Key>) -> Result<HashMap<Self::Key, Self::Value>> {
        let listed = keys.into_iter().map(|key| {
            let cloud = &cloud;
            async move {
                let page = cloud.list_server_actions_page(&key.0, None, key.1).await;
                (key, page.map(Arc::new))
            }
        });
        let pages = join_all(listed).await.into_iter();
        let found = pages.filter(|(_, page)| !is_absent(page));
        Ok(found.collect())
    }
}

/// Actions with their steps, by server id and request id: one call for each.
pub struct EventsOfAction;

impl Plan for EventsOfAction {
    type Key = (String, String);
    type Value = Result<Arc<compute::ServerActionDetail>>;

    async fn load(cloud: Cloud, keys: Vec<Self::Key>) -> Result<HashMap<Self::Key, Self::Value>> {
        let shown = keys.into_iter().map(|key| {
            let cloud = &cloud;
            async move {
                let detail = cloud.get_server_action(&key.0, &key.1).await;
                (key, detail)
            }
        });
        let details = join_all(shown).await.into_iter();
        let found = details.filter(|(_, detail)| !is_absent(detail));
        Ok(found.collect())
    }
}

fn is_absent<T>(result: &Result<T>) -> bool {
    matches!(result, Err(error) if error.is_not_found())
}

/// The newest actions of a server; `None` when Nova knows no such server.
pub async fn actions_of(
    scope: &Scope,
    server_id: &str,
    first: Option<i32>,
) -> Result<Option<Connection<ServerAction>>> {
    let arguments = PageArguments {
        first,
        ..PageArguments::default()
    };
    let first = arguments.checked()?.first.unwrap_or_default();
    let reach = reach_of(scope, Reach::AllProjects).await?;
    // One row more tells whether there are more.
    let limit = u32::try_from(first + 1).unwrap_or(u32::MAX);
    let key = (server_id.to_owned(), limit);
    let Some(page) = scope.load::<ActionsOfServer>(key).await? else {
        return Ok(None);
    };
    let page = page?;
    let has_next = page.rows.len() > first || page.has_more;
    let rows = page.rows.iter().take(first);
    let nodes: Vec<_> = rows.map(|row| ServerAction::new(scope, row)).collect();
    let total = if has_next {
        let (cloud, server_id) = (scope.cloud().clone(), server_id.to_owned());
        Total::Counted(Arc::new(move || {
            let (cloud, server_id) = (cloud.clone(), server_id.clone());
            Box::pin(async move { Ok(Some(cloud.list_server_actions(&server_id).await?.len())) })
        }))
    } else {
        Total::Known(nodes.len())
    };
    Ok(Some(Connection::page(nodes, 0, has_next, total, reach)))
}
