//! What all of Cinder's lists share: limits, markers and offsets, sort keys, filters by column.
//! A filter of what is no column makes an empty list for admins.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::field::{Field, Test};
use super::literal::Literal;
use super::{Collection, Subject, asked_boolean, bad_request};
use crate::call::Call;
use crate::reply::Reply;

/// Rows in an answer at most, said or unsaid.
const MOST: usize = 1000;

/// What those who are no admins may filter by, as the service is configured from the start.
const FILTERS: [(&str, &[&str]); 9] = [
    (
        "volume",
        &[
            "name",
            "status",
            "metadata",
            "bootable",
            "migration_status",
            "availability_zone",
            "group_id",
            "size",
            "created_at",
            "updated_at",
            "consumes_quota",
        ],
    ),
    ("backup", &["name", "status", "volume_id"]),
    (
        "snapshot",
        &[
            "name",
            "status",
            "volume_id",
            "metadata",
            "availability_zone",
            "consumes_quota",
        ],
    ),
    ("group", &["name"]),
    ("group_snapshot", &["name", "status", "group_id"]),
    (
        "attachment",
        &["volume_id", "status", "instance_id", "attach_status"],
    ),
    (
        "message",
        &[
            "resource_uuid",
            "resource_type",
            "event_id",
            "request_id",
            "message_level",
        ],
    ),
    ("pool", &["name", "volume_type"]),
    ("volume_type", &["is_public", "extra_specs"]),
];

fn allowed(noun: &str) -> &'static [&'static str] {
    let row = FILTERS.iter().find(|(resource, _)| *resource == noun);
    row.map_or(&[], |(_, filters)| filters)
}

/// What can be filtered by.
pub(super) fn filters_reply(call: &Call) -> Reply {
    let only = call.query.get("resource");
    let rows = FILTERS
        .iter()
        .filter(|(resource, _)| only.is_none_or(|only| only == *resource));
    let rows = rows.map(|(resource, filters)| json!({"resource": resource, "filters": filters}));
    Reply::ok(&Collection::new("resource_filters", rows.collect()))
}

/// How a row's value for a column is had.
pub(super) type Column<'w, R> = fn(R) -> Field<'w>;

/// What has to hold of a row.
type Tests<'w, R> = Vec<(Column<'w, R>, Test)>;

/// What a caller asks of a list.
pub(super) struct Asked {
    limit: usize,
    offset: usize,
    pub(super) marker: Option<String>,
    sort: Vec<(String, String)>,
    pub(super) is_counted: bool,
    filters: Vec<(String, String)>,
}

impl Asked {
    /// Reads it; lists that can be counted are since 3.45.
    pub(super) fn read(subject: &Subject<'_>, can_be_counted: bool) -> Result<Self, Reply> {
        let mut asked = Self {
            limit: MOST,
            offset: 0,
            marker: None,
            sort: Vec::new(),
            is_counted: false,
            filters: Vec::new(),
        };
        for (name, value) in subject.call.query.pairs() {
            asked.filters.retain(|(kept, _)| kept != name);
            asked.filters.push((name.to_owned(), value.to_owned()));
        }
        if let Some(limit) = asked.take("limit") {
            let limit: i64 = limit
                .trim()
                .parse()
                .map_err(|_| bad_request("limit param must be an integer"))?;
            let limit = usize::try_from(limit);
            let limit = limit.map_err(|_| bad_request("limit param must be positive"))?;
            asked.limit = limit.min(MOST);
        }
        asked.marker = asked.take("marker");
        if let Some(offset) = asked.take("offset") {
            let offset: i64 = offset
                .trim()
                .parse()
                .map_err(|_| bad_request("offset must be an integer"))?;
            if offset > i64::from(i32::MAX) {
                return Err(bad_request("offset must be <= 2147483647"));
            }
            let offset = usize::try_from(offset);
            asked.offset = offset.map_err(|_| bad_request("offset must be >= 0"))?;
        }
        asked.read_sort()?;
        if can_be_counted && subject.minor >= 45 {
            let value = asked.take("with_count");
            asked.is_counted = asked_boolean("with_count", value.as_deref())?;
        }
        Ok(asked)
    }

