//! Who there is, and who may do what.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Key, Table};
use crate::identity::Token;

/// The id of the domain that everyone is in.
pub(crate) const DEFAULT_DOMAIN: &str = "default";

/// Keystone's state.
#[derive(Default)]
pub(crate) struct Identity {
    pub(crate) domains: Table<Domain, String>,
    pub(crate) projects: Table<Project, Key>,
    pub(crate) users: Table<User, Key>,
    pub(crate) groups: Table<Group, Key>,
    pub(crate) roles: Table<Role, Key>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) services: Table<ServiceRow, Key>,
    pub(crate) endpoints: Table<Endpoint, Key>,
    pub(crate) application_credentials: Table<ApplicationCredential, Key>,
    pub(crate) tokens: HashMap<String, Arc<Token>>,
}

pub(crate) struct Domain {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
}

pub(crate) struct Project {
    pub(crate) id: Key,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
    /// A project, or the domain.
    pub(crate) parent: String,
    pub(crate) tags: Vec<String>,
}

pub(crate) struct User {
    pub(crate) id: Key,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) email: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) default_project: Option<Key>,
    pub(crate) password: String,
}

pub(crate) struct Group {
    pub(crate) id: Key,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) description: String,
    pub(crate) members: Vec<Key>,
}

pub(crate) struct Role {
    pub(crate) id: Key,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Roles that come with it.
    pub(crate) implies: Vec<Key>,
    /// Made by the deployment, not to be changed.
    pub(crate) immutable: bool,
}

/// That someone has a role somewhere.
pub(crate) struct Assignment {
    pub(crate) actor: Actor,
    pub(crate) target: Target,
    pub(crate) role: Key,
    /// For the projects below, not for the target itself.
    pub(crate) inherited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    User(Key),
    Group(Key),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Project(Key),
    Domain(String),
    System,
}

pub(crate) struct ServiceRow {
    pub(crate) id: Key,
    pub(crate) name: String,
    pub(crate) service_type: String,
    pub(crate) description: Option<String>,
    pub(crate) enabled: bool,
}

pub(crate) struct Endpoint {
    pub(crate) id: Key,
    pub(crate) service: Key,
    pub(crate) interface: &'static str,
    pub(crate) region: String,
    /// What follows the origin, with `%(project_id)s` or `%(tenant_id)s` where the project belongs: under which name
    /// the client knows this server is not known before it asks.
    pub(crate) path: String,
    pub(crate) enabled: bool,
}

pub(crate) struct ApplicationCredential {
    pub(crate) id: Key,
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) user: Key,
    pub(crate) project: Key,
    pub(crate) roles: Vec<Key>,
}

/// Someone whose password is told.
pub(crate) struct Person {
    /// The entry in clouds.yaml.
    pub(crate) cloud: &'static str,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) project: &'static str,
    pub(crate) role: &'static str,
}

/// The password of everyone in a simulation.
pub(crate) const PASSWORD: &str = "simulated";

/// Those who can log in.
pub(crate) fn people() -> [Person; 3] {
    let person = |cloud, user, project, role| Person {
        cloud,
        user,
        password: PASSWORD,
        project,
        role,
    };
    [
        person("simulated", "admin", "admin", "admin"),
        person("simulated-member", "member", "project-1", "member"),
        person("simulated-reader", "reader", "project-1", "reader"),
    ]
}
