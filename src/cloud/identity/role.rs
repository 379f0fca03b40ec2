//! Roles and who has them: `GET /roles`, `GET /role_assignments`.

use std::sync::Arc;

use serde::Deserialize;

use super::present;
use crate::Result;
use crate::cloud::collection::{Collection, Row};
use crate::cloud::{Cloud, Keep, Parameter, Reference, Service, Token};

/// All roles that are not a domain's own.
pub const ROLES: &Collection<Role> = &Collection {
    item: Some(("/roles", "role")),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/roles", "roles")
};

/// Who has which role where, with every name.
pub const ROLE_ASSIGNMENTS: &Collection<RoleAssignment> = &Collection {
    always: &[("include_names", "true")],
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/role_assignments", "role_assignments")
};

/// A role as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct Role {
    /// Keystone's id.
    pub id: String,
    /// Unique, in its domain if it has one.
    #[serde(default)]
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The domain whose own it is.
    pub domain_id: Option<String>,
}

impl Row for Role {
    fn id(&self) -> &str {
        &self.id
    }
}

/// One role that a user or a group has somewhere. Keystone gives no id: this one is made of
/// those of its parts.
#[derive(Debug, Deserialize)]
#[serde(from = "Assigned")]
pub struct RoleAssignment {
    /// The ids of its parts.
    pub id: String,
    /// The role.
    pub role: Reference,
    /// The user who has it.
    pub user: Option<Reference>,
    /// The group whose members have it.
    pub group: Option<Reference>,
    /// The project it is for.
    pub project: Option<Reference>,
    /// The domain it is for.
    pub domain: Option<Reference>,
    /// Whether it is for the whole deployment.
    pub is_system: bool,
    /// Whether it is for the projects below its scope and not for the scope itself.
    pub is_inherited: bool,
}

impl Row for RoleAssignment {
    fn id(&self) -> &str {
        &self.id
    }
}

/// An assignment on the wire.
#[derive(Deserialize)]
struct Assigned {
    role: Reference,
    user: Option<Reference>,
    group: Option<Reference>,
    #[serde(default)]
    scope: Scope,
}

#[derive(Default, Deserialize)]
struct Scope {
    project: Option<Reference>,
    domain: Option<Reference>,
    system: Option<serde::de::IgnoredAny>,
    #[serde(rename = "OS-INHERIT:inherited_to")]
    inherited_to: Option<String>,
}

impl From<Assigned> for RoleAssignment {
    fn from(assigned: Assigned) -> Self {
        let Assigned {
            role,
            user,
            group,
            scope,
        } = assigned;
        let is_system = scope.system.is_some();
        let is_inherited = present(scope.inherited_to).is_some();
        let mut parts = vec![format!("role:{}", role.id)];
        let mut add = |kind: &str, reference: Option<&Reference>| {
            parts.extend(reference.map(|reference| format!("{kind}:{}", reference.id)));
        };
        add("user", user.as_ref());
        add("group", group.as_ref());
        add("project", scope.project.as_ref());
        add("domain", scope.domain.as_ref());
        if is_system {
            parts.push("system".to_owned());
        }
        if is_inherited {
            parts.push("inherited".to_owned());
        }
        Self {
            id: parts.join("/"),
            role,
            user,
            group,
            project: scope.project,
            domain: scope.domain,
            is_system,
            is_inherited,
        }
    }
}

impl Cloud {
    /// The roles that the credential may list; else those it has.
    pub async fn list_roles(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<Role>>>> {
        let own = async {
            let token = self.token().await?;
            let roles = token.granted.iter().map(|role| {
                Arc::new(Role {
                    id: role.id.clone(),
                    name: role.name.clone(),
                    description: None,
                    domain_id: role.domain.as_ref().map(|domain| domain.id.clone()),
                })
            });
            Ok(Arc::new(roles.collect()))
        };
        self.list_or(ROLES, query, own).await
    }

    /// The assignments that the credential may list; else those its token speaks of, which are
    /// its user's effective ones in its own project.
    pub async fn list_role_assignments(
        &self,
        query: &[Parameter],
    ) -> Result<Arc<Vec<Arc<RoleAssignment>>>> {
        let own = async {
            let token = self.token().await?;
            Ok(Arc::new(granted(&token)))
        };
        self.list_or(ROLE_ASSIGNMENTS, query, own).await
    }
}

fn granted(token: &Token) -> Vec<Arc<RoleAssignment>> {
    let assignments = token.granted.iter().map(|role| {
        let assigned = Assigned {
            role: role.clone(),
            user: Some(token.user.clone()),
            group: None,
            scope: Scope {
                project: token.project.clone(),
                domain: token.domain.clone(),
                system: token.is_system.then_some(serde::de::IgnoredAny),
                inherited_to: None,
            },
        };
        Arc::new(RoleAssignment::from(assigned))
    });
    assignments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> RoleAssignment {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_kind_of_scope_is_read_and_told_apart() {
        let project = read(
            r#"{"links": {}, "role": {"id": "r", "name": "member"},
                "user": {"id": "u", "name": "ann", "domain": {"id": "d", "name": "Default"}},
                "scope": {"project": {"id": "p", "name": "web", "domain": {"id": "d", "name": "Default"}}}}"#,
        );
        assert_eq!(project.id, "role:r/user:u/project:p");
        assert_eq!(project.project.unwrap().domain.unwrap().name, "Default");
        let inherited = read(
            r#"{"role": {"id": "r"}, "group": {"id": "g"},
                "scope": {"domain": {"id": "d"}, "OS-INHERIT:inherited_to": "projects"}}"#,
        );
        assert_eq!(inherited.id, "role:r/group:g/domain:d/inherited");
        assert!(inherited.is_inherited);
        let system = read(
            r#"{"role": {"id": "r"}, "user": {"id": "u"}, "scope": {"system": {"all": true}}}"#,
        );
        assert!(system.is_system);
        assert_eq!(system.id, "role:r/user:u/system");
    }
}
