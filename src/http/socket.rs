//! `/graphql/ws`: operations over one connection, by the protocol graphql-transport-ws.
//!
//! Browsers cannot send a token with the handshake, so a socket is opened for everybody and does
//! nothing before `connection_init` has told who asks. It closes when their token ends.

mod message;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use self::message::{Close, Incoming, Outgoing};
use super::graphql::{self, asker};
use super::problem::Problem;
use super::rate::{Key, Limiter, PeerAddress};
use super::server::Served;
use crate::auth::{Authenticator, Caller, Refusal};
use crate::graph::Graph;
use crate::measure::{self, OpenSocket};

const PROTOCOL: &str = "graphql-transport-ws";
/// The longest message a client may send, as for the body of a request.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// Operations of one socket that may be under way.
const MAX_OPERATIONS: usize = 100;
/// Answers that wait for a client to read them; then what makes them waits too.
const QUEUED: usize = 16;
/// How long a client may take to say who it is.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to read an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a silent client is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// How long nothing at all may come of it.
const SILENCE: Duration = Duration::from_secs(70);

/// Opens a socket.
pub(super) async fn open(
    State(graph): State<Graph>,
    Extension(authenticator): Extension<Arc<Authenticator>>,
    caller: Option<Extension<Caller>>,
    limiter: Option<Extension<Arc<Limiter>>>,
    peer: Option<Extension<PeerAddress>>,
    served: Option<Extension<Served>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]),
        Err(rejection) => {
            let reason = format!("{}; this door takes WebSockets", rejection.body_text());
            return Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", reason)
                .into_response();
        }
    };
    let has_protocol = upgrade.selected_protocol().is_some();
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| async move {
            let _open = OpenSocket::new();
            let mut connection = Connection {
                socket,
                graph,
                authenticator,
                limiter: limiter.map(|Extension(limiter)| limiter),
                peer: peer.map(|Extension(peer)| peer),
                from_handshake: caller.map(|Extension(caller)| caller),
                caller: None,
                operations: HashMap::new(),
                begun: 0,
                answers: mpsc::channel(QUEUED),
                heard: Instant::now(),
            };
            let served = served.map(|Extension(served)| served);
            let close = if has_protocol {
                connection.run(served.as_ref()).await
            } else {
                Some(Close::Protocol)
            };
            connection.close(close).await;
        })
}

struct Connection {
    socket: WebSocket,
    graph: Graph,
    authenticator: Arc<Authenticator>,
    limiter: Option<Arc<Limiter>>,
    peer: Option<PeerAddress>,
    /// Who sent the handshake, when it said so.
    from_handshake: Option<Caller>,
    /// Who asks, from `connection_init` on.
    caller: Option<Caller>,
    /// What is under way; what is dropped from here stops.
    operations: HashMap<String, Operation>,
    begun: u64,
    answers: (mpsc::Sender<Answer>, mpsc::Receiver<Answer>),
    /// When the client last sent anything.
    heard: Instant,
}

/// An operation that is under way.
struct Operation {
    /// Ids may be used again; this is not.
    number: u64,
    _task: AbortOnDropHandle<()>,
}

/// What the operation of some number says.
type Answer = (u64, Outgoing);

impl Connection {
    /// Serves until one side has had enough; `None` when the client is gone already.
    async fn run(&mut self, served: Option<&Served>) -> Option<Close> {
        let began = Instant::now();
        let mut next_ping = began + PING_INTERVAL;
        let stopped = async {
            let Some(served) = served else {
                return std::future::pending().await;
            };
            tokio::select! {
                () = served.stopping.cancelled() => Close::Stopping,
                () = served.replaced.cancelled() => Close::Replaced,
            }
        };
        tokio::pin!(stopped);
        loop {
            let deadline = match &self.caller {
                None => began + INIT_TIMEOUT,
                Some(caller) => ends(caller).unwrap_or(next_ping).min(next_ping),
            };
            let handled = tokio::select! {
                message = self.socket.recv() => self.receive(message?).await,
                Some(answer) = self.answers.1.recv() => self.pass_on(answer).await,
                () = sleep_until(deadline) => self.look_at_the_clock(&mut next_ping).await,
                close = &mut stopped => Err(close),
            };
            if let Err(close) = handled {
                return Some(close);
            }
        }
    }

