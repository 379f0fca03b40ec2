//! `/metrics`: what this process counted, and how its clouds are, for Prometheus.
//!
//! It tells of every cloud, so it is for callers whom every cloud answers.

mod gauges;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use self::gauges::CloudGauges;
use super::negotiation;
use super::problem::Problem;
use crate::auth::Caller;
use crate::graph::Graph;
use crate::measure::{Metrics, open_metrics};

const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Sources {
    graph: Graph,
    metrics: Option<Metrics>,
    gauges: CloudGauges,
}

/// The door; without metrics it says that nothing is counted.
pub(super) fn routes(graph: &Graph, metrics: Option<Metrics>) -> Router {
    let sources = Sources {
        graph: graph.clone(),
        metrics,
        gauges: CloudGauges::new(graph.clone()),
    };
    Router::new()
        .route("/metrics", get(answer))
        .with_state(sources)
}

async fn answer(
    State(sources): State<Sources>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let Some(metrics) = &sources.metrics else {
        let reason = "Nothing is counted in this process.";
        return Problem::new(StatusCode::NOT_FOUND, "not_found", reason).into_response();
    };
    if !has_every_cloud(&sources.graph, &caller) {
        let reason = "The metrics tell of every cloud, and the token is for some of them; use one \
                      whose claim `openstack_cloud` names all, or the secret.";
        return Problem::new(StatusCode::FORBIDDEN, "cloud_not_allowed", reason).into_response();
    }
    let of_clouds = sources.gauges.read().await;
    let text = metrics.render() + &of_clouds;
    if wants_open_metrics(&headers) {
        ([(CONTENT_TYPE, OPEN_METRICS)], open_metrics(&text)).into_response()
    } else {
        ([(CONTENT_TYPE, PROMETHEUS)], text).into_response()
    }
}

fn has_every_cloud(graph: &Graph, caller: &Caller) -> bool {
    let Some(clouds) = &caller.clouds else {
        return true;
    };
    graph
        .cloud_names()
        .all(|name| clouds.iter().any(|cloud| cloud == name))
}

/// Whoever names it takes it; that is what Prometheus does.
fn wants_open_metrics(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(negotiation::media_range);
    ranges.any(|(range, weight)| {
        weight > 0 && range.eq_ignore_ascii_case("application/openmetrics-text")
    })
}
