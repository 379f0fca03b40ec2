//! Reads the body of a request, within bounds of size and time.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONNECTION;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::problem::Problem;

/// The largest body, in bytes.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a body may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read all the same, so that its sender gets to read
/// the answer instead of seeing the connection reset.
const MAX_DISCARDED_BYTES: usize = 8 * MAX_BODY_BYTES;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// Hands the request on with its whole body, or answers why not.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, |announced| announced > MAX_BODY_BYTES) {
        return too_large(&mut body).await;
    }
    match tokio::time::timeout(READ_TIMEOUT, collect(&mut body)).await {
        Ok(Ok(bytes)) => {
            next.run(Request::from_parts(parts, Body::from(bytes)))
                .await
        }
        Ok(Err(Failure::TooLarge)) => too_large(&mut body).await,
        Ok(Err(Failure::Broken)) => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The body of the request could not be read.",
        )
        .into_response(),
        Err(_elapsed) => closing(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            format!(
                "The body of the request did not arrive within {} seconds.",
                READ_TIMEOUT.as_secs()
            ),
        )),
    }
}

enum Failure {
    TooLarge,
    Broken,
}

async fn collect(body: &mut Body) -> Result<Bytes, Failure> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::TooLarge),
        Err(_) => Err(Failure::Broken),
    }
}

async fn too_large(body: &mut Body) -> Response {
    let discard = async {
        let mut discarded = 0;
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > MAX_DISCARDED_BYTES {
                return;
            }
        }
    };
    // Whether it was read to its end makes no difference to the answer.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, discard).await;
    closing(Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        format!("The body of a request may have {MAX_BODY_BYTES} bytes."),
    ))
}

/// The answer, with the connection closed after it: the rest of the body may still be coming.
fn closing(problem: Problem) -> Response {
    ([(CONNECTION, "close")], problem).into_response()
}
