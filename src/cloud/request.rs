//! The one place that sends.
//!
//! Every call has a deadline (its operation's, retries included), a bound on how many run at a
//! time against its service, and leaves OpenStack's request id in what it returns. Reads are
//! repeated once or twice, with jitter, when the service could not be reached or said that it is
//! overloaded; nothing else is ever sent twice. When the answer to a change is lost, it may have
//! been done: that is an error of its own. Redirects are not followed: services that answer
//! 300 with a version document, and Heat's 302 to a possibly internal host, are dealt with where
//! they are expected.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use futures_util::stream;
use http::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH, RETRY_AFTER,
};
use http::{Method, StatusCode};
use http_body_util::StreamBody;
use hyper::body::Frame;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;
use tracing::Span;
use url::Url;

use super::catalog::Microversion;
use super::failure;
use super::operation::Operation;
use super::service::Service;
use crate::config::{CloudEntry, Tls};
use crate::error::Upstream;
use crate::measure::{Meters, Sent};
use crate::{Error, Result, trace};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a read is repeated after its first failure.
const REPEATS: usize = 2;
/// A service that wants more patience than this gets none: its refusal is passed on.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(5);
/// Calls under way at a time against one service.
const PARALLEL_CALLS: usize = 8;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
const OLD_REQUEST_ID: HeaderName = HeaderName::from_static("x-compute-request-id");
const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const API_VERSION: HeaderName = HeaderName::from_static("openstack-api-version");

/// A query parameter, by name.
pub type Parameter = (Cow<'static, str>, String);

/// One request, before anyone knows where its service is.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) service: Service,
    pub(super) method: Method,
    pub(super) path: Cow<'a, str>,
    pub(super) query: Vec<Parameter>,
    pub(super) microversion: Option<Microversion>,
    pub(super) body: Option<Value>,
    /// A file that is sent instead of a body.
    pub(super) upload: Option<Upload>,
    /// The type of the body; JSON unless told.
    pub(super) content_type: &'static str,
    /// Whether it is meant to change something.
    pub(super) changes: bool,
    /// It is only done to what is still at this revision; Neutron answers 412 otherwise.
    pub(super) revision: Option<i64>,
    /// The answer's headers are kept, and its body never logged.
    pub(super) expects_secret: bool,
}

impl<'a> Call<'a> {
    pub(super) fn get(service: Service, path: impl Into<Cow<'a, str>>) -> Self {
        Self {
            service,
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            microversion: None,
            body: None,
            upload: None,
            content_type: "application/json",
            changes: false,
            revision: None,
            expects_secret: false,
        }
    }

    pub(super) fn post(service: Service, path: impl Into<Cow<'a, str>>, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(service, path)
        }
    }

    /// A call that changes something.
    pub(super) fn change(
        service: Service,
        method: Method,
        path: impl Into<Cow<'a, str>>,
        body: Option<Value>,
    ) -> Self {
        Self {
            method,
            body,
            changes: true,
            ..Self::get(service, path)
        }
    }

    /// What tells the call from every other.
    pub(super) fn question(&self) -> String {
        let mut question = format!("{} {}", self.method, self.path);
        if let Some(version) = self.microversion {
            question.push_str(&format!(" {version}"));
        }
        for (name, value) in &self.query {
            question.push_str(&format!("\u{1e}{name}={value}"));
        }
        question
    }

    /// How errors name the call: without its query and ids, so that equal ones fold into one.
    pub(super) fn operation(&self) -> String {
        let is_id = |segment: &str| {
            segment.len() >= 32
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        };
        let segments = self.path.split('/');
        let named = segments.map(|segment| if is_id(segment) { "{id}" } else { segment });
        format!("{} {}", self.method, named.collect::<Vec<_>>().join("/"))
    }
}

/// A file's bytes, read while they are sent, and again when they have to be sent again.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    file: Arc<File>,
    size_bytes: u64,
}

/// How much of a file is held in memory.
const PIECE_BYTES: u64 = 1 << 20;

impl Upload {
    /// The first bytes of a file.
    pub(super) fn new(file: File, size_bytes: u64) -> Self {
        Self {
            file: Arc::new(file),
            size_bytes,
        }
    }

    fn body(&self) -> reqwest::Body {
        let upload = self.clone();
        let frames = stream::try_unfold(0, move |offset| {
            let upload = upload.clone();
            async move {
                if offset >= upload.size_bytes {
                    return Ok(None);
                }
                let reading = tokio::task::spawn_blocking(move || upload.piece(offset));
                let piece = reading.await.map_err(io::Error::other)??;
                let next = offset + piece.len() as u64;
                Ok::<_, io::Error>(Some((Frame::data(piece), next)))
            }
        });
        reqwest::Body::wrap(StreamBody::new(frames))
    }

    fn piece(&self, offset: u64) -> io::Result<Bytes> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(offset))?;
        let wanted = PIECE_BYTES.min(self.size_bytes - offset);
        let mut piece = Vec::new();
        file.take(wanted).read_to_end(&mut piece)?;
        if piece.is_empty() {
            let reason = "the file became shorter while it was read";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        Ok(Bytes::from(piece))
    }
}

