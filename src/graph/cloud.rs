//! Clouds: credential entries in regions, and what their services answer.

use std::time::Instant;

use async_graphql::{Context, Enum, ID, MergedObject, Object, SimpleObject};
use futures_util::future::join_all;

use super::block_storage::BlockStorageQuery;
use super::compute::ComputeQuery;
use super::failure::{Answered, answered, certain};
use super::orchestration::OrchestrationQuery;
use super::scope::{CloudRef, Scope, Session};
use crate::cloud::Service;
use crate::{Error, Result};

/// The root fields that lead to clouds.
#[derive(Default)]
pub struct CloudsQuery;

#[Object]
impl CloudsQuery {
    /// One configured cloud; the default one unless named. Every root field stands below it too.
    async fn cloud(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cloud's unique name, as `clouds` lists it.")] name: Option<String>,
    ) -> Answered<Cloud> {
        let found = || {
            let session = session(context)?;
            let scope = session.scope(name.as_deref())?;
            Ok(Cloud::new(&CloudRef::named(scope.cloud().name())))
        };
        certain(found())
    }

    /// Every configured cloud, the default one first.
    async fn clouds(&self, context: &Context<'_>) -> Answered<Vec<Cloud>> {
        let named = || {
            let clouds = session(context)?.clouds.iter();
            Ok(clouds
                .map(|cloud| Cloud::new(&CloudRef::named(cloud.name())))
                .collect())
        };
        certain(named())
    }
}

fn session<'a>(context: &'a Context<'_>) -> Result<&'a Session> {
    let session = context.data::<Session>();
    session.map_err(|_| Error::Internal("the request has no session".to_owned()))
}

/// A cloud: one credential entry in one region, and everything it can see.
#[derive(MergedObject)]
pub struct Cloud(
    CloudInfo,
    ComputeQuery,
    BlockStorageQuery,
    OrchestrationQuery,
);

impl Cloud {
    fn new(cloud: &CloudRef) -> Self {
        Self(
            CloudInfo(cloud.clone()),
            ComputeQuery::new(cloud),
            BlockStorageQuery::new(cloud),
            OrchestrationQuery::new(cloud),
        )
    }
}

/// What is known of a cloud itself.
pub struct CloudInfo(CloudRef);

#[Object]
impl CloudInfo {
    /// The cloud's unique name: `paris`, `paris/RegionTwo`, or `envvars`.
    async fn name(&self, context: &Context<'_>) -> Answered<String> {
        certain(self.0.scope(context).map(|scope| scope.cloud_name()))
    }

    /// The region whose endpoints are used; null when the catalog has only one.
    #[graphql(name = "regionName")]
    async fn region_name(&self, context: &Context<'_>) -> Answered<String> {
        answered(
            self.0
                .scope(context)
                .map(|scope| scope.cloud().region().map(str::to_owned)),
        )
    }

    /// Whom the credential speaks for, and what it may see. From the token.
    async fn credential(&self, context: &Context<'_>) -> Answered<Credential> {
        let described = async {
            let scope = self.0.scope(context)?;
            let token = scope.token().await?;
            let scope_kind = match (&token.project, &token.domain, token.is_system) {
                (Some(_), ..) => CredentialScope::Project,
                (None, Some(_), _) => CredentialScope::Domain,
                (None, None, true) => CredentialScope::System,
                (None, None, false) => CredentialScope::Unscoped,
            };
            Ok(Credential {
                user_id: ID::from(&token.user.id),
                user_name: token.user.name.clone(),
                scope: scope_kind,
                project_id: token.project.as_ref().map(|project| ID::from(&project.id)),
                project_name: token.project.as_ref().map(|project| project.name.clone()),
                roles: token.roles.clone(),
                is_admin: token.is_admin(),
            })
        };
        certain(described.await)
    }

    /// Each API with its version, asked now: does it answer?
    async fn apis(&self, context: &Context<'_>) -> Answered<Vec<Api>> {
        let asked = async {
            let scope = self.0.scope(context)?;
            // Without a token there is no catalog to find anything in.
            scope.token().await?;
            Ok(apis(&scope).await)
        };
        certain(asked.await)
    }
}

/// Asks every service for its version document, all at once.
pub async fn apis(scope: &Scope) -> Vec<Api> {
    let asked = Service::ALL.iter().map(|service| async move {
        let began = Instant::now();
        let probe = scope.cloud().probe(*service).await;
        let milliseconds = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Api::new(*service, probe, milliseconds)
    });
    join_all(asked).await
}

/// Whom a credential speaks for.
#[derive(SimpleObject)]
pub struct Credential {
    /// Keystone's id of the user.
    user_id: ID,
    /// The user's name.
    user_name: String,
    /// What the token is for.
    scope: CredentialScope,
    /// The project it is for; null with another scope.
    project_id: Option<ID>,
    /// That project's name.
    project_name: Option<String>,
    /// The names of the roles it carries.
    roles: Vec<String>,
    /// Whether its lists span all projects.
    is_admin: bool,
}

/// What a token is for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum CredentialScope {
    /// One project.
    Project,
    /// One domain.
    Domain,
    /// The whole deployment.
    System,
    /// Nothing in particular.
    Unscoped,
}

/// An API of the cloud, and how it answered when it was asked for its version.
#[derive(SimpleObject)]
pub struct Api {
    /// The service type, as `compute`.
    pub service: &'static str,
    /// The name operators know it by, as `Nova`.
    code_name: &'static str,
    /// Whether it answered.
    pub is_available: bool,
    /// Why it did not.
    pub reason: Option<String>,
    /// Where it is.
    url: Option<String>,
    /// The version of its API, as it writes it.
    version: Option<String>,
    /// The newest microversion it offers, where it has those.
    max_microversion: Option<String>,
    /// How long it took, in milliseconds.
    milliseconds: i64,
    /// Why it did not answer, for who wants to know what kind of failure it was.
    #[graphql(skip)]
    pub error: Option<Error>,
}

impl Api {
    fn new(service: Service, probe: Result<crate::cloud::Endpoint>, milliseconds: i64) -> Self {
        let (endpoint, error) = match probe {
            Ok(endpoint) => (Some(endpoint), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            service: service.service_type(),
            code_name: service.code_name(),
            is_available: error.is_none(),
            reason: error.as_ref().map(ToString::to_string),
            url: endpoint.as_ref().map(|endpoint| endpoint.base.to_string()),
            version: endpoint
                .as_ref()
                .and_then(|endpoint| endpoint.version.clone()),
            max_microversion: endpoint
                .and_then(|endpoint| endpoint.max_microversion)
                .map(|version| version.to_string()),
            milliseconds,
            error,
        }
    }
}
