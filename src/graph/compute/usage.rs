//! Usage: what projects used of compute over time.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use chrono::{Days, NaiveTime, Utc};
use futures_util::future::join_all;

use crate::cloud::Cloud;
use crate::cloud::compute::{self, UsagePeriod};
use crate::graph::connection::{Connection, Node, PageArguments, Reach};
use crate::graph::failure::{Answered, answered, certain};
use crate::graph::identity::own::told_or_asked;
use crate::graph::identity::project::Project;
use crate::graph::loader::Plan;
use crate::graph::narrowing::project_or_own;
use crate::graph::scalar::{DateTime, Ref};
use crate::graph::scope::{CloudRef, Scope};
use crate::{Error, Result};

/// What a project's servers, deleted ones too, used between two times. From
/// `GET /os-simple-tenant-usage` (2.40).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ProjectUsage {
    /// The project.
    project_id: ID,
    /// From when.
    start: Option<DateTime>,
    /// Until when.
    end: Option<DateTime>,
    /// How many servers existed in that time.
    server_count: i64,
    /// Hours that servers existed, summed over them.
    server_hours: f64,
    /// Virtual CPUs × hours.
    vcpu_hours: f64,
    /// MiB of memory × hours.
    memory_mib_hours: f64,
    /// GiB of root and ephemeral disk × hours.
    disk_gib_hours: f64,
    #[graphql(skip)]
    scope: Scope,
}

#[ComplexObject]
impl ProjectUsage {
    /// The cloud it is of.
    async fn cloud_name(&self) -> &str {
        self.scope.cloud().name()
    }

    /// The project; null when it was deleted, or the credential may not see it.
    async fn project(&self, context: &Context<'_>) -> Answered<Project> {
        told_or_asked(context, &self.scope, Some(self.project_id.as_str())).await
    }
}

impl Node for ProjectUsage {
    fn cursor_id(&self) -> &str {
        &self.project_id
    }
}

impl ProjectUsage {
    fn new(scope: &Scope, row: &compute::ProjectUsage) -> Self {
        Self {
            project_id: ID::from(&row.project_id),
            start: DateTime::maybe(row.start.as_deref()),
            end: DateTime::maybe(row.stop.as_deref()),
            server_count: i64::try_from(row.servers.len()).unwrap_or(i64::MAX),
            server_hours: row.hours,
            vcpu_hours: row.vcpu_hours,
            memory_mib_hours: row.memory_mib_hours,
            disk_gib_hours: row.disk_gib_hours,
            scope: scope.clone(),
        }
    }
}

/// The root fields of the noun.
#[derive(Default)]
pub struct ProjectUsageQuery(pub CloudRef);

#[Object]
impl ProjectUsageQuery {
    /// What a project used; null when it had no servers in that time. Another project's is for
    /// administrators.
    async fn project_usage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project; the credential's own unless given.")] project: Option<Ref>,
        #[graphql(desc = "From when: midnight (UTC) 28 days before the end unless given.")]
        start: Option<DateTime>,
        #[graphql(desc = "Until when: now unless given.")] end: Option<DateTime>,
    ) -> Answered<ProjectUsage> {
        let found = async {
            let period = period(start, end)?;
            let scope = self.0.scope(context)?;
            let project = project_or_own(&scope, project.as_ref()).await?;
            usage_of(&scope, &project, period).await
        };
        answered(found.await)
    }

    /// What each project used that had servers in that time; only the credential's own project
    /// unless it is an administrator's.
    async fn project_usages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From when: midnight (UTC) 28 days before the end unless given.")]
        start: Option<DateTime>,
        #[graphql(desc = "Until when: now unless given.")] end: Option<DateTime>,
        #[graphql(desc = "How many rows: 50 unless said otherwise, at most 1,000.")] first: Option<
            i32,
        >,
        #[graphql(desc = "The cursor to go on after, from `pageInfo.endCursor`.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many rows to skip, for \"51 to 100\".")] offset: Option<i32>,
        #[graphql(desc = "Every row, at its price.", default = false)] all: bool,
    ) -> Answered<Connection<ProjectUsage>> {
        let arguments = PageArguments {
            first,
            after,
            offset,
            all,
        };
        let listed = async {
            let slice = arguments.checked()?;
            let period = period(start, end)?;
            let scope = self.0.scope(context)?;
            let cloud = scope.cloud();
            let (rows, reach) = if cloud.is_admin().await? {
                (cloud.list_usages(&period).await?, Reach::AllProjects)
            } else {
                let token = scope.token().await?;
                let own = match &token.project {
                    Some(project) => cloud.get_usage(&project.id, &period).await?,
                    None => None,
                };
                (own.into_iter().collect(), Reach::Project)
            };
            Ok(Connection::cut(
                &rows,
                |row| &row.project_id,
                &slice,
                reach,
                |row| ProjectUsage::new(&scope, row),
            ))
        };
        certain(listed.await)
    }
}

/// Usage by project id and period: one call for each. Of other projects only for administrators.
pub struct UsageOfProject;

impl Plan for UsageOfProject {
    type Key = (String, UsagePeriod);
    type Value = Result<Arc<compute::ProjectUsage>>;

    async fn load(cloud: Cloud, keys: Vec<Self::Key>) -> Result<HashMap<Self::Key, Self::Value>> {
        let shown = keys.into_iter().map(|key| {
            let cloud = &cloud;
            async move {
                let usage = cloud.get_usage(&key.0, &key.1).await.transpose()?;
                Some((key, usage))
            }
        });
        Ok(join_all(shown).await.into_iter().flatten().collect())
    }
}

/// What a project used; `None` when it had no servers in that time.
pub async fn usage_of(
    scope: &Scope,
    project_id: &str,
    period: UsagePeriod,
) -> Result<Option<ProjectUsage>> {
    let key = (project_id.to_owned(), period);
    let usage = scope.load::<UsageOfProject>(key).await?.transpose()?;
    Ok(usage.map(|usage| ProjectUsage::new(scope, &usage)))
}

/// The period between two times, with what they are unless given.
pub fn period(start: Option<DateTime>, end: Option<DateTime>) -> Result<UsagePeriod> {
    let until = end.map_or_else(Utc::now, |end| end.0);
    let from = match start {
        Some(start) => start.0,
        // Midnight, so that the same question a minute later has the same key in the cache.
        None => (until.date_naive() - Days::new(28))
            .and_time(NaiveTime::MIN)
            .and_utc(),
    };
    if from >= until {
        return Err(Error::BadInput(
            "start: it has to be before `end`, which is now unless given".to_owned(),
        ));
    }
    let text = |time: chrono::DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S").to_string();
    Ok(UsagePeriod {
        start: text(from),
        end: end.map(|end| text(end.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_four_weeks_unless_said_otherwise() {
        let end = DateTime::read("2026-03-29T10:00:00Z");
        let four_weeks = period(None, end).unwrap();
        assert_eq!(four_weeks.start, "2026-03-01T00:00:00");
        assert_eq!(four_weeks.end.as_deref(), Some("2026-03-29T10:00:00"));
        assert_eq!(period(None, None).unwrap().end, None);
    }

    #[test]
    fn a_period_that_ends_before_it_starts_is_refused() {
        let later = DateTime::read("2026-03-29T10:00:00Z");
        let earlier = DateTime::read("2026-03-28T10:00:00Z");
        assert!(period(later, earlier).is_err());
    }
}
