//! The names of volumes, for nouns that need no more of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::{MOST_IDS, Volume};
use crate::Result;
use crate::cloud::Cloud;
use crate::cloud::block_storage::{VOLUMES_BRIEF, VolumeBrief};
use crate::graph::failure::{Answered, answered};
use crate::graph::loader::Plan;
use crate::graph::noun::Noun;
use crate::graph::scope::Scope;
use crate::graph::told::told;

/// The names of volumes by their ids. For administrators a hundred in a call; for others one or
/// two are shown, and more are looked up in Cinder's light list. Lists that will need them start
/// its first page ahead.
pub struct NameOfVolume;

impl NameOfVolume {
    /// Starts the first page of the names.
    pub fn start(scope: &Scope) {
        scope.start::<Self, _>(VOLUMES_BRIEF, Vec::new());
    }
}

impl Plan for NameOfVolume {
    type Key = String;
    type Value = String;

    async fn load(cloud: Cloud, ids: Vec<String>) -> Result<HashMap<String, String>> {
        if let Some(page) = cloud.asked_first_page(VOLUMES_BRIEF, &[]).await? {
            let there: HashSet<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
            if !page.has_more || ids.iter().all(|id| there.contains(id.as_str())) {
                return Ok(names(&page.rows));
            }
        }
        if ids.len() <= MOST_IDS && cloud.is_admin().await? {
            return Ok(names(&cloud.list_volumes_brief_with_ids(&ids).await?));
        }
        if ids.len() > 2 {
            return Ok(names(&cloud.list_volumes_brief(&[]).await?));
        }
        let shown = ids.iter().map(|id| Volume::show(&cloud, id));
        let rows = try_join_all(shown).await?.into_iter().flatten();
        Ok(rows
            .filter_map(|row| Some((row.id.to_string(), told(row.name.as_ref())?.to_string())))
            .collect())
    }
}

fn names(rows: &[Arc<VolumeBrief>]) -> HashMap<String, String> {
    let named = rows
        .iter()
        .filter_map(|row| Some((row.id.to_string(), told(row.name.as_ref())?.to_string())));
    named.collect()
}

/// The name of a volume; `None` when it has none, there is no such volume, or the credential may
/// not see it.
pub async fn name_of(scope: &Scope, id: Option<&str>) -> Answered<String> {
    let found = async {
        let Some(id) = id else { return Ok(None) };
        scope.load::<NameOfVolume>(id.to_owned()).await
    };
    answered(found.await)
}
