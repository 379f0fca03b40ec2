//! The one address under which everything is found: `/compute/v2.1`, `/network/v2.0`, …; a second
//! region's services are below `/RegionTwo`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::call::{Call, Query};
use crate::fault::{Fault, Subject};
use crate::log::Entry;
use crate::reply::{Answer, Reply};
use crate::service::{Service, region_name};
use crate::world::World;
use crate::{
    Simulator, block_storage, clock, compute, control, identity, image, network, orchestration,
    placement,
};

/// Bytes of a request's body that are read.
const BODY: usize = 16 * 1024 * 1024;
/// How long a client may take over its headers.
const HEADERS: Duration = Duration::from_secs(30);

pub(crate) async fn serve(
    simulator: Simulator,
    listener: TcpListener,
    shutdown: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(simulator.clone(), stream);
                let shutdown = shutdown.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection => {}
                        () = shutdown.cancelled() => {}
                    }
                });
            }
            // Out of descriptors, say: others are given back in a while.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(simulator: Simulator, stream: TcpStream) {
    // Small answers would otherwise wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let simulator = simulator.clone();
        async move { respond(&simulator, request).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// That a connection is to be cut without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("cut on purpose")
    }
}

impl std::error::Error for Cut {}

async fn respond(
    simulator: &Simulator,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY).collect().await else {
        return Ok(response(Reply::empty(StatusCode::PAYLOAD_TOO_LARGE)));
    };
    let body = body.to_bytes();
    let origin = origin(&parts);
    let path = decoded(parts.uri.path());
    if path.first().is_some_and(|first| first == control::PREFIX) {
        return Ok(response(control::answer(
            simulator,
            &parts.method,
            &path[1..],
            &parts.uri,
            &body,
        )));
    }
    let Some(place) = Place::of(&path, simulator.inner.options.regions) else {
        return Ok(response(nowhere(&origin)));
    };
    let (root, behind) = place.roots(&origin, &parts.uri);
    simulator.catch_up();
    let request_id = format!("req-{}", Uuid::new_v4());
    let caller = token_of(simulator, &parts);
    let call = Call {
        method: parts.method.clone(),
        service: place.service,
        region: place.region,
        origin,
        root,
        path: path[place.depth..].to_vec(),
        query: Query::parse(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
        request_id: request_id.clone(),
        now: simulator.world().now(),
        caller,
    };
    let region = region_name(place.region);
    let subject = Subject {
        service: call.service,
        region: &region,
        method: &call.method,
        path: &behind,
        length: parts.uri.to_string().len(),
        is_discovery: is_discovery(&call),
    };
    let fault = simulator.faults().meet(&subject);
    let mut late = simulator.faults().latency();
    if let Some(Fault::Slow { milliseconds }) = fault {
        late += Duration::from_millis(milliseconds);
    }
    let reply = match fault {
        Some(Fault::Reset) => None,
        Some(Fault::Lost) => {
            let _ = answer(simulator, &call);
            None
        }
        Some(fault) => Some(
            fault
                .reply(call.service)
                .unwrap_or_else(|| answer(simulator, &call)),
        ),
        None => Some(answer(simulator, &call)),
    };
    // What the answer took is part of what it is late.
    if let Some(rest) = late.checked_sub(began.elapsed()) {
        tokio::time::sleep(rest).await;
    }
    let entry = Entry {
        number: 0,
        time: clock::zulu(call.now).text(),
        service: call.service,
        region,
        method: call.method.to_string(),
        path: behind,
        microversion: call.header("openstack-api-version").map(str::to_owned),
        user: call.caller.as_ref().map(|token| token.user_name.clone()),
        project: call
            .caller
            .as_ref()
            .and_then(|token| token.project)
            .map(|id| id.to_string()),
        status: reply.as_ref().map(|reply| reply.status.as_u16()),
        bytes: reply.as_ref().map_or(0, |reply| reply.body.len()),
        milliseconds: began.elapsed().as_secs_f64() * 1000.0,
        request_id: request_id.clone(),
        global_request_id: call.header("x-openstack-request-id").map(str::to_owned),
        is_spoilt: fault.is_some(),
    };
    simulator.log().add(entry);
    let reply = reply.ok_or(Cut)?;
    let is_crash = call.service == Service::Identity && identity::is_crash(&reply);
    let mut response = response(reply);
    if let Ok(id) = HeaderValue::from_str(&request_id)
        && is_named(&call)
        && !is_crash
    {
        if call.service == Service::Compute {
            response
                .headers_mut()
                .insert("x-compute-request-id", id.clone());
        }
        // Glance tells an id of its own choice, and none before it knows who calls.
        if call.service != Service::Image {
            response.headers_mut().insert("x-openstack-request-id", id);
        }
    }
    Ok(response)
}

