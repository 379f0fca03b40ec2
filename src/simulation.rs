//! A simulated cloud: alone, for other clients, or with this server over it, to be tried.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use openstack_simulator::fault::Rule;
use openstack_simulator::{Options, Simulator};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Environment, Simulated, clouds_in};
use crate::mcp::McpServer;
use crate::serve::{self, Doors};

/// The entry of clouds.yaml that is used when nothing is said: an admin.
const CLOUD: &str = "simulated";
/// How often something happens in a demonstration.
const STIR: Duration = Duration::from_secs(20);

/// Simulates a cloud until told to stop.
///
/// # Errors
/// When the address is taken, or the clouds.yaml cannot be written.
pub async fn simulate(
    config: &Config,
    cloud: &Simulated,
    clouds_yaml: Option<&Path>,
) -> anyhow::Result<()> {
    let simulator = simulator(cloud)?;
    let http = &config.http;
    let listener = TcpListener::bind((http.host.as_str(), http.port))
        .await
        .with_context(|| {
            format!(
                "{}:{} cannot be listened on; choose another --port",
                http.host, http.port
            )
        })?;
    let url = url_of(listener.local_addr()?);
    let text = simulator.clouds_yaml(&url);
    let how = match clouds_yaml {
        Some(path) => {
            std::fs::write(path, &text)
                .with_context(|| format!("`{}` cannot be written", path.display()))?;
            format!("OS_CLIENT_CONFIG_FILE={} ", path.display())
        }
        None => {
            say(&text)?;
            String::new()
        }
    };
    if !http.is_loopback() {
        tracing::warn!("the simulation can be reached by others, who know its passwords");
    }
    tracing::info!("simulating a cloud on {url}; try: {how}OS_CLOUD={CLOUD} openstack server list");
    tracing::info!(
        "what it was asked is at {url}/simulator/requests, what goes wrong at {url}/simulator/faults"
    );
    let shutdown = CancellationToken::new();
    serve::stop_on_signal(shutdown.clone())?;
    simulator.serve(listener, shutdown).await;
    Ok(())
}

/// Simulates a cloud and serves every door over it, until told to stop.
///
/// # Errors
/// When the configuration cannot be used, or the address is taken.
pub async fn demo(
    config: &Config,
    cloud: &Simulated,
    environment: &Environment,
) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    serve::stop_on_signal(shutdown.clone())?;
    let simulator = simulator(cloud)?;
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("the simulated cloud has no port to listen on")?;
    let upstream = url_of(listener.local_addr()?);
    let config = Config {
        clouds: clouds_in(&simulator.clouds_yaml(&upstream), CLOUD, environment)?,
        ..config.clone()
    };
    let metrics = Some(serve::count()?);
    let graph = serve::graph(&config)?;
    serve::reopen_on_signal(graph.clone())?;
    let tools = serve::tools(&config, &graph)?;
    let server = McpServer::new(tools, Arc::new(graph.clone()), config.changes.confirm);
    let doors = Doors::open(&config, graph, server, (metrics, None), shutdown.clone()).await?;
    let url = url_of(doors.address()?);
    let serving = simulator.clone();
    let stop = shutdown.clone();
    tokio::spawn(async move { serving.serve(listener, stop).await });
    tokio::spawn(stir(simulator, shutdown));
    say(&banner(&url, &upstream, cloud))?;
    doors.serve().await;
    Ok(())
}

/// Lets something happen from time to time.
async fn stir(simulator: Simulator, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(STIR) => simulator.stir(),
            () = shutdown.cancelled() => return,
        }
    }
}

fn simulator(cloud: &Simulated) -> anyhow::Result<Simulator> {
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let simulator = Simulator::new(Options {
        seed: cloud.seed,
        servers: number(cloud.servers),
        hypervisors: cloud.hypervisors.map(number),
        projects: cloud.projects.map(number),
        regions: number(cloud.regions),
        latency: cloud.latency,
        ..Options::default()
    });
    if let Some(path) = &cloud.faults {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("--faults: `{}` cannot be read", path.display()))?;
        let rules: Vec<Rule> = serde_json::from_str(&text)
            .with_context(|| format!("--faults: `{}` is not a list of rules", path.display()))?;
        simulator.faults().set(rules);
    }
    Ok(simulator)
}

fn url_of(address: SocketAddr) -> String {
    // Who listens on all addresses is found on this one.
    let host = if address.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else if address.is_ipv6() {
        format!("[{}]", address.ip())
    } else {
        address.ip().to_string()
    };
    format!("http://{host}:{}", address.port())
}

fn banner(url: &str, upstream: &str, cloud: &Simulated) -> String {
    let servers = cloud.servers;
    format!(
        "\
A simulated OpenStack with {servers} servers, and every door over it. Nothing of it is real.

  dashboard   {url}/
  GraphiQL    {url}/graphiql
  GraphQL     {url}/graphql
  MCP         {url}/mcp
  schema      {url}/graphql/schema

Ask it:
  curl -s {url}/graphql -H 'content-type: application/json' \\
    -d '{{\"query\": \"{{ health {{ score status checks {{ name outcome seen }} }} }}\"}}'

In an MCP client (streamable-http):
  {{\"mcpServers\": {{\"openstack-demo\": {{\"type\": \"http\", \"url\": \"{url}/mcp\"}}}}}}

Break something, and mend it:
  curl -X POST {upstream}/simulator/faults -d '{{\"service\": \"network\", \"fault\": \"down\"}}'
  curl -X DELETE {upstream}/simulator/faults

Ctrl-C ends it.
"
    )
}

/// Writes to stdout; that nobody reads it is no failure.
fn say(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("the answer could not be written")
        }
        _ => Ok(()),
    }
}
