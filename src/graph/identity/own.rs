//! The credential's own project, user and domains. Keystone told their names with the token, so
//! that an edge to one of them need not ask again.

use std::sync::Arc;

use async_graphql::{Context, SelectionField};

use super::domain::Domain;
use super::project::Project;
use super::user::User;
use crate::Result;
use crate::cloud::Token;
use crate::cloud::identity;
use crate::graph::failure::{Answered, answered};
use crate::graph::noun::{Noun, by_id};
use crate::graph::scope::Scope;

/// A noun that tokens tell something of.
pub trait Told: Noun {
    /// The fields that what a token tells is enough for.
    const FIELDS: &'static [&'static str];

    /// What the token tells of the item with an id; `None` when it does not tell of it.
    fn told(token: &Token, id: &str) -> Option<Self::Row>;
}

/// The edge to the node with an id: from the token when that tells of it all that was selected,
/// else batched.
pub async fn told_or_asked<N: Told>(
    context: &Context<'_>,
    scope: &Scope,
    id: Option<&str>,
) -> Answered<N> {
    answered(find(context, scope, id).await)
}

/// The same for an edge that has more to find out.
pub async fn find<N: Told>(
    context: &Context<'_>,
    scope: &Scope,
    id: Option<&str>,
) -> Result<Option<N>> {
    let Some(id) = id else { return Ok(None) };
    match told(context, scope, id).await? {
        Some(node) => Ok(Some(node)),
        None => by_id(scope, id).await,
    }
}

async fn told<N: Told>(context: &Context<'_>, scope: &Scope, id: &str) -> Result<Option<N>> {
    if !selects_only(context.field(), N::FIELDS) {
        return Ok(None);
    }
    let token = scope.token().await?;
    let row = N::told(&token, id);
    Ok(row.map(|row| N::new(scope, &Arc::new(row))))
}

/// Whether nothing but these is selected of a field. What `@skip` leaves out counts as selected.
fn selects_only(field: SelectionField<'_>, known: &[&str]) -> bool {
    let mut selected = field.selection_set();
    selected.all(|field| field.name() == "__typename" || known.contains(&field.name()))
}

impl Told for Project {
    const FIELDS: &'static [&'static str] = &["id", "name", "domainId", "domain", "cloudName"];

    fn told(token: &Token, id: &str) -> Option<identity::Project> {
        // A project without a domain would read as a domain's own.
        identity::Project::of_token(token, id).filter(|project| project.domain_id.is_some())
    }
}

impl Told for User {
    const FIELDS: &'static [&'static str] = &["id", "name", "domainId", "domain", "cloudName"];

    fn told(token: &Token, id: &str) -> Option<identity::User> {
        identity::User::of_token(token, id).filter(|user| user.domain_id.is_some())
    }
}

impl Told for Domain {
    const FIELDS: &'static [&'static str] = &["id", "name", "cloudName"];

    fn told(token: &Token, id: &str) -> Option<identity::Domain> {
        identity::Domain::of_token(token, id)
    }
}
