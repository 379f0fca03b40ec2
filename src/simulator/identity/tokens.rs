//! Tokens: who may have one, and what is in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{bad_request, forbidden, refusal, unauthorized};
use crate::call::Call;
use crate::clock::zulu_with_fraction;
use crate::reply::{Answer, Reply};
use crate::world::identity::{Actor, Identity, Target, User};
use crate::world::{Key, World};

/// What every token begins with.
const PREFIX: &str = "gAAAAAB";
const SUBJECT: HeaderName = HeaderName::from_static("x-subject-token");

/// What a caller showed when it came.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) user: Key,
    pub(crate) user_name: String,
    pub(crate) project: Option<Key>,
    domain: Option<String>,
    pub(crate) is_system: bool,
    /// Names, with those implied.
    pub(crate) roles: Vec<String>,
    methods: Vec<&'static str>,
    issued: DateTime<Utc>,
    pub(crate) expires: DateTime<Utc>,
    audit_id: String,
}

impl Token {
    pub(crate) fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.has_role("admin")
    }

    /// The services with their endpoints, as this token may use them; empty without a scope.
    pub(super) fn catalog(&self, world: &World, call: &Call) -> Value {
        if self.project.is_none() && self.domain.is_none() && !self.is_system {
            return json!([]);
        }
        let identity = &world.identity;
        let project = self.project.map(|id| id.to_string());
        let services = identity.services.values().filter(|service| service.enabled);
        services
            .map(|service| {
                let endpoints = identity.endpoints.values();
                let endpoints = endpoints.filter(|row| row.service == service.id && row.enabled);
                // Those that need a project are left out for those who have none.
                let endpoints =
                    endpoints.filter(|row| project.is_some() || !row.path.contains('%'));
                let endpoints: Vec<Value> = endpoints
                    .map(|row| {
                        let project = project.as_deref().unwrap_or_default();
                        let path = row.path.replace("%(project_id)s", project);
                        let path = path.replace("%(tenant_id)s", project);
                        json!({
                            "id": row.id,
                            "interface": row.interface,
                            "region_id": row.region,
                            "url": format!("{}{path}", call.origin),
                            "region": row.region,
                        })
                    })
                    .collect();
                json!({
                    "endpoints": endpoints,
                    "id": service.id,
                    "type": service.service_type,
                    "name": service.name,
                })
            })
            .collect()
    }

    fn body(&self, world: &World, call: &Call) -> Value {
        let identity = &world.identity;
        let domain_of = |id: &str| {
            let domain = identity.domains.get(id);
            json!({"id": id, "name": domain.map(|domain| domain.name.as_str())})
        };
        let user = identity.users.get(&self.user);
        let mut token = json!({
            "methods": self.methods,
            "user": {
                "domain": user.map(|user| domain_of(&user.domain)),
                "id": self.user,
                "name": self.user_name,
                "password_expires_at": null,
            },
            "audit_ids": [self.audit_id],
            "expires_at": zulu_with_fraction(self.expires),
            "issued_at": zulu_with_fraction(self.issued),
        });
        if let Some(project) = self.project.and_then(|id| identity.projects.get(&id)) {
            token["project"] = json!({
                "domain": domain_of(&project.domain), "id": project.id, "name": project.name,
            });
            token["is_domain"] = json!(false);
        }
        if let Some(domain) = &self.domain {
            token["domain"] = domain_of(domain);
        }
        if self.is_system {
            token["system"] = json!({"all": true});
        }
        if self.project.is_some() || self.domain.is_some() || self.is_system {
            let named = identity
                .roles
                .values()
                .filter(|role| self.has_role(&role.name));
            let roles: Value = named
                .map(|role| json!({"id": role.id, "name": role.name}))
                .collect();
            token["roles"] = roles;
            if !call.query.has("nocatalog") {
                token["catalog"] = self.catalog(world, call);
            }
        }
        json!({"token": token})
    }
}

