//! What is done to snapshots of volumes.

use async_graphql::{Context, InputObject, Object};

use super::{VolumeSnapshot, VolumeSnapshotStatus};
use crate::Result;
use crate::cloud::Written;
use crate::cloud::block_storage::{self, NewSnapshot, RecordChange};
use crate::graph::block_storage::reason::with_reason;
use crate::graph::block_storage::volume::Volume;
use crate::graph::block_storage::volume::mutation::pairs;
use crate::graph::compute::server::mutation::create::MetadataInput;
use crate::graph::failure::Answered;
use crate::graph::mutation::{
    Affected, Blamed, Common, Deed, Done, Progress, carry_out, named, now, paid, payload, refer,
    settle,
};
use crate::graph::noun::Noun;
use crate::graph::scalar::Ref;
use crate::graph::scope::Scope;

payload! {
    /// What became of a mutation of a snapshot of a volume.
    VolumeSnapshotPayload {
        /// The snapshot as it is now; null when it is not there any longer, or was never made.
        /// What takes time may still be under way: see its `status`.
        volume_snapshot: VolumeSnapshot,
    }
}

/// How long to wait for what was done to a snapshot of a volume.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct VolumeSnapshotWait {
    /// The state to wait for; the one that the action leads to unless given.
    until: Option<VolumeSnapshotStatus>,
    /// Seconds to wait, from 1 to 3,600. When they are over, the snapshot is told as it is then,
    /// and a user error `STILL_UNDER_WAY` says so.
    #[graphql(default = 120, validator(minimum = 1, maximum = 3600))]
    timeout_seconds: u64,
}

/// A snapshot of a volume to be made.
#[derive(InputObject)]
pub struct VolumeSnapshotCreateInput {
    /// The volume.
    volume: Ref,
    /// The display name.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// Take it though the volume is attached; it holds what was written to the disk by then.
    #[graphql(default)]
    force: bool,
    /// What is noted of it.
    metadata: Option<Vec<MetadataInput>>,
}

/// What an action leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// The snapshot is in this state.
    Status(VolumeSnapshotStatus),
    /// It is gone.
    Gone,
}

impl Goal {
    fn progress(self, row: Option<&block_storage::Snapshot>) -> Progress {
        let Some(row) = row else {
            return match self {
                Self::Gone => Progress::Reached,
                Self::Status(_) => Progress::Failed("the snapshot is gone".to_owned()),
            };
        };
        let status = VolumeSnapshotStatus::read(&row.status);
        match self {
            Self::Status(wanted) if wanted == status => Progress::Reached,
            _ if row.status.starts_with("error") => {
                Progress::Failed(format!("the snapshot is in {}", row.status))
            }
            Self::Gone if status == VolumeSnapshotStatus::Available => {
                Progress::Failed("the snapshot is available again".to_owned())
            }
            _ => Progress::GoesOn,
        }
    }
}

/// How a snapshot is after something was done to it, waited for when that was asked.
async fn finish(
    scope: &Scope,
    id: &str,
    written: &Written,
    wait: Option<VolumeSnapshotWait>,
    goal: Goal,
) -> Done<VolumeSnapshot> {
    let goal = wait.and_then(|wait| wait.until).map_or(goal, Goal::Status);
    let seconds = wait.map(|wait| wait.timeout_seconds);
    let check = |row: Option<&block_storage::Snapshot>| goal.progress(row);
    let done = settle::<VolumeSnapshot>(scope, id, written, seconds, check).await;
    with_reason(scope, id, written, done).await
}

/// What is done to snapshots of volumes.
#[derive(Default)]
pub struct VolumeSnapshotMutation;

