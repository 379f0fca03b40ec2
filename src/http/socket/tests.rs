use serde_json::{Map, json};

use super::message::{Close, Incoming};
use crate::auth::Refusal;

#[test]
fn messages_are_read() {
    let read = |text: &str| Incoming::read(text).expect(text);
    assert_eq!(
        read(r#"{"type":"connection_init"}"#),
        Incoming::Init(Map::new())
    );
    assert_eq!(read(r#"{"type":"ping","payload":null}"#), Incoming::Ping);
    let payload = json!({"query": "{ __typename }"}).as_object().cloned();
    let subscribe = Incoming::Subscribe {
        id: "1".to_owned(),
        payload: payload.expect("an object"),
    };
    let text = r#"{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}"#;
    assert_eq!(read(text), subscribe);
}

#[test]
fn what_is_no_message_is_told_apart() {
    for (text, reason) in [
        ("", "object"),
        ("[]", "object"),
        ("{}", "`type`"),
        (r#"{"type":"nonsense"}"#, "no message"),
        (r#"{"type":"subscribe","payload":{}}"#, "`id`"),
        (r#"{"type":"subscribe","id":"","payload":{}}"#, "`id`"),
        (r#"{"type":"subscribe","id":"1"}"#, "`payload`"),
        (r#"{"type":"connection_init","payload":1}"#, "`payload`"),
    ] {
        let said = Incoming::read(text).expect_err(text);
        assert!(said.contains(reason), "{text}: {said}");
    }
}

#[test]
fn a_reason_fits_its_frame() {
    let long = Close::SameId("ü".repeat(200));
    assert_eq!(long.code(), 4409);
    assert!(long.reason().len() <= 123, "{}", long.reason());
    let refused = Close::Refused(Refusal::Expired);
    assert!(refused.reason().contains("expired"), "{}", refused.reason());
}
