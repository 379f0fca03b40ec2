//! Nova: servers, flavors, hypervisors and what belongs to them.

mod aggregate;
mod availability_zone;
mod console_log;
mod flavor;
mod hypervisor;
mod keypair;
mod quota;
mod server;
mod server_action;
mod server_group;
mod server_write;
mod service;
mod usage;

pub use aggregate::{HOST_AGGREGATES, HostAggregate};
pub use availability_zone::{AVAILABILITY_ZONES, AvailabilityZone, ZoneService, ZoneState};
pub use flavor::{FLAVORS, Flavor};
pub use hypervisor::{CpuInfo, HYPERVISORS, Hypervisor, HypervisorService};
pub use keypair::{KEYPAIRS, Keypair};
pub use quota::{QuotaLine, QuotaSet};
pub use server::{
    Address, AttachedVolume, EmbeddedFlavor, Fault, SERVERS, SERVERS_BRIEF, Server, ServerBrief,
    names,
};
pub use server_action::{ServerAction, ServerActionDetail, ServerActionEvent};
pub use server_group::{SERVER_GROUPS, ServerGroup, ServerGroupRules};
pub use server_write::{BootVolume, NewPort, NewServer, ServerAct, ServerChange};
pub use service::{COMPUTE_SERVICES, ComputeService};
pub use usage::{ProjectUsage, UsagePeriod};
