//! Arguments, configuration, then one of: serve, print the schema, check.

use std::io::{IsTerminal, Write};
use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser};
use mcp_openstack_ops::config::{Arguments, Command, Config, Environment, LogFormat};
use mcp_openstack_ops::graph::WORKERS;
use mcp_openstack_ops::trace::Layers;
use mcp_openstack_ops::{check, health, serve, simulation, trace};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    if let Some(Command::Completions { shell }) = arguments.command {
        return complete(shell);
    }
    let environment = Environment::of_process()?;
    let config = Config::load(arguments, &environment)?;
    let _sending = log(&config)?;
    if !cfg!(feature = "otlp") && std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
        tracing::warn!(
            "no effect: this build has not the feature `otlp`: `OTEL_EXPORTER_OTLP_ENDPOINT`"
        );
    }
    // Who asks every few seconds need not be told what the server said when it started.
    if arguments.command != Some(Command::Health) {
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
    }
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(processors.max(WORKERS))
        .enable_all()
        .build()
        .context("the runtime could not start")?;
    match &arguments.command {
        None => runtime
            .block_on(serve::serve(&config, load_again(arguments)))
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
        Some(Command::Health) => match runtime.block_on(health::ask(&config.http)) {
            Ok(url) => print(&format!("{url}: ok")),
            Err(reason) => {
                let _ = writeln!(std::io::stderr(), "mcp-openstack-ops: not well: {reason}");
                Ok(ExitCode::FAILURE)
            }
        },
        // It needs no configuration.
        Some(Command::Completions { shell }) => complete(*shell),
    }
}

/// How the configuration is read again while the program runs.
fn load_again(arguments: &Arguments) -> serve::Load {
    let arguments = arguments.clone();
    Box::new(move || Config::load(&arguments, &Environment::of_process()?))
}

/// What a shell completes the command line by.
fn complete(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "mcp-openstack-ops", &mut script);
    print(&String::from_utf8(script)?)
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

/// Logs go to stderr: on stdio, stdout is the protocol. What is sent elsewhere too is sent whole before
/// the answer is dropped.
fn log(config: &Config) -> anyhow::Result<Sending> {
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let layer = match config.log.format {
        LogFormat::Text => layer.with_filter(filter(config)?).boxed(),
        LogFormat::Json => layer.json().with_filter(filter(config)?).boxed(),
    };
    let (mut layers, sending) = sent_elsewhere(config)?;
    layers.push(layer);
    tracing_subscriber::registry().with(layers).try_init()?;
    Ok(sending)
}

/// What is logged.
fn filter(config: &Config) -> anyhow::Result<EnvFilter> {
    let level = config.log.level.filter();
    // The protocol's library logs what clients send, and each refusal.
    Ok(EnvFilter::default()
        .add_directive(level.into())
        .add_directive("rmcp=error".parse()?)
        .add_directive("hyper=info".parse()?)
        .add_directive("reqwest=info".parse()?)
        .add_directive("h2=info".parse()?)
        .add_directive(format!("{}=off", trace::TARGET).parse()?))
}

#[cfg(feature = "otlp")]
type Sending = Option<trace::Exporters>;
#[cfg(not(feature = "otlp"))]
struct Sending;

#[cfg(feature = "otlp")]
fn sent_elsewhere(config: &Config) -> anyhow::Result<(Layers, Sending)> {
    let serves = !config.clouds.is_empty();
    if !(serves && trace::is_wanted()) {
        return Ok((Vec::new(), None));
    }
    let (layers, exporters) = trace::layers(filter(config)?)?;
    Ok((layers, Some(exporters)))
}

#[cfg(not(feature = "otlp"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is as the one with the feature"
)]
fn sent_elsewhere(_config: &Config) -> anyhow::Result<(Layers, Sending)> {
    Ok((Vec::new(), Sending))
}
