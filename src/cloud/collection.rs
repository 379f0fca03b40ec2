//! What there is to list in a service, as data; and the walk over its pages, written once.
//!
//! The next page is asked for by a marker built from the last row. `next` links only tell *that*
//! there is more: they carry internal hosts, lose path prefixes, or are broken.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Cloud;
use super::cache::Keep;
use super::catalog::Microversion;
use super::columns::Columns;
use super::request::{Call, Parameter};
use super::service::Service;
use crate::{Error, Result};

/// Something a service lists.
pub trait Row: DeserializeOwned + Send + Sync + 'static {
    /// The id the service knows it by; the marker of a page that follows it.
    fn id(&self) -> &str;
}

/// How a service hands out a long list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// All at once; a `limit` would be refused.
    Whole,
    /// In pages of at most this many rows, each beginning after a marker.
    Marker(u32),
    /// In pages of at most this many rows, each beginning at an offset.
    Offset(u32),
}

/// A collection of a service's API.
pub struct Collection<T> {
    /// The service that has it.
    pub service: Service,
    /// The path of the list, behind the service's base.
    pub path: &'static str,
    /// The key of the list in the answer.
    pub key: &'static str,
    /// The path of one item, before its id, and the key of the item in the answer.
    pub item: Option<(&'static str, &'static str)>,
    /// The microversion to ask for, as far as the service goes that far.
    pub microversion: Option<Microversion>,
    /// How the list is paged.
    pub paging: Paging,
    /// Sent with every request for the list.
    pub always: &'static [(&'static str, &'static str)],
    /// Sent beside that by an administrator, so that the list spans all projects.
    pub everyone: &'static [(&'static str, &'static str)],
    /// Which columns of the rows are asked for.
    pub columns: Columns,
    /// For how long an answer may serve others.
    pub keep: Keep,
    /// The rows' type.
    pub row: PhantomData<fn() -> T>,
}

impl<T> Collection<T> {
    /// A collection without paging, microversion or reach; the rest is set by struct update.
    pub const fn new(service: Service, path: &'static str, key: &'static str) -> Self {
        Self {
            service,
            path,
            key,
            item: None,
            microversion: None,
            paging: Paging::Whole,
            always: &[],
            everyone: &[],
            columns: Columns::ALL,
            keep: Keep::Rows,
            row: PhantomData,
        }
    }

    /// Rows of a page; 0 when there are no pages.
    fn page(&self) -> u32 {
        match self.paging {
            Paging::Whole => 0,
            Paging::Marker(limit) | Paging::Offset(limit) => limit,
        }
    }

    fn first_page(&self) -> u32 {
        self.page().min(ROWS_AHEAD)
    }
}

/// Rows that are asked for ahead: more than most projects have, and had in a fraction of a second.
const ROWS_AHEAD: u32 = 500;

/// One page, and whether the service says that another follows.
#[derive(Debug)]
pub struct Page<T> {
    /// The rows, in the service's order.
    pub rows: Vec<Arc<T>>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl Cloud {
    /// Every row of a collection that the credential can see and `filter` lets through, paged to
    /// the end.
    pub async fn list<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
    ) -> Result<Arc<Vec<Arc<T>>>> {
        self.list_after(collection, filter, None).await
    }

