//! Who has which role where.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::listing::is_true;
use super::{Subject, bad_request};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::Key;
use crate::world::identity::{Actor, Assignment, Identity, Target};

impl Subject<'_> {
    pub(super) fn role_assignments(&self) -> Answer {
        self.may("identity:list_role_assignments")?;
        check(self.call)?;
        let is_wanted = |name: &str| self.call.query.get(name).is_some_and(is_true);
        let identity = &self.world.identity;
        let with_names = is_wanted("include_names");
        let rows: Vec<Value> = if is_wanted("effective") {
            let rows = effective(identity);
            let rows = rows.iter().filter(|row| is_asked_for(self.call, &row.row));
            rows.map(|row| effective_view(identity, self.call, row, with_names))
                .collect()
        } else {
            let rows = identity.assignments.iter();
            rows.filter(|row| is_asked_for(self.call, row))
                .map(|row| view(identity, self.call, row, with_names))
                .collect()
        };
        Ok(self.collection("role_assignments", &rows, None))
    }
}

/// Refuses filters that exclude each other.
fn check(call: &Call) -> Result<(), Reply> {
    let query = &call.query;
    let has = |name: &str| query.has(name);
    if has("user.id") && has("group.id") {
        let pairs = query
            .pairs()
            .map(|(name, value)| format!("('{name}', '{value}')"));
        let pairs: Vec<String> = pairs.collect();
        return Err(bad_request(&format!(
            "ImmutableMultiDict([{}]) is valid under each of {{'required': ['group.id']}}, \
             {{'required': ['user.id']}}",
            pairs.join(", ")
        )));
    }
    if has("scope.project.id") && has("scope.domain.id") {
        return Err(bad_request("Specify a domain or project, not both"));
    }
    if has("group.id") && query.get("effective").is_some_and(is_true) {
        return Err(bad_request(
            "Combining effective and group filter will always result in an empty list.",
        ));
    }
    Ok(())
}

/// A role that a user has, and by what.
struct Effective {
    /// The role as the user has it.
    row: Assignment,
    /// The group that it came by.
    group: Option<Key>,
    /// The role that was given, where that one implies this one.
    prior: Option<Key>,
}

/// What the assignments come to: groups are their members, and roles come with those they imply.
fn effective(identity: &Identity) -> Vec<Effective> {
    let mut found: Vec<Effective> = Vec::new();
    for row in identity.assignments.iter().filter(|row| !row.inherited) {
        let (users, group) = match row.actor {
            Actor::User(id) => (vec![id], None),
            Actor::Group(id) => {
                let members = identity.groups.get(&id).map(|group| group.members.clone());
                (members.unwrap_or_default(), Some(id))
            }
        };
        for user in users {
            let mut open = vec![row.role];
            let mut seen = BTreeSet::new();
            while let Some(role) = open.pop() {
                if !seen.insert(role) {
                    continue;
                }
                let implied = identity
                    .roles
                    .get(&role)
                    .map(|role| role.implies.as_slice());
                open.extend(implied.unwrap_or_default());
                found.push(Effective {
                    row: Assignment {
                        actor: Actor::User(user),
                        target: row.target.clone(),
                        role,
                        inherited: false,
                    },
                    group,
                    prior: (role != row.role).then_some(row.role),
                });
            }
        }
    }
    found
}

/// Its links tell the assignment that it came by.
fn effective_view(identity: &Identity, call: &Call, row: &Effective, with_names: bool) -> Value {
    let mut shown = view(identity, call, &row.row, with_names);
    let given = Assignment {
        actor: row.group.map_or(row.row.actor, Actor::Group),
        target: row.row.target.clone(),
        role: row.prior.unwrap_or(row.row.role),
        inherited: false,
    };
    shown["links"] = view(identity, call, &given, false)["links"].take();
    let root = format!("{}/v3", call.root);
    if let (Some(group), Actor::User(user)) = (row.group, row.row.actor) {
        shown["links"]["membership"] = json!(format!("{root}/groups/{group}/users/{user}"));
    }
    if let Some(prior) = row.prior {
        let role = row.row.role;
        shown["links"]["prior_role"] = json!(format!("{root}/prior_role/{role}/implies/{prior}"));
    }
    shown
}

fn is_asked_for(call: &Call, row: &Assignment) -> bool {
    let query = &call.query;
    let user = if let Actor::User(id) = row.actor {
        Some(id.to_string())
    } else {
        None
    };
    let group = if let Actor::Group(id) = row.actor {
        Some(id.to_string())
    } else {
        None
    };
    let project = if let Target::Project(id) = &row.target {
        Some(id.to_string())
    } else {
        None
    };
    let domain = if let Target::Domain(id) = &row.target {
        Some(id.clone())
    } else {
        None
    };
    let asked = [
        ("user.id", user),
        ("group.id", group),
        ("scope.project.id", project),
        ("scope.domain.id", domain),
        ("role.id", Some(row.role.to_string())),
    ];
    let is_system = row.target == Target::System;
    asked.into_iter().all(|(name, value)| {
        query
            .get(name)
            .is_none_or(|wanted| value.as_deref() == Some(wanted))
    }) && query.get("scope.system").is_none_or(|_| is_system)
}

fn view(identity: &Identity, call: &Call, row: &Assignment, with_names: bool) -> Value {
    let domain = |id: &str| {
        let name = identity.domains.get(id).map(|domain| domain.name.clone());
        json!({"id": id, "name": name})
    };
    let (kind, actor_path, actor) = match row.actor {
        Actor::User(id) => {
            let user = identity.users.get(&id);
            let named = json!({
                "id": id,
                "name": user.map(|user| user.name.clone()),
                "domain": user.map(|user| domain(&user.domain)),
            });
            (
                "user",
                format!("users/{id}"),
                if with_names { named } else { json!({"id": id}) },
            )
        }
        Actor::Group(id) => {
            let group = identity.groups.get(&id);
            let named = json!({
                "id": id,
                "name": group.map(|group| group.name.clone()),
                "domain": group.map(|group| domain(&group.domain)),
            });
            (
                "group",
                format!("groups/{id}"),
                if with_names { named } else { json!({"id": id}) },
            )
        }
    };
    let (target_path, scope) = match &row.target {
        Target::Project(id) => {
            let project = identity.projects.get(id);
            let named = json!({
                "id": id,
                "name": project.map(|project| project.name.clone()),
                "domain": project.map(|project| domain(&project.domain)),
            });
            let plain = json!({"id": id});
            (
                format!("projects/{id}"),
                json!({"project": if with_names { named } else { plain }}),
            )
        }
        Target::Domain(id) => {
            let plain = json!({"id": id});
            (
                format!("domains/{id}"),
                json!({"domain": if with_names { domain(id) } else { plain }}),
            )
        }
        Target::System => ("system".to_owned(), json!({"system": {"all": true}})),
    };
    let role = if with_names {
        json!({"id": row.role, "name": identity.roles.get(&row.role).map(|role| role.name.clone())})
    } else {
        json!({"id": row.role})
    };
    let link = format!(
        "{}/v3/{target_path}/{actor_path}/roles/{}",
        call.root, row.role
    );
    json!({"role": role, "scope": scope, kind: actor, "links": {"assignment": link}})
}
