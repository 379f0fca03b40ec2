//! A graph and its clouds, made for a test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mcp_openstack_ops::cloud::{Answers, CacheLimits, Connection};
use mcp_openstack_ops::config::{Auth, CloudEntry, DomainRef, Interface, Named, Scope, Tls};
use mcp_openstack_ops::graph::scope::Clouds;
use mcp_openstack_ops::graph::{Graph, GraphOptions};
use secrecy::SecretString;

/// A graph over a cloud whose Keystone is at `auth_url`.
pub(crate) fn graph_at(auth_url: &str) -> Graph {
    let domain = || DomainRef::Id("default".to_owned());
    let named = |name: &str| Named::Name {
        name: name.to_owned(),
        domain: domain(),
    };
    let entry = CloudEntry {
        name: "test".to_owned(),
        auth_url: auth_url.parse().unwrap(),
        auth: Auth::Password {
            user: named("admin"),
            password: SecretString::from("password"),
        },
        scope: Scope::Project(named("admin")),
        region: None,
        interface: Interface::Public,
        tls: Tls {
            ca_cert: None,
            client_cert: None,
            client_key: None,
            verify: true,
        },
        endpoint_overrides: BTreeMap::new(),
        ports: BTreeMap::new(),
    };
    let limits = CacheLimits {
        rows: Duration::ZERO,
        reference: Duration::ZERO,
        bytes: 1024 * 1024,
    };
    let connection = Connection::new(entry, Arc::new(Answers::new(limits))).unwrap();
    let options = GraphOptions {
        request_timeout: Duration::from_secs(5),
        ..GraphOptions::default()
    };
    Graph::new(Clouds::new(vec![Arc::new(connection)]), options).unwrap()
}

/// A graph that nobody will ask for data.
pub(crate) fn graph() -> Graph {
    graph_at("http://127.0.0.1:9/v3")
}
