//! Keypairs: `GET /os-keypairs`. They belong to a user, not to a project.

use std::sync::Arc;

use serde::Deserialize;

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Microversion, Parameter, Service};

/// The keypairs of a user: the credential's own, unless `user_id` says whose.
///
/// 2.35 brings pages, 2.10 `user_id` for administrators.
pub const KEYPAIRS: &Collection<Keypair> = &Collection {
    microversion: Some(Microversion(2, 35)),
    paging: Paging::Marker(1000),
    ..Collection::new(Service::Compute, "/os-keypairs", "keypairs")
};

/// The parameter that says whose keypairs are meant.
const USER: &str = "user_id";

/// A keypair as Nova lists it: the public half.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Listed")]
pub struct Keypair {
    /// Unique among its user's.
    pub name: String,
    /// `ssh` or `x509`.
    pub kind: Option<String>,
    /// A hash of the key.
    pub fingerprint: Option<String>,
    /// The public half.
    pub public_key: Option<String>,
    /// Whose it is, where it was asked for by user; Nova's list does not tell.
    pub user_id: Option<String>,
}

impl Row for Keypair {
    fn id(&self) -> &str {
        &self.name
    }
}

#[derive(Deserialize)]
struct Listed {
    keypair: Inner,
}

#[derive(Deserialize)]
struct Inner {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    fingerprint: Option<String>,
    public_key: Option<String>,
}

impl From<Listed> for Keypair {
    fn from(Listed { keypair }: Listed) -> Self {
        Self {
            name: keypair.name,
            kind: keypair.kind,
            fingerprint: keypair.fingerprint,
            public_key: keypair.public_key,
            user_id: None,
        }
    }
}

impl Cloud {
    /// The keypairs that the filter lets through, with their user when the filter names one.
    pub async fn list_keypairs(&self, filter: &[Parameter]) -> Result<Arc<Vec<Arc<Keypair>>>> {
        let rows = self.list(KEYPAIRS, filter).await?;
        let Some((_, user)) = filter.iter().find(|(name, _)| name == USER) else {
            return Ok(rows);
        };
        let owned = rows.iter().map(|row| {
            Arc::new(Keypair {
                user_id: Some(user.clone()),
                ..Keypair::clone(row)
            })
        });
        Ok(Arc::new(owned.collect()))
    }

    /// The keypairs of a user; of another one only for administrators.
    pub async fn list_keypairs_of(&self, user_id: &str) -> Result<Arc<Vec<Arc<Keypair>>>> {
        self.list_keypairs(&[(USER.into(), user_id.to_owned())])
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapper_of_each_row_is_taken_off() {
        let text = r#"{"keypair": {"name": "k", "type": "ssh", "fingerprint": "aa:bb"}}"#;
        let row: Keypair = serde_json::from_str(text).unwrap();
        assert_eq!(row.id(), "k");
        assert_eq!(row.public_key, None);
    }
}