/// A service's answer with a success status, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) request_id: Option<String>,
}

/// The connections of one cloud.
#[derive(Debug)]
pub(super) struct Transport {
    client: reqwest::Client,
    bounds: [Semaphore; Service::ALL.len()],
    pub(super) meters: Meters,
}

impl Transport {
    pub(super) fn new(entry: &CloudEntry) -> Result<Self> {
        let bounds = std::array::from_fn(|_| Semaphore::new(PARALLEL_CALLS));
        Ok(Self {
            client: client(&entry.name, &entry.tls)?,
            bounds,
            meters: Meters::of(&entry.name),
        })
    }

    /// Sends a call and reads its answer; an error status is an error.
    pub(super) async fn send(
        &self,
        base: &Url,
        call: &Call<'_>,
        token: Option<&SecretString>,
        operation: &Operation,
    ) -> Result<Answer> {
        let attempt = || self.attempt(base, call, token, operation);
        if call.method != Method::GET {
            let result = attempt().await.map_err(|failure| failure.of_change(call));
            if call.changes {
                let request_id = match &result {
                    Ok(answer) => answer.request_id.as_deref(),
                    Err(error) => error.request_id(),
                };
                operation.has_written(request_id.unwrap_or("unknown"));
            }
            return result;
        }
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(REPEATS)
            .with_jitter();
        let repeated = attempt
            .retry(backoff)
            .when(Failure::is_transient)
            .adjust(|failure, pause| match failure.retry_after {
                // Longer than the operation has left is not worth waiting for.
                Some(asked) if asked > LONGEST_RETRY_AFTER => None,
                Some(asked) => pause.map(|pause| pause.max(asked)),
                None => pause,
            })
            .notify(|failure, pause| {
                tracing::debug!(error = %failure.error, pause_ms = pause.as_millis(), "repeating");
            });
        match timeout_at(operation.deadline(), repeated).await {
            Ok(result) => result.map_err(Failure::into_error),
            Err(_) => Err(Error::Timeout {
                service: call.service,
                operation: call.operation(),
            }),
        }
    }

    async fn attempt(
        &self,
        base: &Url,
        call: &Call<'_>,
        token: Option<&SecretString>,
        operation: &Operation,
    ) -> Result<Answer, Failure> {
        let timed_out = || {
            Failure::last(Error::Timeout {
                service: call.service,
                operation: call.operation(),
            })
        };
        let meters = self.meters.service(call.service);
        let waiting = Instant::now();
        let bound = self.bounds[call.service as usize].acquire();
        let permit = timeout_at(operation.deadline(), bound)
            .await
            .map_err(|_| timed_out())?;
        meters.waited(waiting.elapsed());
        let pending = meters.sending();
        let service = call.service.service_type();
        let span = trace::upstream(&operation.span, service, || call.operation());
        let exchange = self.exchange(base, call, token, operation, &span);
        let result = timeout_at(operation.deadline(), exchange).await;
        drop(permit);
        let result = result.unwrap_or_else(|_| Err(timed_out().sent()));
        let bytes = result.as_ref().map_or(0, |answer| answer.body.len());
        let took = pending.finish(match &result {
            Ok(_) => Sent::Success,
            Err(failure) => Sent::of_error(&failure.error, failure.was_sent),
        });
        operation.charge_call(call.service, bytes, took);
        let outcome = result
            .as_ref()
            .map_or_else(|failure| failure.error.code(), |_| "ok");
        match &result {
            Ok(answer) => {
                let id = answer.request_id.as_deref();
                trace::ended(&span, Some(answer.status), id, None);
            }
            Err(Failure { error, .. }) => {
                trace::ended(&span, error.status(), error.request_id(), Some(outcome));
            }
        }
        tracing::debug!(
            service = %call.service,
            operation = %call.operation(),
            duration_ms = took.as_millis(),
            bytes,
            outcome,
            "upstream call"
        );
        result
    }

