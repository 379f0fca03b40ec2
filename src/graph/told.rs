//! Texts as services tell them: left out, null or empty, all of which is absent.

use async_graphql::ID;

/// A text that the service may leave out, null or empty.
pub(super) fn told(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// An id that the service may leave out, null or empty.
pub(super) fn told_id(id: Option<&str>) -> Option<ID> {
    told(id).map(ID)
}