    /// All rows of a collection after the one with the id `marker`.
    pub async fn list_after<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
        marker: Option<&str>,
    ) -> Result<Arc<Vec<Arc<T>>>> {
        let after = marker.map(|id| format!(" after {id}")).unwrap_or_default();
        let key = format!("all{}{after}", self.described(collection, filter));
        let (filter, marker) = (filter.to_vec(), marker.map(str::to_owned));
        let fetch = move |cloud: Self| -> BoxFuture<'static, _> {
            Box::pin(async move { cloud.walk(collection, &filter, marker).await })
        };
        self.kept(collection.service, collection.keep, &key, Box::new(fetch))
            .await
    }

    /// One page of a collection, after the row with the id `marker`.
    pub async fn list_page<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
        marker: Option<&str>,
        limit: u32,
    ) -> Result<Arc<Page<T>>> {
        let key = self.page_key(collection, filter, marker, limit);
        let (filter, marker) = (filter.to_vec(), marker.map(str::to_owned));
        let fetch = move |cloud: Self| -> BoxFuture<'static, _> {
            Box::pin(async move {
                let page = cloud.page(collection, &filter, marker.as_deref(), 0, limit);
                page.await
            })
        };
        self.kept(collection.service, collection.keep, &key, Box::new(fetch))
            .await
    }

    /// The first page of a collection, if this operation has asked for it (see [`first_page`]).
    ///
    /// [`first_page`]: Self::first_page
    pub async fn asked_first_page<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
    ) -> Result<Option<Arc<Page<T>>>> {
        let key = self.page_key(collection, filter, None, collection.first_page());
        let key = format!(
            "{}{key}",
            self.answers_of(collection.service, collection.keep).await?
        );
        if !self.operation.has_answer(&self.remembered(&key)) {
            return Ok(None);
        }
        self.first_page(collection, filter).await.map(Some)
    }

    /// The first page of a collection: what is asked for ahead, before it is known how much of it
    /// is needed.
    pub async fn first_page<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
    ) -> Result<Arc<Page<T>>> {
        self.list_page(collection, filter, None, collection.first_page())
            .await
    }

    /// The rows with some ids, as far as this operation was given them in lists.
    pub async fn listed<T: Row>(
        &self,
        collection: &'static Collection<T>,
        ids: &[String],
    ) -> Result<HashMap<String, Arc<T>>> {
        let lists = self.answers_of(collection.service, collection.keep).await?;
        let lists = self.remembered(&lists);
        let lists = self.operation.answers(&lists, &place(collection));
        let mut wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
        let mut found = HashMap::new();
        for list in lists {
            let list = list.value;
            let rows = match list.downcast_ref::<Page<T>>() {
                Some(page) => Some(&page.rows),
                None => list.downcast_ref::<Vec<Arc<T>>>(),
            };
            for row in rows.into_iter().flatten() {
                if wanted.remove(row.id()) {
                    found.insert(row.id().to_owned(), Arc::clone(row));
                }
            }
        }
        Ok(found)
    }

    /// When the oldest of a collection's rows that this operation was told were asked for.
    pub async fn as_of<T>(
        &self,
        collection: &'static Collection<T>,
    ) -> Result<Option<DateTime<Utc>>> {
        let lists = self.answers_of(collection.service, collection.keep).await?;
        let lists = self.remembered(&lists);
        let lists = self.operation.answers(&lists, &place(collection));
        Ok(lists.iter().map(|list| list.at).min())
    }

    /// One item by its id; `None` when the service knows none, or shows none to this credential.
    pub async fn show<T: Row>(
        &self,
        collection: &'static Collection<T>,
        id: &str,
    ) -> Result<Option<Arc<T>>> {
        let Some((path, key)) = collection.item else {
            let rows = self.list(collection, &[]).await?;
            return Ok(rows.iter().find(|row| row.id() == id).cloned());
        };
        if id.is_empty() {
            return Ok(None);
        }
        let path = format!("{path}/{}", escape(id));
        let shown = self.get_key(
            collection.service,
            &path,
            key,
            &[],
            collection.microversion,
            collection.keep,
        );
        match shown.await {
            Ok(row) => Ok(Some(row)),
            // Keystone refuses a stranger's question for what may not even exist.
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The value under `key` of the answer to a `GET`; the whole answer when `key` is empty.
    pub async fn get_key<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        service: Service,
        path: &str,
        key: &'static str,
        query: &[Parameter],
        microversion: Option<Microversion>,
        keep: Keep,
    ) -> Result<Arc<T>> {
        let cache_key = format!("get {path} {key} {}", joined(query));
        let (path, query) = (path.to_owned(), query.to_vec());
        let fetch = move |cloud: Self| -> BoxFuture<'static, _> {
            Box::pin(async move {
                cloud
                    .value(service, path, key, query, microversion, keep)
                    .await
            })
        };
        self.kept(service, keep, &cache_key, Box::new(fetch)).await
    }

    async fn value<T: DeserializeOwned>(
        &self,
        service: Service,
        path: String,
        key: &'static str,
        query: Vec<Parameter>,
        microversion: Option<Microversion>,
        keep: Keep,
    ) -> Result<(T, usize)> {
        let mut call = Call::get(service, path);
        call.query = query;
        call.microversion = microversion;
        let answer = self.read(&call, keep).await?;
        let value = if key.is_empty() {
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
        } else {
            let seed = Keyed::<T> {
                key,
                value: PhantomData,
            };
            let mut deserializer = serde_json::Deserializer::from_slice(&answer.body);
            seed.deserialize(&mut deserializer)
                .map_err(|error| error.to_string())
                .and_then(|(value, _)| value.ok_or_else(|| format!("it has no `{key}`")))
        };
        let value = value.map_err(|reason| Error::Unreadable {
            service,
            operation: call.operation(),
            reason,
            request_id: answer.request_id.clone(),
        })?;
        Ok((value, answer.body.len()))
    }

    /// Rows of a collection whose `parameter` is one of `values`, asked for in chunks that run in
    /// parallel. Only for services that read a repeated parameter as "any of these" (Neutron, Heat).
    pub async fn list_any_of<T: Row>(
        &self,
        collection: &'static Collection<T>,
        parameter: &'static str,
        values: &[String],
    ) -> Result<Vec<Arc<T>>> {
        let fetch = |values: &[String]| -> BoxFuture<'_, _> {
            let named = values.iter().map(|value| (parameter.into(), value.clone()));
            let filter: Vec<Parameter> = named.collect();
            Box::pin(async move { self.list(collection, &filter).await })
        };
        let lists = self.in_chunks(collection.service, IDS_IN_A_CALL, values, fetch);
        let lists = lists.await?;
        let mut seen = HashSet::new();
        let rows = lists.iter().flat_map(|list| list.iter());
        Ok(rows
            .filter(|row| seen.insert(row.id().to_owned()))
            .cloned()
            .collect())
    }

    /// Walks the pages after `marker` to the end.
    pub(super) async fn walk<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
        marker: Option<String>,
    ) -> Result<(Vec<Arc<T>>, usize)> {
        let limit = collection.page();
        let mut rows: Vec<Arc<T>> = Vec::new();
        let mut seen = HashSet::new();
        let mut bytes = 0;
        let mut marker = marker;
        let mut steps_back = 0;
        loop {
            let page = self
                .page(collection, filter, marker.as_deref(), rows.len(), limit)
                .await;
            let (page, size) = match page {
                Ok(page) => page,
                // The row that was the marker is gone: go on from the one before it.
                Err(error)
                    if lost_marker(&error) && steps_back < 3 && rows.len() > steps_back + 1 =>
                {
                    steps_back += 1;
                    marker = rows
                        .get(rows.len() - 1 - steps_back)
                        .map(|row| row.id().to_owned());
                    continue;
                }
                Err(error) => return Err(error),
            };
            bytes += size;
            let before = rows.len();
            rows.extend(
                page.rows
                    .into_iter()
                    .filter(|row| seen.insert(row.id().to_owned())),
            );
            // A service that ignores markers would serve its first page for ever.
            if !page.has_more || rows.len() == before {
                return Ok((rows, bytes));
            }
            steps_back = 0;
            marker = rows.last().map(|row| row.id().to_owned());
        }
    }

    fn page_key<T>(
        &self,
        collection: &Collection<T>,
        filter: &[Parameter],
        marker: Option<&str>,
        limit: u32,
    ) -> String {
        let marker = marker.unwrap_or_default();
        let described = self.described(collection, filter);
        format!("page {limit} {marker}{described}")
    }

    /// What tells a list from every other as this operation asks for it.
    fn described<T>(&self, collection: &Collection<T>, filter: &[Parameter]) -> String {
        let needed = collection.columns.needed(&self.operation);
        let needed: String = needed.map(|word| format!("+{word}")).collect();
        described(collection, &needed, filter)
    }

    async fn page<T: Row>(
        &self,
        collection: &'static Collection<T>,
        filter: &[Parameter],
        marker: Option<&str>,
        offset: usize,
        limit: u32,
    ) -> Result<(Page<T>, usize)> {
        let mut call = Call::get(collection.service, collection.path);
        call.microversion = collection.microversion;
        call.query = filter.to_vec();
        let mut add = |name: &'static str, value: String| {
            if !call.query.iter().any(|(known, _)| known == name) {
                call.query.push((name.into(), value));
            }
        };
        for (name, value) in collection.always {
            add(name, (*value).to_owned());
        }
        if !collection.everyone.is_empty() && self.is_admin().await? {
            for (name, value) in collection.everyone {
                add(name, (*value).to_owned());
            }
        }
        match collection.paging {
            Paging::Whole => {}
            Paging::Marker(_) => {
                add("limit", limit.to_string());
                if let Some(marker) = marker {
                    add("marker", marker.to_owned());
                }
            }
            Paging::Offset(_) => {
                add("limit", limit.to_string());
                add("offset", offset.to_string());
            }
        }
        let columns = collection.columns.asked_for(&self.operation);
        let fields = columns.map(|column| ("fields".into(), column.to_owned()));
        call.query.extend(fields);
        let answer = self.read(&call, collection.keep).await?;
        let seed = Keyed::<Vec<Arc<T>>> {
            key: collection.key,
            value: PhantomData,
        };
        let mut deserializer = serde_json::Deserializer::from_slice(&answer.body);
        let unreadable = |reason: String| Error::Unreadable {
            service: collection.service,
            operation: call.operation(),
            reason,
            request_id: answer.request_id.clone(),
        };
        let (rows, linked) = seed
            .deserialize(&mut deserializer)
            .map_err(|error| unreadable(error.to_string()))?;
        let rows = rows.ok_or_else(|| unreadable(format!("it has no `{}`", collection.key)))?;
        let full = limit > 0 && rows.len() >= limit as usize;
        let has_more = collection.paging != Paging::Whole && !rows.is_empty() && (full || linked);
        Ok((Page { rows, has_more }, answer.body.len()))
    }
}

