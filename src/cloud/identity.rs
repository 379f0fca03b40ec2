//! Keystone: users, groups, projects, domains, roles, and where services are.
//!
//! Only projects, domains, users and groups are paged, and only when a `limit` is sent: without
//! one Keystone cuts them silently at a thousand rows. The other lists refuse a `limit`.

mod catalog;
mod domain;
mod group;
mod project;
mod role;
mod user;

use std::sync::Arc;

use super::collection::{Collection, Row};
use super::service::Service;
use super::{Cloud, Keep, Parameter};
use crate::Result;

pub use catalog::{CatalogedService, ENDPOINTS, Endpoint, REGIONS, Region, SERVICES};
pub use domain::{DOMAINS, Domain};
pub use group::{GROUPS, Group};
pub use project::{PROJECTS, Project};
pub use role::{ROLE_ASSIGNMENTS, ROLES, Role, RoleAssignment};
pub use user::{USERS, User};

/// Rows of a page: what Keystone cuts at when nobody asks.
const PAGE: u32 = 1000;

impl Cloud {
    /// Whether Keystone's lists hold more than what is the credential's own: administrators', and
    /// those of whoever reads a domain or the system.
    ///
    /// Told by the token, so that others need not be refused first.
    pub async fn reads_identity(&self) -> Result<bool> {
        let token = self.token().await?;
        let reads = token
            .roles
            .iter()
            .any(|role| matches!(role.as_str(), "reader" | "member" | "manager"));
        Ok(token.is_admin() || (reads && (token.is_system || token.domain.is_some())))
    }

    /// Whether the credential may list a collection of Keystone's; else it has only its own.
    ///
    /// It is tried with the very list that is wanted, which an operation has only once.
    pub async fn may_list<T: Row>(
        &self,
        collection: &'static Collection<T>,
        query: &[Parameter],
    ) -> Result<bool> {
        if !self.reads_identity().await? {
            return Ok(false);
        }
        match self.list(collection, query).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_forbidden() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a collection holds, or `own` for a credential that may not list it.
    async fn list_or<T: Row>(
        &self,
        collection: &'static Collection<T>,
        query: &[Parameter],
        own: impl Future<Output = Result<Arc<Vec<Arc<T>>>>>,
    ) -> Result<Arc<Vec<Arc<T>>>> {
        if self.reads_identity().await? {
            match self.list(collection, query).await {
                Err(error) if error.is_forbidden() => {}
                other => return other,
            }
        }
        own.await
    }

    /// What the credential's user may log in to; nothing where it may not even ask that.
    async fn list_of_log_in<T: Row>(
        &self,
        path: &str,
        key: &'static str,
    ) -> Result<Arc<Vec<Arc<T>>>> {
        let listed = self.get_key(Service::Identity, path, key, &[], None, Keep::Reference);
        match listed.await {
            Err(error) if error.is_forbidden() => Ok(Arc::new(Vec::new())),
            other => other,
        }
    }
}

/// What a service wrote, unless it is empty.
fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
