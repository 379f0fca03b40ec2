//! Callers who go away before they are answered.

use std::time::Duration;

use openstack_simulator::Service;
use openstack_simulator::fault::{Fault, Rule};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::simulated::{Simulated, Trial};

const QUERY: &str = "{ servers(first: 20) { nodes { id ports(first: 3) { nodes { id } } } } }";
/// How long Nova takes for each answer.
const SLOW: Duration = Duration::from_millis(800);

/// A cloud that is known already, and whose Nova is slow from now on.
async fn slow_cloud() -> Simulated {
    let cloud = Simulated::start(Trial {
        cache: Duration::from_secs(60),
        ..Trial::default()
    })
    .await;
    cloud
        .data("{ networks(first: 1) { nodes { id } } flavors(first: 1) { nodes { id } } }")
        .await;
    let milliseconds = u64::try_from(SLOW.as_millis()).unwrap();
    let slow = Rule::all_of(Service::Compute, Fault::Slow { milliseconds });
    cloud.simulator.faults().add(slow);
    cloud
}

/// Asks over a connection of its own, and does not read what comes.
async fn ask(cloud: &Simulated, stop: &CancellationToken) -> TcpStream {
    let address = cloud.listen(stop.clone()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = json!({"query": QUERY}).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    sleep(SLOW / 4).await;
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_more_is_asked_for_who_has_left() {
    let cloud = slow_cloud().await;
    let stop = CancellationToken::new();
    let ports_asked = async |leaves: bool| {
        let ((), asked) = cloud
            .asked_during(async {
                let mut stream = ask(&cloud, &stop).await;
                if !leaves {
                    assert!(stream.read(&mut [0; 100]).await.unwrap() > 0);
                }
                drop(stream);
                sleep(SLOW * 2).await;
            })
            .await;
        let network = asked
            .iter()
            .filter(|entry| entry.service == Service::Network);
        network.count()
    };
    assert_eq!(ports_asked(true).await, 0);
    assert_eq!(ports_asked(false).await, 1);
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_the_same_is_answered_though_the_first_has_left() {
    let cloud = slow_cloud().await;
    let stop = CancellationToken::new();
    let first = ask(&cloud, &stop).await;
    let answer = tokio::join!(cloud.data(QUERY), async {
        sleep(SLOW / 4).await;
        drop(first);
    });
    assert_eq!(answer.0["servers"]["nodes"].as_array().unwrap().len(), 20);
    stop.cancel();
}
