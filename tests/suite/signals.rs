//! SIGTERM ends it without losing an answer, SIGHUP has it read its configuration again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use openstack_simulator::Service;
use openstack_simulator::fault::{Fault, Rule};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::running::{Cloud, Running, answer, folder, write};
use crate::sockets::Socket;

const READ_AGAIN: &str = "the configuration was read again";
const NOT_TAKEN: &str = "the configuration cannot be used";

fn slow(milliseconds: u64) -> Vec<Rule> {
    vec![Rule::all_of(Service::Compute, Fault::Slow { milliseconds })]
}

fn address(program: &Running) -> SocketAddr {
    program.base.trim_start_matches("http://").parse().unwrap()
}

#[tokio::test]
async fn what_was_begun_is_finished_before_it_ends() {
    let cloud = Cloud::start(5).await;
    let mut program = Running::start(folder(&cloud.admin_yaml()), &[]).await;
    let query = "{ servers(first: 3) { nodes { name } } }";
    assert_eq!(answer(program.graphql(query)).await.0, StatusCode::OK);
    cloud.simulator.faults().set(slow(1500));
    let socket = Socket::ready(address(&program));
    let mut socket = socket.await;
    // A request whose head is not there whole when the server is told to stop.
    let mut begun = TcpStream::connect(address(&program)).await.unwrap();
    begun.write_all(b"GET /readyz HTTP/1.1\r\n").await.unwrap();
    let fresh = "{ servers(first: 3, fresh: true) { nodes { name } } }";
    let asked = [
        tokio::spawn(answer(program.graphql(fresh))),
        tokio::spawn(answer(program.call(
            "get_instances_by_status",
            &json!({"status": "ACTIVE", "limit": 3}),
        ))),
    ];
    sleep(Duration::from_millis(500)).await;
    program.signal("TERM").await;
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.as_str()), (1001, "The server stops"));
    begun.write_all(b"Host: localhost\r\n\r\n").await.unwrap();
    let mut told = String::new();
    begun.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    assert!(told.contains("\"draining\":true"), "{told}");
    assert!(
        TcpStream::connect(address(&program)).await.is_err(),
        "it still listens"
    );
    for asked in asked {
        let (status, body) = asked.await.unwrap();
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(
            body.get("errors").is_none() && body["result"]["isError"] != true,
            "{body}"
        );
    }
    assert_eq!(program.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let cloud = Cloud::start(5).await;
    let mut program = Running::start(folder(&cloud.admin_yaml()), &[]).await;
    cloud.simulator.faults().set(slow(20_000));
    let asked = tokio::spawn(program.graphql("{ servers { nodes { name } } }").send());
    sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    program.signal("INT").await;
    sleep(Duration::from_millis(300)).await;
    assert!(
        program.child.try_wait().unwrap().is_none(),
        "it waits for the answer"
    );
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(asked.await.unwrap().is_err());
}

#[tokio::test]
async fn the_configuration_is_read_again_and_kept_when_it_cannot_be_used() {
    let cloud = Cloud::start(5).await;
    let other = Cloud::start(9).await;
    let folder = folder(&cloud.admin_yaml());
    std::fs::create_dir(folder.path().join("tools")).unwrap();
    let operations = folder.path().join("tools").display().to_string();
    let audit = folder.path().join("audit.jsonl").display().to_string();
    let variables = [("AUDIT_LOG", audit.as_str())];
    write(
        &folder,
        "tools/count_all.graphql",
        "# Counts.\nquery count_all { serverCounts { count } }\n",
    );
    write(&folder, ".env", "RATE_LIMIT=0\n");
    let program = Running::start_with(folder, &["--operations", &operations], &variables).await;
    let count = "{ servers(all: true) { totalCount } }";
    assert_eq!(counted(&program, count).await, 5);
    assert!(offers(&program, "count_all").await);
    let mut socket = Socket::ready(address(&program)).await;

    // An operation that is under way ends on the cloud that it began on.
    cloud.simulator.faults().set(slow(1000));
    let under_way = tokio::spawn(answer(
        program.graphql("{ servers(all: true, fresh: true) { totalCount } }"),
    ));
    sleep(Duration::from_millis(300)).await;
    write(&program.folder, "clouds.yaml", &other.admin_yaml());
    write(&program.folder, ".env", "ALLOW_MODIFY_OPERATIONS=true\n");
    write(
        &program.folder,
        "tools/more.graphql",
        "# More.\nquery more { serverCounts { status } }\n",
    );
    std::fs::rename(
        program.folder.path().join("audit.jsonl"),
        program.folder.path().join("old"),
    )
    .unwrap();
    program.signal("HUP").await;
    program.logged_times(READ_AGAIN, 1).await;
    assert_eq!(
        under_way.await.unwrap().1["data"]["servers"]["totalCount"],
        5
    );
    assert_eq!(counted(&program, count).await, 9);
    assert!(offers(&program, "more").await && offers(&program, "manage_instance").await);
    assert!(program.folder.path().join("audit.jsonl").exists());
    assert_eq!(socket.closed().await.0, 1012);

    // Each of these is refused whole, and says why.
    let good = other.admin_yaml();
    for (name, text, words) in [
        ("clouds.yaml", "clouds: [", "clouds.yaml"),
        ("clouds.yaml", "clouds: {}\n", "simulated"),
        (
            "tools/more.graphql",
            "# More.\nquery more { nothing }\n",
            "more.graphql",
        ),
        (
            ".env",
            "CONFIRM_DESTRUCTIVE=perhaps\n",
            "CONFIRM_DESTRUCTIVE",
        ),
        (".env", "MCP_LOG_LEVEL=DEBUG\n", "MCP_LOG_LEVEL"),
    ] {
        let path = program.folder.path().join(name);
        let before = std::fs::read_to_string(&path).unwrap();
        let refused = |log: Vec<Value>| {
            let lines = log
                .iter()
                .filter(|line| line["fields"]["message"].to_string().contains(NOT_TAKEN));
            lines.count()
        };
        let times = refused(program.log());
        write(&program.folder, name, text);
        // What can be used beside it is not taken either.
        if name != "clouds.yaml" {
            write(&program.folder, "clouds.yaml", &cloud.admin_yaml());
        }
        program.signal("HUP").await;
        program.logged_times(NOT_TAKEN, times + 1).await;
        let log = program.log();
        let last = log
            .iter()
            .rfind(|line| line["fields"]["message"].to_string().contains(NOT_TAKEN));
        let last = last.unwrap().to_string();
        assert!(last.contains(words), "{name}: {last}");
        assert_eq!(counted(&program, count).await, 9);
        assert!(offers(&program, "more").await && offers(&program, "manage_instance").await);
        std::fs::write(&path, before).unwrap();
        write(&program.folder, "clouds.yaml", &good);
    }
    program.signal("HUP").await;
    program.logged_times(READ_AGAIN, 2).await;
    assert_eq!(counted(&program, count).await, 9);
}

async fn counted(program: &Running, query: &str) -> u64 {
    let (status, body) = answer(program.graphql(query)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let count = body["data"]["servers"]["totalCount"].as_u64();
    count.unwrap_or_else(|| panic!("{body}"))
}

async fn offers(program: &Running, tool: &str) -> bool {
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let (_, body) = answer(program.post("/mcp", &list)).await;
    let tools = body["result"]["tools"].as_array().expect("tools");
    tools.iter().any(|each| each["name"] == tool)
}
