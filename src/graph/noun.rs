//! What every noun has in common: one item by id or name, a list with filter, order and paging,
//! and an edge to it by id. A noun's file says what is its own; this one does the rest.

mod nested;
mod root;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::{Context, Lookahead};
use futures_util::future::try_join_all;

use super::connection::{Connection, LARGEST_FIRST, Node, PageArguments, Reach, Slice, Total};
use super::loader::Plan;
use super::scalar::Ref;
use super::scope::Scope;
use crate::cloud::collection::{Collection, Paging, Row};
use crate::cloud::{Cloud, Keep, Parameter};
use crate::{Error, Result};

pub use nested::{nested, nested_by};
pub(crate) use root::root_fields;
pub use root::{Direction, OrderBy};

/// Every row of a list, shared with whoever asked for the same.
pub type Rows<R> = Arc<Vec<Arc<R>>>;

/// What ids of a noun look like: a reference that does not is a name, and costs no look-up by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdShape {
    /// A UUID with dashes.
    Uuid,
    /// Keystone's 32 or 64 hexadecimal digits, or `default`.
    Keystone,
    /// Anything.
    Any,
}

/// A filter, as far as the service applies it itself. What it answers is checked again.
#[derive(Debug, Default)]
pub struct Pushed {
    /// The parameters to send.
    pub query: Vec<Parameter>,
    /// Whether they are the whole filter, so that the service's pages are ours.
    pub is_whole: bool,
}

/// A noun of the graph that a service lists.
pub trait Noun: Node + Sized + Send + Sync {
    /// What the service lists.
    type Row: Row;
    /// The input object that narrows a list.
    type Filter: Default + Send + Sync + 'static;
    /// The enum of what a list can be ordered by.
    type Order: Copy + Send + Sync + 'static;

    /// The noun as errors call it.
    const KIND: &'static str;
    /// The root field that lists it.
    const LIST: &'static str;
    /// Where the service lists it.
    const COLLECTION: &'static Collection<Self::Row>;
    /// Whose items an administrator's list holds; anyone else's holds those of their project.
    const REACH: Reach = Reach::AllProjects;
    /// What its ids look like.
    const ID: IdShape = IdShape::Uuid;

    /// The node made of a row.
    fn new(scope: &Scope, row: &Arc<Self::Row>) -> Self;

    /// The row's name, by which it may be referred to.
    fn name(row: &Self::Row) -> Option<&str>;

    /// The project the row belongs to; what tells two of one name apart.
    fn project(_row: &Self::Row) -> Option<&str> {
        None
    }

    /// Whether the filter lets a row through.
    fn keeps(filter: &Self::Filter, row: &Self::Row) -> bool;

    /// The order of two rows.
    fn compare(order: Self::Order, one: &Self::Row, other: &Self::Row) -> Ordering;

    /// Whose items the list holds that these parameters give with the credential at hand.
    fn reach(scope: &Scope, _query: &[Parameter]) -> impl Future<Output = Result<Reach>> + Send {
        reach_of(scope, Self::REACH)
    }

    /// Turns references in a filter into ids.
    fn prepare(
        _scope: &Scope,
        filter: Self::Filter,
    ) -> impl Future<Output = Result<Self::Filter>> + Send {
        async { Ok(filter) }
    }

    /// The ids a filter names, when no row without one of them gets through it.
    fn pinned(_filter: &Self::Filter) -> Option<Vec<String>> {
        None
    }

    /// What a filter asks for by name or id that none of the rows is: an error each.
    fn unmet(_filter: &Self::Filter, _rows: &[Arc<Self::Row>]) -> Vec<Error> {
        Vec::new()
    }

    /// What the service can apply of a filter.
    fn push(_filter: &Self::Filter) -> Pushed {
        Pushed::default()
    }

    /// The parameters that narrow a list to a name; empty where the service cannot.
    fn push_name(_name: &str) -> Vec<Parameter> {
        Vec::new()
    }

