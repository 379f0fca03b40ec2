//! Security groups, with their rules in them.

pub(super) mod write;

use serde::{Serialize, Serializer};
use serde_json::json;
use uuid::Uuid;

use super::cell::Cell;
use super::filter::{Column, Kind, checked, filter, key};
use super::listing::{Noun, Row, fields, find, of_table};
use super::picked::Picked;
use super::security_group_rule::Rule;
use super::{Asker, Owner};
use crate::clock::{Written, zulu};
use crate::reply::{Answer, Reply};
use crate::world::network::SecurityGroup;

#[derive(Serialize)]
struct View<'w> {
    id: Uuid,
    name: &'w str,
    stateful: bool,
    tenant_id: Owner,
    description: &'w str,
    shared: bool,
    security_group_rules: Rules<'w>,
    tags: &'w [String],
    created_at: Written,
    updated_at: Written,
    revision_number: u32,
    project_id: Owner,
}

struct Rules<'w> {
    group: &'w SecurityGroup,
    /// Whether the group is shown by itself.
    is_shown: bool,
}

impl Serialize for Rules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules = self.group.rules.iter();
        serializer.collect_seq(rules.map(|rule| {
            Rule {
                group: self.group,
                rule,
            }
            .embedded(self.is_shown)
        }))
    }
}

fn view(group: &SecurityGroup, is_shown: bool) -> View<'_> {
    let standard = &group.standard;
    View {
        id: group.id,
        name: &group.name,
        stateful: group.is_stateful,
        tenant_id: Owner::of(standard),
        description: &standard.description,
        shared: false,
        security_group_rules: Rules { group, is_shown },
        tags: &standard.tags,
        created_at: zulu(standard.created),
        updated_at: zulu(standard.updated),
        revision_number: standard.revision,
        project_id: Owner::of(standard),
    }
}

/// A group tells more of its rules when it is shown than in a list.
pub(super) fn show(asker: &Asker<'_>, id: &str) -> Answer {
    let group: &SecurityGroup = find(asker, id)?;
    let fields = fields(&asker.call.query);
    let view = Picked::new(view(group, true), &fields);
    match serde_json::to_value(&view) {
        Ok(view) => Ok(Reply::ok(&json!({"security_group": view}))),
        Err(_) => Err(super::failure()),
    }
}

impl<'w> Row<'w> for &'w SecurityGroup {
    const NOUN: Noun = Noun {
        collection: "security_groups",
        member: "security_group",
        missing: "SecurityGroupNotFound",
        says: ("Security group ", " does not exist"),
    };
    const COLUMNS: &'static [Column] = &[
        key("id", Kind::Id),
        key("name", Kind::Text),
        key("project_id", Kind::Project),
        key("tenant_id", Kind::Project),
        filter("description", Kind::Text),
        filter("stateful", Kind::Flag),
        filter("shared", Kind::Flag),
        filter("revision_number", Kind::Loose),
        checked("created_at", Kind::Time),
        checked("updated_at", Kind::Time),
    ];

    of_table!(security_groups);

    fn cell(self, _asker: &Asker<'w>, name: &str) -> Cell<'w> {
        match name {
            "id" => Cell::Id(self.id),
            "name" => Cell::text(&self.name),
            "stateful" => Cell::Flag(self.is_stateful),
            "shared" => Cell::Flag(false),
            name => Cell::standard(&self.standard, name),
        }
    }

    fn is_visible(self, asker: &Asker<'w>) -> bool {
        asker.may_see(&self.standard)
    }

    fn view(self, _asker: &Asker<'w>) -> impl Serialize {
        view(self, false)
    }
}
