//! Several replicas that share a store, behind a proxy that hands requests round. Where `redis-server`
//! or `nginx` are not installed there is nothing to see, and the test says so.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openstack_simulator::log::Entry;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::program::run;
use crate::running::{Cloud, PATIENCE, Running, answer, folder};

const SECRET: &str = "what-all-replicas-have-in-common-and-nobody-else";

/// A program that others need, until it is dropped.
struct Helper {
    child: Child,
    port: u16,
    _folder: TempDir,
}

/// Starts a program that listens on a port which its arguments are made for.
async fn helper(program: &str, arguments: impl Fn(u16, &TempDir) -> Vec<String>) -> Option<Helper> {
    let folder = TempDir::new().unwrap();
    let port = free_port();
    let helper = start_at(program, port, folder, &arguments).await;
    if helper.is_none() {
        let mut stderr = std::io::stderr();
        drop(std::io::Write::write_all(
            &mut stderr,
            format!("{program} is not installed: what replicas share is not tested here\n")
                .as_bytes(),
        ));
    }
    helper
}

async fn start_at(
    program: &str,
    port: u16,
    folder: TempDir,
    arguments: &impl Fn(u16, &TempDir) -> Vec<String>,
) -> Option<Helper> {
    let child = Command::new(program)
        .args(arguments(port, &folder))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "{program} does not listen");
        sleep(Duration::from_millis(20)).await;
    }
    Some(Helper {
        child,
        port,
        _folder: folder,
    })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn redis(port: u16, folder: &TempDir) -> Vec<String> {
    let folder = folder.path().display();
    let arguments =
        format!("--port {port} --bind 127.0.0.1 --save  --appendonly no --dir {folder}");
    arguments.split(' ').map(str::to_owned).collect()
}

/// A store, where there is one to start.
pub(crate) struct Store(Helper);

impl Store {
    pub(crate) async fn start() -> Option<Self> {
        helper("redis-server", redis).await.map(Self)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.0.port)
    }

    /// Ends it in the midst of everything.
    pub(crate) async fn kill(&mut self) {
        self.0.child.kill().await.unwrap();
    }

    async fn start_again(&mut self) {
        let folder = TempDir::new().unwrap();
        let port = self.0.port;
        self.0 = start_at("redis-server", port, folder, &redis)
            .await
            .expect("it was there");
    }

    /// All that it holds, as it holds it.
    async fn contents(&self) -> String {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut connection)
            .await
            .unwrap();
        let mut contents = String::new();
        for key in keys {
            let value: Option<Vec<u8>> = redis::cmd("GET")
                .arg(&key)
                .query_async(&mut connection)
                .await
                .unwrap_or_default();
            contents += &format!(
                "{key} {}\n",
                String::from_utf8_lossy(&value.unwrap_or_default())
            );
        }
        contents
    }
}

async fn proxy(replicas: &[&Running]) -> Option<Helper> {
    let servers: String = replicas
        .iter()
        .map(|replica| format!("server {};", replica.base.trim_start_matches("http://")))
        .collect();
    helper("nginx", |port, folder| {
        let here = folder.path().display();
        let configuration = format!(
            "daemon off; pid {here}/pid; error_log {here}/error.log; worker_processes 1;\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; client_body_temp_path {here}/a; proxy_temp_path {here}/b;\n\
             fastcgi_temp_path {here}/c; uwsgi_temp_path {here}/d; scgi_temp_path {here}/e;\n\
             upstream replicas {{ {servers} }}\n\
             server {{ listen 127.0.0.1:{port}; location / {{\n\
             proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
             proxy_set_header Host localhost; }} }} }}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        vec!["-c".to_owned(), file.display().to_string(), "-e".to_owned(), format!("{here}/first.log")]
    })
    .await
}

async fn replica(cloud: &Cloud, store: &str, secret: &str, more: &[(&str, &str)]) -> Running {
    let variables = [
        &[
            ("CACHE_URL", store),
            ("CACHE_SECRET_KEY", secret),
            ("CACHE_TTL", "60s"),
        ],
        more,
    ]
    .concat();
    let replica = Running::start(folder(&cloud.admin_yaml()), &variables).await;
    // The token and what discovery finds are everybody's own.
    let (status, _) = answer(replica.get("/readyz")).await;
    assert_eq!(status, StatusCode::OK);
    // Rows are shared once it hears of the others.
    sleep(Duration::from_millis(300)).await;
    replica
}

