use super::*;

fn host(text: &str) -> HostName {
    HostName::parse(text).unwrap()
}

fn names(hosts: &[&str], origins: &[&str]) -> Names {
    let owned = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    Names::new(&owned(hosts), &owned(origins)).unwrap()
}

#[test]
fn loopback_is_always_answered() {
    for text in [
        "localhost",
        "LOCALHOST:1",
        "localhost.:80",
        "127.0.0.1:8080",
        "127.9.9.9",
        "[::1]:8080",
        "[::1]",
    ] {
        assert!(names(&[], &[]).is_host_allowed(&host(text), None), "{text}");
    }
}

#[test]
fn other_names_are_not() {
    for text in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "0.0.0.0",
        "[::]",
        "192.0.2.1",
    ] {
        assert!(
            !names(&[], &[]).is_host_allowed(&host(text), None),
            "{text}"
        );
    }
    for text in [
        "",
        "a b",
        "user@localhost",
        "localhost:",
        "localhost:x",
        "localhost:99999",
        "http://localhost",
    ] {
        assert_eq!(HostName::parse(text), None, "{text}");
    }
}

#[test]
fn the_address_a_request_came_in_at_is_answered() {
    let local = LocalAddress("192.0.2.1:8080".parse().unwrap());
    let none = names(&[], &[]);
    assert!(none.is_host_allowed(&host("192.0.2.1:30080"), Some(local)));
    assert!(!none.is_host_allowed(&host("192.0.2.2:8080"), Some(local)));
    let mapped = LocalAddress("[::ffff:192.0.2.1]:8080".parse().unwrap());
    assert!(none.is_host_allowed(&host("192.0.2.1"), Some(mapped)));
}

#[test]
fn listed_hosts_are_answered_at_their_port() {
    let names = names(
        &[
            "Ops.Example",
            "api.example:8443",
            "web.example:443",
            "fd00::1",
        ],
        &[],
    );
    for text in [
        "ops.example",
        "OPS.example:1234",
        "api.example:8443",
        "web.example",
        "[fd00::1]:8080",
    ] {
        assert!(names.is_host_allowed(&host(text), None), "{text}");
    }
    for text in [
        "api.example",
        "api.example:1",
        "x.ops.example",
        "web.example:80",
    ] {
        assert!(!names.is_host_allowed(&host(text), None), "{text}");
    }
}

#[test]
fn own_pages_may_use_the_server() {
    let own = |origin: &'static str, at: &str| is_own(&HeaderValue::from_static(origin), &host(at));
    assert!(own("http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert!(own("http://localhost:8080", "127.0.0.1:8080"));
    assert!(own("http://[::1]:8080", "localhost:8080"));
    assert!(own("https://ops.example", "ops.example"));
    assert!(own("https://ops.example", "ops.example:443"));
    assert!(!own("http://localhost:3000", "127.0.0.1:8080"));
    assert!(!own("http://ops.example", "ops.example:443"));
    assert!(!own("http://evil.example:8080", "127.0.0.1:8080"));
    assert!(!own("null", "127.0.0.1"));
    assert!(!own("ftp://localhost:8080", "localhost:8080"));
}

#[test]
fn origins_are_listed_exactly() {
    let names = names(
        &[],
        &[
            "https://Ops.example/",
            "http://dev.example:3000",
            "vscode-webview://abc",
        ],
    );
    let listed = |origin: &'static str| names.is_origin_listed(&HeaderValue::from_static(origin));
    assert!(listed("https://ops.example"));
    assert!(listed("https://ops.example:443"));
    assert!(listed("http://dev.example:3000"));
    assert!(listed("vscode-webview://abc"));
    for origin in [
        "http://ops.example",
        "https://ops.example:8443",
        "https://x.ops.example",
        "http://dev.example",
        "null",
    ] {
        assert!(!listed(origin), "{origin}");
    }
}

#[test]
fn what_is_no_host_or_origin_is_refused_by_name() {
    let refused = |hosts: &[&str], origins: &[&str]| {
        let owned = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        Names::new(&owned(hosts), &owned(origins))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&["http://ops.example"], &[]).contains("ALLOWED_HOSTS: `http://ops.example`"));
    assert!(refused(&["*"], &[]).contains("ALLOWED_HOSTS"));
    for origin in [
        "*",
        "null",
        "ops.example",
        "https://ops.example/page",
        "https://u@ops.example",
    ] {
        assert!(
            refused(&[], &[origin]).contains("ALLOWED_ORIGINS"),
            "{origin}"
        );
    }
}
