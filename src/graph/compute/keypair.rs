//! Keypairs: what users log in to servers with.

pub mod mutation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use futures_util::future::join_all;

pub use mutation::KeypairMutation;

use crate::Result;
use crate::cloud::collection::Collection;
use crate::cloud::compute::{self, KEYPAIRS};
use crate::cloud::{Cloud, Parameter};
use crate::graph::connection::{Connection, Node, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::own;
use crate::graph::identity::user::User;
use crate::graph::loader::Plan;
use crate::graph::narrowing::resolve;
use crate::graph::noun::{IdShape, Noun, Pushed, Rows, contains, root_fields, unset_or};
use crate::graph::scalar::{Ref, open_enum};
use crate::graph::scope::Scope;

/// What a user logs in to servers with: the public half of it. It belongs to a user, not to a
/// project. From `GET /os-keypairs` (2.35).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Keypair {
    /// The name, unique among its user's.
    name: String,
    /// What kind of key it is.
    #[graphql(name = "type")]
    kind: Option<KeypairType>,
    /// A hash of the key, to tell it by.
    fingerprint: Option<String>,
    /// The public half, as `authorized_keys` has it, or a certificate.
    public_key: Option<String>,
    #[graphql(skip)]
    owner: Option<String>,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl Keypair {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// Whose it is; null when they were deleted, or the credential may not see them.
    async fn user(&self, context: &Context<'_>) -> Answered<User> {
        let found = async { own::find(context, &self.scope, Some(&self.owner().await?)).await };
        answered(found.await)
    }

    /// Keystone's id of the user whose it is.
    async fn user_id(&self) -> Answered<ID> {
        certain(self.owner().await.map(ID))
    }
}

impl Keypair {
    async fn owner(&self) -> Result<String> {
        match &self.owner {
            Some(user) => Ok(user.clone()),
            // Nova's own list is that of who asks.
            None => Ok(self.scope.token().await?.user.id.clone()),
        }
    }
}

open_enum! {
    /// What kind of key a keypair is.
    KeypairType {
        /// For SSH.
        Ssh = "ssh",
        /// A certificate, for Windows.
        X509 = "x509",
    }
}

/// Which keypairs.
#[derive(InputObject, Default)]
pub struct KeypairFilter {
    /// With one of these names.
    names: Option<Vec<String>>,
    /// The name contains this, whatever the case.
    name_contains: Option<String>,
    /// Of this user; the credential's own unless given. Another one's only for administrators.
    user: Option<Ref>,
    /// Of this kind.
    #[graphql(name = "type")]
    kind: Option<KeypairType>,
    /// With this fingerprint.
    fingerprint: Option<String>,
}

/// What keypairs can be ordered by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum KeypairOrderField {
    /// The name.
    Name,
}

impl Node for Keypair {
    fn cursor_id(&self) -> &str {
        &self.name
    }
}

impl Noun for Keypair {
    type Row = compute::Keypair;
    type Filter = KeypairFilter;
    type Order = KeypairOrderField;

    const KIND: &'static str = "Keypair";
    const LIST: &'static str = "keypairs";
    const COLLECTION: &'static Collection<compute::Keypair> = KEYPAIRS;
    const REACH: Reach = Reach::User;
    const ID: IdShape = IdShape::Any;

    fn new(scope: &Scope, row: &Arc<compute::Keypair>) -> Self {
        Self {
            name: row.name.clone(),
            kind: row.kind.as_deref().map(KeypairType::read),
            fingerprint: row.fingerprint.clone(),
            public_key: row.public_key.clone(),
            owner: row.user_id.clone(),
            scope: scope.clone(),
        }
    }

    fn name(row: &compute::Keypair) -> Option<&str> {
        Some(&row.name)
    }

    async fn prepare(scope: &Scope, mut filter: KeypairFilter) -> Result<KeypairFilter> {
        resolve::<User>(scope, &mut filter.user).await?;
        Ok(filter)
    }

    fn keeps(filter: &KeypairFilter, row: &compute::Keypair) -> bool {
        unset_or(filter.names.as_ref(), |names| names.contains(&row.name))
            && unset_or(filter.name_contains.as_ref(), |part| {
                contains(Some(&row.name), part)
            })
            && unset_or(filter.kind.as_ref(), |kind| {
                row.kind.as_deref().map(KeypairType::read) == Some(*kind)
            })
            && unset_or(filter.fingerprint.as_ref(), |fingerprint| {
                row.fingerprint.as_ref() == Some(fingerprint)
            })
    }

    fn compare(
        order: KeypairOrderField,
        one: &compute::Keypair,
        other: &compute::Keypair,
    ) -> Ordering {
        match order {
            KeypairOrderField::Name => one.name.cmp(&other.name),
        }
    }

    fn push(filter: &KeypairFilter) -> Pushed {
        let user = filter.user.iter();
        Pushed {
            query: user
                .map(|user| ("user_id".into(), user.0.clone()))
                .collect(),
            is_whole: false,
        }
    }

    async fn all(cloud: &Cloud, query: Vec<Parameter>) -> Result<Rows<compute::Keypair>> {
        cloud.list_keypairs(&query).await
    }
}

root_fields! {
    KeypairQuery for Keypair,
    /// One of the credential's own keypairs, by name.
    one: keypair,
    /// The keypairs of a user: the credential's own unless the filter says whose.
    many: keypairs,
    filter: KeypairFilter, order: KeypairOrderField
}

/// Keypairs by user id: one call for each user, since Nova lists no others.
pub struct KeypairsOfUser;

impl Plan for KeypairsOfUser {
    type Key = String;
    type Value = Result<Rows<compute::Keypair>>;

    async fn load(cloud: Cloud, users: Vec<String>) -> Result<HashMap<String, Self::Value>> {
        let listed = users.into_iter().map(|user| {
            let cloud = &cloud;
            async move {
                let rows = cloud.list_keypairs_of(&user).await;
                (user, rows)
            }
        });
        Ok(join_all(listed).await.into_iter().collect())
    }
}

async fn rows_of(scope: &Scope, user_id: &str) -> Result<Option<Rows<compute::Keypair>>> {
    match scope.load::<KeypairsOfUser>(user_id.to_owned()).await? {
        Some(Err(error)) if error.is_forbidden() => Ok(None),
        rows => rows.transpose(),
    }
}

/// The keypairs that a user has; `None` when the credential may not see that user's.
pub async fn keypairs_of(
    scope: &Scope,
    user_id: &str,
    first: Option<i32>,
) -> Result<Option<Connection<Keypair>>> {
    let Some(rows) = rows_of(scope, user_id).await? else {
        return Ok(None);
    };
    let node = |row: &Arc<_>| Keypair::new(scope, row);
    Connection::nested(&rows, |row| &row.name, first, Keypair::REACH, node).map(Some)
}

/// The keypair of that name that a user has; `None` when it is gone, or the credential may not
/// see that user's.
pub async fn keypair_of(scope: &Scope, user_id: &str, name: &str) -> Result<Option<Keypair>> {
    let rows = rows_of(scope, user_id).await?.unwrap_or_default();
    let row = rows.iter().find(|row| row.name == name);
    Ok(row.map(|row| Keypair::new(scope, row)))
}
