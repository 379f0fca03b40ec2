//! Who has which role where.

use serde_json::{Value, json};

use super::{Token, forbidden};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::World;
use crate::world::identity::{Actor, Assignment, Identity, Target};

pub(super) fn list(world: &World, call: &Call, token: &Token) -> Answer {
    let may = token.is_admin() || token.is_system && token.has_role("reader");
    if !may {
        return Err(forbidden("identity:list_role_assignments"));
    }
    let identity = &world.identity;
    let with_names = call
        .query
        .get("include_names")
        .is_some_and(|text| text != "false" && text != "0");
    let rows = identity
        .assignments
        .iter()
        .filter(|row| is_asked_for(call, row));
    let rows: Vec<Value> = rows
        .map(|row| view(identity, call, row, with_names))
        .collect();
    let query = call
        .query
        .pairs()
        .map(|(name, value)| format!("{name}={value}"));
    let query: Vec<String> = query.collect();
    let own = match query.as_slice() {
        [] => format!("{}/v3/role_assignments", call.root),
        some => format!("{}/v3/role_assignments?{}", call.root, some.join("&")),
    };
    Ok(Reply::ok(&json!({
        "role_assignments": rows,
        "links": {"next": null, "self": own, "previous": null},
    })))
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