    async fn look_at_the_clock(&mut self, next_ping: &mut Instant) -> Result<(), Close> {
        let Some(caller) = &self.caller else {
            return Err(Close::InitTimeout);
        };
        if caller.expires.is_some_and(|end| end <= SystemTime::now()) {
            return Err(Close::Expired);
        }
        let now = Instant::now();
        if now.duration_since(self.heard) > SILENCE {
            return Err(Close::Gone);
        }
        *next_ping = now + PING_INTERVAL;
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn receive(&mut self, message: Result<Message, axum::Error>) -> Result<(), Close> {
        self.heard = Instant::now();
        match message {
            Ok(Message::Text(text)) => {
                let incoming = Incoming::read(&text).map_err(Close::BadMessage)?;
                self.handle(incoming).await
            }
            Ok(Message::Binary(_)) => {
                let reason = "messages are text".to_owned();
                Err(Close::BadMessage(reason))
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => Ok(()),
            Ok(Message::Close(_)) => Err(Close::Gone),
            Err(error) => {
                tracing::debug!(%error, "a socket broke");
                // What cannot be read is mostly what is too long.
                Err(Close::TooLong)
            }
        }
    }

    async fn handle(&mut self, incoming: Incoming) -> Result<(), Close> {
        match incoming {
            Incoming::Init(payload) => {
                if self.caller.is_some() {
                    return Err(Close::SecondInit);
                }
                self.caller = Some(self.authenticate(&payload).await?);
                self.tell(Outgoing::Acknowledged).await
            }
            Incoming::Ping => self.tell(Outgoing::Pong).await,
            Incoming::Pong => Ok(()),
            Incoming::Subscribe { id, payload } => {
                let Some(caller) = self.caller.clone() else {
                    return Err(Close::NoInit);
                };
                if self.operations.contains_key(&id) {
                    return Err(Close::SameId(id));
                }
                if self.operations.len() >= MAX_OPERATIONS {
                    let reason = format!(
                        "{MAX_OPERATIONS} operations are under way on this socket; complete one first"
                    );
                    return self.tell(Outgoing::refused(id, &reason)).await;
                }
                let key = Key::of(Some(&caller), self.peer);
                if let Some(limiter) = &self.limiter
                    && let Err(too_many) = limiter.check(&key).await
                {
                    return self.tell(Outgoing::too_many(id, &too_many)).await;
                }
                self.begin(id, caller, payload)
            }
            Incoming::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
        }
    }

    /// Who asks: as `connection_init` says, else as the handshake said.
    async fn authenticate(&mut self, payload: &Map<String, Value>) -> Result<Caller, Close> {
        let mut headers = HeaderMap::new();
        for (name, value) in payload {
            if name.eq_ignore_ascii_case(AUTHORIZATION.as_str()) {
                let value = value.as_str().map(HeaderValue::from_str);
                let Some(Ok(value)) = value else {
                    return Err(Close::Refused(Refusal::Malformed));
                };
                headers.append(AUTHORIZATION, value);
            }
        }
        if headers.is_empty()
            && let Some(caller) = &self.from_handshake
        {
            return Ok(caller.clone());
        }
        let caller = self.authenticator.authenticate(&headers).await;
        caller.map_err(|refusal| {
            tracing::info!(%refusal, "a caller was refused at a socket");
            measure::unauthenticated(refusal.name());
            Close::Refused(refusal)
        })
    }

    fn begin(
        &mut self,
        id: String,
        caller: Caller,
        payload: Map<String, Value>,
    ) -> Result<(), Close> {
        let request = graphql::request_of(payload);
        let request = request.map_err(|refusal| Close::BadMessage(refusal.to_string()))?;
        let told = self.graph.subscribe(asker(caller), request);
        let answers = self.answers.0.clone();
        self.begun += 1;
        let number = self.begun;
        let answered = id.clone();
        let telling = async move {
            let mut told = told;
            while let Some(response) = told.next().await {
                let answer = Outgoing::answer(&answered, &response);
                let was_last = matches!(answer, Outgoing::Error { .. });
                if answers.send((number, answer)).await.is_err() || was_last {
                    return;
                }
            }
            let complete = Outgoing::Complete { id: answered };
            drop(answers.send((number, complete)).await);
        };
        let operation = Operation {
            number,
            _task: AbortOnDropHandle::new(tokio::spawn(telling)),
        };
        self.operations.insert(id, operation);
        Ok(())
    }

    async fn pass_on(&mut self, (number, outgoing): Answer) -> Result<(), Close> {
        let id = outgoing.id().unwrap_or_default();
        let operation = self.operations.get(id);
        // What the client completed meanwhile it does not want to hear of.
        if operation.is_none_or(|operation| operation.number != number) {
            return Ok(());
        }
        if outgoing.is_last() {
            self.operations.remove(id);
        }
        self.tell(outgoing).await
    }

    async fn tell(&mut self, outgoing: Outgoing) -> Result<(), Close> {
        self.send(Message::text(outgoing.into_text())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Close> {
        match timeout(WRITE_TIMEOUT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Close::Gone),
        }
    }

    async fn close(mut self, close: Option<Close>) {
        self.operations.clear();
        let Some(close) = close else { return };
        let frame = CloseFrame {
            code: close.code(),
            reason: close.reason().into(),
        };
        let closing = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                // The rest of what it sends is read, or it would not see why.
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        let _ = timeout(Duration::from_secs(1), closing).await;
    }
}

/// When a caller's credentials end.
fn ends(caller: &Caller) -> Option<Instant> {
    let left = caller.expires?.duration_since(SystemTime::now());
    Some(Instant::now() + left.unwrap_or_default())
}
