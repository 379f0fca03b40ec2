//! Builds the dashboard (`web/`) where Node is there, so that the binary can carry it.
//!
//! It is built when it is missing or older than what it is made of. Without Node, or when that
//! fails, a warning says what to do, and everything else is built as ever.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// What the dashboard is made of.
const SOURCES: &[&str] = &[
    "schema/schema.graphql",
    "web/graphiql.html",
    "web/index.html",
    "web/package-lock.json",
    "web/package.json",
    "web/public",
    "web/src",
    "web/tools",
    "web/tsconfig.json",
    "web/vite.config.ts",
];
const DIST: &str = "web/dist";
const PAGE: &str = "web/dist/index.html";
/// The oldest Node that the tools take.
const NODE: (u32, u32) = (20, 19);

fn main() {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed=SKIP_WEB");
    if !Path::new("web/package.json").exists() {
        return;
    }
    let changed = SOURCES
        .iter()
        .filter_map(|source| newest(Path::new(source)))
        .max();
    let built = modified(Path::new(PAGE));
    let is_stale = built.is_none() || built < changed;
    if is_stale
        && std::env::var_os("SKIP_WEB").is_none_or(|skip| skip.is_empty())
        && let Err(reason) = build()
    {
        let state = if built.is_some() {
            "older than its sources"
        } else {
            "missing"
        };
        println!(
            "cargo::warning=the dashboard is {state}: {reason}; \
             `cd web && npm ci && npm run build` makes it, and everything else works without it"
        );
    }
    // When somebody else builds it, this has to look again. What was written just now must not
    // look like that, or the crate would be compiled once more.
    let watched = if Path::new(PAGE).exists() {
        PAGE
    } else if fs::create_dir_all(DIST).is_ok() {
        DIST
    } else {
        return;
    };
    if is_stale && let Some(changed) = changed {
        let _ = File::open(watched).and_then(|file| file.set_modified(changed));
    }
    println!("cargo::rerun-if-changed={watched}");
}

/// The dashboard, from the locked packages. The reason is for people.
fn build() -> Result<(), String> {
    let version = output("node", &["--version"]).ok_or("Node is not there")?;
    if !is_recent(&version) {
        let (major, minor) = NODE;
        return Err(format!(
            "Node {major}.{minor} or newer is needed, and this is {version}"
        ));
    }
    let is_installed = modified(Path::new("web/node_modules/.package-lock.json"))
        >= modified(Path::new("web/package-lock.json"));
    if !is_installed {
        npm(&["ci", "--no-audit", "--no-fund"])?;
    }
    npm(&["run", "build"])
}

fn npm(arguments: &[&str]) -> Result<(), String> {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let result = Command::new(name)
        .args(arguments)
        .current_dir("web")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm could not be started: {error}"))?;
    if result.status.success() {
        return Ok(());
    }
    let told = [result.stdout, result.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    // A warning is one line, and the last lines say most.
    let last: Vec<&str> = told
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(6)
        .collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(format!(
        "`npm {}` failed: {}",
        arguments.join(" "),
        last.join(" | ")
    ))
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let result = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(result.stdout).ok()?;
    result.status.success().then(|| text.trim().to_owned())
}

/// Whether a version, as `v20.19.1`, is new enough.
fn is_recent(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= NODE,
        _ => false,
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// When the newest file below was written.
fn newest(path: &Path) -> Option<SystemTime> {
    match children(path) {
        Ok(children) => children.iter().filter_map(|child| newest(child)).max(),
        Err(_) => modified(path),
    }
}

fn children(path: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}