/// Nova's own number for its calls to Neutron: 150 ids make a URL of some 7,000 bytes.
const IDS_IN_A_CALL: usize = 150;

fn lost_marker(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 404))
}

/// What the keys of a collection's lists have in common.
fn place<T>(collection: &Collection<T>) -> String {
    let Collection { path, key, .. } = collection;
    format!(" {path} {key} ")
}

/// What tells a list from every other: collections may share a path, and differ in what they
/// read of the answer or always send.
fn described<T>(collection: &Collection<T>, needed: &str, filter: &[Parameter]) -> String {
    let always = collection.always.iter();
    let always: String = always
        .map(|(name, value)| format!("{name}={value}\u{1e}"))
        .collect();
    let place = place(collection);
    format!("{place}{needed} {always} {}", joined(filter))
}

fn joined(query: &[Parameter]) -> String {
    query
        .iter()
        .map(|(name, value)| format!("{name}={value}\u{1e}"))
        .collect()
}

/// A path segment, whatever somebody put into it.
pub(super) fn escape(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Picks one key out of an answer and looks, beside it, whether a next page is linked.
struct Keyed<T> {
    key: &'static str,
    value: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Keyed<T> {
    type Value = (Option<T>, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Keyed<T> {
    type Value = (Option<T>, bool);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        let mut linked = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == self.key {
                value = Some(map.next_value()?);
            } else if key == "next" || key == "links" || key.ends_with("_links") {
                linked |= names_next(&map.next_value::<Value>()?, key == "next");
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok((value, linked))
    }
}

/// Whether a value links to a next page: Glance has `next`, Keystone `links.next`, the others
/// a list of `{"rel": "next"}`.
fn names_next(links: &Value, is_next: bool) -> bool {
    match links {
        Value::String(link) => is_next && !link.is_empty(),
        Value::Object(links) => links.get("next").is_some_and(Value::is_string),
        Value::Array(links) => links.iter().any(|link| link["rel"] == "next"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_one_path_are_told_apart_by_what_they_always_send() {
        let plain = Collection::<()>::new(Service::Network, "/ports", "ports");
        let brief = Collection::<()> {
            always: &[("fields", "id")],
            ..Collection::new(Service::Network, "/ports", "ports")
        };
        let filter: [Parameter; 1] = [("fields".into(), "id".to_owned())];
        assert_ne!(described(&plain, "", &[]), described(&brief, "", &[]));
        assert_ne!(described(&plain, "", &filter), described(&brief, "", &[]));
        assert_ne!(
            described(&plain, "+binding", &[]),
            described(&plain, "", &[])
        );
    }
}
