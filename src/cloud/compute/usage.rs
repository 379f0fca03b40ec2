//! What projects used over time: `GET /os-simple-tenant-usage`.
//!
//! Pages are counted in servers, so a project may be spread over several of them; its parts are
//! summed here. Nova gives no row to build a marker from that is certain to be the last, so the
//! marker is read out of the link; the link itself is not followed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use crate::Result;
use crate::cloud::collection::escape;
use crate::cloud::{Cloud, Keep, Microversion, Parameter, Service};

/// 2.40 brings pages.
const USAGE_MICROVERSION: Microversion = Microversion(2, 40);
/// The largest page that Nova gives, in servers.
const PAGE: usize = 1000;

/// What a project's servers, deleted ones too, used between two times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectUsage {
    /// The project.
    pub project_id: String,
    /// From when.
    pub start: Option<String>,
    /// Until when.
    pub stop: Option<String>,
    /// Hours that servers existed.
    pub hours: f64,
    /// Virtual CPUs × hours.
    pub vcpu_hours: f64,
    /// MiB of memory × hours.
    pub memory_mib_hours: f64,
    /// GiB of root and ephemeral disk × hours.
    pub disk_gib_hours: f64,
    /// The servers that existed in that time.
    pub servers: HashSet<String>,
}

/// A time that usage is asked for, as Nova reads it: in UTC, without a zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsagePeriod {
    /// From when.
    pub start: String,
    /// Until when; now when it is left out.
    pub end: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Part {
    tenant_id: Option<String>,
    start: Option<String>,
    stop: Option<String>,
    #[serde(default)]
    total_hours: f64,
    #[serde(default)]
    total_vcpus_usage: f64,
    #[serde(default)]
    total_memory_mb_usage: f64,
    #[serde(default)]
    total_local_gb_usage: f64,
    #[serde(default)]
    server_usages: Vec<ServerUsage>,
}

#[derive(Debug, Deserialize)]
struct ServerUsage {
    instance_id: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    tenant_usages: Option<Vec<Part>>,
    tenant_usage: Option<Part>,
    #[serde(default, alias = "tenant_usage_links")]
    tenant_usages_links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    rel: String,
    href: String,
}

impl Answer {
    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.tenant_usages
            .iter()
            .flatten()
            .chain(&self.tenant_usage)
    }

    fn marker(&self) -> Option<String> {
        let next = self
            .tenant_usages_links
            .iter()
            .find(|link| link.rel == "next")?;
        let link = Url::parse(&next.href).ok()?;
        let mut parameters = link.query_pairs();
        parameters
            .find(|(name, _)| name == "marker")
            .map(|(_, marker)| marker.into_owned())
    }
}

impl Cloud {
    /// The usage of every project that had servers in the period; administrators only.
    pub async fn list_usages(&self, period: &UsagePeriod) -> Result<Vec<Arc<ProjectUsage>>> {
        let usages = self.walk_usage("/os-simple-tenant-usage", period).await?;
        Ok(usages.into_values().map(Arc::new).collect())
    }

    /// The usage of a project; `None` when it had no servers in the period. Another one's only
    /// for administrators.
    pub async fn get_usage(
        &self,
        project_id: &str,
        period: &UsagePeriod,
    ) -> Result<Option<Arc<ProjectUsage>>> {
        let path = format!("/os-simple-tenant-usage/{}", escape(project_id));
        let usages = self.walk_usage(&path, period).await?;
        Ok(usages.into_values().next().map(Arc::new))
    }

    async fn walk_usage(
        &self,
        path: &str,
        period: &UsagePeriod,
    ) -> Result<BTreeMap<String, ProjectUsage>> {
        let mut query: Vec<Parameter> = vec![
            ("detailed".into(), "1".to_owned()),
            ("limit".into(), PAGE.to_string()),
            ("start".into(), period.start.clone()),
        ];
        if let Some(end) = &period.end {
            query.push(("end".into(), end.clone()));
        }
        let mut usages = BTreeMap::new();
        let mut markers = HashSet::new();
        loop {
            let answer: Arc<Answer> = self
                .get_key(
                    Service::Compute,
                    path,
                    "",
                    &query,
                    Some(USAGE_MICROVERSION),
                    Keep::Rows,
                )
                .await?;
            for part in answer.parts() {
                add(&mut usages, part);
            }
            let Some(marker) = answer
                .marker()
                .filter(|marker| markers.insert(marker.clone()))
            else {
                return Ok(usages);
            };
            query.retain(|(name, _)| name != "marker");
            query.push(("marker".into(), marker));
        }
    }
}

fn add(usages: &mut BTreeMap<String, ProjectUsage>, part: &Part) {
    // A project without servers in the period is an empty object.
    let Some(project_id) = &part.tenant_id else {
        return;
    };
    let usage = usages
        .entry(project_id.clone())
        .or_insert_with(|| ProjectUsage {
            project_id: project_id.clone(),
            start: part.start.clone(),
            ..ProjectUsage::default()
        });
    // Without an end each page is reckoned until the moment it was made.
    usage.stop.clone_from(&part.stop);
    usage.hours += part.total_hours;
    usage.vcpu_hours += part.total_vcpus_usage;
    usage.memory_mib_hours += part.total_memory_mb_usage;
    usage.disk_gib_hours += part.total_local_gb_usage;
    let servers = part.server_usages.iter();
    usage
        .servers
        .extend(servers.map(|server| server.instance_id.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_project_spread_over_pages_is_summed() {
        let mut usages = BTreeMap::new();
        for server in ["a", "b"] {
            let page = answer(&format!(
                r#"{{"tenant_usages": [{{"tenant_id": "p", "total_hours": 1.5,
                     "server_usages": [{{"instance_id": "{server}"}}]}}]}}"#
            ));
            page.parts().for_each(|part| add(&mut usages, part));
        }
        assert_eq!(usages["p"].hours, 3.0);
        assert_eq!(usages["p"].servers.len(), 2);
    }

    #[test]
    fn a_project_without_servers_is_none() {
        let mut usages = BTreeMap::new();
        let page = answer(r#"{"tenant_usage": {}}"#);
        page.parts().for_each(|part| add(&mut usages, part));
        assert!(usages.is_empty());
        assert_eq!(page.marker(), None);
    }

    #[test]
    fn the_marker_is_read_out_of_the_link() {
        for key in ["tenant_usages_links", "tenant_usage_links"] {
            let page = answer(&format!(
                r#"{{"{key}": [{{"rel": "next", "href": "http://inside/x?limit=1&marker=m"}}]}}"#
            ));
            assert_eq!(page.marker().as_deref(), Some("m"));
        }
    }
}