/// The service's own answer.
fn answer(simulator: &Simulator, call: &Call) -> Reply {
    let answered: Answer = if matches!(call.method, Method::GET | Method::HEAD) {
        let world = simulator.world();
        match call.service {
            Service::Identity => identity::read(&world, call),
            Service::Compute => compute::read(&world, call),
            Service::Network => network::read(&world, call),
            Service::BlockStorage => block_storage::read(&world, call),
            Service::Image => image::read(&world, call),
            Service::Orchestration => orchestration::read(&world, call),
            Service::Placement => placement::read(&world, call),
        }
    } else {
        let mut world = simulator.world_mut();
        write(&mut world, call)
    };
    answered.unwrap_or_else(|refusal| refusal)
}

fn write(world: &mut World, call: &Call) -> Answer {
    match call.service {
        Service::Identity => identity::write(world, call),
        Service::Compute => compute::write(world, call),
        Service::Network => network::write(world, call),
        Service::BlockStorage => block_storage::write(world, call),
        Service::Image => image::write(world, call),
        Service::Orchestration => orchestration::write(world, call),
        Service::Placement => placement::write(world, call),
    }
}

/// Which service of which region a path is about.
struct Place {
    service: Service,
    region: usize,
    /// How many segments said so.
    depth: usize,
}

impl Place {
    fn of(path: &[String], regions: usize) -> Option<Self> {
        let first = path.first()?;
        if let Some(service) = Service::at(first) {
            return Some(Self {
                service,
                region: 0,
                depth: 1,
            });
        }
        let region = (0..regions).find(|place| region_name(*place) == *first)?;
        let service = Service::at(path.get(1)?)?;
        Some(Self {
            service,
            region,
            depth: 2,
        })
    }

    /// What links begin with, and the request's path and query behind that.
    fn roots(&self, origin: &str, uri: &http::Uri) -> (String, String) {
        let text = uri.path_and_query().map_or("/", |text| text.as_str());
        let end = text
            .char_indices()
            .skip(1)
            .filter(|(_, letter)| matches!(letter, '/' | '?'))
            .nth(self.depth - 1)
            .map_or(text.len(), |(place, _)| place);
        (format!("{origin}{}", &text[..end]), text[end..].to_owned())
    }
}

/// Whether the answer tells the request's id: Nova's list of versions comes from before it has one.
fn is_named(call: &Call) -> bool {
    let root = call.path.first().map(String::as_str);
    call.service != Service::Compute || matches!(root, Some("v2" | "v2.1"))
}

/// Roots and versions, which answer without a token.
fn is_discovery(call: &Call) -> bool {
    match call.segments().as_slice() {
        [] | [""] | ["versions", ..] => true,
        [version] | [version, ""] => is_version(version),
        _ => false,
    }
}

fn is_version(segment: &str) -> bool {
    let mut letters = segment.chars();
    letters.next() == Some('v') && letters.next().is_some_and(|digit| digit.is_ascii_digit())
}

fn token_of(
    simulator: &Simulator,
    parts: &http::request::Parts,
) -> Option<std::sync::Arc<identity::Token>> {
    let id = parts.headers.get("x-auth-token")?.to_str().ok()?;
    simulator.world().valid_token(id)
}

fn origin(parts: &http::request::Parts) -> String {
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("127.0.0.1"))
}

/// The segments of a path. What is no UTF-8 is replaced, and found nowhere.
fn decoded(path: &str) -> Vec<String> {
    let segments = path.trim_start_matches('/').split('/');
    segments
        .map(|segment| {
            // A plus is a plus in a path.
            let escaped = segment.replace('+', "%2B");
            let mut pairs = url::form_urlencoded::parse(escaped.as_bytes());
            pairs
                .next()
                .map(|(name, value)| {
                    if value.is_empty() {
                        name.into_owned()
                    } else {
                        format!("{name}={value}")
                    }
                })
                .unwrap_or_default()
        })
        .collect()
}

fn nowhere(origin: &str) -> Reply {
    let mut text =
        format!("This is a simulated OpenStack. Its Keystone is at {origin}/identity/v3;\n");
    text += "what can be done to it is at /simulator.\n";
    Reply::of(StatusCode::NOT_FOUND, "text/plain", text.into())
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    response.headers_mut().extend(reply.headers);
    response
        .headers_mut()
        .entry(HeaderName::from_static("server"))
        .or_insert(HeaderValue::from_static("openstack-simulator"));
    response
}
