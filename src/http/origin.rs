//! Which names the server answers to, and which web pages may use it.
//!
//! A web page anywhere can make a browser send requests to this machine, and by rebinding its
//! own name to 127.0.0.1 it could read the answers. Such a request carries the page's name as
//! Host, and another page's carries it as Origin.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use super::problem::Problem;
use crate::{Error, Result};

/// The address of this end of the connection a request came over.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalAddress(pub(super) SocketAddr);

/// The names and origins the operator allows.
#[derive(Debug)]
pub(super) struct Names {
    hosts: Vec<HostName>,
    /// As browsers write them: `https://ops.example`, `http://ops.example:3000`.
    origins: Vec<String>,
}

/// A host as it stands in a Host header.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HostName {
    /// In lower case, without brackets and final dot.
    name: String,
    port: Option<u16>,
}

impl HostName {
    fn parse(text: &str) -> Option<Self> {
        // `fd00::1` without brackets is not an authority, but an operator may write it.
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::from_address(address));
        }
        let authority: Authority = text.parse().ok()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let name = authority.host();
        // What follows the name is a port or nothing; `ops.example:` and `ops.example:x` are not.
        let port = match authority.as_str().strip_prefix(name)? {
            "" => None,
            port => Some(port.strip_prefix(':')?.parse().ok()?),
        };
        let name = name.trim_matches(['[', ']']).trim_end_matches('.');
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
        is_name.then(|| Self {
            name: name.to_ascii_lowercase(),
            port,
        })
    }

    fn from_address(address: IpAddr) -> Self {
        Self {
            name: address.to_string(),
            port: None,
        }
    }

    /// Whether this entry of the operator's list stands for the host of a request.
    fn allows(&self, host: &Self) -> bool {
        let is_port_allowed = match (self.port, host.port) {
            (None, _) => true,
            (Some(allowed), Some(port)) => allowed == port,
            (Some(allowed), None) => matches!(allowed, 80 | 443),
        };
        is_port_allowed && self.name == host.name
    }
}

/// Whether a host name or address always means this machine.
pub(super) fn is_loopback(name: &str) -> bool {
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    name.parse::<IpAddr>()
        .is_ok_and(|address| address.to_canonical().is_loopback())
}

impl Names {
    pub(super) fn new(allowed_hosts: &[String], allowed_origins: &[String]) -> Result<Self> {
        let hosts = allowed_hosts.iter().map(|host| {
            HostName::parse(host).ok_or_else(|| {
                Error::Configuration(format!(
                    "ALLOWED_HOSTS: `{host}` is not a host; write `ops.example` or \
                     `ops.example:8080`"
                ))
            })
        });
        let origins = allowed_origins.iter().map(|origin| {
            normal_origin(origin).ok_or_else(|| {
                Error::Configuration(format!(
                    "ALLOWED_ORIGINS: `{origin}` is not an origin; write `https://ops.example` \
                     or `http://ops.example:3000`"
                ))
            })
        });
        Ok(Self {
            hosts: hosts.collect::<Result<_>>()?,
            origins: origins.collect::<Result<_>>()?,
        })
    }

    pub(super) fn has_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    fn is_host_allowed(&self, host: &HostName, local: Option<LocalAddress>) -> bool {
        // A name can be rebound, the address a request came in at cannot.
        let is_own_address = local
            .is_some_and(|LocalAddress(local)| host.name.parse() == Ok(local.ip().to_canonical()));
        is_loopback(&host.name)
            || is_own_address
            || self.hosts.iter().any(|allowed| allowed.allows(host))
    }

    fn is_origin_listed(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().ok().and_then(normal_origin);
        origin.is_some_and(|origin| self.origins.contains(&origin))
    }
}

