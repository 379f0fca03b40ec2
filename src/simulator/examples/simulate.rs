//! `cargo run -p openstack-simulator --example simulate -- PORT SERVERS CLOUDS_YAML`: the cloud
//! alone, without the time it takes to build the gateway.

use openstack_simulator::{Options, Simulator};
use tokio_util::sync::CancellationToken;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments
        .next()
        .unwrap_or_else(|| "5999".to_owned())
        .parse()?;
    let servers = arguments
        .next()
        .unwrap_or_else(|| "60".to_owned())
        .parse()?;
    let simulator = Simulator::new(Options {
        servers,
        ..Options::default()
    });
    if let Some(path) = arguments.next() {
        std::fs::write(
            path,
            simulator.clouds_yaml(&format!("http://127.0.0.1:{port}")),
        )?;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    simulator.serve(listener, CancellationToken::new()).await;
    Ok(())
}
