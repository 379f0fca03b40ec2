//! Arguments, configuration, then one of: serve, print the schema, check.

use std::io::{IsTerminal, Write};
use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use mcp_openstack_ops::config::{Arguments, Command, Config, Environment, LogFormat};
use mcp_openstack_ops::graph::WORKERS;
use mcp_openstack_ops::{check, serve, simulation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(&arguments) {
        Ok(code) => code,
        Err(error) => {
            // Nothing is listening yet, and the log may not be set up.
            let _ = writeln!(std::io::stderr(), "mcp-openstack-ops: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn start(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process()?;
    let config = Config::load(arguments, &environment)?;
    log(&config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(processors.max(WORKERS))
        .enable_all()
        .build()
        .context("the runtime could not start")?;
    match &arguments.command {
        None => runtime
            .block_on(serve::serve(&config))
            .map(|()| ExitCode::SUCCESS),
        Some(Command::Demo(cloud)) => runtime
            .block_on(simulation::demo(&config, cloud, &environment))
            .map(|()| ExitCode::SUCCESS),
        Some(Command::Simulate { cloud, clouds_yaml }) => runtime
            .block_on(simulation::simulate(&config, cloud, clouds_yaml.as_deref()))
            .map(|()| ExitCode::SUCCESS),
        Some(Command::Schema { federation }) => {
            print(&serve::sdl(config.changes.mode, *federation)?)
        }
        Some(Command::Check) => {
            let report = runtime.block_on(check::check(&config))?;
            print(&report.to_string())?;
            Ok(if report.is_well() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // `schema | head` has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("the answer could not be written"),
    }
}

/// Logs go to stderr: on stdio, stdout is the protocol.
fn log(config: &Config) -> anyhow::Result<()> {
    let level = config.log.level.filter();
    // The protocol's library logs what clients send, and each refusal.
    let filter = EnvFilter::default()
        .add_directive(level.into())
        .add_directive("rmcp=error".parse()?)
        .add_directive("hyper=info".parse()?)
        .add_directive("reqwest=info".parse()?)
        .add_directive("h2=info".parse()?);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match config.log.format {
        LogFormat::Text => registry.with(layer).try_init()?,
        LogFormat::Json => registry.with(layer.json()).try_init()?,
    }
    Ok(())
}
