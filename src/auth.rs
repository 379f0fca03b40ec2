//! Who is asking: a request's own credentials turned into a [`Caller`].

/// Who a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The process that started this one, over stdio.
    Local,
    /// Somebody over HTTP, with authentication switched off.
    Anonymous,
    /// The holder of the shared secret.
    Secret,
}
