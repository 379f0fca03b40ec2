//! Filters that several services have alike: the project, and one of several values.

use super::scalar::Ref;
use super::scope::Scope;
use crate::Result;
use crate::cloud::Parameter;

/// What the filter `project` comes to with the credential at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Narrowing {
    /// Any project.
    #[default]
    None,
    /// An administrator's list: the service narrows it itself.
    Pushed(String),
    /// The credential's own project, which is all that its lists hold.
    Own(String),
    /// Another project: the credential sees nothing of it.
    Elsewhere,
}

impl Narrowing {
    pub(super) async fn of(scope: &Scope, project: Option<&Ref>) -> Result<Self> {
        let Some(project) = project else {
            return Ok(Self::None);
        };
        let id = project_id_of(scope, project).await?;
        let token = scope.token().await?;
        if token.is_admin() {
            return Ok(Self::Pushed(id));
        }
        let is_own = token.project.as_ref().is_some_and(|own| own.id == id);
        Ok(if is_own {
            Self::Own(id)
        } else {
            Self::Elsewhere
        })
    }

    /// The parameter that narrows an administrator's list.
    pub(super) fn push(&self, parameter: &'static str, query: &mut Vec<Parameter>) {
        if let Self::Pushed(id) = self {
            query.push((parameter.into(), id.clone()));
        }
    }

    /// Whether the service applies it.
    pub(super) fn is_pushed(&self) -> bool {
        matches!(self, Self::None | Self::Pushed(_))
    }

    /// Whether it lets a row through; a row need not tell its project.
    pub(super) fn keeps(&self, project_id: Option<&str>) -> bool {
        match self {
            Self::None => true,
            Self::Pushed(id) | Self::Own(id) => project_id.is_none_or(|project| project == id),
            Self::Elsewhere => false,
        }
    }
}

/// The id of the project a reference stands for: the credential's own may be named.
pub(super) async fn project_id_of(scope: &Scope, project: &Ref) -> Result<String> {
    let token = scope.token().await?;
    let own = token.project.as_ref().filter(|own| own.name == project.0);
    Ok(own.map_or_else(|| project.0.clone(), |own| own.id.clone()))
}

/// Whether a value is one of those asked for, if any are.
pub(super) fn one_of<T: AsRef<str>>(wanted: Option<&Vec<T>>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| wanted.iter().any(|wanted| Some(wanted.as_ref()) == value))
}