/// Gives a token to those who show who they are.
pub(super) fn issue(world: &mut World, call: &Call) -> Answer {
    let body = call.json();
    let asked = &body["auth"];
    if !asked.is_object() {
        return Err(expected("auth", "request body"));
    }
    let shown = identify(world, asked)?;
    let user = world
        .identity
        .users
        .get(&shown.user)
        .filter(|user| user.enabled);
    let user = user.ok_or_else(unauthorized)?;
    let scope = scope(&world.identity, user, &shown, &asked["scope"])?;
    let mut roles = roles_on(&world.identity, user.id, &scope);
    if let Some(only) = &shown.roles {
        roles.retain(|role| only.contains(role));
    }
    if roles.is_empty() && scope != Scope::None {
        return Err(unauthorized());
    }
    let names = roles.iter().filter_map(|id| world.identity.roles.get(id));
    let token = Token {
        id: format!(
            "{PREFIX}{}{}",
            Uuid::new_v4().simple(),
            Uuid::new_v4().simple()
        ),
        user: user.id,
        user_name: user.name.clone(),
        project: if let Scope::Project(id) = &scope {
            Some(*id)
        } else {
            None
        },
        domain: if let Scope::Domain(id) = &scope {
            Some(id.clone())
        } else {
            None
        },
        is_system: scope == Scope::System,
        roles: names.map(|role| role.name.clone()).collect(),
        methods: shown.methods,
        issued: call.now,
        expires: shown.expires.unwrap_or_else(|| world.token_expiry()),
        audit_id: Uuid::new_v4().simple().to_string()[..22].to_owned(),
    };
    let token = Arc::new(token);
    world
        .identity
        .tokens
        .retain(|_, token| token.expires > call.now);
    world
        .identity
        .tokens
        .insert(token.id.clone(), Arc::clone(&token));
    let body = token.body(world, call);
    Ok(Reply::json(StatusCode::CREATED, &body).with(SUBJECT, &token.id))
}

/// What is in a token that is shown.
pub(super) fn validate(world: &World, call: &Call, caller: &Token) -> Answer {
    let is_service = caller.has_role("service");
    let token = subject(world, call, caller, is_service, "identity:validate_token")?;
    Ok(Reply::ok(&token.body(world, call)).with(SUBJECT, &token.id))
}

pub(super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let caller = call.caller.as_ref().ok_or_else(unauthorized)?;
    let token = subject(world, call, caller, false, "identity:revoke_token")?;
    world.identity.tokens.remove(&token.id);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The token that a request is about. Others than an admin's are their users' own affair.
fn subject(
    world: &World,
    call: &Call,
    caller: &Token,
    may_any: bool,
    rule: &str,
) -> Result<Arc<Token>, Reply> {
    let id = call.header("x-subject-token");
    let token = id.map(|id| known(world, id)).transpose()?;
    let is_own = token.as_ref().is_some_and(|it| it.user == caller.user);
    if !(is_own || may_any || caller.is_admin()) {
        return Err(forbidden(rule));
    }
    token.ok_or_else(|| no_token("No token in the request"))
}

fn known(world: &World, id: &str) -> Result<Arc<Token>, Reply> {
    let token = world.valid_token(id);
    token.ok_or_else(|| {
        no_token(if id.starts_with(PREFIX) {
            "Failed to validate token"
        } else {
            "Could not recognize Fernet token"
        })
    })
}

fn no_token(message: &str) -> Reply {
    refusal(StatusCode::NOT_FOUND, "Not Found", message)
}

fn expected(what: &str, place: &str) -> Reply {
    bad_request(&format!(
        "Expecting to find {what} in {place}. The server could not comply with the request since \
         it is either malformed or otherwise incorrect. The client is assumed to be in error."
    ))
}

/// Who was shown to ask.
struct Shown {
    user: Key,
    methods: Vec<&'static str>,
    /// The project that an application credential is for.
    project: Option<Key>,
    /// The roles that an application credential gives at most.
    roles: Option<Vec<Key>>,
    /// A token bought with a token lasts no longer.
    expires: Option<DateTime<Utc>>,
}

#[derive(Debug, PartialEq)]
enum Scope {
    None,
    Project(Key),
    Domain(String),
    System,
}

fn identify(world: &World, asked: &Value) -> Result<Shown, Reply> {
    let identity = &asked["identity"];
    let method = identity["methods"][0].as_str().unwrap_or_default();
    if identity.get(method).is_none() {
        return Err(expected(method, "identity"));
    }
    match method {
        "password" => {
            let asked = &identity["password"]["user"];
            if asked.get("id").is_none() && asked.get("domain").is_none() {
                return Err(expected("domain", "user"));
            }
            let user = find_user(&world.identity, asked).ok_or_else(unauthorized)?;
            if asked["password"].as_str() != Some(user.password.as_str()) {
                return Err(unauthorized());
            }
            let methods = vec!["password"];
            Ok(Shown {
                user: user.id,
                methods,
                project: None,
                roles: None,
                expires: None,
            })
        }
        "token" => {
            let id = identity["token"]["id"].as_str().unwrap_or_default();
            let token = known(world, id)?;
            Ok(Shown {
                user: token.user,
                methods: vec!["token", "password"],
                project: None,
                roles: None,
                expires: Some(token.expires),
            })
        }
        "application_credential" => {
            let asked = &identity["application_credential"];
            let id = asked["id"].as_str().unwrap_or_default();
            let credentials = world.identity.application_credentials.values();
            let user = find_user(&world.identity, &asked["user"]).map(|user| user.id);
            let mut found = credentials.filter(|row| {
                row.id.to_string() == id
                    || Some(row.user) == user && asked["name"].as_str() == Some(row.name.as_str())
            });
            let Some(row) = found.next() else {
                let message = format!("Could not find Application Credential: {id}.");
                return Err(refusal(StatusCode::NOT_FOUND, "Not Found", &message));
            };
            if asked["secret"].as_str() != Some(row.secret.as_str()) {
                return Err(unauthorized());
            }
            Ok(Shown {
                user: row.user,
                methods: vec!["application_credential"],
                project: Some(row.project),
                roles: Some(row.roles.clone()),
                expires: None,
            })
        }
        _ => Err(unauthorized()),
    }
}

fn find_user<'a>(identity: &'a Identity, asked: &Value) -> Option<&'a User> {
    if let Some(id) = asked["id"].as_str() {
        return identity.users.get(&Key::read(id)?);
    }
    let domain = find_domain(identity, &asked["domain"])?;
    let name = asked["name"].as_str()?;
    let mut users = identity.users.values();
    users.find(|user| user.name == name && user.domain == domain)
}

