//! What hangs on a stack, for who is about to do something to it.

use crate::cloud::orchestration::{self, PreviewedResource, StackPreview};
use crate::graph::mutation::{Affected, Blamed};
use crate::graph::orchestration::resource::ResourcesOfStack;
use crate::graph::scope::Scope;
use crate::{Error, Result};

/// What an action means for the resources of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// They are looked at.
    Check,
    /// They are suspended or resumed, where their kind can be.
    Suspension,
    /// What was done to them is undone, or ended.
    Rollback,
    /// They are deleted.
    Deletion,
}

impl Concern {
    const fn effect(self) -> &'static str {
        match self {
            Self::Check => "is looked at",
            Self::Suspension => "follows the stack, where its kind can",
            Self::Rollback => "may be changed, made anew or deleted",
            Self::Deletion => "is deleted, unless the template retains it",
        }
    }
}

/// What an action on a stack concerns. What could not be found out is said so.
pub(super) async fn affected(
    scope: &Scope,
    row: &orchestration::Stack,
    concern: Concern,
) -> Vec<Affected> {
    let mut affected = Vec::new();
    if let Some(parent) = row.parent.as_deref().filter(|parent| !parent.is_empty()) {
        let effect = "has this stack as a part, and will miss what is changed of it";
        affected.push(Affected::new("Stack", parent, None, effect));
    }
    let resources = match scope.load::<ResourcesOfStack>(row.path()).await {
        Ok(resources) => resources.transpose(),
        Err(error) => Err(error),
    };
    match resources {
        Ok(resources) => {
            let resources = resources.iter().flat_map(|resources| resources.iter());
            affected.extend(resources.map(|resource| {
                told(
                    Some(&resource.resource_name),
                    resource.resource_type.as_deref(),
                    resource.physical_resource_id.as_deref(),
                    concern.effect(),
                )
            }));
        }
        Err(error) => {
            let effect = format!("cannot be told: {error}");
            affected.push(Affected::unknown("StackResource", effect));
            scope.report(error);
        }
    }
    affected
}

/// What Heat says that an update would do. What it refuses is the caller's to put right.
pub(super) fn previewed(preview: Result<StackPreview>) -> Result<Vec<Affected>, Blamed> {
    let preview = match preview {
        Ok(preview) => preview,
        Err(error) if error.is_callers() => return Err(Blamed::at(&["input"], error)),
        Err(error @ Error::ServiceAbsent { .. }) => return Err(Blamed::from(error)),
        Err(error) => {
            let effect = format!("cannot be told: {error}");
            return Ok(vec![Affected::unknown("StackResource", effect)]);
        }
    };
    let kinds = [
        (preview.added, "would be made"),
        (preview.deleted, "would be deleted"),
        (
            preview.replaced,
            "would be made anew, and the old one deleted",
        ),
        (preview.updated, "would be changed"),
        (preview.unchanged, "would stay as it is"),
    ];
    let affected = kinds.into_iter().flat_map(|(resources, effect)| {
        resources
            .into_iter()
            .map(move |resource| of_preview(&resource, effect))
    });
    Ok(affected.collect())
}

fn of_preview(resource: &PreviewedResource, effect: &str) -> Affected {
    told(
        resource.resource_name.as_deref(),
        resource.resource_type.as_deref(),
        resource.physical_resource_id.as_deref(),
        effect,
    )
}

fn told(name: Option<&str>, kind: Option<&str>, id: Option<&str>, effect: &str) -> Affected {
    let effect = match kind {
        Some(kind) => format!("({kind}) {effect}"),
        None => effect.to_owned(),
    };
    match id.filter(|id| !id.is_empty()) {
        Some(id) => Affected::new("StackResource", id, name, effect),
        None => Affected::unknown("StackResource", effect).called(name),
    }
}
