//! A small graph of books, and tools over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, Error, ErrorExtensions, ID, InputObject,
    Object, Request, Response, Schema, SimpleObject, Value, value,
};
use futures_util::future::BoxFuture;

use crate::auth::Caller;
use crate::graph::Asker;
use crate::mcp::{Execute, McpServer, Tools};
use crate::policy::{self, Action, Confirm, Decision, Mode};

/// How many books there are.
const BOOKS: usize = 1000;

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Kind {
    Novel,
    ShortStory,
}

#[derive(SimpleObject)]
struct Book {
    id: ID,
    title: String,
    kind: Kind,
    pages: Option<i32>,
}

#[derive(SimpleObject)]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(SimpleObject)]
struct BookConnection {
    nodes: Vec<Book>,
    page_info: PageInfo,
    total_count: Option<i32>,
}

#[derive(InputObject)]
pub(crate) struct BookFilter {
    title: Option<String>,
    kind: Option<Kind>,
    and: Option<Vec<BookFilter>>,
}

/// The slow operations that were begun and not finished.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<AtomicUsize>);

impl Running {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn begin(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(self.clone())
    }
}

struct Guard(Running);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn outage() -> Error {
    Error::new("the catalogue is closed").extend_with(|_, extensions| {
        extensions.set("code", "SERVICE_UNAVAILABLE");
        extensions.set("service", "catalogue");
        extensions.set("requestId", "req-1");
        extensions.set("retryable", true);
    })
}

fn book(number: usize, title_length: usize) -> Book {
    Book {
        id: ID(number.to_string()),
        title: format!("{number}{}", "x".repeat(title_length)),
        kind: if number.is_multiple_of(2) {
            Kind::Novel
        } else {
            Kind::ShortStory
        },
        pages: None,
    }
}

pub(crate) struct Query;

#[Object]
impl Query {
    async fn books(
        &self,
        first: Option<i32>,
        offset: Option<i32>,
        filter: Option<BookFilter>,
        ids: Option<Vec<ID>>,
        #[graphql(default = 0)] title_length: i32,
    ) -> Option<Result<BookConnection, Error>> {
        let title_length = usize::try_from(title_length).ok()?;
        let first = usize::try_from(first.unwrap_or(50)).ok()?;
        let offset = usize::try_from(offset.unwrap_or(0)).ok()?;
        let filter = filter.unwrap_or(BookFilter {
            title: None,
            kind: None,
            and: None,
        });
        let found: Vec<Book> = (0..BOOKS)
            .map(|number| book(number, title_length))
            .filter(|book| ids.as_ref().is_none_or(|ids| ids.contains(&book.id)))
            .filter(|book| filter.kind.is_none_or(|kind| kind == book.kind))
            .filter(|book| {
                filter
                    .title
                    .as_ref()
                    .is_none_or(|title| *title == book.title)
            })
            .collect();
        let total = found.len();
        let nodes: Vec<Book> = found.into_iter().skip(offset).take(first).collect();
        Some(Ok(BookConnection {
            page_info: PageInfo {
                has_next_page: offset + nodes.len() < total,
                end_cursor: nodes.last().map(|book| book.id.to_string()),
            },
            nodes,
            total_count: i32::try_from(total).ok(),
        }))
    }

    /// Fails.
    async fn closed(&self) -> Option<Result<Book, Error>> {
        Some(Err(outage()))
    }

    /// Takes a minute.
    async fn slow(&self, context: &Context<'_>) -> Option<i32> {
        let _running = context.data_opt::<Running>()?.begin();
        tokio::time::sleep(Duration::from_secs(60)).await;
        Some(1)
    }

    /// Who asks.
    async fn caller(&self, context: &Context<'_>) -> Option<String> {
        let caller = context.data_opt::<Caller>()?;
        Some(caller.to_string())
    }

    /// A long text.
    async fn text(&self, length: i32) -> Option<String> {
        Some("x".repeat(usize::try_from(length).ok()?))
    }
}

/// The graph, which also says what a request cost.
pub(crate) struct Library {
    schema: Schema<Query, EmptyMutation, EmptySubscription>,
    pub(crate) running: Running,
    sdl: String,
}

impl Library {
    pub(crate) fn new() -> Self {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        Self {
            sdl: schema.sdl(),
            schema,
            running: Running::default(),
        }
    }

    pub(crate) fn sdl(&self) -> String {
        self.sdl.clone()
    }
}

impl Execute for Library {
    fn execute(&self, asker: Asker, request: Request) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let request = request.data(asker.caller).data(self.running.clone());
            let response = self.schema.execute(request).await;
            let bill: Value = value!({"calls": 1, "cached": 0, "milliseconds": 2});
            response.extension("upstream", bill)
        })
    }

    fn decide(&self, caller: &Caller, action: Action) -> Decision {
        policy::decide(Mode::ReadOnly, caller, action)
    }

    fn refuse(&self, _: &Asker, _: &Request, _: Decision, _: &str) {}

    fn sdl_for(&self, _: &Caller) -> &str {
        &self.sdl
    }
}

pub(crate) const MANIFEST: &str = r#"
[[tool]]
name = "get_books"
toolset = "reading"
title = "Books"
arguments.limit = { min = 1, max = 1000 }
arguments.offset = { min = 0 }
arguments.ids = { split = true }
arguments.title = { omit_when = "all" }
arguments.kind = { enum_case = "any", omit_when = "any" }

[[tool]]
name = "find_books"
toolset = "reading"

[[tool]]
name = "get_half"
toolset = "trouble"

[[tool]]
name = "get_closed"
toolset = "trouble"

[[tool]]
name = "wait"
toolset = "trouble"
"#;

pub(crate) const DOCUMENTS: &[(&str, &str)] = &[
    (
        "get_books",
        r#"# Lists books.
query get_books(
  # How many books.
  $limit: Int = 50
  # How many books to leave out first.
  $offset: Int = 0
  $ids: [ID!] # Only these.
  # Only with this title.
  $title: String = "all"
  # Only of this kind.
  $kind: Kind
  $title_length: Int! = 0
) {
  books(first: $limit, offset: $offset, ids: $ids, titleLength: $title_length, filter: {title: $title, kind: $kind}) {
    totalCount
    nodes { ...row }
    pageInfo { hasNextPage endCursor }
  }
}
fragment row on Book { id title kind pages }
"#,
    ),
    (
        "find_books",
        r"# Finds books.
query find_books($filter: BookFilter!) { books(filter: $filter) { nodes { id } nodes { title } } }
",
    ),
    (
        "get_half",
        "# Half of it fails.\nquery get_half { books(first: 1) { nodes { id } } lost: closed { id } }\n",
    ),
    (
        "get_closed",
        "# All of it fails.\nquery get_closed { closed { id } also: closed { title } }\n",
    ),
    ("wait", "# Takes a minute.\nquery wait { slow }\n"),
    ("whoami", "# Who asks.\nquery whoami { caller }\n"),
    (
        "get_text",
        "# A long text.\nquery get_text($length: Int!) { text(length: $length) }\n",
    ),
];

/// The tools over the library.
pub(crate) fn tools() -> Tools {
    Tools::from_texts(&Library::new().sdl(), MANIFEST, DOCUMENTS).unwrap()
}

/// A server of them, and how many slow operations it runs.
pub(crate) fn server() -> (McpServer, Running) {
    let library = Library::new();
    let running = library.running.clone();
    (
        McpServer::new(tools(), Arc::new(library), Confirm::default()),
        running,
    )
}