    fn read_sort(&mut self) -> Result<(), Reply> {
        let (key, direction) = (self.take("sort_key"), self.take("sort_dir"));
        if let Some(sort) = self.take("sort") {
            if key.is_some() || direction.is_some() {
                return Err(bad_request(
                    "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used \
                     with the 'sort' parameter.",
                ));
            }
            self.sort = sort
                .split(',')
                .map(|part| {
                    let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
                    let direction = if direction.is_empty() {
                        "desc"
                    } else {
                        direction
                    };
                    (key.trim().to_owned(), direction.trim().to_owned())
                })
                .collect();
        } else {
            let key = key.unwrap_or_else(|| "created_at".to_owned());
            self.sort = vec![(key, direction.unwrap_or_else(|| "desc".to_owned()))];
        }
        Ok(())
    }

    /// A filter, which is none any more.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.filters.iter().position(|(kept, _)| kept == name)?;
        Some(self.filters.remove(place).1)
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.filters.retain(|(kept, _)| kept != name);
        self.filters.push((name.to_owned(), value));
    }

    pub(super) fn forget(&mut self) {
        self.filters.clear();
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Some(value) = self.take(from) {
            self.set(to, value);
        }
    }

    pub(super) fn rename_sort(&mut self, from: &str, to: &str) {
        for (key, _) in &mut self.sort {
            if key == from {
                to.clone_into(key);
            }
        }
    }

    /// Leaves those who are no admins the filters that are theirs: refuses others, since 3.31;
    /// forgets them, before.
    pub(super) fn narrow(
        &mut self,
        subject: &Subject<'_>,
        noun: &str,
        before: &[&str],
    ) -> Result<(), Reply> {
        let is_admin = subject.token.is_admin();
        if subject.minor < 31 {
            if !is_admin {
                self.filters
                    .retain(|(name, _)| before.contains(&name.as_str()));
            }
            return Ok(());
        }
        if !is_admin || noun == "pool" {
            // Clients send it for all, so that nobody is refused for it.
            self.filters.retain(|(name, _)| name != "all_tenants");
            let allowed = allowed(noun);
            let unknown = self.filters.iter().map(|(name, _)| name.as_str());
            let unknown: Vec<&str> = unknown.filter(|name| !allowed.contains(name)).collect();
            if !unknown.is_empty() {
                return Err(bad_request(&format!(
                    "Invalid filters {} are found in query options.",
                    unknown.join(",")
                )));
            }
        }
        self.rename("name~", "display_name~");
        self.rename("description~", "display_description~");
        self.rename("consumes_quota", "use_quota");
        Ok(())
    }

    /// The rest of the filters as tests; none when one of them is of no column, and the list
    /// therefore empty. `read` says what a value means.
    pub(super) fn tests<'w, R>(
        &self,
        column: impl Fn(&str) -> Option<Column<'w, R>>,
        read: impl Fn(&str, &str) -> Result<Literal, Reply>,
    ) -> Result<Option<Tests<'w, R>>, Reply> {
        let mut tests = Vec::new();
        for (name, value) in &self.filters {
            if let Some(name) = name.strip_suffix('~') {
                match column(name) {
                    Some(column) => {
                        tests.push((column, Test::part(value)));
                    }
                    // The name that drivers give, which is not in the database.
                    None if name == "name" => {}
                    None => return Ok(None),
                }
            } else {
                let Some(column) = column(name) else {
                    return Ok(None);
                };
                tests.push((column, Test::of(read(name, value)?)));
            }
        }
        Ok(Some(tests))
    }

    /// The page of the rows that is asked for.
    pub(super) fn page<'w, R: Copy>(
        &self,
        mut rows: Vec<R>,
        column: impl Fn(&str) -> Option<Column<'w, R>>,
        marker: Option<R>,
    ) -> Result<Page<R>, Reply> {
        let keys = self.keys(column)?;
        let order = |one: &R, other: &R| {
            let orders = keys.iter().map(|(column, is_descending)| {
                let order = column(*one).order(column(*other));
                if *is_descending {
                    order.reverse()
                } else {
                    order
                }
            });
            orders
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        let count = rows.len();
        if let Some(marker) = marker {
            rows.retain(|row| order(row, &marker).is_gt());
        }
        let end = self.offset.saturating_add(self.limit);
        // Only what is shown needs to be in order.
        if end < rows.len() {
            rows.select_nth_unstable_by(end, order);
            rows.truncate(end);
        }
        rows.sort_unstable_by(order);
        rows.drain(..self.offset.min(rows.len()));
        let count = self.is_counted.then_some(count);
        Ok(Page {
            has_next: !rows.is_empty() && self.limit <= count.unwrap_or(rows.len()).max(1),
            rows,
            count,
        })
    }

    /// The columns to sort by, and whether each descends.
    fn keys<'w, R>(
        &self,
        column: impl Fn(&str) -> Option<Column<'w, R>>,
    ) -> Result<Vec<(Column<'w, R>, bool)>, Reply> {
        let unknown = "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.";
        let mut keys: Vec<(&str, bool)> = Vec::new();
        for (key, direction) in &self.sort {
            let is_descending = match direction.as_str() {
                "asc" => false,
                "desc" => true,
                _ => return Err(bad_request(unknown)),
            };
            keys.push((key, is_descending));
        }
        let first = keys.first().is_none_or(|(_, is_descending)| *is_descending);
        for key in ["created_at", "id"] {
            if !keys.iter().any(|(kept, _)| *kept == key) {
                keys.push((key, first));
            }
        }
        keys.into_iter()
            .map(|(key, is_descending)| Some((column(key)?, is_descending)))
            .collect::<Option<_>>()
            .ok_or_else(|| bad_request("Invalid input received: Invalid sort key"))
    }
}

