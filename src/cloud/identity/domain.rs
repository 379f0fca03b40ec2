//! Domains: `GET /domains`.

use std::sync::Arc;

use serde::Deserialize;

use super::PAGE;
use crate::Result;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Keep, Parameter, Reference, Service, Token};

/// All domains.
pub const DOMAINS: &Collection<Domain> = &Collection {
    item: Some(("/domains", "domain")),
    paging: Paging::Marker(PAGE),
    keep: Keep::Reference,
    ..Collection::new(Service::Identity, "/domains", "domains")
};

/// A domain as Keystone lists it.
#[derive(Debug, Deserialize)]
pub struct Domain {
    /// Keystone's id, or `default`.
    pub id: String,
    /// Unique.
    #[serde(default)]
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Whether its users may log in.
    pub enabled: Option<bool>,
    /// What administrators tagged.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Row for Domain {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Domain {
    /// What a token tells of the domain with this id, if it names that: id and name.
    #[must_use]
    pub fn of_token(token: &Token, id: &str) -> Option<Self> {
        let mut domains = token.domains();
        domains.find(|domain| domain.id == id).map(Self::told)
    }

    fn told(domain: &Reference) -> Self {
        Self {
            id: domain.id.clone(),
            name: domain.name.clone(),
            description: None,
            enabled: None,
            tags: Vec::new(),
        }
    }
}

impl Cloud {
    /// The domains that the credential may list; else those its user may work in, and those of
    /// its user and project.
    pub async fn list_domains(&self, query: &[Parameter]) -> Result<Arc<Vec<Arc<Domain>>>> {
        self.list_or(DOMAINS, query, self.own_domains()).await
    }

    async fn own_domains(&self) -> Result<Arc<Vec<Arc<Domain>>>> {
        let listed: Arc<Vec<Arc<Domain>>> = self.list_of_log_in("/auth/domains", "domains").await?;
        let mut rows = listed.to_vec();
        let token = self.token().await?;
        for domain in token.domains() {
            if !rows.iter().any(|row| row.id == domain.id) {
                rows.push(self.own_domain(domain).await?);
            }
        }
        Ok(Arc::new(rows))
    }

    /// A domain that the token names: as Keystone shows it, or what the token says of it.
    async fn own_domain(&self, domain: &Reference) -> Result<Arc<Domain>> {
        let shown = match self.show(DOMAINS, &domain.id).await {
            Err(error) if error.is_forbidden() => None,
            other => other?,
        };
        Ok(shown.unwrap_or_else(|| Arc::new(Domain::told(domain))))
    }
}
