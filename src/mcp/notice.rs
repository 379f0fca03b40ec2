//! What an answer does not hold, and how to have it: further pages, and rows that were cut.

use serde_json::{Map, Value};

use super::cut::{Cut, cut};
use super::tool::{Call, LIMIT, OFFSET};

/// The most bytes of text that a result may have.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// What is left free for the notice.
const NOTICE_ROOM: usize = 1024;
/// The most cuts that a notice names.
const MAX_NAMED_CUTS: usize = 3;

/// A list at the root that has more pages.
pub(crate) struct Page {
    /// Its key in the answer.
    key: String,
    /// How to go on.
    pub(crate) text: String,
}

impl Call<'_> {
    /// Says which fields at the root are null although nothing failed: a lone null tells a model
    /// little, and the arguments are what it can change.
    pub(crate) fn nothing_found(
        &self,
        data: &Map<String, Value>,
        errors: &[Value],
    ) -> Option<String> {
        let failed = |key: &str| errors.iter().any(|error| error["path"][0] == key);
        let empty: Vec<String> = data
            .iter()
            .filter(|(key, value)| value.is_null() && !failed(key))
            .map(|(key, _)| format!("`{key}`"))
            .collect();
        if empty.is_empty() {
            return None;
        }
        let arguments = self.argument_names(|_| true).join(", ");
        let check = if arguments.is_empty() {
            String::new()
        } else {
            format!(" Check {arguments}.")
        };
        Some(format!(
            "Nothing was found for {}, or it cannot be seen with this credential.{check}",
            empty.join(", ")
        ))
    }

    /// The lists at the root that have more pages.
    pub(crate) fn further_pages(&self, data: &Map<String, Value>) -> Vec<Page> {
        data.iter()
            .filter(|(_, value)| value["pageInfo"]["hasNextPage"] == Value::Bool(true))
            .map(|(key, value)| {
                let shown = ["nodes", "edges"]
                    .iter()
                    .find_map(|rows| value[*rows].as_array())
                    .map_or(0, Vec::len);
                let of = total(value).map_or(String::new(), |total| format!(" of {total}"));
                let go_on = self
                    .next_offset(key, shown)
                    .or_else(|| {
                        self.action
                            .takes(LIMIT)
                            .then(|| format!("Ask for more with {LIMIT}."))
                    })
                    .unwrap_or_else(|| self.narrow());
                Page {
                    key: key.clone(),
                    text: format!("`{key}` has more rows than the {shown}{of} shown. {go_on}"),
                }
            })
            .collect()
    }

    /// Cuts the answer to its size, and says what was cut and which other lists have more.
    pub(crate) fn shorten(&self, object: &mut Map<String, Value>, pages: Vec<Page>) -> Vec<String> {
        let kib = MAX_TEXT / 1024;
        let (cuts, fits) = cut(object, MAX_TEXT - NOTICE_ROOM);
        if !fits {
            object.clear();
            let narrow = self.narrow();
            return vec![format!(
                "The answer is longer than {kib} KiB and has no rows to leave out. {narrow}"
            )];
        }
        let cut_lists = cuts
            .iter()
            .take(MAX_NAMED_CUTS)
            .map(|cut| format!("Cut to {kib} KiB: {}", self.describe(cut, object)));
        let other_pages = pages
            .into_iter()
            .filter(|page| !cuts.iter().any(|cut| cut.path.first() == Some(&page.key)))
            .map(|page| page.text);
        cut_lists.chain(other_pages).collect()
    }

    fn describe(&self, cut: &Cut, object: &Map<String, Value>) -> String {
        let Cut { path, kept, of } = cut;
        let mut of = *of as u64;
        let mut go_on = None;
        // Only a list at the root is moved on by `offset`; one inside a row is not.
        if let [root] | [root, _] = path.as_slice() {
            of = object
                .get(root)
                .and_then(total)
                .map_or(of, |total| total.max(of));
            go_on = self.next_offset(root, *kept);
        }
        let go_on = go_on.unwrap_or_else(|| self.narrow());
        format!("`{}` shows {kept} of {of}. {go_on}", path.join("."))
    }

    /// The offset behind the rows that are shown, where there is one.
    fn next_offset(&self, key: &str, shown: usize) -> Option<String> {
        if !self.action.paged.iter().any(|paged| paged == key) {
            return None;
        }
        let next = self.action.offset(&self.variables) + shown as u64;
        Some(format!("Go on with {OFFSET}={next}."))
    }

    fn argument_names(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<&str> {
        let names = self.action.argument_names().into_iter();
        names.filter(|name| is_wanted(name)).collect()
    }

    /// How to ask for less.
    fn narrow(&self) -> String {
        let others = self
            .argument_names(|name| ![LIMIT, OFFSET].contains(&name))
            .join(", ");
        match (others.is_empty(), self.action.takes(LIMIT)) {
            (true, true) => format!("Ask for fewer with {LIMIT}."),
            (true, false) => {
                "This tool has no arguments to narrow it; another tool may.".to_owned()
            }
            (false, true) => format!("Narrow it with {others}, or ask for fewer with {LIMIT}."),
            (false, false) => format!("Narrow it with {others}."),
        }
    }
}

fn total(connection: &Value) -> Option<u64> {
    connection["totalCount"].as_u64()
}
