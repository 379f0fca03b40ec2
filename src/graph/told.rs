//! Texts as services tell them: left out, null or empty, all of which is absent.

use async_graphql::ID;

/// A text that the service may leave out, null or empty.
pub(super) fn told<T: AsRef<str> + Clone>(text: Option<&T>) -> Option<T> {
    text.filter(|text| !text.as_ref().is_empty()).cloned()
}

/// An id that the service may leave out, null or empty.
pub(super) fn told_id(id: Option<&str>) -> Option<ID> {
    id.filter(|id| !id.is_empty()).map(ID::from)
}
