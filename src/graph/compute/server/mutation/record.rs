//! What is written of a server, made of it, or opened to it.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::create::MetadataInput;
use super::{Goal, ServerPayload, finish};
use crate::cloud::compute::ServerChange;
use crate::graph::compute::server::Server;
use crate::graph::failure::Answered;
use crate::graph::image::image::Image;
use crate::graph::mutation::{
    Blamed, Common, Deed, Done, carry_out, named, now, paid, payload, refer,
};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;

payload! {
    /// What became of an image that was to be made of a server.
    ServerCreateImagePayload {
        /// The image as it is now; it is not `ACTIVE` before its data is there.
        image: Image,
    }
}

payload! {
    /// A console that was opened.
    ServerConsolePayload {
        /// Where it is.
        console: ServerConsole,
    }
}

/// A way to a server's screen or serial line.
#[derive(SimpleObject)]
pub struct ServerConsole {
    /// Where to open it. It lets in whoever has it, and is good for minutes.
    url: String,
}

/// What kind of console.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ServerConsoleType {
    /// The screen, in a browser, by VNC.
    Novnc,
    /// The screen, in a browser, by SPICE.
    SpiceHtml5,
    /// The serial line, over a WebSocket.
    Serial,
    /// The screen of a `VMware` or Hyper-V guest.
    Webmks,
}

impl ServerConsoleType {
    fn wire(self) -> (&'static str, &'static str) {
        match self {
            Self::Novnc => ("vnc", "novnc"),
            Self::SpiceHtml5 => ("spice", "spice-html5"),
            Self::Serial => ("serial", "serial"),
            Self::Webmks => ("mks", "webmks"),
        }
    }
}

/// What is written of a server, made of it, or opened to it.
#[derive(Default)]
pub struct ServerRecord;

#[Object]
impl ServerRecord {
    /// Renames a server, or describes it anew. `PUT /servers/{id}` (2.90).
    async fn server_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The new name; the old one is kept unless given.")] name: Option<String>,
        #[graphql(desc = "The new free text; the old one is kept unless given.")]
        description: Option<String>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            if name.is_none() && description.is_none() {
                let message = "Give `name` or `description`: what is to be changed";
                return Err(Blamed::input(&["name"], message));
            }
            let would = format!("change {}", named("server", row.name.as_deref(), &row.id));
            let now = Server::new(&scope, &row);
            let sent = async move {
                let change = ServerChange { name, description };
                let written = scope.cloud().update_server(&row.id, &change).await?;
                Ok(finish(&scope, &row.id, &written, None, Goal::Quiet).await)
            };
            Ok(Deed::new(would, Some(now), sent))
        });
        paid(outcome.await)
    }

    /// Notes something of a server, or replaces all that is noted of it.
    /// `POST` or `PUT /servers/{id}/metadata`.
    async fn server_set_metadata(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "What to note.")] metadata: Vec<MetadataInput>,
        #[graphql(desc = "Remove what is noted under other keys.", default = false)] replace: bool,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let verb = if replace { "replace" } else { "add to" };
            let subject = named("server", row.name.as_deref(), &row.id);
            let now = Server::new(&scope, &row);
            let pairs = metadata.into_iter().map(|pair| (pair.key, pair.value));
            let pairs: Vec<(String, String)> = pairs.collect();
            let sent = async move {
                let cloud = scope.cloud();
                let written = cloud.set_server_metadata(&row.id, &pairs, replace).await?;
                Ok(finish(&scope, &row.id, &written, None, Goal::Quiet).await)
            };
            let would = format!("{verb} what is noted of {subject}");
            Ok(Deed::new(would, Some(now), sent))
        });
        paid(outcome.await)
    }

    /// Makes an image of a server's disk; of one that boots from a volume, a snapshot of that
    /// volume too. `createImage` (2.45).
    async fn server_create_image(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(desc = "The image's name.")] name: String,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerCreateImagePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let subject = named("server", row.name.as_deref(), &row.id);
            let would = format!("make an image `{name}` of {subject}");
            let sent = async move {
                let (id, _) = scope.cloud().create_server_image(&row.id, &name).await?;
                Ok(Done::well(now::<Image>(&scope, &id).await))
            };
            Ok(Deed::new(would, None, sent))
        });
        paid(outcome.await)
    }

    /// Opens a console to a server. `POST /servers/{id}/remote-consoles` (2.8).
    async fn server_create_console(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The server.")] server: Ref,
        #[graphql(
            name = "type",
            desc = "What kind of console; the cloud may not have it.",
            default_with = "ServerConsoleType::Novnc"
        )]
        kind: ServerConsoleType,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<ServerConsolePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Server>(&scope, &["server"], &server).await?;
            let subject = named("server", row.name.as_deref(), &row.id);
            let sent = async move {
                let (protocol, kind) = kind.wire();
                let cloud = scope.cloud();
                let (url, _) = cloud.create_server_console(&row.id, protocol, kind).await?;
                Ok(Done::well(Some(ServerConsole { url })))
            };
            Ok(Deed::new(
                format!("open a console to {subject}"),
                None,
                sent,
            ))
        });
        paid(outcome.await)
    }
}
