//! Users: `GET /users`.

use std::sync::Arc;

use serde::Deserialize;

use super::PAGE;
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::{Cloud, Keep, Parameter, Reference, Service, Token};

/// All users of the domains that the credential reads.
pub const USERS: &Collection<User> = &Collection {
    item: Some(("/users", "user")),
    paging: Paging::Marker(PAGE),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/users", "users")
};

/// A user as Keystone lists them. Nothing of their password is read but when it ends.
#[derive(Debug, Deserialize)]
pub struct User {
    /// Keystone's id: 32 or 64 hexadecimal digits.
    pub id: String,
    /// Unique in the domain.
    #[serde(default)]
    pub name: String,
    /// The domain they are in.
    pub domain_id: Option<String>,
    /// Whether they may log in.
    pub enabled: Option<bool>,
    /// Free text.
    pub description: Option<String>,
    /// Where mail reaches them.
    pub email: Option<String>,
    /// The project of a log-in that names none.
    pub default_project_id: Option<String>,
    /// When the password ends.
    pub password_expires_at: Option<String>,
}

impl Row for User {
    fn id(&self) -> &str {
        &self.id
    }
}

impl User {
    /// What a token tells of the user with this id, if it speaks for them: id, name and domain.
    #[must_use]
    pub fn of_token(token: &Token, id: &str) -> Option<Self> {
        (token.user.id == id).then(|| Self::told(&token.user))
    }

    fn told(user: &Reference) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            domain_id: user.domain().map(|domain| domain.id.clone()),
            enabled: None,
            description: None,
            email: None,
            default_project_id: None,
            password_expires_at: None,
        }
    }
}

impl Cloud {
    /// The users that the credential may list; else its own.
    pub async fn list_users(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<User>>>> {
        self.list_or(USERS, query, self.own_user()).await
    }

    /// The credential's user: as Keystone shows them, or what the token says of them.
    async fn own_user(&self) -> Result<Arc<Vec<Arc<User>>>> {
        let token = self.token().await?;
        let shown = match self.show(USERS, &token.user.id).await {
            Err(error) if error.is_forbidden() => None,
            other => other?,
        };
        let user = shown.unwrap_or_else(|| Arc::new(User::told(&token.user)));
        Ok(Arc::new(vec![user]))
    }

    /// The members of a group. Keystone gives no more than a thousand, and no way to page.
    pub async fn list_group_users(&self, group_id: &str) -> Result<Arc<Vec<Arc<User>>>> {
        let path = format!("/groups/{}/users", escape(group_id));
        self.get_key(
            Service::Identity,
            &path,
            "users",
            &[],
            None,
            Keep::Reference,
        )
        .await
    }
}
