//! The list of images: what of it a caller sees, asks for, and in which order.

use std::cmp::Ordering;

use serde::Serialize;
use uuid::Uuid;

use super::filter::text_of;
use super::{Subject, View};
use crate::reply::{Answer, Reply};
use crate::world::id::read_uuid;
use crate::world::image::Image;

/// Rows in an answer, when the caller does not say how many, and at most.
const USUAL: usize = 25;
const MOST: usize = 1000;

const SORT_KEYS: [&str; 8] = [
    "name",
    "status",
    "container_format",
    "disk_format",
    "size",
    "id",
    "created_at",
    "updated_at",
];

#[derive(Serialize)]
struct Page<'a> {
    images: Vec<View<'a>>,
    first: String,
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Subject<'_> {
    pub(super) fn list(&self) -> Answer {
        let query = &self.call.query;
        let visibility = query.get("visibility").filter(|text| !text.is_empty());
        if let Some(text) = visibility
            && !["community", "public", "private", "shared", "all"].contains(&text)
        {
            return Err(self.bad_request(&format!("Invalid visibility value: {text}")));
        }
        if query
            .get("changes-since")
            .is_some_and(|text| !text.is_empty())
        {
            let message = "The \"changes-since\" filter is no longer available on v2.";
            return Err(self.bad_request(message));
        }
        let member_status = query.get("member_status").unwrap_or("accepted");
        if !["pending", "accepted", "rejected", "all"].contains(&member_status) {
            return Err(self.bad_request(&format!("Invalid status: {member_status}")));
        }
        let limit = self.limit()?;
        let sort = self.sort()?;
        let tests = self.tests()?;
        let mut rows: Vec<&Image> = self
            .images
            .images
            .values()
            .filter(|row| self.is_listed(row, visibility, member_status))
            .filter(|row| tests.iter().all(|test| test(row)))
            .collect();
        let order = |one: &&Image, other: &&Image| {
            let orders = sort.iter().map(|(key, is_descending)| {
                let order = compare(key, one, other);
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
        if let Some(marker) = query.get("marker") {
            let marker = self.marker(marker)?;
            rows.retain(|row| order(row, &marker).is_gt());
        }
        rows.sort_unstable_by(order);
        rows.truncate(limit);
        let is_full = !rows.is_empty() && rows.len() == limit;
        let last = rows.last().filter(|_| is_full).map(|row| row.id);
        Ok(Reply::ok(&Page {
            first: self.page_path("/v2/images", None),
            next: last.map(|last| self.page_path("/v2/images", Some(last))),
            images: rows.into_iter().map(View::of).collect(),
            schema: "/v2/schemas/images",
        }))
    }

    /// The path of a page of the same list: of several values of a name, the last.
    pub(super) fn page_path(&self, path: &str, marker: Option<Uuid>) -> String {
        let query = &self.call.query;
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in query.pairs() {
            if name != "marker" && !names.contains(&name) {
                names.push(name);
            }
        }
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        for name in names {
            text.append_pair(name, query.get(name).unwrap_or_default());
        }
        if let Some(marker) = marker {
            text.append_pair("marker", &marker.to_string());
        }
        let text = text.finish();
        if text.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{text}")
        }
    }

    fn limit(&self) -> Result<usize, Reply> {
        let Some(text) = self.call.query.get("limit") else {
            return Ok(USUAL);
        };
        let limit: i64 = text
            .trim()
            .parse()
            .map_err(|_| self.bad_request("limit param must be an integer"))?;
        let limit = usize::try_from(limit);
        let limit = limit.map_err(|_| self.bad_request("limit param must be positive"))?;
        Ok(limit.min(MOST))
    }

    /// Keys to sort by, and whether each descends: in the old way of asking or in the new one.
    fn sort(&self) -> Result<Vec<(String, bool)>, Reply> {
        let query = &self.call.query;
        let mut sort: Vec<(String, bool)> = Vec::new();
        let directions: Vec<&str>;
        if let Some(text) = query.get("sort") {
            if query.has("sort_key") || query.has("sort_dir") {
                return Err(self.bad_request("Old and new sorting syntax cannot be combined"));
            }
            let mut told = Vec::new();
            for part in text.trim().split(',') {
                let (key, direction) = part.split_once(':').unwrap_or((part, ""));
                let direction = if direction.is_empty() {
                    "desc"
                } else {
                    direction.trim()
                };
                sort.push((self.sort_key(key)?, self.descends(direction)?));
                told.push(direction);
            }
            directions = told;
        } else {
            for key in query.all("sort_key") {
                sort.push((self.sort_key(key)?, true));
            }
            directions = query.all("sort_dir").map(str::trim).collect();
            let mut descends = Vec::new();
            for direction in &directions {
                descends.push(self.descends(direction)?);
            }
            if descends.len() > 1 && descends.len() != sort.len() {
                let message = "Number of sort dirs does not match the number of sort keys";
                return Err(self.bad_request(message));
            }
            if sort.is_empty() {
                sort.push(("created_at".to_owned(), true));
            }
            for (place, (_, is_descending)) in sort.iter_mut().enumerate() {
                if let Some(is) = descends.get(place).or(descends.first()) {
                    *is_descending = *is;
                }
            }
        }
        let rest = match directions.as_slice() {
            [only] => *only != "asc",
            _ => true,
        };
        for key in ["created_at", "id"] {
            if !sort.iter().any(|(kept, _)| kept == key) {
                sort.push((key.to_owned(), rest));
            }
        }
        Ok(sort)
    }

    fn sort_key(&self, key: &str) -> Result<String, Reply> {
        let key = key.trim();
        if SORT_KEYS.contains(&key) {
            return Ok(key.to_owned());
        }
        let known = SORT_KEYS.join(", ");
        Err(self.bad_request(&format!(
            "Invalid sort key: {key}. It must be one of the following: {known}."
        )))
    }

    fn descends(&self, direction: &str) -> Result<bool, Reply> {
        match direction {
            "asc" => Ok(false),
            "desc" => Ok(true),
            _ => Err(self.bad_request(&format!("Invalid sort direction: {direction}"))),
        }
    }

    fn marker(&self, id: &str) -> Result<&Image, Reply> {
        let row = read_uuid(id).and_then(|id| self.images.images.get(&id));
        let row = row.ok_or_else(|| self.bad_request(&format!("No image found with ID {id}")))?;
        if self.sees(row) {
            return Ok(row);
        }
        Err(self.forbidden(&format!("Forbidding request, image {id} not visible")))
    }

    /// Whether an image is in the caller's list, before it is narrowed.
    fn is_listed(&self, row: &Image, visibility: Option<&str>, member_status: &str) -> bool {
        let is_own = self.token.project == Some(row.owner);
        let is_member = || {
            row.visibility == "shared"
                && row.members.iter().any(|member| {
                    self.token.project == Some(member.project)
                        && (member_status == "all" || member.status == member_status)
                })
        };
        let is_seen = self.token.is_admin()
            || is_own
            || matches!(row.visibility, "public" | "community")
            || is_member();
        is_seen
            && match visibility {
                Some("all") => true,
                Some(wanted) => row.visibility == wanted,
                None => is_own || row.visibility != "community",
            }
    }
}

fn compare(key: &str, one: &Image, other: &Image) -> Ordering {
    match key {
        "size" => one.size_bytes.cmp(&other.size_bytes),
        "id" => one.id.cmp(&other.id),
        "created_at" => one.created.timestamp().cmp(&other.created.timestamp()),
        "updated_at" => one.updated.timestamp().cmp(&other.updated.timestamp()),
        _ => {
            let folded = |row| text_of(key, row).map(str::to_uppercase);
            folded(one).cmp(&folded(other))
        }
    }
}
