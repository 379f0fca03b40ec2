use std::net::SocketAddr;

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::tests::{app, options};
use super::*;

/// A server on a socket of its own.
struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(bounds: Bounds) -> Self {
        let listener = bind(&options()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = serve_within(listener, app(&options()).into(), shutdown.clone(), bounds);
        Self {
            address,
            shutdown,
            task: tokio::spawn(serving),
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    timeout(Duration::from_secs(5), read)
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(answer).unwrap()
}

async fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

fn short() -> Bounds {
    Bounds {
        connections: 2,
        header_timeout: Duration::from_millis(200),
        drain_timeout: Duration::from_secs(5),
    }
}

#[tokio::test]
async fn slow_headers_are_given_up_on() {
    let server = Server::start(short()).await;
    for start in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: local",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let started = Instant::now();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = timeout(Duration::from_secs(5), read).await.unwrap();
        let elapsed = started.elapsed();
        assert!(
            elapsed > Duration::from_millis(100),
            "{start:?}: {elapsed:?}"
        );
    }
}

#[tokio::test]
async fn connections_beyond_the_bound_are_told_to_come_back() {
    let bounds = Bounds {
        header_timeout: Duration::from_secs(5),
        ..short()
    };
    let server = Server::start(bounds).await;
    let mut first = server.connect().await;
    let _second = server.connect().await;
    let mut third = server.connect().await;
    ask(&mut third, "/healthz").await;
    let answer = read_to_end(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("Retry-After: 1"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("Content-Length: {}", body.len())),
        "{head}"
    );
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap()["error"],
        "too_many_connections"
    );
    // One that is served and goes makes room.
    ask(&mut first, "/healthz").await;
    assert!(read_to_end(&mut first).await.starts_with("HTTP/1.1 200 "));
    drop(first);
    sleep(Duration::from_millis(200)).await;
    let mut fourth = server.connect().await;
    ask(&mut fourth, "/healthz").await;
    assert!(read_to_end(&mut fourth).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_stopped_server_finishes_what_it_began() {
    let server = Server::start(short()).await;
    let mut busy = server.connect().await;
    ask(&mut busy, "/mcp?slow").await;
    sleep(Duration::from_millis(100)).await;
    server.shutdown.cancel();
    assert!(read_to_end(&mut busy).await.ends_with("slow"));
    timeout(Duration::from_secs(2), server.task)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stopped_server_does_not_wait_for_silent_connections() {
    let bounds = Bounds {
        header_timeout: Duration::from_secs(60),
        ..short()
    };
    let server = Server::start(bounds).await;
    let _silent = server.connect().await;
    sleep(Duration::from_millis(50)).await;
    server.shutdown.cancel();
    timeout(Duration::from_secs(2), server.task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = bind(&options()).await.unwrap();
    let options = HttpOptions {
        port: taken.local_addr().unwrap().port(),
        ..options()
    };
    let error = bind(&options).await.unwrap_err();
    assert!(error.to_string().contains("FASTMCP_PORT"), "{error}");
}
