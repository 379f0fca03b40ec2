//! A request as a service sees it.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::identity::Token;
use crate::reply::Reply;
use crate::service::Service;

/// A request, taken apart.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) service: Service,
    /// The place of the region in [`World::regions`](crate::world::World).
    pub(crate) region: usize,
    /// `http://host:port`, as the client knows this server.
    pub(crate) origin: String,
    /// What the service's links begin with: the origin and the service's prefix.
    pub(crate) root: String,
    /// The segments of the path behind the prefix, decoded. An empty one at the end means that the
    /// path ended with a slash.
    pub(crate) path: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What the log calls this request.
    pub(crate) request_id: String,
    pub(crate) now: DateTime<Utc>,
    /// Who calls; absent without a token, or with one that is not valid (any more).
    pub(crate) caller: Option<Arc<Token>>,
}

impl Call {
    /// The segments of the path, to be matched.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The caller, or the 401 that the token check in front of every service but Keystone gives.
    pub(crate) fn token(&self) -> Result<&Arc<Token>, Reply> {
        let realm = format!("Keystone uri=\"{}/identity\"", self.origin);
        self.caller.as_ref().ok_or_else(|| {
            Reply::json(
                StatusCode::UNAUTHORIZED,
                &json!({"error": {
                    "code": 401,
                    "title": "Unauthorized",
                    "message": "The request you have made requires authentication.",
                }}),
            )
            .with(WWW_AUTHENTICATE, &realm)
        })
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What follows the question mark: names may repeat.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
        }
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a name; of several the last, as webob and most of the services take it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs()
            .filter(|(is, _)| *is == name)
            .last()
            .map(|(_, value)| value)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs()
            .filter(move |(is, _)| *is == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The query again, as links repeat it; empty when there is none.
    pub(crate) fn text(&self) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(self.pairs());
        text.finish()
    }

    /// The query again, with one name set to a value and another left out: for links to the next
    /// page.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        for (is, kept) in self.pairs().filter(|(is, _)| *is != name) {
            text.append_pair(is, kept);
        }
        text.append_pair(name, value);
        text.finish()
    }
}