#[Object]
impl VolumeSnapshotMutation {
    /// Takes a snapshot of a volume. It is made after the answer, unless that is waited for; one
    /// that could not be made is there, in `ERROR`. `POST /snapshots` (3.65).
    async fn volume_snapshot_create(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The snapshot to make.")] input: VolumeSnapshotCreateInput,
        #[graphql(desc = "Wait until it is there; answers at once unless given.")] wait: Option<
            VolumeSnapshotWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumeSnapshotPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let volume = refer::<Volume>(&scope, &["input", "volume"], &input.volume).await?;
            let affects = concerned(&volume, input.force);
            let name = input.name.as_deref();
            let name = name.map_or(String::new(), |name| format!(" `{name}`"));
            let of = named("volume", volume.name.as_deref(), &volume.id);
            let would = format!("take a snapshot{name} of {of}, which is {}", volume.status);
            let new = NewSnapshot {
                volume_id: volume.id.to_string(),
                name: input.name,
                description: input.description,
                force: input.force,
                metadata: pairs(input.metadata.unwrap_or_default()),
            };
            let sent = async move {
                let (id, written) = scope.cloud().create_snapshot(&new).await?;
                let goal = Goal::Status(VolumeSnapshotStatus::Available);
                Ok(finish(&scope, &id, &written, wait, goal).await)
            };
            Ok(Deed::new(would, None, sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Deletes a snapshot of a volume. Volumes that were made of it stay. `DELETE /snapshots/{id}`.
    async fn volume_snapshot_delete(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The snapshot.")] volume_snapshot: Ref,
        #[graphql(desc = "Wait until it is gone; answers at once unless given.")] wait: Option<
            VolumeSnapshotWait,
        >,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumeSnapshotPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = found(&scope, &volume_snapshot).await?;
            let affects = if dry_run {
                affected(&scope, &row).await
            } else {
                Vec::new()
            };
            let subject = named("snapshot", row.name.as_deref(), &row.id);
            let would = format!("delete {subject}, which is {}", row.status);
            let now_row = VolumeSnapshot::new(&scope, &row);
            let sent = async move {
                let written = scope.cloud().delete_snapshot(&row.id).await?;
                Ok(finish(&scope, &row.id, &written, wait, Goal::Gone).await)
            };
            Ok(Deed::new(would, Some(now_row), sent).affecting(affects))
        });
        paid(outcome.await)
    }

    /// Renames a snapshot of a volume, or describes it anew. `PUT /snapshots/{id}`.
    async fn volume_snapshot_update(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The snapshot.")] volume_snapshot: Ref,
        #[graphql(desc = "The new name; the old one is kept unless given.")] name: Option<String>,
        #[graphql(desc = "The new free text; the old one is kept unless given.")]
        description: Option<String>,
        #[graphql(desc = "The cloud; the default one unless given.")] cloud: Option<String>,
        #[graphql(desc = "Only say what would be done.", default = false)] dry_run: bool,
    ) -> Answered<VolumeSnapshotPayload> {
        let common = Common { cloud, dry_run };
        let outcome = carry_out(context, common, |scope| async move {
            let row = found(&scope, &volume_snapshot).await?;
            if name.is_none() && description.is_none() {
                let message = "Give `name` or `description`: what is to be changed";
                return Err(Blamed::input(&["name"], message));
            }
            let would = format!("change {}", named("snapshot", row.name.as_deref(), &row.id));
            let now_row = VolumeSnapshot::new(&scope, &row);
            let change = RecordChange {
                name,
                description,
                metadata: None,
            };
            let sent = async move {
                scope.cloud().update_snapshot(&row.id, &change).await?;
                Ok(Done::well(now::<VolumeSnapshot>(&scope, &row.id).await))
            };
            Ok(Deed::new(would, Some(now_row), sent))
        });
        paid(outcome.await)
    }
}

async fn found(
    scope: &Scope,
    reference: &Ref,
) -> Result<std::sync::Arc<block_storage::Snapshot>, Blamed> {
    refer::<VolumeSnapshot>(scope, &["volumeSnapshot"], reference).await
}

/// What a snapshot means for its volume.
fn concerned(volume: &block_storage::Volume, force: bool) -> Vec<Affected> {
    let effect = match (volume.status.as_str(), force) {
        ("available", _) => "cannot be deleted while it has a snapshot, without `cascade`",
        ("in-use", true) => {
            "is attached: the snapshot holds what is on the disk, and not what the guest has yet \
             to write"
        }
        ("in-use", false) => "is attached: Cinder refuses this without `force`",
        _ => "is neither available nor in-use: Cinder refuses this",
    };
    let name = volume.name.as_deref();
    vec![Affected::new("Volume", &volume.id, name, effect)]
}

/// What hangs on a snapshot: volumes that were made of it.
async fn affected(scope: &Scope, row: &block_storage::Snapshot) -> Vec<Affected> {
    let volumes = match scope.cloud().list_volumes(&[]).await {
        Ok(volumes) => volumes,
        Err(error) => {
            let effect = format!("made of it cannot be told: {error}");
            scope.report(error);
            return vec![Affected::unknown("Volume", effect)];
        }
    };
    let made = volumes
        .iter()
        .filter(|volume| volume.snapshot_id.as_deref() == Some(row.id.as_str()));
    let affected = made.map(|volume| {
        let effect = "was made of it, and is kept; some storages refuse this meanwhile";
        Affected::new("Volume", &volume.id, volume.name.as_deref(), effect)
    });
    affected.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_there_gone_or_says_why_not() {
        let row = |status: &str| -> block_storage::Snapshot {
            serde_json::from_value(serde_json::json!({"id": "1", "status": status})).unwrap()
        };
        let made = Goal::Status(VolumeSnapshotStatus::Available);
        assert_eq!(made.progress(Some(&row("creating"))), Progress::GoesOn);
        assert_eq!(made.progress(Some(&row("available"))), Progress::Reached);
        assert!(matches!(
            made.progress(Some(&row("error"))),
            Progress::Failed(_)
        ));
        assert_eq!(
            Goal::Gone.progress(Some(&row("deleting"))),
            Progress::GoesOn
        );
        assert_eq!(Goal::Gone.progress(None), Progress::Reached);
        for status in ["available", "error_deleting"] {
            assert!(matches!(
                Goal::Gone.progress(Some(&row(status))),
                Progress::Failed(_)
            ));
        }
    }
}
