//! Connections: lists that can grow, with their cursors, counts and reach.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Enum, Object, OutputType, SimpleObject, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use futures_util::future::BoxFuture;

use super::failure::{Answered, answered};
use super::scalar::DateTime;
use crate::{Error, Result};

/// Rows of a page when nobody says how many.
const DEFAULT_FIRST: usize = 50;
/// Rows of the largest page.
pub(super) const LARGEST_FIRST: usize = 1000;

/// A node of the graph that lists can be made of.
pub trait Node: OutputType + 'static {
    /// The id that its cursor is made of.
    fn cursor_id(&self) -> &str;
}

/// Which part of a list is wanted, as the caller wrote it.
#[derive(Clone, Debug, Default)]
pub struct PageArguments {
    /// How many rows.
    pub first: Option<i32>,
    /// After which cursor.
    pub after: Option<String>,
    /// After how many rows.
    pub offset: Option<i32>,
    /// Every row.
    pub all: bool,
}

/// Which part of a list is wanted, checked.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    pub(super) first: Option<usize>,
    pub(super) after: Option<Cursor>,
    pub(super) offset: usize,
}

impl PageArguments {
    pub(super) fn checked(&self) -> Result<Slice> {
        let first = match self.first {
            _ if self.all => None,
            None => Some(DEFAULT_FIRST),
            Some(first) => match usize::try_from(first) {
                Ok(first) if first <= LARGEST_FIRST => Some(first),
                _ => {
                    return Err(Error::BadInput(format!(
                        "first: {first} is not between 0 and {LARGEST_FIRST}; use `after` to go on, or `all: true`"
                    )));
                }
            },
        };
        let offset = usize::try_from(self.offset.unwrap_or(0)).map_err(|_| {
            Error::BadInput("offset: a negative number of rows cannot be skipped".to_owned())
        })?;
        let after = self.after.as_deref().map(Cursor::decode).transpose()?;
        if after.is_some() && offset > 0 {
            return Err(Error::BadInput(
                "give `after` or `offset`, not both".to_owned(),
            ));
        }
        Ok(Slice {
            first,
            after,
            offset,
        })
    }
}

/// A place in a list: the id of the row before it, and how many rows that makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) position: usize,
    pub(super) id: String,
}

impl Cursor {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.position, self.id))
    }

    fn decode(text: &str) -> Result<Self> {
        let refused = || {
            Error::BadInput(format!(
                "after: `{text}` is no cursor; take one from pageInfo.endCursor"
            ))
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        let decoded = String::from_utf8(bytes).map_err(|_| refused())?;
        let (position, id) = decoded.split_once(':').ok_or_else(refused)?;
        let position = position.parse().map_err(|_| refused())?;
        Ok(Self {
            position,
            id: id.to_owned(),
        })
    }
}

/// Whose items a list holds.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of all projects: the credential is an administrator's.
    AllProjects,
    /// Those of the credential's domain, which Keystone lists for it alone.
    Domain,
    /// Those of the credential's project, and what others share with it.
    Project,
    /// Those of the credential's user.
    User,
    /// What the cloud has once, for everybody.
    Cloud,
}

/// A count that is made when somebody asks for it.
pub type Count = Arc<dyn Fn() -> BoxFuture<'static, Result<Option<usize>>> + Send + Sync>;

/// How many rows there are in all.
#[derive(Clone)]
pub enum Total {
    /// Known, since the rows were all had.
    Known(usize),
    /// To be counted.
    Counted(Count),
}

/// A page of a list.
pub struct Connection<T> {
    nodes: Vec<Arc<T>>,
    before: usize,
    has_next: bool,
    total: Total,
    reach: Reach,
    as_of: Option<DateTime>,
}

impl<T: Node> Connection<T> {
    /// The part of all `rows` that was asked for; only that part is made into nodes.
    pub(super) fn cut<R>(
        rows: &[R],
        id: impl Fn(&R) -> &str,
        slice: &Slice,
        reach: Reach,
        node: impl Fn(&R) -> T,
    ) -> Self {
        let start = match &slice.after {
            None => slice.offset,
            // The row may have gone since; then its place tells where to go on.
            Some(cursor) => match rows.iter().position(|row| id(row) == cursor.id) {
                Some(position) => position + 1,
                None => cursor.position.saturating_sub(1),
            },
        };
        let start = start.min(rows.len());
        let end = slice
            .first
            .map_or(rows.len(), |first| rows.len().min(start + first));
        Self {
            nodes: rows[start..end]
                .iter()
                .map(|row| Arc::new(node(row)))
                .collect(),
            before: start,
            has_next: end < rows.len(),
            total: Total::Known(rows.len()),
            reach,
            as_of: None,
        }
    }

