use chrono::Utc;
use secrecy::SecretString;

use super::super::session::Reference;
use super::*;

fn token() -> Token {
    Token {
        secret: SecretString::from("t"),
        expires_at: Utc::now(),
        user: Reference {
            id: "u".to_owned(),
            name: String::new(),
            domain: None,
        },
        project: Some(Reference {
            id: "f00d".to_owned(),
            name: String::new(),
            domain: None,
        }),
        domain: None,
        is_system: false,
        roles: vec![],
        granted: vec![],
        catalog: vec![],
        identity: String::new(),
    }
}

fn base(service: Service, url: &str) -> String {
    api_base(service, &Url::parse(url).unwrap(), &token()).to_string()
}

#[test]
fn every_form_of_a_catalog_url_gives_the_same_base() {
    for url in [
        "http://c:8774",
        "http://c:8774/",
        "http://c:8774/v2.1",
        "http://c:8774/v2.1/f00d/",
    ] {
        assert_eq!(base(Service::Compute, url), "http://c:8774/v2.1", "{url}");
    }
    // The legacy root ignores microversions.
    assert_eq!(
        base(Service::Compute, "http://c/compute/v2/f00d"),
        "http://c/compute/v2.1"
    );
    for url in [
        "http://c/volume",
        "http://c/volume/v3",
        "http://c/volume/v3/f00d",
    ] {
        assert_eq!(
            base(Service::BlockStorage, url),
            "http://c/volume/v3/f00d",
            "{url}"
        );
    }
    assert_eq!(
        base(Service::Network, "https://c:9696/"),
        "https://c:9696/v2.0"
    );
    assert_eq!(
        base(Service::Placement, "https://c/placement/"),
        "https://c/placement"
    );
    assert_eq!(
        base(Service::Orchestration, "http://c:8004/v1/$(project_id)s"),
        "http://c:8004/v1/f00d"
    );
}

#[test]
fn version_documents_of_every_shape_are_read() {
    let nova = br#"{"version": {"id": "v2.1", "status": "CURRENT", "version": "2.100", "min_version": "2.1"}}"#;
    assert_eq!(newest_version(nova).unwrap().0, Some(Microversion(2, 100)));
    let keystone = br#"{"versions": {"values": [{"id": "v3.14", "status": "stable"}]}}"#;
    assert_eq!(
        newest_version(keystone).unwrap(),
        (None, Some("v3.14".to_owned()))
    );
    let placement =
        br#"{"versions": [{"id": "v1.0", "max_version": "1.39", "min_version": "1.0"}]}"#;
    assert_eq!(
        newest_version(placement).unwrap().0,
        Some(Microversion(1, 39))
    );
    let glance = br#"{"versions": [{"id": "v2.15", "status": "SUPPORTED"}, {"id": "v2.17", "status": "CURRENT"}]}"#;
    assert_eq!(newest_version(glance).unwrap().1.as_deref(), Some("v2.17"));
    assert!(newest_version(b"<html>").is_none());
}

#[test]
fn microversions_compare_as_numbers() {
    assert!(Microversion::parse("2.100") > Microversion::parse("2.99"));
    assert_eq!(Microversion::parse("latest"), None);
}