    /// Starts what the edges of a whole list will need in any case, before the list is had (see
    /// [`Scope::start`]).
    fn ahead(_scope: &Scope, _wanted: &Wanted<'_>) {}

    /// Every row that the parameters let through.
    fn all(
        cloud: &Cloud,
        query: Vec<Parameter>,
    ) -> impl Future<Output = Result<Rows<Self::Row>>> + Send {
        async move { cloud.list(Self::COLLECTION, &query).await }
    }

    /// The ids of every row that the parameters let through, where they are had much cheaper
    /// than the rows.
    fn ids(
        _cloud: &Cloud,
        _query: Vec<Parameter>,
    ) -> impl Future<Output = Option<Result<Arc<Vec<String>>>>> + Send {
        async { None }
    }

    /// One row by its id.
    fn show(
        cloud: &Cloud,
        id: &str,
    ) -> impl Future<Output = Result<Option<Arc<Self::Row>>>> + Send {
        async move { cloud.show(Self::COLLECTION, id).await }
    }

    /// Rows by their ids as they are now, for who waits for them since some time; one that is gone
    /// is left out.
    fn changed(
        cloud: &Cloud,
        ids: Vec<String>,
        _since: chrono::DateTime<chrono::Utc>,
    ) -> impl Future<Output = Result<HashMap<String, Arc<Self::Row>>>> + Send {
        Self::by_ids(cloud, ids)
    }

    /// Rows by their ids; one that is not there is left out.
    fn by_ids(
        cloud: &Cloud,
        ids: Vec<String>,
    ) -> impl Future<Output = Result<HashMap<String, Arc<Self::Row>>>> + Send {
        async move { singly_or_listed::<Self>(cloud, ids, 8).await }
    }
}

/// Rows by id from a service that cannot take several ids: up to `most` are asked for one by
/// one, more of them are looked up in the whole list.
pub async fn singly_or_listed<N: Noun>(
    cloud: &Cloud,
    ids: Vec<String>,
    most: usize,
) -> Result<HashMap<String, Arc<N::Row>>> {
    let listed_anyway = N::COLLECTION.item.is_none() || N::COLLECTION.keep == Keep::Reference;
    if ids.len() > most || listed_anyway {
        let rows = N::all(cloud, Vec::new()).await?;
        let found = joined(&rows, &ids);
        // A list may hide what can be shown: a private flavor, another domain's project.
        if N::COLLECTION.item.is_none() || found.len() == ids.len() || ids.len() > most {
            return Ok(found);
        }
    }
    let shown = ids.iter().map(|id| N::show(cloud, id));
    let rows = try_join_all(shown).await?;
    Ok(rows
        .into_iter()
        .flatten()
        .map(|row| (row.id().to_owned(), row))
        .collect())
}

/// The rows that have one of the ids.
pub fn joined<R: Row>(rows: &[Arc<R>], ids: &[String]) -> HashMap<String, Arc<R>> {
    let by_id: HashMap<&str, &Arc<R>> = rows.iter().map(|row| (row.id(), row)).collect();
    let found = ids
        .iter()
        .filter_map(|id| Some((id.clone(), Arc::clone(by_id.get(id.as_str())?))));
    found.collect()
}

/// Rows of a service that takes a repeated `id`: Neutron.
pub async fn by_repeated_id<N: Noun>(
    cloud: &Cloud,
    ids: Vec<String>,
) -> Result<HashMap<String, Arc<N::Row>>> {
    let rows = cloud.list_any_of(N::COLLECTION, "id", &ids).await?;
    Ok(joined(&rows, &ids))
}

/// Rows grouped by what they belong to.
pub fn grouped<R>(
    rows: impl IntoIterator<Item = Arc<R>>,
    owner: impl Fn(&R) -> Option<&str>,
) -> HashMap<String, Vec<Arc<R>>> {
    let mut groups: HashMap<String, Vec<Arc<R>>> = HashMap::new();
    for row in rows {
        if let Some(owner) = owner(&row) {
            groups
                .entry(owner.to_owned())
                .or_default()
                .push(Arc::clone(&row));
        }
    }
    groups
}

/// The edge to a noun by its id: what a list of the operation has is not asked for again.
pub struct ById<N>(PhantomData<fn() -> N>);

impl<N: Noun> Plan for ById<N> {
    type Key = String;
    type Value = Arc<N::Row>;

