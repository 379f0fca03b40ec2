//! Keypairs that are made, imported and deleted.

use async_graphql::{Context, Object, SimpleObject};

use super::{Keypair, KeypairType};
use crate::cloud::{Cloud, compute};
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, DryRun, Outcome, UserError, carry_out, now, paid,
    payload, refer,
};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;
use crate::{Error, Result};

payload! {
    /// What became of a mutation of a keypair.
    KeypairPayload {
        /// The keypair as it is now; null when it is not there any longer, or was never made.
        keypair: Keypair,
    }
}

/// What became of a keypair that was to be made.
#[derive(SimpleObject)]
pub struct KeypairCreatePayload {
    /// The keypair; null when it was not made.
    keypair: Option<Keypair>,
    /// The private half, in PEM. It is told here and never again: Nova does not keep it.
    private_key: Option<String>,
    /// Why it was not done, or did not come to a good end; empty when all is well.
    user_errors: Vec<UserError>,
    /// What would be done; only when that was asked.
    dry_run: Option<DryRun>,
}

struct Made {
    keypair: Option<Keypair>,
    private_key: String,
}

impl From<Outcome<Made>> for KeypairCreatePayload {
    fn from(outcome: Outcome<Made>) -> Self {
        let (keypair, private_key) = match outcome.now {
            Some(made) => (made.keypair, Some(made.private_key)),
            None => (None, None),
        };
        Self {
            keypair,
            private_key,
            user_errors: outcome.user_errors,
            dry_run: outcome.dry_run,
        }
    }
}

/// What can be done to keypairs.
#[derive(Default)]
pub struct KeypairMutation;

#[Object]
impl KeypairMutation {
    /// Lets Nova make a keypair for the credential's user. The private half is in the answer, and
    /// nowhere else; a key that is made elsewhere and imported is not seen by anybody on the way.
    /// `POST /os-keypairs` (2.35).
    async fn keypair_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The name, unique among the user's.")] name: String,
        #[graphql(
            name = "type",
            desc = "What kind of key.",
            default_with = "KeypairType::Ssh"
        )]
        kind: KeypairType,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<KeypairCreatePayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let kind = wire(kind)?;
            let would = format!("make a keypair `{name}`");
            let affects = if dry_run {
                taken(&scope, &name).await?
            } else {
                Vec::new()
            };
            let sent = async move {
                let (private_key, _) = scope.cloud().create_keypair(&name, kind).await?;
                Ok(Done::well(Some(Made {
                    keypair: now::<Keypair>(&scope, &name).await,
                    private_key,
                })))
            };
            Ok(Deed::new(would, None, sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Makes a keypair of a public key that is there. `POST /os-keypairs` (2.35).
    async fn keypair_import(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The name, unique among the user's.")] name: String,
        #[graphql(desc = "The public half, as `authorized_keys` has it, or a certificate.")]
        public_key: String,
        #[graphql(
            name = "type",
            desc = "What kind of key.",
            default_with = "KeypairType::Ssh"
        )]
        kind: KeypairType,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<KeypairPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let kind = wire(kind)?;
            if public_key.contains("PRIVATE KEY") {
                let message = "That is a private key; give the public half of it";
                return Err(Blamed::input(&["publicKey"], message));
            }
            let would = format!("import a keypair `{name}`");
            let affects = if dry_run {
                taken(&scope, &name).await?
            } else {
                Vec::new()
            };
            let sent = async move {
                let cloud = scope.cloud();
                cloud.import_keypair(&name, kind, public_key.trim()).await?;
                Ok(Done::well(now::<Keypair>(&scope, &name).await))
            };
            Ok(Deed::new(would, None, sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a keypair of the credential's user. Servers that were made with it keep the key.
    /// `DELETE /os-keypairs/{name}` (2.35).
    async fn keypair_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The keypair, by its name.")] keypair: Ref,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<KeypairPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = refer::<Keypair>(&scope, &["keypair"], &keypair).await?;
            let affects = if dry_run {
                affected(&scope, &row).await
            } else {
                Vec::new()
            };
            let would = format!("delete the keypair `{}`", row.name);
            let now_row = Keypair::new(&scope, &row);
            let sent = async move {
                scope.cloud().delete_keypair(&row.name).await?;
                Ok(Done::well(now::<Keypair>(&scope, &row.name).await))
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }
}

fn wire(kind: KeypairType) -> Result<&'static str, Blamed> {
    let unknown = || Blamed::input(&["type"], "Name a type that is known: SSH or X509");
    kind.wire().ok_or_else(unknown)
}

/// The keypair that has the name already: Nova will refuse a second one.
async fn taken(scope: &Scope, name: &str) -> Result<Vec<Affected>> {
    let rows = Keypair::all(scope.cloud(), Vec::new()).await?;
    let taken = rows.iter().filter(|row| row.name == name);
    let affected = taken.map(|row| {
        let effect = "has the name already: Nova refuses this";
        Affected::new("Keypair", &row.name, Some(&row.name), effect)
    });
    Ok(affected.collect())
}

/// The servers that were made with a keypair, as far as they can be seen.
async fn affected(scope: &Scope, row: &compute::Keypair) -> Vec<Affected> {
    let mut affected = match made_with(scope, row).await {
        Ok(affected) => affected,
        Err(error) => {
            let effect = format!("that were made with it cannot be told: {error}");
            scope.report(error);
            return vec![Affected::unknown("Server", effect)];
        }
    };
    // Keypairs are a user's, and lists of servers a project's.
    if !sees_all(scope.cloud()).await {
        let effect = "of the user in other projects cannot be seen; some may be made with it";
        affected.push(Affected::unknown("Server", effect));
    }
    affected
}

async fn sees_all(cloud: &Cloud) -> bool {
    cloud.is_admin().await.unwrap_or(false)
}

async fn made_with(scope: &Scope, row: &compute::Keypair) -> Result<Vec<Affected>, Error> {
    let token = scope.token().await?;
    let servers = scope.cloud().list_servers(&[]).await?;
    let made = servers.iter().filter(|server| {
        let is_users = server.user_id.as_deref() == Some(token.user.id.as_str());
        is_users && server.key_name.as_deref() == Some(row.name.as_str())
    });
    let affected = made.map(|server| {
        let effect = "was made with it, and keeps the key";
        Affected::new("Server", &server.id, server.name.as_deref(), effect)
    });
    Ok(affected.collect())
}
