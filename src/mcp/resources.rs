//! What clients may read: the guide for operators, and the graph's schema.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents};
use serde_json::json;

use super::prompts::GUIDE;

const GUIDE_URI: &str = "openstack-ops://guide";
const SCHEMA_URI: &str = "openstack-ops://schema";
const GUIDE_TYPE: &str = "text/markdown";
/// No media type is registered for SDL, and clients show plain text.
const SCHEMA_TYPE: &str = "text/plain";

/// The resources that are offered to somebody who may see this SDL.
pub(crate) fn list(sdl: &str) -> Vec<Resource> {
    vec![
        Resource::new(GUIDE_URI, "guide")
            .with_title("Operator's guide")
            .with_description("Which tool answers what, and how to read the answers")
            .with_mime_type(GUIDE_TYPE)
            .with_size(size(GUIDE)),
        Resource::new(SCHEMA_URI, "schema")
            .with_title("GraphQL schema")
            .with_description("The SDL of the graph behind the tools, served at /graphql over HTTP")
            .with_mime_type(SCHEMA_TYPE)
            .with_size(size(sdl)),
    ]
}

/// A resource's text.
///
/// # Errors
/// When there is no such resource, with those that there are. The code is the one of the older
/// revisions; for clients of the newer ones the protocol's library turns it into theirs.
pub(crate) fn read(uri: &str, sdl: &str) -> Result<ReadResourceResult, ErrorData> {
    let (text, mime_type) = match uri {
        GUIDE_URI => (GUIDE, GUIDE_TYPE),
        SCHEMA_URI => (sdl, SCHEMA_TYPE),
        _ => {
            let message = format!("there is no resource `{uri}`; known: {GUIDE_URI}, {SCHEMA_URI}");
            return Err(ErrorData::resource_not_found(
                message,
                Some(json!({"uri": uri})),
            ));
        }
    };
    let contents = ResourceContents::text(text, uri).with_mime_type(mime_type);
    Ok(ReadResourceResult::new(vec![contents]))
}

fn size(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
