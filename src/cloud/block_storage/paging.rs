//! Cinder's long lists: it counts them and takes offsets, so that the pages behind the first are
//! had beside each other.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::try_join_all;

use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Keep, Microversion, Parameter, Service};
use crate::{Error, Result};

/// Pages overlap by this part of them: so many rows may be deleted meanwhile and none is missed.
const OVERLAP: usize = 50;
/// The first version that counts.
const COUNTS: Microversion = Microversion(3, 45);

impl Cloud {
    /// Every row of a collection of Cinder that the filter lets through. `counted` is the path
    /// whose answer says how many there are.
    pub(super) async fn list_by_offset<T: Row>(
        &self,
        collection: &'static Collection<T>,
        counted: &str,
        filter: &[Parameter],
    ) -> Result<Arc<Vec<Arc<T>>>> {
        let Paging::Marker(limit) = collection.paging else {
            return self.list(collection, filter).await;
        };
        let first = self.list_page(collection, filter, None, limit).await?;
        if !first.has_more {
            return Ok(Arc::new(first.rows.clone()));
        }
        let Some(count) = self.count(collection, counted, filter).await? else {
            return self.list(collection, filter).await;
        };
        // The service may have cut the page shorter than was asked.
        let page = first.rows.len();
        let overlap = page / OVERLAP;
        let step = (page - overlap).max(1);
        let offsets = (1..).map(|number| number * step);
        let pages = offsets
            .take_while(|offset| offset + overlap < count)
            .map(|offset| {
                let mut filter = filter.to_vec();
                filter.push(("offset".into(), offset.to_string()));
                async move { self.list_page(collection, &filter, None, limit).await }
            });
        let pages = try_join_all(pages).await?;
        let mut seen = HashSet::new();
        let rows = first
            .rows
            .iter()
            .chain(pages.iter().flat_map(|page| &page.rows));
        let rows = rows.filter(|row| seen.insert(row.id().to_owned())).cloned();
        Ok(Arc::new(rows.collect()))
    }

    /// How many rows the filter lets through; `None` from a Cinder that does not count.
    async fn count<T: Row>(
        &self,
        collection: &'static Collection<T>,
        path: &str,
        filter: &[Parameter],
    ) -> Result<Option<usize>> {
        let endpoint = self.endpoint(Service::BlockStorage).await?;
        if endpoint.max_microversion.is_none_or(|max| max < COUNTS) {
            return Ok(None);
        }
        let mut query = filter.to_vec();
        query.push(("limit".into(), "1".to_owned()));
        query.push(("with_count".into(), "true".to_owned()));
        if self.is_admin().await? {
            let everyone = collection.everyone.iter();
            query.extend(everyone.map(|(name, value)| ((*name).into(), (*value).to_owned())));
        }
        let count = self.get_key(
            Service::BlockStorage,
            path,
            "count",
            &query,
            collection.microversion,
            Keep::Rows,
        );
        match count.await {
            Ok(count) => Ok(Some(*count)),
            // An answer without the count: the rows are to be had one page after the other.
            Err(Error::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
