//! The error pages of webob, the library under several services: as HTML, as JSON or as text,
//! whichever the caller accepts.

use http::header::ACCEPT;
use http::{Method, StatusCode};
use serde_json::json;

use crate::call::Call;
use crate::reply::Reply;

/// Its 404 for what no route leads to.
pub(crate) fn nowhere(call: &Call) -> Reply {
    not_found(call, "")
}

/// Its 404, with a word on what was not found.
pub(crate) fn not_found(call: &Call, detail: &str) -> Reply {
    reply(
        call,
        StatusCode::NOT_FOUND,
        "The resource could not be found.",
        detail,
    )
}

/// Its page for a status.
pub(crate) fn page(call: &Call, status: StatusCode, explanation: &str) -> Reply {
    reply(call, status, explanation, "")
}

/// Its page for a status, with a word on this one.
pub(crate) fn reply(call: &Call, status: StatusCode, explanation: &str, detail: &str) -> Reply {
    let body = format!("{explanation}<br /><br />\n{detail}\n\n");
    written(call, status, &body)
}

/// Its page for a status, with nothing to set the explanation off.
pub(crate) fn plain(call: &Call, status: StatusCode, explanation: &str) -> Reply {
    written(call, status, &format!("{explanation}\n\n\n"))
}

/// Its 405.
pub(crate) fn not_allowed(call: &Call, allowed: &str) -> Reply {
    let body = format!(
        "The method {} is not allowed for this resource. <br /><br />\n",
        call.method
    );
    written(call, StatusCode::METHOD_NOT_ALLOWED, &body).with(http::header::ALLOW, allowed)
}

fn written(call: &Call, status: StatusCode, body: &str) -> Reply {
    const HTML: &str = "text/html; charset=UTF-8";
    let title = status.canonical_reason().unwrap_or_default();
    let line = format!("{} {title}", status.as_u16());
    if call.method == Method::HEAD {
        return Reply::of(status, HTML, bytes::Bytes::new());
    }
    let accepted = call.headers.get(ACCEPT).and_then(|text| text.to_str().ok());
    match wanted(accepted.unwrap_or_default()) {
        Some("text/html") => {
            // What came from the caller is escaped; what the page is made of is not.
            let end = body.find("<br />").unwrap_or(body.len());
            let (text, rest) = body.split_at(end);
            let text = escaped(text);
            let text = format!(
                "<html>\n <head>\n  <title>{line}</title>\n </head>\n <body>\n  <h1>{line}</h1>\n  \
                 {text}{rest}\n </body>\n</html>"
            );
            Reply::of(status, HTML, text.into())
        }
        Some(_) => Reply::json(
            status,
            &json!({"message": body, "code": line, "title": title}),
        ),
        None => {
            let body = body.replace('\n', " ").replace("<br />", "\n");
            let text = format!("{line}\n\n{body}");
            Reply::of(status, "text/plain; charset=UTF-8", text.into())
        }
    }
}

/// Which of the two kinds of page a caller prefers; the first when it does not care.
fn wanted(accepted: &str) -> Option<&'static str> {
    let quality = |offer: &str| {
        let (kind, _) = offer.split_once('/').unwrap_or_default();
        let ranges = accepted.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let range = parts.next()?;
            let specificity = if range == offer {
                2
            } else if range.strip_suffix("/*") == Some(kind) {
                1
            } else if range == "*/*" {
                0
            } else {
                return None;
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            Some((specificity, weight.unwrap_or(1.0_f32)))
        });
        ranges
            .max_by_key(|(specificity, _)| *specificity)
            .map_or(0.0, |(_, weight)| weight)
    };
    let (html, json) = (quality("text/html"), quality("application/json"));
    if html <= 0.0 && json <= 0.0 {
        None
    } else if html >= json {
        Some("text/html")
    } else {
        Some("application/json")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn the_page_is_what_is_accepted() {
        assert_eq!(wanted("application/json"), Some("application/json"));
        assert_eq!(wanted("*/*"), Some("text/html"));
        assert_eq!(
            wanted("text/html;q=0.5, application/json"),
            Some("application/json")
        );
        assert_eq!(wanted("text/html;q=0"), None);
        assert_eq!(wanted("text/plain"), None);
        assert_eq!(wanted(""), None);
    }
}