    /// A page as the service gave it.
    pub(super) fn page(
        nodes: Vec<T>,
        before: usize,
        has_next: bool,
        total: Total,
        reach: Reach,
    ) -> Self {
        let nodes = nodes.into_iter().map(Arc::new).collect();
        Self {
            nodes,
            before,
            has_next,
            total,
            reach,
            as_of: None,
        }
    }

    /// The same list, as it was at a time.
    pub(super) fn with_as_of(self, time: Option<chrono::DateTime<Utc>>) -> Self {
        Self {
            as_of: time.map(DateTime),
            ..self
        }
    }

    /// A nested list that was had whole.
    pub fn nested<R>(
        rows: &[R],
        id: impl Fn(&R) -> &str,
        first: Option<i32>,
        reach: Reach,
        node: impl Fn(&R) -> T,
    ) -> Result<Self> {
        let slice = PageArguments {
            first,
            ..PageArguments::default()
        }
        .checked()?;
        Ok(Self::cut(rows, id, &slice, reach, node))
    }

    /// The rows of the page.
    #[must_use]
    pub fn rows(&self) -> &[Arc<T>] {
        &self.nodes
    }

    fn cursor(&self, index: usize, node: &T) -> String {
        Cursor {
            position: self.before + index + 1,
            id: node.cursor_id().to_owned(),
        }
        .encode()
    }
}

impl<T: Node> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Connection", T::type_name()))
    }
}

/// A page of a list, and how to go on.
#[Object(name_type, shareable)]
impl<T: Node> Connection<T> {
    /// The rows of the page.
    async fn nodes(&self) -> Vec<&T> {
        self.nodes.iter().map(Arc::as_ref).collect()
    }

    /// The rows of the page, each with its cursor.
    async fn edges(&self) -> Vec<Edge<T>> {
        let edges = self.nodes.iter().enumerate();
        edges
            .map(|(index, node)| Edge {
                cursor: self.cursor(index, node),
                node: Arc::clone(node),
            })
            .collect()
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.before > 0,
            start_cursor: self.nodes.first().map(|node| self.cursor(0, node)),
            end_cursor: self
                .nodes
                .last()
                .map(|node| self.cursor(self.nodes.len() - 1, node)),
        }
    }

    /// How many rows there are in all that the filter lets through. Counted only when it is
    /// selected; null where the service cannot count.
    async fn total_count(&self) -> Answered<i32> {
        let count = match &self.total {
            Total::Known(count) => Ok(Some(*count)),
            Total::Counted(count) => count().await,
        };
        answered(count.map(|count| count.and_then(|count| i32::try_from(count).ok())))
    }

    /// As of when the rows are: the cloud was asked for the oldest of them then. Null for a list
    /// within something else, which is as old as that.
    async fn as_of(&self) -> Option<DateTime> {
        self.as_of
    }

    /// Whose items the list holds, as far as the credential could see.
    async fn scope(&self) -> Reach {
        self.reach
    }
}

/// A row and its place in the list.
pub struct Edge<T> {
    cursor: String,
    node: Arc<T>,
}

impl<T: Node> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Edge", T::type_name()))
    }
}

/// A row and its place in the list.
#[Object(name_type, shareable)]
impl<T: Node> Edge<T> {
    /// The row's place: give it as `after` to go on behind it.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The row.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// Where a page stands in its list.
#[derive(SimpleObject)]
#[graphql(shareable)]
pub struct PageInfo {
    /// Whether there are rows behind the page: a list without them is complete.
    has_next_page: bool,
    /// Whether there are rows before the page.
    has_previous_page: bool,
    /// The cursor of the first row.
    start_cursor: Option<String>,
    /// The cursor of the last row: give it as `after` to go on.
    end_cursor: Option<String>,
}

#[cfg(test)]
mod tests;
