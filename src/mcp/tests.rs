//! The documents, the calls and the protocol, over a library of books.

mod built_in;
mod calls;
mod protocol;
mod schemas;
mod toy;
