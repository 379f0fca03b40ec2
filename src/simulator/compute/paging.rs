//! Pages: by limit and marker, seldom by offset.

use super::{Subject, bad_request};
use crate::reply::Reply;

/// Rows in one answer at most, said or unsaid.
pub(super) const MOST: usize = 1000;

/// A part of a list.
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    /// Whether it is full: then a link leads on, even where there is nothing more.
    pub(super) is_full: bool,
}

impl Subject<'_> {
    /// How many rows are asked for. The query's limit was found to be a number before.
    pub(super) fn limit(&self) -> usize {
        let asked = self.call.query.get("limit");
        asked.map_or(MOST, |text| text.parse().unwrap_or(MOST).min(MOST))
    }

    pub(super) fn marker(&self) -> Option<&str> {
        self.call.query.get("marker")
    }

    /// The rows behind the marker, as many as are asked for.
    pub(super) fn page<T>(
        &self,
        mut rows: Vec<T>,
        is_marker: impl Fn(&T, &str) -> bool,
        unknown: impl Fn(&str) -> Reply,
    ) -> Result<Page<T>, Reply> {
        let limit = self.limit();
        if let Some(marker) = self.marker() {
            let place = rows.iter().position(|row| is_marker(row, marker));
            let place = place.ok_or_else(|| unknown(marker))?;
            rows.drain(..=place);
        }
        Ok(cut(rows, limit))
    }

    /// The rows from an offset on: of lists that know no marker. No limit and 0 are the same.
    pub(super) fn slice<T>(&self, rows: Vec<T>) -> Vec<T> {
        let offset = self.call.query.get("offset");
        let offset: usize = offset.and_then(|text| text.parse().ok()).unwrap_or(0);
        let limit = match self.limit() {
            0 => MOST,
            limit => limit,
        };
        rows.into_iter().skip(offset).take(limit).collect()
    }
}

pub(super) fn cut<T>(mut rows: Vec<T>, limit: usize) -> Page<T> {
    rows.truncate(limit);
    let is_full = limit > 0 && rows.len() == limit;
    Page { rows, is_full }
}

pub(super) fn unknown_marker(marker: &str) -> Reply {
    bad_request(&format!("marker [{marker}] not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_leads_on_even_at_the_end() {
        assert!(cut(vec![1, 2], 2).is_full);
        assert!(cut(vec![1, 2, 3], 2).is_full);
        assert!(!cut(vec![1], 2).is_full);
        assert!(!cut(vec![1], 0).is_full);
    }
}
