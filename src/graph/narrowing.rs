//! Filters that several services have alike: references, the project, one of several values, and
//! what of them a service is asked for.

use std::fmt::Display;

use async_graphql::ID;

use super::identity::project::Project;
use super::noun::{Noun, Pushed, id_of};
use super::scalar::Ref;
use super::scope::Scope;
use crate::cloud::Parameter;
use crate::{Error, Result};

/// Bytes of a query that every proxy on the way lets through.
const LONGEST_QUERY: usize = 6000;

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

/// The id of the project a reference stands for; one that the credential cannot see is an error.
pub(super) async fn project_id_of(scope: &Scope, project: &Ref) -> Result<String> {
    let token = scope.token().await?;
    let is_own = token
        .project
        .as_ref()
        .is_some_and(|own| own.id == project.0);
    // Its own needs no look-up.
    if is_own {
        return Ok(project.0.clone());
    }
    id_of::<Project>(scope, project).await
}

/// The id of the project that a question is about: the one that is named, else the credential's
/// own.
pub(super) async fn project_or_own(scope: &Scope, project: Option<&Ref>) -> Result<String> {
    if let Some(project) = project {
        return project_id_of(scope, project).await;
    }
    let token = scope.token().await?;
    let own = token.project.as_ref().map(|own| own.id.clone());
    own.ok_or_else(|| {
        Error::BadInput("project: the credential is for no project; name one".to_owned())
    })
}

/// Turns a reference in a filter into the id it stands for.
pub(super) async fn resolve<N: Noun>(scope: &Scope, reference: &mut Option<Ref>) -> Result<()> {
    if let Some(reference) = reference {
        reference.0 = id_of::<N>(scope, reference).await?;
    }
    Ok(())
}

/// Turns a project in a filter into its id.
pub(super) async fn resolve_project(scope: &Scope, project: &mut Option<Ref>) -> Result<()> {
    if let Some(project) = project {
        project.0 = project_id_of(scope, project).await?;
    }
    Ok(())
}

/// Whether an id is among those asked for.
pub(super) fn among(ids: &[ID], id: &str) -> bool {
    ids.iter().any(|wanted| wanted.as_str() == id)
}

/// Whether an optional id is the one a reference was resolved to.
pub(super) fn is(reference: &Ref, id: Option<&str>) -> bool {
    id == Some(reference.0.as_str())
}

/// Whether a value is one of those asked for, if any are.
pub(super) fn one_of<T: AsRef<str>>(wanted: Option<&Vec<T>>, value: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| wanted.iter().any(|wanted| Some(wanted.as_ref()) == value))
}

/// A filter on its way to a service that reads a repeated parameter as "any of these": Neutron.
pub(super) struct FilterQuery {
    query: Vec<Parameter>,
    bytes: usize,
    is_whole: bool,
}

impl FilterQuery {
    pub(super) fn new() -> Self {
        Self {
            query: Vec::new(),
            bytes: 0,
            is_whole: true,
        }
    }

    /// Only rows with one of the values, as Neutron compares them.
    pub(super) fn any<V: AsRef<str>>(
        mut self,
        name: &'static str,
        values: Option<&Vec<V>>,
    ) -> Self {
        let Some(values) = values else { return self };
        let sent: Vec<Parameter> = values
            .iter()
            .map(|value| (name.into(), value.as_ref().to_owned()))
            .collect();
        let bytes: usize = sent
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum();
        // No value at all lets nothing through, which no query says.
        if sent.is_empty() || self.bytes + bytes > LONGEST_QUERY {
            self.is_whole = false;
            return self;
        }
        self.bytes += bytes;
        self.query.extend(sent);
        self
    }

    /// Only rows with the value.
    pub(super) fn one(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.any(name, Some(&vec![value.to_string()])),
            None => self,
        }
    }

    /// Only rows of what a reference was resolved to.
    pub(super) fn of(self, name: &'static str, reference: Option<&Ref>) -> Self {
        self.one(name, reference.map(|reference| &reference.0))
    }

    /// Only rows in a state; one that this graph does not know cannot be asked for.
    pub(super) fn status(self, status: Option<Option<&'static str>>) -> Self {
        match status {
            Some(None) => self.rest(true),
            wire => self.one("status", wire.flatten()),
        }
    }

    /// Conditions that are left to be applied here, or compared more strictly than a database
    /// does, which may not tell cases apart.
    pub(super) fn rest(mut self, is_set: bool) -> Self {
        self.is_whole &= !is_set;
        self
    }

    pub(super) fn pushed(self) -> Pushed {
        Pushed {
            query: self.query,
            is_whole: self.is_whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neutron_cannot_be_asked_is_left_to_us() {
        let ids = vec!["a", "b"];
        let pushed = FilterQuery::new().any("id", Some(&ids)).pushed();
        assert_eq!(pushed.query.len(), 2);
        assert!(pushed.is_whole);
        let none: Vec<&str> = Vec::new();
        let pushed = FilterQuery::new().any("id", Some(&none)).pushed();
        assert!(pushed.query.is_empty() && !pushed.is_whole);
        let many = vec!["0123456789"; 1000];
        let pushed = FilterQuery::new().any("id", Some(&many)).pushed();
        assert!(pushed.query.is_empty() && !pushed.is_whole);
        let pushed = FilterQuery::new().status(Some(None)).pushed();
        assert!(pushed.query.is_empty() && !pushed.is_whole);
        let pushed = FilterQuery::new().status(Some(Some("ACTIVE"))).pushed();
        assert!(pushed.query.len() == 1 && pushed.is_whole);
    }
}