/// An origin as browsers write it, or nothing when the text is something else.
fn normal_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !is_bare || !url.has_host() {
        return None;
    }
    let origin = url.origin();
    // Editors and browser extensions have schemes of their own, with no default port.
    if origin.is_tuple() {
        Some(origin.ascii_serialization())
    } else {
        Some(text.trim_end_matches('/').to_ascii_lowercase())
    }
}

/// Whether a page of this server itself sent the request: the same port, and the same name or
/// two names of this machine.
fn is_own(origin: &HeaderValue, host: &HostName) -> bool {
    let Some(url) = origin.to_str().ok().and_then(|text| Url::parse(text).ok()) else {
        return false;
    };
    let (Some(name), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return false;
    };
    let default_port = if url.scheme() == "https" { 443 } else { 80 };
    let name = name.trim_matches(['[', ']']).trim_end_matches('.');
    let is_same_name = name == host.name || (is_loopback(name) && is_loopback(&host.name));
    matches!(url.scheme(), "http" | "https")
        && is_same_name
        && port == host.port.unwrap_or(default_port)
}

/// Refuses requests for another host, and those of a web page that is not allowed.
pub(super) async fn check(
    State(names): State<Arc<Names>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(host) = requested_host(&request) else {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The request needs one Host header that names a host.",
        )
        .into_response();
    };
    let local = request.extensions().get::<LocalAddress>().copied();
    if !names.is_host_allowed(&host, local) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "host_not_allowed",
            "This server does not answer to the name in the Host header; its operator can add \
             the name to ALLOWED_HOSTS.",
        )
        .into_response();
    }
    if !is_origin_allowed(&names, request.headers(), &host) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "Web pages of this origin may not use this server; its operator can add the origin \
             to ALLOWED_ORIGINS.",
        )
        .into_response();
    }
    next.run(request).await
}

/// The host of the request: HTTP/2 has it in the URI, HTTP/1 in one header.
fn requested_host(request: &Request) -> Option<HostName> {
    let mut headers = request.headers().get_all(HOST).iter();
    let (header, second) = (headers.next(), headers.next());
    if second.is_some() {
        return None;
    }
    let header = match header {
        Some(header) => Some(HostName::parse(header.to_str().ok()?)?),
        None => None,
    };
    match request.uri().authority() {
        Some(authority) => {
            let authority = HostName::parse(authority.as_str())?;
            // Two that differ are a way around checks; nobody honest sends them.
            let agrees = header.is_none_or(|header| header == authority);
            agrees.then_some(authority)
        }
        None => header,
    }
}

/// The origin that a request was sent to, as its sender wrote it: behind a proxy that speaks TLS it
/// is the proxy that knows.
pub(super) fn own(request: &Request) -> Option<String> {
    let host = requested_host(request)?;
    let proto = request.headers().get("x-forwarded-proto");
    let scheme = match proto {
        Some(proto) if proto.as_bytes().eq_ignore_ascii_case(b"https") => "https",
        _ => "http",
    };
    let HostName { name, port } = host;
    let name = if name.contains(':') {
        format!("[{name}]")
    } else {
        name
    };
    Some(match port {
        Some(port) => format!("{scheme}://{name}:{port}"),
        None => format!("{scheme}://{name}"),
    })
}

fn is_origin_allowed(names: &Names, headers: &HeaderMap, host: &HostName) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => is_own(origin, host) || names.is_origin_listed(origin),
        (Some(_), Some(_)) => false,
    }
}

/// Lets pages of the allowed origins read the answers. Preflights carry no token and need none.
pub(super) fn cors(names: Arc<Names>) -> CorsLayer {
    const MCP_PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
    const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            names.is_origin_listed(origin)
        }))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            MCP_PROTOCOL_VERSION,
            MCP_SESSION_ID,
            HeaderName::from_static("mcp-method"),
            HeaderName::from_static("mcp-name"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            MCP_PROTOCOL_VERSION,
            MCP_SESSION_ID,
            RETRY_AFTER,
            WWW_AUTHENTICATE,
        ])
        .max_age(Duration::from_mins(10))
}
