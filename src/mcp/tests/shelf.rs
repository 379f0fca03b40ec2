//! A shelf of books that can be changed, and tools that change it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_graphql::{
    EmptySubscription, Error, ErrorExtensions, ID, InputObject, Object, Request, Response, Schema,
    SimpleObject, Value, Variables,
};
use futures_util::future::BoxFuture;

use crate::auth::Caller;
use crate::graph::Asker;
use crate::mcp::{Execute, McpServer, Tools};
use crate::policy::{self, Action, Confirm, Decision, Mode};

#[derive(SimpleObject)]
struct Book {
    id: ID,
    place: Option<i32>,
}

#[derive(SimpleObject)]
struct UserError {
    code: &'static str,
    message: String,
    field: Option<Vec<String>>,
    service: Option<&'static str>,
    request_id: Option<&'static str>,
}

#[derive(SimpleObject)]
struct Affected {
    kind: &'static str,
    name: &'static str,
    effect: &'static str,
}

#[derive(SimpleObject)]
struct DryRun {
    would: String,
    affects: Vec<Affected>,
}

#[derive(SimpleObject)]
struct BookPayload {
    book: Option<Book>,
    user_errors: Vec<UserError>,
    dry_run: Option<DryRun>,
}

#[derive(InputObject)]
struct At {
    place: i32,
}

struct Query;

#[Object]
impl Query {
    async fn books(&self, #[graphql(default = 3)] first: i32) -> Option<Vec<Book>> {
        let book = |number: i32| Book {
            id: ID(number.to_string()),
            place: Some(number),
        };
        Some((0..first).map(book).collect())
    }
}

/// What has become of the shelf.
#[derive(Clone, Default)]
pub(crate) struct State {
    burned: Arc<AtomicUsize>,
    smokes: Arc<AtomicUsize>,
}

struct Mutation(State);

#[Object]
impl Mutation {
    async fn shelve(
        &self,
        book: ID,
        at: At,
        #[graphql(default = false)] dry_run: bool,
    ) -> Option<Result<BookPayload, Error>> {
        if book == "lost" {
            let error = Error::new("nobody saw where it went");
            return Some(Err(error.extend_with(|_, extensions| {
                extensions.set("code", "OUTCOME_UNKNOWN");
            })));
        }
        let (code, field): (_, Option<&[&str]>) = match book.as_str() {
            "none" => ("NOT_FOUND", Some(&["book"])),
            "high" => ("BAD_USER_INPUT", Some(&["at", "place"])),
            "slow" => ("STILL_UNDER_WAY", None),
            "torn" => ("FAILED", None),
            _ => ("", None),
        };
        let error = UserError {
            code,
            message: format!("it is {}", book.as_str()),
            field: field.map(|field| field.iter().map(|step| (*step).to_owned()).collect()),
            service: Some("shelves"),
            request_id: Some("req-7"),
        };
        Some(Ok(BookPayload {
            book: Some(Book {
                id: book,
                place: Some(at.place),
            }),
            user_errors: Some(error)
                .filter(|_| !code.is_empty())
                .into_iter()
                .collect(),
            dry_run: dry_run.then(|| DryRun {
                would: "put it there".to_owned(),
                affects: Vec::new(),
            }),
        }))
    }

    async fn burn(&self, book: ID, #[graphql(default = false)] dry_run: bool) -> BookPayload {
        if book == "none" {
            return BookPayload {
                book: None,
                user_errors: vec![UserError {
                    code: "NOT_FOUND",
                    message: "there is no such book".to_owned(),
                    field: Some(vec!["book".to_owned()]),
                    service: None,
                    request_id: None,
                }],
                dry_run: None,
            };
        }
        // What would be done changes with every look, when it smokes.
        let smoke = self.0.smokes.load(Ordering::SeqCst);
        if smoke > 0 && dry_run {
            self.0.smokes.fetch_add(1, Ordering::SeqCst);
        }
        if !dry_run {
            self.0.burned.fetch_add(1, Ordering::SeqCst);
        }
        BookPayload {
            book: Some(Book {
                id: book.clone(),
                place: None,
            }),
            user_errors: Vec::new(),
            dry_run: dry_run.then(|| DryRun {
                would: format!("burn book `{}` ({smoke})", book.as_str()),
                affects: vec![Affected {
                    kind: "Page",
                    name: "17",
                    effect: "burns too",
                }],
            }),
        }
    }
}

