//! What hangs on a server, for who is about to do something to it.

use futures_util::join;

use crate::Result;
use crate::cloud::compute;
use crate::graph::block_storage::volume::Volume;
use crate::graph::mutation::Affected;
use crate::graph::network::floating_ip::FloatingIpsOfDevice;
use crate::graph::network::port::PortsOfDevice;
use crate::graph::noun::ById;
use crate::graph::orchestration::resource::{Physical, StackResourceByPhysicalId};
use crate::graph::scope::Scope;

/// How far an action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// The server's guest alone.
    Guest,
    /// Its disk, as it was written since it was made.
    Disk,
    /// All that it has.
    Everything,
}

/// What an action on a server concerns beside it. What could not be found out is said so: whoever
/// asks is about to rely on it.
pub(super) async fn affected(
    scope: &Scope,
    row: &compute::Server,
    concern: Concern,
) -> Vec<Affected> {
    let mut affected = Vec::new();
    if row.locked == Some(true) {
        let reason = row.locked_reason.as_deref();
        let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
        affected.push(Affected::new(
            "Server",
            &row.id,
            row.name.as_deref(),
            format!("is locked{reason}: Nova refuses this, but for administrators"),
        ));
    }
    if let Some(task) = row.task_state.as_deref() {
        affected.push(Affected::new(
            "Server",
            &row.id,
            row.name.as_deref(),
            format!("has a task under way, {task}: Nova may refuse this"),
        ));
    }
    if concern == Concern::Guest {
        return affected;
    }
    if concern == Concern::Disk {
        affected.push(Affected::new(
            "Server",
            &row.id,
            row.name.as_deref(),
            "loses what its disk holds",
        ));
        return affected;
    }
    let (volumes, ports, addresses, stack) = join!(
        volumes(scope, row),
        ports(scope, row),
        addresses(scope, row),
        stack(scope, row),
    );
    for (kind, found) in [
        ("Volume", volumes),
        ("Port", ports),
        ("FloatingIp", addresses),
        ("Stack", stack),
    ] {
        match found {
            Ok(found) => affected.extend(found),
            Err(error) => {
                affected.push(Affected::unknown(kind, format!("cannot be told: {error}")));
                scope.report(error);
            }
        }
    }
    affected
}

async fn volumes(scope: &Scope, row: &compute::Server) -> Result<Vec<Affected>> {
    let mut affected = Vec::new();
    for attached in &row.volumes_attached {
        let volume = scope.load::<ById<Volume>>(attached.id.to_string()).await?;
        let name = volume.as_ref().and_then(|volume| volume.name.as_deref());
        let effect = if attached.delete_on_termination == Some(true) {
            "is deleted with the server"
        } else {
            "is detached and kept"
        };
        affected.push(Affected::new("Volume", &attached.id, name, effect));
    }
    Ok(affected)
}

async fn ports(scope: &Scope, row: &compute::Server) -> Result<Vec<Affected>> {
    let ports = scope.load::<PortsOfDevice>(row.id.to_string()).await?;
    let ports = ports.unwrap_or_default();
    let affected = ports.iter().map(|port| {
        Affected::new(
            "Port",
            &port.id,
            port.name.as_deref(),
            "is deleted if Nova made it, else freed",
        )
    });
    Ok(affected.collect())
}

async fn addresses(scope: &Scope, row: &compute::Server) -> Result<Vec<Affected>> {
    let addresses = scope
        .load::<FloatingIpsOfDevice>(row.id.to_string())
        .await?;
    let addresses = addresses.unwrap_or_default();
    let affected = addresses.iter().map(|address| {
        Affected::new(
            "FloatingIp",
            &address.id,
            address.floating_ip_address.as_deref(),
            "leads nowhere any longer, and is kept",
        )
    });
    Ok(affected.collect())
}

async fn stack(scope: &Scope, row: &compute::Server) -> Result<Vec<Affected>> {
    let physical = Physical {
        id: row.id.to_string(),
        project_id: row.project_id.as_deref().map(str::to_owned),
    };
    let made = scope.load::<StackResourceByPhysicalId>(physical).await?;
    let made = match made.transpose() {
        Ok(made) => made,
        // A cloud without Heat has no stacks.
        Err(crate::Error::ServiceAbsent { .. }) => None,
        Err(error) => return Err(error),
    };
    let affected = made.into_iter().map(|(stack, _)| {
        Affected::new(
            "Stack",
            &stack.id,
            Some(&stack.stack_name),
            "owns the server, and will miss it; change the stack instead",
        )
    });
    Ok(affected.collect())
}
