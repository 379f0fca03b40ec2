//! `demo` and `simulate`, started as their users start them.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::{Instant, timeout};

use crate::program::command;

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A simulation that runs until it is dropped.
struct Running {
    _child: tokio::process::Child,
    _folder: TempDir,
    /// What it printed before it served.
    printed: String,
}

impl Running {
    /// Starts it, and reads what it prints up to a line that contains `last`.
    async fn start(flags: &[&str], last: &str) -> Self {
        let folder = TempDir::new().unwrap();
        Self::start_in(folder, flags, last).await
    }

    async fn start_in(folder: TempDir, flags: &[&str], last: &str) -> Self {
        let mut command = command(&folder, flags, &[]);
        // It needs no cloud, and must not look for one.
        command.env_remove("OS_CLOUD");
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        let mut printed = String::new();
        let reading = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                printed.push_str(&line);
                printed.push('\n');
                if line.contains(last) {
                    return;
                }
            }
            panic!("it ended: {printed}");
        };
        timeout(PATIENCE, reading).await.unwrap();
        Self {
            _child: child,
            _folder: folder,
            printed,
        }
    }

    /// The address that the banner gives in a line with a word.
    fn url(&self, word: &str) -> String {
        let line = self.printed.lines().find(|line| line.contains(word));
        let line = line.unwrap_or_else(|| panic!("no {word}: {}", self.printed));
        let begin = line.find("http://").unwrap();
        let rest = &line[begin..];
        let end = rest.find([' ', '\'', '"']).unwrap_or(rest.len());
        rest[..end].to_owned()
    }
}

async fn graphql(url: &str, query: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.post(url).json(&json!({"query": query})).send();
    let answer = timeout(PATIENCE, asked).await.unwrap().unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// What a demo is made of, as its own answer tells.
async fn facts(running: &Running) -> Value {
    let query = "{ clouds { name regionName } servers { totalCount } hypervisors { totalCount }
        projects { totalCount } s: servers(first: 3) { nodes { id name } } }";
    let mut answer = graphql(&running.url("GraphQL"), query).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].take()
}

#[tokio::test]
async fn a_demo_is_as_large_as_it_is_told() {
    let flags = [
        "demo",
        "--port",
        "0",
        "--servers",
        "30",
        "--hypervisors",
        "7",
        "--projects",
        "5",
        "--seed",
        "9",
    ];
    let one = facts(&Running::start(&flags, "Ctrl-C").await).await;
    assert_eq!(one["servers"]["totalCount"], 30);
    assert_eq!(one["hypervisors"]["totalCount"], 7);
    // The same number makes the same cloud, another one another.
    let same = facts(&Running::start(&flags, "Ctrl-C").await).await;
    assert_eq!(one["s"], same["s"]);
    let other = [&flags[..flags.len() - 1], &["10"]].concat();
    let other = facts(&Running::start(&other, "Ctrl-C").await).await;
    assert_ne!(one["s"], other["s"]);
    let more = flags.map(|flag| if flag == "5" { "8" } else { flag });
    let more = facts(&Running::start(&more, "Ctrl-C").await).await;
    let projects = |facts: &Value| facts["projects"]["totalCount"].as_u64().unwrap();
    assert!(projects(&more) >= projects(&one) + 3);
}

#[tokio::test]
async fn what_the_banner_says_works() {
    let flags = ["demo", "--port", "0", "--servers", "10"];
    let demo = Running::start(&flags, "Ctrl-C").await;
    let url = demo.url("GraphQL");
    let query = "{ networks { nodes { id } } servers { nodes { id } } }";
    let answer = graphql(&url, query).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    // The line that breaks something, and the one that mends it.
    let faults = demo.url("curl -X POST");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let fault = json!({"service": "network", "fault": "down"});
    let sent = client.post(&faults).json(&fault).send().await.unwrap();
    assert!(sent.status().is_success(), "{}", sent.status());
    // Networks are kept for seconds.
    let began = Instant::now();
    loop {
        let answer = graphql(&url, query).await;
        if answer["data"]["networks"].is_null() {
            assert_eq!(answer["errors"][0]["extensions"]["service"], "network");
            assert!(answer["data"]["servers"]["nodes"].is_array(), "{answer:#}");
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{answer:#}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let sent = client.delete(&faults).send().await.unwrap();
    assert!(sent.status().is_success(), "{}", sent.status());
    let answer = graphql(&url, query).await;
    assert!(answer["data"]["networks"]["nodes"].is_array(), "{answer:#}");
}

#[tokio::test]
async fn a_demo_has_regions_faults_and_latency() {
    let folder = TempDir::new().unwrap();
    let rules = json!([{"service": "image", "fault": "down"}]);
    std::fs::write(folder.path().join("faults.json"), rules.to_string()).unwrap();
    let flags = [
        "demo",
        "--port",
        "0",
        "--servers",
        "5",
        "--regions",
        "2",
        "--latency",
        "150ms",
        "--faults",
        "faults.json",
    ];
    let demo = Running::start_in(folder, &flags, "Ctrl-C").await;
    let answer = graphql(&demo.url("GraphQL"), "{ clouds { regionName } }").await;
    let regions = answer["data"]["clouds"].as_array().unwrap();
    let second = regions
        .iter()
        .any(|cloud| cloud["regionName"] == "RegionTwo");
    assert!(second, "{answer:#}");
    let began = Instant::now();
    let answer = graphql(&demo.url("GraphQL"), "{ images { nodes { id } } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["service"], "image");
    assert!(began.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_simulation_writes_the_clouds_yaml_to_use() {
    let flags = [
        "simulate",
        "--port",
        "0",
        "--servers",
        "5",
        "--clouds-yaml",
        "made.yaml",
    ];
    let folder = TempDir::new().unwrap();
    let mut command = command(&folder, &flags, &[]);
    command.env_remove("OS_CLOUD");
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let reading = async {
        while let Some(line) = log.next_line().await.unwrap() {
            if line.contains("simulating a cloud on") {
                return;
            }
        }
        panic!("it ended");
    };
    timeout(PATIENCE, reading).await.unwrap();
    let text = std::fs::read_to_string(folder.path().join("made.yaml")).unwrap();
    for name in ["simulated:", "simulated-member:", "simulated-reader:"] {
        assert!(text.contains(name), "{text}");
    }
    let clouds: Value = serde_saphyr::from_str(&text).unwrap();
    let url = clouds["clouds"]["simulated"]["auth"]["auth_url"].as_str();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url.unwrap()).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name() {
    for (flags, named) in [
        (&["demo", "--faults", "nowhere.json"][..], "nowhere.json"),
        (&["demo", "--latency", "soon"], "--latency"),
        (&["demo", "--servers", "1000000"], "--servers"),
        (&["simulate", "--regions", "0"], "--regions"),
    ] {
        let output = crate::program::run(flags, &[]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{flags:?}");
        assert!(said.contains(named), "{flags:?}: {said}");
    }
}
