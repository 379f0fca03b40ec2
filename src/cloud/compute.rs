//! Nova: servers, flavors, hypervisors and what belongs to them.

mod flavor;
mod server;

pub use flavor::{FLAVORS, Flavor};
pub use server::{Address, AttachedVolume, EmbeddedFlavor, Fault, SERVERS, Server, ServerBrief};