    async fn load(cloud: Cloud, mut keys: Vec<String>) -> Result<HashMap<String, Arc<N::Row>>> {
        let mut found = cloud.listed(N::COLLECTION, &keys).await?;
        keys.retain(|key| !found.contains_key(key));
        if !keys.is_empty() {
            found.extend(N::by_ids(&cloud, keys).await?);
        }
        Ok(found)
    }
}

/// The node with an id, batched; `None` when there is none or the credential may not see it.
pub async fn by_id<N: Noun>(scope: &Scope, id: &str) -> Result<Option<N>> {
    if id.is_empty() {
        return Ok(None);
    }
    let row = scope.load::<ById<N>>(id.to_owned()).await?;
    Ok(row.map(|row| N::new(scope, &row)))
}

/// The same for an id that may be missing.
pub async fn by_maybe_id<N: Noun>(scope: &Scope, id: Option<&str>) -> Result<Option<N>> {
    match id {
        Some(id) => by_id(scope, id).await,
        None => Ok(None),
    }
}

/// The row a reference stands for: by id, else by name.
pub async fn find_row<N: Noun>(scope: &Scope, reference: &Ref) -> Result<Option<Arc<N::Row>>> {
    let reference = reference.0.as_str();
    if N::ID.fits(reference)
        && let Some(row) = scope.load::<ById<N>>(reference.to_owned()).await?
    {
        return Ok(Some(row));
    }
    let rows = N::all(scope.cloud(), N::push_name(reference)).await?;
    let mut named = rows.iter().filter(|row| N::name(row) == Some(reference));
    let Some(row) = named.next() else {
        return Ok(None);
    };
    let others: Vec<&Arc<N::Row>> = named.collect();
    if others.is_empty() {
        return Ok(Some(Arc::clone(row)));
    }
    let describe = |row: &Arc<N::Row>| match N::project(row) {
        Some(project) => format!("{} (project {project})", row.id()),
        None => row.id().to_owned(),
    };
    let candidates = std::iter::once(row).chain(others).map(describe).collect();
    Err(Error::Ambiguous {
        kind: N::KIND,
        reference: reference.to_owned(),
        candidates,
    })
}

/// The node a reference stands for.
pub async fn find<N: Noun>(scope: &Scope, reference: &Ref) -> Result<Option<N>> {
    Ok(find_row::<N>(scope, reference)
        .await?
        .map(|row| N::new(scope, &row)))
}

/// The id a reference in a filter stands for; one that stands for nothing is an error.
pub async fn id_of<N: Noun>(scope: &Scope, reference: &Ref) -> Result<String> {
    match find_row::<N>(scope, reference).await? {
        Some(row) => Ok(row.id().to_owned()),
        None => Err(Error::NotFound {
            kind: N::KIND,
            reference: reference.0.clone(),
            list: N::LIST,
        }),
    }
}

/// What is selected of a list's nodes.
pub struct Wanted<'a>(Lookahead<'a>);

impl<'a> Wanted<'a> {
    /// What is selected of the nodes of the list that is being resolved.
    #[must_use]
    pub fn of(context: &'a Context<'a>) -> Self {
        Self(context.look_ahead())
    }

    /// Whether the field at the end of a path is.
    #[must_use]
    pub fn has(&self, path: &[&str]) -> bool {
        let selects = |node: Lookahead<'a>| {
            let mut steps = path.iter();
            steps.try_fold(node, |node, name| {
                let field = node.field(name);
                field.exists().then_some(field)
            })
        };
        let nodes = [self.0.field("nodes"), self.0.field("edges").field("node")];
        nodes.into_iter().any(|node| selects(node).is_some())
    }
}

/// Of a page of fewer rows it is not known ahead what their edges need.
const MANY: usize = 20;

/// The part of a noun's list that was asked for.
pub async fn list<N: Noun>(
    scope: &Scope,
    wanted: &Wanted<'_>,
    arguments: PageArguments,
    filter: Option<N::Filter>,
    order: Option<(N::Order, Direction)>,
) -> Result<Connection<N>> {
    let slice = arguments.checked()?;
    if filter.is_none() && slice.first.is_none_or(|first| first >= MANY) {
        N::ahead(scope, wanted);
    }
    // Boxed, lest it be part of the type of every query.
    let part = Box::pin(part::<N>(scope, slice, filter, order)).await?;
    let time = scope.cloud().as_of(N::COLLECTION).await?;
    Ok(part.with_as_of(time))
}

async fn part<N: Noun>(
    scope: &Scope,
    slice: Slice,
    filter: Option<N::Filter>,
    order: Option<(N::Order, Direction)>,
) -> Result<Connection<N>> {
    let (filter, pushed) = match filter {
        None => (
            None,
            Pushed {
                query: Vec::new(),
                is_whole: true,
            },
        ),
        Some(filter) => {
            let filter = N::prepare(scope, filter).await?;
            let pushed = N::push(&filter);
            (Some(filter), pushed)
        }
    };
    let reach = N::reach(scope, &pushed.query).await?;
    let pages =
        matches!(N::COLLECTION.paging, Paging::Marker(_)) && N::COLLECTION.keep == Keep::Rows;
    if pages
        && pushed.is_whole
        && order.is_none()
        && let Some(first) = slice.first
        && let Some(page) = upstream_page::<N>(scope, &slice, first, &pushed.query, reach).await?
    {
        return Ok(page);
    }
    let rows = match filter.as_ref().and_then(N::pinned) {
        Some(ids) => Arc::new(pinned::<N>(scope, ids).await?),
        None => N::all(scope.cloud(), pushed.query).await?,
    };
    let cut = |rows: &[Arc<N::Row>]| {
        Connection::cut(
            rows,
            |row| row.id(),
            &slice,
            reach,
            |row| N::new(scope, row),
        )
    };
    if filter.is_none() && order.is_none() {
        return Ok(cut(&rows));
    }
    let mut kept: Vec<Arc<N::Row>> = match &filter {
        None => rows.to_vec(),
        Some(filter) => rows
            .iter()
            .filter(|row| N::keeps(filter, row))
            .cloned()
            .collect(),
    };
    for error in filter.iter().flat_map(|filter| N::unmet(filter, &kept)) {
        scope.report(error);
    }
    if let Some((order, direction)) = order {
        sort(&mut kept, &|one, other| {
            let ordering = N::compare(order, one, other);
            let ordering = if direction == Direction::Desc {
                ordering.reverse()
            } else {
                ordering
            };
            ordering.then_with(|| one.id().cmp(other.id()))
        });
    }
    Ok(cut(&kept))
}

