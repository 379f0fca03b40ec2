//! Stacks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Key, Shared, Table};

/// Heat's state.
#[derive(Default)]
pub(crate) struct Orchestration {
    pub(crate) stacks: Table<Stack>,
    /// Those that are no longer, which are known by their ids alone.
    pub(crate) deleted: Table<Stack>,
    pub(crate) engines: Table<Engine>,
}

/// One that does the work.
pub(crate) struct Engine {
    pub(crate) id: Uuid,
    /// What it calls itself.
    pub(crate) engine: Uuid,
    pub(crate) host: Shared,
    pub(crate) started: DateTime<Utc>,
}

pub(crate) struct Stack {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) project: Key,
    /// The name of the user who made it.
    pub(crate) owner: String,
    /// `CREATE`, `UPDATE`, `DELETE`, …
    pub(crate) action: &'static str,
    /// `COMPLETE`, `FAILED`, `IN_PROGRESS`.
    pub(crate) status: &'static str,
    pub(crate) reason: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: Option<DateTime<Utc>>,
    pub(crate) deleted: Option<DateTime<Utc>>,
    /// The stack it is a resource of.
    pub(crate) parent: Option<Uuid>,
    /// The project of the users that it makes for itself.
    pub(crate) user_project: Key,
    pub(crate) tags: Vec<String>,
    pub(crate) timeout_mins: Option<u32>,
    pub(crate) is_rollback_disabled: bool,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) template: Value,
    /// The template and the parameters that an update which is under way began with.
    pub(crate) before: Option<(Value, BTreeMap<String, String>)>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) events: Vec<Event>,
}

pub(crate) struct Output {
    pub(crate) key: String,
    pub(crate) description: String,
    pub(crate) value: Value,
}

pub(crate) struct Resource {
    pub(crate) name: String,
    /// `OS::Nova::Server`, …
    pub(crate) resource_type: &'static str,
    /// What it is in its service; empty while there is none.
    pub(crate) physical_id: String,
    pub(crate) action: &'static str,
    pub(crate) status: &'static str,
    pub(crate) reason: String,
    pub(crate) required_by: Vec<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// What its service said of it when it was made.
    pub(crate) attributes: Value,
}

pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) time: DateTime<Utc>,
    /// A resource's, or the stack's own.
    pub(crate) resource_name: String,
    pub(crate) physical_id: String,
    pub(crate) action: &'static str,
    pub(crate) status: &'static str,
    pub(crate) reason: String,
}