    async fn exchange(
        &self,
        base: &Url,
        call: &Call<'_>,
        token: Option<&SecretString>,
        operation: &Operation,
        span: &Span,
    ) -> Result<Answer, Failure> {
        let unreachable = |error: &reqwest::Error| Failure {
            error: Error::Unreachable {
                service: call.service,
                operation: call.operation(),
                reason: failure::connection_reason(error),
            },
            retry_after: None,
            is_transient: true,
            was_sent: !error.is_connect(),
        };
        let mut request = self.request(base, call, token, operation)?;
        trace::inject(span, request.headers_mut());
        let response = self
            .client
            .execute(request)
            .await
            .map_err(|error| unreachable(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let request_id = [REQUEST_ID, OLD_REQUEST_ID]
            .iter()
            .find_map(|name| headers.get(name)?.to_str().ok().map(str::to_owned));
        let body = response
            .bytes()
            .await
            .map_err(|error| unreachable(&error))?;
        // Version documents come with 300.
        if status.is_success() || status == StatusCode::MULTIPLE_CHOICES {
            return Ok(Answer {
                status: status.as_u16(),
                headers,
                body,
                request_id,
            });
        }
        let upstream = Upstream {
            service: call.service,
            operation: call.operation(),
            status: status.as_u16(),
            message: failure::message(&headers, &body, status),
            request_id,
        };
        Err(Failure {
            error: Error::Upstream(Box::new(upstream)),
            retry_after: retry_after(&headers),
            is_transient: matches!(status.as_u16(), 429 | 502 | 503 | 504),
            // A gateway does not know what became of what it passed on.
            was_sent: matches!(status.as_u16(), 502 | 504),
        })
    }

    fn request(
        &self,
        base: &Url,
        call: &Call<'_>,
        token: Option<&SecretString>,
        operation: &Operation,
    ) -> Result<reqwest::Request, Failure> {
        let url = url_of(base, call)
            .map_err(|reason| Failure::last(Error::Internal(format!("bad URL: {reason}"))))?;
        let mut request = self.client.request(call.method.clone(), url);
        request = request.header(ACCEPT, "application/json");
        request = request.header(REQUEST_ID, &operation.global_request_id);
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose_secret())
                .map_err(|_| Failure::last(Error::Internal("the token is not text".to_owned())))?;
            value.set_sensitive(true);
            request = request.header(AUTH_TOKEN, value);
        }
        if let Some(version) = call.microversion {
            let service = match call.service {
                Service::BlockStorage => "volume",
                other => other.service_type(),
            };
            request = request.header(API_VERSION, format!("{service} {version}"));
        }
        if let Some(revision) = call.revision {
            request = request.header(IF_MATCH, format!("revision_number={revision}"));
        }
        if let Some(upload) = &call.upload {
            // Said, since servers do not all take a body of unknown length.
            request = request
                .header(CONTENT_TYPE, call.content_type)
                .header(CONTENT_LENGTH, upload.size_bytes)
                .body(upload.body());
        } else if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, call.content_type)
                .body(body.to_string());
        }
        request
            .build()
            .map_err(|error| Failure::last(Error::Internal(error.to_string())))
    }
}

fn url_of(base: &Url, call: &Call<'_>) -> Result<Url, url::ParseError> {
    let prefix = base.as_str().trim_end_matches('/');
    let mut url = Url::parse(&format!("{prefix}{}", call.path))?;
    if !call.query.is_empty() {
        url.query_pairs_mut()
            .extend_pairs(call.query.iter().map(|(name, value)| (name, value)));
    }
    Ok(url)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let when = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let left = when.with_timezone(&chrono::Utc) - chrono::Utc::now();
    Some(left.to_std().unwrap_or(Duration::ZERO))
}

struct Failure {
    error: Error,
    retry_after: Option<Duration>,
    is_transient: bool,
    /// Whether the service may have had the request, though nobody heard what it did.
    was_sent: bool,
}

impl Failure {
    fn last(error: Error) -> Self {
        Self {
            error,
            retry_after: None,
            is_transient: false,
            was_sent: false,
        }
    }

    fn sent(self) -> Self {
        Self {
            was_sent: true,
            ..self
        }
    }

    /// The error of something that was to be changed.
    fn of_change(self, call: &Call<'_>) -> Error {
        if !(call.changes && self.was_sent) {
            return self.error;
        }
        Error::OutcomeUnknown {
            service: call.service,
            operation: call.operation(),
            reason: self.error.to_string(),
            request_id: self.error.request_id().map(str::to_owned),
        }
    }

    fn is_transient(&self) -> bool {
        self.is_transient
    }

    fn into_error(self) -> Error {
        self.error
    }
}

fn client(cloud: &str, tls: &Tls) -> Result<reqwest::Client> {
    let refuse = |what: &str, error: &dyn std::fmt::Display| {
        Error::Configuration(format!("cloud `{cloud}`: {what}: {error}"))
    };
    let read = |what: &str, path: &std::path::Path| {
        std::fs::read(path).map_err(|error| refuse(&format!("{what} {}", path.display()), &error))
    };
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!(
            env!("CARGO_PKG_NAME"),
            "/",
            env!("CARGO_PKG_VERSION")
        ))
        .tls_danger_accept_invalid_certs(!tls.verify);
    if let Some(path) = &tls.ca_cert {
        let bundle = reqwest::Certificate::from_pem_bundle(&read("cacert", path)?)
            .map_err(|error| refuse(&format!("cacert {}", path.display()), &error))?;
        builder = builder.tls_certs_merge(bundle);
    }
    if let Some(path) = &tls.client_cert {
        let mut pem = read("cert", path)?;
        if let Some(key) = &tls.client_key {
            pem.push(b'\n');
            pem.extend(read("key", key)?);
        }
        let identity = reqwest::Identity::from_pem(&pem)
            .map_err(|error| refuse(&format!("cert {}", path.display()), &error))?;
        builder = builder.identity(identity);
    }
    builder
        .build()
        .map_err(|error| refuse("TLS settings", &error))
}
