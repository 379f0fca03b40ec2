//! The life of a server: started, stopped, held, stored away, made anew, deleted.

use async_graphql::{Context, Object};

use super::affected::{Concern, affected};
use super::{Goal, ServerPayload, ServerWait, finish};
use crate::cloud::compute::ServerAct;
use crate::graph::compute::flavor::Flavor;
use crate::graph::compute::server::{Server, ServerStatus};
use crate::graph::failure::Answered;
use crate::graph::image::image::Image;
use crate::graph::mutation::{Blamed, Common, Deed, carry_out, named, paid, refer};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

/// An action, what it is called, what it leads to, and how far it reaches.
struct Action {
    act: ServerAct,
    verb: &'static str,
    goal: Goal,
    concern: Concern,
}

impl Action {
    fn new(act: ServerAct, verb: &'static str, goal: Goal) -> Self {
        Self {
            act,
            verb,
            goal,
            concern: Concern::Guest,
        }
    }

    fn on(self, concern: Concern) -> Self {
        Self { concern, ..self }
    }
}

const ACTIVE: Goal = Goal::Status(ServerStatus::Active);

/// Does something to a server; the action may depend on how it is.
async fn act<A, F>(
    context: &Context<'_>,
    common: Common,
    server: Ref,
    wait: Option<ServerWait>,
    action: A,
) -> Answered<ServerPayload>
where
    A: FnOnce(Scope, ServerStatus) -> F + Send,
    F: Future<Output = Result<Action, Blamed>> + Send,
{
    let outcome = carry_out(context, common, |scope| async move {
        let row = refer::<Server>(&scope, &["server"], &server).await?;
        let action = action(scope.clone(), ServerStatus::read(&row.status)).await?;
        let affects = affected(&scope, &row, action.concern).await;
        let subject = named("server", row.name.as_deref(), &row.id);
        let would = format!("{} {subject}, which is {}", action.verb, row.status);
        let now = Server::new(&scope, &row);
        let sent = async move {
            let written = scope.cloud().act_on_server(&row.id, &action.act).await?;
            Ok(finish(&scope, &row.id, &written, wait, action.goal).await)
        };
        Ok(Deed::new(would, Some(now), sent).affecting(affects))
    });
    paid(outcome.await)
}

