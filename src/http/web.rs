//! The dashboard and GraphiQL: files that were built from `web/`, and are part of the binary.
//!
//! They need no token, since there is nothing in them that is not public; what they ask the graph
//! for needs one. A build that found no Node has none of them, and says so at `/`.

use std::borrow::Cow;
use std::io::{self, Read as _};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::doors;

/// What `npm run build` leaves in `web/dist`: each asset that is worth packing as `.br` and `.gz`
/// and no other, the rest as it is.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// The page for every view of the dashboard, which looks at its own address.
const DASHBOARD: &str = "index.html";
/// The page of GraphiQL: a document of its own, since its policy has to be looser.
const GRAPHIQL: &str = "graphiql.html";

/// The first segments of the paths that are views, as `web/src/app.tsx` has them. Nothing else is
/// answered with the page, so that a wrong address of the API stays an error.
const VIEWS: &[&str] = &[
    "servers",
    "hypervisors",
    "network",
    "volumes",
    "images",
    "identity",
    "stacks",
    "snapshots",
    "networks",
    "subnets",
    "ports",
    "routers",
    "floating-ips",
    "security-groups",
    "projects",
    "users",
    "flavors",
];

/// Scripts, styles and questions of this origin alone, and nothing inline.
const DASHBOARD_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// The editor makes its styles while it runs, has workers, and fonts within its styles.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
    connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The name of a built file says what is in it, so it never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, but asked about each time.
const ASKED_ABOUT: &str = "no-cache";

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>mcp-openstack-ops</title></head>
<body>
<h1>The dashboard is not part of this build</h1>
<p>It is built with Node 20.19 or newer and npm, which were not there, or failed. In a checkout:</p>
<pre>cd web &amp;&amp; npm ci &amp;&amp; npm run build &amp;&amp; cd .. &amp;&amp; cargo build</pre>
<p>Everything else works without it: /graphql, /graphql/schema, /mcp, /readyz.</p>
</body>
</html>
";

/// The routes of the files and views.
pub(super) fn routes() -> Router {
    let mut router = Router::new()
        .route("/", get(answer))
        .route("/graphiql", get(answer))
        .route("/favicon.svg", get(answer))
        .route("/assets/{*path}", get(answer));
    for view in VIEWS {
        router = router
            .route(&format!("/{view}"), get(answer))
            .route(&format!("/{view}/{{id}}"), get(answer));
    }
    router
}

/// Whether the path is one of these routes, which need no token.
pub(super) fn has(path: &str) -> bool {
    matches!(path, "/" | "/graphiql" | "/favicon.svg")
        || path.starts_with("/assets/")
        || is_view(path)
}

fn is_view(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let mut segments = path.split('/');
    let is_known = segments.next().is_some_and(|first| VIEWS.contains(&first));
    // A view is a list or one of its things, and nothing below.
    is_known && segments.next() != Some("") && segments.next().is_none()
}

async fn answer(request: Request) -> Response {
    let path = request.uri().path();
    let name = match path {
        "/graphiql" => GRAPHIQL,
        "/favicon.svg" => "favicon.svg",
        _ => match path.strip_prefix("/assets/") {
            // There are no folders to climb in.
            Some(file) if !file.contains('/') => &path[1..],
            Some(_) => return doors::not_found().await.into_response(),
            None => DASHBOARD,
        },
    };
    match File::find(name, request.headers()) {
        Ok(Some(found)) => found.into_response(name, request.headers()),
        Ok(None) => missing(name, request.method()).await,
        Err(error) => {
            tracing::error!(name, %error, "a file of the dashboard cannot be unpacked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What is said when a file is not there: that the page was not built, or that it is unknown.
async fn missing(name: &str, method: &Method) -> Response {
    if !name.ends_with(".html") {
        return doors::not_found().await.into_response();
    }
    tracing::debug!(%method, name, "the dashboard is not part of this build");
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, ASKED_ABOUT),
    ];
    (headers, NOT_BUILT).into_response()
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Brotli,
    Gzip,
    Plain,
}

impl Packing {
    fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Plain => "",
        }
    }

    fn encoding(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Plain => None,
        }
    }
}

/// A file as it is sent.
struct File {
    content: Cow<'static, [u8]>,
    packing: Packing,
    tag: String,
}

