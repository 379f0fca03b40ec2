//! The MCP server: a thin layer of fixed GraphQL documents over the graph.
//!
//! A document in `schema/operations` is a tool: its variables are the arguments, its comments the
//! descriptions, its selection the shape of the answer. This module knows GraphQL and MCP, and
//! nothing of OpenStack: it reaches a cloud only by executing a document.

mod action;
mod answer;
mod arguments;
mod confirm;
mod cut;
mod document;
mod execute;
mod input_schema;
mod manifest;
mod notice;
mod offer;
mod output_schema;
mod payload;
mod prompts;
mod question;
mod resources;
mod sdl;
mod seal;
mod server;
#[cfg(test)]
mod tests;
mod tool;
mod tools;
mod transport;
mod validate;

pub use execute::Execute;
pub use server::McpServer;
pub use tools::{Filter, Size, Tools};
pub use transport::{McpService, http_service, serve_stdio};
