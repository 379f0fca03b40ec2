//! What hangs on a volume, for who is about to do something to it.

use std::sync::Arc;

use futures_util::join;

use crate::cloud::block_storage;
use crate::graph::block_storage::backup::BackupsOfVolume;
use crate::graph::block_storage::snapshot::SnapshotsOfVolume;
use crate::graph::compute::server::plans::NameOfServer;
use crate::graph::mutation::Affected;
use crate::graph::orchestration::resource::{Physical, StackResourceByPhysicalId};
use crate::graph::scope::Scope;
use crate::{Error, Result};

/// How far an action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    /// The volume stays.
    Change,
    /// The volume is deleted.
    Deletion {
        /// With its snapshots.
        cascade: bool,
    },
}

/// What an action on a volume concerns beside it. What could not be found out is said so: whoever
/// asks is about to rely on it.
pub(super) async fn affected(
    scope: &Scope,
    row: &block_storage::Volume,
    concern: Concern,
) -> Vec<Affected> {
    let mut affected = Vec::new();
    if !matches!(row.status.as_str(), "available" | "in-use") {
        let effect = format!("is {}: Cinder may refuse this", row.status);
        affected.push(Affected::new(
            "Volume",
            &row.id,
            row.name.as_deref(),
            effect,
        ));
    }
    let cascade = match concern {
        Concern::Change => None,
        Concern::Deletion { cascade } => Some(cascade),
    };
    let servers = servers(scope, row, cascade.is_some());
    let Some(cascade) = cascade else {
        extend(scope, &mut affected, "Server", servers.await);
        return affected;
    };
    let (servers, snapshots, backups, stack) = join!(
        servers,
        snapshots(scope, row, cascade),
        backups(scope, row),
        stack(scope, row),
    );
    for (kind, found) in [
        ("Server", servers),
        ("VolumeSnapshot", snapshots),
        ("VolumeBackup", backups),
        ("Stack", stack),
    ] {
        extend(scope, &mut affected, kind, found);
    }
    affected
}

fn extend(
    scope: &Scope,
    affected: &mut Vec<Affected>,
    kind: &'static str,
    found: Result<Vec<Affected>>,
) {
    match found {
        Ok(found) => affected.extend(found),
        Err(error) => {
            affected.push(Affected::unknown(kind, format!("cannot be told: {error}")));
            scope.report(error);
        }
    }
}

async fn servers(
    scope: &Scope,
    row: &block_storage::Volume,
    is_deleted: bool,
) -> Result<Vec<Affected>> {
    let mut affected = Vec::new();
    for attached in &row.attachments {
        let Some(server) = attached.server_id.as_deref() else {
            continue;
        };
        let name = scope.load::<NameOfServer>(server.to_owned()).await?;
        let effect = if is_deleted {
            "has it attached: Cinder refuses this before it is detached"
        } else {
            "has it attached"
        };
        affected.push(Affected::new("Server", server, name.as_deref(), effect));
    }
    Ok(affected)
}

async fn snapshots(
    scope: &Scope,
    row: &block_storage::Volume,
    cascade: bool,
) -> Result<Vec<Affected>> {
    let snapshots = scope.load::<SnapshotsOfVolume>(row.id.to_string()).await?;
    let effect = if cascade {
        "is deleted with the volume"
    } else {
        "keeps Cinder from deleting the volume, without `cascade`"
    };
    let affected = snapshots.iter().flatten().map(|snapshot| {
        Affected::new(
            "VolumeSnapshot",
            &snapshot.id,
            snapshot.name.as_deref(),
            effect,
        )
    });
    Ok(affected.collect())
}

async fn backups(scope: &Scope, row: &block_storage::Volume) -> Result<Vec<Affected>> {
    let backups = match scope.load::<BackupsOfVolume>(row.id.to_string()).await {
        Ok(backups) => backups.unwrap_or_default(),
        // A cloud without a backup service has no such call.
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let affected = backups.iter().map(|backup: &Arc<block_storage::Backup>| {
        let effect = "is kept, and can be restored to a new volume";
        Affected::new("VolumeBackup", &backup.id, backup.name.as_deref(), effect)
    });
    Ok(affected.collect())
}

async fn stack(scope: &Scope, row: &block_storage::Volume) -> Result<Vec<Affected>> {
    let physical = Physical {
        id: row.id.to_string(),
        project_id: row.project_id.as_deref().map(str::to_owned),
    };
    let made = match scope.load::<StackResourceByPhysicalId>(physical).await {
        Ok(made) => made.transpose(),
        Err(error) => Err(error),
    };
    let made = match made {
        Ok(made) => made,
        // A cloud without Heat has no stacks.
        Err(Error::ServiceAbsent { .. }) => None,
        Err(error) => return Err(error),
    };
    let affected = made.into_iter().map(|(stack, _)| {
        Affected::new(
            "Stack",
            &stack.id,
            Some(&stack.stack_name),
            "owns the volume, and will miss it; change the stack instead",
        )
    });
    Ok(affected.collect())
}
