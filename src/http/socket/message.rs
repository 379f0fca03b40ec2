//! The messages of graphql-transport-ws, and the codes a socket is closed with.

use async_graphql::Response;
use serde_json::{Map, Value, json};

use crate::auth::Refusal;
use crate::http::graphql;
use crate::http::rate::TooMany;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    /// It wants to begin, and says who it is.
    Init(Map<String, Value>),
    /// It asks whether this side is still there.
    Ping,
    /// It is still there.
    Pong,
    /// It wants an operation executed.
    Subscribe {
        /// What it calls the operation.
        id: String,
        /// The operation, as in the body of a request.
        payload: Map<String, Value>,
    },
    /// It has heard enough of an operation.
    Complete {
        /// What it calls the operation.
        id: String,
    },
}

impl Incoming {
    /// Reads a message, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let message = serde_json::from_str(text).map_err(|_| "a message is a JSON object")?;
        let Value::Object(mut message) = message else {
            return Err("a message is a JSON object".to_owned());
        };
        let kind = match message.remove("type") {
            Some(Value::String(kind)) => kind,
            _ => return Err("a message has a `type`".to_owned()),
        };
        let mut id = || match message.remove("id") {
            Some(Value::String(id)) if !id.is_empty() => Ok(id),
            _ => Err(format!("`{kind}` has an `id`")),
        };
        match kind.as_str() {
            "connection_init" => Ok(Self::Init(payload(&mut message)?.unwrap_or_default())),
            "ping" => payload(&mut message).map(|_| Self::Ping),
            "pong" => payload(&mut message).map(|_| Self::Pong),
            "complete" => Ok(Self::Complete { id: id()? }),
            "subscribe" => {
                let id = id()?;
                let payload = payload(&mut message)?.ok_or("`subscribe` has a `payload`")?;
                Ok(Self::Subscribe { id, payload })
            }
            _ => Err("there is no message of this type".to_owned()),
        }
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, String> {
    match message.remove("payload") {
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err("a `payload` is an object".to_owned()),
    }
}

/// What a client is told.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// It may begin.
    Acknowledged,
    /// This side is still there.
    Pong,
    /// What an operation has to say.
    Next {
        /// The operation.
        id: String,
        /// The whole message.
        text: String,
    },
    /// Why an operation was not executed; nothing follows.
    Error {
        /// The operation.
        id: String,
        /// The whole message.
        text: String,
    },
    /// Nothing follows.
    Complete {
        /// The operation.
        id: String,
    },
}

impl Outgoing {
    /// The answer of an operation.
    pub(super) fn answer(id: &str, response: &Response) -> Self {
        let id = id.to_owned();
        if graphql::was_executed(response) {
            let payload = graphql::written(response);
            let text = json!({ "id": id, "type": "next", "payload": payload }).to_string();
            return Self::Next { id, text };
        }
        let text = json!({ "id": id, "type": "error", "payload": response.errors }).to_string();
        Self::Error { id, text }
    }

    /// An operation that is not begun.
    pub(super) fn refused(id: String, reason: &str) -> Self {
        let payload = json!([{ "message": reason }]);
        let text = json!({ "id": id, "type": "error", "payload": payload }).to_string();
        Self::Error { id, text }
    }

    /// An operation of a caller that has asked too much lately.
    pub(super) fn too_many(id: String, too_many: &TooMany) -> Self {
        let payload = json!([{
            "message": too_many.to_string(),
            "extensions": { "code": "RATE_LIMITED", "retryAfterSeconds": too_many.seconds() },
        }]);
        let text = json!({ "id": id, "type": "error", "payload": payload }).to_string();
        Self::Error { id, text }
    }

    /// The operation it is about.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Acknowledged | Self::Pong => None,
            Self::Next { id, .. } | Self::Error { id, .. } | Self::Complete { id } => Some(id),
        }
    }

    /// Whether nothing follows it.
    pub(super) fn is_last(&self) -> bool {
        matches!(self, Self::Error { .. } | Self::Complete { .. })
    }

    /// The message.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Acknowledged => json!({ "type": "connection_ack" }).to_string(),
            Self::Pong => json!({ "type": "pong" }).to_string(),
            Self::Next { text, .. } | Self::Error { text, .. } => text,
            Self::Complete { id } => json!({ "id": id, "type": "complete" }).to_string(),
        }
    }
}

/// Why a socket is closed.
#[derive(Debug)]
pub(super) enum Close {
    /// The client is not there any longer, or has closed it.
    Gone,
    /// This server stops.
    Stopping,
    /// The configuration was read again, and what the socket was opened by may not hold any longer.
    Replaced,
    /// A message is longer than is read.
    TooLong,
    /// A message cannot be understood.
    BadMessage(String),
    /// Something was asked before `connection_init`.
    NoInit,
    /// The client's token has ended.
    Expired,
    /// The client may not be here.
    Refused(Refusal),
    /// The client speaks another protocol.
    Protocol,
    /// `connection_init` did not come.
    InitTimeout,
    /// Two operations under way have one id.
    SameId(String),
    /// `connection_init` came again.
    SecondInit,
}

/// A close frame holds 125 bytes, two of them for the code.
const MAX_REASON_BYTES: usize = 123;

impl Close {
    /// The code of the protocol, or of the `WebSocket`.
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Gone => 1000,
            Self::Stopping => 1001,
            Self::TooLong => 1009,
            Self::Replaced => 1012,
            Self::BadMessage(_) => 4400,
            Self::NoInit | Self::Expired => 4401,
            Self::Refused(_) => 4403,
            Self::Protocol => 4406,
            Self::InitTimeout => 4408,
            Self::SameId(_) => 4409,
            Self::SecondInit => 4429,
        }
    }

    /// The reason in words, as far as there is room for them.
    pub(super) fn reason(&self) -> String {
        let mut reason = match self {
            Self::Gone => String::new(),
            Self::Stopping => "The server stops".to_owned(),
            Self::Replaced => "The configuration was read again: connect once more".to_owned(),
            Self::TooLong => "The message is too long".to_owned(),
            Self::BadMessage(what) => format!("Invalid message: {what}"),
            Self::NoInit => "Unauthorized: send connection_init first".to_owned(),
            Self::Expired => "Unauthorized: the token has expired".to_owned(),
            Self::Refused(refusal) => format!("Forbidden: {refusal}"),
            Self::Protocol => "Subprotocol not acceptable: use graphql-transport-ws".to_owned(),
            Self::InitTimeout => "Connection initialisation timeout".to_owned(),
            Self::SameId(id) => format!("Subscriber for {id} already exists"),
            Self::SecondInit => "Too many initialisation requests".to_owned(),
        };
        let end = reason.floor_char_boundary(MAX_REASON_BYTES);
        reason.truncate(end);
        reason
    }
}
