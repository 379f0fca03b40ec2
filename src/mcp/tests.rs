//! The documents, the calls and the protocol, over a library of books.

mod actions;
mod built_in;
mod calls;
mod confirming;
mod protocol;
mod schemas;
mod shelf;
mod toy;
