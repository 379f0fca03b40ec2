//! The Keystone session: one token for each cloud, had once, renewed before it expires.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::catalog::{CatalogService, service_url};
use super::operation::Operation;
use super::request::{Call, Transport};
use super::service::Service;
use crate::config::{ApplicationCredentialRef, Auth, CloudEntry, DomainRef, Named, Scope};
use crate::measure::Login;
use crate::{Error, Result};

/// A token with less time than this left is not used for a new request.
const RENEW_BEFORE: Duration = Duration::from_secs(120);
/// A refused credential is not sent again for this long, lest the account be locked.
const REFUSAL_HOLDS: Duration = Duration::from_secs(3);

/// A token and what Keystone said about it.
#[derive(Debug)]
pub struct Token {
    pub(super) secret: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whom it speaks for.
    pub user: Reference,
    /// The project it is for, unless it is for a domain or the system.
    pub project: Option<Reference>,
    /// The domain it is for.
    pub domain: Option<Reference>,
    /// Whether it is for the whole deployment.
    pub is_system: bool,
    /// Names of the roles it carries.
    pub roles: Vec<String>,
    /// The same roles with their ids.
    pub(super) granted: Vec<Reference>,
    pub(super) catalog: Vec<CatalogService>,
    /// The beginning of every cache key for what is fetched with this token.
    pub(super) identity: String,
}

/// Something of Keystone's by id and name.
#[derive(Clone, Debug, Deserialize)]
pub struct Reference {
    /// Keystone's id.
    pub id: String,
    /// The name, unique in its domain.
    #[serde(default)]
    pub name: String,
    /// The domain it is in, where Keystone says so.
    #[serde(default)]
    pub domain: Option<Box<Self>>,
}

impl Reference {
    /// The domain it is in, where Keystone says so.
    #[must_use]
    pub fn domain(&self) -> Option<&Self> {
        self.domain.as_deref()
    }
}

impl Token {
    /// Whether lists may be asked for all projects.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == "admin")
    }

    /// The domains that it names: its own, its project's and its user's.
    pub(super) fn domains(&self) -> impl Iterator<Item = &Reference> {
        let of_project = self.project.as_ref().and_then(Reference::domain);
        let domains = [self.domain.as_ref(), of_project, self.user.domain()];
        domains.into_iter().flatten()
    }

    fn is_usable(&self) -> bool {
        let left = self.expires_at - Utc::now();
        left.to_std().is_ok_and(|left| left > RENEW_BEFORE)
    }
}

/// Logs in when a token is needed.
#[derive(Debug)]
pub(super) struct Session {
    entry: Arc<CloudEntry>,
    /// Read by every edge, and so without a lock: rows that queue for one are no batch any more.
    token: ArcSwapOption<Token>,
    /// Whether a service refused the last token.
    was_refused: AtomicBool,
    /// Held by whoever logs in.
    refused: Mutex<Option<(Instant, Error)>>,
}

impl Session {
    pub(super) fn new(entry: Arc<CloudEntry>) -> Self {
        Self {
            entry,
            token: ArcSwapOption::empty(),
            was_refused: AtomicBool::new(false),
            refused: Mutex::default(),
        }
    }