/// Declares mutations that need no more than the server.
macro_rules! plain_actions {
    ($($(#[$meta:meta])* $name:ident: $act:expr, $verb:literal, $goal:expr, $concern:ident;)+) => {
        #[Object]
        impl PlainActions {
            $(
                $(#[$meta])*
                async fn $name(
                    &self,
                    context: &Context<'_>,
                    #[graphql(desc = "The server.")] server: Ref,
                    #[graphql(desc = "Wait for the outcome; answers at once unless given.")]
                    wait: Option<ServerWait>,
                    #[graphql(desc = "The cloud; the default one unless given.")]
                    cloud: Option<String>,
                    #[graphql(desc = "Only say what would be done.", default = false)]
                    dry_run: bool,
                ) -> Answered<ServerPayload> {
                    let action = Action::new($act, $verb, $goal).on(Concern::$concern);
                    let common = Common { cloud, dry_run };
                    let action = |_, _| async { Ok(action) };
                    act(context, common, server, wait, action).await
                }
            )+
        }
    };
}

/// Actions that need no more than the server.
#[derive(Default)]
pub struct PlainActions;

plain_actions! {
    /// Boots a stopped server. `os-start`.
    server_start: ServerAct::Start, "start", ACTIVE, Guest;
    /// Shuts a server's guest down, and its power off. `os-stop`.
    server_stop: ServerAct::Stop, "stop", Goal::Status(ServerStatus::Shutoff), Guest;
    /// Holds a server in memory; it goes on using its host. `pause`.
    server_pause: ServerAct::Pause, "pause", Goal::Status(ServerStatus::Paused), Guest;
    /// Lets a paused server go on. `unpause`.
    server_unpause: ServerAct::Unpause, "unpause", ACTIVE, Guest;
    /// Holds a server on disk, and frees its host's processors. `suspend`.
    server_suspend: ServerAct::Suspend, "suspend", Goal::Status(ServerStatus::Suspended), Guest;
    /// Stores a server away and frees its host; clouds differ in when. `shelve`.
    server_shelve: ServerAct::Shelve, "shelve", Goal::Quiet, Guest;
    /// Brings a shelved server back, to any host. `unshelve`.
    server_unshelve: ServerAct::Unshelve, "unshelve", ACTIVE, Guest;
    /// Lets a locked server's users act on it again. `unlock`.
    server_unlock: ServerAct::Unlock, "unlock", Goal::Quiet, Guest;
    /// Boots a rescued server from its own disk again. `unrescue`.
    server_unrescue: ServerAct::Unrescue, "unrescue", ACTIVE, Guest;
    /// Keeps the flavor that a server was resized to, and forgets the old one. `confirmResize`.
    server_confirm_resize: ServerAct::ConfirmResize, "confirm the resize of", ACTIVE, Guest;
    /// Gives a resized server its old flavor back. `revertResize`.
    server_revert_resize: ServerAct::RevertResize, "revert the resize of", ACTIVE, Guest;
}

/// The other actions.
#[derive(Default)]
pub struct OtherActions;

/// The life of a server.
#[derive(async_graphql::MergedObject, Default)]
pub struct ServerLifecycle(PlainActions, OtherActions);

#[Object]
impl OtherActions {
    /// Restarts a server: asks its guest to, or cuts its power. `reboot`.
    async fn server_reboot(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "Cut the power instead of asking the guest.", default = false)] hard: bool,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let verb = if hard { "power-cycle" } else { "restart" };
        let action = Action::new(ServerAct::Reboot { hard }, verb, ACTIVE);
        let common = Common { cloud, dry_run };
        act(context, common, server, wait, |_, _| async { Ok(action) }).await
    }

    /// Lets a suspended server go on, and a paused one too. `resume`, or `unpause`.
    async fn server_resume(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let action = |_, status| async move {
            Ok(match status {
                ServerStatus::Paused => Action::new(ServerAct::Unpause, "unpause", ACTIVE),
                _ => Action::new(ServerAct::Resume, "resume", ACTIVE),
            })
        };
        act(context, common, server, wait, action).await
    }

    /// Keeps a server's users from acting on it; administrators still may. `lock`.
    async fn server_lock(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "Why, for those who wonder.")] reason: Option<String>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let action = Action::new(ServerAct::Lock { reason }, "lock", Goal::Quiet);
        let common = Common { cloud, dry_run };
        act(context, common, server, None, |_, _| async { Ok(action) }).await
    }

    /// Boots a server from an image, with its own disk beside it, to repair it. The password that
    /// Nova makes for it is not told; log in with the server's key. `rescue`.
    async fn server_rescue(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The image to boot; the one the server was made from unless given.")]
        image: Option<Ref>,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let action = |scope: Scope, _| async move {
            let image_id = match &image {
                Some(image) => {
                    let image = refer::<Image>(&scope, &["image"], image).await?;
                    Some(image.id.to_string())
                }
                None => None,
            };
            let act = ServerAct::Rescue { image_id };
            Ok(Action::new(
                act,
                "rescue",
                Goal::Status(ServerStatus::Rescue),
            ))
        };
        act(context, common, server, wait, action).await
    }

    /// Gives a server another flavor, on another host where there is one. It stops for that, and
    /// then waits, in `VERIFY_RESIZE`, for `serverConfirmResize` or `serverRevertResize`. `resize`.
    async fn server_resize(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The new flavor.")] flavor: Ref,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let action = |scope: Scope, _| async move {
            let flavor = refer::<Flavor>(&scope, &["flavor"], &flavor).await?;
            let act = ServerAct::Resize {
                flavor_id: flavor.id.to_string(),
            };
            let goal = Goal::Status(ServerStatus::VerifyResize);
            Ok(Action::new(act, "resize", goal))
        };
        act(context, common, server, wait, action).await
    }

    /// Makes a server's disk anew from an image; what the old one held is lost. `rebuild`.
    async fn server_rebuild(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The image to make the disk of.")] image: Ref,
        #[graphql(desc = "The new name; the old one is kept unless given.")] name: Option<String>,
        #[graphql(desc = "Wait for the outcome; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let action = |scope: Scope, status| async move {
            let image = refer::<Image>(&scope, &["image"], &image).await?;
            let act = ServerAct::Rebuild {
                image_id: image.id.to_string(),
                name,
            };
            // A stopped server stays stopped.
            let goal = match status {
                ServerStatus::Shutoff => Goal::Status(ServerStatus::Shutoff),
                _ => ACTIVE,
            };
            Ok(Action::new(act, "rebuild", goal).on(Concern::Disk))
        };
        act(context, common, server, wait, action).await
    }

    /// Deletes a server; a dry run tells what goes with it. `DELETE /servers/{id}`.
    async fn server_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(
            desc = "Delete at once, also where deleted servers are kept for a while.",
            default = false
        )]
        force: bool,
        #[graphql(desc = "Wait until it is gone; answers at once unless given.")] wait: Option<
            ServerWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let affects = affected(&scope, &row, Concern::Everything).await;
            let subject = named("server", row.name.as_deref(), &row.id);
            let would = format!("delete {subject}, which is {}", row.status);
            let now = Server::new(&scope, &row);
            let sent = async move {
                let cloud = scope.cloud();
                let written = if force {
                    cloud
                        .act_on_server(&row.id, &ServerAct::ForceDelete)
                        .await?
                } else {
                    cloud.delete_server(&row.id).await?
                };
                Ok(finish(&scope, &row.id, &written, wait, Goal::Gone).await)
            };
            Ok(Deed::new(would, Some(now), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}
