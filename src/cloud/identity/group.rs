//! Groups: `GET /groups`.

use std::sync::Arc;

use serde::Deserialize;

use super::PAGE;
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::{Cloud, Keep, Parameter, Service};

/// All groups of the domains that the credential reads.
pub const GROUPS: &Collection<Group> = &Collection {
    item: Some(("/groups", "group")),
    paging: Paging::Marker(PAGE),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/groups", "groups")
};

/// A group as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// Keystone's id.
    pub id: String,
    /// Unique in the domain.
    #[serde(default)]
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The domain it is in.
    pub domain_id: Option<String>,
}

impl Row for Group {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Cloud {
    /// The groups that the credential may list; else those its user is in.
    pub async fn list_groups(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<Group>>>> {
        let own = async {
            let token = self.token().await?;
            self.list_user_groups(&token.user.id).await
        };
        self.list_or(GROUPS, query, own).await
    }

    /// The groups a user is in.
    pub async fn list_user_groups(&self, user_id: &str) -> Result<Arc<Vec<Arc<Group>>>> {
        let path = format!("/users/{}/groups", escape(user_id));
        self.get_key(
            Service::Identity,
            &path,
            "groups",
            &[],
            None,
            Keep::Reference,
        )
        .await
    }
}
