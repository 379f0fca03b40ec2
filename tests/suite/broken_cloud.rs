//! A cloud whose Keystone gives tokens and whose services say their versions, and nothing else
//! works: each kind of fault in turn, under every tool.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What is wrong with every service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Refused,
    Slow,
    Unauthorized,
    Forbidden,
    TooManyRequests,
    InternalError,
    Html,
    TruncatedJson,
    OtherJson,
}

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::Refused,
        Self::Slow,
        Self::Unauthorized,
        Self::Forbidden,
        Self::TooManyRequests,
        Self::InternalError,
        Self::Html,
        Self::TruncatedJson,
        Self::OtherJson,
    ];
}

#[derive(Clone, Copy)]
struct Cloud {
    fault: Fault,
    port: u16,
}

/// Starts the cloud; it ends with the test's runtime. Gives Keystone's URL.
pub(crate) async fn start(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new()
        .fallback(answer)
        .with_state(Cloud { fault, port });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://127.0.0.1:{port}/v3")
}

async fn answer(State(cloud): State<Cloud>, request: Request<Body>) -> Response {
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::POST, "/v3/auth/tokens") => token(cloud),
        (&Method::GET, "/v3") => version("v3.14", ""),
        (&Method::GET, "/compute/v2.1/") => version("v2.1", "2.100"),
        (&Method::GET, "/network/") => version("v2.0", ""),
        (&Method::GET, "/volume/") => version("v3.0", "3.71"),
        (&Method::GET, "/image/") => version("v2.17", ""),
        (&Method::GET, "/heat/") => version("v1.0", ""),
        (&Method::GET, "/placement/") => version("v1.0", "1.39"),
        _ => fail(cloud.fault).await,
    }
}

async fn fail(fault: Fault) -> Response {
    let json = |status: StatusCode, body: Value| (status, axum::Json(body)).into_response();
    match fault {
        // The catalog leads to a closed port instead.
        Fault::Refused => StatusCode::NOT_FOUND.into_response(),
        Fault::Slow => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        }
        Fault::Unauthorized => json(
            StatusCode::UNAUTHORIZED,
            json!({"error": {"message": "token gone"}}),
        ),
        Fault::Forbidden => json(
            StatusCode::FORBIDDEN,
            json!({"forbidden": {"message": "policy says no"}}),
        ),
        Fault::TooManyRequests => (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "30")],
            "later",
        )
            .into_response(),
        Fault::InternalError => json(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({"computeFault": {"code": 500, "message": "database is gone"}}),
        ),
        Fault::Html => (
            [(header::CONTENT_TYPE, "text/html")],
            "<html><body><h1>It works!</h1></body></html>",
        )
            .into_response(),
        Fault::TruncatedJson => (
            [(header::CONTENT_TYPE, "application/json")],
            r#"{"servers": [{"id": "1", "name": "half"#,
        )
            .into_response(),
        Fault::OtherJson => json(StatusCode::OK, json!({"hello": ["world"]})),
    }
}

fn version(id: &str, microversion: &str) -> Response {
    let version = json!({"id": id, "status": "CURRENT", "version": microversion, "max_version": microversion});
    axum::Json(json!({"versions": [version]})).into_response()
}

fn token(cloud: Cloud) -> Response {
    // Port 9 discards: nothing listens there.
    let port = if cloud.fault == Fault::Refused {
        9
    } else {
        cloud.port
    };
    let service = |service_type: &str, path: &str| {
        let url = format!("http://127.0.0.1:{port}/{path}");
        json!({"type": service_type, "name": service_type, "id": service_type, "endpoints": [
            {"id": path, "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": url}
        ]})
    };
    let body = json!({"token": {
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "user": {"id": "u", "name": "admin", "domain": {"id": "default", "name": "Default"}},
        "project": {"id": "p", "name": "admin", "domain": {"id": "default", "name": "Default"}},
        "roles": [{"id": "r", "name": "admin"}],
        "catalog": [
            service("compute", "compute/v2.1"),
            service("network", "network"),
            service("block-storage", "volume/v3"),
            service("image", "image"),
            service("orchestration", "heat/v1/p"),
            service("placement", "placement"),
        ],
    }});
    (
        StatusCode::CREATED,
        [("x-subject-token", "secret-token")],
        axum::Json(body),
    )
        .into_response()
}
