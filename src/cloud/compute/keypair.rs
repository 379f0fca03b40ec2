//! Keypairs: `GET /os-keypairs`. They belong to a user, not to a project.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row, escape};
use crate::cloud::request::Call;
use crate::cloud::{Cloud, Microversion, Parameter, Service, Written};

/// The keypairs of a user: the credential's own, unless `user_id` says whose.
///
/// 2.35 brings pages, 2.10 `user_id` for administrators.
pub const KEYPAIRS: &Collection<Keypair> = &Collection {
    microversion: Some(Microversion(2, 35)),
    paging: Paging::Marker(1000),
    ..Collection::new(Service::Compute, "/os-keypairs", "keypairs")
};

/// 2.2 brings types, and an answer without a body to a deletion; from 2.92 on Nova makes no keys.
const WRITE: Microversion = Microversion(2, 35);

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

#[derive(Deserialize)]
struct Made {
    private_key: String,
}

impl Cloud {
    /// Lets Nova make a keypair; answers with its private half, which Nova does not keep.
    /// `POST /os-keypairs` (2.35).
    pub async fn create_keypair(&self, name: &str, kind: &str) -> Result<(String, Written)> {
        let body = json!({"keypair": {"name": name, "type": kind}});
        let mut call = keypairs(Method::POST, "/os-keypairs", Some(body));
        call.expects_secret = true;
        let written = self.write(call).await?;
        let made: Made = written.read("keypair")?;
        Ok((made.private_key, written))
    }

    /// Makes a keypair of a public key. `POST /os-keypairs` (2.35).
    pub async fn import_keypair(
        &self,
        name: &str,
        kind: &str,
        public_key: &str,
    ) -> Result<Written> {
        let body = json!({"keypair": {"name": name, "type": kind, "public_key": public_key}});
        self.write(keypairs(Method::POST, "/os-keypairs", Some(body)))
            .await
    }

    /// Deletes a keypair of the credential's user. `DELETE /os-keypairs/{name}` (2.35).
    pub async fn delete_keypair(&self, name: &str) -> Result<Written> {
        let path = format!("/os-keypairs/{}", escape(name));
        self.write(keypairs(Method::DELETE, &path, None)).await
    }
}

fn keypairs(method: Method, path: &str, body: Option<Value>) -> Call<'_> {
    let mut call = Call::change(Service::Compute, method, path, body);
    call.microversion = Some(WRITE);
    call
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