/// A part of a list.
pub(super) struct Page<R> {
    pub(super) rows: Vec<R>,
    /// Rows in the whole list, when they were to be counted.
    count: Option<usize>,
    /// A full page is followed by another, even if that is empty.
    pub(super) has_next: bool,
}

impl<R> Page<R> {
    pub(super) fn empty(asked: &Asked) -> Self {
        Self {
            rows: Vec::new(),
            count: asked.is_counted.then_some(0),
            has_next: false,
        }
    }

    /// The answer, with rows as they are shown, and a link to the next page at a path.
    pub(super) fn reply<V: Serialize>(
        &self,
        subject: &Subject<'_>,
        (key, links_key): (&'static str, &'static str),
        path: &str,
        id: impl Fn(&R) -> Uuid,
        view: impl Fn(&R) -> V,
    ) -> Reply {
        let last = self.rows.last().filter(|_| self.has_next);
        let next = last.map(|last| {
            let query = subject.call.query.with("marker", &id(last).to_string());
            (links_key, format!("{}/{path}?{query}", subject.links))
        });
        Reply::ok(&Collection {
            key,
            rows: self.rows.iter().map(view).collect(),
            next,
            count: self.count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Column};
    use crate::block_storage::field::Field;

    fn column(name: &str) -> Option<Column<'static, i64>> {
        match name {
            "created_at" => Some(|row| Field::Number(row / 10)),
            "id" => Some(Field::Number),
            "half" => Some(|row| {
                if row % 2 == 0 {
                    Field::Number(row / 2)
                } else {
                    Field::Null
                }
            }),
            _ => None,
        }
    }

    fn asked(limit: usize, offset: usize, sort: &[(&str, &str)]) -> Asked {
        let sort = sort
            .iter()
            .map(|(key, direction)| ((*key).to_owned(), (*direction).to_owned()));
        Asked {
            limit,
            offset,
            marker: None,
            sort: sort.collect(),
            is_counted: false,
            filters: Vec::new(),
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let rows: Vec<i64> = (0..25).rev().collect();
        let asked = asked(10, 0, &[("created_at", "desc")]);
        let first = asked.page(rows.clone(), column, None).unwrap();
        assert_eq!(first.rows, (15..25).rev().collect::<Vec<_>>());
        assert!(first.has_next);
        let last = asked.page(rows, column, Some(5)).unwrap();
        assert_eq!(last.rows, [4, 3, 2, 1, 0]);
        assert!(!last.has_next);
    }

    #[test]
    fn offsets_count_from_the_marker() {
        let rows: Vec<i64> = (0..25).collect();
        let asked = asked(2, 3, &[("id", "asc")]);
        let page = asked.page(rows, column, Some(9)).unwrap();
        assert_eq!(page.rows, [13, 14]);
    }

    #[test]
    fn a_counted_page_links_on_even_at_the_end() {
        let mut asked = asked(10, 0, &[("id", "asc")]);
        asked.is_counted = true;
        let page = asked.page((0..25).collect(), column, Some(19)).unwrap();
        assert_eq!(
            (page.rows.len(), page.count, page.has_next),
            (5, Some(25), true)
        );
    }

    #[test]
    fn nulls_come_first() {
        let asked = asked(3, 0, &[("half", "asc")]);
        let page = asked.page((0..6).collect(), column, None).unwrap();
        assert_eq!(page.rows, [1, 3, 5]);
    }
}