impl File {
    /// The smallest form of the file that the request takes.
    fn find(name: &str, headers: &HeaderMap) -> io::Result<Option<Self>> {
        // How a file is packed is not a file of its own.
        if name.ends_with(".br") || name.ends_with(".gz") {
            return Ok(None);
        }
        let accepted = headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect::<Vec<_>>()
            .join(",");
        for packing in [Packing::Brotli, Packing::Gzip, Packing::Plain] {
            let is_accepted = packing
                .encoding()
                .is_none_or(|encoding| accepts(&accepted, encoding));
            if !is_accepted {
                continue;
            }
            if let Some(file) = Files::get(&format!("{name}{}", packing.suffix())) {
                return Ok(Some(Self::new(file, packing)));
            }
        }
        let packed = Files::get(&format!("{name}{}", Packing::Gzip.suffix()));
        packed.map(Self::unpacked).transpose()
    }

    fn new(file: EmbeddedFile, packing: Packing) -> Self {
        Self {
            tag: tag(&file.metadata.sha256_hash(), ""),
            content: file.data,
            packing,
        }
    }

    /// A packed file for who takes it no other way than plain.
    fn unpacked(file: EmbeddedFile) -> io::Result<Self> {
        let mut content = Vec::new();
        GzDecoder::new(&*file.data).read_to_end(&mut content)?;
        Ok(Self {
            tag: tag(&file.metadata.sha256_hash(), "-unpacked"),
            content: Cow::Owned(content),
            packing: Packing::Plain,
        })
    }

    fn into_response(self, name: &str, request: &HeaderMap) -> Response {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(VARY, "accept-encoding");
        set(
            CACHE_CONTROL,
            if name.starts_with("assets/") {
                FOREVER
            } else {
                ASKED_ABOUT
            },
        );
        match name {
            DASHBOARD => set(CONTENT_SECURITY_POLICY, DASHBOARD_POLICY),
            // A worker has a policy of its own, and the one of its page is what it needs.
            GRAPHIQL => set(CONTENT_SECURITY_POLICY, GRAPHIQL_POLICY),
            _ if name.contains(".worker-") => set(CONTENT_SECURITY_POLICY, GRAPHIQL_POLICY),
            _ => {}
        }
        let is_known = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|tags| matches_tag(tags, &self.tag));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(ETAG, tag);
        }
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
        if let Some(encoding) = self.packing.encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        match self.content {
            Cow::Borrowed(bytes) => (headers, bytes).into_response(),
            Cow::Owned(bytes) => (headers, bytes).into_response(),
        }
    }
}

/// A strong tag: each form of a file has its own, since its bytes are others.
fn tag(hash: &[u8], form: &str) -> String {
    use std::fmt::Write as _;
    let mut tag = String::with_capacity(34 + form.len());
    tag.push('"');
    for byte in hash.iter().take(16) {
        // Writing to a string does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push_str(form);
    tag.push('"');
    tag
}

/// Whether one of the tags of an `If-None-Match` is this one; weak ones count, as for any GET.
fn matches_tag(tags: &str, tag: &str) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|each| each == "*" || each.strip_prefix("W/").unwrap_or(each) == tag)
}

/// Whether an `Accept-Encoding` takes this one, by name or as any other.
fn accepts(header: &str, encoding: &str) -> bool {
    let mut takes_others = false;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .any(|(_, weight)| weight.trim().trim_end_matches(['0', '.']).is_empty());
        if name.eq_ignore_ascii_case(encoding) {
            return !is_refused;
        }
        takes_others |= name == "*" && !is_refused;
    }
    takes_others
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_lists_and_their_things() {
        for path in [
            "/",
            "/servers",
            "/servers/6f1e",
            "/graphiql",
            "/assets/a.js",
        ] {
            assert!(has(path), "{path}");
        }
        for path in [
            "/graphql",
            "/graphql/schema",
            "/mcp",
            "/readyz",
            "/serversx",
            "/servers/",
            "/servers/6f1e/actions",
            "/api/servers",
            "//servers",
        ] {
            assert!(!has(path), "{path}");
        }
    }

    #[test]
    fn an_encoding_is_taken_unless_it_is_refused() {
        for (header, encoding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("br;q=1.0, gzip;q=0.5", "gzip"),
            ("*", "br"),
            ("GZIP", "gzip"),
        ] {
            assert!(accepts(header, encoding), "{header}");
        }
        for (header, encoding) in [
            ("", "br"),
            ("gzip", "br"),
            ("br;q=0, *", "br"),
            ("*;q=0", "gzip"),
            ("br; q=0.000", "br"),
        ] {
            assert!(!accepts(header, encoding), "{header}");
        }
    }

    #[test]
    fn a_tag_is_known_weak_or_strong_among_others() {
        let tag = tag(&[0xab; 32], "");
        assert_eq!(tag, format!("\"{}\"", "ab".repeat(16)));
        assert!(matches_tag(&tag, &tag));
        assert!(matches_tag(&format!("\"x\", W/{tag}"), &tag));
        assert!(matches_tag("*", &tag));
        assert!(!matches_tag("\"abab\"", &tag));
    }
}
