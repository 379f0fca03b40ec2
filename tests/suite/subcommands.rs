//! What the program does beside serving, as it is typed.

use std::process::Output;

use crate::program::{OverHttp, run};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn the_version_names_the_commit() {
    let output = run(&["--version"], &[]).await;
    assert!(output.status.success(), "{output:?}");
    let told = stdout(&output);
    assert_eq!(
        told.trim(),
        format!("mcp-openstack-ops {}", mcp_openstack_ops::VERSION)
    );
    let rest = told.trim().strip_prefix(concat!(
        "mcp-openstack-ops ",
        env!("CARGO_PKG_VERSION"),
        " ("
    ));
    let commit = rest.expect("a version").trim_end_matches(')');
    // In an unpacked archive, the commit is what it was packed from; without either, it is unknown.
    let first = commit.split(' ').next().unwrap_or_default();
    let is_commit = first.len() == 12 && first.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_commit || commit == "of an unknown commit", "{told}");
}

#[tokio::test]
async fn completions_need_no_configuration() {
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef mcp-openstack-ops"),
        ("fish", "complete -c mcp-openstack-ops"),
    ] {
        let output = run(&["completions", shell], &[("FASTMCP_PORT", "x")]).await;
        assert!(output.status.success(), "{output:?}");
        let script = stdout(&output);
        for words in [part, "allow-modify", "simulate"] {
            assert!(script.contains(words), "{shell}: {words}");
        }
    }
    let output = run(&["completions", "abacus"], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("bash"), "{output:?}");
}

#[tokio::test]
async fn health_tells_by_its_status_whether_the_server_is_there() {
    let program = OverHttp::start(
        &["--auth-enable", "--secret-key", "a-long-enough-secret"],
        &[],
    )
    .await;
    let url = program.url("/healthz");
    let port = url
        .rsplit(':')
        .next()
        .and_then(|end| end.split('/').next())
        .unwrap();
    for host in ["127.0.0.1", "0.0.0.0", "localhost"] {
        let output = run(&["health", "--host", host], &[("FASTMCP_PORT", port)]).await;
        assert!(output.status.success(), "{host}: {output:?}");
        assert_eq!(stderr(&output), "");
    }
    drop(program);
    // A port of this machine on which nothing listens.
    let output = run(&["health", "--port", "9"], &[]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stderr(&output);
    for words in ["http://127.0.0.1:9/healthz", "Connection refused"] {
        assert!(told.contains(words), "{told}");
    }
    let output = run(&["health", "--port", "x"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