fn find_domain(identity: &Identity, asked: &Value) -> Option<String> {
    let id = asked["id"].as_str();
    let name = asked["name"].as_str();
    let mut domains = identity.domains.values();
    let domain = domains
        .find(|domain| id == Some(domain.id.as_str()) || name == Some(domain.name.as_str()))?;
    Some(domain.id.clone())
}

fn scope(identity: &Identity, user: &User, shown: &Shown, asked: &Value) -> Result<Scope, Reply> {
    if let Some(project) = shown.project {
        return Ok(Scope::Project(project));
    }
    if asked == "unscoped" {
        return Ok(Scope::None);
    }
    if let Some(project) = asked.get("project") {
        let id = project["id"].as_str().and_then(Key::read);
        let name = project["name"].as_str();
        let domain = find_domain(identity, &project["domain"]);
        let mut projects = identity.projects.values();
        let project = projects.find(|row| {
            id == Some(row.id)
                || name == Some(row.name.as_str()) && domain.as_deref() == Some(row.domain.as_str())
        });
        return project
            .map(|row| Scope::Project(row.id))
            .ok_or_else(unauthorized);
    }
    if let Some(domain) = asked.get("domain") {
        return find_domain(identity, domain)
            .map(Scope::Domain)
            .ok_or_else(unauthorized);
    }
    if asked["system"]["all"] == true {
        return Ok(Scope::System);
    }
    // Without a word, the user's default project, where there is a role on it.
    let default = user
        .default_project
        .map(Scope::Project)
        .unwrap_or(Scope::None);
    let is_usable = !roles_on(identity, user.id, &default).is_empty();
    Ok(if is_usable { default } else { Scope::None })
}

/// The roles of a user there: its own, its groups', and those implied.
fn roles_on(identity: &Identity, user: Key, scope: &Scope) -> Vec<Key> {
    let target = match scope {
        Scope::None => return Vec::new(),
        Scope::Project(id) => Target::Project(*id),
        Scope::Domain(id) => Target::Domain(id.clone()),
        Scope::System => Target::System,
    };
    let is_actor = |actor: Actor| match actor {
        Actor::User(id) => id == user,
        Actor::Group(id) => identity
            .groups
            .get(&id)
            .is_some_and(|group| group.members.contains(&user)),
    };
    let own = identity.assignments.iter();
    let own = own.filter(|row| !row.inherited && row.target == target && is_actor(row.actor));
    let mut found = BTreeSet::new();
    let mut open: Vec<Key> = own.map(|row| row.role).collect();
    while let Some(role) = open.pop() {
        if found.insert(role) {
            let implied = identity.roles.get(&role).map(|role| role.implies.clone());
            open.extend(implied.unwrap_or_default());
        }
    }
    found.into_iter().collect()
}
