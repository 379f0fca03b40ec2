//! The one error: what went wrong, in which service, and whether asking again may help.
//!
//! It knows nothing of GraphQL or MCP; the doors translate it as their last step.

use crate::cloud::Service;

/// What every fallible operation of the library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, in words a caller may read. Secrets never enter it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A service answered with an error status.
    #[error("{}", upstream_message(.0))]
    Upstream(Box<Upstream>),
    /// No answer could be had from a service.
    #[error("{service} ({}) could not be reached: {reason}", .service.code_name())]
    Unreachable {
        /// The service that was asked.
        service: Service,
        /// The operation, as `GET /servers/detail`.
        operation: String,
        /// Why, without the URL.
        reason: String,
    },
    /// A service did not answer within the operation's deadline.
    #[error("{service} ({}) did not answer within the time allowed ({operation}); ask for less or raise REQUEST_TIMEOUT", .service.code_name())]
    Timeout {
        /// The service that was asked.
        service: Service,
        /// The operation, as `GET /servers/detail`.
        operation: String,
    },
    /// A service answered with something that is not its API.
    #[error("{service} ({}) answered {operation} with something unreadable: {reason}", .service.code_name())]
    Unreadable {
        /// The service that was asked.
        service: Service,
        /// The operation, as `GET /servers/detail`.
        operation: String,
        /// What was wrong with the body.
        reason: String,
        /// OpenStack's id for the request.
        request_id: Option<String>,
    },
    /// The cloud has no such service.
    #[error("{service} ({}) is not available in cloud `{cloud}`: {reason}", .service.code_name())]
    ServiceAbsent {
        /// The service that was wanted.
        service: Service,
        /// The cloud's name.
        cloud: String,
        /// Where it was looked for.
        reason: String,
    },
    /// Keystone refused the configured credential.
    #[error(
        "Keystone refused the credential of cloud `{cloud}`: {reason}; check its user, password and project"
    )]
    Authentication {
        /// The cloud's name.
        cloud: String,
        /// Keystone's words.
        reason: String,
        /// OpenStack's id for the request.
        request_id: Option<String>,
    },
    /// Something was sent to be changed, and nobody knows whether it was.
    #[error(
        "{service} ({}) was sent {operation}, and whether it was done is not known: {reason}. It was \
         not sent again; look before you ask again", .service.code_name()
    )]
    OutcomeUnknown {
        /// The service that was asked.
        service: Service,
        /// The operation, as `POST /servers`.
        operation: String,
        /// What became of the answer.
        reason: String,
        /// OpenStack's id for the request, where it was told.
        request_id: Option<String>,
    },
    /// Something was accepted and did not come to a good end.
    #[error("{message}")]
    Failed {
        /// The service that did it.
        service: Service,
        /// What happened, and how things are now.
        message: String,
        /// OpenStack's id for the request that began it.
        request_id: Option<String>,
    },
    /// Something was accepted, and took longer than the caller wanted to wait.
    #[error("{0}")]
    StillUnderWay(String),
    /// Others are being served, and their turns took all the time allowed.
    #[error("this server is busy with other large operations; ask for less, or try again later")]
    Busy,
    /// The policy forbids it.
    #[error("not allowed: {0}")]
    Denied(&'static str),
    /// The caller asked for something that cannot be.
    #[error("{0}")]
    BadInput(String),
    /// The thing referred to does not exist, or the credential may not see it.
    #[error("{kind} `{reference}` not found; `{list}` lists those this credential can see")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// By which id or name.
        reference: String,
        /// The field that lists them.
        list: &'static str,
    },
    /// A name stands for several things.
    #[error("{kind} name `{reference}` is ambiguous; use an id: {}", .candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        kind: &'static str,
        /// The name.
        reference: String,
        /// Ids with what tells them apart.
        candidates: Vec<String>,
    },
    /// The server was configured wrongly; only seen at start.
    #[error("{0}")]
    Configuration(String),
    /// A bug in this server.
    #[error("internal error: {0}")]
    Internal(String),
}

/// An error answer of a service.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The service that answered.
    pub service: Service,
    /// The operation, as `GET /servers/detail`.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The service's own words, cut to a readable length.
    pub message: String,
    /// OpenStack's id for the request.
    pub request_id: Option<String>,
}

fn upstream_message(upstream: &Upstream) -> String {
    let Upstream {
        service,
        operation,
        status,
        message,
        ..
    } = upstream;
    format!(
        "{service} ({}) answered {status} to {operation}: {message}",
        service.code_name()
    )
}

