//! Says which commit this is, and builds the dashboard (`web/`) where Node is there, so that the
//! binary can carry both.
//!
//! The dashboard is built when it is missing or older than what it is made of. Without Node, or when that
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

/// The commit, in a source archive that `git archive` made.
const ARCHIVED: &str = "COMMIT";

fn main() {
    let version = env!("CARGO_PKG_VERSION");
    let commit = commit().unwrap_or_else(|| "of an unknown commit".to_owned());
    println!("cargo::rustc-env=VERSION={version} ({commit})");
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

/// The commit that is built: as the environment says, else git, else the file of an archive.
fn commit() -> Option<String> {
    println!("cargo::rerun-if-env-changed=GIT_COMMIT");
    println!("cargo::rerun-if-changed={ARCHIVED}");
    let is_one = |commit: &String| {
        (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let given = std::env::var("GIT_COMMIT").ok();
    let given = given.map(|commit| commit.trim().to_owned()).filter(is_one);
    let archived = || fs::read_to_string(ARCHIVED).ok();
    let archived = || archived().map(|text| text.trim().to_owned()).filter(is_one);
    let short = |mut commit: String| {
        commit.truncate(12);
        commit
    };
    given
        .map(short)
        .or_else(checked_out)
        .or_else(|| archived().map(short))
}

/// The commit of this checkout. A release is built again when it changes. Otherwise that would have
/// everything compiled again after each commit, so there it is only the one that was built upon.
fn checked_out() -> Option<String> {
    let git = |arguments: &[&str]| output("git", arguments);
    // Unpacked somewhere below another project, git would speak of that one.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let own = fs::canonicalize(env!("CARGO_MANIFEST_DIR")).ok()?;
    if fs::canonicalize(top).ok()? != own {
        return None;
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    if std::env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return Some(format!("{commit} or later, not a release"));
    }
    let branch = git(&["rev-parse", "--symbolic-full-name", "HEAD"]);
    for name in ["HEAD", branch.as_deref().unwrap_or("HEAD"), "packed-refs"] {
        // A file that is not there would have this run each time.
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    Some(commit)
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