/// Puts rows in order. It is their places that are sorted: a sort of places is compiled once, and
/// one of rows for each kind of row.
fn sort<R>(rows: &mut Vec<Arc<R>>, compare: &dyn Fn(&R, &R) -> Ordering) {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    sort_places(&mut places, &|one, other| compare(&rows[one], &rows[other]));
    *rows = places
        .iter()
        .map(|place| Arc::clone(&rows[*place]))
        .collect();
}

fn sort_places(places: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|one, other| compare(*one, *other));
}

/// The rows with some ids, in the order of the ids.
async fn pinned<N: Noun>(scope: &Scope, ids: Vec<String>) -> Result<Vec<Arc<N::Row>>> {
    let mut found = N::by_ids(scope.cloud(), ids.clone()).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// A page cut by the service itself; `None` where only the whole list tells.
async fn upstream_page<N: Noun>(
    scope: &Scope,
    slice: &Slice,
    first: usize,
    query: &[Parameter],
    reach: Reach,
) -> Result<Option<Connection<N>>> {
    let cloud = scope.cloud();
    let (marker, before) = match (&slice.after, slice.offset) {
        (Some(cursor), _) => (Some(cursor.id.clone()), cursor.position),
        (None, 0) => (None, 0),
        (None, offset) => {
            let Some(ids) = N::ids(cloud, query.to_vec()).await else {
                return Ok(None);
            };
            let ids = ids?;
            if ids.len() <= offset {
                let total = Total::Known(ids.len());
                return Ok(Some(Connection::page(
                    Vec::new(),
                    ids.len(),
                    false,
                    total,
                    reach,
                )));
            }
            (ids.get(offset - 1).cloned(), offset)
        }
    };
    // One row more tells whether there are more.
    let limit = u32::try_from((first + 1).min(LARGEST_FIRST)).unwrap_or(u32::MAX);
    let page = cloud
        .list_page(N::COLLECTION, query, marker.as_deref(), limit)
        .await;
    let page = match page {
        Ok(page) => page,
        // The row that the cursor was made of is gone; its place in the whole list is not.
        Err(error) if marker.is_some() && matches!(error.status(), Some(400 | 404)) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let has_next = page.rows.len() > first || page.has_more;
    let nodes: Vec<N> = page
        .rows
        .iter()
        .take(first)
        .map(|row| N::new(scope, row))
        .collect();
    let total = if has_next || before > 0 {
        let (cloud, query) = (cloud.clone(), query.to_vec());
        Total::Counted(Arc::new(move || {
            let (cloud, query) = (cloud.clone(), query.clone());
            Box::pin(async move {
                if let Some(ids) = N::ids(&cloud, query.clone()).await {
                    return Ok(Some(ids?.len()));
                }
                Ok(Some(N::all(&cloud, query).await?.len()))
            })
        }))
    } else {
        Total::Known(nodes.len())
    };
    Ok(Some(Connection::page(
        nodes, before, has_next, total, reach,
    )))
}

/// Whose items a list of the given reach holds with the credential at hand.
pub async fn reach_of(scope: &Scope, reach: Reach) -> Result<Reach> {
    if reach != Reach::AllProjects || scope.cloud().is_admin().await? {
        return Ok(reach);
    }
    Ok(Reach::Project)
}

impl IdShape {
    /// Whether a text looks like one.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self {
            Self::Any => true,
            Self::Uuid => uuid::Uuid::try_parse(text).is_ok(),
            Self::Keystone => text == "default" || (matches!(text.len(), 32 | 64) && is_hex(text)),
        }
    }
}

/// Whether a text contains another, whatever their case.
pub fn contains(text: Option<&str>, part: &str) -> bool {
    text.is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
}

/// A condition that holds when it was not set.
pub fn unset_or<T>(condition: Option<&T>, holds: impl FnOnce(&T) -> bool) -> bool {
    condition.is_none_or(holds)
}
