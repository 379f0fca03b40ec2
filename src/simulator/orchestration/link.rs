//! Links to stacks and to what is in them.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::call::Call;
use crate::world::Key;
use crate::world::orchestration::Stack;

/// Where a stack is, or something in it.
#[derive(Clone)]
pub(super) struct Place<'w> {
    root: &'w str,
    project: Key,
    name: &'w str,
    id: Uuid,
    below: String,
}

#[derive(Serialize)]
pub(super) struct Link<'w> {
    href: Place<'w>,
    rel: &'static str,
}

impl<'w> Place<'w> {
    pub(super) fn of(call: &'w Call, stack: &'w Stack) -> Self {
        Self {
            root: &call.root,
            project: stack.project,
            name: &stack.name,
            id: stack.id,
            below: String::new(),
        }
    }

    pub(super) fn below(&self, path: &str) -> Self {
        Self {
            below: format!("{}/{path}", self.below),
            ..self.clone()
        }
    }

    pub(super) fn link(&self, rel: &'static str) -> Link<'w> {
        Link {
            href: self.clone(),
            rel,
        }
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            root,
            project,
            name,
            id,
            below,
        } = self;
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        write!(
            formatter,
            "{root}/v1/{project}/stacks/{}/{id}{below}",
            name.replace('+', "%20")
        )
    }
}

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