/// The graph of the shelf, which remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Shelf {
    schema: Schema<Query, Mutation, EmptySubscription>,
    sdl: String,
    state: State,
    told: Arc<Mutex<Vec<String>>>,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let state = State::default();
        let schema = Schema::new(Query, Mutation(state.clone()), EmptySubscription);
        Self {
            sdl: schema.sdl(),
            schema,
            state,
            told: Arc::default(),
        }
    }

    /// What was executed and refused, in order, since this was last asked.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    pub(crate) fn burned(&self) -> usize {
        self.state.burned.load(Ordering::SeqCst)
    }

    /// From now on a dry run never says the same twice.
    pub(crate) fn smoke(&self) {
        self.state.smokes.store(1, Ordering::SeqCst);
    }

    fn tell(&self, line: String) {
        self.told.lock().unwrap().push(line);
    }
}

fn is_dry(variables: &Variables) -> bool {
    variables.get("dry_run") == Some(&Value::Boolean(true))
}

impl Execute for Shelf {
    fn execute(&self, asker: Asker, request: Request) -> BoxFuture<'_, Response> {
        let name = request.operation_name.as_deref().unwrap_or_default();
        let dry = if is_dry(&request.variables) {
            " dry"
        } else {
            ""
        };
        let confirmation = asker.confirmation.unwrap_or("-");
        self.tell(format!("{name}{dry} {confirmation}"));
        Box::pin(self.schema.execute(request))
    }

    fn decide(&self, caller: &Caller, action: Action) -> Decision {
        policy::decide(Mode::Modify, caller, action)
    }

    fn refuse(&self, asker: &Asker, request: &Request, decision: Decision, reason: &str) {
        let name = request.operation_name.as_deref().unwrap_or_default();
        let confirmation = asker.confirmation.unwrap_or("-");
        let rule = decision.rule.name();
        self.tell(format!("refused {name} {rule} {confirmation}: {reason}"));
    }

    fn sdl_for(&self, _: &Caller) -> &str {
        &self.sdl
    }
}

pub(crate) const MANIFEST: &str = r#"
[[tool]]
name = "manage_book"
toolset = "writing"
destructive = ["burn"]
arguments.place = { min = 0 }

[[tool]]
name = "shelve_book"
toolset = "writing"
destructive = []
"#;

pub(crate) const DOCUMENTS: &[(&str, &str)] = &[
    (
        "manage_book",
        r"# Manages books.
query list($limit: Int = 3) { result: books(first: $limit) { id place } }
mutation shelve(
  # The book.
  $book: ID!
  # Where to.
  $place: Int!
  $dry_run: Boolean = false
) {
  result: shelve(book: $book, at: { place: $place }, dryRun: $dry_run) { ...outcome }
}
mutation burn($book: ID!, $dry_run: Boolean = false) {
  result: burn(book: $book, dryRun: $dry_run) { ...outcome }
}
fragment outcome on BookPayload {
  book { id place }
  userErrors { code message field service requestId }
  dryRun { would affects { kind name effect } }
}
",
    ),
    (
        "shelve_book",
        r"# Shelves a book.
mutation shelve_book($book: ID!) {
  shelve(book: $book, at: { place: 1 }) { book { id } userErrors { code message } }
}
",
    ),
    (
        "burn_book",
        "# Burns a book.\nmutation burn_book($book: ID!) { burn(book: $book) { book { id } } }\n",
    ),
    (
        "get_books",
        "# Lists books.\nquery get_books { books { id } }\n",
    ),
];

/// The tools over the shelf.
pub(crate) fn tools() -> Tools {
    Tools::from_texts(&Shelf::new().sdl, MANIFEST, DOCUMENTS).unwrap()
}

/// A server of them, and the shelf.
pub(crate) fn server() -> (McpServer, Shelf) {
    server_that(Confirm::WhenPossible)
}

pub(crate) fn server_that(confirm: Confirm) -> (McpServer, Shelf) {
    let shelf = Shelf::new();
    let server = McpServer::new(tools(), Arc::new(shelf.clone()), confirm);
    (server, shelf)
}