/// Questions that are all different, with their answers.
async fn truth(cloud: &Cloud) -> BTreeMap<String, Value> {
    let alone = Running::start(folder(&cloud.admin_yaml()), &[]).await;
    let (_, list) = answer(alone.graphql("{ servers(all: true) { nodes { id name } } }")).await;
    let mut truth = BTreeMap::new();
    for node in list["data"]["servers"]["nodes"].as_array().unwrap() {
        let id = node["id"].as_str().unwrap();
        let query = format!(
            "{{ server(id: \"{id}\") {{ id name status ports {{ nodes {{ id }} }} image {{ name }} }} }}"
        );
        let (status, body) = answer(alone.graphql(&query)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body["data"]["server"]["name"], node["name"], "{body}");
        truth.insert(query, body["data"].clone());
    }
    truth
}

/// What came of a load.
#[derive(Default)]
struct Outcome {
    answered: AtomicUsize,
    failed: AtomicUsize,
    wrong: AtomicUsize,
}

/// Asks every question several times, several at once.
async fn load(
    base: &str,
    truth: &BTreeMap<String, Value>,
    workers: usize,
    rounds: usize,
    outcome: &Arc<Outcome>,
) {
    let questions: Arc<Vec<(String, Value)>> = Arc::new(truth.clone().into_iter().collect());
    let asking = (0..workers).map(|worker| {
        let (questions, outcome) = (Arc::clone(&questions), Arc::clone(outcome));
        let url = format!("{base}/graphql");
        tokio::spawn(async move {
            let client = reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .build()
                .unwrap();
            for round in 0..rounds {
                for place in 0..questions.len() {
                    // All begin elsewhere, so that they meet.
                    let (query, expected) =
                        &questions[(place + worker * 3 + round) % questions.len()];
                    let sent = client
                        .post(&url)
                        .json(&json!({ "query": query }))
                        .send()
                        .await;
                    let body: Option<Value> = match sent {
                        Ok(response) if response.status().is_success() => {
                            response.json().await.ok()
                        }
                        _ => None,
                    };
                    match body {
                        Some(body) if body["data"] == *expected => &outcome.answered,
                        Some(_) => &outcome.wrong,
                        None => &outcome.failed,
                    }
                    .fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    });
    for asked in futures_util::future::join_all(asking).await {
        asked.unwrap();
    }
}

/// What the cloud was asked for, but for tokens and versions.
fn questions(entries: &[Entry]) -> usize {
    let is_question = |entry: &&Entry| {
        let path = entry.path.split('?').next().unwrap_or_default();
        !path.ends_with("/auth/tokens")
            && !matches!(path.trim_end_matches('/'), "" | "/v2.1" | "/v2.0" | "/v3")
    };
    entries.iter().filter(is_question).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_ask_as_much_as_one_and_one_may_die() {
    let Some(store) = Store::start().await else {
        return;
    };
    let cloud = Cloud::start(25).await;
    let truth = truth(&cloud).await;
    let asked_by = async |replicas: &[&Running]| {
        let proxy = proxy(replicas).await?;
        let base = format!("http://127.0.0.1:{}", proxy.port);
        let before = cloud.simulator.log().count();
        let outcome = Arc::new(Outcome::default());
        load(&base, &truth, 6, 3, &outcome).await;
        assert_eq!(outcome.wrong.load(Ordering::Relaxed), 0);
        assert_eq!(outcome.failed.load(Ordering::Relaxed), 0);
        Some(questions(&cloud.simulator.log().after(before, usize::MAX)))
    };
    let one = replica(&cloud, &store.url(), &format!("{SECRET}-of-one"), &[]).await;
    let Some(alone) = asked_by(&[&one]).await else {
        return;
    };
    drop(one);
    let mut first = replica(&cloud, &store.url(), SECRET, &[]).await;
    let second = replica(&cloud, &store.url(), SECRET, &[]).await;
    let both = asked_by(&[&first, &second]).await.expect("a proxy");
    assert!(
        both * 10 <= alone * 11,
        "{both} calls of two, {alone} of one"
    );
    assert!(alone > 20, "{alone}");
    let contents = store.contents().await;
    let secrets = ["servers", "\"id\"", "simulated", "admin", "http://"];
    for word in secrets {
        assert!(!contents.contains(word), "{word}");
    }

    // One dies in the midst of a load.
    const WORKERS: usize = 6;
    let proxy = proxy(&[&first, &second]).await.expect("a proxy");
    let base = format!("http://127.0.0.1:{}", proxy.port);
    let outcome = Arc::new(Outcome::default());
    let kill = async {
        while outcome.answered.load(Ordering::Relaxed) < 50 {
            sleep(Duration::from_millis(5)).await;
        }
        first.child.kill().await.unwrap();
    };
    tokio::join!(load(&base, &truth, WORKERS, 4, &outcome), kill);
    let failed = outcome.failed.load(Ordering::Relaxed);
    assert!(failed <= WORKERS, "{failed} failed");
    assert_eq!(outcome.wrong.load(Ordering::Relaxed), 0);
    assert_eq!(
        outcome.answered.load(Ordering::Relaxed) + failed,
        WORKERS * 4 * truth.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_changes_the_other_does_not_tell_as_it_was() {
    let Some(store) = Store::start().await else {
        return;
    };
    let cloud = Cloud::start(5).await;
    let modify = [("ALLOW_MODIFY_OPERATIONS", "true")];
    let first = replica(&cloud, &store.url(), SECRET, &modify).await;
    let second = replica(&cloud, &store.url(), SECRET, &modify).await;
    // Once each hears of the other.
    sleep(Duration::from_millis(500)).await;
    let query = "{ servers(all: true) { nodes { id name } } }";
    let (_, before) = answer(first.graphql(query)).await;
    assert_eq!(
        answer(second.graphql(query)).await.1["data"],
        before["data"]
    );
    for round in 0..5 {
        let id = before["data"]["servers"]["nodes"][round]["id"]
            .as_str()
            .unwrap();
        let name = format!("renamed-{round}");
        let rename = format!(
            "mutation {{ serverUpdate(server: \"{id}\", name: \"{name}\") {{ userErrors {{ message }} }} }}"
        );
        let (changed, reader) = if round % 2 == 0 {
            (&first, &second)
        } else {
            (&second, &first)
        };
        let (_, done) = answer(changed.graphql(&rename)).await;
        assert_eq!(
            done["data"]["serverUpdate"]["userErrors"],
            json!([]),
            "{done}"
        );
        // The store has told it before the answer came; hearing takes a moment.
        sleep(Duration::from_millis(50)).await;
        for replica in [changed, reader] {
            let (_, body) = answer(replica.graphql(query)).await;
            let nodes = body["data"]["servers"]["nodes"].as_array().unwrap();
            let found = nodes.iter().find(|node| node["id"] == id);
            assert_eq!(found.unwrap()["name"], name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_store_each_goes_on_alone_and_finds_it_again() {
    let Some(mut store) = Store::start().await else {
        return;
    };
    let cloud = Cloud::start(5).await;
    let short = [("CACHE_TTL", "1s"), ("RATE_LIMIT", "200/1m")];
    let url = store.url();
    let variables = [
        &[("CACHE_URL", &*url), ("CACHE_SECRET_KEY", SECRET)],
        &short[..],
    ]
    .concat();
    let replica = Running::start(folder(&cloud.admin_yaml()), &variables).await;
    let query = "{ servers(first: 3) { asOf nodes { id name } } }";
    let (_, expected) = answer(replica.graphql(query)).await;
    let names = |body: &Value| body["data"]["servers"]["nodes"].clone();
    store.kill().await;
    for _ in 0..10 {
        let began = Instant::now();
        let (status, body) = answer(replica.graphql(query)).await;
        assert_eq!((status, names(&body)), (StatusCode::OK, names(&expected)));
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        sleep(Duration::from_millis(200)).await;
    }
    replica.logged_times("cannot be had", 1).await;
    store.start_again().await;
    let began = Instant::now();
    while !replica
        .log()
        .iter()
        .any(|line| line.to_string().contains("answers again"))
    {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the store is not found again"
        );
        let (status, body) = answer(replica.graphql(query)).await;
        assert_eq!((status, names(&body)), (StatusCode::OK, names(&expected)));
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_has_one_room_at_all_replicas() {
    let Some(store) = Store::start().await else {
        return;
    };
    let cloud = Cloud::start(5).await;
    let limit = [("RATE_LIMIT", "8/1h")];
    let url = store.url();
    let variables = [
        &[("CACHE_URL", &*url), ("CACHE_SECRET_KEY", SECRET)],
        &limit[..],
    ]
    .concat();
    let first = Running::start(folder(&cloud.admin_yaml()), &variables).await;
    let second = Running::start(folder(&cloud.admin_yaml()), &variables).await;
    let mut statuses = Vec::new();
    for place in 0..12 {
        let replica = if place % 2 == 0 { &first } else { &second };
        statuses.push(answer(replica.graphql("{ __typename }")).await.0.as_u16());
    }
    assert_eq!(statuses, [[200; 8].as_slice(), &[429; 4]].concat());
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_refused_by_name() {
    let url = ("CACHE_URL", "redis://:hidden@127.0.0.1:6379");
    for (variables, words) in [
        (
            vec![url],
            vec![
                "`CACHE_URL`",
                "`CACHE_SECRET_KEY`",
                "`REMOTE_SECRET_KEY`",
                "32",
            ],
        ),
        (
            vec![url, ("CACHE_SECRET_KEY", "short")],
            vec!["`CACHE_SECRET_KEY`", "32"],
        ),
        (
            vec![("CACHE_URL", "memcached://:hidden@x")],
            vec!["`CACHE_URL`", "redis://valkey:6379"],
        ),
    ] {
        let output = run(&[], &variables).await;
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        for word in words {
            assert!(told.contains(word), "{told}");
        }
        assert!(!told.contains("hidden"), "{told}");
    }
}
