//! Reads the many shapes in which services and proxies say that something went wrong.

use std::error::Error as _;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Nobody reads more than this of an error.
const LONGEST_MESSAGE: usize = 500;

/// The service's own words for an error answer.
///
/// Nova and Cinder: `{"itemNotFound": {"code", "message"}}`; Neutron: `{"NeutronError": {"type",
/// "message"}}`; Keystone and Heat: `{"error": {"message"}}`; Placement: `{"errors": [{"detail"}]}`;
/// Glance: plain text or HTML; proxies: HTML.
pub(super) fn message(headers: &HeaderMap, body: &[u8], status: StatusCode) -> String {
    let text = String::from_utf8_lossy(body);
    let found = match serde_json::from_str::<Value>(&text) {
        Ok(value) => from_json(&value),
        Err(_) => from_text(headers, &text),
    };
    let found = found.filter(|message| !message.is_empty());
    let fallback = || {
        status
            .canonical_reason()
            .unwrap_or("no reason given")
            .to_owned()
    };
    cut(&found.unwrap_or_else(fallback))
}

fn from_json(value: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(squeeze);
    let object = value.as_object()?;
    if let Some(first) = object.get("errors").and_then(|errors| errors.get(0)) {
        return text(first.get("detail").or_else(|| first.get("title"))?);
    }
    if let Some(message) = object.get("message").and_then(text) {
        return Some(message);
    }
    // Heat puts a title of its own before the error.
    let faults = object.get("error").into_iter().chain(object.values());
    faults.into_iter().find_map(|fault| match fault {
        Value::Object(fault) => fault.get("message").and_then(text),
        Value::String(fault) => Some(squeeze(fault)),
        _ => None,
    })
}

fn from_text(headers: &HeaderMap, text: &str) -> Option<String> {
    let content_type = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok());
    let is_html =
        content_type.is_some_and(|it| it.contains("html")) || text.trim_start().starts_with('<');
    let is_html = is_html || text.contains("<br");
    let text = if is_html {
        without_tags(text)
    } else {
        text.to_owned()
    };
    Some(squeeze(&text))
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for (index, piece) in html.split('<').enumerate() {
        match piece.split_once('>') {
            Some((_, after)) => text.push_str(after),
            None if index == 0 => text.push_str(piece),
            None => {}
        }
        text.push(' ');
    }
    text
}

/// Glance ends its lines in JSON as in HTML.
fn squeeze(text: &str) -> String {
    let text = text.replace("<br />", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_MESSAGE {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST_MESSAGE).collect();
    format!("{kept}…")
}

/// Why a connection failed, without the URL: the innermost cause says it best.
pub(crate) fn connection_reason(error: &reqwest::Error) -> String {
    let mut reason = if error.is_connect() {
        "connection failed".to_owned()
    } else if error.is_timeout() {
        "timed out".to_owned()
    } else {
        "the connection broke off".to_owned()
    };
    let mut source = error.source();
    while let Some(inner) = source {
        source = inner.source();
        if source.is_none() {
            reason = format!("{reason}: {inner}");
        }
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, content_type.parse().unwrap());
        message(&headers, body.as_bytes(), StatusCode::NOT_FOUND)
    }

    #[test]
    fn every_services_shape_is_read() {
        let json = "application/json";
        let nova =
            r#"{"itemNotFound": {"code": 404, "message": "Instance x could not be found."}}"#;
        assert_eq!(read(json, nova), "Instance x could not be found.");
        let neutron = r#"{"NeutronError": {"type": "T", "message": "No port", "detail": ""}}"#;
        assert_eq!(read(json, neutron), "No port");
        let keystone =
            r#"{"error": {"code": 404, "message": "Could not find user", "title": "N"}}"#;
        assert_eq!(read(json, keystone), "Could not find user");
        let heat = r#"{"code": 404, "title": "Not Found", "explanation": "The resource could not be found.", "error": {"message": "The Stack (x) could not be found.", "type": "EntityNotFound"}}"#;
        assert_eq!(read(json, heat), "The Stack (x) could not be found.");
        let placement =
            r#"{"errors": [{"status": 404, "title": "Not Found", "detail": "No provider  x."}]}"#;
        assert_eq!(read(json, placement), "No provider x.");
        let refused = r#"{"message": "The request you have made requires authentication."}"#;
        assert_eq!(
            read(json, refused),
            "The request you have made requires authentication."
        );
        assert_eq!(
            read("text/plain", "404 Not Found\n\nNo image found"),
            "404 Not Found No image found"
        );
        let glance = r#"{"message": "Image x is protected.<br /><br />\n\n\n", "code": "403"}"#;
        assert_eq!(read(json, glance), "Image x is protected.");
        let html = "<html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>";
        assert_eq!(read("text/html", html), "502 Bad gateway");
        assert_eq!(read(json, ""), "Not Found");
    }

    #[test]
    fn a_long_message_is_cut() {
        assert_eq!(
            read("text/plain", &"é".repeat(2000)).chars().count(),
            LONGEST_MESSAGE + 1
        );
    }
}
