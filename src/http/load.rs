//! How much is worked on at once: what comes beyond that is told to come back, and not kept
//! waiting without a word.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use tokio::sync::Semaphore;

use super::problem::Problem;
use crate::measure;

/// Requests that are worked on at once. They mostly wait for OpenStack, which is asked eight
/// things at a time.
pub(super) const IN_FLIGHT: usize = 256;

/// Lets a request through while there is room.
pub(super) async fn shed(
    State(room): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // Probes tell whether the process is there, and a busy one is.
    if path == "/healthz" {
        return next.run(request).await;
    }
    let Ok(place) = room.try_acquire() else {
        measure::shed(measure::Excess::Requests);
        tracing::warn!(
            path,
            "a request was shed: as many are under way as are worked on at once"
        );
        let problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "This server works on as many requests as it can; try again in a second.",
        );
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    let response = next.run(request).await;
    drop(place);
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_there_is_no_room_for_is_told_to_come_back() {
        let slow = get(|| tokio::time::sleep(Duration::from_secs(1)));
        let room = Arc::new(Semaphore::new(2));
        let router = Router::new()
            .route("/graphql", slow)
            .route("/healthz", get(|| async {}))
            .layer(middleware::from_fn_with_state(room, shed));
        let ask = |path: &str| {
            let request = Request::get(path).body(Body::empty());
            router.clone().oneshot(request.expect("a request"))
        };
        let answers = tokio::join!(
            ask("/graphql"),
            ask("/graphql"),
            ask("/graphql"),
            ask("/healthz")
        );
        let (one, other, third, probe) = answers;
        for response in [one, other, probe] {
            assert_eq!(response.expect("an answer").status(), StatusCode::OK);
        }
        let shed = third.expect("an answer");
        assert_eq!(shed.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(shed.headers()[RETRY_AFTER], "1");
        // There is room again afterwards.
        let later = ask("/graphql").await.expect("an answer");
        assert_eq!(later.status(), StatusCode::OK);
    }
}