    /// A token with time left. Concurrent callers share one login.
    pub(super) async fn token(
        &self,
        transport: &Transport,
        operation: &Operation,
    ) -> Result<Arc<Token>> {
        if let Some(token) = self.usable() {
            return Ok(token);
        }
        let mut refused = self.refused.lock().await;
        if let Some(token) = self.usable() {
            return Ok(token);
        }
        if let Some((_, error)) = refused
            .as_ref()
            .filter(|(when, _)| when.elapsed() < REFUSAL_HOLDS)
        {
            return Err(error.clone());
        }
        let was_refused = self.was_refused.load(Ordering::Relaxed);
        let why = match (self.token.load().is_some(), was_refused) {
            (true, _) => Login::Expiring,
            (false, true) => Login::Refused,
            (false, false) => Login::First,
        };
        let logged_in = self.log_in(transport, operation).await;
        transport.meters.logged_in(why, logged_in.is_ok());
        match logged_in {
            Ok(token) => {
                let token = Arc::new(token);
                self.token.store(Some(Arc::clone(&token)));
                *refused = None;
                Ok(token)
            }
            Err(error) => {
                *refused = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The token at hand, unless its time is nearly over.
    pub(super) fn usable(&self) -> Option<Arc<Token>> {
        self.token.load_full().filter(|token| token.is_usable())
    }

    /// Forgets a token that a service refused, unless somebody has renewed it meanwhile.
    pub(super) fn forget(&self, refused: &Arc<Token>) {
        let there = self.token.compare_and_swap(refused, None);
        if there
            .as_ref()
            .is_some_and(|token| Arc::ptr_eq(token, refused))
        {
            self.was_refused.store(true, Ordering::Relaxed);
        }
    }

    async fn log_in(&self, transport: &Transport, operation: &Operation) -> Result<Token> {
        let base = service_url(&self.entry.auth_url, "v3");
        let mut call = Call::post(Service::Identity, "/auth/tokens", login_body(&self.entry));
        call.expects_secret = true;
        let answer = transport
            .send(&base, &call, None, operation)
            .await
            .map_err(|error| {
                let request_id = error.request_id().map(str::to_owned);
                match error {
                    Error::Upstream(upstream) if matches!(upstream.status, 401 | 403 | 404) => {
                        Error::Authentication {
                            cloud: self.entry.name.clone(),
                            reason: upstream.message,
                            request_id,
                        }
                    }
                    other => other,
                }
            })?;
        let unreadable = |reason: String| Error::Unreadable {
            service: Service::Identity,
            operation: "POST /auth/tokens".to_owned(),
            reason,
            request_id: answer.request_id.clone(),
        };
        let secret = answer
            .headers
            .get("x-subject-token")
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| unreadable("the answer carries no token".to_owned()))?;
        let body: TokenBody =
            serde_json::from_slice(&answer.body).map_err(|error| unreadable(error.to_string()))?;
        Ok(self.describe(SecretString::from(secret), body.token))
    }

    fn describe(&self, secret: SecretString, description: Description) -> Token {
        let Description {
            expires_at,
            user,
            project,
            domain,
            system,
            roles,
            catalog,
        } = description;
        let granted = roles;
        let mut roles: Vec<String> = granted.iter().map(|role| role.name.clone()).collect();
        roles.sort();
        let scope = match (&project, &domain, &system) {
            (Some(project), ..) => format!("project:{}", project.id),
            (None, Some(domain), _) => format!("domain:{}", domain.id),
            (None, None, Some(_)) => "system".to_owned(),
            (None, None, None) => "unscoped".to_owned(),
        };
        let identity = format!(
            "{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{scope}\u{1f}{}\u{1f}",
            self.entry.name,
            self.entry.auth_url,
            self.entry.region.as_deref().unwrap_or_default(),
            user.id,
            roles.join(","),
        );
        let is_system = system.is_some();
        Token {
            secret,
            expires_at,
            user,
            project,
            domain,
            is_system,
            roles,
            granted,
            catalog,
            identity,
        }
    }
}

#[derive(Deserialize)]
struct TokenBody {
    token: Description,
}

#[derive(Deserialize)]
struct Description {
    expires_at: DateTime<Utc>,
    user: Reference,
    project: Option<Reference>,
    domain: Option<Reference>,
    system: Option<Value>,
    #[serde(default)]
    roles: Vec<Reference>,
    #[serde(default)]
    catalog: Vec<CatalogService>,
}

fn login_body(entry: &CloudEntry) -> Value {
    let identity = match &entry.auth {
        Auth::Password { user, password } => {
            let mut user = named(user);
            user["password"] = json!(password.expose_secret());
            json!({ "methods": ["password"], "password": { "user": user } })
        }
        Auth::Token(token) => {
            json!({ "methods": ["token"], "token": { "id": token.expose_secret() } })
        }
        Auth::ApplicationCredential { credential, secret } => {
            let mut description = match credential {
                ApplicationCredentialRef::Id(id) => json!({ "id": id }),
                ApplicationCredentialRef::Name { name, user } => {
                    json!({ "name": name, "user": named(user) })
                }
            };
            description["secret"] = json!(secret.expose_secret());
            json!({ "methods": ["application_credential"], "application_credential": description })
        }
    };
    let mut auth = json!({ "identity": identity });
    // An application credential brings its own scope; naming one is refused by Keystone.
    if !matches!(entry.auth, Auth::ApplicationCredential { .. }) {
        match &entry.scope {
            Scope::Project(project) => auth["scope"] = json!({ "project": named(project) }),
            Scope::Domain(domain) => auth["scope"] = json!({ "domain": domain_ref(domain) }),
            Scope::System => auth["scope"] = json!({ "system": { "all": true } }),
            Scope::Unscoped => {}
        }
    }
    json!({ "auth": auth })
}

fn named(reference: &Named) -> Value {
    match reference {
        Named::Id(id) => json!({ "id": id }),
        Named::Name { name, domain } => json!({ "name": name, "domain": domain_ref(domain) }),
    }
}

fn domain_ref(domain: &DomainRef) -> Value {
    match domain {
        DomainRef::Id(id) => json!({ "id": id }),
        DomainRef::Name(name) => json!({ "name": name }),
    }
}
