//! Media types: which one a request has, and which one it wants.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// The two media types of a GraphQL response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: the status only says whether there was a GraphQL response.
    Json,
    /// `application/graphql-response+json`: the status says how it went.
    GraphqlResponse,
}

impl MediaType {
    pub(super) fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// How specifically a media range names this type: 0 for not at all.
    fn specificity(self, range: &str) -> u8 {
        let name = match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        };
        match range {
            range if range.eq_ignore_ascii_case(name) => 3,
            range if range.eq_ignore_ascii_case("application/*") => 2,
            "*/*" => 1,
            _ => 0,
        }
    }

    /// The weight the header gives this type, in thousandths, and how specifically it names it.
    fn weight(self, ranges: &[(&str, u16)]) -> (u16, u8) {
        let most_specific = ranges
            .iter()
            .map(|(range, weight)| (self.specificity(range), *weight))
            .filter(|(specificity, _)| *specificity > 0)
            .max();
        most_specific.map_or((0, 0), |(specificity, weight)| (weight, specificity))
    }
}

/// The media type to answer with, or nothing when the request takes neither.
///
/// Without a preference it is `application/json`, which every client understands; of two named
/// equally it is the one that says more.
pub(super) fn wanted(headers: &HeaderMap) -> Option<MediaType> {
    let values: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let ranges: Vec<(&str, u16)> = values
        .iter()
        .flat_map(|value| value.split(','))
        .filter_map(media_range)
        .collect();
    if ranges.is_empty() {
        return Some(MediaType::Json);
    }
    let json = MediaType::Json.weight(&ranges);
    let graphql = MediaType::GraphqlResponse.weight(&ranges);
    match (json, graphql) {
        ((0, _), (0, _)) => None,
        (json, graphql) if graphql > json => Some(MediaType::GraphqlResponse),
        (json, graphql) if graphql == json && graphql.1 == 3 => Some(MediaType::GraphqlResponse),
        _ => Some(MediaType::Json),
    }
}

/// A media range and its weight in thousandths.
pub(super) fn media_range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1000, |(_, value)| thousandths(value.trim()));
    Some((range, weight))
}

/// A weight as `0.8`, in thousandths; what is not a weight counts for nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_weight = matches!(whole, "0" | "1")
        && fraction.len() <= 3
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_weight {
        return 0;
    }
    let whole = if whole == "1" { 1000 } else { 0 };
    let fraction: u16 = format!("{fraction:0<3}").parse().unwrap_or(0);
    (whole + fraction).min(1000)
}

/// Whether the body is said to be JSON in UTF-8, and nothing else.
///
/// The types a web page may post to another origin without asking first (plain text and forms)
/// are thereby refused, which is the protection against cross-site requests.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .all(|(_, charset)| {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        });
    is_json && is_utf8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(accept: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        wanted(&headers)
    }

    #[test]
    fn json_is_the_default() {
        assert_eq!(wanted(&HeaderMap::new()), Some(MediaType::Json));
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "text/html, */*;q=0.1",
        ] {
            assert_eq!(wants(accept), Some(MediaType::Json), "{accept}");
        }
    }

    #[test]
    fn the_better_type_is_given_when_it_is_asked_for() {
        for accept in [
            "application/graphql-response+json",
            "Application/GraphQL-Response+JSON; charset=utf-8",
            "application/graphql-response+json, application/json;q=0.9",
            "application/graphql-response+json, application/json",
            "application/json, application/graphql-response+json",
            "application/json;q=0.5, application/graphql-response+json;q=0.501",
            "application/graphql-response+json, */*",
            "*/*, application/json;q=0",
        ] {
            assert_eq!(wants(accept), Some(MediaType::GraphqlResponse), "{accept}");
        }
    }

    #[test]
    fn weights_decide() {
        let accept = "application/graphql-response+json;q=0.4, application/json;q=0.9";
        assert_eq!(wants(accept), Some(MediaType::Json));
        assert_eq!(
            wants("application/graphql-response+json;q=0, */*"),
            Some(MediaType::Json)
        );
    }

    #[test]
    fn other_types_are_not_to_be_had() {
        for accept in [
            "text/html",
            "application/json;q=0",
            "image/*",
            "application/json;q=x",
        ] {
            assert_eq!(wants(accept), None, "{accept}");
        }
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        let is_json = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
            is_json(&headers)
        };
        for value in [
            "application/json",
            "APPLICATION/JSON;charset=UTF-8",
            "application/json; charset=\"utf-8\"",
        ] {
            assert!(is_json(value), "{value}");
        }
        for value in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/jsonp",
            "text/plain; application/json",
        ] {
            assert!(!is_json(value), "{value}");
        }
        let mut twice = HeaderMap::new();
        twice.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        twice.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(!super::is_json(&twice));
        assert!(!super::is_json(&HeaderMap::new()));
    }
}
