//! Security groups made, changed and taken away.

use serde_json::Value;
use uuid::Uuid;

use crate::network::attribute::{Body, Kind, both, never};
use crate::network::write::{Pen, Written, conflict, rows_of};
use crate::network::{Asker, failure};
use crate::reply::Reply;
use crate::world::network::{SecurityGroup, Standard};

pub(in crate::network) static WRITTEN: Written = Written {
    path: "security-groups",
    member: "security_group",
    attributes: &[
        both("name", Kind::Text),
        both("description", Kind::Text),
        both("stateful", Kind::Flag),
        never("shared"),
        never("security_group_rules"),
    ],
    guarded: &[],
    find: found,
    show,
    create: make,
    update: change,
    delete: remove,
    standard: Some(standard),
};

rows_of!(security_groups, SecurityGroup);

fn show(asker: &Asker<'_>, id: Uuid) -> Result<Value, Reply> {
    let row = asker.network.security_groups.get(&id).ok_or_else(failure)?;
    serde_json::to_value(super::view(row, true)).map_err(|_| failure())
}

fn check_name(body: &Body) -> Result<(), Reply> {
    let name = body.text("name").unwrap_or_default();
    if name.eq_ignore_ascii_case("default") {
        return Err(conflict(
            "SecurityGroupDefaultAlreadyExists",
            "Default security group already exists.",
        ));
    }
    Ok(())
}

fn make(pen: &mut Pen<'_>, body: &Body) -> Result<Uuid, Reply> {
    let now = pen.call.now;
    check_name(body)?;
    let (network, dice) = pen.parts();
    if let Some(project) = body.project {
        network.default_group(dice, now, project);
    }
    let id = dice.uuid();
    let rules = network.first_rules(dice, now);
    let mut row = SecurityGroup {
        id,
        name: String::new(),
        standard: Standard::new(body.project, now),
        is_stateful: true,
        rules,
    };
    write(&mut row, body);
    network.security_groups.insert(id, row);
    Ok(id)
}

fn write(row: &mut SecurityGroup, body: &Body) {
    body.write_text("name", &mut row.name);
    body.write_text("description", &mut row.standard.description);
    body.write_flag("stateful", &mut row.is_stateful);
}

fn is_used(pen: &Pen<'_>, id: Uuid) -> bool {
    let mut ports = pen.network().ports.values();
    ports.any(|port| port.security_groups.contains(&id))
}

fn in_use(id: Uuid) -> Reply {
    let message = format!("Security Group {id} in use.");
    conflict("SecurityGroupInUse", &message)
}

fn change(pen: &mut Pen<'_>, id: Uuid, body: &Body) -> Result<(), Reply> {
    let row = pen.network().security_groups.get(&id);
    let row = row.ok_or_else(failure)?;
    let turns = body
        .flag("stateful")
        .is_some_and(|is| is != row.is_stateful);
    if turns && is_used(pen, id) {
        return Err(in_use(id));
    }
    check_name(body)?;
    if row.name == "default" && body.has("name") {
        return Err(conflict(
            "SecurityGroupCannotUpdateDefault",
            "Updating default security group not allowed.",
        ));
    }
    if let Some(row) = pen.network_mut().security_groups.get_mut(&id) {
        write(row, body);
    }
    Ok(())
}

fn remove(pen: &mut Pen<'_>, id: Uuid) -> Result<(), Reply> {
    if is_used(pen, id) {
        return Err(in_use(id));
    }
    let row = pen.network().security_groups.get(&id);
    let is_default = row.is_some_and(|row| row.name == "default");
    if is_default && !pen.is_admin {
        return Err(conflict(
            "SecurityGroupCannotRemoveDefault",
            "Insufficient rights for removing default security group.",
        ));
    }
    let network = pen.network_mut();
    network.security_groups.shift_remove(&id);
    // Rules that speak of it go with it.
    for group in network.security_groups.values_mut() {
        group.rules.retain(|rule| rule.remote_group != Some(id));
    }
    Ok(())
}