impl Error {
    /// The stable code of the failure, as `extensions.code` shows it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Upstream(upstream) => match upstream.status {
                401 => "UNAUTHENTICATED",
                403 if is_quota(&upstream.message) => "QUOTA_EXCEEDED",
                403 => "FORBIDDEN",
                404 => "NOT_FOUND",
                409 if is_quota(&upstream.message) => "QUOTA_EXCEEDED",
                409 | 412 => "CONFLICT",
                413 => "QUOTA_EXCEEDED",
                // Heat has no code for it.
                400 if upstream.message.starts_with("Request limit exceeded") => "QUOTA_EXCEEDED",
                429 => "RATE_LIMITED",
                400..=499 => "BAD_REQUEST",
                503 => "SERVICE_UNAVAILABLE",
                _ => "UPSTREAM_ERROR",
            },
            Self::Unreachable { .. } | Self::ServiceAbsent { .. } => "SERVICE_UNAVAILABLE",
            Self::Timeout { .. } => "TIMEOUT",
            Self::Unreadable { .. } => "UPSTREAM_ERROR",
            Self::Authentication { .. } => "UNAUTHENTICATED",
            Self::OutcomeUnknown { .. } => "OUTCOME_UNKNOWN",
            Self::Failed { .. } => "FAILED",
            Self::StillUnderWay(_) => "STILL_UNDER_WAY",
            Self::Busy => "BUSY",
            Self::Denied(_) => "FORBIDDEN",
            Self::BadInput(_) => "BAD_USER_INPUT",
            Self::NotFound { .. } => "NOT_FOUND",
            Self::Ambiguous { .. } => "AMBIGUOUS",
            Self::Configuration(_) => "CONFIGURATION",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// The service that failed, when one did.
    #[must_use]
    pub fn service(&self) -> Option<Service> {
        match self {
            Self::Upstream(upstream) => Some(upstream.service),
            Self::Unreachable { service, .. }
            | Self::Timeout { service, .. }
            | Self::Unreadable { service, .. }
            | Self::OutcomeUnknown { service, .. }
            | Self::Failed { service, .. }
            | Self::ServiceAbsent { service, .. } => Some(*service),
            Self::Authentication { .. } => Some(Service::Identity),
            Self::StillUnderWay(_)
            | Self::Busy
            | Self::Denied(_)
            | Self::BadInput(_)
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Configuration(_)
            | Self::Internal(_) => None,
        }
    }

    /// The upstream operation that failed, as `GET /servers/detail`.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        match self {
            Self::Upstream(upstream) => Some(&upstream.operation),
            Self::Unreachable { operation, .. }
            | Self::Timeout { operation, .. }
            | Self::Unreadable { operation, .. }
            | Self::OutcomeUnknown { operation, .. } => Some(operation),
            Self::ServiceAbsent { .. }
            | Self::Authentication { .. }
            | Self::Failed { .. }
            | Self::StillUnderWay(_)
            | Self::Busy
            | Self::Denied(_)
            | Self::BadInput(_)
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Configuration(_)
            | Self::Internal(_) => None,
        }
    }

    /// OpenStack's id for the failed request: what an operator asks for first.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Upstream(upstream) => upstream.request_id.as_deref(),
            Self::Unreadable { request_id, .. }
            | Self::Authentication { request_id, .. }
            | Self::OutcomeUnknown { request_id, .. }
            | Self::Failed { request_id, .. } => request_id.as_deref(),
            Self::StillUnderWay(_)
            | Self::Busy
            | Self::Denied(_)
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::ServiceAbsent { .. }
            | Self::BadInput(_)
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Configuration(_)
            | Self::Internal(_) => None,
        }
    }

    /// The HTTP status a service answered with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Upstream(upstream) => Some(upstream.status),
            _ => None,
        }
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::Upstream(upstream) => matches!(upstream.status, 429 | 500 | 502 | 503 | 504),
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Unreadable { .. }
            | Self::Busy => true,
            // Nothing that may have been done is to be done again.
            Self::OutcomeUnknown { .. }
            | Self::Failed { .. }
            | Self::StillUnderWay(_)
            | Self::Denied(_)
            | Self::ServiceAbsent { .. }
            | Self::Authentication { .. }
            | Self::BadInput(_)
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Configuration(_)
            | Self::Internal(_) => false,
        }
    }

    /// Whether it is the caller's to put right, or a refusal by a service that works: what a
    /// mutation tells beside its object, and not as its failure.
    #[must_use]
    pub fn is_callers(&self) -> bool {
        match self {
            Self::Upstream(upstream) => {
                matches!(upstream.status, 400..=499) && !matches!(upstream.status, 401 | 429)
            }
            Self::OutcomeUnknown { .. }
            | Self::Failed { .. }
            | Self::StillUnderWay(_)
            | Self::BadInput(_)
            | Self::NotFound { .. }
            | Self::Ambiguous { .. } => true,
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Unreadable { .. }
            | Self::ServiceAbsent { .. }
            | Self::Authentication { .. }
            | Self::Busy
            | Self::Denied(_)
            | Self::Configuration(_)
            | Self::Internal(_) => false,
        }
    }

    /// Whether the service refused the caller, so that asking for less may help.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether the service said that the thing is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. }) || self.status() == Some(404)
    }
}

/// Nova says 403 and Neutron 409 when a quota is full; only the text tells. A refusal to *show*
/// quotas speaks of quotas too.
fn is_quota(message: &str) -> bool {
    let message = message.to_lowercase();
    let is_full = message.contains("exceeded") || message.contains("quota reached");
    // Nova does not name the quota of ports, which are Neutron's, nor that of metadata.
    let is_most = message.starts_with("maximum number of") && message.contains("exceed");
    message.contains("quota") && is_full || is_most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, message: &str) -> &'static str {
        let upstream = Upstream {
            service: Service::Compute,
            operation: "POST /servers".to_owned(),
            status,
            message: message.to_owned(),
            request_id: None,
        };
        Error::Upstream(Box::new(upstream)).code()
    }

    #[test]
    fn each_service_has_its_own_way_to_say_that_a_quota_is_full() {
        for (status, message) in [
            (
                403,
                "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances",
            ),
            (403, "Maximum number of ports exceeded"),
            (403, "Maximum number of metadata items exceeds 128"),
            (409, "Quota exceeded for resources: ['network']."),
            (
                413,
                "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'.",
            ),
            (
                400,
                "Request limit exceeded: Maximum resources per stack exceeded.",
            ),
        ] {
            assert_eq!(code(status, message), "QUOTA_EXCEEDED", "{message}");
        }
        assert_eq!(
            code(403, "Policy doesn't allow quota:show to be performed."),
            "FORBIDDEN"
        );
        assert_eq!(
            code(
                409,
                "Cannot 'start' instance while it is in vm_state active"
            ),
            "CONFLICT"
        );
        assert_eq!(code(400, "The limit is a number."), "BAD_REQUEST");
    }
}
