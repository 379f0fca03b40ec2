//! Projects: `GET /projects`.

use std::sync::Arc;

use serde::Deserialize;

use super::PAGE;
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Keep, Parameter, Reference, Service, Text, Token};

/// All projects of the domains that the credential reads; domains are not among them.
pub const PROJECTS: &Collection<Project> = &Collection {
    item: Some(("/projects", "project")),
    paging: Paging::Marker(PAGE),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/projects", "projects")
};

/// A project as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct Project {
    /// Keystone's id.
    pub id: Text,
    /// Unique in the domain.
    #[serde(default)]
    pub name: Text,
    /// Free text.
    pub description: Option<Text>,
    /// The domain it is in; `None` for a domain's own.
    pub domain_id: Option<Text>,
    /// The project above it, or its domain.
    pub parent_id: Option<Text>,
    /// Whether its resources may be used.
    pub enabled: Option<bool>,
    /// Whether it is a domain's own.
    pub is_domain: Option<bool>,
    /// What administrators tagged.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Row for Project {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Project {
    /// What a token tells of the project with this id, if it is for that: id, name and domain.
    #[must_use]
    pub fn of_token(token: &Token, id: &str) -> Option<Self> {
        let project = token.project.as_ref().filter(|project| project.id == id);
        project.map(Self::told)
    }

    fn told(project: &Reference) -> Self {
        Self {
            id: project.id.as_str().into(),
            name: project.name.as_str().into(),
            description: None,
            domain_id: project.domain().map(|domain| domain.id.as_str().into()),
            parent_id: None,
            enabled: None,
            is_domain: None,
            tags: Vec::new(),
        }
    }
}

impl Cloud {
    /// The projects that the credential may list; else those its user may work in.
    pub async fn list_projects(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<Project>>>> {
        self.list_or(PROJECTS, query, self.own_projects()).await
    }

    async fn own_projects(&self) -> Result<Arc<Vec<Arc<Project>>>> {
        let listed = self.list_of_log_in("/auth/projects", "projects").await?;
        let token = self.token().await?;
        let Some(project) = &token.project else {
            return Ok(listed);
        };
        if listed.iter().any(|known| known.id == project.id) {
            return Ok(listed);
        }
        let mut rows = listed.to_vec();
        rows.push(Arc::new(Project::told(project)));
        Ok(Arc::new(rows))
    }
}
